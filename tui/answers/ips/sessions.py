"""BGP sessions: Cilium's node configs and frr-k8s' session states report them; MetalLB's other backends show them only as
metrics, so there the state is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pointsman.tui.answers.ips.model import Session
from pointsman.tui.model.kinds import BGPPEERS, BGPSESSIONSTATES, CILIUMBGPNODECONFIGS
from pointsman.tui.model.meta import dig_list, dig_str
from pointsman.tui.model.times import epoch
from pointsman.tui.store.snapshot import Snapshot


def sessions(snapshot: Snapshot) -> tuple[Session, ...]:
    """By peer and node. What is configured and reports no state is there with state None: absent is not down."""
    found = [*_cilium(snapshot), *_frr(snapshot)]
    reported = {item.peer for item in found}
    found.extend(item for item in _metallb_peers(snapshot) if item.peer not in reported)
    return tuple(sorted(found, key=lambda item: (item.peer, item.node or "")))


def _cilium(snapshot: Snapshot) -> Iterator[Session]:
    """The peers that a node shall have, with what it reports of each; and those that only the report names."""
    for config in snapshot.all(CILIUMBGPNODECONFIGS):
        status: dict[tuple[str, str], Any] = {}
        for instance in dig_list(config.body.status, "bgpInstances"):
            for peer in dig_list(instance, "peers"):
                name = dig_str(peer, "name") or dig_str(peer, "peerAddress")
                status[(dig_str(instance, "name"), name)] = peer
        for instance in dig_list(config.body.spec, "bgpInstances"):
            for peer in dig_list(instance, "peers"):
                key = (dig_str(instance, "name"), dig_str(peer, "name") or dig_str(peer, "peerAddress"))
                if key not in status:
                    text = f"{_as(peer)}nothing is reported of this session (enable-bgp-control-plane-status-report?)"
                    yield Session(config.name, dig_str(peer, "peerAddress") or key[1], None, detail=text)
        for (_, name), peer in status.items():
            yield Session(
                config.name,
                dig_str(peer, "peerAddress") or name,
                _state(dig_str(peer, "peeringState")),
                epoch(dig_str(peer, "establishedTime")),
                _routes(peer, "advertised"),
                _routes(peer, "received"),
                _as(peer).removesuffix("; "),
            )


def _as(peer: Any) -> str:
    asn = dig_str(peer, "peerASN")
    return f"AS {asn}; " if asn else ""


def _state(text: str) -> str | None:
    """None where the reporter itself does not know."""
    return None if text.lower() in ("", "unknown", "n/a") else text.lower()


def _routes(peer: Any, field: str) -> int | None:
    counts = [item.get(field) for item in dig_list(peer, "routeCount") if isinstance(item, dict)]
    known = [count for count in counts if isinstance(count, int) and not isinstance(count, bool)]
    return sum(known) if known else None


def _frr(snapshot: Snapshot) -> Iterator[Session]:
    for obj in snapshot.all(BGPSESSIONSTATES):
        status, labels = obj.body.status, obj.meta.labels
        node = status.node or labels.get("frrk8s.metallb.io/node", "")
        peer = status.peer or labels.get("frrk8s.metallb.io/peer", "")
        detail = ", ".join(
            part
            for part in (
                f"VRF {status.vrf}" if status.vrf else "",
                f"BFD {status.bfd_status.lower()}" if status.bfd_status and status.bfd_status != "N/A" else "",
            )
            if part
        )
        yield Session(node or None, peer, _state(status.bgp_status), detail=detail)


def _metallb_peers(snapshot: Snapshot) -> Iterator[Session]:
    reports = any(True for _ in snapshot.all(BGPSESSIONSTATES))
    for obj in snapshot.all(BGPPEERS):
        peer = dig_str(obj.body.spec, "peerAddress") or dig_str(obj.body.spec, "interface") or obj.name
        asn = dig_str(obj.body.spec, "peerASN")
        text = "MetalLB shows this session's state only with the frr-k8s backend, or as a metric"
        if reports:
            text = "no BGPSessionState reports this session: no node may be selected for it, or none has begun it"
        yield Session(None, peer, None, detail=f"AS {asn}; {text}" if asn else text)
