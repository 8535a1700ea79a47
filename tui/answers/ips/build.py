"""The IP map: every LoadBalancer service and external IP, with who gives it, who announces it and what is wrong.

The part that depends on the objects alone is kept until one of them changes; the part that depends on the time (moves,
leases that are not renewed) is added for each picture. The cost is linear in services, pods and endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pointsman.tui.answers.index import unreported
from pointsman.tui.answers.ips.claim import OBSERVED, Claim
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.kinds import KINDS
from pointsman.tui.answers.ips.lan import judge
from pointsman.tui.answers.ips.lan import problem as lan_problem
from pointsman.tui.answers.ips.model import GHOST, ONE_ANNOUNCER, Address, Evidence, IpKind, IpMap, Problem
from pointsman.tui.answers.ips.moves import moves_last_hour
from pointsman.tui.answers.ips.pending import pending, port_text
from pointsman.tui.answers.ips.pools import pools
from pointsman.tui.answers.ips.renewals import silence
from pointsman.tui.answers.ips.sessions import sessions
from pointsman.tui.answers.ips.urls import Urls
from pointsman.tui.answers.ranges import Address as IpAddress
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import blind, blind_short, listed
from pointsman.tui.model import kinds as k
from pointsman.tui.model.core import Lease, Service
from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.model.times import age, epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot, State

READS = (
    k.SERVICES, k.ENDPOINTSLICES, k.EVENTS, k.NODES, k.NAMESPACES, k.PODS, k.CONFIGMAPS, k.DAEMONSETS, k.DEPLOYMENTS,
    k.STATEFULSETS, k.METALLBPOOLS, k.L2ADVERTISEMENTS, k.BGPADVERTISEMENTS, k.BGPPEERS, k.SERVICEL2STATUSES,
    k.SERVICEBGPSTATUSES, k.BGPSESSIONSTATES, k.CILIUMPOOLS, k.CILIUML2POLICIES, k.CILIUMNODES,
    k.CILIUMBGPADVERTISEMENTS, k.CILIUMBGPNODECONFIGS, k.INGRESSES, k.INGRESSCLASSES, k.INGRESSROUTES, k.GATEWAYS,
    k.HTTPROUTES, k.GRPCROUTES,
)  # fmt: skip

WANTED = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs", "lbipam.cilium.io/ips",
          "io.cilium/lb-ipam-ips", "kube-vip.io/loadbalancerIPs")  # fmt: skip
HEARTBEATS = "kube-node-lease"
"""The namespace of the nodes' own leases, which announce nothing."""
UNRENEWED = 60.0
"""Seconds without a renewal after which a lease counts as abandoned, however short its own duration: the clocks of nodes
and of this machine may differ."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An address and what its time-dependent part needs."""

    address: Address
    assigned: tuple[tuple[str, float | None], ...]
    lease: Key | None


@dataclass(frozen=True, slots=True)
class _Base:
    rows: tuple[_Row, ...]
    map: IpMap


def ip_map(snapshot: Snapshot) -> IpMap:
    """See the module."""
    base = _base(snapshot)
    items = tuple(_finish(row, snapshot) for row in base.rows)
    by_ip: dict[str, list[Address]] = {}
    for item in items:
        if item.ip is not None:
            by_ip.setdefault(item.ip, []).append(item)
    return replace(base.map, items=items, by_ip={ip: tuple(found) for ip, found in by_ip.items()})


@memoized(k.LEASES)
def _holders(snapshot: Snapshot) -> tuple[tuple[object, ...], ...]:
    """Of the leases that may announce addresses what the map reads, without the times of renewal: those change every few
    seconds for every address, and nothing but the check for abandoned leases depends on them."""
    found = []
    for lease in snapshot.all(k.LEASES):
        if lease.namespace != HEARTBEATS:
            spec = lease.body.spec
            found.append((lease.key, spec.holder_identity, spec.acquire_time))
    return tuple(sorted(found))


@memoized(*READS, also=_holders)
def _base(snapshot: Snapshot) -> _Base:
    ctx = Context(snapshot)
    urls = Urls(snapshot, ctx.found)
    rows: list[_Row] = []
    for service in snapshot.all(k.SERVICES):
        rows.extend(_rows(ctx, urls, service))
    rows = _shared(rows)
    rows.sort(key=_order)
    given: dict[IpAddress, bool] = {}
    for row in rows:
        if (ip := parse_ip(row.address.ip or "")) is not None:
            given[ip] = given.get(ip, False) or bool(row.address.announcers)
    missed = _missed(snapshot)
    found = IpMap((), pools(ctx, given), sessions(snapshot), blind(snapshot, *missed), blind_short(snapshot, *missed))
    return _Base(tuple(rows), found)


def _missed(snapshot: Snapshot) -> list[Kind[Any]]:
    """What may be missing from the map. Of files only the basic kinds are missed: most repositories hold no status."""
    basic: tuple[Kind[Any], ...] = (k.SERVICES, k.NODES, k.LEASES)
    return [*basic, *(kind for kind in READS if kind not in basic and not snapshot.known(kind))]


def _order(row: _Row) -> tuple[int, int, int, str, tuple[str, str]]:
    """Pending last; IPv4 before IPv6; by number; then by service."""
    item = row.address
    number = parse_ip(item.ip or "")
    if number is None:
        return (1 if item.ip is None else 0, 9, 0, item.ip or "", item.service.key)
    return (0, number.version, int(number), "", item.service.key)


def _rows(ctx: Context, urls: Urls, service: Obj[Service]) -> list[_Row]:
    spec = service.body.spec
    balancer = spec.type == "LoadBalancer"
    if not balancer and not spec.external_ips:
        return []
    points = service.body.status.load_balancer.ingress if balancer else ()
    given = list(dict.fromkeys(point.ip for point in points if point.ip))
    result = [_row(ctx, urls, service, ip) for ip in (*given, *(ip for ip in spec.external_ips if ip not in given))]
    if balancer and not given:
        names = [point.hostname for point in points if point.hostname]
        result.append(_unaddressed(ctx, service, names[0] if names else ""))
    return result


def _common(ctx: Context, service: Obj[Service]) -> Address:
    backends = ctx.backends(service)
    notes = service.meta.annotations
    wanted = next((value for name in WANTED if (value := notes.get(name))), service.body.spec.load_balancer_ip)
    return Address(
        None,
        IpKind.UNKNOWN,
        ref(service),
        ports=tuple(dict.fromkeys(port_text(port.port, port.protocol) for port in service.body.spec.ports)),
        backends_ready=backends.ready,
        backends_total=backends.total,
        local=local(service),
        wanted=tuple(word.strip() for word in wanted.split(",") if word.strip()),
    )


def _unaddressed(ctx: Context, service: Obj[Service], hostname: str) -> _Row:
    base = _common(ctx, service)
    if hostname:
        return _Row(replace(base, hostname=hostname, problems=()), (), None)
    kind, pool, reason = pending(ctx, service)
    if unreported(ctx.snapshot, service):
        asked = f"; it asks for {listed(base.wanted)}" if base.wanted else ""
        reason = f"the files do not say whether it has an address{asked}"
        problem = Problem("ip-unreported", "info", reason)
    else:
        problem = Problem("ip-pending", "error", f"no address: {reason}")
    return _Row(replace(base, kind=kind, pool=pool, pending=reason, problems=(problem,)), (), None)


def _row(ctx: Context, urls: Urls, service: Obj[Service], ip: str) -> _Row:
    base = replace(_common(ctx, service), ip=ip)
    address = parse_ip(ip)
    if address is None:
        text = "the service's status holds something that is not an address"
        return _Row(replace(base, problems=(Problem("ip-invalid", "warn", text),)), (), None)
    claims = [found for kind in KINDS if (found := kind(ctx, service, address)) is not None]
    links = urls.of(service, ip)
    if not claims:
        unseen = blind(ctx.snapshot, k.DAEMONSETS, k.DEPLOYMENTS, *_unread_claims(ctx))
        text = (
            f"cannot tell who gave this address: {unseen}" if unseen else "nothing that runs here claims this address"
        )
        return _Row(replace(base, urls=links, problems=(Problem("ip-unclaimed", "info", text),)), (), None)
    best = max(claims, key=lambda item: item.strength)
    problems = [*best.problems, *_conflicts(best, claims)]
    if not base.backends_ready and ctx.backends_known and not any(one.id == "no-endpoints" for one in problems):
        text = "no endpoint of the service is ready: nothing answers behind the address"
        problems.append(Problem("no-endpoints", "warn", text))
    noted, certain = ctx.metallb.pool_of(service, address)
    pool = noted if certain else best.pool or next((item.pool for item in claims if item.pool), None)
    assigned = tuple(ctx.metallb.assigned(service, "layer2")) if best.kind is IpKind.METALLB_L2 else ()
    held = ctx.cilium.lease(service) if best.kind is IpKind.CILIUM_L2 else None
    lease = held.key if held is not None else None
    return _Row(
        replace(
            base, kind=best.kind, pool=pool, announcers=best.announcers, urls=links,
            problems=tuple(dict.fromkeys(problems)),
        ),
        assigned,
        lease,
    )  # fmt: skip


def _unread_claims(ctx: Context) -> list[Kind[Any]]:
    """Of what runs here, the kinds that would say whose an address is and that could not be read."""
    wanted: list[Kind[Any]] = []
    if ctx.metallb.running:
        wanted += (k.METALLBPOOLS, k.SERVICEL2STATUSES)
    if ctx.cilium.running:
        wanted += (k.CILIUMPOOLS, k.CILIUML2POLICIES, k.LEASES)
    return [kind for kind in wanted if not ctx.snapshot.known(kind)]


def _conflicts(best: Claim, claims: list[Claim]) -> list[Problem]:
    """Two that answer for one address: within a kind that has one announcer, or of two kinds that both are observed."""
    told: list[Problem] = []
    nodes = list(dict.fromkeys(item.node for item in best.announcers))
    if best.kind in ONE_ANNOUNCER and len(nodes) > 1:
        text = f"{listed(nodes)} both announce it, and only one node may"
        told.append(Problem("two-announcers", "error", text))
    for other in claims:
        if other is best or other.strength < OBSERVED or best.strength < OBSERVED:
            continue
        if {best.kind, other.kind} <= ONE_ANNOUNCER and other.announcers and best.announcers:
            text = (
                f"two answer for it: {best.announcers[0].node} ({best.announcers[0].source}) and "
                f"{other.announcers[0].node} ({other.announcers[0].source})"
            )
            told.append(Problem("two-announcers", "error", text))
    return told


def _shared(rows: list[_Row]) -> list[_Row]:
    """Say of each address which other services have it too, and where their announcers differ: with Cilium each service
    has a lease of its own, so two nodes can answer for one shared address."""
    by_ip: dict[str, list[Address]] = {}
    for row in rows:
        if row.address.ip is not None:
            by_ip.setdefault(row.address.ip, []).append(row.address)
    result = []
    for row in rows:
        item = row.address
        holders = by_ip.get(item.ip or "", [])
        if len(holders) < 2:
            result.append(row)
            continue
        others = [one for one in holders if one.service != item.service]
        problems = item.problems
        mine = _seen_on(item)
        for other in others:
            if mine and (theirs := _seen_on(other)) and mine != theirs:
                text = (
                    f"{mine} announces it for {item.service.path}, {theirs} for {other.service.path}: one shared "
                    "address, two nodes"
                )
                problems = (*problems, Problem("two-announcers", "error", text))
                break
        shared = tuple(sorted(one.service for one in others))
        result.append(replace(row, address=replace(item, shared_with=shared, problems=problems)))
    return result


def _seen_on(item: Address) -> str:
    """The node that is seen to announce, where only one may; empty otherwise."""
    if item.kind not in ONE_ANNOUNCER or len(item.announcers) != 1 or predicted(item):
        return ""
    return item.announcers[0].node


def _finish(row: _Row, snapshot: Snapshot) -> Address:
    item = row.address
    if item.ip is None:
        return item
    moves = None
    if item.kind in ONE_ANNOUNCER and item.announcers:
        moves = moves_last_hour(item.ip, item.announcers, row.assigned, snapshot.history, snapshot.now)
    problems = item.problems
    lease = snapshot.get(k.LEASES, *row.lease) if row.lease else None
    if (silence := _unrenewed(lease, snapshot)) is not None:
        holder = item.announcers[0].node
        others = tuple(one for one in problems if one.id != "vip-ghost")
        agent = " (its Cilium agent is not ready)" if len(others) < len(problems) else ""
        text = f"{GHOST}its lease still names {holder}, which has not renewed it for {age(silence)}{agent}"
        problems = (Problem("vip-ghost", "error", text), *others)
    if moves is not None and moves >= FLAPPING:
        severity = "error" if moves >= UNUSABLE else "warn"
        problems = (*problems, Problem(FLAP, severity, f"it changed its announcer {moves} times in the last hour"))
    elif (rate := _churn(lease, snapshot)) is not None:
        problems = (*problems, Problem(FLAP, "error", rate))
    lan = item.lan
    if (reading := snapshot.lan.get(item.ip)) is not None:
        lan = judge(item, reading, snapshot)
        if (told := lan_problem(lan, item)) is not None:
            # Where the objects tell already why nobody answers, the network only confirms it.
            known = any(one.severity == "error" and one.id != FLAP for one in problems)
            problems = (*problems, told) if known else (told, *problems)
    if moves is None and problems == item.problems and lan is item.lan:
        return item
    return replace(item, moves_last_hour=moves, problems=problems, lan=lan)


FLAPPING = 3
"""Moves in an hour from which an announcement counts as unstable; one or two happen when a node restarts."""
UNUSABLE = 10
"""Moves in an hour from which it is no longer only a warning: a connection hardly outlives the next one."""

FLAP = "l2-lease-flapping"


def _churn(lease: Obj[Lease] | None, snapshot: Snapshot) -> str | None:
    """What the lease's own counter says of a short acquaintance: it was taken minutes ago, and its holder has changed at
    least once an hour on average since it exists. The counter alone proves nothing about now."""
    if lease is None:
        return None
    spec = lease.body.spec
    taken, made = epoch(spec.acquire_time), epoch(lease.meta.creation_timestamp)
    if taken is None or snapshot.now - taken > 600 or spec.lease_transitions < 10:
        return None
    hours = (snapshot.now - made) / 3600.0 if made is not None else spec.lease_transitions
    if spec.lease_transitions < max(1.0, hours):
        return None
    return f"{spec.holder_identity} took it {age(snapshot.now - taken)} ago; it has changed hands {spec.lease_transitions:,} times"


def _unrenewed(lease: Obj[Lease] | None, snapshot: Snapshot) -> float | None:
    """Seconds since the last renewal if they are too many. Only a live watch of a cluster can tell.

    What arrived here counts, not what clocks say; the time written into the lease only until it was watched for a while."""
    if lease is None or snapshot.cluster.origin != "cluster" or snapshot.state(k.LEASES) is not State.LIVE:
        return None
    spec = lease.body.spec
    renewed = epoch(spec.renew_time)
    if renewed is None or not spec.holder_identity:
        return None
    limit = max(UNRENEWED, 3.0 * spec.lease_duration_seconds)
    beats = snapshot.history.beats.get(lease.key)
    if beats is not None and snapshot.now - beats.first > limit:
        heard = silence(beats, snapshot.history, snapshot.now)
        if heard is not None:
            return heard if heard > limit else None
        if beats.every:
            return None  # no news of any lease: it is the connection that is silent
    quiet = snapshot.now - renewed
    return quiet if quiet > limit else None


def predicted(item: Address) -> bool:
    """Whether the announcers were calculated, not seen."""
    return bool(item.announcers) and all(one.evidence is Evidence.PREDICTED for one in item.announcers)
