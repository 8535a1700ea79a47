"""Flow rows for tests, made by hand."""

from __future__ import annotations

from typing import Any

from pointsman.tui.model.flows import HUBBLE, Flow, Peer

JELLYFIN = Peer("media", "jellyfin-7d-x", "Deployment/jellyfin", 4711, "10.52.1.7", 51000)
POSTGRES = Peer("db", "postgres-0", "StatefulSet/postgres", 4712, "10.52.2.9", 5432)
COREDNS = Peer("kube-system", "coredns-1", "Deployment/coredns", 4714, "10.52.0.2", 53)
WORLD = Peer(identity=2, ip="203.0.113.9", port=44000)
LAN = Peer(identity=2, ip="192.168.7.23", port=44001)
WEATHER = Peer(identity=(1 << 24) + 3, ip="198.51.100.4", port=443, names=("api.weather.example",))
HOST = Peer(identity=1, ip="192.168.7.11", port=30000)
BARE = Peer("lab", "toolbox", "", 4713, "10.52.3.3", 8080)
PEERS = (JELLYFIN, POSTGRES, COREDNS, WORLD, LAN, WEATHER, HOST, BARE)


def flow(source: Peer = JELLYFIN, destination: Peer = POSTGRES, verdict: str = "FORWARDED", **more: Any) -> Flow:
    """A SYN handed to the receiving pod, unless said otherwise."""
    given = {
        "origin": HUBBLE, "ns": 1_773_493_331_000_000_000, "direction": "ingress", "protocol": "TCP",
        "kind": "to-endpoint", "event": 4, "summary": "TCP Flags: SYN", "node": "default/loft",
    }  # fmt: skip
    return Flow(verdict=verdict, source=source, destination=destination, **{**given, **more})


def drop(source: Peer = JELLYFIN, destination: Peer = POSTGRES, reason: str = "POLICY_DENIED", **more: Any) -> Flow:
    """What Hubble tells of a packet that no rule allows."""
    return flow(
        source,
        destination,
        "DROPPED",
        **{"kind": "Policy denied", "event": 1, "sub": 133, "drop_reason": reason, **more},
    )
