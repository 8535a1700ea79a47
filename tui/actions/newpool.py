"""Making a pool of addresses and what announces it, from three answers: a name, a range, the router's DHCP range. Pure.

What is refused cannot work or would break something: a range with addresses that nodes, pods, services, other pools or
the router have, or that the router gives to others.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.lan import node_addresses
from pointsman.tui.answers.ranges import Range, parse_ip, parse_range
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import (
    CILIUML2POLICIES,
    CILIUMPOOLS,
    L2ADVERTISEMENTS,
    METALLBPOOLS,
    NODES,
    PODS,
    SERVICES,
)
from pointsman.tui.store.snapshot import Snapshot

NEW_POOL, NEW_ADVERT = "pool-create", "advertisement-create"
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
NO_DHCP = ("none", "no", "off", "-")
FEW = 8
"""Bits of the part of an IPv4 address in which a home network counts its hosts; nodes' networks are not known better."""


@dataclass(frozen=True, slots=True)
class PoolAsked:
    """What the wizard asked for. ``dhcp`` is the router's range, or one of NO_DHCP."""

    name: str
    range: str
    dhcp: str


def stacks(snapshot: Snapshot) -> tuple[str, ...]:
    """Who could get a new pool here: ``metallb``, ``cilium``."""
    ctx = Context(snapshot)
    found = ["metallb"] if ctx.metallb.running else []
    return (*found, "cilium") if ctx.cilium.gives else tuple(found)


def wrong_name(snapshot: Snapshot, stack: str, name: str) -> str:
    if not NAME.fullmatch(name):
        return "A name is small letters, digits and dashes."
    ctx = Context(snapshot)
    pools = ctx.metallb.pools if stack == "metallb" else ctx.cilium.pools
    return f"There is a pool {name} already." if name in pools else ""


def wrong_range(snapshot: Snapshot, text: str) -> str:
    """Why a range cannot be a pool, as a sentence; empty if it can."""
    found = parse_range(text)
    if found is None:
        return "A range is first-last (192.168.7.60-192.168.7.69), a CIDR (192.168.7.64/28) or one address."
    return next(_clashes(snapshot, found), "")


def wrong_dhcp(range_text: str, dhcp: str) -> str:
    if not dhcp.strip():
        return "Which addresses does the router give by DHCP? Its page says so; none if it gives none."
    if dhcp.strip().lower() in NO_DHCP:
        return ""
    given, wanted = parse_range(dhcp), parse_range(range_text)
    if given is None:
        return "The DHCP range is first-last too, or none."
    if wanted is not None and wanted.overlaps(given):
        return "The router gives addresses of that range to other machines: sooner or later two would have the same."
    return ""


def _clashes(snapshot: Snapshot, wanted: Range) -> Iterator[str]:
    for ip, name in sorted(node_addresses(snapshot).items()):
        if _in(wanted, ip):
            yield f"{ip} is node {name}."
    for ip in sorted(_routers(snapshot)):
        if _in(wanted, ip):
            yield f"{ip} is the router, as far as one can tell (the first address of the nodes' network)."
    for node in snapshot.all(NODES):
        for cidr in (*node.body.spec.pod_cidrs, node.body.spec.pod_cidr):
            if (pods := parse_range(cidr)) is not None and cidr and wanted.overlaps(pods):
                yield f"It lies in {cidr}, where the pods of {node.name} get their addresses."
    for pod in snapshot.all(PODS):
        if not pod.body.spec.host_network and _in(wanted, pod.body.status.pod_ip):
            yield f"{pod.body.status.pod_ip} is pod {pod.path}."
    for service in snapshot.all(SERVICES):
        for ip in (*service.body.spec.cluster_ips, service.body.spec.cluster_ip):
            if _in(wanted, ip):
                yield f"{ip} is the cluster address of service {service.path}."
    ctx = Context(snapshot)
    for kind, ranges in (("MetalLB", ctx.metallb.ranges), ("Cilium", ctx.cilium.ranges)):
        for pool, items in sorted(ranges.items()):
            for one in items:
                if one.overlaps(wanted):
                    yield f"It overlaps with {one.text} of {kind}'s pool {pool}."
    for service in snapshot.all(SERVICES):
        for point in service.body.status.load_balancer.ingress:
            if _in(wanted, point.ip):
                yield f"{point.ip} is held by service {service.path}."


def _in(wanted: Range, text: str) -> bool:
    address = parse_ip(text)
    return address is not None and wanted.holds(address)


def _networks(snapshot: Snapshot) -> set[ipaddress.IPv4Network]:
    """The /24 around each node: what home networks are, and all that an API can tell."""
    return {
        ipaddress.IPv4Network((int(address), 32 - FEW), strict=False)
        for ip in node_addresses(snapshot)
        if isinstance(address := parse_ip(ip), ipaddress.IPv4Address)
    }


def _routers(snapshot: Snapshot) -> set[str]:
    return {str(network.network_address + 1) for network in _networks(snapshot)}


def pool_risks(snapshot: Snapshot, asked: PoolAsked) -> tuple[Risk, ...]:
    found = parse_range(asked.range)
    risks = []
    if found is not None and found.family == 4:
        inside = any(
            int(network.network_address) <= found.first and found.last <= int(network.broadcast_address)
            for network in _networks(snapshot)
        )
        if not inside:
            text = "no node has an address near it: on a LAN nobody asks for such an address unless the router routes it to a node"
            risks.append(Risk(text, grave=False))
    if asked.dhcp.strip().lower() in NO_DHCP:
        risks.append(Risk("whether another machine has one of these addresses by hand is not known", grave=False))
    return tuple(risks)


def pool_wishes(snapshot: Snapshot, stack: str, asked: PoolAsked) -> tuple[Wish, ...]:
    """The pool, and what announces it if nothing that is there would. One wish after the other. Raises ActionError."""
    text = asked.range.replace(" ", "")
    for problem in (
        wrong_name(snapshot, stack, asked.name), wrong_range(snapshot, text), wrong_dhcp(text, asked.dhcp),
    ):  # fmt: skip
        if problem:
            raise ActionError(problem)
    if stack not in stacks(snapshot):
        raise ActionError("Nothing that runs here takes addresses from a pool.")
    return _metallb(snapshot, asked, text) if stack == "metallb" else _cilium(snapshot, asked, text)


def _metallb(snapshot: Snapshot, asked: PoolAsked, text: str) -> tuple[Wish, ...]:
    ctx = Context(snapshot)
    homes = sorted({obj.namespace for obj in ctx.metallb.pools.values()})
    homes += [advert.namespace for advert in snapshot.all(L2ADVERTISEMENTS)]
    homes += [item.namespace for item in ctx.metallb.workloads()]
    if not homes:
        raise ActionError("The namespace of MetalLB is not known.")
    home = homes[0]
    span = parse_range(text)
    # MetalLB wants one address as a CIDR.
    spelled = f"{text}/{32 if span.family == 4 else 128}" if span is not None and parse_ip(text) else text
    pool = Ref(METALLBPOOLS.id, home, asked.name)
    body = _doc("metallb.io/v1beta1", "IPAddressPool", asked.name, home, {"addresses": [spelled]})
    general = [
        advert.name
        for advert in snapshot.all(L2ADVERTISEMENTS)
        if not advert.body.spec.ip_address_pools and not advert.body.spec.ip_address_pool_selectors
    ]
    size = plural(span.size, "address", "addresses") if span is not None else "addresses"
    effect = [f"MetalLB gets {size} to give; no service changes now, unless one waits for an address."]
    if general:
        effect.append(f"L2Advertisement {listed(general)} announces every pool, so this one too.")
        return (_create(NEW_POOL, pool, body, effect, pool_risks(snapshot, asked)),)
    effect.append("Next comes an L2Advertisement: without one its addresses are given and never announced.")
    advert = Ref(L2ADVERTISEMENTS.id, home, asked.name)
    spec: Doc = {"ipAddressPools": [asked.name]}
    told = _doc("metallb.io/v1beta1", "L2Advertisement", asked.name, home, spec)
    return (
        _create(NEW_POOL, pool, body, effect, pool_risks(snapshot, asked)),
        _create(NEW_ADVERT, advert, told, [f"Pool {asked.name} is announced by every node with a speaker."], ()),
    )


def _cilium(snapshot: Snapshot, asked: PoolAsked, text: str) -> tuple[Wish, ...]:
    ctx = Context(snapshot)
    span = parse_range(text)
    block: Doc = {"cidr": text}
    if "/" not in text:
        head, _, tail = text.partition("-")
        block = {"start": head, "stop": tail or head}
    pool = Ref(CILIUMPOOLS.id, "", asked.name)
    body = _doc(_pool_version(ctx), "CiliumLoadBalancerIPPool", asked.name, "", {"blocks": [block]})
    size = plural(span.size, "address", "addresses") if span is not None else "addresses"
    effect = [f"Cilium gets {size} to give; services that wait for an address may get one at once."]
    risks = [*pool_risks(snapshot, asked)]
    if not ctx.cilium.pools:
        others = [
            service.path
            for service in snapshot.all(SERVICES)
            if service.body.spec.type == "LoadBalancer"
            and not service.body.spec.load_balancer_class
            and service.body.status.load_balancer.ingress
        ]
        if others:
            risks.append(
                Risk(
                    "LB-IPAM wakes with its first pool and strips addresses that lie in none of its pools from services "
                    f"without a class: {listed(others, most=5)}"
                )
            )
    selected = [
        policy.name
        for policy in snapshot.all(CILIUML2POLICIES)
        if policy.body.spec.load_balancer_ips and policy.body.spec.service_selector is None
    ]
    if selected or not ctx.cilium.l2_on:
        effect.append(
            f"CiliumL2AnnouncementPolicy {listed(selected)} announces the addresses of every service."
            if selected
            else "L2 announcements are switched off, so something else (BGP) must announce them."
        )
        return (_create(NEW_POOL, pool, body, effect, tuple(risks)),)
    effect.append("Next comes a CiliumL2AnnouncementPolicy: none announces the addresses of every service.")
    policy = Ref(CILIUML2POLICIES.id, "", asked.name)
    # The policy is of this version in every release so far.
    told = _doc("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", asked.name, "", {"loadBalancerIPs": True})
    return (
        _create(NEW_POOL, pool, body, effect, tuple(risks)),
        _create(NEW_ADVERT, policy, told, ["Every node may announce every service's address."], ()),
    )


def _pool_version(ctx: Context) -> str:
    """That of the pools there are; without any, what the agent's release stores (v2 since 1.18)."""
    for pool in ctx.cilium.pools.values():
        return str(pool.doc().get("apiVersion", "")) or CILIUMPOOLS.api_version()
    release = re.match(r"(\d+)\.(\d+)", ctx.cilium.release or "")
    old = release is not None and (int(release.group(1)), int(release.group(2))) < (1, 18)
    return "cilium.io/v2alpha1" if old else "cilium.io/v2"


def _doc(version: str, kind: str, name: str, namespace: str, spec: Doc) -> Doc:
    metadata: Doc = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _create(action: str, ref: Ref, body: Doc, effect: list[str], risks: tuple[Risk, ...]) -> Wish:
    def make(live: Doc | None) -> Doc | None:
        if live is not None:
            raise ActionError(f"There is a {ref.title} already.")
        return body

    return Wish(action, f"create {ref.title}", ref, make, risks=risks, effect=tuple(effect))
