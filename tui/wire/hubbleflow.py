"""Hubble's messages into rows, from protobuf bytes or from JSON lines, and back to the message for what rows leave out.

Over 400 lines because both ways in must give the same row, and stand together to be compared.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import msgspec
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from pointsman.tui.model.flows import HUBBLE, L7, NO_DETAILS, Details, Event, Flow, Lost, NodeStatus, Peer, mask_url
from pointsman.tui.wire import hubble, ownflow
from pointsman.tui.wire.hubble import GetFlowsResponse, named

_NOBODY: Final = Peer()
_DIRECTIONS: Final = ("", "ingress", "egress")
_PORTED: Final = frozenset(("TCP", "UDP", "SCTP"))
_TRACE_KINDS: Final = dict(enumerate(hubble.TRACE_POINTS))
_XLATE: Final = {1: "pre-xlate-fwd", 2: "post-xlate-fwd", 3: "pre-xlate-rev", 4: "post-xlate-rev"}
_WIDE: Final = ("socket_cookie", "cgroup_id")
"""uint64 fields of a flow; in the JSON form they are strings."""

_parse = GetFlowsResponse.FromString
_document = msgspec.json.Decoder()


class BadLineError(ValueError):
    """A line that is no ``GetFlowsResponse``; ``str()`` says why in a few words."""


def decode(raw: bytes) -> Event | None:
    """A serialized ``GetFlowsResponse`` as a row; None for a kind of answer that is not known here.

    Raises google.protobuf's DecodeError for what is no message.
    """
    return from_message(_parse(raw), raw)


def from_message(message: Any, raw: bytes) -> Event | None:
    """The same, of a parsed message; ``raw`` are its bytes."""
    which = message.WhichOneof("response_types")
    if which == "flow":
        return _flow(message.flow, message, raw)
    if which == "node_status":
        status = message.node_status
        return NodeStatus(
            _ns(message, "time"),
            named(hubble.NODE_STATES, status.state_change),
            tuple(status.node_names),
            status.message,
            message.node_name,
            raw,
        )
    if which == "lost_events":
        lost = message.lost_events
        return Lost(
            _ns(message, "time"),
            named(hubble.LOST_SOURCES, lost.source),
            lost.num_events_lost,
            lost.cpu.value if lost.HasField("cpu") else None,
            _ns(lost, "first"),
            _ns(lost, "last"),
            message.node_name,
            raw,
        )
    return None


def message_of(flow: Flow) -> Any | None:
    """The ``flow.Flow`` message a row was made from; None for a flow of another origin."""
    return answer_of(flow).flow if flow.origin == HUBBLE and flow.raw else None


def answer_of(event: Event) -> Any:
    """The whole ``GetFlowsResponse`` of an event of Hubble's; an empty one where a JSON line's rest is no good."""
    # No answer's bytes begin with a brace: it would be field 15 as a group.
    if event.raw.startswith(b"{"):
        try:
            return message_from_json(event.raw)
        except BadLineError:
            return GetFlowsResponse()
    return _parse(event.raw)


POLICY_LISTS: Final = ("egress_allowed_by", "ingress_allowed_by", "egress_denied_by", "ingress_denied_by")


def details_of(flow: Flow) -> Details:
    """Cheaper than the message where the original is a JSON line."""
    if flow.origin != HUBBLE or not flow.raw:
        return NO_DETAILS
    if flow.raw.startswith(ownflow.BEGIN):
        return ownflow.details(flow.raw)
    if flow.raw.startswith(b'{"flow"') and (flow.source.ip or flow.destination.ip):
        try:
            found = _rest.decode(flow.raw).flow
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if found is not None:
            http = found.l7.http if found.l7 is not None else None
            return Details(
                found.source.labels, found.destination.labels,
                tuple((name, item.kind, item.namespace, item.name)
                      for name in POLICY_LISTS for item in getattr(found, name)),
                tuple((item.key, item.value) for item in http.headers) if http is not None else (),
            )  # fmt: skip
    message = message_of(flow)
    if message is None:
        return NO_DETAILS
    return Details(
        tuple(message.source.labels), tuple(message.destination.labels),
        tuple((name, item.kind, item.namespace, item.name)
              for name in POLICY_LISTS for item in getattr(message, name)),
        tuple((item.key, item.value) for item in message.l7.http.headers),
        () if message.HasField("IP") else (message.ethernet.source, message.ethernet.destination),
    )  # fmt: skip


def _ns(message: Any, field: str) -> int | None:
    if not message.HasField(field):
        return None
    time = getattr(message, field)
    if not hubble.is_time(time):
        return None
    stamp: int = time.seconds * 1_000_000_000 + time.nanos
    return stamp


_texts: dict[str, str] = {}
_MOST_TEXTS: Final = 16_384


def _shared(text: str) -> str:
    """The same text as one object: names and addresses come again in every flow, and twenty thousand flows are kept."""
    if len(_texts) > _MOST_TEXTS:
        _texts.clear()
    return _texts.setdefault(text, text)


_numbers: dict[int, int] = {}


def _shared_number(number: int) -> int:
    """The same of an identity."""
    if len(_numbers) > _MOST_TEXTS:
        _numbers.clear()
    return _numbers.setdefault(number, number)


def _peer(flow: Any, which: str, ip: str, port: int | None, names: Any, service: Any) -> Peer:
    if flow.HasField(which):
        end = getattr(flow, which)
        workload = ""
        for item in end.workloads:
            workload = _shared(f"{item.kind}/{item.name}" if item.kind else item.name)
            break
        return Peer(
            _shared(end.namespace),
            _shared(end.pod_name),
            workload,
            _shared_number(end.identity),
            _shared(ip),
            port,
            tuple(names) if names else (),
            service.name if service is not None else "",
            service.namespace if service is not None else "",
        )
    if not ip and service is None and not names and port is None:
        return _NOBODY
    return Peer(
        ip=_shared(ip),
        port=port,
        names=tuple(names),
        service=service.name if service is not None else "",
        service_namespace=service.namespace if service is not None else "",
    )


def _flow(flow: Any, message: Any, raw: bytes) -> Flow:
    protocol = ""
    source_port = destination_port = None
    if flow.HasField("l4"):
        layer = flow.l4
        protocol = _shared(layer.WhichOneof("protocol") or "")
        if protocol in _PORTED:
            ports = getattr(layer, protocol)
            source_port, destination_port = ports.source_port, ports.destination_port
    source_ip = destination_ip = ""
    if flow.HasField("IP"):
        addresses = flow.IP
        source_ip, destination_ip = addresses.source, addresses.destination
    event = flow.event_type
    kind, sub = event.type, event.sub_type
    summary = flow.Summary
    safe = mask_url(summary) if "?" in summary or "@" in summary else summary
    masked = safe != summary
    l7 = None
    if flow.HasField("l7"):
        l7, hides = _l7(flow.l7)
        masked = masked or hides
        what = _l7_kind(flow.l7)
    else:
        what = _kind(flow, kind, sub)
    source_service = flow.source_service if flow.HasField("source_service") else None
    destination_service = flow.destination_service if flow.HasField("destination_service") else None
    if _blank(source_service) or _blank(destination_service) or (message.node_name and not flow.node_name):
        masked = True
    verdict = flow.verdict
    reason = flow.drop_reason_desc
    direction = flow.traffic_direction
    return Flow(
        HUBBLE,
        _ns(flow, "time"),
        hubble.VERDICTS.get(verdict) or str(verdict),
        _DIRECTIONS[direction] if 0 <= direction < 3 else "",
        _peer(
            flow,
            "source",
            source_ip,
            source_port,
            flow.source_names,
            source_service,
        ),
        _peer(
            flow,
            "destination",
            destination_ip,
            destination_port,
            flow.destination_names,
            destination_service,
        ),
        protocol,
        what,
        kind,
        sub,
        _shared(safe) if len(safe) < 40 else safe,
        flow.is_reply.value if flow.HasField("is_reply") else None,
        named(hubble.DROP_REASONS, reason) if reason else "",
        _shared(flow.node_name or message.node_name),
        flow.uuid,
        l7,
        named(hubble.AUTH_TYPES, flow.auth_type) if flow.auth_type else "",
        flow.ip_trace_id.trace_id if flow.HasField("ip_trace_id") else 0,
        masked,
        raw,
    )


def _blank(service: Any) -> bool:
    """Whether a service is given and says nothing: the CLI then leaves out the pod's namespace, which no row can say."""
    return service is not None and not service.name and not service.namespace


def _kind(flow: Any, kind: int, sub: int) -> str:
    """What the CLI prints as type (facts of its printer)."""
    if kind == hubble.TRACE:
        return _TRACE_KINDS.get(sub & 0xFF) or str(sub & 0xFF)
    if kind == hubble.DROP:
        return hubble.drop_text(sub)
    if kind == hubble.POLICY_VERDICT:
        match = flow.policy_match_type
        name = hubble.POLICY_MATCHES[match] if match < len(hubble.POLICY_MATCHES) else "unknown"
        return f"policy-verdict:{name} {named(hubble.DIRECTIONS, flow.traffic_direction)}"
    if kind == hubble.CAPTURE:
        return named(hubble.CAPTURE_POINTS, flow.debug_capture_point)
    if kind == hubble.TRACE_SOCK:
        point = flow.sock_xlate_point
        return _XLATE.get(point) or named(hubble.XLATE_POINTS, point)
    return "UNKNOWN"


def _l7_kind(l7: Any) -> str:
    kind = named(hubble.L7_TYPES, l7.type).lower()
    record = l7.WhichOneof("record")
    if record == "dns":
        kind += f" {l7.dns.observation_source}"
    return f"{record or 'l7'}-{kind}"


def _l7(l7: Any) -> tuple[L7, bool]:
    """The row, and whether it hides something."""
    record = l7.WhichOneof("record") or "l7"
    kind = named(hubble.L7_TYPES, l7.type) if l7.type else ""
    latency = l7.latency_ns or None
    if record == "http":
        http = l7.http
        url = mask_url(http.url)
        hides = url != http.url or bool(http.headers)
        return L7("http", kind, latency, http.code or None, http.method, url, http.protocol), hides
    if record == "dns":
        dns = l7.dns
        return L7("dns", kind, latency, query=dns.query, answers=tuple(dns.ips), rcode=dns.rcode), False
    return L7(record, kind, latency), False


def _stamp(text: str) -> dict[str, int]:
    """RFC 3339 with up to nine digits as Timestamp fields. Raises ValueError."""
    seconds, nanos = divmod(_instant(text), 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}


def message_from_json(line: bytes | str) -> Any:
    """One line of ``hubble observe -o jsonpb`` (or of the exporter's file, or of ``-o json``) as a message.

    The short way builds the message from the document in C and knows only what flows usually hold; all else goes the
    official way. A bare flow (the CLI's legacy JSON) is put into an answer. Raises BadLineError.
    """
    try:
        document = _document.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLineError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadLineError("not a JSON object")
    if "origin" in document and "flow" not in document:
        return _again_from_own(line, document)
    bare = "flow" not in document and ("verdict" in document or "IP" in document or "event_type" in document)
    if bare:
        document = {"flow": document, "node_name": document.get("node_name", ""), "time": document.get("time")}
        if document["time"] is None:
            del document["time"]
    elif not document.keys() & {"flow", "node_status", "lost_events", "nodeStatus", "lostEvents"}:
        raise BadLineError("not a flow")
    try:
        return _quick(document)
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    if bare:
        line = msgspec.json.encode(_again(line))
    try:
        return json_format.Parse(line, GetFlowsResponse(), ignore_unknown_fields=True)
    except (json_format.ParseError, DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLineError(str(error).partition("\n")[0][:160]) from None


def _again_from_own(line: bytes | str, document: dict[str, Any]) -> Any:
    """The message of one of our own lines, as far as it tells."""
    made = ownflow.fields(line.encode() if isinstance(line, str) else line)
    if made is None:
        raise BadLineError("not a flow")
    if isinstance(document.get("time"), str):
        try:
            made["time"] = made["flow"]["time"] = _stamp(document["time"])
        except ValueError:
            raise BadLineError("its time is no time") from None
    try:
        return GetFlowsResponse(**made)
    except (TypeError, ValueError) as error:
        raise BadLineError(str(error)[:160]) from None


def _again(line: bytes | str) -> dict[str, Any]:
    flow = _document.decode(line)
    answer = {"flow": flow}
    answer |= {key: flow[key] for key in ("time", "node_name") if key in flow}
    return answer


def _quick(document: dict[str, Any]) -> Any:
    """The message of a plain flow. Raises TypeError, ValueError, AttributeError or KeyError for what is not plain."""
    flow = document["flow"]
    if "time" in document:
        document["time"] = _stamp(document["time"])
    if "time" in flow:
        flow["time"] = _stamp(flow["time"])
    if "is_reply" in flow:
        flow["is_reply"] = {"value": flow["is_reply"]}
    for name in _WIDE:
        if name in flow:
            flow[name] = int(flow[name])
    if "l7" in flow and "latency_ns" in flow["l7"]:
        flow["l7"]["latency_ns"] = int(flow["l7"]["latency_ns"])
    for name in ("egress_allowed_by", "ingress_allowed_by", "egress_denied_by", "ingress_denied_by"):
        for policy in flow.get(name, ()):
            if "revision" in policy:
                policy["revision"] = int(policy["revision"])
    return GetFlowsResponse(**document)


def decode_line(line: bytes) -> Event | None:
    """A JSON line as a row. Raises BadLineError.

    The usual line is read straight into the row, which costs a third; the line itself is then the original. What is not
    usual goes by the message. Our own lines are read too, whatever their origin.
    """
    if line.startswith(ownflow.BEGIN) and (own := _own(line)) is not None:
        return own
    try:
        found = _lines.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if found is not None and found.flow is not None and (row := _row(found.flow, found.node_name, line)) is not None:
        return row
    message = message_from_json(line)
    return from_message(message, message.SerializeToString())


def _own(line: bytes) -> Flow | None:
    text = ownflow.time_of(line)
    try:
        return ownflow.row(line, None if text is None else _instant(text))
    except ValueError:
        return None


class _Named(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    kind: str = ""


class _End(msgspec.Struct):
    identity: int = 0
    namespace: str = ""
    pod_name: str = ""
    workloads: tuple[_Named, ...] = ()


class _Ip(msgspec.Struct):
    source: str = ""
    destination: str = ""


class _Ports(msgspec.Struct):
    source_port: int = 0
    destination_port: int = 0


class _Type(msgspec.Struct):
    type: int = 0
    sub_type: int = 0


class _Line(msgspec.Struct):
    time: str = ""
    uuid: str = ""
    verdict: str = "VERDICT_UNKNOWN"
    auth_type: str = ""
    IP: _Ip | None = None
    l4: dict[str, _Ports] | None = None
    source: _End | None = None
    destination: _End | None = None
    node_name: str = ""
    source_names: tuple[str, ...] = ()
    destination_names: tuple[str, ...] = ()
    event_type: _Type | None = None
    source_service: _Named | None = None
    destination_service: _Named | None = None
    traffic_direction: str = ""
    policy_match_type: int = 0
    drop_reason_desc: str = ""
    is_reply: bool | None = None
    Summary: str = ""
    l7: msgspec.Raw | None = None
    ip_trace_id: msgspec.Raw | None = None


class _Answer(msgspec.Struct):
    flow: _Line | None = None
    node_name: str = ""


_lines = msgspec.json.Decoder(_Answer)


class _Labelled(msgspec.Struct, frozen=True):
    labels: tuple[str, ...] = ()


class _Header(msgspec.Struct):
    key: str = ""
    value: str = ""


class _Http(msgspec.Struct):
    headers: tuple[_Header, ...] = ()


class _L7Rest(msgspec.Struct):
    http: _Http | None = None


class _FlowRest(msgspec.Struct):
    source: _Labelled = _Labelled()
    destination: _Labelled = _Labelled()
    l7: _L7Rest | None = None
    egress_allowed_by: tuple[_Named, ...] = ()
    ingress_allowed_by: tuple[_Named, ...] = ()
    egress_denied_by: tuple[_Named, ...] = ()
    ingress_denied_by: tuple[_Named, ...] = ()


class _Rest(msgspec.Struct):
    flow: _FlowRest | None = None


_rest = msgspec.json.Decoder(_Rest)
_AUTH: Final = frozenset(("", *hubble.AUTH_TYPES.values()))
_VERDICTS: Final = frozenset(hubble.VERDICTS.values())
_REASONS: Final = frozenset(("", *hubble.DROP_REASONS.values()))
_WAYS: Final = {"": "", "TRAFFIC_DIRECTION_UNKNOWN": "", "INGRESS": "ingress", "EGRESS": "egress"}
_L4: Final = frozenset(("TCP", "UDP", "SCTP", "ICMPv4", "ICMPv6", "VRRP", "IGMP"))
_NO_TYPE: Final = _Type()


def _row(flow: _Line, node: str, line: bytes) -> Flow | None:
    """The row of a usual flow: L3 or L4, known words only; None for what is not usual."""
    event = flow.event_type or _NO_TYPE
    kind, sub = event.type, event.sub_type
    if kind == hubble.TRACE:
        what = _TRACE_KINDS.get(sub & 0xFF) or str(sub & 0xFF)
    elif kind == hubble.DROP:
        what = hubble.drop_text(sub)
    elif kind == hubble.POLICY_VERDICT and flow.policy_match_type < len(hubble.POLICY_MATCHES):
        way = flow.traffic_direction or "TRAFFIC_DIRECTION_UNKNOWN"
        what = f"policy-verdict:{hubble.POLICY_MATCHES[flow.policy_match_type]} {way}"
    else:
        return None
    if (
        flow.l7 is not None
        or flow.ip_trace_id is not None
        or flow.verdict not in _VERDICTS
        or flow.traffic_direction not in _WAYS
        or flow.drop_reason_desc not in _REASONS
        or flow.auth_type not in _AUTH
    ):
        return None
    protocol = ""
    one = other = None
    if flow.l4 is not None:
        if len(flow.l4) != 1:
            return None
        for protocol, ports in flow.l4.items():
            if protocol not in _L4:
                return None
            if protocol in _PORTED:
                one, other = ports.source_port, ports.destination_port
    source = destination = ""
    if flow.IP is not None:
        source, destination = flow.IP.source, flow.IP.destination
    try:
        ns = _instant(flow.time) if flow.time else None
    except ValueError:
        return None
    summary = flow.Summary
    safe = mask_url(summary) if "?" in summary or "@" in summary else summary
    reason = flow.drop_reason_desc
    return Flow(
        HUBBLE,
        ns,
        flow.verdict,
        _WAYS[flow.traffic_direction],
        _party(flow.source, source, one, flow.source_names, flow.source_service),
        _party(flow.destination, destination, other, flow.destination_names, flow.destination_service),
        protocol,
        what,
        kind,
        sub,
        safe,
        flow.is_reply,
        "" if reason == "DROP_REASON_UNKNOWN" else reason,
        flow.node_name or node,
        flow.uuid,
        None,
        "" if flow.auth_type == "DISABLED" else flow.auth_type,
        0,
        (safe is not summary and safe != summary)
        or bool(node and not flow.node_name)
        or _blank(flow.source_service)
        or _blank(flow.destination_service),
        line.rstrip(),
    )


def _party(end: _End | None, ip: str, port: int | None, names: tuple[str, ...], service: _Named | None) -> Peer:
    if end is None:
        if not ip and service is None and not names and port is None:
            return _NOBODY
        if service is None:
            return Peer(ip=ip, port=port, names=names)
        return Peer(ip=ip, port=port, names=names, service=service.name, service_namespace=service.namespace)
    workload = ""
    if end.workloads:
        first = end.workloads[0]
        workload = f"{first.kind}/{first.name}" if first.kind else first.name
    if service is None:
        return Peer(end.namespace, end.pod_name, workload, end.identity, ip, port, names)
    return Peer(
        end.namespace, end.pod_name, workload, end.identity, ip, port, names, service.name, service.namespace
    )  # fmt: skip


_known_second: tuple[str, int] = ("", 0)


def _instant(text: str) -> int:
    """Nanoseconds of a time. Raises ValueError."""
    global _known_second
    head, part = text[:19], text[19:]
    known, seconds = _known_second
    if known != head:
        seconds = int(datetime.datetime.fromisoformat(f"{head}+00:00").timestamp())
        _known_second = (head, seconds)
    if part == "Z":
        return seconds * 1_000_000_000
    digits = part[1:-1]
    if part[:1] != "." or part[-1:] != "Z" or not digits.isdecimal() or len(digits) > 9:
        raise ValueError(text)
    return seconds * 1_000_000_000 + int(digits.ljust(9, "0"))
