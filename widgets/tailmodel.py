"""Rows that only ever arrive: a bounded stream of flows, log lines or events, filtered while it comes in.

Plain Python. Rows live in a ring and have a number that never repeats, which is their identity: cursor, marks, caches
and the reader's place on the screen hang on it and survive what falls out at the old end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from pointsman.widgets.cells import Column
from pointsman.widgets.filtering import Query, Words
from pointsman.widgets.rowmodel import SEARCH_STEP, Reader, RowModel

T = TypeVar("T")

_COMPACT = 4096


class TailModel(RowModel[T]):
    """The last `capacity` rows of a stream.

    While it follows, the cursor is on the newest row. Moving the cursor up (or scrolling up) leaves it where it is: rows
    that arrive are counted in `newer`, and `follow()` returns to the end.
    """

    def __init__(
        self,
        columns: Sequence[Column[T]],
        capacity: int,
        *,
        search: Callable[[T], str] | None = None,
        words: Words | None = None,
        reader: Reader | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError("a tail holds at least one row")
        super().__init__(columns, words=words, reader=reader)
        self.capacity = capacity
        self._search = search
        self._ring: list[T] = []
        self._next = 0
        self._predicates: dict[str, Callable[[T], bool]] = {}
        self._test: Callable[[T], bool] | None = None
        # Numbers of the matching rows, ascending; `_head` of them at the front are gone but not yet cut off.
        self._matching: list[int] = []
        self._head = 0
        self._following = True
        self._left_at = 0
        self._shift = 0

    # -- rows -------------------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """Number of the oldest row kept."""
        return self._next - len(self._ring)

    @property
    def received(self) -> int:
        """Rows ever appended."""
        return self._next

    @property
    def total(self) -> int:
        return len(self._ring)

    @property
    def newer(self) -> int:
        """Matching rows that arrived since the reader stopped following."""
        if self._following:
            return 0
        if self._test is None:
            return self._next - max(self.first, self._left_at)
        return len(self._matching) - max(self._head, bisect_left(self._matching, self._left_at))

    def __len__(self) -> int:
        return len(self._matching) - self._head if self._test is not None else len(self._ring)

    def _row(self, number: int) -> T:
        return self._ring[number % self.capacity]

    def key_at(self, index: int) -> Hashable:
        return self._number_at(index)

    def _number_at(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._matching[self._head + index] if self._test is not None else self.first + index

    def item_at(self, index: int) -> T:
        return self._row(self._number_at(index))

    def index_of(self, key: Hashable) -> int | None:
        if not isinstance(key, int):
            return None
        if self._test is None:
            return key - self.first if self.first <= key < self._next else None
        at = bisect_left(self._matching, key, self._head)
        return at - self._head if at < len(self._matching) and self._matching[at] == key else None

    def append(self, rows: Iterable[T]) -> int:
        """Add rows at the end, oldest first; gives the number of them that pass the filter."""
        ring, capacity, test = self._ring, self.capacity, self._test
        before = len(self)
        was_first = self.first
        matched = 0
        number = self._next
        for row in rows:
            if len(ring) < capacity:
                ring.append(row)
            else:
                ring[number % capacity] = row
            if test is not None and test(row):
                self._matching.append(number)
                matched += 1
            number += 1
        added = number - self._next
        if not added:
            return 0
        self._next = number
        if test is None:
            matched = added
            gone = self.first - was_first
        else:
            head = bisect_left(self._matching, self.first, self._head)
            gone = head - self._head
            self._head = head
            if head > _COMPACT and head * 2 > len(self._matching):
                del self._matching[:head]
                self._head = 0
        # Rows of this very batch that were pushed out again were never in view.
        gone = min(gone, before)
        if self.marks and gone:
            first = self.first
            self.marks = {mark for mark in self.marks if isinstance(mark, int) and mark >= first}
        if self._following:
            self._cursor = len(self) - 1
        else:
            self._shift += gone
            self._cursor = max(0, self._cursor - gone) if len(self) else -1
        self.version += 1
        return matched

    def passing(self, rows: Iterable[T]) -> int:
        """How many of these rows, which are not appended, pass the filter."""
        test = self._test
        return sum(1 for row in rows if test is None or test(row))

    def clear(self) -> None:
        """Forget all rows; numbers go on."""
        self._ring.clear()
        # The ring is addressed by number modulo capacity, so numbering restarts at a multiple of it.
        self._next = -(-self._next // self.capacity) * self.capacity
        self._matching.clear()
        self._head = 0
        self._cursor = -1
        self._shift = 0
        self._left_at = self._next
        self.marks.clear()
        self.version += 1

    # -- following --------------------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._following

    @following.setter
    def following(self, value: bool) -> None:
        if value == self._following:
            return
        self._following = value
        if value:
            self._cursor = len(self) - 1
            self._shift = 0
        else:
            self._left_at = self._next
        self.version += 1

    def take_shift(self) -> int:
        shift, self._shift = self._shift, 0
        return shift

    def move_to(self, index: int) -> bool:
        last = len(self) - 1
        if index < last:
            self.following = False
        return super().move_to(index)

    # -- filter -----------------------------------------------------------------------------------------------------

    def _filter_steps(self, query: Query) -> Iterator[None]:
        if query == self.query:
            return
        test = self._make_test(query)
        found: list[int] = []
        number = self.first
        while test is not None:
            number = max(number, self.first)
            stop = min(self._next, number + SEARCH_STEP)
            found.extend(each for each in range(number, stop) if test(self._row(each)))
            number = stop
            if number >= self._next:
                break
            yield
        self.query = query
        self._apply(test, found)

    def set_predicate(self, predicate: Callable[[T], bool] | None, name: str = "extra") -> None:
        if predicate is None:
            self._predicates.pop(name, None)
        else:
            self._predicates[name] = predicate
        test = self._make_test(self.query)
        rows = range(self.first, self._next) if test is not None else range(0)
        self._apply(test, [number for number in rows if test is not None and test(self._row(number))])

    def matches(self, item: T, query: Query) -> bool:
        return self._compile(query, self._text_of)(item)

    def _text_of(self, item: T) -> str:
        if self._search is None:
            return self._searchable(item)
        self.counters.rows_searched += 1
        return self._search(item).lower()

    def _make_test(self, query: Query) -> Callable[[T], bool] | None:
        tests = list(self._predicates.values())
        if query:
            tests.append(self._compile(query, self._text_of))
        if len(tests) > 1:
            return lambda row: all(test(row) for test in tests)
        return tests[0] if tests else None

    def _apply(self, test: Callable[[T], bool] | None, found: list[int]) -> None:
        """Show these rows; the one under the cursor, or the nearest older one, stays selected."""
        selected = self.selected
        self._test = test
        self._matching = found[bisect_left(found, self.first) :]
        self._head = 0
        self._shift = 0
        if self._following or not isinstance(selected, int):
            self._cursor = len(self) - 1
        elif test is None:
            self._cursor = selected - self.first
        else:
            self._cursor = max(0, bisect_left(self._matching, selected + 1) - 1) if self._matching else -1
        self.version += 1
