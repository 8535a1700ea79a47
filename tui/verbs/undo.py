"""Take back a write of this program, by its id (or the beginning of it; `pointsman journal` lists them).

What others changed on the object since stays; what therefore cannot be put back is said before you are asked. Undoing
is journalled too, and can be undone. Exit codes: 0 done, 1 declined, 2 refused or unknown.
"""

from __future__ import annotations

import argparse

from pointsman.tui.options import Options
from pointsman.tui.verbs.writing import add_yes

OUTPUTS = ("table", "json")
INTERMIXED = True


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="the operation's id")
    add_yes(parser)


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain, guarded
    from pointsman.tui.verbs.writing import run_async, settle_yes

    settle_yes(args, "id")
    if not args.id:
        return complain("undo needs the id of an operation.", "pointsman journal lists them")
    return guarded(lambda: run_async(lambda: _run(options, args)))


async def _run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.verbs.writing import agreed, at_desk, plan_lines, result_document, result_lines, say
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import print_lines

    async with at_desk(options) as desk:
        if not desk.client.read_only:
            await desk.recover()
        plan = await desk.plan_undo(args.id)
        for line in plan_lines(plan):
            say(line)
        if plan.refusal:
            return complain(plan.refusal)
        if not plan.nothing and (code := agreed(plan, args.yes)) is not None:
            return code
        result, _ = await desk.execute(desk.started(plan))
        if options.output == "json":
            print_lines([dumps(result_document(result, plan))])
        if result.exit_code:
            for line in result_lines(result):
                say(line)
        elif options.output != "json":
            print_lines(result_lines(result))
        return result.exit_code
