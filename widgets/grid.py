"""The list every pane is made of: a table on Textual's Line API that costs what is on screen, not what is in the list.

A `Grid` draws a `RowModel`. After every change it compares what each screen line should show with what it shows and
repaints only the lines that differ; only rows on screen are ever formatted. It knows columns, cells and semantic styles,
nothing of what the rows are about. With the class `-lit` its cursor looks as if it had the focus, for a list whose keys
come from an input line.

The screen owns keys: every movement is an `action_*` method, and the few bindings here (arrows, paging, enter) have ids
so that a keymap can change them. Border, title and subtitle are the screen's too.

The rest of it is in `gridmoves` (scrolling and movements), `gridpaint` (styles and strips), `gridlayout` (widths) and
`gridflash` (cells that just changed). This file stays over 400 lines for the style sheet, the messages and the docstrings
of what screens call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from time import monotonic, perf_counter
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.signal import Signal
from textual.strip import Strip

from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.gridflash import FADING, Flashes
from pointsman.widgets.gridlayout import lay_out
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.gridmoves import GridMoves
from pointsman.widgets.gridpaint import Line, Look, Painter
from pointsman.widgets.rowmodel import RowModel
from pointsman.widgets.text import clean, width
from pointsman.widgets.theming import tokens_of

T = TypeVar("T")

_SEARCH_SLICE = 0.008
_SEARCH_PAUSE = 0.001


class Grid(GridMoves[T], can_focus=True, inherit_bindings=False):
    """A table of rows with a cursor."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False, id="grid.up"),
        Binding("down", "cursor_down", "Down", show=False, id="grid.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="grid.page-up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="grid.page-down"),
        Binding("home", "top", "Top", show=False, id="grid.top"),
        Binding("end", "bottom", "Bottom", show=False, id="grid.bottom"),
        Binding("left", "side_left", "Scroll left", show=False, id="grid.left"),
        Binding("right", "side_right", "Scroll right", show=False, id="grid.right"),
        Binding("enter", "choose", "Open", show=False, id="grid.choose"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--header",
        "grid--sorted",
        "grid--cursor",
        "grid--marked",
        "grid--empty",
        "grid--match",
    }
    """`header` and `sorted` (the column it is sorted by) are the first line, `cursor` the selected row, `marked` a
    marked one, `empty` the note of an empty list, `match` a word the filter found."""

    DEFAULT_CSS = """
    Grid {
        height: 1fr;
        overflow-x: auto;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;

        & > .grid--header { color: $text-muted; text-style: none; }
        & > .grid--sorted { color: $accent; text-style: bold; }
        & > .grid--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .grid--cursor, &.-lit > .grid--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .grid--marked { text-style: bold; }
        & > .grid--empty { color: $text-muted; }
        & > .grid--match { text-style: underline; }
        &:nocolor > .grid--cursor { text-style: bold; }
        &:nocolor:focus > .grid--cursor, &.-lit:nocolor > .grid--cursor { text-style: reverse; }
        &:nocolor > .grid--header { text-style: underline; }
        &:nocolor > .grid--sorted { text-style: bold underline; }
    }
    """

    stale: reactive[bool] = reactive(False, repaint=False, init=False)
    """Draw every row dimmed: the data is old."""

    wide: reactive[bool] = reactive(False, repaint=False, init=False)
    """Show every column and scroll sideways, however narrow the screen is."""

    class _GridMessage(Message):
        def __init__(self, grid: Grid[Any]) -> None:
            self.grid = grid
            super().__init__()

        @property
        def control(self) -> Grid[Any]:
            """The grid it came from."""
            return self.grid

    class RowSelected(_GridMessage):
        """The cursor is on another row; `key` is `None` when the list became empty."""

        def __init__(self, grid: Grid[Any], key: Hashable | None, item: Any) -> None:
            self.key, self.item = key, item
            super().__init__(grid)

    class RowChosen(_GridMessage):
        """Enter or a double click on a row."""

        def __init__(self, grid: Grid[Any], key: Hashable, item: Any) -> None:
            self.key, self.item = key, item
            super().__init__(grid)

    class SortChanged(_GridMessage):
        """The list is sorted by another column or turned around."""

        def __init__(self, grid: Grid[Any], column: str | None, reverse: bool) -> None:
            self.column, self.reverse = column, reverse
            super().__init__(grid)

    class ViewChanged(_GridMessage):
        """Rows came, went or were filtered: `shown` of `total` rows are in view (for a subtitle)."""

        def __init__(self, grid: Grid[Any], shown: int, total: int) -> None:
            self.shown, self.total = shown, total
            super().__init__(grid)

    def __init__(
        self,
        model: RowModel[T],
        *,
        empty: Callable[[], Sequence[CellLike]] | None = None,
        flash: bool = False,
        show_header: bool = True,
        clock: Callable[[], float] = monotonic,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """
        Args:
            model: The rows. A `GridModel` for tables, a `TailModel` for streams.
            empty: Lines to show when there is no row at all: why, and what would fill the list.
            flash: Light up a cell for a moment when its text changed.
            show_header: Whether the first line names the columns.
            clock: Seconds, for the flash.
        """
        super().__init__(head=1 if show_header else 0, name=name, id=id, classes=classes, disabled=disabled)
        self.model = model
        self._empty = empty
        self._flash_on = flash
        self._seen: dict[str, int] = {}
        self._lines: list[Line | None] = []
        self._note: tuple[CellLike, ...] = ()
        self._marked_query = ""
        self._painter = Painter()
        self._look_now: Look | None = None
        self._flashes = Flashes(clock)
        self._fading = False
        self._announced: Hashable | None = None
        self._counted = (-1, -1)
        self._search: Iterator[None] | None = None
        self.counts: Signal[tuple[int, int]] = Signal(self, "counts")
        """Published with (rows in view, all rows) when either changes or a filter was applied."""

    # -- data -------------------------------------------------------------------------------------------------------

    def set_items(self, items: Sequence[T], key: Callable[[T], Hashable]) -> None:
        """Show these rows (the model must be a `GridModel`)."""
        model = self.model
        if not isinstance(model, GridModel):
            raise TypeError("only a table takes whole lists; append to a TailModel and call changed()")
        keep = self._cursor_line()
        if model.set_items(items, key):
            self.changed(keep=keep, data=True)
        elif not self._lines:
            self.changed()

    def set_filter(self, text: str) -> None:
        """Filter by what was typed; `FilterError` leaves the list as it was.

        A long list is searched in slices between which the app goes on; until the last the old rows stay (`searching`).
        """
        self._search = self.model.filter_steps(text)
        self._search_on()

    @property
    def searching(self) -> bool:
        """Whether a filter is still being applied."""
        return self._search is not None

    def _search_on(self) -> None:
        """Search for a moment, and again later if that was not enough."""
        if self._search is None:
            return
        keep = self._cursor_line()
        until = perf_counter() + _SEARCH_SLICE
        for _ in self._search:
            if perf_counter() >= until and self.is_attached:
                self.set_timer(_SEARCH_PAUSE, self._search_on)
                return
        self._search = None
        self.changed(keep=keep)
        self.counts.publish((len(self.model), self.model.total))

    def set_predicate(self, predicate: Callable[[T], bool] | None, name: str = "extra") -> None:
        """Keep only rows that pass, beside the typed filter; one per name, `None` takes it away."""
        keep = self._cursor_line()
        self._seen.clear()  # other rows: the columns may become narrower again
        self.model.set_predicate(predicate, name)
        self.changed(keep=keep)

    def sort_by(self, column: str | None, reverse: bool | None = None) -> None:
        """Sort a table; without `reverse` the column it is sorted by turns around."""
        model = self.model
        keep = self._cursor_line()
        if isinstance(model, GridModel) and model.sort_by(column, reverse):
            self.changed(keep=keep)
            self.post_message(self.SortChanged(self, model.sort_key, model.sort_reverse))

    def select(self, key: Hashable) -> bool:
        """Put the cursor on a row and scroll to it; says whether the row is in view."""
        found = self.model.select(key)
        if found:
            self._reveal()
            self.changed()
        return found

    def touch(self) -> None:
        """Rows look different though they are the same (the clock moved): repaint the cells that changed."""
        self.model.touch()
        self.changed()

    def changed(self, *, keep: int | None = None, data: bool = False) -> None:
        """The model changed: scroll, repaint what differs, tell who listens.

        `keep` is the screen line the cursor should stay on, `data` says that new data came (changed cells may flash).
        """
        if self.is_attached and self.size.width:
            self._fit_height()
            shift = self.model.take_shift()
            if self.model.following:
                self._scroll(max(0, len(self.model) - self._page))
            elif keep is not None and self.model.cursor >= 0:
                self._scroll(self.model.cursor - keep)
            elif shift:
                self._scroll(self._top - shift)
            self._sync(data=data)
        counted = (len(self.model), self.model.total)
        if counted != self._counted:
            self._counted = counted
            self.counts.publish(counted)
            self.post_message(self.ViewChanged(self, *counted))
        selected = self.model.selected
        if selected != self._announced:
            self._announced = selected
            self.post_message(self.RowSelected(self, selected, self.model.selected_item))

    # -- what is seen -----------------------------------------------------------------------------------------------

    @property
    def hidden_columns(self) -> tuple[str, ...]:
        """Keys of the columns there is no room for."""
        return self._layout_now.hidden

    @property
    def selected_key(self) -> Hashable | None:
        """Identity of the selected row."""
        return self.model.selected

    @property
    def selected_item(self) -> T | None:
        """The selected row."""
        return self.model.selected_item

    # -- repainting ---------------------------------------------------------------------------------------------------

    def _measure(self) -> bool:
        """Lay the columns out for the rows on screen; says whether that moved anything."""
        rows = [self.model.cells_at(index) for index in self._visible()]
        for number, column in enumerate(self.model.columns):
            if column.width is None and rows:
                widest = max(width(cells[number].plain) for cells in rows)
                if widest > self._seen.get(column.key, -1):  # nothing in any cell is worth knowing too
                    self._seen[column.key] = widest
        # A cell stays free between the last column and the scrollbar.
        room = self._room - (1 if self._room < self.size.width else 0)
        layout = lay_out(self.model.columns, room, self.app.size.width, self._seen, wide=self.wide)
        if layout == self._layout_now:
            return False
        self._layout_now = layout
        self._painter.forget()
        self._fit_height()
        return True

    def _sync(self, *, data: bool = False) -> None:
        """Repaint the lines that differ from what they should show."""
        moved = self._measure()
        before = self._lines
        visible = {self.model.key_at(index): self.model.cells_at(index) for index in self._visible()}
        if data and self._flash_on:
            self._flashes.note(
                self.model.columns, {line.key: line.cells for line in before if line is not None}, visible
            )
            self._arm_fade()
        selected, marks = self.model.selected, self.model.marks
        lines: list[Line | None] = [
            Line(key, cells, key == selected, key in marks, self._flashes.of(key)) for key, cells in visible.items()
        ]
        lines.extend([None] * (self._page - len(lines)))
        note = self._note_lines()
        query = self.model.query.text  # what it finds is marked in rows that are otherwise the same
        moved = moved or note != self._note or len(lines) != len(before) or query != self._marked_query
        self._lines, self._note, self._marked_query = lines, note, query
        if moved:
            self.refresh()
            return
        changed = [y for y, line in enumerate(lines) if line != before[y]]
        if len(changed) > len(lines) // 2:
            self.refresh()
        else:
            for y in changed:
                self.refresh(Region(0, y + self._head, self.size.width, 1))

    def _note_lines(self) -> tuple[CellLike, ...]:
        """Why the list is empty; nothing if it is not."""
        model = self.model
        if len(model):
            return ()
        if not model.total:
            return tuple(self._empty()) if self._empty is not None else ("nothing here",)
        if model.query:
            typed = (clean(model.query.text, 60), "match")
            return (Cell.join(f"{model.total:,} rows, none matches ", typed), "esc takes the filter away")
        return (f"{model.total:,} rows, none of them in this view",)

    def _arm_fade(self) -> None:
        if self._flashes and not self._fading:
            self._fading = True
            self.set_timer(FADING, self._fade)

    def _fade(self) -> None:
        self._fading = False
        self._flashes.expire()
        self._sync()
        self._arm_fade()

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _look(self) -> Look:
        tokens = tokens_of(self.app)
        look = self._look_now
        if look is None or look.tokens is not tokens:
            self._painter.forget()
            look = self._look_now = Look.of(self, tokens)
        return look

    def notify_style_update(self) -> None:
        self._look_now = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        look = self._look()
        room, left = self._room, self.scroll_offset.x
        line = self._lines[y - self._head] if self._head <= y < len(self._lines) + self._head else None
        if y < self._head:
            strip = self._painter.header(self.model, self._layout_now, look, left, room)
        elif line is not None:
            strip = self._painter.row(line, self.model, self._layout_now, look, room, self.stale)
        else:
            return self._painter.note(self._note, look, room, self._page, y - self._head)
        if left or strip.cell_length != room:
            strip = strip.crop_extend(left, left + room, look.base)
        return strip

    # -- events -----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.changed()

    def on_resize(self) -> None:
        keep = self._cursor_line()
        self._painter.forget()
        self._seen.clear()
        self._lines = []
        self._fit_height()
        if self.model.following:
            self._scroll(len(self.model) - self._page)
        elif keep is None or keep >= self._page:
            self._reveal()
        self.changed()

    def on_show(self) -> None:
        # While it was hidden nothing was drawn, so what it shows may be old.
        self._lines = []
        self._fit_height()
        self.changed()

    def watch_stale(self) -> None:
        if self.is_attached:
            self._lines = [None] * len(self._lines)
            self.refresh()
            self._sync()

    def watch_wide(self) -> None:
        if self.is_attached:
            self.scroll_to(x=0, animate=False, force=True)
            self._sync()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value) and self.size.width:
            # A shorter list scrolls up too; only who leaves its end stops following.
            if new_value < old_value and self.model.following and round(new_value) < len(self.model) - self._page:
                self.model.following = False
            self._sync()

    def on_focus(self) -> None:
        self._restyle()

    def on_blur(self) -> None:
        self._restyle()

    def _restyle(self) -> None:
        self._look_now = None
        line = self._cursor_line()
        if line is not None:
            self.refresh(Region(0, line + self._head, self.size.width, 1))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y < self._head:
            number = self._layout_now.column_at(offset.x + self.scroll_offset.x)
            if number is not None:
                self.sort_by(self.model.columns[number].key)
            return
        index = self._top + offset.y - self._head
        if index >= len(self.model):
            return
        self._go(index)
        if event.chain == 2:
            self.action_choose()

    # -- actions ------------------------------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Open the selected row."""
        key = self.model.selected
        if self.model.cursor >= 0 and key is not None:
            self.post_message(self.RowChosen(self, key, self.model.selected_item))
