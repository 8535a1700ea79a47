"""The pace of live frames follows the terminal's answers."""

from __future__ import annotations

import re

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


class Asking:
    """A pacer whose questions are answered by hand, with the place each was asked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.places: list[tuple[int, int]] = []
        self.pacer = TerminalPacer(self.write, clock=lambda: self.now)
        self.done: list[str] = []

    def write(self, text: str) -> None:
        if match := re.search(r"\x1b7\x1b\[(\d+);(\d+)H", text):
            assert text.endswith(f"{ASK}\x1b8"), "the cursor goes back to where it was"
            self.places.append((int(match[2]) - 1, int(match[1]) - 1))


def test_what_is_drawn_is_told_by_its_own_answer_alone() -> None:
    asking = Asking()
    asking.pacer.acknowledge(lambda: asking.done.append("one"))
    asking.pacer.answered((70, 30))
    asking.pacer.answered((1, 0))  # shift+F3
    assert asking.done == []
    asking.pacer.acknowledge(lambda: asking.done.append("two"))
    first, second = asking.places
    assert first != second
    assert first[1] == second[1] == 1
    asking.pacer.answered(second)
    assert asking.done == ["two"]
    asking.pacer.answered(second)
    asking.pacer.answered(first)
    assert asking.done == ["two", "one"]


def test_an_answer_to_the_pace_is_none_to_a_dialog_though_the_cursor_was_there() -> None:
    asking = Asking()
    asking.pacer.frame_written()
    asking.pacer.acknowledge(lambda: asking.done.append("seen"))
    (place,) = asking.places
    assert asking.pacer.answered(place), "the answer to the frame before"
    assert asking.done == []
    asking.pacer.frame_written()
    asking.pacer.answered(place)
    assert asking.done == ["seen"]
    assert asking.pacer.outstanding, "the frame after it has no answer yet"


def test_a_pace_that_was_given_up_does_not_hold_a_dialog_back() -> None:
    asking = Asking()
    asking.pacer.frame_written()
    asking.pacer.acknowledge(lambda: asking.done.append("seen"))
    asking.now = 5.0
    assert asking.pacer.may_draw()
    asking.pacer.answered((70, 30))
    asking.pacer.answered(asking.places[0])
    assert asking.done == ["seen"]
    assert asking.pacer.heard


def test_a_terminal_that_was_left_answers_nothing_of_before() -> None:
    asking = Asking()
    asking.pacer.acknowledge(lambda: asking.done.append("seen"))
    asking.pacer.reset()
    asking.pacer.answered(asking.places[0])
    assert asking.done == []
