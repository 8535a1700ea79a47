"""Handing out addresses: what MetalLB's controller and Cilium's LB-IPAM have in common.

A pool is a name and ranges; a service asks for a pool, for one address, or for nothing, and may share an address with
others that give the same key and use other ports.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pointsman.tui.demo.controllers.manager import Manager, Obj
from pointsman.tui.demo.scenario.platform.metallb import span_ends


@dataclass(frozen=True)
class Pool:
    """`first`-`last` are the ends of one or more ranges, as numbers; `auto` says whether it serves who asks for none."""

    name: str
    ranges: tuple[tuple[int, int], ...]
    auto: bool = True
    accepts: Callable[[Obj], bool] = lambda _: True

    @property
    def size(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def holds(self, ip: str) -> bool:
        number = _number(ip)
        return any(first <= number <= last for first, last in self.ranges)

    def addresses(self) -> Iterable[str]:
        return (str(ipaddress.IPv4Address(n)) for first, last in self.ranges for n in range(first, last + 1))


@dataclass(frozen=True)
class Request:
    """What a service asks for."""

    ip: str = ""
    pool: str = ""
    sharing: str = ""


def ranges_of(spans: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Ranges `a-b` and prefixes; what cannot be read is left out, as the whole pool would be invalid."""
    out = []
    for span in spans:
        try:
            out.append(span_ends(span))
        except ValueError:
            continue
    return tuple(out)


def _number(ip: str) -> int:
    try:
        return int(ipaddress.IPv4Address(ip))
    except ValueError:
        return -1


def held_ips(service: Obj) -> list[str]:
    """The addresses in a service's status."""
    items = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return [item["ip"] for item in items if "ip" in item]


def is_balancer(service: Obj) -> bool:
    """A LoadBalancer service that leaves the choice of who serves it open."""
    spec = service["spec"]
    return (
        spec.get("type") == "LoadBalancer"
        and not spec.get("loadBalancerClass")
        and "deletionTimestamp" not in service["metadata"]
    )


def clashes(service: Obj, others: Iterable[Obj], key: str, key_of: Callable[[Obj], str]) -> str:
    """Why the service cannot share an address with `others`, in MetalLB's words; empty if it can."""
    for other in others:
        theirs = key_of(other)
        meta = other["metadata"]
        if not key or key != theirs:
            return f"sharing key {key!r} does not match existing sharing key {theirs!r} of {meta['namespace']}/{meta['name']}"
        taken = {(p["protocol"], p["port"]) for p in other["spec"].get("ports") or ()}
        for port in service["spec"].get("ports") or ():
            if (port["protocol"], port["port"]) in taken:
                where = f"{port['protocol'].lower()}/{port['port']}"
                return f"port {where} is already in use on the address by {meta['namespace']}/{meta['name']}"
    return ""


class Allocator:
    """Keeps, takes back and hands out addresses for one controller's pools."""

    def __init__(self, manager: Manager, pools: list[Pool], key_of: Callable[[Obj], str]) -> None:
        self._pools = pools
        self._key_of = key_of
        self.services = [s for s in manager.list("services") if is_balancer(s)]

    def sharers(self, ip: str, but: Obj) -> list[Obj]:
        return [s for s in self.services if s["metadata"]["uid"] != but["metadata"]["uid"] and ip in held_ips(s)]

    def pool_of(self, ip: str, service: Obj, wanted: str = "") -> Pool | None:
        """The pool that may give `ip` to this service."""
        for pool in self._pools:
            if pool.holds(ip) and pool.accepts(service) and (not wanted or pool.name == wanted):
                return pool
        return None

    def may_keep(self, service: Obj, ip: str, asked: Request) -> Pool | None:
        """The pool under which a service keeps what it has, None if it has to let go."""
        if asked.ip and asked.ip != ip:
            return None
        pool = self.pool_of(ip, service, asked.pool)
        if pool is None or clashes(service, self.sharers(ip, service), asked.sharing, self._key_of):
            return None
        return pool

    def choose(self, service: Obj, asked: Request) -> tuple[str, Pool | None, str]:
        """An address, its pool, and else the reason why there is none."""
        if asked.pool and all(pool.name != asked.pool for pool in self._pools):
            return "", None, f'unknown pool "{asked.pool}"'
        if asked.ip:
            pool = self.pool_of(asked.ip, service, asked.pool)
            if pool is None:
                return "", None, f'["{asked.ip}"] is not allowed in config'
            why = clashes(service, self.sharers(asked.ip, service), asked.sharing, self._key_of)
            return ("", None, why) if why else (asked.ip, pool, "")
        for pool in self._pools:
            if not pool.accepts(service) or (pool.name != asked.pool if asked.pool else not pool.auto):
                continue
            for ip in pool.addresses():
                sharers = self.sharers(ip, service)
                if not sharers or not clashes(service, sharers, asked.sharing, self._key_of):
                    return ip, pool, ""
        return "", None, f"no available IPs in pool {asked.pool}" if asked.pool else "no available IPs"

    def used(self, pool: Pool) -> int:
        """Different addresses of a pool that are held."""
        return len({ip for service in self.services for ip in held_ips(service) if pool.holds(ip)})
