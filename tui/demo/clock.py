"""The demo's time.

Everything in the demo that asks what time it is asks one `Clock`: stamps on objects, leases, events, logs. It either
runs with the machine's time or stands still until it is moved, and it can always be moved ahead. It never goes back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """`Clock()` runs; `Clock(start)` stands at `start` (aware) until `advance` moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._running = start is None
        self._base = (start or datetime.now(UTC)).astimezone(UTC)
        self._ahead = timedelta()
        self._held: datetime | None = None

    @property
    def running(self) -> bool:
        return self._running

    def now(self) -> datetime:
        """The time, aware, UTC."""
        if self._held is not None:
            return self._held
        return (datetime.now(UTC) if self._running else self._base) + self._ahead

    def advance(self, seconds: float) -> datetime:
        """Move ahead; a running clock goes on running from there. Raises ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ahead += timedelta(seconds=seconds)
        return self.now()

    def hold(self, at: datetime) -> None:
        """Show `at` until `release`: what is caught up on happens at the time it was due."""
        self._held = at

    def release(self) -> None:
        self._held = None
