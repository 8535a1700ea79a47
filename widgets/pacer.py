"""Draw live frames no faster than the terminal takes them in.

After a live frame the pacer asks the terminal where its cursor is (CSI 6n). The answer comes back only when everything
written before has been drawn, at the far end of a slow line too, so the next live frame waits for it. Frames caused by
the user are never held back. A terminal that does not answer within a second gets four frames a second.

The same question tells when something is known to be on the screen (`acknowledge`): then it is asked with the cursor on a
place of its own, so that no other answer is taken for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

ASK = "\x1b[6n"
TIMEOUT = 1.0
BLIND_RATE = 4.0
SLOW_LINK = 0.25
_FORGIVE = 30.0
_PLACES = 40
"""Columns of the second line that mark a question; answers in the first line look like F3 with a modifier."""


@dataclass(slots=True)
class _Acknowledgement:
    """`behind`: a question of the pace was asked before it and has no answer yet, so the next answer is that one's."""

    at: tuple[int, int]
    call: Callable[[], None]
    behind: bool


class TerminalPacer:
    """Decides for each tick whether a live frame may be drawn.

    The app calls `may_draw()` on its tick; if it says yes the app draws, and once the frame is written calls
    `frame_written()`. Every cursor report of the terminal goes to `answered()`.
    """

    def __init__(
        self, write: Callable[[str], None], *, rate: float = 10.0, clock: Callable[[], float] = monotonic
    ) -> None:
        """
        Args:
            write: Sends text to the terminal (`driver.write`).
            rate: Live frames a second at most.
            clock: Seconds.
        """
        if rate <= 0:
            raise ValueError("a rate is above zero")
        self._write = write
        self._clock = clock
        self.rate = rate
        self._asked_at: float | None = None
        self._drawn_at: float | None = None
        self._silent_since: float | None = None
        self._round_trip: float | None = None
        self._acknowledgements: list[_Acknowledgement] = []
        self._place = 0
        self.heard = False
        """Whether the terminal has ever answered, be it late."""
        self.frames = 0
        """Live frames written."""
        self.held = 0
        """Ticks on which a frame was held back because the terminal was not done with the last one."""

    @property
    def round_trip(self) -> float | None:
        """Seconds from a frame to the terminal's answer, smoothed; `None` before the first answer."""
        return self._round_trip

    @property
    def slow(self) -> bool:
        """Whether the line is slow enough to say so."""
        return self._round_trip is not None and self._round_trip > SLOW_LINK

    @property
    def blind(self) -> bool:
        """Whether the terminal does not answer, so that the pace is a guess."""
        return self._silent_since is not None

    @property
    def outstanding(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked_at is not None

    def may_draw(self) -> bool:
        """Whether a live frame may be drawn now."""
        now = self._clock()
        if self._asked_at is not None:
            if now - self._asked_at < TIMEOUT:
                self.held += 1
                return False
            # No answer: the terminal cannot, or the line is very slow. Either way go on at a low rate.
            self._asked_at = None
            self._catch_up()
            if self._silent_since is None:
                self._silent_since = now
        rate = min(self.rate, BLIND_RATE) if self.blind else self.rate
        # Half a tick of tolerance, or a timer that fires a little early would halve the rate.
        return self._drawn_at is None or now - self._drawn_at >= 0.9 / rate

    def frame_written(self) -> None:
        """A live frame was handed to the terminal: ask it to say when it is done."""
        now = self._clock()
        self._drawn_at = now
        self.frames += 1
        if self.blind and now - (self._silent_since or now) < _FORGIVE:
            return
        # A silent terminal is asked again now and then: it may have been a line that is better now.
        if self._silent_since is not None:
            self._silent_since = now
        self._asked_at = now
        self._write(ASK)

    def acknowledge(self, call: Callable[[], None]) -> None:
        """Call back when the terminal has drawn all that was written until now. A terminal that does not answer never
        calls: the caller sees to that."""
        self._place = self._place % _PLACES + 1
        at = (self._place, 1)
        self._acknowledgements.append(_Acknowledgement(at, call, self._asked_at is not None))
        self._write(f"\x1b7\x1b[{at[1] + 1};{at[0] + 1}H{ASK}\x1b8")

    def answered(self, at: tuple[int, int] | None = None) -> bool:
        """The terminal reported its cursor at column and line (from 0); says whether that was an answer to the pacer.

        F3 with a modifier looks the same on the wire, so a report nobody asked for counts for nothing.
        """
        self.heard = True
        for waiting in self._acknowledgements:
            if waiting.at == at and not waiting.behind:
                self._acknowledgements.remove(waiting)
                waiting.call()
                return True
        self._catch_up()
        if self._asked_at is None:
            return False
        taken = self._clock() - self._asked_at
        self._asked_at = None
        self._silent_since = None
        self._round_trip = taken if self._round_trip is None else 0.7 * self._round_trip + 0.3 * taken
        return True

    def _catch_up(self) -> None:
        for waiting in self._acknowledgements:
            waiting.behind = False

    def reset(self) -> None:
        """Forget what is awaited: the terminal was suspended, or is another one now."""
        self._acknowledgements.clear()
        self._asked_at = None
        self._drawn_at = None
        self._silent_since = None
