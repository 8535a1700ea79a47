"""What the writing verbs share: connect, show the plan, ask, do it, say what became of it.

Exit codes: 0 done, 1 declined, 2 refused or unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options
from pointsman.tui.verbs.reading import CANNOT_TELL, complain

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.pipeline import Conflict, Result
    from pointsman.tui.actions.plan import Plan

DECLINED = 1
NO_ANSWER = "\0"


def add_yes(parser: argparse.ArgumentParser) -> None:
    """``--yes`` answers the question; ``--yes=NAME`` also where something is risky."""
    parser.add_argument(
        "--yes", nargs="?", const="", default=NO_ANSWER, metavar="NAME",
        help="do not ask; a risky write needs the object's name: --yes=NAME",
    )  # fmt: skip


def settle_yes(args: argparse.Namespace, positional: str) -> None:
    """``--yes NAME`` is a plain yes and the name of the object: only ``--yes=NAME`` belongs together, which the parser
    cannot tell apart."""
    if not getattr(args, positional) and args.yes not in (NO_ANSWER, ""):
        setattr(args, positional, args.yes)
        args.yes = ""


@contextlib.asynccontextmanager
async def at_desk(options: Options) -> AsyncIterator[Desk]:
    """The desk of the cluster, everything read once. Raises KubeError or ActionError if there is none."""
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.errors import ActionError
    from pointsman.tui.config import load_config
    from pointsman.tui.paths import config_file
    from pointsman.tui.sources.open import open_source
    from pointsman.tui.store.store import Store

    if options.manifests:
        raise ActionError("Files are read in place of a cluster; there is nothing to write to.")
    store = Store()
    opened = open_source(store, options)
    try:
        await opened.load()
        client = opened.kube.client if opened.kube is not None else None
        if client is None:
            raise ActionError("The cluster gave no answer.")
        config = load_config(config_file())
        if config.is_read_only(store.cluster.context):
            client.read_only = True
        yield Desk(
            client,
            store.snapshot,
            kubeconfig=opened.kubeconfig,
            image=config.deadman_image,
            home=config.deadman_namespace,
        )
    finally:
        await opened.close()


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a writing verb; every error is a sentence, candidates and details are lines under it."""
    from pointsman.tui.actions.errors import ActionError
    from pointsman.tui.disk.journal import JournalError
    from pointsman.tui.sources.errors import KubeError

    async def main() -> int:
        return await work()

    try:
        return asyncio.run(main())
    except ActionError as error:
        complain(error.sentence, error.hint)
        tell_lines(error.lines)
        return CANNOT_TELL
    except (KubeError, JournalError) as error:
        return complain(error.sentence, error.hint)


async def carry_out(desk: Desk, plan: Plan, options: Options, yes: str) -> int:
    """Show a plan, ask, write, and say what became of it; the exit code."""
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import print_lines

    for line in plan_lines(plan):
        say(line)
    if plan.refusal:
        return complain(plan.refusal)
    if not plan.nothing and (code := agreed(plan, yes)) is not None:
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


def tell_lines(lines: tuple[str, ...]) -> None:
    from pointsman.widgets.text import clean

    for line in lines:
        sys.stderr.write(f"  {clean(line)}\n")


def say(text: str) -> None:
    """For people, so on stderr; stdout holds the answer alone."""
    from pointsman.widgets.text import clean

    sys.stderr.write("".join(f"{clean(line)}\n" for line in text.split("\n")))
    sys.stderr.flush()


def plan_lines(plan: Plan) -> list[str]:
    """The plan in words: what, where, the diff, the dry run, who will revert it, risks."""
    lines = [f"{plan.title[:1].upper()}{plan.title[1:]}", f"  {plan.place}"]
    before, after = plan.texts
    lines += [f"  {line}" for line in diff(before, after)]
    lines.append(f"  dry run: {plan.dry_run.text}")
    lines += [f"  the server warns: {text}" for text in plan.dry_run.warnings]
    if plan.reverts:
        lines.append(f"  {plan.reverts}")
    lines += [f"  {'RISKY: ' if risk.grave else 'note: '}{risk.text}" for risk in plan.risks]
    lines += [f"  {text}" for text in (*plan.wish.effect, *plan.wish.notes)]
    return lines


def diff(before: str, after: str) -> list[str]:
    """A unified diff of two YAML texts, without file names."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), "", "", n=2, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++"))]


def agreed(plan: Plan, yes: str) -> int | None:
    """Ask, or take ``--yes`` for the answer. None: go ahead; else the exit code, after the reason was said."""
    name = plan.wish.ref.name
    if yes != NO_ANSWER:
        if yes not in ("", name, plan.wish.ref.path, plan.wish.ref.slug):
            return complain(f"--yes={yes} is not the name of what would be written, which is {name}.")
        if plan.grave and not yes:
            return complain("This is risky: plain --yes is not enough.", f"say --yes={name}")
        return None
    if not sys.stdin.isatty():
        return complain("Nobody can be asked here.", f"say --yes{f'={name}' if plan.grave else ''}")
    if plan.grave:
        _drop_typed()
        if _ask(f"Type the name ({name}) to go ahead, or enter to leave it: ") == name:
            return None
    elif yes_or_no("Go ahead?"):
        return None
    say("Nothing was written.")
    return DECLINED


def yes_or_no(question: str) -> bool:
    """The answer of whoever is at the terminal."""
    _drop_typed()
    return _ask(f"{question} [y/N] ").lower() in ("y", "yes")


def _drop_typed() -> None:
    """Keys that came before the question was on the screen are no answer to it."""
    import termios

    with contextlib.suppress(termios.error, OSError, ValueError):
        sys.stderr.flush()
        termios.tcdrain(sys.stderr.fileno())
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _ask(question: str) -> str:
    from pointsman.widgets.text import clean

    sys.stderr.write(clean(question))
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def result_lines(result: Result) -> list[str]:
    """What became of it, and both changes where somebody else was first."""
    lines = [result.text[:1].upper() + result.text[1:]]
    if result.conflict is not None:
        lines += conflict_lines(result.conflict)
    if result.trouble:
        lines.append(f"  {result.trouble}")
    return lines


def conflict_lines(conflict: Conflict) -> list[str]:
    """What somebody else changed, and what was to be changed here."""
    lines = [f"  what {conflict.manager or 'somebody'} changed:", *(f"    {line}" for line in diff(*conflict.theirs))]
    return [*lines, "  what was to be changed here:", *(f"    {line}" for line in diff(*conflict.mine))]


def result_document(result: Result, plan: Plan, **more: Any) -> dict[str, Any]:
    """The stable JSON form of a write."""
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.views.json import document, time_text

    ref = plan.wish.ref
    return document(
        "Write",
        {
            "id": result.op,
            "action": plan.wish.action,
            "object": {"kind": KINDS[ref.kind].kind, "namespace": ref.namespace or None, "name": ref.name},
            "status": result.status.value,
            "text": result.text,
            "until": time_text(plan.wish.until if result.until is None else result.until),
            **more,
        },
    )
