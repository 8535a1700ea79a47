"""Filters by the CLI's words: what they let through, what is refused and how, and what they become for the server."""

from __future__ import annotations

import pytest
from flowbytes import AT, answer, fields, flow

from pointsman.tui.answers.flows.predicates import FilterError, matcher
from pointsman.tui.answers.flows.request import ALL, Selection, moment
from pointsman.tui.answers.flows.words import FilterWords
from pointsman.tui.model.flows import Flow
from pointsman.tui.wire.hubbleflow import decode


def row(**more: object) -> Flow:
    found = decode(answer(flow(**more)))
    assert isinstance(found, Flow)
    return found


def words_of(text: str) -> FilterWords:
    words = FilterWords()
    for part in text.split("|"):
        word, _, value = part.partition(" ")
        words.add(word, value)
    return words


def passes(text: str, **more: object) -> bool:
    return matcher(*words_of(text).filters())(row(**more))


HTTP = fields(_1=2, _101=fields(_1=404, _2="GET", _3="http://x.example/page/7?q=1", _5=[fields(_1="foo", _2="bar")]))
DNS = fields(_1=1, _100=fields(_1="db.example.org."))


@pytest.mark.parametrize(
    "text",
    [
        "pod media/son", "pod media/", "pod /sonarr-0", "from-pod media/sonarr", "to-pod db/post", "namespace db",
        "from-namespace media", "to-namespace db", "from-namespace media|to-namespace db", "verdict FORWARDED", "ip 10.52.0.6",
        "ip 10.52.0.0/16", "from-ip 10.52.0.6", "to-ip 10.52.1.0/24", "port 5432", "to-port 5432", "from-port 40746",
        "protocol TCP", "protocol udp|protocol tcp", "identity 61988", "from-identity 61988", "to-identity 40401",
        "label app.kubernetes.io/name=sonarr", "label k8s:app.kubernetes.io/name in (a, sonarr)",
        "from-label app.kubernetes.io/name!=x", "from-label !nothing", "from-label app.kubernetes.io/name",
        "workload sonarr", "workload Deployment/", "from-workload Deployment/sonarr", "node-name loft",
        "node-name default/l*", "node-name default/", "type trace", "type trace:to-endpoint", "type 4:0", "tcp-flags syn",
        "tcp-flags SYN,ACK", "traffic-direction ingress", "ip-version v4", "ipv4", "uuid 11111111-2222-4333-8444-555555555555",
        "not-reply", "cluster default", "unencrypted", "not|verdict DROPPED", "not|pod vault/|verdict FORWARDED",
        "from-all-namespaces", "port 1|port 5432",
    ],
)  # fmt: skip
def test_lets_through(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "pod sonarr", "pod db/sonarr", "from-pod db/", "namespace vault", "from-namespace db", "verdict DROPPED",
        "ip 10.99.0.0/16", "to-ip 10.52.0.6", "to-port 40746", "protocol udp", "identity world", "label app=x",
        "label reserved:world", "label any:other", "workload StatefulSet/sonarr", "node-name shed", "node-name other/loft",
        "type drop", "type trace:to-stack", "tcp-flags fin", "tcp-flags syn,fin", "traffic-direction egress", "ipv6",
        "uuid x", "reply", "cluster other", "encrypted", "not|verdict FORWARDED", "not|namespace db",
        "port 5432|verdict DROPPED", "http-status 404", "fqdn *.example.org", "service media/x", "interface eth0",
        "drop-reason-desc POLICY_DENIED", "snat-ip 10.0.0.1",
    ],
)  # fmt: skip
def test_keeps_out(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http-status 404", True), ("http-status 4+", True), ("http-status 40+", True), ("http-status 5+", False),
        ("http-method get", True), ("http-method post", False), ("http-path ^/page/\\d+$", True),
        ("http-path q=1", False), ("http-url q=1$", True), ("http-header foo:bar", True), ("http-header foo:baz", False),
        ("protocol http", True), ("protocol dns", False), ("type l7|http-status 404", True),
    ],
)  # fmt: skip
def test_http(text: str, expected: bool) -> None:
    assert passes(text, _15=HTTP, _19=fields(_1=129)) is expected


def test_dns_names_and_services() -> None:
    assert passes("dns-query ^db\\.", _15=DNS)
    assert not passes("dns-query ^www", _15=DNS)
    assert passes("to-fqdn *.example.org.", _14=["db.example.org"])
    assert not passes("from-fqdn *.example.org", _14=["db.example.org"])
    assert passes("service db/pg", _21=fields(_1="pg", _2="db"))


def test_replies_treat_a_drops_unknown_direction_as_no_reply() -> None:
    assert passes("not-reply", _2=2, _26=None)
    assert not passes("not-reply", _26=None)


def test_either_side_becomes_two_filters_and_a_namespace_joins_the_pods() -> None:
    allow, deny = words_of("namespace media|not|port 53").filters()
    assert [list(item.source_pod) for item in allow] == [["media/"], []]
    assert [list(item.destination_pod) for item in allow] == [[], ["media/"]]
    assert [list(item.source_port) for item in deny] == [["53"], []]
    allow, _ = words_of("from-pod sonarr|from-namespace media").filters()
    assert len(allow) == 1
    assert list(allow[0].source_pod) == ["media/sonarr"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("verdict NOPE", "'NOPE' is not a verdict (VERDICT_UNKNOWN, FORWARDED"), ("ip 10.0.0.300", "not an IP address"),
        ("port http", "'http' is not a port"), ("port 70000", "not a port"), ("http-status 6", "not an HTTP status"),
        ("http-path [", "not a regular expression"), ("label a in x", "needs its values in brackets"),
        ("label (", "is not a label selector"), ("protocol quic", "'quic' is not a protocol"),
        ("identity me", "not an identity"), ("type nope", "not an event type"), ("type trace:nope", "not a sub-type"),
        ("tcp-flags syn,xyz", "'XYZ' is not a TCP flag"), ("traffic-direction up", "not a direction"),
        ("not|not", "stands twice"), ("not", "stands at the end"), ("pod a/b|from-pod a/b", "cannot be combined"),
        ("encrypted|unencrypted", "cannot be combined"), ("fqdn a_b!", "not a DNS name"), ("node-name a/b/c", "not a node"),
        ("http-header x", "not a header"), ("nonsense 1", "not a filter word"), ("ip-trace-id 0", "above 0"),
        ("to-pod a/b|to-namespace c", "not in the namespace"), ("type drop|http-status 404", "need the event type l7"),
        ("drop-reason-desc X", "not a drop reason"), ("pod ", "needs a name"),
    ],
)  # fmt: skip
def test_refused_with_a_sentence(text: str, part: str) -> None:
    with pytest.raises(FilterError) as caught:
        words_of(text).filters()
    assert part in str(caught.value)
    assert str(caught.value).endswith(".")


def test_requests_as_the_cli_makes_them() -> None:
    assert Selection().request([], []).number == 20
    assert Selection(follow=True).request([], []).number == 0
    assert Selection(everything=True).request([], []).number == ALL
    assert Selection(last=7).request([], []).number == 7
    first = Selection(first=3).request([], [])
    assert (first.number, first.first) == (3, True)
    assert Selection(since=5 * 10**9 + 7).request([], []).number == 0
    request = Selection(follow=True, since=1, until=2).request([], [])
    assert request.HasField("since")
    assert not request.HasField("until")
    for wrong in (Selection(first=1, last=1), Selection(first=1, follow=True), Selection(last=1, everything=True)):
        with pytest.raises(FilterError):
            wrong.check()


def test_choosing_from_a_file() -> None:
    rows = [row(_34=str(number), _2=1 + number % 2) for number in range(10)]
    assert list(Selection().of(rows, [], [])) == rows
    assert list(Selection(last=2).of(rows, [], [])) == rows[-2:]
    allow, deny = words_of("verdict DROPPED").filters()
    assert list(Selection(first=2).of(rows, allow, deny)) == [rows[1], rows[3]]
    assert list(Selection(until=AT * 10**9).of(rows, [], [])) == []


def test_moments() -> None:
    assert moment("1h30m", 10_000.0) == 10_000 * 10**9 - 5400 * 10**9
    assert moment("2026-09-21T14:13:20.5Z", 0) == AT * 10**9 + 500_000_000
    assert moment("2026-09-21T16:13:20+02:00", 0) == AT * 10**9
    assert moment("2026-09-21T14Z", 0) == moment("2026-09-21T14:00Z", 0) == (AT - 800) * 10**9
    assert moment("Mon, 21 Sep 2026 14:13:20 +0000", 0) == AT * 10**9
    for wrong in ("", "5", "yesterday", "2026-13-01", "5m3", "2026-09-21T14:13:20"):
        with pytest.raises(FilterError):
            moment(wrong, 0)
