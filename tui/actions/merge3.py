"""Two texts that were made of the same one, put together line by line, as diff3 does it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

MINE, BETWEEN, THEIRS = "<<<<<<< yours", "=======", ">>>>>>> on the server now"
LONG = 1000
"""Lines above which ones that stand everywhere are no landmarks any more: comparing each with each takes for ever."""
Span = tuple[int, int]


def merge_text(base: str, mine: str, theirs: str) -> tuple[str, int]:
    """Both changes in one text, and how many places were changed by both in different ways; these hold both, marked."""
    old, left, right = (text.splitlines(keepends=True) for text in (base, mine, theirs))
    # What all three begin and end with is set aside: a line changed in a huge object is found at once.
    least = min(map(len, (old, left, right)))
    head = next((at for at in range(least) if not old[at] == left[at] == right[at]), least)
    tail = next((at for at in range(least - head) if not old[-1 - at] == left[-1 - at] == right[-1 - at]), least - head)
    before, after = old[:head], old[len(old) - tail :]
    old, left, right = (side[head : len(side) - tail] for side in (old, left, right))
    found: list[str] = []
    clashes = 0
    at_old = at_left = at_right = 0
    for (old_from, old_to), (left_from, left_to), (right_from, right_to) in _common(old, left, right):
        was, ours, other = old[at_old:old_from], left[at_left:left_from], right[at_right:right_from]
        if ours == other or other == was:
            found += ours
        elif ours == was:
            found += other
        else:
            clashes += 1
            found += [f"{MINE}\n", *_ended(ours), f"{BETWEEN}\n", *_ended(other), f"{THEIRS}\n"]
        found += old[old_from:old_to]
        at_old, at_left, at_right = old_to, left_to, right_to
    return "".join((*before, *found, *after)), clashes


def _ended(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else f"{lines[-1]}\n"] if lines else []


def _common(old: list[str], left: list[str], right: list[str]) -> Iterator[tuple[Span, Span, Span]]:
    """Where all three agree, in order; an empty agreement at the end closes what is left."""
    long = max(map(len, (old, left, right))) > LONG
    ours = SequenceMatcher(None, old, left, autojunk=long).get_matching_blocks()
    other = SequenceMatcher(None, old, right, autojunk=long).get_matching_blocks()
    one = two = 0
    while one < len(ours) and two < len(other):
        a, b = ours[one], other[two]
        start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if start < end:
            yield (
                (start, end),
                (a.b + start - a.a, a.b + end - a.a),
                (b.b + start - b.a, b.b + end - b.a),
            )
        if a.a + a.size < b.a + b.size:
            one += 1
        else:
            two += 1
    yield (len(old), len(old)), (len(left), len(left)), (len(right), len(right))
