"""Palette, saving, states, pods, opening, summary: words made from a snapshot."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from appkit import Clock, fill

from pointsman.tui.answers.doctor import Finding
from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import COMMANDS, DEFAULT_KEYS, PANES
from pointsman.tui.model.kinds import DAEMONSETS, EVENTS, NODES, SERVICES
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.store.store import Store
from pointsman.tui.views.coming import NOTES, coming_lines
from pointsman.tui.views.explain import tell_address, tell_finding, tell_pool, tell_stack_row
from pointsman.tui.views.ips import ip_rows, pool_rows
from pointsman.tui.views.opening import Opening, filter_for, home_of, open_text, pane_of
from pointsman.tui.views.overview import finding_rows, stack_rows, traffic_lines
from pointsman.tui.views.palette import entries
from pointsman.tui.views.pods import containers, pods_behind
from pointsman.tui.views.saving import to_csv, to_json, to_text
from pointsman.tui.views.states import absence, card, nothing_yet
from pointsman.tui.views.summary import short_version, summarize
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Column, as_cell
from pointsman.widgets.filtering import parse


def snapshot(variant: Any = "classic") -> Snapshot:
    store = Store(Clock())
    fill(store, variant)
    return store.snapshot()


def words(lines: Any) -> str:
    return "\n".join(as_cell(line).plain for line in lines)


# -- palette --------------------------------------------------------------------------------------------------------


def listed(text: str, found: tuple[Opening, ...] = (), why: str = "") -> list[Any]:
    here = [command for command in COMMANDS if command.applies("ips")]
    return entries(text, here, DEFAULT_KEYS, lambda command: why if command.id == "logs" else "", lambda _text: found)


def test_words_find_their_command_first() -> None:
    assert listed("ips")[0].command == "pane.ips"
    assert listed(":ctx")[0].command == "context"
    assert listed("ns media")[0].argument == "media"
    assert listed("theme")[0].command == "theme"
    assert listed("sort by pool")[0].command == "sort.ips.pool"


def test_a_pane_takes_a_filter() -> None:
    first = listed("ips /jelly fin")[0]
    assert (first.command, first.filter) == ("pane.ips", "jelly fin")


def test_an_address_comes_before_commands_and_a_word_after() -> None:
    found = (Opening(Ref("services", "a", "b"), "ips", "10.0.0.1 a/b"),)
    assert listed("10.0.0.1", found)[0].opening is found[0]
    assert listed("https://x.example", found)[0].opening is found[0]
    assert listed("ips", found)[0].command == "pane.ips"


def test_what_cannot_run_says_why() -> None:
    entry = next(one for one in listed("logs", why="There is no row here.") if one.command == "logs")
    assert entry.why_not == "There is no row here."


def test_hidden_commands_stay_hidden() -> None:
    assert not {entry.command for entry in listed("")} & {"down", "back", "palette", "delete"}


def test_read_only_takes_the_keys_of_commands_that_write() -> None:
    from pointsman.tui.commands import resolve

    writing = [command.id for command in COMMANDS if command.dangerous]
    assert {"toggle", "undo", "revert"} <= set(writing)
    assert all(resolve().of(command.id) or command.words for command in COMMANDS if command.dangerous)
    assert not any(resolve(read_only=True).of(id) for id in writing)


# -- saving ---------------------------------------------------------------------------------------------------------

TABLE = (Column("a", "A", lambda row: row[0]), Column("b", "", lambda row: row[1], align="right"))
ROWS = [('x, "y"', "1"), ("=cmd|' /C calc'!A0", "22"), ("ü", "")]


def test_csv_quotes_and_defuses_formulas() -> None:
    parsed = list(csv.reader(io.StringIO(to_csv(TABLE, ROWS))))
    assert parsed[0] == ["A", "b"]
    assert parsed[1] == ['x, "y"', "1"]
    assert parsed[2][0].startswith("'=")


@pytest.mark.parametrize("evil", ["=1", "+1", "-1+1", "@SUM(A1)", "＝1", "－1"])
def test_no_cell_of_a_csv_starts_a_formula(evil: str) -> None:
    parsed = list(csv.reader(io.StringIO(to_csv(TABLE, [(evil, "1")]))))
    assert parsed[1] == [f"'{evil}", "1"]


def test_a_dash_on_screen_is_nothing_in_a_file() -> None:
    dash = glyphs.current.dash
    assert list(csv.reader(io.StringIO(to_csv(TABLE, [(dash, "?")]))))[1] == ["", "?"]
    assert json.loads(to_json(TABLE, [(dash, "?")])) == [{"a": None, "b": None}]


def test_json_is_keyed_by_column() -> None:
    assert json.loads(to_json(TABLE, ROWS))[2] == {"a": "ü", "b": ""}


def test_text_is_aligned() -> None:
    lines = to_text(TABLE, ROWS).split("\n")
    assert lines[1].index("1") == lines[2].index("22") + 1


# -- states ---------------------------------------------------------------------------------------------------------


def test_nothing_known_is_one_card() -> None:
    store = Store(Clock())
    assert nothing_yet(store.snapshot())
    store.set_link("kube", State.DOWN, "It is off.", "Turn it on.")
    said = words(card(store.snapshot(), DEFAULT_KEYS, 60))
    for part in ("no connection", "It is off.", "Turn it on.", ":ctx", "--demo"):
        assert part in said
    store.set_kind_link(SERVICES, State.LIVE)
    assert not nothing_yet(store.snapshot())


def test_the_demo_is_not_offered_inside_the_demo() -> None:
    store = Store(Clock())
    store.set_cluster(Cluster(demo="classic"))
    store.set_link("kube", State.DOWN, "It ended.")
    assert "--demo" not in words(card(store.snapshot(), DEFAULT_KEYS, 60))


@pytest.mark.parametrize("place", ["stack", "findings", "ips", "changes", "pools"])
def test_every_absence_says_what_would_fill_it(place: str) -> None:
    store = Store(Clock())
    store.set_link("kube", State.LIVE)
    for kind in (NODES, SERVICES, EVENTS):
        store.set_kind_link(kind, State.LIVE)
    assert len(absence(store.snapshot(), place)) >= 2


def test_a_kind_that_may_not_be_read_names_the_verb() -> None:
    store = Store(Clock())
    store.set_link("kube", State.LIVE)
    store.set_kind_link(SERVICES, State.FORBIDDEN)
    assert "needs list services" in words(absence(store.snapshot(), "ips"))
    store.set_kind_link(NODES, State.LIVE)
    store.set_kind_link(SERVICES, State.LIVE)
    store.set_kind_link(EVENTS, State.FORBIDDEN)
    assert "may read" in words(absence(store.snapshot(), "findings"))


@pytest.mark.parametrize("pane", sorted(NOTES))
@pytest.mark.parametrize("room", [30, 70, 120])
def test_notes_on_panes_to_come_fit(pane: str, room: int) -> None:
    for stack in ("classic", "cilium"):
        for line in coming_lines(pane, stack, snapshot(), room):
            assert len(as_cell(line).plain) <= room


def test_every_pane_is_there_or_has_a_note() -> None:
    from pointsman.tui.screens.panes import SCREENS

    assert set(SCREENS) | set(NOTES) == {pane.id for pane in PANES}
    assert not set(SCREENS) & set(NOTES)


# -- opening --------------------------------------------------------------------------------------------------------


def test_objects_know_their_pane() -> None:
    assert pane_of(Ref("services", "a", "b")) == "ips"
    assert pane_of(Ref("nodes", "", "a")) == "overview"
    assert pane_of(Ref("networkpolicies", "a", "b")) == "policies"
    assert pane_of(Ref("pods", "a", "b")) == ""


def test_a_finding_is_at_home_where_its_first_known_object_is() -> None:
    lease, service = Ref("leases", "k", "x"), Ref("services", "a", "b")
    assert home_of(Finding("f", "error", lease, "t", objects=(lease, service))) == ("ips", service)
    assert home_of(Finding("f", "warn", None, "t")) == ("overview", None)


def test_what_is_typed_opens_the_best() -> None:
    found = open_text(snapshot(), "192.168.7.104")
    assert found is not None
    assert found.ref == Ref("services", "games", "minecraft")
    assert open_text(snapshot(), "no-such-thing-anywhere") is None
    assert open_text(snapshot(), "  ") is None


def test_the_filter_of_a_related_object_keeps_its_rows() -> None:
    for ref in (Ref("services", "dns", "pihole-tcp"), Ref("ipaddresspools", "metallb-system", "lan")):
        text = filter_for(ref)
        assert parse(text, ("service", "pool")).terms[0].column in ("service", "pool")


# -- summary, explain, pods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "said"), [("v1.35.6+k3s1", "1.35"), (None, ""), ("", ""), ("odd", "odd")])
def test_versions_are_short(version: str | None, said: str) -> None:
    assert short_version(version) == said


def test_the_summary_of_an_empty_store_claims_nothing() -> None:
    made = summarize(Store(Clock()).snapshot())
    assert (made.stack, made.distribution, dict(made.counts)) == ("", "", {})


def test_counts_by_pane() -> None:
    made = summarize(snapshot("broken"))
    serious = [finding for finding in made.findings if finding.severity != "info"]
    assert made.counts["overview"].number == len(serious)
    assert made.counts["ips"].worst == "error"
    assert made.counts["policies"].number > 0


@pytest.mark.parametrize("variant", ["classic", "cilium", "broken"])
def test_everything_can_be_told(variant: Any) -> None:
    picture = snapshot(variant)
    made = summarize(picture)
    for row in ip_rows(made.ips, picture.now):
        told = tell_address(row, picture)
        assert as_cell(told.headline).plain.endswith(".")
        assert told.evidence
    for pool in pool_rows(made.ips):
        assert "addresses of pool" in as_cell(tell_pool(pool, picture).headline).plain
    for one in stack_rows(made.report, picture.now):
        assert as_cell(tell_stack_row(one, made.report).headline).plain
    for finding in finding_rows(made.findings):
        assert as_cell(tell_finding(finding).headline).plain
    assert words(traffic_lines(picture, made.report, 100))


def test_roles_and_the_word_nodes_are_said_once() -> None:
    picture = snapshot("broken")
    labels = [row.label for row in stack_rows(summarize(picture).report, picture.now)]
    said = [label for label in labels if label]
    assert len(said) == len(set(said))
    assert "nodes" in said


def test_pods_behind_services_workloads_and_nodes() -> None:
    picture = snapshot()
    behind = pods_behind(picture, Ref("services", "media", "jellyfin"))
    assert [pod.namespace for pod in behind] == ["media"]
    assert pods_behind(picture, Ref("nodes", "", "shed"))
    daemon = next(picture.all(DAEMONSETS))
    assert pods_behind(picture, Ref("daemonsets", *daemon.key))
    assert pods_behind(picture, Ref("configmaps", "a", "b")) == []
    assert pods_behind(picture, Ref("services", "nope", "nope")) == []
    names = [item.name for item in containers(behind)]
    assert names == list(dict.fromkeys(names))
    assert all(item.state for item in containers(behind))
