"""Times of the Kubernetes API and ages as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def epoch(text: str | None) -> float | None:
    """RFC 3339 (any fraction, ``Z`` or an offset) as seconds since 1970; None for empty or unreadable text."""
    if not text:
        return None
    try:
        # fromisoformat takes at most microseconds; Go writes up to nine digits.
        head, dot, tail = text.partition(".")
        if dot:
            digits = len(tail) - len(tail.lstrip("0123456789"))
            text = f"{head}.{tail[: min(digits, 6)].ljust(6, '0')}{tail[digits:]}"
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 as the API server writes them (``2026-01-02T03:04:05Z``)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(seconds: float | None) -> str:
    """A duration in one unit: ``3s``, ``2m``, ``4h``, ``3d``, ``2y``; ``?`` for unknown, ``0s`` if in the future."""
    if seconds is None:
        return "?"
    left = max(0, int(seconds))
    if left < 120:
        return f"{left}s"
    if left < 7200:
        return f"{left // 60}m"
    if left < 48 * 3600:
        return f"{left // 3600}h"
    if left < 2 * 365 * 86400:
        return f"{left // 86400}d"
    return f"{left // (365 * 86400)}y"


def since(text: str | None, now: float) -> float | None:
    """Seconds from an RFC 3339 time to ``now``; None if the time is unknown."""
    at = epoch(text)
    return None if at is None else now - at
