"""Edit an object in your editor (KUBE_EDITOR, VISUAL or EDITOR), see the change and the server's word on it, and agree.

  edit NAME              NAME is NS/NAME, KIND/NS/NAME, or KIND/NAME for an object without a namespace

Your text goes to the server as you typed it. Where it is refused the editor comes again, with the reason at its line.
Left as it is, or emptied, nothing is written; what you typed is kept in a file then, and its path said. `pointsman undo`
takes an edit back. Exit codes: 0 done, 1 declined, 2 refused or unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pointsman.tui.options import Options
from pointsman.tui.verbs.writing import add_yes

if TYPE_CHECKING:
    from pointsman.tui.actions.edit import Edit
    from pointsman.tui.actions.pipeline import Conflict
    from pointsman.tui.actions.plan import Plan

OUTPUTS = ("table", "json")
INTERMIXED = True
T = TypeVar("T")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="the object")
    add_yes(parser)


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain, guarded
    from pointsman.tui.verbs.writing import run_async, settle_yes

    settle_yes(args, "name")
    if not args.name:
        return complain("edit needs the name of an object.", "NS/NAME, KIND/NS/NAME or KIND/NAME")
    return guarded(lambda: run_async(lambda: _run(options, args)))


async def _run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.actions.editing import carry_out
    from pointsman.tui.actions.naming import find_object
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.verbs.writing import at_desk, result_document, result_lines, say
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import print_lines

    async with at_desk(options) as desk:
        kinds = [kind for kind in KINDS.values() if not kind.secret]
        ref = find_object(args.name, desk.snapshot(), kinds, "object")
        person = _Person(args.yes)
        outcome = await carry_out(desk, await desk.open_edit(ref), person)
        if options.output == "json" and outcome.result is not None and outcome.plan is not None:
            print_lines([dumps(result_document(outcome.result, outcome.plan))])
        elif outcome.written and outcome.result is not None:
            print_lines([*result_lines(outcome.result), f"  pointsman undo {outcome.result.op} takes it back"])
        if not outcome.written:
            say(outcome.text)
        return person.code or outcome.exit_code


class _Person:
    """Asks on the terminal."""

    def __init__(self, yes: str) -> None:
        self._yes = yes
        self.code = 0
        """Why it was not agreed to, as an exit code."""

    async def type(self, path: Path, line: int) -> None:
        from pointsman.tui.actions.editor import run_editor

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # ctrl+c in the editor is the editor's
        try:
            await run_editor(path, line)
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def wait(self, work: Awaitable[T]) -> T:
        return await work

    async def agree(self, plan: Plan) -> tuple[Plan | None, bool]:
        from pointsman.tui.verbs.writing import agreed, plan_lines, say

        for line in plan_lines(plan):
            say(line)
        self.code = 0 if plan.refusal else agreed(plan, self._yes) or 0
        return (None if plan.refusal or self.code else plan), False

    async def start_again(self, title: str, conflict: Conflict) -> bool:
        from pointsman.tui.verbs.writing import conflict_lines, say, yes_or_no

        for line in (title, *conflict_lines(conflict)):
            say(line)
        return sys.stdin.isatty() and yes_or_no("Edit again, with both changes put together?")

    def refused(self, edit: Edit) -> bool:
        """A script in place of an editor would only do the same again."""
        from pointsman.tui.actions.source import words
        from pointsman.tui.verbs.writing import say

        with contextlib.suppress(OSError):
            for trouble in edit.troubles:
                say(words(trouble))
        return sys.stdin.isatty()
