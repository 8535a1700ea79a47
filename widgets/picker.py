"""Pick one of many by typing: contexts, namespaces, pods, themes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.drawing import plain_content
from pointsman.widgets.filtering import FilterError
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.lines import Lines


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to pick: identity, name, a detail beside it, and whether it is the one in use now.

    A choice that cannot be taken stays in sight with the reason.
    """

    key: Hashable
    title: str
    detail: CellLike = ""
    current: bool = False
    why_not: str = ""


class _Words(Input):
    """The input of a picker: arrows move in the list below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("ctrl+p", "move('cursor_up')", show=False),
        Binding("ctrl+n", "move('cursor_down')", show=False),
    ]

    def action_move(self, name: str) -> None:
        picker = next(node for node in self.ancestors if isinstance(node, Picker))
        getattr(picker.grid, f"action_{name}")()


class Picker(Vertical):
    """A line to type in and the choices below it; the one in use is marked and comes first into view."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False, id="picker.cancel")]

    DEFAULT_CSS = """
    Picker {
        height: auto;

        & > Input { border: none; height: 1; padding: 0 1; background: transparent;
            &:focus { border: none; background: transparent; background-tint: transparent; }
            & > .input--placeholder { color: $text-muted; }
        }
        & > #rule { height: 1; color: $text-muted; }
        & > Grid { height: auto; max-height: 16; min-height: 3; }
    }
    """

    class Chosen(Message):
        """A choice was taken."""

        def __init__(self, picker: Picker, choice: Choice) -> None:
            self.picker, self.choice = picker, choice
            super().__init__()

        @property
        def control(self) -> Picker:
            """The picker it came from."""
            return self.picker

    class Cancelled(Message):
        """Nothing was taken."""

        def __init__(self, picker: Picker) -> None:
            self.picker = picker
            super().__init__()

        @property
        def control(self) -> Picker:
            """The picker it came from."""
            return self.picker

    def __init__(
        self,
        choices: Sequence[Choice] = (),
        *,
        placeholder: str = "type to narrow",
        empty: str = "nothing to pick",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._choices = tuple(choices)
        self._placeholder = placeholder
        model: GridModel[Choice] = GridModel(
            [
                Column("title", "", _title, max_width=48),
                Column("detail", "", _detail, flex=1, min_width=1, shorten="end"),
            ]
        )
        self.grid: Grid[Choice] = Grid(model, empty=lambda: [empty], show_header=False, classes="-lit")

    def compose(self) -> ComposeResult:
        words = _Words(placeholder=self._placeholder, compact=True)
        words.cursor_blink = False
        yield words
        yield Lines(compose_lines=lambda cells: [Cell(glyphs.current.rule * cells, "rule")], id="rule", shorten="none")
        yield self.grid

    def on_mount(self) -> None:
        self.grid.can_focus = False  # the keys belong to the input
        self.set_choices(self._choices)
        current = next((choice.key for choice in self._choices if choice.current), None)
        if current is not None:
            self.grid.select(current)
        self.query_one(Input).focus()

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Other choices (a list that was still loading); what was typed and selected stays."""
        self._choices = tuple(choices)
        self.grid.set_items(self._choices, key=lambda choice: choice.key)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self.grid.set_filter(event.value)
        except FilterError:
            return  # half-typed: the last list stays
        if event.value:
            self.grid.action_top()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(self.grid.selected_item)

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        event.stop()
        self._take(event.item)

    def on_grid_row_selected(self, event: Grid.RowSelected) -> None:
        event.stop()

    def on_grid_view_changed(self, event: Grid.ViewChanged) -> None:
        event.stop()

    def _take(self, choice: Choice | None) -> None:
        if choice is None:
            return
        if choice.why_not:
            self.app.bell()
            return
        self.post_message(self.Chosen(self, choice))

    def action_cancel(self) -> None:
        """Close without a choice."""
        self.post_message(self.Cancelled(self))


class PickerScreen(ModalScreen[Hashable]):
    """A picker in a box over the screen; ends with the key of the choice, or `None`."""

    DEFAULT_CSS = """
    PickerScreen {
        align: center middle;

        & > #box {
            width: 72;
            max-width: 92%;
            height: auto;
            max-height: 80%;
            border: round $border;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
            background: $surface;
            padding: 0 1;

            &.-ascii { border: ascii $border; }
        }
    }
    """

    def __init__(self, title: str, choices: Sequence[Choice], *, empty: str = "nothing to pick") -> None:
        super().__init__()
        self._caption = title
        self.picker = Picker(choices, empty=empty)

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-ascii" if glyphs.current.ascii else "") as box:
            box.border_title = plain_content(self._caption)
            box.border_subtitle = "enter takes  esc leaves"
            yield self.picker

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        event.stop()
        self.dismiss(event.choice.key)

    def on_picker_cancelled(self, event: Picker.Cancelled) -> None:
        event.stop()
        self.dismiss(None)


def _title(choice: Choice) -> CellLike:
    mark = (f"{glyphs.current.live} ", "accent") if choice.current else ("  ", "")
    return Cell.join(mark, (choice.title, "dim" if choice.why_not else "bold" if choice.current else ""))


def _detail(choice: Choice) -> CellLike:
    if choice.why_not:
        return Cell(choice.why_not, "dim italic")
    return Cell(choice.detail, "dim") if isinstance(choice.detail, str) else choice.detail
