"""The CLI's forms. Lines were compared with the hubble CLI's own for the same flows, by hand; these are kept from there."""

from __future__ import annotations

from flowbytes import AT, answer, fields, flow, stamp

from pointsman.tui.answers.flows.compact import compact_line, status_line, table_lines
from pointsman.tui.answers.flows.document import flow_document
from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.model.flows import Flow, NodeStatus
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import answer_of, decode, decode_line


def line(number: int = 1, inner: bytes | None = None, verbatim: bool = True, **more: object) -> str | None:
    event = decode(answer(flow(**more) if inner is None else inner, number))
    assert event is not None
    return compact_line(event, verbatim=verbatim)


def test_forward_reply_and_unknown_direction() -> None:
    ends = "media/sonarr-0:40746 (ID:61988)", "db/postgres-0:5432 (ID:40401)"
    tail = "to-endpoint FORWARDED (TCP Flags: SYN, ACK)"
    assert line() == f"Sep 21 14:13:20.345: {ends[0]} -> {ends[1]} {tail}"
    assert line(_26=fields(_1=1)) == f"Sep 21 14:13:20.345: {ends[1]} <- {ends[0]} {tail}"
    assert line(_26=None) == f"Sep 21 14:13:20.345: {ends[0]} <> {ends[1]} {tail}"


def test_days_of_one_digit_and_no_time() -> None:
    assert str(line(_1=stamp(AT - 15 * 86400))).startswith("Sep  6 14:13:20.000: ")
    assert str(line(_1=None)).startswith("N/A: ")


def test_drops_verdicts_and_identities() -> None:
    drop = line(_2=2, _19=fields(_1=1, _2=133), _26=None, _8=fields(_2=2))
    assert drop is not None
    assert "10.52.0.6:40746 (world) <> db/postgres-0:5432 (ID:40401) Policy denied DROPPED" in drop
    denied = line(_2=2, _19=fields(_1=5), _26=None)
    assert denied is not None
    assert denied.endswith("policy-verdict:none INGRESS DENIED (TCP Flags: SYN, ACK)")
    assert "policy-verdict:L3-L4 EGRESS ALLOWED" in str(line(_2=5, _19=fields(_1=5), _23=2, _22=2))
    assert "AUDITED" in str(line(_2=4, _19=fields(_1=5)))


def test_names_services_ipv6_and_macs() -> None:
    assert "a.example.,b.example.:40746 (unknown) ->" in str(line(_8=None, _13=["a.example.", "b.example."]))
    assert "other/sonarr-0:40746" in str(line(_20=fields(_1="svc", _2="other")))
    assert "[fd00::1]:40746 (host) ->" in str(line(_5=fields(_1="fd00::1", _2="fd00::2", _3=2), _8=fields(_2=1)))
    arp = line(_5=None, _6=None, _4=fields(_1="aa:bb", _2="ff:ff"), _100000="Ethernet")
    assert arp is not None
    assert "aa:bb (ID:61988) -> ff:ff (ID:40401)" in arp


def test_the_summary_masks_unless_it_was_asked_for() -> None:
    text = "HTTP/1.1 GET http://x.example/?token=abc"
    more: dict[str, object] = {"_100000": text, "_15": fields(_1=1, _101=fields(_3="http://x.example/?token=abc"))}
    assert str(line(**more)).endswith(f"http-request FORWARDED ({text})")
    assert "abc" not in str(line(verbatim=False, **more))
    assert str(line(_35=1, _40=fields(_1=5))).endswith("(IP Trace ID: 5; TCP Flags: SYN, ACK; Auth: SPIRE)")


def test_hostile_text_makes_no_second_line_and_no_escape() -> None:
    found = str(line(_100000="a\x1b[31mb\r\nc\x9b2J\x07", _34="u"))
    assert found.endswith("(a^[[31mb\\r\\nc\\x9b2J\\x07)")
    assert found.isprintable()


def test_losses_and_nodes() -> None:
    lost = fields(_1=3, _2=17, _3=fields(_1=0))
    assert line(3, lost) == "Sep 21 14:13:20.000 EVENTS LOST: HUBBLE_RING_BUFFER CPU(0) 17"
    longer = lost + fields(_4=stamp(AT), _5=stamp(AT, 5_000_000))
    assert str(line(3, longer)).endswith("17 (first: Sep 21 14:13:20.000, last: Sep 21 14:13:20.005)")
    away = decode(answer(fields(_1=2, _2=["default/a", "default/b"]), 2, "hubble-relay"))
    assert isinstance(away, NodeStatus)
    assert status_line(away) == "Sep 21 14:13:20.000 [hubble-relay]: 2 nodes are unavailable: default/a, default/b"
    many = decode(answer(fields(_1=2, _2=[f"default/node-{n}" for n in range(9)]), 2))
    assert isinstance(many, NodeStatus)
    assert "9 nodes are unavailable: default/node-0, default/node-1, default/node-2 (and 6 more)" in str(
        status_line(many)
    )
    good = decode(answer(fields(_1=1, _2=["a"]), 2))
    assert good is not None
    assert compact_line(good) is None


def test_the_table_lines_up() -> None:
    events = [decode(answer(flow())), decode(answer(flow(_2=2, _8=None, _19=fields(_1=1, _2=133))))]
    lines = table_lines([event for event in events if event is not None])
    assert lines[0].split() == ["TIMESTAMP", "SOURCE", "DESTINATION", "TYPE", "VERDICT", "SUMMARY"]
    assert len({row.index("TCP Flags") for row in lines[1:]} | {lines[0].index("SUMMARY")}) == 1
    assert table_lines([]) == []


def test_jsonpb_as_go_writes_it() -> None:
    raw = answer(flow(_100000='<a>&"\u2028\\\x1b\x7f', _2=99, _32=2**64 - 1))
    text = jsonpb(hubble.GetFlowsResponse.FromString(raw))
    assert text.startswith('{"flow":{"time":"2026-09-21T14:13:20.345678901Z","uuid":"1111')
    assert text.endswith('"node_name":"default/loft","time":"2026-09-21T14:13:20Z"}')
    assert '"verdict":99,' in text
    assert '"is_reply":false' in text
    assert '"socket_cookie":"18446744073709551615"' in text
    assert '"Summary":"\\u003ca\\u003e\\u0026\\"\\u2028\\\\\\u001b\x7f"' in text
    times = [
        jsonpb(hubble.GetFlowsResponse.FromString(fields(_1001=stamp(0, nanos)))) for nanos in (5, 5_000, 5_000_000)
    ]
    assert [time[29:-3] for time in times] == ["000000005", "000005", "005"]


def test_the_documents_secrets_are_masked_and_its_unknowns_null() -> None:
    headers = [
        fields(_1="Authorization", _2="Bearer abc"),
        fields(_1="Referer", _2="http://y/?k=abc"),
        fields(_1="Host", _2="x"),
    ]
    http = fields(_2="GET", _3="http://x/?k=abc", _5=headers)
    event = decode(answer(flow(_15=fields(_1=1, _101=http), _26=None, _22=None, _100000="GET http://x/?k=abc")))
    document = flow_document(event)  # type: ignore[arg-type]
    assert "abc" not in repr(document)
    assert document["l7"]["headers"][2] == {"name": "Host", "value": "x"}
    assert (document["is_reply"], document["direction"], document["drop_reason"]) == (None, None, None)
    assert document["source"]["labels"] == ["k8s:app.kubernetes.io/name=sonarr"]
    assert document["origin"] == "hubble"
    needed = ("time", "verdict", "direction", "source", "destination", "protocol", "l7", "drop_reason", "policies", "node",
              "is_reply", "uuid", "origin")  # fmt: skip
    assert set(needed) <= document.keys()


def test_times_and_names_at_their_limits() -> None:
    def line(**more: object) -> str:
        event = decode(answer(flow(**more)))
        assert event is not None
        return compact_line(event) or ""

    event = decode(answer(flow(_1=fields(_1=2**62))))
    assert isinstance(event, Flow)
    assert (event.ns, flow_document(event)["time"]) == (None, None)
    assert '"time":null' in jsonpb(answer_of(event))
    assert line(_1=fields(_1=2**62)).startswith("N/A: ")
    assert line(_1=fields(_1=253_402_300_799)).startswith("Dec 31 23:59:59.000: ")
    assert line(_1=fields(_1=253_402_300_800)).startswith("N/A: ")
    assert ": :40746 (unknown) ->" in line(_8=None, _13=[""])
    assert " -> /x/y:5432 " in line(_9=fields(_2=0, _3="//x", _5="y")).replace("(ID:0)", "")


def test_asked_for_by_name_it_is_the_clis_line_also_where_a_row_says_too_little() -> None:
    """As the CLI of Cilium 1.19 prints them: a service without a name takes the pod's namespace away, and the node is the
    flow's own word alone."""
    for raw, wanted in (
        (answer(flow(_20=fields())), "sonarr-0:40746 (ID:61988) -> db/postgres-0:5432"),
        (answer(flow(_21=fields())), "media/sonarr-0:40746 (ID:61988) -> postgres-0:5432"),
        (answer(flow(_11=None)), "[]: media/sonarr-0:40746"),
        (answer(flow()), "[default/loft]: media/sonarr-0:40746 (ID:61988) -> db/postgres-0:5432"),
    ):
        line = jsonpb(hubble.GetFlowsResponse.FromString(raw)).encode()
        for event in (decode(raw), decode_line(line)):
            assert event is not None
            told = compact_line(event, node=True, verbatim=True) or ""
            assert wanted in told
            assert "media/sonarr-0" in (compact_line(event, node=True) or ""), "for people the row says more"


def test_a_nodes_message_is_quoted_as_the_cli_quotes_it() -> None:
    event = decode(answer(fields(_1=4, _2=["a"], _3='he said "x"\n\x1b[31m é\t\\\U0001f600\u200b'), 2))
    assert (compact_line(event) or "").endswith(  # type: ignore[arg-type]
        'Error "he said \\"x\\"\\n\\x1b[31m é\\t\\\\\U0001f600\\u200b" on 1 nodes: a'
    )
