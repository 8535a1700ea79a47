"""Sets of whole numbers as sorted, disjoint, inclusive spans. Ports and addresses are both kept this way.

Every function takes and gives normalised spans (sorted, no two touching) and is linear in their number.
"""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
Spans = tuple[Span, ...]

NOTHING: Spans = ()


def spans(items: Iterable[Span]) -> Spans:
    """Any spans, put in order and merged where they overlap or touch. An empty one (high below low) is left out."""
    merged: list[Span] = []
    for low, high in sorted(items):
        if high < low:
            continue
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def union(first: Spans, second: Spans) -> Spans:
    if not first or first == second:
        return second
    if not second:
        return first
    return spans((*first, *second))


def union_of(items: Iterable[Spans]) -> Spans:
    found = NOTHING
    for item in items:
        found = union(found, item)
    return found


def intersect(first: Spans, second: Spans) -> Spans:
    if not first or not second:
        return NOTHING
    if first == second:
        return first
    found: list[Span] = []
    left = right = 0
    while left < len(first) and right < len(second):
        low = max(first[left][0], second[right][0])
        high = min(first[left][1], second[right][1])
        if low <= high:
            found.append((low, high))
        if first[left][1] < second[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def subtract(first: Spans, second: Spans) -> Spans:
    """What is in ``first`` and not in ``second``."""
    if not first or not second:
        return first
    found: list[Span] = []
    at = 0
    for low, high in first:
        while at < len(second) and second[at][1] < low:
            at += 1
        step = at
        while step < len(second) and second[step][0] <= high:
            if second[step][0] > low:
                found.append((low, second[step][0] - 1))
            low = second[step][1] + 1
            step += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def covers(items: Spans, wanted: Spans) -> bool:
    """Whether all of ``wanted`` is in ``items``."""
    return not subtract(wanted, items)
