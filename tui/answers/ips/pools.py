"""The pools of addresses: how large, how full, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pointsman.tui.answers.ips.cilium import CiliumState
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.metallb import MetalState, any_selects
from pointsman.tui.answers.ips.model import Pool, Problem
from pointsman.tui.answers.ranges import Address, Lookup, Range, buggy, is_buggy, merged, overlaps
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import from_files, listed, sees
from pointsman.tui.model.kinds import DAEMONSETS, NODES
from pointsman.tui.model.lb import CiliumLoadBalancerIPPool, IPAddressPool
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.store.snapshot import Snapshot

COUNTS = {"total": "cilium.io/IPsTotal", "used": "cilium.io/IPsUsed", "available": "cilium.io/IPsAvailable"}
"""Cilium puts the numbers as text into the messages of conditions."""
CONFLICT = "cilium.io/PoolConflict"


def pools(ctx: Context, addresses: Mapping[Address, bool]) -> tuple[Pool, ...]:
    """All pools, MetalLB's first. ``addresses`` are those in use, each once however many services share it, and whether
    anything announces them."""
    used = list(addresses)
    ranges = {
        **{("metallb", name): items for name, items in ctx.metallb.ranges.items()},
        **{("cilium", name): items for name, items in ctx.cilium.ranges.items()},
    }
    counted = _count(ranges, used, ctx)
    silent = _count(ranges, [address for address, announced in addresses.items() if not announced], ctx)
    clashes = _clashes(ranges, ctx)
    found = [
        _metallb(
            ctx.metallb, pool, counted[("metallb", name)], silent[("metallb", name)], clashes.get(("metallb", name), [])
        )
        for name, pool in sorted(ctx.metallb.pools.items())
    ]
    found += [
        _cilium(ctx.cilium, pool, counted[("cilium", name)], clashes.get(("cilium", name), []))
        for name, pool in sorted(ctx.cilium.pools.items())
    ]
    return tuple(found)


PoolKey = tuple[str, str]


def _count(ranges: Mapping[PoolKey, Sequence[Range]], used: list[Address], ctx: Context) -> dict[PoolKey, int]:
    """How many addresses in use lie in each pool."""
    lookups = {
        kind: Lookup((item, name) for (owner, name), items in ranges.items() if owner == kind for item in items)
        for kind in ("metallb", "cilium")
    }
    result = dict.fromkeys(ranges, 0)
    for address in used:
        for kind, lookup in lookups.items():
            for name in lookup.names(address):
                pool = ctx.metallb.pools.get(name) if kind == "metallb" else None
                if pool is not None and pool.body.spec.avoid_buggy_ips and is_buggy(address):
                    continue
                result[(kind, name)] += 1
    return result


def _clashes(ranges: Mapping[PoolKey, Sequence[Range]], ctx: Context) -> dict[PoolKey, list[Problem]]:
    """Pools that share addresses. Two of MetalLB's make its whole configuration invalid. The pools of a controller that
    gives nothing now are left out: nothing can come of it."""
    unseen = _unseen(ctx.snapshot)
    active = {"metallb": ctx.metallb.running or unseen, "cilium": ctx.cilium.gives_surely or unseen}
    entries = [(item, f"{kind} {name}") for (kind, name), items in ranges.items() if active[kind] for item in items]
    result: dict[PoolKey, list[Problem]] = {}
    found = overlaps(entries)
    if unseen:  # which of the two controllers runs, these files do not say
        found = [pair for kind in active for pair in overlaps([one for one in entries if _split(one[1])[0] == kind])]
    for text, name, other_text, other in found:
        first, second = _split(name), _split(other)
        both_metallb = first[0] == second[0] == "metallb"
        end = ": MetalLB refuses its whole configuration" if both_metallb else ""
        for mine, theirs, here, there in ((first, second, text, other_text), (second, first, other_text, text)):
            which = f"{theirs[0]} pool" if mine[0] != theirs[0] else "pool"
            sentence = f"{here} overlaps with {there} of {which} {theirs[1]}{end}"
            result.setdefault(mine, []).append(Problem("pool-overlap", "error", sentence))
    return result


def _unseen(snapshot: Snapshot) -> bool:
    """Whether these are manifests alone, as in a repository: what runs is not to be seen in them. Files with a node are of
    a cluster as it was."""
    return from_files(snapshot) and not snapshot.count(NODES)


def _split(text: str) -> PoolKey:
    kind, _, name = text.partition(" ")
    return kind, name


def _metallb(state: MetalState, pool: Obj[IPAddressPool], counted: int, silent: int, clashes: list[Problem]) -> Pool:
    spec, status = pool.body.spec, pool.body.status
    ranges = state.ranges[pool.name]
    problems = list(clashes)
    unread = len(spec.addresses) - len(ranges)
    total: int | None = sum(item.size - (buggy(item) if spec.avoid_buggy_ips else 0) for item in merged(ranges))
    if unread:
        problems.append(Problem("pool-invalid", "error", "an entry of addresses is neither a CIDR nor first-last"))
        total = None
    assigned = [n for n in (status.assigned_ipv4, status.assigned_ipv6) if n is not None]
    free = [n for n in (status.available_ipv4, status.available_ipv6) if n is not None]
    used: int | None = sum(assigned) if assigned else counted
    available = sum(free) if free else (None if total is None or used is None else max(0, total - used))
    adverts = [f"L2Advertisement {item.name}" for item in state.l2(pool.name)]
    adverts += [f"BGPAdvertisement {item.name}" for item in state.bgp(pool.name)]
    if not state.running and sees(state.snapshot, DAEMONSETS) and not _unseen(state.snapshot):
        problems.append(
            Problem("pool-idle", "info", "MetalLB does not run, so nothing gives or announces its addresses")
        )
    elif not adverts and state.adverts_known:
        text = "in no L2Advertisement and no BGPAdvertisement"
        if counted and not silent:
            problems.append(
                Problem("pool-not-advertised", "info", f"{text}: MetalLB leaves its announcement to others")
            )
        else:
            text += ": its addresses are given, but never announced"
            problems.append(Problem("ip-not-announced", "error" if silent else "warn", text))
    problems.extend(_reach(state, pool))
    problems.extend(_full(total, available))
    auto = spec.auto_assign is not False
    return Pool(
        pool.name, "metallb", ref(pool), spec.addresses, total, used, available, tuple(problems), auto, tuple(adverts)
    )


def _cilium(state: CiliumState, pool: Obj[CiliumLoadBalancerIPPool], counted: int, clashes: list[Problem]) -> Pool:
    spec = pool.body.spec
    ranges = state.ranges[pool.name]
    numbers = {name: _number(pool, kind) for name, kind in COUNTS.items()}
    skips = spec.allow_first_last_ips == "No"
    computed = sum(item.size - _ends(item) if skips else item.size for item in ranges)
    total = numbers["total"] if numbers["total"] is not None else computed
    used = numbers["used"] if numbers["used"] is not None else counted
    available = numbers["available"] if numbers["available"] is not None else max(0, total - used)
    problems: list[Problem] = []
    conflict = condition(pool.body.status.conditions, CONFLICT)
    if conflict is not None and conflict.status == "True":
        text = f"conflict: {conflict.message or conflict.reason}; Cilium gives no address from it"
        problems.append(Problem("pool-conflict", "error", text))
    else:
        problems.extend(clashes)
    if len(ranges) < len(spec.blocks) + len(spec.cidrs):
        problems.append(Problem("pool-invalid", "error", "a block is neither a CIDR nor a range from start to stop"))
    if spec.disabled:
        problems.append(Problem("pool-disabled", "info", "disabled: it keeps what it gave and gives nothing new"))
    if not state.running and sees(state.snapshot, DAEMONSETS) and not _unseen(state.snapshot):
        problems.append(Problem("pool-idle", "info", "Cilium does not run, so nothing gives its addresses"))
    elif state.running and not state.gives:
        problems.append(Problem("pool-idle", "info", "LB-IPAM is switched off, so nothing gives its addresses"))
    problems.extend(_full(total, available))
    texts = tuple(item.text for item in ranges)
    return Pool(pool.name, "cilium", ref(pool), texts, total, used, available, tuple(problems), not spec.disabled)


def _reach(state: MetalState, pool: Obj[IPAddressPool]) -> list[Problem]:
    """Advertisements whose selectors match no node: the addresses are given, and nobody may announce them."""
    adverts = state.l2(pool.name)
    chosen = [advert.body.spec.node_selectors for advert in adverts]
    if not state.speaks or not chosen or not all(chosen) or state.bgp(pool.name) or not sees(state.snapshot, NODES):
        return []
    nodes = [node.meta.labels for node in state.snapshot.all(NODES)]
    if not nodes or any(any_selects(one, labels) for one in chosen for labels in nodes):
        return []
    names = listed([advert.name for advert in adverts])
    return [Problem("ip-not-announced", "warn", f"L2Advertisement {names} selects no node to announce from")]


def _full(total: int | None, available: int | None) -> list[Problem]:
    if total is None or available is None:
        return []
    if total == 0:
        return [Problem("pool-empty", "warn", "it holds no address at all")]
    if available <= 0:
        return [Problem("pool-exhausted", "error", "exhausted: no address is left")]
    return []


def _ends(item: Range) -> int:
    """What ``allowFirstLastIPs: No`` takes from a CIDR; nothing from /31, /32, /127, /128 and from ranges."""
    return 2 if item.cidr and item.size > 2 else 0


def _number(pool: Obj[CiliumLoadBalancerIPPool], kind: str) -> int | None:
    found = condition(pool.body.status.conditions, kind)
    text = found.message.strip() if found is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 40 else None


def titles(found: Sequence[Pool]) -> str:
    """``lan and guests`` for sentences."""
    return listed([pool.name for pool in found])
