"""What the user may do, asked of the server when a row is looked at, so that what is forbidden is dimmed with the reason.

Each question is one verb, one kind and one namespace, and its answer is good for a while. What is not known yet is not
forbidden: the dialog before a write asks again.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref
    from pointsman.tui.screens.host import Host

GOOD_FOR = 300.0
"""Seconds after which a right is asked for again: roles change."""
Question = tuple[str, str, str]


class Rights:
    """Bound to the app; what it knows is of one cluster."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[Question, tuple[str, float]] = {}
        self._asked: set[Question] = set()

    def missing(self, verb: str, ref: Ref) -> str:
        """``Not allowed: this needs update services in media.``, or empty. Never waits; asks behind the scenes."""
        question = (verb, ref.kind, ref.namespace)
        said, at = self._known.get(question, ("", float("-inf")))
        if monotonic() - at > GOOD_FOR and question not in self._asked:
            self._ask(question)
        return said

    def forget(self) -> None:
        """The context is left."""
        self._known.clear()
        self._asked.clear()

    def _ask(self, question: Question) -> None:
        client = self._host.session.client
        if client is None or self._host.session.read_only:
            return
        self._asked.add(question)

        async def ask() -> None:
            from pointsman.tui.actions.access import may
            from pointsman.tui.model.kinds import KINDS

            verb, kind, namespace = question
            try:
                access = await may(client, verb, KINDS[kind], namespace)
            finally:
                self._asked.discard(question)
            if client is not self._host.session.client:
                return
            said = f"Not allowed: this {access.missing}." if access.missing else ""
            before = self._known.get(question, ("", 0.0))[0]
            self._known[question] = (said, monotonic())
            if said != before:
                redraw = getattr(self._host.screen, "draw_footer", None)
                if redraw is not None:
                    redraw()

        self._host.run_worker(ask(), group="rights", exit_on_error=True)
