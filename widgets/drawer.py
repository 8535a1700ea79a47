"""The drawer that explains a row: the answer in a sentence, what it rests on, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, as_cell, wrap_cell
from pointsman.widgets.drawing import plain_content
from pointsman.widgets.lines import Lines
from pointsman.widgets.pill import sign
from pointsman.widgets.text import clean, fit, width

WIDE = 120
"""Terminal columns from which the drawer stands at the right and not at the bottom."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: what was seen, where (`source`, dim), and a state for its sign (`pill.STATES`)."""

    text: CellLike
    source: str = ""
    state: str = "info"


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done, with its key. One that cannot be done now stays in sight, dim, with the reason (`why_not`)."""

    key: str
    text: str
    id: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A row in words. `facts` are further lines shown between evidence and actions."""

    headline: CellLike
    evidence: Sequence[Evidence] = ()
    actions: Sequence[Action] = ()
    facts: Sequence[CellLike] = ()
    title: str = field(default="explain", compare=True)


def explanation_lines(explanation: Explanation, cells: int) -> list[tuple[Cell, Action | None]]:
    """The explanation wrapped to a width; each line with the action it belongs to, if it is one."""
    lines: list[tuple[Cell, Action | None]] = []
    headline = Cell(
        parts=tuple((text, f"bold {style}".strip()) for text, style in as_cell(explanation.headline).segments())
    )
    lines.extend((line, None) for line in wrap_cell(headline, cells))
    if explanation.evidence:
        lines.append((Cell(""), None))
        for piece in explanation.evidence:
            glyph, style = sign(piece.state)
            text = Cell.join((f"{glyph} ", style), piece.text)
            if piece.source:
                text = Cell.join(text, (f"  {piece.source}", "dim"))
            lines.extend((line, None) for line in wrap_cell(text, cells, indent=2))
    if explanation.facts:
        lines.append((Cell(""), None))
        for fact in explanation.facts:
            lines.extend((line, None) for line in wrap_cell(fact, cells, indent=2))
    if explanation.actions:
        lines.append((Cell(""), None))
        keys = max(width(clean(action.key)) for action in explanation.actions)
        for action in explanation.actions:
            dead = bool(action.why_not)
            parts = [
                (fit(clean(action.key), keys) + "  ", "dim" if dead else "key bold"),
                (action.text, "dim" if dead else ""),
            ]
            if dead:
                parts.append((f"  {action.why_not}", "dim italic"))
            lines.extend((line, action) for line in wrap_cell(Cell(parts=tuple(parts)), cells, indent=keys + 2))
    return lines


class Drawer(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Closed until `explain()`; at the right of a wide screen, at the bottom of a narrow one.

    Keys of actions are bound by the screen; a click on an action posts `ActionChosen`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", "Up", show=False, id="drawer.up"),
        Binding("down", "scroll_down", "Down", show=False, id="drawer.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="drawer.page-up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="drawer.page-down"),
    ]

    DEFAULT_CSS = """
    Drawer {
        display: none;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;

        &:focus { border: round $border; }
        &.-ascii { border: ascii $border-blurred; }
        &.-ascii:focus { border: ascii $border; }
        &.-open { display: block; }
        &.-right { dock: right; width: 40%; min-width: 44; max-width: 76; height: 100%; }
        &.-bottom { dock: bottom; width: 100%; height: auto; max-height: 50%; }
    }
    """

    class ActionChosen(Message):
        """An action was clicked; one that cannot be done is not posted."""

        def __init__(self, drawer: Drawer, action: Action) -> None:
            self.drawer, self.action = drawer, action
            super().__init__()

        @property
        def control(self) -> Drawer:
            """The drawer it came from."""
            return self.drawer

    class Closed(Message):
        """The drawer was closed."""

        def __init__(self, drawer: Drawer) -> None:
            self.drawer = drawer
            super().__init__()

        @property
        def control(self) -> Drawer:
            """The drawer it came from."""
            return self.drawer

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._explanation: Explanation | None = None
        self._actions: list[Action | None] = []
        self._body = Lines(compose_lines=self._draw)

    def compose(self) -> ComposeResult:
        yield self._body

    @property
    def is_open(self) -> bool:
        """Whether it is on screen."""
        return self.has_class("-open")

    @property
    def explanation(self) -> Explanation | None:
        """What it shows."""
        return self._explanation

    def explain(self, explanation: Explanation) -> None:
        """Open it with an explanation, or put another one in; an equal one changes nothing on screen."""
        if explanation != self._explanation:
            fresh = self._explanation is None or self._explanation.headline != explanation.headline
            self._explanation = explanation
            self.border_title = plain_content(explanation.title)
            self._body.update_lines()
            if fresh:
                self.scroll_to(y=0, animate=False)
        if not self.is_open:
            self._place()
            self.add_class("-open")

    def close(self) -> None:
        """Put it away."""
        if self.is_open:
            self.remove_class("-open")
            self.post_message(self.Closed(self))

    def _place(self) -> None:
        wide = self.app.size.width >= WIDE
        self.set_class(wide, "-right")
        self.set_class(not wide, "-bottom")

    def _draw(self, cells: int) -> list[Cell]:
        if self._explanation is None:
            self._actions = []
            return []
        lines = explanation_lines(self._explanation, cells)
        self._actions = [action for _, action in lines]
        return [line for line, _ in lines]

    def on_mount(self) -> None:
        self.set_class(glyphs.current.ascii, "-ascii")

    def on_resize(self) -> None:
        self._place()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self._body)
        if offset is None or not 0 <= offset.y < len(self._actions):
            return
        action = self._actions[offset.y]
        if action is not None and not action.why_not:
            event.stop()
            self.post_message(self.ActionChosen(self, action))
