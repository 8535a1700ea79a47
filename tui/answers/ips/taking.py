"""What a service could be given: which pools serve it, which of their addresses are free, and why one is not to be had."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pointsman.tui.answers.ips.cilium import selects, service_labels
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.metallb import allocated
from pointsman.tui.answers.ranges import Address, Range, is_buggy, merged, parse_ip
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import NAMESPACES, SERVICES
from pointsman.tui.model.meta import Obj

LOOKED_AT = 65_536
"""Addresses of a pool that are looked at for a free one."""


def pool_holds(ctx: Context, kind: str, pool: str, address: Address) -> bool:
    ranges = ctx.metallb.ranges if kind == "metallb" else ctx.cilium.ranges
    return any(one.holds(address) for one in ranges.get(pool, ()))


def refusal(ctx: Context, service: Obj[Service], kind: str, pool: str) -> str:
    """Why a pool does not serve the service, as the end of a sentence; empty if it does."""
    if kind == "metallb":
        found = ctx.metallb.pools.get(pool)
        allocation = found.body.spec.service_allocation if found is not None else None
        if allocation is None:
            return ""
        space = ctx.snapshot.get(NAMESPACES, "", service.namespace)
        if allocated(allocation, service, space.meta.labels if space is not None else {}):
            return ""
        if allocation.namespaces or allocation.namespace_selectors:
            to = listed(allocation.namespaces) or "namespaces by label"
            return f"pool {pool} is kept for others ({to})"
        return f"pool {pool} serves only services with other labels"
    other = ctx.cilium.pools.get(pool)
    if other is None:
        return ""
    if other.body.spec.disabled:
        return f"pool {pool} is disabled"
    if not selects(other.body.spec.service_selector, service_labels(service), True):
        return f"pool {pool}'s serviceSelector does not select it"
    return ""


def why_not_from(ctx: Context, service: Obj[Service], kind: str, address: Address) -> str:
    """Why a controller would not give the service this address; empty if it would, as far as pools go."""
    if kind not in ("metallb", "cilium"):
        return ""
    ranges = ctx.metallb.ranges if kind == "metallb" else ctx.cilium.ranges
    holding = [name for name, items in sorted(ranges.items()) if any(one.holds(address) for one in items)]
    if not holding:
        return "it is in no pool" + (
            f" (there {_is(len(ranges))} {listed(sorted(ranges))})" if ranges else ", as there is none"
        )
    reasons = [refusal(ctx, service, kind, name) for name in holding]
    if all(reasons):
        return reasons[0]
    if kind == "metallb" and is_buggy(address):
        serving = [name for name, reason in zip(holding, reasons, strict=True) if not reason]
        if all(ctx.metallb.pools[name].body.spec.avoid_buggy_ips for name in serving):
            return f"pool {serving[0]} leaves out .0 and .255"
    return ""


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def free_addresses(ctx: Context, service: Obj[Service], kind: str, pool: str, most: int) -> list[Address]:
    """The first addresses of a pool that nobody has and that the service may have."""
    if refusal(ctx, service, kind, pool):
        return []
    ranges = ctx.metallb.ranges if kind == "metallb" else ctx.cilium.ranges
    used = {
        one
        for other in ctx.snapshot.all(SERVICES)
        for text in (*(point.ip for point in other.body.status.load_balancer.ingress), *other.body.spec.external_ips)
        if (one := parse_ip(text)) is not None
    }
    nodes = {one for text in ctx.node_of_ip if (one := parse_ip(text)) is not None}
    families = service.body.spec.ip_families
    version = 6 if families and families[0] == "IPv6" else 4
    found: list[Address] = []
    for address in _each([one for one in merged(ranges.get(pool, ())) if one.family == version]):
        if address not in used and address not in nodes and not why_not_from(ctx, service, kind, address):
            found.append(address)
            if len(found) >= most:
                break
    return found


def _each(ranges: list[Range]) -> Iterator[Address]:
    left = LOOKED_AT
    for one in ranges:
        make = ipaddress.IPv4Address if one.family == 4 else ipaddress.IPv6Address
        for number in range(one.first, min(one.last, one.first + left - 1) + 1):
            yield make(number)
        left -= min(left, one.size)
        if left <= 0:
            return


def serves(ctx: Context, kind: str, pool: str) -> str:
    """Whom a pool is kept for, in words, and how many there are of them; empty if it serves everybody."""
    if kind == "metallb":
        found = ctx.metallb.pools.get(pool)
        reserved = found is not None and found.body.spec.service_allocation is not None
    else:
        other = ctx.cilium.pools.get(pool)
        reserved = other is not None and other.body.spec.service_selector is not None
    if not reserved:
        return ""
    count = sum(
        1
        for service in ctx.snapshot.all(SERVICES)
        if service.body.spec.type == "LoadBalancer" and not refusal(ctx, service, kind, pool)
    )
    return (
        f"{plural(count, 'service')} that its selector finds"
        if count
        else "nobody: its selector finds no service that is there"
    )
