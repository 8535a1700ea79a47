"""A flow as ``flows -o json`` writes it: stable names, ``null`` for unknown, nothing of a request's secrets."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.flows.jsonpb import stamp
from pointsman.tui.model.flows import L7, Flow, Peer, mask_header
from pointsman.tui.wire.hubbleflow import message_of

ALLOWED = ("egress_allowed_by", "ingress_allowed_by")
DENIED = ("egress_denied_by", "ingress_denied_by")


def flow_document(flow: Flow) -> dict[str, Any]:
    """The object of one line."""
    message = message_of(flow)
    return {
        "time": None if flow.ns is None else stamp(*divmod(flow.ns, 1_000_000_000)),
        "verdict": flow.verdict,
        "direction": flow.direction or None,
        "source": _peer(flow.source, None if message is None else message.source),
        "destination": _peer(flow.destination, None if message is None else message.destination),
        "protocol": flow.protocol or None,
        "l7": None if flow.l7 is None else _l7(flow.l7, message),
        "drop_reason": flow.drop_reason or None,
        "policies": [] if message is None else policies(message),
        "node": flow.node or None,
        "is_reply": flow.is_reply,
        "uuid": flow.uuid or None,
        "origin": flow.origin,
        "type": flow.kind or None,
        "summary": flow.summary or None,
    }


def policies(message: Any) -> list[dict[str, Any]]:
    """What Hubble names as the policies that allowed or denied, by direction.

    A drop by default-deny has no denying policy, and may name one that allowed an earlier stage: that is no cause.
    """
    return [
        {
            "kind": item.kind or None,
            "namespace": item.namespace or None,
            "name": item.name or None,
            "direction": field.partition("_")[0],
            "decision": "allow" if field in ALLOWED else "deny",
        }
        for field in (*ALLOWED, *DENIED)
        for item in getattr(message, field)
    ]


def _peer(peer: Peer, end: Any) -> dict[str, Any]:
    return {
        "namespace": peer.namespace or None,
        "pod": peer.pod or None,
        "workload": peer.workload or None,
        "identity": peer.identity,
        "ip": peer.ip or None,
        "port": peer.port,
        "labels": [] if end is None else list(end.labels),
        "names": list(peer.names),
        "service": f"{peer.service_namespace}/{peer.service}" if peer.service else None,
    }


def _l7(l7: L7, message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": l7.kind, "type": l7.type.lower() or None, "latency_ns": l7.latency_ns}
    if l7.kind == "http":
        found |= {
            "method": l7.method or None,
            "url": l7.url or None,
            "status": l7.code,
            "protocol": l7.protocol or None,
        }
        if message is not None:
            found["headers"] = [
                {"name": item.key, "value": mask_header(item.key, item.value)} for item in message.l7.http.headers
            ]
    elif l7.kind == "dns":
        found |= {"query": l7.query or None, "answers": list(l7.answers), "rcode": l7.rcode}
    for name in ("entry_point", "router", "service", "backend", "size"):
        if value := getattr(l7, name):
            found[name] = value
    return found
