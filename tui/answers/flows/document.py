"""A flow as ``flows -o json`` writes it: stable names, ``null`` for unknown, nothing of a request's secrets."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from pointsman.tui.answers.flows.jsonpb import stamp
from pointsman.tui.model.flows import HUBBLE, L7, Details, Flow, Peer, mask_header
from pointsman.tui.wire.hubbleflow import details_of

ALLOWED: Final = ("egress_allowed_by", "ingress_allowed_by")
_encode: Final = msgspec.json.Encoder().encode
_known_second: tuple[int, str] = (-1, "")


def flow_line(flow: Flow) -> bytes:
    """The line, without its end; ASCII only, so that no character of a name reaches a terminal as it is."""
    document = flow_document(flow)
    line = _encode(document)
    if line.isascii() and b"\\" not in line:
        return line
    return json.dumps(document, separators=(",", ":")).encode()


def flow_document(flow: Flow) -> dict[str, Any]:
    """The object of one line."""
    details = details_of(flow)
    found: dict[str, Any] = {
        "time": None if flow.ns is None else _stamp(flow.ns),
        "verdict": flow.verdict,
        "direction": flow.direction or None,
        "source": _peer(flow.source, details.source_labels),
        "destination": _peer(flow.destination, details.destination_labels),
        "protocol": flow.protocol or None,
        "l7": None if flow.l7 is None else _l7(flow.l7, details, flow.origin),
        "drop_reason": flow.drop_reason or None,
        "policies": policies(details) if details.policies else [],
        "node": flow.node or None,
        "is_reply": flow.is_reply,
        "uuid": flow.uuid or None,
        "origin": flow.origin,
        "type": flow.kind or None,
        "summary": flow.summary or None,
    }
    if flow.auth:
        found["auth"] = flow.auth
    if details.macs:
        found["source"]["mac"], found["destination"]["mac"] = details.macs
    return found


def _stamp(ns: int) -> str:
    """RFC 3339; flows come many to the second, and a date costs more than the rest of the line."""
    global _known_second
    second, nanos = divmod(ns, 1_000_000_000)
    known, text = _known_second
    if known != second:
        text = stamp(second, 0)[:-1]
        _known_second = (second, text)
    if not nanos:
        return f"{text}Z"
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"


def policies(details: Details) -> list[dict[str, Any]]:
    """What Hubble names as the policies that allowed or denied, by direction.

    A drop by default-deny has no denying policy, and may name one that allowed an earlier stage: that is no cause.
    """
    return [
        {
            "kind": kind or None,
            "namespace": namespace or None,
            "name": name or None,
            "direction": field.partition("_")[0],
            "decision": "allow" if field in ALLOWED else "deny",
        }
        for field, kind, namespace, name in details.policies
    ]


def _peer(peer: Peer, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "namespace": peer.namespace or None,
        "pod": peer.pod or None,
        "workload": peer.workload or None,
        "identity": peer.identity,
        "ip": peer.ip or None,
        "port": peer.port,
        "labels": list(labels),
        "names": list(peer.names),
        "service": (f"{peer.service_namespace}/{peer.service}" if peer.service_namespace else peer.service) or None,
    }


def _l7(l7: L7, details: Details, origin: str) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": l7.kind, "type": l7.type.lower() or None, "latency_ns": l7.latency_ns}
    if l7.kind == "http":
        found |= {
            "method": l7.method or None,
            "url": l7.url or None,
            "status": l7.code,
            "protocol": l7.protocol or None,
        }
        if origin == HUBBLE:
            found["headers"] = [{"name": key, "value": mask_header(key, value)} for key, value in details.headers]
    elif l7.kind == "dns":
        found |= {"query": l7.query or None, "answers": list(l7.answers), "rcode": l7.rcode}
    for name in ("entry_point", "router", "service", "backend", "size"):
        if value := getattr(l7, name):
            found[name] = value
    return found
