"""Rows from bytes that another encoder made, and from JSON lines; what is unknown stays unknown."""

from __future__ import annotations

import json

import pytest
from flowbytes import AT, answer, fields, flow, stamp

from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.model.flows import Flow, Lost, NodeStatus
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import BadLineError, answer_of, decode, decode_line, message_of


def row(**more: object) -> Flow:
    found = decode(answer(flow(**more)))
    assert isinstance(found, Flow)
    return found


def test_a_flow_from_foreign_bytes() -> None:
    found = row()
    assert (found.ns, found.verdict, found.direction) == (AT * 10**9 + 345_678_901, "FORWARDED", "ingress")
    assert (found.source.namespace, found.source.pod, found.source.workload) == (
        "media",
        "sonarr-0",
        "Deployment/sonarr",
    )
    assert (found.source.ip, found.source.port, found.source.identity) == ("10.52.0.6", 40746, 61988)
    assert (found.destination.ip, found.destination.port, found.destination.identity) == ("10.52.1.12", 5432, 40401)
    assert (found.protocol, found.kind, found.summary) == ("TCP", "to-endpoint", "TCP Flags: SYN, ACK")
    assert (found.is_reply, found.node, found.drop_reason) == (False, "default/loft", "")
    assert found.uuid == "11111111-2222-4333-8444-555555555555"
    message = message_of(found)
    assert message is not None
    assert list(message.source.labels) == ["k8s:app.kubernetes.io/name=sonarr"]
    assert (message.l4.TCP.flags.SYN, message.l4.TCP.flags.ACK, message.l4.TCP.flags.FIN) == (True, True, False)


def test_every_rare_field_arrives_in_its_place() -> None:
    policy = fields(_1="p", _2="ns", _3=["k8s:a=b"], _4=7, _5="NetworkPolicy")
    found = row(
        _35=1, _36=2, _37=["a=b"], _38=fields(_1="bpf_lxc.c", _2=12), _39=fields(_1=1, _4=99), _40=fields(_1=5, _2=1),
        _41=fields(_1="Hubble", _2="1.20.2"), _13=["a.example."], _14=["b.example."], _20=fields(_1="svc", _2="media"),
        _21=fields(_1="pg", _2="db"), _23=2, _24=101, _25=133, _27=4, _28=fields(_1=3, _2="eth0"), _29=13195,
        _30=fields(_1=fields(_1="trace")), _31=1, _32=2**63, _33=9, _21001=[policy], _21002=[policy], _21004=[policy],
        _21005=[policy], _21006=["log"], _21007=fields(_1=1, _2=2, _3=3),
    )  # fmt: skip
    message = message_of(found)
    assert message is not None
    assert json.loads(jsonpb(message)) | {"time": ""} == {
        "time": "", "uuid": found.uuid, "emitter": {"name": "Hubble", "version": "1.20.2"}, "verdict": "FORWARDED",
        "auth_type": "SPIRE", "IP": {"source": "10.52.0.6", "destination": "10.52.1.12", "ipVersion": "IPv4"},
        "l4": {"TCP": {"source_port": 40746, "destination_port": 5432, "flags": {"SYN": True, "ACK": True}}},
        "tunnel": {"protocol": "VXLAN", "vni": 99},
        "source": {
            "ID": 831, "identity": 61988, "cluster_name": "default", "namespace": "media",
            "labels": ["k8s:app.kubernetes.io/name=sonarr"], "pod_name": "sonarr-0",
            "workloads": [{"name": "sonarr", "kind": "Deployment"}],
        },
        "destination": {
            "identity": 40401, "namespace": "db", "labels": ["k8s:app.kubernetes.io/name=postgres"],
            "pod_name": "postgres-0",
        },
        "Type": "L3_L4", "node_name": "default/loft", "node_labels": ["a=b"], "source_names": ["a.example."],
        "destination_names": ["b.example."], "event_type": {"type": 4},
        "source_service": {"name": "svc", "namespace": "media"}, "destination_service": {"name": "pg", "namespace": "db"},
        "traffic_direction": "INGRESS", "policy_match_type": 2, "trace_observation_point": "TO_ENDPOINT",
        "trace_reason": "ESTABLISHED", "file": {"name": "bpf_lxc.c", "line": 12},
        "ip_trace_id": {"trace_id": "5", "ip_option_type": 1}, "drop_reason_desc": "POLICY_DENIED", "is_reply": False,
        "debug_capture_point": "DBG_CAPTURE_DELIVERY", "interface": {"index": 3, "name": "eth0"}, "proxy_port": 13195,
        "trace_context": {"parent": {"trace_id": "trace"}}, "sock_xlate_point": "SOCK_XLATE_POINT_PRE_DIRECTION_FWD",
        "socket_cookie": "9223372036854775808", "cgroup_id": "9", "Summary": "TCP Flags: SYN, ACK",
        "egress_allowed_by": [{"name": "p", "namespace": "ns", "labels": ["k8s:a=b"], "revision": "7",
                               "kind": "NetworkPolicy"}],
        "ingress_allowed_by": [{"name": "p", "namespace": "ns", "labels": ["k8s:a=b"], "revision": "7",
                                "kind": "NetworkPolicy"}],
        "egress_denied_by": [{"name": "p", "namespace": "ns", "labels": ["k8s:a=b"], "revision": "7",
                              "kind": "NetworkPolicy"}],
        "ingress_denied_by": [{"name": "p", "namespace": "ns", "labels": ["k8s:a=b"], "revision": "7",
                               "kind": "NetworkPolicy"}],
        "policy_log": ["log"],
        "aggregate": {"ingress_flow_count": 1, "egress_flow_count": 2, "unknown_direction_flow_count": 3},
    }  # fmt: skip


def test_unknown_numbers_stay_numbers() -> None:
    found = row(_2=42, _25=250, _22=9, _19=fields(_1=1, _2=250), _35=7)
    assert (found.verdict, found.drop_reason, found.direction, found.kind) == ("42", "250", "", "250, 0")
    assert found.auth == "7"


def test_what_is_absent_is_unknown_not_false() -> None:
    found = row(_26=None, _5=None, _6=None, _8=None, _9=None, _1=None, _4=fields(_1="aa:bb", _2="ff:ff"))
    assert (found.is_reply, found.ns, found.protocol) == (None, None, "")
    assert (found.source.ip, found.source.port, found.source.identity) == ("", None, None)


def test_a_newer_servers_fields_are_skipped() -> None:
    assert row(_4242="later", _777=fields(_1=1)).verdict == "FORWARDED"


def test_status_and_losses() -> None:
    status = decode(answer(fields(_1=2, _2=["a", "b"], _3="refused"), 2))
    assert isinstance(status, NodeStatus)
    assert (status.state, status.nodes, status.message) == ("NODE_UNAVAILABLE", ("a", "b"), "refused")
    lost = decode(answer(fields(_1=3, _2=17, _3=fields(_1=0), _4=stamp(AT), _5=stamp(AT + 1)), 3))
    assert isinstance(lost, Lost)
    assert (lost.source, lost.count, lost.cpu) == ("HUBBLE_RING_BUFFER", 17, 0)
    assert lost.last_ns == (AT + 1) * 10**9
    assert decode(answer(b"", 4)) is None


def test_l7_is_masked_and_says_that_it_hides_something() -> None:
    url = "http://alice:secret@shop.example/a?token=abc&q=1"
    http = fields(_1=200, _2="GET", _3=url, _4="HTTP/1.1", _5=[fields(_1="Cookie", _2="s=1")])
    found = row(_15=fields(_1=2, _2=5_000_000, _101=http), _100000=f"HTTP/1.1 200 5ms (GET {url})", _19=fields(_1=129))
    assert found.l7 is not None
    assert (found.kind, found.l7.code, found.l7.latency_ns) == ("http-response", 200, 5_000_000)
    assert found.masked
    for text in (found.l7.url, found.summary):
        assert "secret" not in text
        assert "abc" not in text
        assert "token=" in text


# The usual line is read without protobuf; it must say the same as the message.
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"_19": fields(_1=1, _2=133), "_2": 2, "_25": 133, "_26": None},
        {"_19": fields(_1=5), "_23": 2, "_22": 2},
        {"_5": None, "_6": None, "_8": None, "_4": fields(_1="aa", _2="bb")},
        {"_20": fields(_1="s", _2="media"), "_14": ["x.example"], "_9": None},
        {"_100000": "GET http://x/?a=b", "_35": 1},
        {"_6": fields(_3=fields(_1=8))},
        {"_40": fields(_1=9)},
        {"_2": 42},
        {"_15": fields(_1=1, _100=fields(_1="a.example.", _2=["1.2.3.4"], _6=3))},
        {"_1": stamp(AT)},
    ],
)
def test_a_json_line_says_what_the_bytes_say(more: dict[str, object]) -> None:
    raw = answer(flow(**more))
    line = jsonpb(hubble.GetFlowsResponse.FromString(raw))
    by_line, by_bytes = decode_line(line.encode() + b"\n"), decode(raw)
    assert isinstance(by_line, Flow)
    assert isinstance(by_bytes, Flow)
    for name in Flow.__struct_fields__:
        if name != "raw":
            assert getattr(by_line, name) == getattr(by_bytes, name), name
    assert jsonpb(answer_of(by_line)) == line


def test_the_exporters_and_the_legacy_forms() -> None:
    later = decode_line(b'{"flow":{"verdict":"DROPPED","newer_field":{"x":1}},"node_name":"n1","also_new":true}')
    assert isinstance(later, Flow)
    assert (later.verdict, later.node) == ("DROPPED", "n1")
    bare = decode_line(b'{"time":"2026-09-20T10:11:12.5Z","verdict":"FORWARDED","node_name":"n","Type":"L3_L4"}')
    assert isinstance(bare, Flow)
    assert (bare.verdict, bare.node) == ("FORWARDED", "n")


def test_what_comes_again_in_every_flow_is_kept_once() -> None:
    one, other = row(), row()
    assert one.source.identity is other.source.identity
    assert one.protocol is other.protocol
    assert one.source.pod is other.source.pod


DEEP = b"[" * 5000
"""Deeper than the reader goes."""


@pytest.mark.parametrize(
    "line",
    [b"", b"nonsense", b"[]", b"1", b"{}", b'{"flow":7}', b'{"flow":{"verdict":[]}}', b"\xff", DEEP, b'{"flow":' + DEEP,
     b'{"time":"2026-09-21T14:13:20Z","verdict":' + DEEP, b'{"flow":{"x":' + DEEP + b"]" * 5000 + b"}}"],
)  # fmt: skip
def test_bad_lines_are_told(line: bytes) -> None:
    with pytest.raises(BadLineError):
        decode_line(line)
