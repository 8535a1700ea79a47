"""The pace of live frames follows the terminal's answers."""

from __future__ import annotations

import pytest

from pointsman.widgets.pacer import ASK, BLIND_RATE, TerminalPacer


class FakeTerminal:
    """Answers each question `delay` seconds after it was written; `None` never answers."""

    def __init__(self, delay: float | None) -> None:
        self.delay = delay
        self.now = 0.0
        self.written = ""
        self.due: list[float] = []
        self.pacer = TerminalPacer(self.write, clock=lambda: self.now)

    def write(self, text: str) -> None:
        self.written += text
        if self.delay is not None:
            self.due.append(self.now + self.delay)

    def run(self, seconds: float, step: float = 0.01) -> int:
        """Tick every 10 ms of fake time, drawing whenever the pacer lets it; gives the frames drawn."""
        before = self.pacer.frames
        for _ in range(round(seconds / step)):
            self.now = round(self.now + step, 6)
            while self.due and self.due[0] <= self.now:
                self.due.pop(0)
                self.pacer.answered()
            if self.pacer.may_draw():
                self.pacer.frame_written()
        return self.pacer.frames - before


def test_a_fast_terminal_gets_the_full_rate() -> None:
    terminal = FakeTerminal(0.005)
    frames = terminal.run(10)
    assert 95 <= frames <= 112
    assert not terminal.pacer.slow
    assert terminal.written == ASK * terminal.pacer.frames


def test_a_slow_line_gets_one_frame_per_answer() -> None:
    terminal = FakeTerminal(0.5)
    assert 19 <= terminal.run(10) <= 21
    assert terminal.pacer.slow
    assert terminal.pacer.round_trip == pytest.approx(0.5, abs=0.02)
    assert terminal.pacer.held > 0
    assert not terminal.pacer.blind


def test_never_two_frames_without_an_answer_between() -> None:
    terminal = FakeTerminal(0.3)
    for _ in range(500):
        terminal.run(0.01)
        assert len(terminal.due) <= 1


def test_a_terminal_that_never_answers_gets_four_frames_a_second_and_few_questions() -> None:
    terminal = FakeTerminal(None)
    terminal.run(2)
    assert terminal.pacer.blind
    frames = terminal.run(20)
    assert 0.8 * BLIND_RATE * 20 <= frames <= 1.2 * BLIND_RATE * 20
    assert terminal.written.count(ASK) <= 2


def test_a_line_that_gets_better_is_noticed() -> None:
    terminal = FakeTerminal(None)
    terminal.run(5)
    terminal.delay = 0.01
    terminal.run(40)
    assert not terminal.pacer.blind
    assert terminal.run(10) >= 95


def test_a_report_nobody_asked_for_counts_for_nothing() -> None:
    terminal = FakeTerminal(None)
    assert terminal.pacer.answered() is False
    assert terminal.pacer.round_trip is None
    terminal.now = 1
    assert terminal.pacer.may_draw()
    terminal.pacer.frame_written()
    assert terminal.pacer.outstanding
    assert not terminal.pacer.may_draw()
    assert terminal.pacer.answered() is True
    assert terminal.pacer.answered() is False


def test_after_a_suspend_it_starts_afresh() -> None:
    terminal = FakeTerminal(None)
    terminal.run(0.5)
    assert terminal.pacer.outstanding
    terminal.pacer.reset()
    assert terminal.pacer.may_draw()


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        TerminalPacer(lambda text: None, rate=0)
