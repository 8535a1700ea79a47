"""The frame every pane has: header, tabs, body, filter bar, footer; and what to show where none of it fits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Static

from pointsman.tui.answers.routes.parking import ROUTE_KINDS
from pointsman.tui.commands import footer
from pointsman.tui.screens.keys import KeyScreen
from pointsman.tui.screens.lines import LineWidget
from pointsman.tui.views.countdown import Running, countdown
from pointsman.tui.views.frame import (
    COMPACT,
    Count,
    Line,
    Part,
    footer_line,
    header_line,
    header_of,
    line_width,
    tab_line,
)
from pointsman.tui.views.states import card, nothing_yet, trouble
from pointsman.tui.views.summary import Summary, summarize
from pointsman.widgets.cells import CellLike
from pointsman.widgets.lines import Lines

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref
    from pointsman.tui.store.snapshot import Snapshot

ROUTES = frozenset(kind.id for kind in ROUTE_KINDS)
LEAST = (60, 14)
"""Columns and lines below which the program only says that there is no room."""


class PaneScreen(KeyScreen[None]):
    """A pane. Subclasses give :meth:`body` and :meth:`draw`; the host calls :meth:`show` when there is something new."""

    AUTO_FOCUS: ClassVar[str | None] = "Grid"
    needs_cluster: ClassVar[bool] = True
    """Whether the pane is empty without data, so that a card on the connection takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[int, int] | None = None
        self._summary: Summary | None = None
        self._summarized = -1
        self._footer_right: tuple[Part, ...] = ()
        self._timer_width = 0
        self._ready = False
        self._waiting_calls: list[Callable[[], None]] = []

    def compose(self) -> ComposeResult:
        with Horizontal(id="header"):
            yield LineWidget(id="header-left")
            yield LineWidget(id="header-sources", fitted=True)
            yield LineWidget(id="header-clock", fitted=True)
        yield LineWidget(id="tabs")
        with Vertical(id="body"):
            yield from self.compose_body()
        with Container(id="state"):
            yield Lines(id="card", compose_lines=self._card)
        with Horizontal(id="foot"):
            yield LineWidget(id="footer")
            yield LineWidget(id="timer", fitted=True)
            yield LineWidget(id="timer-left", fitted=True)
        yield Static("", id="no-room", markup=False)

    def compose_body(self) -> ComposeResult:
        """All between tabs and footer."""
        yield from self.body()

    def body(self) -> ComposeResult:
        """The widgets of the pane."""
        yield from ()

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        """Show the snapshot; ``changed`` is False when only time has passed since the last one."""

    def _card(self, cells: int) -> list[CellLike]:
        return card(self.host.snapshot(), self.host.keymap, min(cells, 76))

    # -- called by the host -----------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the snapshot if its data or its second is new."""
        second = int(snapshot.now)
        if self._shown == (snapshot.version, second) or not self._ready:
            return
        changed = self._shown is None or self._shown[0] != snapshot.version
        self._shown = (snapshot.version, second)
        if self._summary is None or self._summarized != snapshot.version:
            self._summary, self._summarized = summarize(snapshot), snapshot.version
        self.draw_frame(snapshot)
        blank = self.needs_cluster and nothing_yet(snapshot)
        self.set_class(blank, "-nothing-yet")
        if blank:
            self.query_one("#card", Lines).update_lines()
        else:
            self.draw(snapshot, changed=changed)

    def again(self) -> None:
        """Draw everything anew at the next chance: size, theme, namespace or context changed."""
        self._shown = None
        self.show(self.host.snapshot())

    def restore(self) -> None:
        """The cluster is known now: take up what is remembered of it."""

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:
        """Put the cursor on an object, after filtering by ``text`` if there is any, and perhaps explain it."""

    def on_mount(self) -> None:
        self._ready = True
        self.restore()
        waiting, self._waiting_calls = self._waiting_calls, []
        for call in waiting:
            self.call_after_refresh(self._call, call)

    @property
    def is_ready(self) -> bool:
        """Whether the pane has its widgets."""
        return self._ready

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call when the pane has its widgets and shows its rows; a screen just switched to has neither."""
        if self._ready:
            self._call(call)
        else:
            self._waiting_calls.append(call)

    def _call(self, call: Callable[[], None]) -> None:
        self.again()
        call()

    def forget(self) -> None:
        """The context is left: nothing of the old cluster may stay on screen."""
        self._shown = None
        self._summary = None

    # -- the frame --------------------------------------------------------------------------------------------------

    @property
    def summary(self) -> Summary | None:
        return self._summary

    def counts(self) -> Mapping[str, Count]:
        return self._summary.counts if self._summary else {}

    def draw_frame(self, snapshot: Snapshot) -> None:
        host = self.host
        columns = self.size.width
        summary = self._summary
        clock = ""
        if host.config.clock and columns >= COMPACT and not host.slow:
            form = "%Y-%m-%d %H:%M:%S" if host.options.replay else "%H:%M:%S"
            clock = time.strftime(form, time.localtime(snapshot.now))
        header = header_of(
            snapshot,
            distribution=summary.distribution if summary else "",
            stack=summary.stack if summary else "",
            namespace=host.view.namespace,
            read_only=host.session.read_only,
            clock=clock,
            context=host.options.context,
        )
        fitted = header_line(header, columns)
        self.query_one("#header-left", LineWidget).set_line(fitted.left)
        self.query_one("#header-sources", LineWidget).set_line(fitted.sources)
        self.query_one("#header-clock", LineWidget).set_line(fitted.clock)
        self.query_one("#tabs", LineWidget).set_line(tab_line(self.place, self.counts(), columns))
        timer = self._countdown(snapshot)
        for id, line in zip(("#timer", "#timer-left"), timer, strict=True):
            self.query_one(id, LineWidget).set_line(line)
        self._timer_width = sum(map(line_width, timer))
        self._footer_right = tuple(Part(*said) for said in trouble(snapshot, max(20, columns // 2 - self._timer_width)))
        self.draw_footer()

    def _countdown(self, snapshot: Snapshot) -> tuple[Line, Line]:
        """What is off for a while: always in sight, in every pane."""
        running = [
            Running(timer.ref.path, timer.until, "route" if timer.ref.kind in ROUTES else "policy")
            for timer in self.host.writer.timers()
            if timer.until is not None
        ]
        key = "" if self.host.session.read_only else self.host.keymap.label("revert")
        return countdown(running, snapshot.now, max(30, self.size.width // 2), key)

    def draw_footer(self) -> None:
        # Of this screen, not of the one on top: this one may be drawn while another has just been opened.
        unable = [
            command.id
            for command in footer(self.place, self.host.keymap)
            if self.host.why_not_writing(command) or self.why_not(command)
        ]
        room = self.size.width - self._timer_width
        line = footer_line(self.place, self.host.keymap, room, right=self._footer_right, unable=unable)
        self.query_one("#footer", LineWidget).set_line(line)

    @on(LineWidget.Clicked)
    def _clicked(self, event: LineWidget.Clicked) -> None:
        event.stop()
        self.host.run_command(event.command, event.argument)

    # -- size -------------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < LEAST[0] or height < LEAST[1]
        self.set_class(small, "-no-room")
        self.set_class(width < COMPACT, "-narrow")
        self.set_class(width >= 160, "-wide")
        self.set_class(height < 30, "-low")
        if small:
            self.query_one("#no-room", Static).update(
                f"This terminal is too small ({width}×{height}); {LEAST[0]}×{LEAST[1]} is the least."
            )
        self.call_after_refresh(self.again)

    def on_screen_resume(self) -> None:
        self.again()
