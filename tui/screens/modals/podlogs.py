"""The log of one container, line by line as it comes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from textual import work

from pointsman.tui.screens.modals.reader import Reader
from pointsman.tui.views.frame import Line, Part
from pointsman.tui.views.pods import Container
from pointsman.widgets import glyphs
from pointsman.widgets.highlight import log_line
from pointsman.widgets.text import clean

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref

TAIL = 500
"""Lines asked for at first."""
WAITING = 5_000
"""Lines that may wait for the next tick; of more only the newest are drawn, and the gap is counted."""


class LogsScreen(Reader):
    place = "logs"

    def __init__(self, container: Container, ref: Ref | None, others: int) -> None:
        super().__init__(container.title, "logs")
        self._container = container
        self._ref = ref
        self._others = others
        self._previous = False
        self._follow = True
        self._waiting: deque[str] = deque(maxlen=WAITING)
        self._taken = 0
        self._said = ""
        self._state = "connecting"

    def empty_note(self) -> str:
        return "no line yet"

    def on_mount(self) -> None:
        super().on_mount()
        self.view.show_text("", log_line)
        self.view.following = True
        self.set_interval(0.1, self._drain)
        self._read()

    def title_parts(self) -> Line:
        current = glyphs.current
        parts = [Part(f"{self._container.detail}   ", "dim")]
        if self._previous:
            parts.append(Part("before its last restart   ", "warn"))
        if self._state == "live":
            sign = f"{current.running} follow" if self.view.following else f"{current.paused} paused"
            parts.append(Part(f"{sign} ", "accent" if self.view.following else "warn"))
        else:
            parts.append(Part(f"{clean(self._state, 80)} ", "muted"))
        return tuple(parts)

    def show(self, snapshot: object) -> None:
        """The log is drawn by its own timer; the tick has nothing to add."""

    # -- reading ----------------------------------------------------------------------------------------------------

    @work(group="logs", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        client = self.host.session.client
        if client is None:
            self._end("no connection to the cluster")
            return
        where = self._container
        self._state = "live"
        self.draw_lines()
        try:
            lines = client.logs(
                where.namespace, where.pod, where.name, follow=not self._previous, previous=self._previous, tail=TAIL
            )
            async for line in lines:
                if len(self._waiting) == WAITING:
                    self._taken += 1
                self._waiting.append(line.decode("utf-8", "replace"))
            self._end("end of the log")
        except Exception as error:
            self._end(getattr(error, "sentence", "") or f"the log ended: {type(error).__name__}")

    def _end(self, why: str) -> None:
        self._state = why
        if self.is_mounted:
            self._drain()
            self.draw_lines()

    def _drain(self) -> None:
        if self._waiting:
            lines = list(self._waiting)
            if self._taken:
                lines.insert(0, f"{glyphs.current.ellipsis} {self._taken:,} lines came too fast to be drawn")
                self._taken = 0
            self._waiting.clear()
            self.view.append(lines)
        said = "".join(part.text for part in self.title_parts())
        if said != self._said:
            self._said = said
            self.draw_lines()

    # -- commands ---------------------------------------------------------------------------------------------------

    def cmd_logs_follow(self) -> None:
        self.view.action_toggle_follow()

    def cmd_logs_previous(self) -> None:
        if not self._previous and not self._container.restarts:
            self.host.say("The container was not restarted: there is no previous log.")
            return
        self._previous = not self._previous
        self._waiting.clear()
        self.view.clear()
        self.view.following = True
        self._read()

    def cmd_logs_pick(self) -> None:
        if self._ref is None or self._others < 2:
            self.host.say("There is no other container here.")
            return
        ref = self._ref
        self.dismiss(None)
        self.host.open_logs(ref, ask=True)
