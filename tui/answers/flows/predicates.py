"""Hubble's flow filters, judged here by the server's rules.

Values of one field are alternatives, the fields of one filter must all match, several filters are alternatives; what
matches the deny list is out, and an empty allow list lets all in. The same predicates serve the verb, the pane (rows of
any origin), files, and the demo's Relay. What a row leaves out is decoded from its original.

Over 400 lines because the API has some thirty filter fields, and one short predicate for each is read best side by side.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from pointsman.tui.answers.flows.labels import LabelError, selector
from pointsman.tui.model.flows import Flow, Peer
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import message_of

Predicate = Callable[[Flow], bool]
LONGEST_TEXT: Final = 4096
"""Characters of a URL or name that a regular expression is tried on."""

PROTOCOLS: Final = ("icmp", "icmpv4", "icmpv6", "tcp", "udp", "sctp", "vrrp", "igmp", "dns", "http", "kafka")
_NAME = r"(?:[-0-9_a-z]+(?:\.[-0-9_a-z]+)*)"
_HTTP_FIELDS: Final = ("http_status_code", "http_method", "http_path", "http_url", "http_header")


class FilterError(ValueError):
    """A filter that cannot be used; the text is one sentence."""


def matcher(allow: Sequence[Any], deny: Sequence[Any] = ()) -> Predicate:
    """Rows that pass the lists of FlowFilter messages. Raises FilterError."""
    allowed = [compile_filter(item) for item in allow]
    denied = [compile_filter(item) for item in deny]
    if not allowed and not denied:
        return lambda _: True
    if len(allowed) == 1 and not denied:
        return allowed[0]

    def passes(flow: Flow) -> bool:
        return (not allowed or any(test(flow) for test in allowed)) and not any(test(flow) for test in denied)

    return passes


def compile_filter(message: Any) -> Predicate:
    """One FlowFilter message as a predicate. Raises FilterError."""
    tests: list[Predicate] = []
    types = [item.type for item in message.event_type]
    for field, value in message.ListFields():
        name = field.name
        if name in _HTTP_FIELDS and types and hubble.ACCESS_LOG not in types:
            raise FilterError("Filters on HTTP need the event type l7; take the other type out.")
        if name == "experimental":
            raise FilterError("CEL expressions can only be judged by the server.")
        tests.append(_BUILDERS[name](value))
    if len(tests) == 1:
        return tests[0]
    return lambda flow: all(test(flow) for test in tests)


def _of(which: str) -> Callable[[Flow], Peer]:
    if which == "source":
        return lambda flow: flow.source
    return lambda flow: flow.destination


def _ips(get: Callable[[Flow], str]) -> Callable[[Iterable[str]], Predicate]:
    def build(texts: Iterable[str]) -> Predicate:
        exact, networks = set(), []
        for text in texts:
            try:
                if "/" in text:
                    networks.append(ipaddress.ip_network(text, strict=False))
                else:
                    ipaddress.ip_address(text)
                    exact.add(text)
            except ValueError:
                raise FilterError(f"{text!r} is not an IP address or range (10.0.0.7, 10.0.0.0/8, fd00::/8).") from None

        def test(flow: Flow) -> bool:
            found = get(flow)
            if not found:
                return False
            if found in exact:
                return True
            if not networks:
                return False
            try:
                address = ipaddress.ip_address(found)
            except ValueError:
                return False
            return any(address in network for network in networks if network.version == address.version)

        return test

    return build


def _xlated(flow: Flow) -> str:
    message = message_of(flow)
    return "" if message is None else str(message.IP.source_xlated)


def _named(get: Callable[[Flow], tuple[str, str]]) -> Callable[[Iterable[str]], Predicate]:
    def build(texts: Iterable[str]) -> Predicate:
        wanted: list[tuple[str, str]] = []
        for text in texts:
            if not text:
                raise FilterError("A pod or service filter needs a name (ns/name, ns/ or /name).")
            head, slash, rest = text.partition("/")
            if slash:
                wanted.append((head, rest.partition("/")[0]))
            else:
                wanted.append(("default", head))

        def test(flow: Flow) -> bool:
            namespace, name = get(flow)
            if not namespace and not name:
                return False
            return any(
                (not prefix or name.startswith(prefix)) and (not where or where == namespace)
                for where, prefix in wanted
            )

        return test

    return build


def _fqdn_pattern(text: str) -> str:
    pattern = text.strip().removesuffix(".").lower()
    if not pattern or pattern.endswith(".") or re.search(r"[^-0-9a-z_.*]", pattern):
        raise FilterError(f"{text!r} is not a DNS name (letters, digits, - _ . and * for any part).")
    return pattern.replace(".", r"\.").replace("*", "[-.0-9a-z]*")


def _fqdns(which: str) -> Callable[[Iterable[str]], Predicate]:
    peer = _of(which)

    def build(texts: Iterable[str]) -> Predicate:
        wanted = re.compile("|".join(f"(?:{_fqdn_pattern(text)})" for text in texts))
        return lambda flow: any(wanted.fullmatch(name) for name in peer(flow).names)

    return build


def _labels(get: Callable[[Any], Iterable[str]]) -> Callable[[Iterable[str]], Predicate]:
    def build(texts: Iterable[str]) -> Predicate:
        try:
            selectors = [selector(text) for text in texts]
        except LabelError as error:
            raise FilterError(str(error)) from None

        def test(flow: Flow) -> bool:
            message = message_of(flow)
            labels = () if message is None else list(get(message))
            return any(matches(labels) for matches in selectors)

        return test

    return build


def _workloads(which: str) -> Callable[[Iterable[Any]], Predicate]:
    def build(items: Iterable[Any]) -> Predicate:
        wanted = [(item.kind, item.name) for item in items]

        def test(flow: Flow) -> bool:
            message = message_of(flow)
            if message is None:
                peer = flow.source if which == "source" else flow.destination
                kind, _, name = peer.workload.rpartition("/")
                held = [(kind, name)] if name else []
            else:
                held = [(item.kind, item.name) for item in getattr(message, which).workloads]
            return any(
                (not kind or kind == of) and (not name or name == called)
                for of, called in held
                for kind, name in wanted
            )

        return test

    return build


def _clusters(which: str) -> Callable[[Iterable[str]], Predicate]:
    def build(texts: Iterable[str]) -> Predicate:
        wanted = set(texts)
        if "" in wanted:
            raise FilterError("A cluster filter needs a name.")

        def test(flow: Flow) -> bool:
            message = message_of(flow)
            return message is not None and getattr(message, which).cluster_name in wanted

        return test

    return build


def _ports(which: str) -> Callable[[Iterable[str]], Predicate]:
    peer = _of(which)

    def build(texts: Iterable[str]) -> Predicate:
        wanted = set()
        for text in texts:
            if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
                raise FilterError(f"{text!r} is not a port (0 to 65535).")
            wanted.add(int(text))
        return lambda flow: peer(flow).port in wanted

    return build


def _identities(which: str) -> Callable[[Iterable[int]], Predicate]:
    peer = _of(which)

    def build(numbers: Iterable[int]) -> Predicate:
        wanted = set(numbers)
        return lambda flow: peer(flow).identity in wanted

    return build


def _verdicts(numbers: Iterable[int]) -> Predicate:
    wanted = {hubble.named(hubble.VERDICTS, number) for number in numbers}
    return lambda flow: flow.verdict in wanted


def _drop_reasons(numbers: Iterable[int]) -> Predicate:
    wanted = {hubble.named(hubble.DROP_REASONS, number) if number else "" for number in numbers}
    return lambda flow: flow.drop_reason in wanted


def _directions(numbers: Iterable[int]) -> Predicate:
    wanted = {("", "ingress", "egress")[number] for number in numbers if 0 <= number < 3}
    return lambda flow: flow.direction in wanted


def _event_types(items: Iterable[Any]) -> Predicate:
    wanted = [(item.type, item.sub_type if item.match_sub_type else None) for item in items]

    def test(flow: Flow) -> bool:
        if not flow.event:
            # No event type at all: only the original can tell it from the type 0.
            return False
        return any((not kind or kind == flow.event) and (sub is None or sub == flow.sub) for kind, sub in wanted)

    return test


def _protocols(texts: Iterable[str]) -> Predicate:
    wanted = {text.lower() for text in texts}
    if unknown := wanted - set(PROTOCOLS):
        raise FilterError(f"{min(unknown)!r} is not a protocol ({', '.join(PROTOCOLS)}).")
    if "icmp" in wanted:
        wanted |= {"icmpv4", "icmpv6"}
    return lambda flow: flow.protocol.lower() in wanted or (flow.l7 is not None and flow.l7.kind in wanted)


def _status_codes(texts: Iterable[str]) -> Predicate:
    full, prefixes = set(), []
    for text in texts:
        if re.fullmatch(r"[1-5][0-9]{2}", text):
            full.add(text)
        elif re.fullmatch(r"[1-5][0-9]?\+", text):
            prefixes.append(text[:-1])
        else:
            raise FilterError(f"{text!r} is not an HTTP status (404, 5+ or 50+).")
    begin = tuple(prefixes)

    def test(flow: Flow) -> bool:
        if flow.l7 is None or flow.l7.kind != "http" or not flow.l7.code:
            return False
        code = f"{flow.l7.code:03d}"
        return code in full or bool(begin and code.startswith(begin))

    return test


def _methods(texts: Iterable[str]) -> Predicate:
    wanted = {text.lower() for text in texts}
    return lambda flow: flow.l7 is not None and bool(flow.l7.method) and flow.l7.method.lower() in wanted


def _patterns(texts: Iterable[str]) -> list[re.Pattern[str]]:
    found = []
    for text in texts:
        try:
            found.append(re.compile(text))
        except (re.error, RecursionError, OverflowError) as error:
            raise FilterError(f"{text!r} is not a regular expression: {error}.") from None
    return found


def _url(flow: Flow) -> str:
    """In clear: the user's own expression may be about the query."""
    if flow.l7 is None or flow.l7.kind != "http":
        return ""
    if not flow.masked:
        return flow.l7.url
    message = message_of(flow)
    return flow.l7.url if message is None else str(message.l7.http.url)


def _urls(texts: Iterable[str]) -> Predicate:
    wanted = _patterns(texts)

    def test(flow: Flow) -> bool:
        url = _url(flow)[:LONGEST_TEXT]
        return bool(url) and any(pattern.search(url) for pattern in wanted)

    return test


def _paths(texts: Iterable[str]) -> Predicate:
    wanted = _patterns(texts)

    def test(flow: Flow) -> bool:
        url = _url(flow)[:LONGEST_TEXT]
        try:
            path = urlsplit(url).path if url else ""
        except ValueError:
            return False
        return bool(url) and any(pattern.search(path) for pattern in wanted)

    return test


def _headers(items: Iterable[Any]) -> Predicate:
    wanted = {(item.key, item.value) for item in items}

    def test(flow: Flow) -> bool:
        if flow.l7 is None or flow.l7.kind != "http":
            return False
        message = message_of(flow)
        return message is not None and any((item.key, item.value) in wanted for item in message.l7.http.headers)

    return test


def _dns_queries(texts: Iterable[str]) -> Predicate:
    wanted = _patterns(texts)

    def test(flow: Flow) -> bool:
        if flow.l7 is None or flow.l7.kind != "dns":
            return False
        name = flow.l7.query[:LONGEST_TEXT]
        return any(pattern.search(name) for pattern in wanted)

    return test


def _flags(items: Iterable[Any]) -> Predicate:
    wanted = [{name for name in hubble.FLAGS if getattr(item, name)} for item in items]

    def test(flow: Flow) -> bool:
        if flow.protocol != "TCP":
            return False
        message = message_of(flow)
        if message is None or not message.l4.TCP.HasField("flags"):
            return False
        flags = message.l4.TCP.flags
        return any(all(getattr(flags, name) for name in names) for names in wanted)

    return test


def _nodes(texts: Iterable[str]) -> Predicate:
    patterns = []
    for text in texts:
        cluster, _, node = text.rpartition("/")
        if not text or "/" in cluster:
            raise FilterError(f"{text!r} is not a node filter (node*, cluster/node, cluster/).")
        left = _fqdn_pattern(cluster) if cluster else _NAME
        patterns.append(f"(?:{left}/{_fqdn_pattern(node) if node else _NAME})")
    wanted = re.compile("|".join(patterns))

    def test(flow: Flow) -> bool:
        # A name without a cluster belongs to the cluster `default`.
        return bool(flow.node) and (
            wanted.fullmatch(flow.node if "/" in flow.node else f"default/{flow.node}") is not None
        )

    return test


def _versions(numbers: Iterable[int]) -> Predicate:
    wanted = set(numbers)

    def test(flow: Flow) -> bool:
        ip = flow.source.ip or flow.destination.ip
        if not ip:
            return 0 in wanted
        return (2 if ":" in ip else 1) in wanted

    return test


def _replies(values: Iterable[bool]) -> Predicate:
    wanted = set(values)

    def test(flow: Flow) -> bool:
        if flow.is_reply is None and flow.verdict != "DROPPED":
            return False
        return bool(flow.is_reply) in wanted

    return test


def _traces(texts: Iterable[str]) -> Predicate:
    wanted = set(texts)

    def test(flow: Flow) -> bool:
        message = message_of(flow)
        return message is not None and message.trace_context.parent.trace_id in wanted

    return test


def _interfaces(items: Iterable[Any]) -> Predicate:
    wanted = [(item.index, item.name) for item in items]

    def test(flow: Flow) -> bool:
        message = message_of(flow)
        if message is None or not message.HasField("interface"):
            return False
        found = message.interface
        return any((not index or index == found.index) and (not name or name == found.name) for index, name in wanted)

    return test


def _encrypted(values: Iterable[bool]) -> Predicate:
    wanted = set(values)

    def test(flow: Flow) -> bool:
        message = message_of(flow)
        return message is not None and bool(message.IP.encrypted) in wanted

    return test


def _among(get: Callable[[Flow], object]) -> Callable[[Iterable[Any]], Predicate]:
    def build(values: Iterable[Any]) -> Predicate:
        wanted = set(values)
        return lambda flow: get(flow) in wanted

    return build


_BUILDERS: Final[dict[str, Callable[[Any], Predicate]]] = {
    "uuid": _among(lambda flow: flow.uuid),
    "source_ip": _ips(lambda flow: flow.source.ip),
    "source_ip_xlated": _ips(_xlated),
    "source_pod": _named(lambda flow: (flow.source.namespace, flow.source.pod)),
    "source_fqdn": _fqdns("source"),
    "source_label": _labels(lambda message: message.source.labels),
    "source_service": _named(lambda flow: (flow.source.service_namespace, flow.source.service)),
    "source_workload": _workloads("source"),
    "source_cluster_name": _clusters("source"),
    "destination_ip": _ips(lambda flow: flow.destination.ip),
    "destination_pod": _named(lambda flow: (flow.destination.namespace, flow.destination.pod)),
    "destination_fqdn": _fqdns("destination"),
    "destination_label": _labels(lambda message: message.destination.labels),
    "destination_service": _named(lambda flow: (flow.destination.service_namespace, flow.destination.service)),
    "destination_workload": _workloads("destination"),
    "destination_cluster_name": _clusters("destination"),
    "traffic_direction": _directions,
    "verdict": _verdicts,
    "drop_reason_desc": _drop_reasons,
    "interface": _interfaces,
    "event_type": _event_types,
    "http_status_code": _status_codes,
    "protocol": _protocols,
    "source_port": _ports("source"),
    "destination_port": _ports("destination"),
    "reply": _replies,
    "dns_query": _dns_queries,
    "source_identity": _identities("source"),
    "destination_identity": _identities("destination"),
    "http_method": _methods,
    "http_path": _paths,
    "http_url": _urls,
    "http_header": _headers,
    "tcp_flags": _flags,
    "node_name": _nodes,
    "node_labels": _labels(lambda message: message.node_labels),
    "ip_version": _versions,
    "trace_id": _traces,
    "ip_trace_id": _among(lambda flow: flow.ip_trace),
    "encrypted": _encrypted,
}
