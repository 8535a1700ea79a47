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
    from pointsman.tui.verbs.writing import at_desk, carry_out

    async with at_desk(options) as desk:
        if not desk.client.read_only:
            await desk.recover()
        return await carry_out(desk, await desk.plan_undo(args.id), options, args.yes)
