"""Rows and cells of the IPs pane: pure, so they are tested without a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.tui.answers.ips import Address, Announcer, Evidence, IpKind, IpMap, Pool, Problem, Session
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.history import History, Observation
from pointsman.tui.views.ips import (
    COLUMNS,
    KIND_WORDS,
    POOL_COLUMNS,
    SESSION_COLUMNS,
    IpRow,
    PoolRow,
    address_order,
    announcer_cell,
    ip_rows,
    is_problem,
    many,
    ports_text,
    problem_cell,
    row_text,
    session_rows,
    share,
    title,
)
from pointsman.widgets.cells import as_cell

SERVICE = Ref("services", "media", "jellyfin")


def address(ip: str | None = "10.0.0.9", **changes: Any) -> Address:
    values: dict[str, Any] = {
        "kind": IpKind.METALLB_L2, "service": SERVICE, "pool": "lan",
        "announcers": (Announcer("loft", 1000.0, Evidence.STATUS),), "ports": ("443/tcp", "53/udp"),
    }  # fmt: skip
    return Address(ip, **{**values, **changes})


def row(one: Address, now: float = 1060.0) -> IpRow:
    return ip_rows(IpMap((one,)), now)[0]


def cells(one: Address) -> dict[str, str]:
    return {column.key: column.cell(row(one)).plain for column in COLUMNS}


def test_every_kind_has_its_words() -> None:
    assert set(KIND_WORDS) == set(IpKind)


def test_the_cells_of_a_good_address() -> None:
    said = cells(address())
    assert said["address"] == "10.0.0.9"
    assert said["kind"] == "MetalLB L2"
    assert said["announcer"] == "loft"
    assert said["evidence"] == "status"
    assert said["since"] == "60s"
    assert said["ports"] == "443 53/udp"
    assert said["lan"] == "–"
    assert said["moves"] == "?"  # not known, which is not zero


def test_a_prediction_is_labelled() -> None:
    one = address(announcers=(Announcer("loft", None, Evidence.PREDICTED),))
    cell = as_cell(announcer_cell(row(one)))
    assert cell.plain == "loft predicted"
    assert {style for _, style in cell.segments()} == {"predicted"}


def test_nobody_and_not_known_are_two_things() -> None:
    silent = address(announcers=())
    assert as_cell(announcer_cell(ip_rows(IpMap((silent,)), 0)[0])).plain == "–"
    assert as_cell(announcer_cell(ip_rows(IpMap((silent,), unknown="leases may not be read"), 0)[0])).plain == "unknown"


def test_many_announcers_are_counted() -> None:
    nodes = tuple(Announcer(f"n{number}", None, Evidence.STATUS) for number in range(3))
    assert as_cell(announcer_cell(row(address(announcers=nodes)))).plain == "3 nodes"
    assert as_cell(announcer_cell(row(address(announcers=nodes[:2])))).plain == "n0, n1"


def test_a_pending_service_says_why() -> None:
    one = address(None, announcers=(), pending="pool guests is exhausted")
    assert cells(one)["address"] == "pending"
    assert as_cell(problem_cell(one)).plain == "pool guests is exhausted"
    assert is_problem(row(one))
    assert row(one).key == ("", ("media", "jellyfin"))


def test_the_worst_problem_comes_first_and_the_rest_is_counted() -> None:
    one = address(problems=(Problem("a", "info", "small"), Problem("b", "error", "big"), Problem("c", "warn", "mid")))
    assert as_cell(problem_cell(one)).plain == "big (+2)"
    assert as_cell(problem_cell(one)).style == "error"
    assert is_problem(row(one))
    assert not is_problem(row(address(problems=(Problem("a", "info", "small"),))))


@pytest.mark.parametrize(("moves", "style"), [(0, "dim"), (1, "warn"), (3, "error"), (None, "dim")])
def test_moves_are_coloured_by_their_number(moves: int | None, style: str) -> None:
    column = next(column for column in COLUMNS if column.key == "moves")
    assert column.cell(row(address(moves_last_hour=moves))).style == style


def test_addresses_sort_by_number_and_pending_last() -> None:
    ips = ["10.0.0.10", "10.0.0.9", "fd00::1", "9.255.0.1"]
    rows = [row(address(ip)) for ip in ips]
    assert [one.address.ip for one in sorted(rows, key=address_order)] == [
        "9.255.0.1",
        "10.0.0.9",
        "10.0.0.10",
        "fd00::1",
    ]
    assert address_order(row(address(None))) is None


def test_rows_stay_equal_until_a_word_changes() -> None:
    found = IpMap((address(),))
    assert ip_rows(found, 1060.2) == ip_rows(found, 1060.9)
    assert ip_rows(found, 1060.0) != ip_rows(found, 1061.0)  # seconds are shown below two minutes
    assert ip_rows(found, 10_000.0) == ip_rows(found, 10_010.0)


def test_a_namespace_keeps_its_own() -> None:
    found = IpMap((address("10.0.0.1"), address("10.0.0.2", service=Ref("services", "db", "postgres"))))
    assert [one.address.ip for one in ip_rows(found, 0, "db")] == ["10.0.0.2"]


def test_the_ribbon_shows_who_held_it_and_where_nobody_did() -> None:
    now = 100_000.0
    past = (
        Observation("10.0.0.9", "loft", "lease", now - 3600),
        Observation("10.0.0.9", "", "lease", now - 2400),
        Observation("10.0.0.9", "shed", "lease", now - 1200),
    )
    one = ip_rows(IpMap((address(),)), now, "", History({"10.0.0.9": past}))[0]
    cell = next(column for column in COLUMNS if column.key == "ribbon").cell(one)
    assert len(cell.plain) == 24
    styles = [style for _, style in cell.segments() if style.startswith("node-")]
    assert len(set(styles)) == 2
    assert next(column for column in COLUMNS if column.key == "ribbon").cell(row(address())).plain == ""


def test_the_filter_finds_hidden_columns_but_not_hidden_hosts() -> None:
    one = row(address(urls=("https://films.example",), problems=(Problem("x", "warn", "sour"),)))
    for word in ("10.0.0.9", "MetalLB", "lan", "loft", "media/jellyfin", "53/udp", "sour"):
        assert word in row_text(one)
    assert "films.example" not in row_text(one)


def test_ports() -> None:
    assert ports_text(("80/tcp", "443/TCP", "53/udp", "99/sctp")) == "80 443 53/udp 99/sctp"


def pool(**changes: Any) -> Pool:
    values: dict[str, Any] = {
        "name": "lan", "kind": "metallb", "ref": Ref("ipaddresspools", "m", "lan"), "ranges": ("10.0.0.1-10.0.0.9",),
        "total": 9, "used": 3, "available": 6,
    }  # fmt: skip
    return Pool(**{**values, **changes})


def test_pools() -> None:
    said = {column.key: column.cell(PoolRow(pool())).plain for column in POOL_COLUMNS}
    assert said["use"] == "3/9"
    assert said["free"] == "6"
    assert said["auto"] == "automatically"
    assert said["bar"].count("▇") == 4
    assert share(pool(total=None)) is None
    assert {column.key: column.cell(PoolRow(pool(used=None))).plain for column in POOL_COLUMNS}["bar"] == "?"


@pytest.mark.parametrize(("number", "said"), [(None, "?"), (151, "151"), (12_345, "12,345"), (1 << 64, "~2^64")])
def test_large_counts(number: int | None, said: str) -> None:
    assert many(number) == said


def test_the_title_names_pools_where_they_have_no_panel() -> None:
    found = IpMap((address(),), (pool(),))
    assert "".join(text for text, _ in title(found, 1, 1, pools=True)) == "service addresses 1  lan 3/9"
    assert "".join(text for text, _ in title(found, 1, 4, pools=False)) == "service addresses 1/4"


def test_sessions_say_a_sign_and_a_word() -> None:
    found = IpMap(bgp=(Session("loft", "10.0.0.1", "Established", 0.0, 4, 0), Session(None, "10.0.0.2", None)))
    rows = session_rows(found, 7200)
    said = [{column.key: column.cell(one).plain for column in SESSION_COLUMNS} for one in rows]
    assert (said[0]["state"], said[0]["since"], said[0]["advertised"]) == ("● Established", "2h", "4")
    assert (said[1]["state"], said[1]["node"], said[1]["received"]) == ("? unknown", "?", "?")
