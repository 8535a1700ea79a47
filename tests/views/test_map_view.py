"""What the map says: rates, titles, boxes and lines in words, filters for the Flows pane, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from pointsman.tui.answers.flows.filterline import read_line
from pointsman.tui.answers.flows.graph import Box, Graph, Line, Role
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.flows import HUBBLE, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.views import map as view
from pointsman.tui.views.map import CLOSE, RATES, ROOMY, Looking, lay, picture
from pointsman.tui.views.mapsaving import FORMS, saved
from pointsman.tui.views.mapsvg import map_svg
from pointsman.tui.views.maptable import COLUMNS, line_rows, rate_text
from pointsman.tui.views.maptell import flow_words, question_of, tell_box, tell_line
from pointsman.widgets import glyphs
from pointsman.widgets.cells import as_cell
from pointsman.widgets.mapdraw import Stroke, draw_row, text_of
from pointsman.widgets.text import width

HOSTILE = [
    "[red]x[/]",
    "\x1b[31m",
    "\u202eevil",
    "<script>&\"'",
    "漢字" * 30,
    "x" * 100_000,
    "",
    "=1+1",
    "\ud800",
    "a|b c",
]


@pytest.fixture(autouse=True)
def unicode_glyphs() -> Iterator[None]:
    glyphs.use(ascii=False)
    yield
    glyphs.use(ascii=False)


def box(name: str, namespace: str = "media", role: Role = Role.WORKLOAD, **more: Any) -> Box:
    return Box(f"{namespace}/{name}", name, namespace, role, "Deployment", Ref("deployments", namespace, name), **more)


def line(source: str, target: str, **more: Any) -> Line:
    values: dict[str, Any] = {"forwarded": 5, "rate": 1.0, "ports": ((80, "TCP"),), "first": 940.0, "last": 999.0,
                              "origins": (HUBBLE,)}  # fmt: skip
    return Line(source, target, **{**values, **more})


def graph(*boxes: Box, lines: tuple[Line, ...] = (), **more: Any) -> Graph:
    return Graph({one.key: one for one in boxes}, {one.pair: one for one in lines}, at=1000.0, **more)


A, B = box("sonarr"), box("qbittorrent")
FINE = line(A.key, B.key)
DROPPED = line(
    A.key, B.key, forwarded=0, dropped=4, drop_rate=0.3, rate=0.3, last_dropped=990.0, drop_reason="POLICY_DENIED"
)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0, ""), (-1, ""), (0.001, "1/min"), (0.05, "3/min"), (0.1, "0.1/s"), (1, "1/s"), (9.04, "9/s"), (9.96, "10/s"),
     (31.4, "31/s"), (999.4, "999/s"), (1234, "1.2k/s"), (99_999, "100.0k/s")],
)  # fmt: skip
def test_rates(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_words_at_an_arrow() -> None:
    assert RATES(3.0, 0.0) == ("3/s", "")
    assert RATES(3.0, 0.5) == ("✖0.5/s", "verdict-dropped")
    assert RATES(0.0, 0.5) == ("0.5/s", "verdict-dropped")
    assert RATES(0.0, 0.0) == ("", "")


def test_lines_look_like_what_they_are() -> None:
    strokes = {
        name: view.inks(graph(A, B, lines=(one,)))[A.key, B.key]
        for name, one in {
            "fine": FINE, "dropped": DROPPED, "busy": line(A.key, B.key, rate=50.0), "l7": line(A.key, B.key, requests=3),
            "part": line(A.key, B.key, dropped=1, drop_rate=0.2), "idle": line(A.key, B.key, rate=0.0),
            "declared": Line(A.key, B.key, declared=True), "broken": Line(A.key, B.key, declared=True, broken="gone"),
        }.items()
    }  # fmt: skip
    assert {name: ink.stroke for name, ink in strokes.items()} == {
        "fine": Stroke.PLAIN, "dropped": Stroke.DASHED, "busy": Stroke.HEAVY, "l7": Stroke.DOUBLE, "part": Stroke.PLAIN,
        "idle": Stroke.PLAIN, "declared": Stroke.PLAIN, "broken": Stroke.DASHED,
    }  # fmt: skip
    assert {name for name, ink in strokes.items() if ink.stops} == {"dropped", "broken"}
    assert strokes["part"].arrow == "verdict-dropped"
    assert strokes["idle"].style == "rule"


def test_the_title_says_what_is_left_out() -> None:
    whole = graph(A, B, lines=(FINE,))
    said = "".join(text for text, _ in view.title(whole, whole, frozenset(("media",)), Looking(problems=True)))
    assert said == "map 2 boxes 1 lines  1/s events  1 namespace folded  problems only"
    declared = graph(
        A, B, lines=(Line(A.key, B.key, declared=True),), declared=True, unknown="services may not be read"
    )
    said = "".join(text for text, _ in view.title(declared, declared, frozenset(), Looking()))
    assert "declared, no flows seen" in said
    assert said.endswith("? services may not be read")


def test_a_drop_is_told_with_its_reason() -> None:
    told = tell_line(graph(A, B, lines=(DROPPED,)), DROPPED, flows=True)
    assert as_cell(told.headline).plain == (
        "media/sonarr does not reach media/qbittorrent on 80: everything was dropped."
    )
    assert told.evidence[0][0] == "4 events dropped, the last 10s ago: no policy allows it (default deny)"
    assert told.actions[0] == "map.flows"
    other = tell_line(graph(A, B, lines=(FINE,)), FINE, flows=False)
    assert as_cell(other.headline).plain == "media/sonarr talks to media/qbittorrent on 80."
    assert "map.flows" not in other.actions


def test_only_what_policies_did_is_asked_of_them() -> None:
    asked = question_of(graph(A, B, lines=(DROPPED,)), DROPPED, {})
    assert asked is not None
    assert (asked.source.workload, asked.destination.port, asked.drop_reason) == (
        "Deployment/sonarr",
        80,
        "POLICY_DENIED",
    )
    other = line(A.key, B.key, dropped=1, drop_reason="STALE_OR_UNROUTABLE_IP")
    assert question_of(graph(A, B, lines=(other,)), other, {}) is None
    assert question_of(graph(A, B, lines=(FINE,)), FINE, {}) is None
    out = line(A.key, NAME.key, dropped=1, drop_reason="POLICY_DENIED")
    named = question_of(graph(A, NAME, lines=(out,)), out, {"203.0.113.9": ("x.example", "api.example.org")})
    assert named is not None
    assert named.destination.ip == "203.0.113.9"
    told = tell_line(graph(A, B, lines=(DROPPED,)), DROPPED, flows=True, question=asked)
    assert ("Asking the policies …", "", "running") in told.evidence


def test_a_box_is_told_with_its_neighbours() -> None:
    found = graph(A, B, lines=(DROPPED, line(B.key, B.key)))
    told = tell_box(found, B, flows=True)
    assert as_cell(told.headline).plain == "media/qbittorrent is Deployment: 1 talk to it, it talks to 0."
    assert any("from media/sonarr" in text and "4 dropped" in text for text, _, _ in told.evidence)


def test_declared_paths_say_that_they_are_declared() -> None:
    path = Line(A.key, B.key, declared=True, words="films.home.example", broken="no endpoint is ready")
    told = tell_line(graph(A, B, lines=(path,), declared=True), path, flows=True)
    assert as_cell(told.headline).plain == "no endpoint is ready"
    assert any("no flow was seen" in text for text, _, _ in told.evidence)


# -- the Flows pane -------------------------------------------------------------------------------------------------------
WORLD = Box("in//internet", "internet", "outside", Role.OUTSIDE)
NAME = Box("called/api.example.org", "api.example.org", "called outside", Role.OUTSIDE, "fqdn")
NODES = Box("cluster//nodes", "nodes", "cluster", Role.CLUSTER)
SPACE = Box("namespace//db", "db", "namespaces", Role.NAMESPACE, "Namespace", Ref("namespaces", "", "db"))


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (A, B, "from-namespace media from-workload sonarr to-namespace media to-workload qbittorrent to-port 80"),
        (WORLD, A, "from-identity world to-namespace media to-workload sonarr to-port 80"),
        (A, NAME, "from-namespace media from-workload sonarr to-fqdn api.example.org to-port 80"),
        (NODES, SPACE, "from-identity host to-namespace db to-port 80"),
    ],
)
def test_a_line_as_a_filter(source: Box, target: Box, words: str) -> None:
    one = line(source.key, target.key)
    assert flow_words(graph(source, target, lines=(one,)), one) == words


def test_lines_of_an_access_log_go_from_client_to_backend() -> None:
    door = Box("kube-system/traefik", "traefik", "ingress", Role.INGRESS, "Deployment",
               Ref("deployments", "kube-system", "traefik"))  # fmt: skip
    inner = line(door.key, A.key, origins=(TRAEFIK_LOG,))
    outer = line(WORLD.key, door.key, origins=(TRAEFIK_LOG,), ports=())
    found = graph(WORLD, door, A, lines=(outer, inner))
    assert flow_words(found, inner) == "to-namespace media to-workload sonarr to-port 80"
    assert flow_words(found, outer) == ""


def test_the_filter_is_understood_by_the_flows_pane() -> None:
    words = flow_words(graph(A, B, lines=(FINE,)), FINE)
    read = read_line(words)
    assert read.test is not None
    flow = Flow(HUBBLE, 1, "FORWARDED", "", Peer("media", "sonarr-1", "Deployment/sonarr"),
                Peer("media", "qbittorrent-1", "Deployment/qbittorrent", port=80), "TCP", "")  # fmt: skip
    assert read.test(flow)
    assert not read.test(Flow(HUBBLE, 1, "FORWARDED", "", flow.destination, flow.source, "TCP", ""))
    for one in (A, WORLD, NAME, NODES, SPACE):
        if text := flow_words(graph(one), one):
            assert read_line(text).words, text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_a_filter(name: str) -> None:
    odd = box(name)
    words = flow_words(graph(odd), odd)
    if any(letter.isspace() or letter in "\"'|" for letter in name):
        assert name not in words


# -- hostile names everywhere ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn_told_and_saved(name: str) -> None:
    odd = Box(
        name or "k", name, name, Role.WORKLOAD, name, Ref("deployments", name, name), detail=name, members=(name,)
    )
    one = line(odd.key, B.key, drop_reason=name, dropped=1, words=name)
    found = graph(odd, B, lines=(one, line(odd.key, odd.key)))
    for metrics in (ROOMY, CLOSE):
        plan = lay(found, metrics)
        for y in range(plan.height):
            drawn = "".join(text for text, _ in draw_row(picture(found, plan), y))
            assert width(drawn) == plan.width
            assert "\x1b" not in drawn
    assert tell_line(found, one, flows=True).headline
    assert tell_box(found, odd, flows=True).headline
    assert view.meaning(found, odd).plain is not None
    plan = lay(found, ROOMY)
    rows = line_rows(found, 1000.0)
    for form in FORMS:
        text = saved(form, found, plan, rows, name)
        assert "\x1b" not in text
        assert "\u202e" not in text or form in (".json", ".csv")
    ElementTree.fromstring(map_svg(found, name).encode("utf-8", "replace"))
    assert "<script>" not in map_svg(found, name)
    assert json.loads(saved(".json", found, plan, rows, name))["kind"] == "Map"
    assert all("\x1b" not in column.cell(row).plain for row in rows for column in COLUMNS)


def test_the_drawing_as_text() -> None:
    found = graph(A, B, lines=(FINE,))
    text = text_of(picture(found, lay(found, ROOMY)))
    assert "sonarr" in text
    assert "1/s▶│ qbittorrent" in text


def test_rows_are_equal_until_a_word_changes() -> None:
    found = graph(A, B, lines=(FINE,))
    assert line_rows(found, 1000.0) == line_rows(found, 1000.4)
    assert line_rows(found, 1000.0) != line_rows(found, 1030.0)
