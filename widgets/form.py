"""A short form in a box: a line for each field, what is wrong with it beside it, enter goes on and, at the end, gives it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, wrap_cell
from pointsman.widgets.drawing import plain_content
from pointsman.widgets.lines import Lines

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in.

    `check` gives what is wrong with the value (empty: nothing) and may look at the others. `suggestions` complete what is
    typed; the arrow to the right takes them. `secret` hides what is typed.
    """

    key: str
    label: str
    value: str = ""
    placeholder: str = ""
    check: Callable[[str, Values], str] | None = None
    suggestions: tuple[str, ...] = ()
    secret: bool = False


class _Line(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False, id="form.up"),
        Binding("down", "step(1)", show=False, id="form.down"),
    ]

    def action_step(self, by: int) -> None:
        screen = self.screen
        if isinstance(screen, FormScreen):
            screen.step(by)


class FormScreen(ModalScreen["dict[str, str] | None"]):
    """Ends with the values by key, or `None`.

    `says` gives lines below the fields for the values so far: what will come of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", show=False, id="form.cancel"),
        Binding("ctrl+s", "give_in", "Done", show=False, id="form.done"),
    ]

    DEFAULT_CSS = """
    FormScreen {
        align: center middle;

        & > #box {
            width: 84; max-width: 94%; height: auto; max-height: 90%; padding: 0 1;
            border: round $border; border-title-color: $foreground; border-subtitle-color: $text-muted;
            background: $surface;
            &.-ascii { border: ascii $border; }
        }
        & VerticalScroll { height: auto; max-height: 16; }
        & .field { height: auto; }
        & .field > Lines { height: 1; }
        & .label { width: 18; }
        & .wrong { margin-left: 18; height: auto; }
        & Input {
            width: 1fr; height: 1; border: none; padding: 0; background: $panel;
            &:focus { border: none; background-tint: transparent; }
            & > .input--placeholder, & > .input--suggestion { color: $text-muted; }
        }
        & #says { height: auto; max-height: 8; margin-top: 1; }
        & #intro { height: auto; margin-bottom: 1; }
    }
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        *,
        intro: str = "",
        says: Callable[[Values], Sequence[CellLike]] | None = None,
    ) -> None:
        super().__init__()
        self._caption = title
        self._fields = tuple(fields)
        self._intro = intro
        self._says = says
        self._wrong: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-ascii" if glyphs.current.ascii else "") as box:
            box.border_title = plain_content(self._caption)
            box.border_subtitle = "enter goes on  ctrl+s is done  esc leaves"
            if self._intro:
                yield Lines(compose_lines=lambda cells: wrap_cell(Cell(self._intro, "muted"), cells), id="intro")
            with VerticalScroll(can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="field"):
                        yield Lines([Cell(field.label, "muted")], classes="label")
                        line = _Line(
                            field.value,
                            placeholder=field.placeholder,
                            password=field.secret,
                            compact=True,
                            select_on_focus=False,
                            suggester=SuggestFromList(field.suggestions) if field.suggestions else None,
                            id=f"field-{field.key}",
                        )
                        line.cursor_blink = False  # every blink is a frame on the wire
                        yield line
                    yield Lines(compose_lines=partial(self._wrong_lines, field.key), classes="wrong")
            yield Lines(compose_lines=self._said_lines, id="says")

    def on_mount(self) -> None:
        self.query(_Line).first().focus()

    # -- what is drawn ----------------------------------------------------------------------------------------------

    def _wrong_lines(self, key: str, cells: int) -> Sequence[CellLike]:
        text = self._wrong.get(key, "")
        return wrap_cell(Cell(text, "error"), cells) if text else []

    def _said_lines(self, cells: int) -> Sequence[CellLike]:
        if self._says is None or not self.is_mounted:
            return []
        return [line for said in self._says(self.values) for line in wrap_cell(said, cells, indent=2)]

    def _draw(self) -> None:
        for lines in self.query(Lines):
            lines.update_lines()

    # -- what was typed ---------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, str]:
        """What is typed now, without blanks around it (but in secrets)."""
        found = {}
        for field in self._fields:
            text = self.query_one(f"#field-{field.key}", Input).value
            found[field.key] = text if field.secret else text.strip()
        return found

    def _check(self, *keys: str) -> bool:
        """Look at these fields; False if something is wrong with one of them."""
        values = self.values
        for field in self._fields:
            if field.key in keys:
                wrong = field.check(values[field.key], values) if field.check is not None else ""
                self._wrong[field.key] = wrong
        self._draw()
        return not any(self._wrong.get(key) for key in keys)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        key = (event.input.id or "").removeprefix("field-")
        if self._wrong.get(key):
            self._check(key)
        else:
            self.query_one("#says", Lines).update_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        key = (event.input.id or "").removeprefix("field-")
        if not self._check(key):
            return
        if key == self._fields[-1].key:
            self.action_give_in()
        else:
            self.step(1)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        key = (event.widget.id or "").removeprefix("field-")
        if self.is_current and any(field.key == key and self.values[key] for field in self._fields):
            self._check(key)

    def step(self, by: int) -> None:
        """To the next field or the one before."""
        lines = list(self.query(_Line))
        at = next((number for number, line in enumerate(lines) if line.has_focus), 0)
        lines[max(0, min(len(lines) - 1, at + by))].focus()

    def action_give_in(self) -> None:
        """Done, if nothing is wrong; else to the first field that is."""
        if self._check(*(field.key for field in self._fields)):
            self.dismiss(self.values)
            return
        wrong = next(field.key for field in self._fields if self._wrong.get(field.key))
        self.query_one(f"#field-{wrong}", Input).focus()

    def action_leave(self) -> None:
        """Leave without values."""
        self.dismiss(None)
