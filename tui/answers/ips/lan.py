"""Does the local network agree about who holds an address? Judged by who answers ARP (or NDP), never by what a connection
to the address does: a ghost may look alive and a healthy address may refuse a port. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from pointsman.tui.answers.ips.model import ONE_ANNOUNCER, Address, Evidence, IpKind, Lan, Problem
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Node
from pointsman.tui.model.kinds import NODES, SERVICES
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.neighbours import LanReading, normal_ip
from pointsman.tui.model.times import age
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

BGP = frozenset({IpKind.METALLB_BGP, IpKind.CILIUM_BGP})
SETTLING = 60.0
"""Seconds after a move in which a neighbour table may still hold the node before."""
GOOD_FOR = 600.0
"""Seconds for which an answer of the network is believed."""
ASKING = "the local network is being asked"
GHOST_ID, CONFLICT_ID = "lan-ghost", "lan-conflict"


@memoized(NODES)
def node_addresses(snapshot: Snapshot) -> Mapping[str, str]:
    """The nodes' own addresses → the node."""
    return {ip: node.name for node in snapshot.all(NODES) for ip in addresses_of(node)}


def addresses_of(node: Obj[Node]) -> tuple[str, ...]:
    return tuple(
        ip
        for address in node.body.status.addresses
        if address.type in ("InternalIP", "ExternalIP") and (ip := normal_ip(address.address))
    )


@memoized(SERVICES)
def _service_addresses(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(
        normal_ip(point.ip) for service in snapshot.all(SERVICES) for point in service.body.status.load_balancer.ingress
    )


def askable(item: Address) -> bool:
    """Whether somebody on the LAN should answer for it: not for what routers know by BGP, nor for what is no address."""
    return item.kind not in BGP and bool(normal_ip(item.ip or ""))


def judge(item: Address, reading: LanReading, snapshot: Snapshot) -> Lan:
    """What a reading says of an address. The nodes' MACs are those that answered for the nodes' own addresses."""
    lan = _judge(item, reading, snapshot)
    return replace(lan, at=reading.at) if lan.checked else lan


def _judge(item: Address, reading: LanReading, snapshot: Snapshot) -> Lan:
    if reading.asking:
        return Lan("not-checked", why=ASKING)
    if reading.blocked:
        return Lan("not-checked", why=reading.blocked)
    if item.kind in BGP:
        return Lan("not-checked", why="it is announced by BGP: routers know the way, nobody answers for it on the LAN")
    if (late := _out_of_date(item, reading, snapshot.now)) is not None:
        return late
    owners = node_addresses(snapshot)
    node_of = {mac: owners[ip] for ip, mac in reading.hosts.items() if mac and ip in owners}
    heard = bool(node_of)
    if not reading.macs:
        if heard:
            return Lan("ghost", True, why=f"nobody answers for it, while {_nodes(node_of)} answer{_s(node_of)}")
        why = "neither it nor any node answers: this machine seems not to be in their network"
        return Lan("unreachable", True, why=why)
    mac = reading.macs[-1]
    node = node_of.get(mac)
    rivals = _rivals(item, reading)
    if rivals:
        said = listed(
            [f"{one} ({node_of.get(one) or _stranger(one, reading, snapshot) or 'unknown'})" for one in rivals]
        )
        return Lan("conflict", True, mac, node, f"more than one host answers for it: {said}")
    if node is not None:
        return _by_node(item, node, mac, reading, snapshot.now)
    stranger = _stranger(mac, reading, snapshot)
    if stranger:
        return Lan("conflict", True, mac, None, f"{stranger} answers for it, which is no node of this cluster")
    expected = [one.node for one in item.announcers if one.node not in node_of.values()]
    if expected:
        why = f"{mac} answers; which MAC {listed(expected[:3], word='or')} has is not known here"
    else:
        why = f"{mac} answers, which is no node's: another host, or another network card of a node"
    return Lan("unknown-mac", True, mac, None, why)


def _out_of_date(item: Address, reading: LanReading, now: float) -> Lan | None:
    """What was seen before a move, or long ago, says nothing of now."""
    ago = age(now - reading.at)
    since = max((one.since for one in item.announcers if one.since is not None), default=None)
    if since is not None and since > reading.at:
        return Lan("not-checked", why=f"it moved after the local network was asked ({ago} ago); ask again")
    if now - reading.at > GOOD_FOR:
        return Lan("not-checked", why=f"the local network was asked {ago} ago, which is too long ago; ask again")
    return None


def _by_node(item: Address, node: str, mac: str, reading: LanReading, now: float) -> Lan:
    seen = [one for one in item.announcers if one.evidence is not Evidence.PREDICTED]
    names = {one.node for one in seen}
    if not names or node in names or item.kind not in ONE_ANNOUNCER:
        why = f"{node} answers" + ("" if names else ", and nothing in the cluster says who should")
        if not reading.sure:
            why += " (from before: it was not asked anew while the check lasted)"
        return Lan("agrees", True, mac, node, why)
    since = max((one.since for one in seen if one.since is not None), default=None)
    why = f"{node} answers, but {seen[0].source or 'the cluster'} says {listed(sorted(names))}"
    if since is not None and reading.at - since < SETTLING:
        why += f"; it moved {age(now - since)} ago, so the network may not have heard of it yet"
    return Lan("conflict", True, mac, node, why)


def _rivals(item: Address, reading: LanReading) -> list[str]:
    """The MACs that take turns: within the check, or from check to check while the announcement stood still."""
    since = max((one.since for one in item.announcers if one.since is not None), default=None)
    moving = since is not None and reading.at - since < SETTLING
    if len(set(reading.macs)) > 1 and not (moving and len(reading.macs) == 2):
        return list(dict.fromkeys(reading.macs))
    past = [mac for at, mac in reading.earlier if mac and (since is None or at > since)]
    turns = [*past, *reading.macs]
    changes = sum(1 for one, other in itertools.pairwise(turns) if one != other)
    return list(dict.fromkeys(turns)) if changes >= 2 else []


def _stranger(mac: str, reading: LanReading, snapshot: Snapshot) -> str:
    """The host whose MAC it is, if the table knows it by an address that is neither a node's nor a service's."""
    owners, services = node_addresses(snapshot), _service_addresses(snapshot)
    for ip, other in reading.hosts.items():
        if other == mac and ip != reading.ip and ip not in owners and ip not in services:
            return ip
    return ""


def _nodes(node_of: Mapping[str, str]) -> str:
    return listed(sorted(set(node_of.values())), most=4)


def _s(node_of: Mapping[str, str]) -> str:
    return "s" if len(set(node_of.values())) == 1 else ""


def problem(lan: Lan, item: Address) -> Problem | None:
    """What a verdict means for the address; what was not checked is no problem."""
    if lan.state == "ghost":
        said = f"; {item.announcers[0].source or item.announcers[0].node} says that {item.announcers[0].node} does" if (
            item.announcers and item.announcers[0].evidence is not Evidence.PREDICTED
        ) else ""  # fmt: skip
        return Problem(GHOST_ID, "error", f"the local network hears nobody: {lan.why}{said}")
    if lan.state == "conflict":
        return Problem(CONFLICT_ID, "error", f"the local network does not agree: {lan.why}")
    return None
