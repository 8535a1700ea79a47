"""The Log's rows and words, and the countdown of the footer."""

from __future__ import annotations

import pytest

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import NETWORKPOLICIES
from pointsman.tui.views.changes import Change
from pointsman.tui.views.countdown import Running, clock_text, countdown
from pointsman.tui.views.frame import line_width
from pointsman.tui.views.log import (
    COLUMNS,
    RESULTS,
    LogRow,
    Step,
    Written,
    is_problem,
    log_rows,
    row_text,
    tell_write,
    title,
)
from pointsman.widgets.cells import as_cell

NOW = 1_773_493_331.0
DENY = Ref(NETWORKPOLICIES.id, "media", "deny")


def write(op: str = "612f3d02", at: float = NOW - 60, state: str = "done", **more: object) -> Written:
    known = {
        "title": f"switch off {DENY.title} for 10 minutes", "text": "", "actor": "ann@desk pid 12", "context": "home",
        "server": "192.168.7.2:6443", "verb": "update", "ref": DENY, "steps": (Step(at, "verified", "read back"),),
    }  # fmt: skip
    return Written(op=op, at=at, state=state, **{**known, **more})  # type: ignore[arg-type]


def change(id: str, at: float, severity: str = "info") -> Change:
    return Change(at, "13:00:00", severity, "192.168.7.104", "moved from shed to loft", None, id)


def cells(row: LogRow) -> dict[str, str]:
    return {column.key: column.cell(row).plain for column in COLUMNS}


def words(told: object) -> str:
    parts = [told.headline, *(text for text, _, _ in told.evidence), *told.facts, *told.following]  # type: ignore[attr-defined]
    return "\n".join(as_cell(part).plain for part in parts)


def test_writes_and_changes_are_one_list_the_newest_first() -> None:
    rows = log_rows(
        [write(at=NOW - 60), write("aaaa0000", NOW - 5)],
        [change("move 1", NOW - 30), change("event x", NOW - 90)],
        NOW,
    )
    assert [row.kind for row in rows] == ["write", "move", "write", "event"]
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    shown = cells(rows[2])
    assert shown["object"] == "media/deny"
    assert "NetworkPolicy" in row_text(rows[2])
    assert shown["text"] == "switch off for 10 minutes"
    assert shown["who"] == "ann@desk"
    assert shown["result"] == "done"
    assert cells(rows[1])["result"] == "–"
    assert len({row.key for row in rows}) == 4


def test_a_namespace_leaves_out_writes_to_others() -> None:
    everywhere = write("bbbb0000", ref=Ref("ciliumclusterwidenetworkpolicies.cilium.io", "", "all"))
    assert [row.write.op for row in log_rows([write(), everywhere], (), NOW, "db") if row.write] == ["bbbb0000"]
    assert len(log_rows([write(), everywhere], (), NOW, "media")) == 2


@pytest.mark.parametrize("state", RESULTS)
def test_every_outcome_is_said(state: str) -> None:
    (row,) = log_rows([write(state=state, undone_by="5b9999e9")], (), NOW)
    told = words(tell_write(write(state=state), ()))
    assert is_problem(row) == (state not in ("done", "undone"))
    assert cells(row)["result"] == {"undone": "undone by 5b9999e9"}.get(state, RESULTS[state][0])
    assert ("not known" in told) == (state in ("pending", "unknown"))


def test_what_cannot_be_undone_says_so_in_place_of_how() -> None:
    assert "`pointsman undo 612f3d02`" in words(tell_write(write(), (), "z"))
    for state, why in (("undone", "undone already by 5b9999e9"), ("failed", "wrote nothing")):
        told = words(tell_write(write(state=state, undone_by="5b9999e9"), (), "z"))
        assert why in told
        assert "pointsman undo" not in told


def test_a_write_without_a_word_of_its_program_is_unknown() -> None:
    assert "died before it could" in words(tell_write(write(state="pending", steps=()), ()))


def test_the_title_counts_unknown_outcomes() -> None:
    rows = log_rows([write(), write("a", state="unknown"), write("b", state="pending")], [change("event", NOW)], NOW)
    assert "".join(text for text, _ in title(rows, 4)) == "log 4  3 writes  2 with an unknown outcome"
    assert "".join(text for text, _ in title(rows, 1)).startswith("log 1/4")


def test_hostile_text_is_cleaned() -> None:
    hostile = "\x1b[31m[red]x\u202e"
    (row,) = log_rows([write(actor=hostile, title=hostile)], (), NOW)
    assert "\x1b" not in "".join(cells(row).values())
    assert "\u202e" not in "".join(cells(row).values())


# -- the countdown --------------------------------------------------------------------------------------------------------


def plain(running: list[Running], room: int = 60, key: str = "R", now: float = NOW) -> str:
    return "".join(part.text for line in countdown(running, now, room, key) for part in line)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(271, "4:31"), (59.6, "1:00"), (9, "0:09"), (0, "0:00"), (-3, "0:00"), (7440, "2:04:00"), (273_600, "3d 4h")],
)
def test_times(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_the_first_to_come_back_is_shown_and_the_others_counted() -> None:
    running = [Running("db/late", NOW + 900), Running("media/deny", NOW + 271)]
    assert plain(running) == "▶ policy off media/deny 4:31 +1 "
    assert plain(running, room=40) == "▶ off media/deny 4:31 +1 "
    assert plain([]) == ""


def test_the_last_minute_warns_and_overdue_is_an_error_with_an_offer() -> None:
    def style(left: float) -> str:
        return countdown([Running("a/b", NOW + left)], NOW, 60)[1][0].style

    assert [style(left) for left in (61, 60, 1, 0, -5)] == [
        "accent", "warn bold", "warn bold", "error bold", "error bold",
    ]  # fmt: skip
    assert plain([Running("media/deny", NOW - 190)]) == "▶ policy media/deny overdue 3:10  R switches on "
    assert "switches" not in plain([Running("media/deny", NOW - 190)], key="")


@pytest.mark.parametrize("room", [30, 36, 40, 60])
@pytest.mark.parametrize("left", [271, -190])
def test_it_fits_and_never_loses_the_time(room: int, left: float) -> None:
    running = [Running("n" * 60 + "/" + "p" * 60, NOW + left), Running("b/c", NOW + 9000)]
    named, counting = countdown(running, NOW, room, "R")
    parts = (*named, *counting)
    assert line_width(parts) <= room
    assert ("4:31" if left > 0 else "overdue 3:10") in "".join(part.text for part in parts)


def test_a_second_changes_only_the_line_that_counts() -> None:
    running = [Running("media/deny", NOW + 271)]
    (before, four31), (after, four30) = (countdown(running, now, 60) for now in (NOW, NOW + 1))
    assert before == after
    assert [part.text for part in four31] == ["4:31", " "]
    assert [part.text for part in four30] == ["4:30", " "]
