"""Why an address moved, as far as anything tells: the probable cause beside each move, and where it is seen.

A cause is what happened to the old announcer, the new one, the service or the configuration in the minutes before the move.
That is no proof, so every one is shown as *probably*. The order is that of how well each explains a move: a dead node first,
a general strain last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pointsman.tui.answers.index import backends, event_time, events_by_object, pod_ready
from pointsman.tui.answers.ips.agents import AGENT_OF, agent, agents
from pointsman.tui.answers.ips.cilium import LEASE_PREFIX, SATISFIED
from pointsman.tui.answers.ips.metallb import EXCLUDE
from pointsman.tui.answers.ips.model import Address, IpKind
from pointsman.tui.answers.ips.renewals import USUAL
from pointsman.tui.answers.ref import ref
from pointsman.tui.model.core import Pod
from pointsman.tui.model.kinds import (
    CILIUML2POLICIES,
    CILIUMPOOLS,
    L2ADVERTISEMENTS,
    LEASES,
    METALLBPOOLS,
    NODES,
    SERVICES,
)
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.model.times import age, epoch
from pointsman.tui.store.snapshot import Snapshot

BEFORE = 180.0
"""Seconds before a move in which its cause is looked for: a node is called not ready 40 s after it died, a lease may be
taken 15 s after its last renewal."""
AFTER = 60.0
"""Seconds after it: what notices a dead node often does so after the address has moved."""


class Cause(NamedTuple):
    """``text`` goes after "probably"; ``proof`` names what it is seen in."""

    text: str
    proof: str


class Case(NamedTuple):
    """A move: the address, who gave it up (empty: nobody had it), who took it (empty: nobody), and when."""

    item: Address
    before: str
    after: str
    at: float

    def near(self, at: float | None) -> bool:
        return at is not None and self.at - BEFORE <= at <= self.at + AFTER

    def ago(self, at: float) -> str:
        """How long before the move something was, in words."""
        return f"{age(self.at - at)} before" if at < self.at - 1 else "at the same time"


def probable(snapshot: Snapshot, item: Address, before: str, after: str, at: float) -> Cause | None:
    """The best explanation of a move that is in the picture, or None. Ask soon after the move: pods and Events go."""
    case = Case(item, before, after, at)
    for look in CAUSES:
        for cause in look(snapshot, case):
            return cause
    return None


# -- the nodes --------------------------------------------------------------------------------------------------------
def _node_gone(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    if not case.before:
        return
    node = snapshot.get(NODES, "", case.before)
    if node is None:
        if snapshot.known(NODES) and snapshot.count(NODES):
            yield Cause(f"{case.before} is no longer a node of the cluster", "Nodes")
        return
    ready = condition(node.body.status.conditions, "Ready")
    if ready is not None and ready.status != "True":
        at = epoch(ready.last_transition_time)
        when = f" {case.ago(at)}" if at is not None and case.near(at) else ""
        yield Cause(f"node {case.before} became not ready{when}", f"condition Ready of Node {case.before}")
        return
    for event in events_by_object(snapshot).get(("Node", "", case.before), ()):
        at = event_time(event.body)
        if event.body.reason in ("NodeNotReady", "Rebooted") and case.near(at) and at is not None:
            words = "restarted" if event.body.reason == "Rebooted" else "became not ready"
            yield Cause(f"node {case.before} {words} {case.ago(at)}", f"Event {event.path}")
    if ready is not None and case.near(at := epoch(ready.last_transition_time)) and at is not None:
        yield Cause(f"node {case.before} was not ready until {age(abs(case.at - at))} "
                    f"{'before' if at < case.at else 'after'}", f"condition Ready of Node {case.before}")  # fmt: skip


def _node_excluded(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    node = snapshot.get(NODES, "", case.before) if case.before else None
    if node is None:
        return
    if case.item.kind is IpKind.METALLB_L2 and EXCLUDE in node.meta.labels:
        yield Cause(f"{case.before} was taken out of announcing", f"label {EXCLUDE} of Node {case.before}")
    network = condition(node.body.status.conditions, "NetworkUnavailable")
    if network is not None and network.status == "True":
        yield Cause(
            f"the network of {case.before} is unavailable", f"condition NetworkUnavailable of Node {case.before}"
        )


# -- what announces ---------------------------------------------------------------------------------------------------
def _agent_restarted(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    what = AGENT_OF.get(case.item.kind)
    if not what or not case.before:
        return
    pod = agent(snapshot, case.item.kind, case.before)
    if pod is None:
        if any(other == what for other, _ in agents(snapshot)):
            yield Cause(f"there is no {what} on {case.before} any more", "Pods")
        return
    yield from _restarted(pod, what, case)
    if not pod_ready(pod.body):
        yield Cause(f"the {what} on {case.before} is not ready", f"Pod {pod.path}")


def _restarted(pod: Obj[Pod], what: str, case: Case) -> Iterator[Cause]:
    node = pod.body.spec.node_name
    for status in pod.body.status.container_statuses:
        last = status.last_state.terminated
        at = epoch(last.finished_at) if last is not None else None
        if last is not None and at is not None and case.near(at):
            why = (
                last.reason
                if last.reason and last.reason not in ("Error", "Completed")
                else f"exit code {last.exit_code}"
            )
            text = f"the {what} on {node} ended {case.ago(at)} ({why}) and was started again"
            yield Cause(text, f"container {status.name} of Pod {pod.path}")
    made = epoch(pod.meta.creation_timestamp)
    if made is not None and case.near(made):
        yield Cause(f"the {what} on {node} was replaced {case.ago(made)}", f"age of Pod {pod.path}")


def _back_again(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    """MetalLB elects without memory: a node that comes back takes what its name wins."""
    if case.item.kind is not IpKind.METALLB_L2 or not case.after:
        return
    node = snapshot.get(NODES, "", case.after)
    ready = condition(node.body.status.conditions, "Ready") if node is not None else None
    at = epoch(ready.last_transition_time) if ready is not None and ready.status == "True" else None
    if at is not None and case.near(at):
        text = f"{case.after} became ready {case.ago(at)}, and MetalLB's election prefers it for this address"
        yield Cause(text, f"condition Ready of Node {case.after}")
        return
    pod = agent(snapshot, case.item.kind, case.after)
    since = condition(pod.body.status.conditions, "Ready") if pod is not None else None
    at = epoch(since.last_transition_time) if since is not None and since.status == "True" else None
    if pod is not None and at is not None and case.near(at):
        text = f"the speaker on {case.after} became ready {case.ago(at)}, and MetalLB's election prefers that node"
        yield Cause(text, f"condition Ready of Pod {pod.path}")


# -- the service ------------------------------------------------------------------------------------------------------
def _endpoint_gone(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    if not case.item.local or not case.before:
        return
    found = backends(snapshot, case.item.service.key)
    if case.before not in found.ready_nodes:
        text = f"{case.before} has no ready endpoint any more, and externalTrafficPolicy is Local"
        yield Cause(text, f"EndpointSlices of {case.item.service.path}")


def _reassigned(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    service = snapshot.get(SERVICES, *case.item.service.key)
    if service is None:
        return
    for one in service.body.status.conditions:
        at = epoch(one.last_transition_time)
        if one.type in SATISFIED and at is not None and case.near(at):
            text = f"Cilium's LB-IPAM gave the address anew {case.ago(at)}"
            yield Cause(text, f"condition {one.type} of Service {service.path}")
    for event in events_by_object(snapshot).get(("Service", *service.key), ()):
        at = event_time(event.body)
        if event.body.reason in ("ClearAssignment", "IPAllocated") and at is not None and case.near(at):
            words = "took the address away" if event.body.reason == "ClearAssignment" else "gave the address anew"
            yield Cause(f"MetalLB {words} {case.ago(at)}", f"Event {event.path}")


# -- the configuration ------------------------------------------------------------------------------------------------
def _edited(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    objects: tuple[Obj[Any], ...] = ()
    match case.item.kind:
        case IpKind.METALLB_L2:
            objects = (*snapshot.all(METALLBPOOLS), *snapshot.all(L2ADVERTISEMENTS))
        case IpKind.CILIUM_L2:
            objects = (*snapshot.all(CILIUMPOOLS), *snapshot.all(CILIUML2POLICIES))
        case _:
            return
    for obj in objects:
        if (found := _written(obj)) is not None and case.near(found[0]):
            title = ref(obj).title
            yield Cause(f"{title} was edited {case.ago(found[0])}", f"{found[1] or 'somebody'} in {title}")
    service = snapshot.get(SERVICES, *case.item.service.key)
    if service is not None and (found := _written(service)) is not None and case.near(found[0]):
        who = found[1]
        if who not in ("controller", "speaker"):
            yield Cause(
                f"the service was edited {case.ago(found[0])}", f"{who or 'somebody'} in Service {service.path}"
            )


def _written(obj: Obj[Any]) -> tuple[float, str] | None:
    """When somebody last wrote to the object, status aside, and who."""
    times = [
        (at, entry.manager)
        for entry in obj.meta.managed_fields
        if entry.subresource != "status" and (at := epoch(entry.time)) is not None
    ]
    return max(times, default=None)


# -- the lease --------------------------------------------------------------------------------------------------------
def _starved(snapshot: Snapshot, case: Case) -> Iterator[Cause]:
    """The old holder could not renew in time although its node is well: what throttled or slow API calls look like."""
    if case.item.kind is not IpKind.CILIUM_L2:
        return
    for lease in snapshot.all(LEASES):
        if lease.name != f"{LEASE_PREFIX}{case.item.service.namespace}-{case.item.service.name}":
            continue
        duration = lease.body.spec.lease_duration_seconds or USUAL
        beats = snapshot.history.beats.get(lease.key)
        pauses = [pause for at, pause in beats.late if case.near(at)] if beats is not None else []
        if not pauses:
            continue
        mine = sum(
            1
            for other in snapshot.all(LEASES)
            if other.name.startswith(LEASE_PREFIX) and other.body.spec.holder_identity in (case.before, case.after)
        )
        text = (
            f"{case.before or 'the holder'} did not renew the lease for {age(max(pauses))} (it lasts {age(duration)}): slow "
            f"or throttled API calls, with {mine} announcement leases on these two nodes"
        )
        yield Cause(text, f"renewals of Lease {lease.path} as they arrived here")


CAUSES: tuple[Callable[[Snapshot, Case], Iterator[Cause]], ...] = (
    _node_gone,
    _node_excluded,
    _agent_restarted,
    _endpoint_gone,
    _reassigned,
    _edited,
    _back_again,
    _starved,
)
"""In the order in which they are believed."""
