"""A list in a frame with a title: what panes are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from textual.content import Content

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
        """The words in the frame's upper line; setting a title redraws the frame, so only when they changed."""
        if parts != self._title:
            self._title = parts
            # A border without corners leaves no room around its title.
            bare = self.app.has_class("-slow")
            self.border_title = content_of(((" ", ""), *parts, (" ", "")) if bare else parts)

    def set_note(self, *parts: tuple[str, str]) -> None:
        """The words in the frame's lower line."""
        if parts != self._foot:
            self._foot = parts
            self.border_subtitle = content_of(parts)
