"""The running timer in the footer of every pane: what is off and how long still. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.tui.views.frame import Line, Part
from pointsman.widgets import glyphs
from pointsman.widgets.text import clean, shorten_middle, width

LAST_MINUTE = 60.0
COMFORT = 50
"""Cells from which there is room for all words."""
LEAST_NAME = 8
"""Cells of a name below which it says nothing any more and goes."""


@dataclass(frozen=True, slots=True)
class Running:
    """What is off until a time, in seconds since 1970. ``name`` is ``media/deny``, ``what`` policy or route."""

    name: str
    until: float
    what: str = "policy"


def clock_text(seconds: float) -> str:
    """``4:31``, ``2:04:00``, ``3d 4h``."""
    left = max(0, round(seconds))
    if left >= 2 * 86400:
        return f"{left // 86400}d {left % 86400 // 3600}h"
    minutes, rest = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def countdown(running: Sequence[Running], now: float, room: int, key: str = "") -> tuple[Line, Line]:
    """The one that comes back first (or should have) and how many more there are, in at most ``room`` cells.

    ``key`` switches it on; it is named where the time is over. What stays and what counts are lines of their own, because
    the toolkit redraws a line from its start up to what changed, and this one changes every second.
    """
    if not running:
        return (), ()
    first = min(running, key=lambda item: item.until)
    left = first.until - now
    over = left <= 0
    if over:
        head, tail = f"{first.what} " if room >= COMFORT else "", f"overdue {clock_text(-left)}"
    else:
        head, tail = f"{first.what} off " if room >= COMFORT else "off ", clock_text(left)
    style = "error bold" if over else "warn bold" if left <= LAST_MINUTE else "accent"
    offer = f"  {key} switches on" if over and key else ""
    more = f" +{len(running) - 1}" if len(running) > 1 else ""
    sign = f"{glyphs.current.running} "
    name = clean(first.name)
    fixed = width(sign) + width(head) + 1 + width(tail) + width(more) + 1
    if fixed + width(name) + width(offer) > room and fixed + min(width(name), LEAST_NAME) + width(offer) > room:
        offer = ""
    free = room - fixed - width(offer)
    name = shorten_middle(name, free) if free >= LEAST_NAME or free >= width(name) else ""
    named = [(sign, style), (head, style), (f"{name} " if name else "", style)]
    counting = [(tail, style), (offer, "key"), (more, "muted"), (" ", "")]
    return _line(named), _line(counting)


def _line(parts: Sequence[tuple[str, str]]) -> Line:
    """What is there of it; a click anywhere on it is the offer taken."""
    return tuple(Part(text, style, "revert") for text, style in parts if text)


def time_left(until: float | None, now: float) -> str:
    """``4:31``, ``2:04:00``, ``overdue``; empty where nothing runs. Both in seconds since 1970."""
    if until is None:
        return ""
    return clock_text(until - now) if round(until - now) > 0 else "overdue"
