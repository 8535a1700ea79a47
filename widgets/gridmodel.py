"""The rows of a table: what is there, which of it is shown, in which order, and where the cursor stands.

Plain Python. The way is items → order → matches → view, and each step is kept until what it hangs on changes: a key
typed into the filter sorts nothing, a new sort searches nothing, and neither formats a row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.filtering import FilterError, Query, Words
from pointsman.widgets.rowmodel import SEARCH_STEP, Reader, RowModel

__all__ = ["Cell", "CellLike", "Column", "FilterError", "GridModel"]

T = TypeVar("T")


class GridModel(RowModel[T]):
    """A table of items with identity.

    `search` gives the text the filter looks in; by default the text of all cells. It is called once per changed item
    and only when something is searched.
    """

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        search: Callable[[T], str] | None = None,
        words: Words | None = None,
        reader: Reader | None = None,
    ) -> None:
        super().__init__(columns, words=words, reader=reader)
        self._search = search
        self._source: Sequence[T] | None = None
        self._items: list[T] = []
        self._keys: list[Hashable] = []
        self._order: list[int] | None = None
        self._view: list[int] = []
        self._view_keys: list[Hashable] = []
        self._haystack_of: dict[Hashable, tuple[T, str]] = {}
        self._predicates: dict[str, Callable[[T], bool]] = {}
        self._pinned = False
        self._lost: Hashable | None = None

    # -- rows -------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._view)

    @property
    def total(self) -> int:
        return len(self._items)

    @property
    def items(self) -> Sequence[T]:
        """All items, unfiltered, in the order they came."""
        return self._items

    def view_items(self) -> list[T]:
        """The rows in view, in view order (for saving what is shown)."""
        return [self._items[index] for index in self._view]

    def item_at(self, index: int) -> T:
        return self._items[self._view[index]]

    def key_at(self, index: int) -> Hashable:
        return self._view_keys[index]

    def index_of(self, key: Hashable) -> int | None:
        try:
            return self._view_keys.index(key)
        except ValueError:
            return None

    def set_items(self, items: Sequence[T], key: Callable[[T], Hashable]) -> bool:
        """Replace all rows; says whether anything can have changed. Of two rows with one key the later one counts."""
        if items is self._source:
            return False
        keys = [key(item) for item in items]
        rows = list(items)
        if len(set(keys)) != len(keys):
            unique = dict(zip(keys, rows, strict=True))
            keys, rows = list(unique), list(unique.values())
        self._source = items if isinstance(items, tuple) else None  # a list may be changed in place
        if keys == self._keys and all(map(_same, rows, self._items)):
            return False
        self._items, self._keys = rows, keys
        self._order = None
        present: set[Hashable] | None = None
        if self.marks:
            present = set(keys)
            self.marks &= present
        if len(self._haystack_of) > 2 * len(keys) + 64:
            present = present or set(keys)
            self._haystack_of = {name: known for name, known in self._haystack_of.items() if name in present}
        self._rebuild()
        return True

    # -- filter -----------------------------------------------------------------------------------------------------

    def _filter_steps(self, query: Query) -> Iterator[None]:
        if query == self.query:
            return
        # Reading the text of rows is what takes time; it is kept, so the last step is short.
        keys, at = self._keys, 0
        while any(term.kind != "flag" and not term.column for term in query.terms):
            if self._keys is not keys:
                keys, at = self._keys, 0
            rows = self._view if self.query and query.narrows(self.query) else range(len(keys))
            for index in rows[at : at + SEARCH_STEP]:
                self._haystack(index)
            at += SEARCH_STEP
            if at >= len(rows):
                break
            yield
        old, self.query = self.query, query
        self._rebuild(within=self._view if old and query.narrows(old) else None)

    def set_predicate(self, predicate: Callable[[T], bool] | None, name: str = "extra") -> None:
        if predicate is None:
            if name not in self._predicates:
                return
            del self._predicates[name]
        else:
            self._predicates[name] = predicate
        self._rebuild()

    def matches(self, item: T, query: Query) -> bool:
        return self._compile(query, self._searchable_lower)(item)

    def _searchable_lower(self, item: T) -> str:
        if self._search is None:
            return self._searchable(item)
        self.counters.rows_searched += 1
        return self._search(item).lower()

    def _haystack(self, index: int) -> str:
        """Searchable text of an item, kept until the item is replaced by a different one."""
        key, item = self._keys[index], self._items[index]
        known = self._haystack_of.get(key)
        if known is not None and (known[0] is item or known[0] == item):
            return known[1]
        text = self._searchable_lower(item)
        self._haystack_of[key] = (item, text)
        return text

    # -- sort -------------------------------------------------------------------------------------------------------

    def sort_by(self, key: str | None, reverse: bool | None = None) -> bool:
        """Sort by a column; `None` is the order the rows came in. Without `reverse` the same column turns around.

        Says whether the column can sort at all; equal values keep the order the rows came in, in both directions.
        """
        if key is not None and self.column(key).value is None:
            return False
        if reverse is None:
            reverse = not self.sort_reverse if key == self.sort_key and key is not None else False
        if (key, reverse) != (self.sort_key, self.sort_reverse):
            self.sort_key, self.sort_reverse = key, reverse
            self._order = None
            self._rebuild()
        return True

    def _sorted(self) -> Sequence[int]:
        if self.sort_key is None:
            return range(len(self._items))
        if self._order is None:
            self.counters.sorts += 1
            value = self.column(self.sort_key).value
            assert value is not None  # sort_by lets no other column in
            values: list[Any] = [value(item) for item in self._items]
            known = [index for index, it in enumerate(values) if it is not None]
            try:
                known.sort(key=values.__getitem__, reverse=self.sort_reverse)
            except TypeError:  # mixed types: some total order is better than none
                known.sort(
                    key=lambda index: (type(values[index]).__name__, str(values[index])), reverse=self.sort_reverse
                )
            if len(known) != len(values):
                known.extend(index for index, it in enumerate(values) if it is None)
            self._order = known
        return self._order

    # -- view -------------------------------------------------------------------------------------------------------

    def move_to(self, index: int) -> bool:
        self._pinned = True
        return super().move_to(index)

    def unpin(self) -> None:
        """Let the cursor stay on the first row until the user moves it again."""
        self._pinned = False

    def _rebuild(self, within: Sequence[int] | None = None) -> None:
        order = within if within is not None else self._sorted()
        for predicate in self._predicates.values():
            items = self._items
            order = [index for index in order if predicate(items[index])]
        if self.query:
            order = self._filtered(order)
        before, cursor = self._view_keys, self._cursor
        self._view = list(order)
        keys = self._keys
        self._view_keys = [keys[index] for index in self._view]
        self._cursor = self._place_cursor(before, cursor)
        self.version += 1

    def _filtered(self, order: Sequence[int]) -> list[int]:
        haystack = self._haystack
        terms = self.query.terms
        if len(terms) == 1 and terms[0].kind == "word" and not terms[0].column:
            needle, negate = terms[0].needle, terms[0].negate
            return [index for index in order if (needle in haystack(index)) is not negate]
        items = self._items
        position = [0]
        test = self._compile(self.query, lambda _item: haystack(position[0]))
        kept: list[int] = []
        for index in order:
            position[0] = index
            if test(items[index]):
                kept.append(index)
        return kept

    def _place_cursor(self, before: list[Hashable], cursor: int) -> int:
        """Where the cursor goes: its row if that is still there, else the nearest row below, else above."""
        after = self._view_keys
        if not after:
            if 0 <= cursor < len(before):
                self._lost = before[cursor]
            return -1
        if not self._pinned:
            return 0
        if not 0 <= cursor < len(before):  # the view was empty for a moment: a filter being typed, a relist
            return after.index(self._lost) if self._lost in after else 0
        try:
            return after.index(before[cursor])
        except ValueError:
            pass
        place = {key: index for index, key in enumerate(after)}
        for key in before[cursor + 1 :]:
            if key in place:
                return place[key]
        for key in reversed(before[:cursor]):
            if key in place:
                return place[key]
        return min(cursor, len(after) - 1)


def _same(one: object, other: object) -> bool:
    return one is other or one == other
