"""The program's own JSON lines (``flows -o json``, the flight recorder's files) read back into rows.

They hold less than Hubble tells: what a row holds, labels, policies and masked headers. What an event was is told from its
type, as it is the API's own word. Over Hubble's flows a message can be made again, for filters and explanations that look
at labels and policies.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pointsman.tui.model.flows import HUBBLE, L7, NO_DETAILS, TRAEFIK_LOG, Details, Flow, Peer, mask_url
from pointsman.tui.wire import hubble

BEGIN: Final = b'{"time":'
"""How such a line begins."""
_POINTS: Final = {name: number for number, name in enumerate(hubble.TRACE_POINTS)}
_REASONS: Final = {name: number for number, name in hubble.DROP_REASONS.items()}
_VERDICTS: Final = {name: number for number, name in hubble.VERDICTS.items()}
_XLATE: Final = {"pre-xlate-fwd": 1, "post-xlate-fwd": 2, "pre-xlate-rev": 3, "post-xlate-rev": 4}
_LISTS: Final = {
    ("egress", "allow"): "egress_allowed_by", ("ingress", "allow"): "ingress_allowed_by",
    ("egress", "deny"): "egress_denied_by", ("ingress", "deny"): "ingress_denied_by",
}  # fmt: skip


class _End(msgspec.Struct, frozen=True, gc=False):
    namespace: str | None = None
    pod: str | None = None
    workload: str | None = None
    identity: int | None = None
    ip: str | None = None
    port: int | None = None
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    service: str | None = None
    mac: str = ""


class _Header(msgspec.Struct, gc=False):
    name: str = ""
    value: str = ""


class _L7(msgspec.Struct, gc=False):
    kind: str = "l7"
    type: str | None = None
    latency_ns: int | None = None
    method: str | None = None
    url: str | None = None
    status: int | None = None
    protocol: str | None = None
    headers: tuple[_Header, ...] = ()
    query: str | None = None
    answers: tuple[str, ...] = ()
    rcode: int | None = None
    entry_point: str = ""
    router: str = ""
    service: str = ""
    backend: str = ""
    size: int | None = None


class _Policy(msgspec.Struct, gc=False):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    direction: str = ""
    decision: str = ""


class _Document(msgspec.Struct, gc=False):
    origin: str
    time: str | None = None
    verdict: str = "VERDICT_UNKNOWN"
    direction: str | None = None
    source: _End = _End()
    destination: _End = _End()
    protocol: str | None = None
    l7: _L7 | None = None
    drop_reason: str | None = None
    policies: tuple[_Policy, ...] = ()
    node: str | None = None
    is_reply: bool | None = None
    uuid: str | None = None
    type: str | None = None
    summary: str | None = None
    auth: str = ""


_decode: Final = msgspec.json.Decoder(_Document).decode


def row(line: bytes, ns: int | None) -> Flow | None:
    """The row of such a line; None for what is none. ``ns`` is its time, which the caller reads."""
    found = _document(line)
    if found is None:
        return None
    kind = found.type or "UNKNOWN"
    event, sub = _event(kind, found)
    return Flow(
        found.origin, ns, found.verdict, found.direction or "", _peer(found.source), _peer(found.destination),
        found.protocol or "", kind, event, sub, mask_url(found.summary or ""), found.is_reply, found.drop_reason or "",
        found.node or "", found.uuid or "", None if found.l7 is None else _l7(found.l7), found.auth, 0, False,
        line.rstrip(),
    )  # fmt: skip


def _document(line: bytes) -> _Document | None:
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.origin in (HUBBLE, TRAEFIK_LOG) else None


def time_of(line: bytes) -> str | None:
    """The time's text, read without the rest; None where it stands elsewhere than at the beginning."""
    if line.startswith(BEGIN + b'"'):
        end = line.find(b'"', len(BEGIN) + 1)
        return line[len(BEGIN) + 1 : end].decode("ascii", "replace") if end > 0 else None
    return None


def details(line: bytes) -> Details:
    """What the row of such a line leaves out."""
    found = _document(line)
    if found is None:
        return NO_DETAILS
    named = tuple(
        (_LISTS[key], item.kind or "", item.namespace or "", item.name or "")
        for item in found.policies
        if (key := (item.direction, item.decision)) in _LISTS
    )
    headers = () if found.l7 is None else tuple((item.name, item.value) for item in found.l7.headers)
    macs = (found.source.mac, found.destination.mac)
    return Details(found.source.labels, found.destination.labels, named, headers, macs if any(macs) else ())


def _event(kind: str, found: _Document) -> tuple[int, int]:
    """Monitor message type and sub-type."""
    if found.l7 is not None:
        return hubble.ACCESS_LOG, 0
    if kind in _POINTS:
        return hubble.TRACE, _POINTS[kind]
    if kind.startswith("policy-verdict:"):
        return hubble.POLICY_VERDICT, 0
    if kind in _XLATE:
        return hubble.TRACE_SOCK, 0
    if found.drop_reason:
        return hubble.DROP, _REASONS.get(found.drop_reason, 0)
    return 0, 0


def _peer(end: _End) -> Peer:
    namespace, slash, service = (end.service or "").partition("/")
    if not slash:
        namespace, service = "", namespace
    return Peer(
        end.namespace or "", end.pod or "", end.workload or "", end.identity, end.ip or "", end.port, end.names, service,
        namespace,
    )  # fmt: skip


def _l7(l7: _L7) -> L7:
    return L7(
        l7.kind, (l7.type or "").upper(), l7.latency_ns, l7.status, l7.method or "", mask_url(l7.url or ""),
        l7.protocol or "", l7.query or "", l7.answers, l7.rcode, l7.entry_point, l7.router, l7.service, l7.backend, l7.size,
    )  # fmt: skip


def fields(line: bytes) -> dict[str, Any] | None:
    """What a ``GetFlowsResponse`` is made of again, times left out; None for a line that is none or not Hubble's."""
    found = _document(line)
    if found is None or found.origin != HUBBLE:
        return None
    kind = found.type or ""
    event, sub = _event(kind, found)
    flow: dict[str, Any] = {
        "verdict": _VERDICTS.get(found.verdict, 0), "uuid": found.uuid or "", "node_name": found.node or "",
        "Summary": found.summary or "", "event_type": {"type": event, "sub_type": sub},
        "source": _endpoint(found.source), "destination": _endpoint(found.destination),
        "source_names": found.source.names, "destination_names": found.destination.names,
        "traffic_direction": {"ingress": 1, "egress": 2}.get(found.direction or "", 0),
    }  # fmt: skip
    if found.source.ip or found.destination.ip:
        flow["IP"] = {"source": found.source.ip or "", "destination": found.destination.ip or ""}
    elif found.source.mac or found.destination.mac:
        flow["ethernet"] = {"source": found.source.mac, "destination": found.destination.mac}
    if found.protocol in ("TCP", "UDP", "SCTP"):
        ports = {"source_port": found.source.port or 0, "destination_port": found.destination.port or 0}
        flow["l4"] = {found.protocol: ports}
    elif found.protocol in ("ICMPv4", "ICMPv6", "VRRP", "IGMP"):
        flow["l4"] = {found.protocol: {}}
    if found.drop_reason:
        flow["drop_reason_desc"] = _REASONS.get(found.drop_reason, 0)
    if found.is_reply is not None:
        flow["is_reply"] = {"value": found.is_reply}
    for name in ("source", "destination"):
        if service := getattr(found, name).service:
            namespace, slash, own = service.partition("/")
            flow[f"{name}_service"] = {"namespace": namespace, "name": own} if slash else {"name": namespace}
    for item in found.policies:
        if key := _LISTS.get((item.direction, item.decision)):
            named = {"kind": item.kind or "", "namespace": item.namespace or "", "name": item.name or ""}
            flow.setdefault(key, []).append(named)
    if found.l7 is not None:
        flow["l7"] = _layer7(found.l7)
    return {"flow": flow, "node_name": found.node or ""}


def _endpoint(end: _End) -> dict[str, Any]:
    made: dict[str, Any] = {
        "identity": min(max(end.identity or 0, 0), 2**32 - 1), "namespace": end.namespace or "",
        "pod_name": end.pod or "", "labels": end.labels,
    }  # fmt: skip
    if end.workload:
        kind, slash, name = end.workload.partition("/")
        made["workloads"] = [{"kind": kind, "name": name} if slash else {"name": kind}]
    return made


def _layer7(l7: _L7) -> dict[str, Any]:
    kinds = {name: number for number, name in hubble.L7_TYPES.items()}
    made: dict[str, Any] = {"type": kinds.get((l7.type or "").upper(), 0), "latency_ns": max(l7.latency_ns or 0, 0)}
    if l7.kind == "http":
        headers = [{"key": item.name, "value": item.value} for item in l7.headers]
        made["http"] = {
            "code": l7.status or 0, "method": l7.method or "", "url": l7.url or "", "protocol": l7.protocol or "",
            "headers": headers,
        }  # fmt: skip
    elif l7.kind == "dns":
        made["dns"] = {"query": l7.query or "", "ips": l7.answers, "rcode": l7.rcode or 0}
    return made
