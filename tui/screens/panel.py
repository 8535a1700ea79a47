"""A list in a frame with a title: what panes are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self, TypeVar

from textual.content import Content
from textual.geometry import Region

from pointsman.widgets.cells import CellLike, Column
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.rowmodel import Reader, RowModel
from pointsman.widgets.text import clean

T = TypeVar("T")
Parts = tuple[tuple[str, str], ...]

_MODIFIERS = frozenset(("bold", "italic", "underline", "reverse", "strike"))


def content_of(parts: Iterable[tuple[str, str]]) -> Content:
    """Parts as the toolkit's own text: cleaned, never markup; tokens are the theme's variables."""
    return Content.assemble(*((clean(text), _variables(style)) for text, style in parts))


def _variables(style: str) -> str:
    return " ".join(word if word in _MODIFIERS else f"${word}" for word in style.split())


class Panel(Grid[T]):
    """A framed list that knows what identifies its rows."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        id: str,
        key: Callable[[T], Hashable],
        empty: Callable[[], Sequence[CellLike]],
        show_header: bool = False,
        flash: bool = False,
        search: Callable[[T], str] | None = None,
        reader: Reader | None = None,
        model: RowModel[T] | None = None,
    ) -> None:
        """``reader`` reads the filter in place of the usual words; ``model`` is given where the rows are no table."""
        self._only: int | None = None
        """The one line that is refreshed while its words are set."""
        super().__init__(
            GridModel(columns, search=search, reader=reader) if model is None else model,
            id=id,
            classes="panel",
            empty=empty,
            show_header=show_header,
            flash=flash,
        )
        self._key = key
        self._why_empty = empty
        self._said: tuple[CellLike, ...] = ()
        self._title: Parts = ()
        self._foot: Parts = ()

    def show_rows(self, rows: Sequence[T]) -> None:
        """These rows; without any the note on why there is none is brought up to date."""
        self.set_items(rows, self._key)
        if not self.model.total:
            said = tuple(self._why_empty())
            if said != self._said:
                self._said = said
                self.changed()

    def set_title(self, *parts: tuple[str, str]) -> None:
        """The words in the frame's upper line."""
        if parts != self._title:
            self._title = parts
            # A border without corners leaves no room around its title.
            bare = self.app.has_class("-slow")
            with self._one_line(0):
                self.border_title = content_of(((" ", ""), *parts, (" ", "")) if bare else parts)

    def set_note(self, *parts: tuple[str, str]) -> None:
        """The words in the frame's lower line."""
        if parts != self._foot:
            self._foot = parts
            with self._one_line(self.outer_size.height - 1):
                self.border_subtitle = content_of(parts)

    @contextmanager
    def _one_line(self, y: int) -> Iterator[None]:
        """What is refreshed in here as a whole is this line of the widget alone. The toolkit draws the whole widget for a new
        title, which is a hundred times as much to send: too much for a line with a rate in it."""
        self._only = y if self.outer_size.width and self.outer_size.height > 1 else None
        try:
            yield
        finally:
            self._only = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As the toolkit's, but for a line alone while only that one changed."""
        if self._only is not None and not regions and not layout:
            left, top = self.content_offset
            regions = (Region(-left, self._only - top, self.outer_size.width, 1),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
