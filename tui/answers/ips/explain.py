"""An address in words: who answers for it, how that is known, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.tui.answers.index import backends, event_time, events_by_object, slices_by_service
from pointsman.tui.answers.ips.build import FLAP, ip_map
from pointsman.tui.answers.ips.causes import probable
from pointsman.tui.answers.ips.claims import giver
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.fixes import FIXES
from pointsman.tui.answers.ips.metallb import annotation
from pointsman.tui.answers.ips.model import GHOST, ONE_ANNOUNCER, Address, Announcer, Evidence, IpKind, Pool, Problem
from pointsman.tui.answers.ips.moves import HOUR
from pointsman.tui.answers.ips.renewals import DAY, USUAL, missed, usual
from pointsman.tui.answers.ips.taking import refusal
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import LEASES, SERVICES
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Snapshot

GIVERS = {
    IpKind.METALLB_L2: "MetalLB",
    IpKind.METALLB_BGP: "MetalLB",
    IpKind.CILIUM_L2: "Cilium's LB-IPAM",
    IpKind.CILIUM_BGP: "Cilium's LB-IPAM",
    IpKind.SERVICELB: "k3s' ServiceLB",
    IpKind.KUBE_VIP: "kube-vip",
    IpKind.NODE_IPAM: "Cilium's node IPAM",
}
SILENT = (
    "lan-conflict",
    "ip-not-announced",
    "vip-ghost",
    "lan-ghost",
    "two-announcers",
    "l2-lease-holder-gone",
    FLAP,
    "no-endpoints",
)
"""Problems that decide what the first sentence must be about, the worst first."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``headline`` is one sentence; ``evidence`` pairs of a sentence and where it comes from; ``next`` what to do."""

    headline: str
    evidence: tuple[tuple[str, str], ...]
    next: tuple[str, ...]


def explain(address: Address, snapshot: Snapshot) -> Explanation:
    """The problems themselves are not repeated in the evidence: whoever shows this shows them too."""
    service = snapshot.get(SERVICES, address.service.namespace, address.service.name)
    return Explanation(
        _headline(address, snapshot.now),
        tuple(_evidence(address, service, snapshot)),
        tuple(_next(address)),
    )


# -- the sentence -----------------------------------------------------------------------------------------------------
def _headline(item: Address, now: float) -> str:
    where = item.service.path
    if item.ip is None:
        if item.pending:
            return f"{where} waits for an address: {item.pending}."
        return f"{where} has the name {item.hostname} in place of an address."
    for problem in _deciding(item):
        return _troubled(item, problem)
    if not item.announcers:
        if item.kind is IpKind.UNKNOWN:
            return f"{item.ip} belongs to {where}, and nothing that runs here says that it gave it."
        if item.kind is IpKind.EXTERNAL_IP:
            return f"{item.ip} is an external IP of {where}: the nodes accept it, and something outside must bring it to them."
        return f"{item.ip} belongs to {where}; who answers for it is not known."
    first = item.announcers[0]
    if item.kind is IpKind.SERVICELB:
        return f"{item.ip} is the address of node {first.node} itself; ServiceLB's pod there passes its ports on to {where}."
    if item.kind in (IpKind.NODE_IPAM, IpKind.EXTERNAL_IP):
        return f"{item.ip} is the address of node {first.node} itself, which takes the traffic for {where}."
    if item.kind not in ONE_ANNOUNCER:
        nodes = [one.node for one in item.announcers]
        guess = " (calculated, not seen)" if first.evidence is Evidence.PREDICTED else ""
        return f"{listed(nodes)} announce{'s' if len(nodes) == 1 else ''} {item.ip} ({where}) by BGP{guess}."
    if first.evidence is Evidence.PREDICTED:
        return (
            f"Probably {first.node} answers for {item.ip} ({where}): MetalLB's election chooses it, but nothing here "
            "confirms it."
        )
    if first.since is None:
        return f"{first.node} answers for {item.ip} ({where})."
    return f"{first.node} has answered for {item.ip} ({where}) for {age(now - first.since)}."


def _deciding(item: Address) -> Iterator[Problem]:
    for wanted in SILENT:
        for problem in item.problems:
            if problem.id == wanted and (wanted != "no-endpoints" or not item.backends_ready):
                yield problem


def _troubled(item: Address, problem: Problem) -> str:
    where = f"{item.ip} ({item.service.path})"
    match problem.id:
        case "two-announcers":
            return f"More than one node answers for {where}: {problem.text.removeprefix('two answer for it: ')}."
        case "vip-ghost":
            return f"Probably nobody answers for {where}: {problem.text.removeprefix(GHOST)}."
        case "lan-ghost":
            return f"Nobody on the local network answers for {where}."
        case "lan-conflict":
            return f"The wrong host answers for {where}: {item.lan.why}."
        case "l2-lease-flapping":
            return f"{where} does not stay with one node: {problem.text}."
        case "l2-lease-holder-gone":
            return f"The wrong node holds {where}: {problem.text}."
        case "no-endpoints":
            by = f"{item.announcers[0].node} answers for" if item.announcers else "Nobody serves"
            return f"{by} {where}, but no endpoint behind it is ready."
        case _:
            return f"Nobody answers for {where}: {problem.text}."


# -- the evidence -----------------------------------------------------------------------------------------------------
def _evidence(item: Address, service: Obj[Service] | None, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    if service is not None:
        yield from _given(item, service, snapshot)
    for one in item.announcers[:6]:
        yield _announced(one, snapshot.now)
    if item.ip is not None and item.kind in ONE_ANNOUNCER and item.announcers:
        yield _stability(item, snapshot)
        yield from _renewed(item, snapshot)
        yield from _moved(item, snapshot)
    if item.shared_with:
        yield f"shared with {listed([one.path for one in item.shared_with])}", "Services with the same address"
    yield from _behind(item, snapshot)
    if item.urls:
        more = f" and {len(item.urls) - 4} more" if len(item.urls) > 4 else ""
        yield f"serves {', '.join(item.urls[:4])}{more}", "Ingresses and routes of its controller"
    for event in events_by_object(snapshot).get(("Service", *item.service.key), ())[:2]:
        at = event_time(event.body)
        when = f" {age(snapshot.now - at)} ago" if at is not None else ""
        yield f"{event.body.reason}{when}: {event.body.message}", f"Event {event.path}"


def _given(item: Address, service: Obj[Service], snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    pool = _pool(item, snapshot)
    if item.ip is None:
        yield from _could_use(service, snapshot)
    elif annotation(service, "ip-allocated-from-pool"):
        text = f"MetalLB gave it from pool {item.pool}" + (f", which has {_free(pool)}" if pool else "")
        yield text, f"annotation of Service {service.path}"
    elif pool is not None:
        giver = "MetalLB" if pool.kind == "metallb" else "Cilium's LB-IPAM"
        yield f"it lies in pool {pool.name} of {giver}, which has {_free(pool)}", pool.ref.title
    elif item.kind in GIVERS:
        yield f"given by {GIVERS[item.kind]}", f"status of Service {service.path}"
    if item.wanted:
        yield f"the service asks for {listed(item.wanted)}", f"Service {service.path}"
    if name := service.body.spec.load_balancer_class:
        yield f"the service is of class {name}", f"Service {service.path}"
    if item.ip is not None:
        yield from _policy(item, service, snapshot)


def _policy(item: Address, service: Obj[Service], snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """What externalTrafficPolicy and a second family mean for who gets there."""
    source = f"Service {service.path}"
    if item.local:
        nodes = sorted(backends(snapshot, item.service.key).ready_nodes)
        where = f" ({listed(nodes)})" if nodes else ", and there is none"
        yield (
            f"externalTrafficPolicy is Local: only nodes with a ready endpoint serve it{where}; pods see the client",
            source,
        )
    elif service.body.spec.external_traffic_policy == "Cluster":
        yield "externalTrafficPolicy is Cluster: any node takes it and passes it on", source
    others = [point.ip for point in service.body.status.load_balancer.ingress if point.ip and point.ip != item.ip]
    if others:
        yield f"the service has {listed(others)} too", f"status of {source}"


def _could_use(service: Obj[Service], snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """For a service that waits: each pool of whoever should serve it, and what stands in the way."""
    ctx = Context(snapshot)
    who = giver(ctx, service)
    asked = annotation(service, "address-pool") if who == "metallb" else ""
    for pool in [pool for pool in ip_map(snapshot).pools if pool.kind == who][:POOLS_TOLD]:
        why = refusal(ctx, service, who, pool.name)
        if not why and asked and asked != pool.name:
            why = f"the service asks for pool {asked}"
        if not why and not pool.auto and not asked and who == "metallb":
            why = f"pool {pool.name} serves only those that ask for it"
        if not why and pool.available == 0:
            why = f"pool {pool.name} has no free address"
        if not why:
            why = f"pool {pool.name} could serve it, with {_free(pool)}"
        yield why, pool.ref.title


POOLS_TOLD = 6


def _pool(item: Address, snapshot: Snapshot) -> Pool | None:
    """The pool by name; MetalLB's before Cilium's unless the kind is Cilium's."""
    named = [pool for pool in ip_map(snapshot).pools if pool.name == item.pool]
    wanted = "cilium" if item.kind in (IpKind.CILIUM_L2, IpKind.CILIUM_BGP) else "metallb"
    return next((pool for pool in named if pool.kind == wanted), named[0] if named else None)


def _free(pool: Pool) -> str:
    if pool.available is None:
        return "an unknown number of free addresses"
    return plural(pool.available, "free address", "free addresses")


def _announced(one: Announcer, now: float) -> tuple[str, str]:
    if one.evidence is Evidence.PREDICTED:
        return f"{one.node} would announce it", one.source
    if one.since is None:
        return f"{one.node} announces it", one.source
    span = age(now - one.since)
    match one.evidence:
        case Evidence.LEASE:
            return f"{one.node} has held the lease for {span}", one.source
        case Evidence.EVENT:
            return f"{one.node} began to announce it {span} ago", one.source
        case _:
            return f"{one.node} has announced it for {span}", one.source


def _stability(item: Address, snapshot: Snapshot) -> tuple[str, str]:
    moves = item.moves_last_hour
    if moves is None:
        watched = HOUR - snapshot.history.unwatched(snapshot.now - HOUR, snapshot.now)
        known = f"watched for {age(watched)} of it" if 0 <= watched < HOUR else "nothing proves it"
        return f"how often it moved in the last hour is not known ({known})", "history"
    if not moves:
        return "it did not move in the last hour", "history and the announcement's age"
    return f"it moved {plural(moves, 'time')} in the last hour", "history and events"


def _renewed(item: Address, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """How regularly its lease is renewed, by arrival."""
    for one in item.announcers:
        if one.evidence is not Evidence.LEASE:
            continue
        namespace, _, name = one.source.removeprefix("Lease ").partition("/")
        lease, beats = snapshot.get(LEASES, namespace, name), snapshot.history.beats.get((namespace, name))
        if lease is None or beats is None or (every := usual(beats)) is None:
            continue
        duration = lease.body.spec.lease_duration_seconds or USUAL
        late = sum(1 for at, _ in beats.late if at > snapshot.now - HOUR)
        text = f"its lease is renewed every {every:.1f} s"
        if late:
            lost = missed(beats, snapshot.now - HOUR, duration)
            longest = max(pause for at, pause in beats.late if at > snapshot.now - HOUR)
            text += f"; {plural(late, 'renewal')} came late in the last hour, the latest by {age(longest)}"
            text += f", {lost} after it had run out ({age(duration)})" if lost else ""
        yield text, "renewals as they arrive here"


MOVES_TOLD = 8


def _moved(item: Address, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Each move of the last day, the newest first, with its probable cause."""
    moves = snapshot.history.moves_of(item.ip or "", snapshot.now - DAY)
    for move in reversed(moves[-MOVES_TOLD:]):
        text = f"moved from {move.before} to {move.after} {age(snapshot.now - move.at)} ago"
        if move.gap >= 1:
            text += f", nobody for {age(move.gap)}"
        if not move.watched:
            text += " (while nobody watched, so perhaps earlier)"
        cause, proof = move.cause, move.proof
        if not cause and snapshot.now - move.at < RECENT:
            cause, proof = probable(snapshot, item, move.before, move.after, move.at) or ("", "")
        yield text + (f"; probably {cause}" if cause else "; nothing here tells why"), proof or "history"
    if len(moves) > MOVES_TOLD:
        yield f"and {len(moves) - MOVES_TOLD} more moves in the last day", "history"


RECENT = 900.0
"""Seconds after a move in which its cause is still looked for, where none was seen when it happened."""


def _behind(item: Address, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    found = backends(snapshot, item.service.key)
    source = f"EndpointSlices of {item.service.path}"
    if item.service.key not in slices_by_service(snapshot):
        return
    ports = f"{'port' if len(item.ports) == 1 else 'ports'} {listed(item.ports, most=6)}" if item.ports else "its ports"
    if not found.total:
        yield f"{ports} lead nowhere: the service has no endpoint", source
        return
    names = [f"{namespace}/{name}" for namespace, name in found.pods[:3]]
    pods = f" ({listed(names)}{' …' if len(found.pods) > 3 else ''})" if names else ""
    on = f" on {listed(sorted(found.ready_nodes), most=5)}" if found.ready_nodes else ""
    verb = "leads" if len(item.ports) == 1 else "lead"
    yield f"{ports} {verb} to {found.ready} of {plural(found.total, 'endpoint')} ready{on}{pods}", source


# -- what to do -------------------------------------------------------------------------------------------------------
def _next(item: Address) -> Iterator[str]:
    told: set[str] = set()
    for problem in item.problems:
        if (fix := FIXES.get(problem.id)) and fix not in told:
            told.add(fix)
            yield fix
    if item.ip is None:
        yield f"kubectl -n {item.service.namespace} describe service {item.service.name}"
    elif item.kind in ONE_ANNOUNCER and item.announcers:
        yield f"From another machine of the LAN: arping -c 3 {item.ip}; only one MAC may answer, that of {item.announcers[0].node}."
