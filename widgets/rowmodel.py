"""What a grid needs to know of its rows: the part every list has in common, whether it is a table or a tail.

No Textual and no clock. The counters say how much work was done and are what the tests gate on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pointsman.widgets.cells import Cell, Column, as_cell
from pointsman.widgets.filtering import Query, Words, parse
from pointsman.widgets.text import LIMIT, clean

T = TypeVar("T")
Reader = Callable[[str, Sequence[str]], Query]
"""What was typed and the columns' names → the filter; may raise `FilterError`."""

SEARCH_STEP = 500
"""Rows searched in one step of a filter: a few milliseconds."""

_CACHED_ROWS = 512
"""Formatted rows kept: several screens, so that scrolling back and forth formats nothing twice."""


@dataclass(slots=True)
class Counters:
    """Work done since the model was made."""

    rows_formatted: int = 0
    rows_searched: int = 0
    sorts: int = 0


class RowModel(ABC, Generic[T]):
    """Rows in view order with a cursor that follows identity, a filter, marks and formatted cells on demand."""

    def __init__(
        self, columns: Sequence[Column[T]], *, words: Words | None = None, reader: Reader | None = None
    ) -> None:
        """`reader` reads what is typed into the filter in place of `filtering.parse`."""
        self.columns: tuple[Column[T], ...] = tuple(columns)
        self._by_key = {column.key: column for column in self.columns}
        if len(self._by_key) != len(self.columns):
            raise ValueError("two columns have the same key")
        # A column may be named in a filter by its key or, where that is one word, by its title.
        self._by_name = {column.title.lower(): column for column in self.columns if column.title.strip()}
        self._by_name.update((key.lower(), column) for key, column in self._by_key.items())
        self._words: Words = words or {}
        self._reader = reader
        self.counters = Counters()
        self.version = 0
        """Grows whenever the view (rows, order, cursor, marks) may have changed."""
        self.query = Query()
        self.last_query = Query()
        """The last filter that was not empty; `n` and `N` look for it after the filter was closed, as in vi."""
        self.sort_key: str | None = None
        self.sort_reverse = False
        self.marks: set[Hashable] = set()
        self._cursor = -1
        self._epoch = 0
        self._cells: OrderedDict[Hashable, tuple[T, int, tuple[Cell, ...]]] = OrderedDict()

    # -- rows -------------------------------------------------------------------------------------------------------

    @abstractmethod
    def __len__(self) -> int:
        """Rows in view."""

    @property
    @abstractmethod
    def total(self) -> int:
        """Rows before the filter."""

    @abstractmethod
    def item_at(self, index: int) -> T:
        """The row at a position of the view."""

    @abstractmethod
    def key_at(self, index: int) -> Hashable:
        """The identity of the row at a position of the view."""

    @abstractmethod
    def index_of(self, key: Hashable) -> int | None:
        """The position of a row in the view; `None` if it is not there."""

    @abstractmethod
    def matches(self, item: T, query: Query) -> bool:
        """Whether a row passes a query."""

    def column(self, key: str) -> Column[T]:
        """The column with this key; `KeyError` if there is none."""
        return self._by_key[key]

    # -- cursor -----------------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """Position of the selected row, -1 when the view is empty."""
        return self._cursor

    @property
    def selected(self) -> Hashable | None:
        """Identity of the selected row."""
        return self.key_at(self._cursor) if 0 <= self._cursor < len(self) else None

    @property
    def selected_item(self) -> T | None:
        """The selected row."""
        return self.item_at(self._cursor) if 0 <= self._cursor < len(self) else None

    def move_to(self, index: int) -> bool:
        """Put the cursor on a position (clamped); says whether it moved."""
        count = len(self)
        target = max(0, min(index, count - 1)) if count else -1
        moved = target != self._cursor
        self._cursor = target
        if moved:
            self.version += 1
        return moved

    def select(self, key: Hashable) -> bool:
        """Put the cursor on a row by identity; says whether the row is in view."""
        index = self.index_of(key)
        if index is None:
            return False
        self.move_to(index)
        return True

    # -- streams ----------------------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        """Whether the end of the list stays on screen while rows are appended; never for a table."""
        return False

    @following.setter
    def following(self, value: bool) -> None:
        """A table ignores it."""

    def follow(self) -> None:
        """Keep the end on screen from now on, if the list can."""
        self.following = True

    def take_shift(self) -> int:
        """Rows that left the view above since the last call, so that a reader's rows stay where they are."""
        return 0

    # -- filter -----------------------------------------------------------------------------------------------------

    @property
    def filter_text(self) -> str:
        """What was typed into the filter."""
        return self.query.text

    def set_filter(self, text: str) -> None:
        """Filter by what was typed (`filtering.parse`); raises `FilterError` and keeps the old filter if it cannot."""
        for _ in self.filter_steps(text):
            pass

    def filter_steps(self, text: str) -> Iterator[None]:
        """The same in short steps, for long lists: nothing changes until the last one. `FilterError` comes at once."""
        return self._filter_steps(self._parse(text))

    @abstractmethod
    def _filter_steps(self, query: Query) -> Iterator[None]:
        """Filter by a query, with a pause every `SEARCH_STEP` rows."""

    @abstractmethod
    def set_predicate(self, predicate: Callable[[T], bool] | None, name: str = "extra") -> None:
        """Keep only rows that pass, beside the typed filter; one predicate per name, `None` takes it away."""

    def _parse(self, text: str) -> Query:
        names = tuple(self._by_name)
        query = self._reader(text, names) if self._reader is not None else parse(text, names, self._words)
        if query:
            self.last_query = query
        return query

    def next_match(self, step: int = 1) -> int | None:
        """Position of the next (`step` 1) or previous (-1) row the last filter finds, wrapping; `None` if none does."""
        count = len(self)
        if not count:
            return None
        start = max(0, self._cursor)
        if not self.last_query or self.last_query == self.query:
            return (start + step) % count
        for distance in range(1, count + 1):
            index = (start + step * distance) % count
            if self.matches(self.item_at(index), self.last_query):
                return index
        return None

    def _compile(self, query: Query, haystack: Callable[[T], str]) -> Callable[[T], bool]:
        """The test of a row for a query; `haystack` gives its searchable text, lower case."""
        tests: list[Callable[[T], bool]] = []
        for term in query.terms:
            if term.kind == "flag" and term.test is not None:
                tests.append(term.test)
            elif term.column:
                column = self._by_name[term.column]
                tests.append(
                    lambda item, term=term, column=column: (  # type: ignore[misc]
                        term.found(column.cell(item).plain.lower()) is not term.negate
                    )
                )
            elif term.kind == "word":
                needle = term.needle
                if term.negate:
                    tests.append(lambda item, needle=needle: needle not in haystack(item))  # type: ignore[misc]
                else:
                    tests.append(lambda item, needle=needle: needle in haystack(item))  # type: ignore[misc]
            else:
                tests.append(lambda item, term=term: term.found(haystack(item)) is not term.negate)  # type: ignore[misc]
        if not tests:
            return lambda _item: True
        if len(tests) == 1:
            return tests[0]
        return lambda item: all(test(item) for test in tests)

    def _searchable(self, item: T) -> str:
        """All cells of a row as lower-case text, one cell a line."""
        self.counters.rows_searched += 1
        texts: list[str] = []
        for column in self.columns:
            cell = column.render(item)
            texts.append(cell if isinstance(cell, str) else as_cell(cell).plain)
        text = "\n".join(texts)
        if not text.isascii() or len(text) > LIMIT:  # what is found has to be what is seen
            text = "\n".join(clean(part) for part in texts)
        return text.lower()

    # -- marks ------------------------------------------------------------------------------------------------------

    def toggle_mark(self, key: Hashable) -> bool:
        """Mark or unmark a row; says whether it is marked now."""
        self.version += 1
        if key in self.marks:
            self.marks.discard(key)
            return False
        self.marks.add(key)
        return True

    def mark_range(self, key: Hashable) -> None:
        """Mark every row between the nearest marked row in view and this one, both included."""
        here = self.index_of(key)
        if here is None:
            return
        marked = [index for index in map(self.index_of, self.marks) if index is not None]
        anchor = min(marked, key=lambda index: abs(index - here)) if marked else here
        for index in range(min(anchor, here), max(anchor, here) + 1):
            self.marks.add(self.key_at(index))
        self.version += 1

    def clear_marks(self) -> None:
        """Unmark everything."""
        self.marks.clear()
        self.version += 1

    # -- cells ------------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Formatted cells are out of date though the rows are the same (a clock moved, an option changed)."""
        self._epoch += 1
        self.version += 1

    def cells_at(self, index: int) -> tuple[Cell, ...]:
        """The formatted cells of a row, one for each column. An equal row formatted before costs nothing."""
        key, item = self.key_at(index), self.item_at(index)
        known = self._cells.get(key)
        if known is not None and known[1] == self._epoch and (known[0] is item or known[0] == item):
            self._cells.move_to_end(key)
            return known[2]
        self.counters.rows_formatted += 1
        cells = tuple(column.cell(item) for column in self.columns)
        self._cells[key] = (item, self._epoch, cells)
        self._cells.move_to_end(key)
        if len(self._cells) > _CACHED_ROWS:
            self._cells.popitem(last=False)
        return cells
