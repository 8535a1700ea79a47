"""The Flows pane's words: rows, noise, tables, explanations checked against Hubble's own word, and what stands in for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from appkit import NOW, Clock, fill
from flowrows import BARE, COREDNS, HOST, JELLYFIN, LAN, PEERS, POSTGRES, WEATHER, WORLD, drop, flow
from hypothesis import given, strategies

from pointsman.tui.answers.flows.judged import Agrees, judged
from pointsman.tui.answers.policies.index import compile_index
from pointsman.tui.commands import DEFAULT_KEYS
from pointsman.tui.model.flows import L7, TRAEFIK_LOG, Flow, NodeStatus, Peer
from pointsman.tui.model.kinds import PODS
from pointsman.tui.model.traffic import Rates
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.store.snapshot import Link, Snapshot, State
from pointsman.tui.store.store import Store
from pointsman.tui.views.explain import Told
from pointsman.tui.views.flowabsence import flows_absence
from pointsman.tui.views.flowedges import (
    DROP_COLUMNS,
    EDGE_COLUMNS,
    TALKER_COLUMNS,
    drop_rows,
    edge_rows,
    edges_in,
    flow_of,
    row_text,
    size_text,
    talker_rows,
)
from pointsman.tui.views.flowrelated import choices, object_of
from pointsman.tui.views.flows import (
    COLUMNS,
    NOISE,
    drops_only,
    in_namespace,
    of_pair,
    pair_of,
    peer_text,
    quiet,
    search_text,
)
from pointsman.tui.views.flowsaving import as_document, as_line, filter_help, writer
from pointsman.tui.views.flowtell import MEANINGS, tell_edge, tell_flow, tell_talker
from pointsman.tui.views.flowtitle import Standing, foot, lines_title, node_words, table_title
from pointsman.tui.wire import hubble
from pointsman.widgets.cells import as_cell

SECRET = "https://x.example/a?token=s3cr3t-value"


def plain(row: Flow) -> dict[str, str]:
    return {column.key: column.cell(row).plain for column in COLUMNS}


def words(told: Told) -> str:
    return "\n".join(
        [
            as_cell(told.headline).plain,
            *(text for text, _, _ in told.evidence),
            *(as_cell(fact).plain for fact in told.facts),
        ]
    )


@pytest.fixture(scope="module")
def cilium() -> Snapshot:
    store = Store(Clock())
    fill(store, "cilium")
    return store.snapshot()


def pod(snapshot: Snapshot, start: str, port: int | None = None) -> Peer:
    found = next(obj for obj in snapshot.all(PODS) if obj.path.startswith(start) and obj.body.status.phase == "Running")
    return Peer(found.namespace, found.name, "", 4711, found.body.status.pod_ip, port)


# -- rows -----------------------------------------------------------------------------------------------------------------
def test_a_row_reads_as_a_sentence() -> None:
    row = plain(flow())
    assert row | {"time": ""} == {
        "time": "", "source": "media/jellyfin", "way": "→", "destination": "db/postgres", "port": "5432",
        "verdict": "● forwarded", "why": "SYN to-endpoint", "policy": "", "origin": "hubble", "node": "loft",
    }  # fmt: skip


def test_a_reply_is_told_of_the_connection_it_belongs_to() -> None:
    row = plain(flow(POSTGRES, JELLYFIN, is_reply=True))
    assert (row["source"], row["way"], row["destination"], row["port"]) == (
        "media/jellyfin",
        "←",
        "db/postgres",
        "5432",
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (drop(), "no rule allows it"),
        (drop(reason="POLICY_DENY"), "a rule denies it"),
        (drop(reason="FIB_LOOKUP_FAILED", sub=169), "no route"),
        (drop(reason="NO_EGRESS_GATEWAY", sub=194), "no egress gateway found"),
        (drop(reason="777", sub=0, event=0), "777"),
        (drop(reason="", sub=0, event=0), "no reason told"),
        (flow(l7=L7("http", "REQUEST", method="GET", url="/a")), "GET /a"),
        (flow(l7=L7("http", "RESPONSE", 12_000_000, 503, "GET", "/a")), "503 GET /a 12ms"),
        (flow(l7=L7("dns", "REQUEST", query="a.example.")), "? a.example."),
        (flow(l7=L7("dns", "RESPONSE", query="a.example.", answers=("192.0.2.1",))), "a.example. → 192.0.2.1"),
        (flow(l7=L7("dns", "RESPONSE", query="a.example.", rcode=3)), "a.example. no such name"),
        (flow(origin=TRAEFIK_LOG, l7=L7("http", code=200, method="GET", url="/b")), "log 200 GET /b"),
        (flow(summary="UDP", protocol="UDP"), "to-endpoint"),
    ],
)
def test_what_and_why(made: Flow, said: str) -> None:
    assert plain(made)["why"] == said


def test_what_the_ingress_answers_itself() -> None:
    row = plain(
        flow(LAN, Peer(), "VERDICT_UNKNOWN", origin=TRAEFIK_LOG, l7=L7("http", code=404, method="GET", url="/x"))
    )
    assert (row["destination"], row["port"], row["verdict"]) == ("ingress", "", "· answered")


def test_every_drop_reason_has_words() -> None:
    for number, name in hubble.DROP_REASONS.items():
        assert plain(drop(reason=name, sub=number & 0xFF))["why"].strip()
    assert set(MEANINGS) <= set(hubble.DROP_REASONS.values())


HOSTILE = "[bold]\x1b[31mred\x1b]0;x\x07\u202eevil\n" + "y" * 100_000


def test_hostile_strings_stay_words() -> None:
    evil = Peer(HOSTILE, HOSTILE, HOSTILE, 4711, HOSTILE, 1, (HOSTILE,), HOSTILE, HOSTILE)
    outside = Peer(identity=2, ip=HOSTILE, names=(HOSTILE,))
    for made in (
        flow(evil, outside, summary=HOSTILE, kind=HOSTILE, node=HOSTILE, uuid=HOSTILE),
        flow(outside, evil, l7=L7("http", "REQUEST", method=HOSTILE, url=HOSTILE)),
        flow(outside, evil, l7=L7("dns", "RESPONSE", query=HOSTILE, answers=(HOSTILE,))),
        drop(evil, outside, reason=HOSTILE, sub=0),
    ):
        for cell in plain(made).values():
            assert cell.isprintable()
            assert "\x1b" not in cell
        assert "\x1b" not in as_line(made)
        assert as_document(made).isascii()
        store = FlowStore()
        store.add_flows([made], NOW.timestamp())
        picture = replace(Snapshot(), traffic=store.traffic(NOW.timestamp()), now=NOW.timestamp())
        assert tell_flow(made, picture, None).evidence
        for row in edge_rows(picture.traffic.edges, NOW.timestamp()):
            for column in EDGE_COLUMNS:
                assert column.cell(row).plain.isprintable()


def test_secrets_of_a_request_stay_masked() -> None:
    from flowbytes import answer, fields
    from flowbytes import flow as made

    from pointsman.tui.wire.hubbleflow import decode

    http = fields(_1=200, _2="GET", _3=SECRET, _5=[fields(_1="Authorization", _2="Bearer s3cr3t-value")])
    row = decode(answer(made(_15=fields(_1=2, _101=http), _100000=f"HTTP/1.1 200 1ms (GET {SECRET})")))
    assert isinstance(row, Flow)
    saved = "".join(writer(COLUMNS, [row])(extension) for extension in (".csv", ".json", ".jsonl", ".txt"))
    told = words(tell_flow(row, Snapshot(), None))
    for text in (*plain(row).values(), as_line(row), as_document(row), saved, told, search_text(row)):
        assert "s3cr3t" not in text
    assert "token=***" in plain(row)["why"]


# -- noise, pairs ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("id", "noisy"),
    [
        ("dns", flow(JELLYFIN, COREDNS)),
        ("health", flow(Peer(identity=4, ip="10.52.0.9"), BARE)),
        ("health", flow(l7=L7("http", "REQUEST", method="GET", url="http://x/healthz?full=1"))),
        ("host", flow(HOST, BARE)),
        ("replies", flow(POSTGRES, JELLYFIN, is_reply=True)),
        ("established", flow(summary="TCP Flags: ACK, PSH")),
    ],
)
def test_noise(id: str, noisy: Flow) -> None:
    test = quiet([id])
    assert test is not None
    assert not test(noisy)
    assert test(flow())
    assert quiet(()) is None
    several = quiet([noise.id for noise in NOISE])
    assert several is not None
    assert not several(noisy)
    assert several(drop())


def test_a_pair_is_both_ways() -> None:
    test = of_pair(pair_of(flow()))
    assert test is not None
    assert test(flow())
    assert test(flow(POSTGRES, JELLYFIN, is_reply=True))
    assert not test(flow(JELLYFIN, COREDNS))


def test_namespaces_and_problems() -> None:
    test = in_namespace("db")
    assert test is not None
    assert test(flow())
    assert not test(flow(JELLYFIN, COREDNS))
    assert drops_only(drop())
    assert drops_only(flow(l7=L7("http", code=502)))
    assert not drops_only(flow())


# -- tables ---------------------------------------------------------------------------------------------------------------
def traffic(*flows: Flow, at: float = 1000.0) -> Any:
    store = FlowStore()
    store.add_flows(flows, at - 7)
    return store.traffic(at)


def test_edges_talkers_and_drops() -> None:
    seen = traffic(*[flow()] * 6, *[drop()] * 3, *[flow(JELLYFIN, COREDNS)] * 2, *[flow(LAN, JELLYFIN)] * 4)
    edges = edge_rows(seen.edges, seen.at)
    assert [(row.edge.source.text, row.edge.destination.text, row.lately, row.drops) for row in edges] == [
        ("media/jellyfin", "db/postgres", 9, 3),
        ("world 192.168.7.23", "media/jellyfin", 4, 0),
        ("media/jellyfin", "kube-system/coredns", 2, 0),
    ]
    assert [row.edge.destination.text for row in drop_rows(seen.edges, seen.at)] == ["db/postgres"]
    first = talker_rows(seen.edges, seen.at)[0]
    assert (first.end.text, first.lately, first.drops, first.peers) == ("media/jellyfin", 15, 3, 3)
    for rows, columns in ((edges, EDGE_COLUMNS), (drop_rows(seen.edges, seen.at), DROP_COLUMNS)):
        for row in rows:
            assert all(column.cell(row) for column in columns)
    assert all(column.cell(first) for column in TALKER_COLUMNS)
    picture = replace(Snapshot(), traffic=seen, now=seen.at)
    assert "Some of what media/jellyfin sends to db/postgres on 5432 is dropped" in words(tell_edge(edges[0], picture))
    assert "To db/postgres on 5432: 9, 3 dropped." in words(tell_talker(first, picture))


def test_edges_left_out() -> None:
    seen = traffic(flow(), flow(JELLYFIN, COREDNS), flow(HOST, BARE), flow(Peer(identity=4, ip="10.52.0.9"), BARE))
    assert len(edges_in(seen, "", (), None)) == 4
    assert len(edges_in(seen, "", ("dns", "host", "health"), None)) == 1
    assert len(edges_in(seen, "lab", (), None)) == 2
    assert len(edges_in(seen, "", (), frozenset(("media/jellyfin", "db/postgres")))) == 1


@given(strategies.lists(strategies.tuples(strategies.sampled_from(PEERS), strategies.sampled_from(PEERS)), max_size=30))
def test_talkers_sum_up_edges(pairs: list[tuple[Peer, Peer]]) -> None:
    seen = traffic(*(flow(one, other) for one, other in pairs))
    rows = talker_rows(seen.edges, seen.at)
    own = sum(edge.lately(seen.at) for edge in seen.edges if edge.source == edge.destination)
    assert sum(row.lately for row in rows) == 2 * len(pairs) - own
    for row in (*rows, *edge_rows(seen.edges, seen.at)):
        assert row_text(row)
        assert flow_of(row).verdict == "FORWARDED"


def test_sizes() -> None:
    assert [size_text(size) for size in (None, 0, 999, 1500, 25_000, 3_200_000)] == [
        "", "0 B", "999 B", "1.5 KB", "25 KB", "3.2 MB",
    ]  # fmt: skip


# -- explained ------------------------------------------------------------------------------------------------------------
def test_a_drop_is_explained_by_the_policies_and_by_hubble(cilium: Snapshot) -> None:
    source, destination = pod(cilium, "monitoring/prometheus"), pod(cilium, "db/postgres", 5432)
    made = drop(source, destination)
    found = judged(made, cilium, compile_index(cilium))
    assert found.agrees is Agrees.YES
    said = words(tell_flow(made, cilium, found))
    assert f"monitoring/{source.pod} may not reach db/{destination.pod} on 5432: db/default-deny, " in said
    assert f"select db/{destination.pod}, and no rule lets monitoring/{source.pod} in." in said
    assert "No rule allows it into the receiver; nothing denies it by name." in said
    assert "The policies as they are now say the same." in said
    assert "It was dropped coming in on node loft: no rule allows it." in said
    assert "allowed by" not in said


def test_when_hubble_says_otherwise_both_are_told(cilium: Snapshot) -> None:
    source, destination = pod(cilium, "monitoring/prometheus"), pod(cilium, "db/postgres", 5432)
    passed = flow(source, destination)
    found = judged(passed, cilium, compile_index(cilium))
    assert found.agrees is Agrees.NO
    said = words(tell_flow(passed, cilium, found))
    assert "The policies as they are now forbid it, but Hubble says Cilium let it pass" in said


def test_a_pod_that_has_gone_is_said(cilium: Snapshot) -> None:
    made = drop(Peer("media", "gone-1", "", 4711, "10.52.9.9", 1), pod(cilium, "db/postgres", 5432))
    found = judged(made, cilium, compile_index(cilium))
    assert found.decision is None
    assert "cannot be judged" in words(tell_flow(made, cilium, found))


def test_other_drops_are_no_matter_of_policies(cilium: Snapshot) -> None:
    made = drop(LAN, HOST, reason="SERVICE_BACKEND_NOT_FOUND", sub=158)
    said = words(tell_flow(made, cilium, judged(made, cilium, compile_index(cilium))))
    assert "did not reach host 192.168.7.11" in said
    assert "has no ready backend" in said
    assert "olicies" not in said
    assert "192.168.7.11 is the node itself." in said
    assert "192.168.7.23 is in the home's own network, outside the cluster." in said


def test_names_and_how_often() -> None:
    seen = traffic(*[flow(JELLYFIN, WEATHER)] * 3, at=NOW.timestamp())
    picture = replace(Snapshot(), traffic=seen, now=NOW.timestamp())
    said = words(tell_flow(flow(JELLYFIN, WEATHER), picture, None))
    assert "media/jellyfin reached api.weather.example on 443." in said
    assert "198.51.100.4 is outside the cluster, known as api.weather.example." in said
    assert "Seen in 3 events in the last 5 minutes" in said


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (flow(POSTGRES, JELLYFIN, is_reply=True), "db/postgres answered media/jellyfin on 5432."),
        (flow(verdict="AUDIT"), "audit mode"),
        (flow(verdict="REDIRECTED", kind="to-proxy"), "It was handed to the layer-7 proxy on node loft."),
        (flow(l7=L7("http", "RESPONSE", 12_000_000, 503, "GET", "/a")), "answered 503"),
        (flow(l7=L7("dns", "RESPONSE", query="a.example", rcode=3)), "could not tell"),
        (flow(verdict="VERDICT_UNKNOWN"), "not known"),
        (flow(WORLD, JELLYFIN, origin=TRAEFIK_LOG, l7=L7("http", code=200, method="GET", url="/", router="films@docker",
              entry_point="websecure", service="films", backend="10.52.1.7:8096", size=5000)),
         "handled by router films@docker"),
    ],
)  # fmt: skip
def test_in_words(made: Flow, said: str) -> None:
    assert said in words(tell_flow(made, Snapshot(), None))


def test_objects_behind_a_row(cilium: Snapshot) -> None:
    source, destination = pod(cilium, "media/jellyfin"), pod(cilium, "db/postgres", 5432)
    ref = object_of(flow(source, destination), cilium)
    assert ref is not None
    assert ref.path == f"db/{destination.pod}"
    found = [title for _, title, _ in choices(flow(source, destination), cilium)]
    assert f"Pod media/{source.pod}" in found
    assert any("Policy db/" in title for title in found)
    assert object_of(flow(WORLD, HOST), cilium) is None
    assert choices(flow(WORLD, HOST, node=""), cilium) == []


# -- lines in the frame ---------------------------------------------------------------------------------------------------
def test_titles() -> None:
    standing = Standing(
        shown=418, kept=20_000, received=1_000_000, evicted=980_000, lost=12, lost_lately=True, newer=3120
    )
    said = "".join(text for text, _ in lines_title(standing, Rates(1204.0, 3.0), 120, problems=False, pair=None))
    assert said == (
        "flows 418 of 20,000  1,204/s  ✖ 3.0/s  received 1,000,000  let go 980,000  lost at the server 12  ‖ 3,120 newer"
    )
    following = replace(standing, newer=None, lost=0)
    said = "".join(text for text, _ in lines_title(following, Rates(), 80, problems=True, pair=frozenset(("a", "b"))))
    assert said == "flows 418 of 20,000  0/s  drops only  a ⇄ b  ▶ follow"
    assert "1/3" in "".join(text for text, _ in table_title("edges", 1, 3, Rates(), problems=False, pair=None))
    away = node_words([("default/loft", NodeStatus(None, "NODE_UNAVAILABLE", ("default/loft",), "no route")),
                       ("default/shed", NodeStatus(None, "NODE_CONNECTED", ("default/shed",)))])  # fmt: skip
    assert away == "loft not reporting: no route"
    assert "without DNS, host" in "".join(text for text, _ in foot("lines", "v", ("host", "dns"), 120, away))


def test_help_names_every_word() -> None:
    said = filter_help()
    assert "from-pod VALUE" in said
    assert "\n  reply " in said


# -- nothing --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("variant", "links", "said"),
    [
        ("cilium", {"hubble": (State.ABSENT, "Cilium runs here without a Hubble Relay.", "")}, "hubble.relay.enabled=true"),
        ("classic", {"hubble": (State.ABSENT, "There is no Hubble on this stack: it comes with Cilium.", ""),
                     "traefik-log": (State.ABSENT, "Traefik's access log is off.", "`:access-log` switches it on.")},
         "`:access-log` switches it on."),
        ("cilium", {"hubble": (State.DOWN, "The stream broke off.", "")}, "The stream broke off."),
        ("cilium", {"hubble": (State.FORBIDDEN, "The port-forward is not allowed.", "It needs create on pods/portforward.")},
         "It needs create on pods/portforward."),
        ("cilium", {"hubble": (State.LIVE, "version 1.20.2", "")}, "No flow has come yet."),
    ],
)  # fmt: skip
def test_nothing_says_what_would_fill_it(variant: Any, links: dict[str, tuple[State, str, str]], said: str) -> None:
    from pointsman.tui.answers.stack import detect

    store = Store(Clock())
    fill(store, variant)
    store._links = {name: link for name, link in store._links.items() if name == "kube"}
    for name, (state, detail, hint) in links.items():
        store.set_link(name, state, detail, hint)
    picture = store.snapshot()
    shown = "\n".join(as_cell(line).plain for line in flows_absence(picture, detect(picture), DEFAULT_KEYS))
    assert said in shown


def test_files_have_no_traffic() -> None:
    picture = replace(Snapshot(), links={"manifests": Link("manifests", State.LIVE)})
    shown = "\n".join(as_cell(line).plain for line in flows_absence(picture, None, DEFAULT_KEYS))
    assert "files tell of no traffic" in shown


def test_ends_in_words() -> None:
    assert [peer_text(peer) for peer in (*PEERS, Peer(), Peer(identity=6, ip="192.168.7.12"))] == [
        "media/jellyfin", "db/postgres", "kube-system/coredns", "world 203.0.113.9", "world 192.168.7.23",
        "api.weather.example", "host 192.168.7.11", "lab/toolbox", "unknown", "remote-node 192.168.7.12",
    ]  # fmt: skip
