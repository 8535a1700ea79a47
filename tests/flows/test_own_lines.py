"""The program's own lines read back, and lines that are the hubble CLI's already taken as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flowbytes import answer, fields, flow
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.answers.flows.compact import compact_line
from pointsman.tui.answers.flows.document import flow_document, flow_line
from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.answers.flows.predicates import matcher
from pointsman.tui.answers.flows.words import FilterWords
from pointsman.tui.model.flows import Flow
from pointsman.tui.wire import hubble
from pointsman.tui.wire.accesslog import parse_line
from pointsman.tui.wire.canonical import canonical
from pointsman.tui.wire.hubbleflow import BadLineError, decode, decode_line, message_from_json, message_of

HTTP = fields(
    _1=200,
    _2="GET",
    _3="http://x/?k=abc",
    _4="HTTP/1.1",
    _5=[fields(_1="Cookie", _2="s=abc"), fields(_1="Host", _2="x")],
)
POLICY = fields(_1="allow-web", _2="db", _3=["k8s:a=b"], _4=7, _5="CiliumNetworkPolicy")
FLOWS = [
    flow(), flow(_26=None), flow(_2=2, _25=133, _19=fields(_1=1, _2=133), _26=None), flow(_2=99, _22=9),
    flow(_15=fields(_1=2, _2=5_000_000, _101=HTTP), _19=fields(_1=129), _100000="HTTP/1.1 200 5ms (GET http://x/?k=abc)"),
    flow(_15=fields(_1=1, _100=fields(_1="a.example.", _2=["203.0.113.7"], _6=3)), _19=fields(_1=129)),
    flow(_5=None, _6=None, _4=fields(_1="52:54:00:00:00:01", _2="ff:ff:ff:ff:ff:ff"), _8=None, _9=fields(_2=2)),
    flow(_21001=POLICY, _21005=[POLICY, POLICY]), flow(_19=fields(_1=5), _23=2), flow(_19=fields(_1=7), _31=2),
    flow(_20=fields(_1="postgres", _2="db"), _13=["a.example"], _35=1), flow(_6=fields(_3=fields(_1=8))),
    flow(_100000='DNS "x" <&> \u2028 \x1b[31m'),
]  # fmt: skip


@pytest.mark.parametrize("raw", FLOWS)
def test_an_own_line_tells_the_same_again(raw: bytes) -> None:
    first = decode(answer(raw))
    assert isinstance(first, Flow)
    line = flow_line(first)
    again = decode_line(line)
    assert isinstance(again, Flow)
    assert flow_document(again) == flow_document(first)
    assert flow_line(again) == line
    if first.event != 3:
        assert compact_line(again) == compact_line(first)


def test_filters_and_explanations_find_labels_and_policies_again() -> None:
    first = decode(answer(FLOWS[7]))
    assert isinstance(first, Flow)
    again = decode_line(flow_line(first))
    assert isinstance(again, Flow)
    words = FilterWords()
    words.add("label", "app.kubernetes.io/name=postgres")
    keep = matcher(*words.filters())
    assert keep(first)
    assert keep(again)
    message = message_of(again)
    assert [item.name for item in message.ingress_denied_by] == ["allow-web", "allow-web"]
    assert (message.IP.source, message.l4.TCP.destination_port) == ("10.52.0.6", 5432)


def test_the_access_logs_lines_too_and_nothing_in_clear() -> None:
    text = {"RequestMethod": "GET", "RequestPath": "/a?token=abcdef", "RequestHost": "x.example", "RequestScheme": "https",
            "ClientAddr": "192.168.7.9:5", "OriginStatus": 200, "DownstreamStatus": 200, "ServiceAddr": "10.42.0.7:80",
            "RouterName": "r@k", "ServiceName": "s@k", "entryPointName": "web", "Duration": 5_000_000,
            "StartUTC": "2026-09-21T14:13:20.345678901Z", "DownstreamContentSize": 12}  # fmt: skip
    first = parse_line(json.dumps(text).encode(), "shed")
    assert first is not None
    line = flow_line(first)
    assert b"abcdef" not in line
    again = decode_line(line + b"\n")
    assert isinstance(again, Flow)
    assert (again.l7, again.summary, again.source, again.destination, again.event) == (
        first.l7, first.summary, first.source, first.destination, first.event,
    )  # fmt: skip


def test_an_own_line_with_a_secret_in_it_is_masked_all_the_same() -> None:
    document = flow_document(decode(answer(FLOWS[4])))  # type: ignore[arg-type]
    document["l7"]["url"] = document["summary"] = "http://x/?token=abcdef"
    again = decode_line(json.dumps(document, separators=(",", ":")).encode())
    assert isinstance(again, Flow)
    assert b"abcdef" not in flow_line(again)


@pytest.mark.parametrize(
    "line",
    [b'{"time":1,"origin":"hubble"}', b'{"time":"x","origin":"hubble"}', b'{"time":"2026-09-21T14:13:20Z","origin":"elsewhere"}',
     b'{"time":"2026-09-21T14:13:20Z","origin":"hubble","source":[]}', b'{"origin":"hubble","l7":{"latency_ns":"x"}}'],
)  # fmt: skip
def test_what_only_looks_like_one_is_a_bad_line(line: bytes) -> None:
    with pytest.raises(BadLineError):
        decode_line(line)


# -- lines that need not be written anew ------------------------------------------------------------------------------------


def anew(line: str) -> str:
    return jsonpb(message_from_json(line))


@pytest.mark.parametrize("raw", FLOWS)
def test_a_line_of_the_clis_is_known_as_such(raw: bytes) -> None:
    line = jsonpb(hubble.GetFlowsResponse.FromString(answer(raw)))
    plain = not any(sign in line for sign in ("\\", "99"))
    assert canonical(line.encode()) is plain, line
    assert anew(line) == line


MANGLED: list[Any] = [
    lambda text: text.replace(":", ": ", 1), lambda text: text.replace('"verdict":"FORWARDED"', '"verdict":1'),
    lambda text: text.replace('"verdict":"FORWARDED"', '"verdict":"VERDICT_UNKNOWN"'),
    lambda text: text.replace('"TCP":{', '"UDP":{"source_port":1},"TCP":{'), lambda text: text.replace('"Summary"', '"summary"'),
    lambda text: text.replace("345678901Z", "345678000Z"), lambda text: text.replace("345678901Z", "3456789Z"),
    lambda text: text.replace("2026-09-21T14", "2026-13-21T14"), lambda text: text.replace('"source_port":40746', '"source_port":0'),
    lambda text: text.replace('"source_port":40746', '"source_port":4.0746e4'), lambda text: text[:-1] + ',"unknown":1}',
    lambda text: text.replace('"is_reply":false', '"is_reply":null'), lambda text: text.replace("sonarr", "a<b"),
    lambda text: text.replace("sonarr", "\\u0061"), lambda text: text.replace('"uuid":', '"uuid":"x","uuid":'),
    lambda text: text.replace('"traffic_direction":"INGRESS"', '"traffic_direction":"SIDEWAYS"'),
    lambda text: text.replace('"labels":["k8s', '"labels":[],"x":["k8s'), lambda text: "[" + text + "]",
    lambda text: text.replace("14:13:20", "14:13:20+00:00"), lambda text: text.replace("sonarr", "\u2028"),
]  # fmt: skip


@pytest.mark.parametrize("mangle", MANGLED)
def test_a_line_that_would_be_written_otherwise_is_not_taken(mangle: Any) -> None:
    line = jsonpb(hubble.GetFlowsResponse.FromString(answer(FLOWS[0])))
    other = mangle(line)
    assert other != line
    assert not canonical(other.encode())


VALUES = st.one_of(st.text(max_size=4), st.integers(-2, 2**33), st.booleans(), st.just([]), st.just({}), st.just(None))


@given(st.data())
def test_whatever_is_done_to_a_line_taken_as_it_is_it_is_what_would_be_written(data: st.DataObject) -> None:
    document = json.loads(jsonpb(hubble.GetFlowsResponse.FromString(answer(data.draw(st.sampled_from(FLOWS))))))
    for _ in range(data.draw(st.integers(0, 3))):
        here: Any = document
        while True:
            key = data.draw(st.sampled_from(sorted(here)))
            if isinstance(here[key], dict) and here[key] and data.draw(st.booleans()):
                here = here[key]
                continue
            here[key] = data.draw(VALUES)
            break
    line = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if canonical(line.encode("utf-8", "replace")):
        assert anew(line) == line
