"""A flow before the policies as they are now: would it pass, and does that agree with what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.judge import Answer, Because, Decision, judge
from pointsman.tui.answers.policies.ports import PortError
from pointsman.tui.answers.policies.targets import Target, TargetError, find_target
from pointsman.tui.model.flows import Flow, Peer
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.traffic import sides

BY_POLICY: Final = frozenset(("POLICY_DENIED", "POLICY_DENY"))
"""Drop reasons that are a policy's doing."""
_ENTITIES: Final = {1: "host", 4: "health", 5: "init", 6: "remote-node", 7: "kube-apiserver", 8: "ingress"}


class Agrees(enum.StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The policies cannot tell, or it was nothing of theirs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``decision`` is None where an end cannot be found any more; ``why_not`` then says so in a clause."""

    decision: Decision | None
    agrees: Agrees = Agrees.UNKNOWN
    why_not: str = ""

    @property
    def because(self) -> tuple[Because, ...]:
        return self.decision.because if self.decision is not None else ()


def judged(flow: Flow, snapshot: Snapshot, index: PolicyIndex) -> Judged:
    """By the policies of ``index``, which is the snapshot's."""
    source, destination = sides(flow)
    try:
        one, other = _end(source, snapshot, index), _end(destination, snapshot, index)
        protocol = {"ICMPv4": "ICMP", "ICMPv6": "ICMPv6"}.get(flow.protocol, flow.protocol or "TCP")
        decision = judge(index, one.ends[0], other.ends[0], destination.port, protocol)
    except TargetError as error:
        return Judged(None, why_not=str(error))
    except PortError as error:
        return Judged(None, why_not=str(error))
    return Judged(decision, _agrees(flow, decision))


def _agrees(flow: Flow, decision: Decision) -> Agrees:
    if decision.answer is Answer.UNKNOWN:
        return Agrees.UNKNOWN
    if flow.dropped:
        if flow.drop_reason not in BY_POLICY:
            return Agrees.UNKNOWN
        return Agrees.YES if decision.answer is Answer.DENIED else Agrees.NO
    if flow.verdict in ("FORWARDED", "REDIRECTED"):
        return Agrees.YES if decision.answer is Answer.ALLOWED else Agrees.NO
    return Agrees.UNKNOWN


def _end(peer: Peer, snapshot: Snapshot, index: PolicyIndex) -> Target:
    """The end of the policies that a flow's end is now. Raises TargetError."""
    if peer.pod:
        try:
            return find_target(index, snapshot, f"pod/{peer.namespace}/{peer.pod}")
        except TargetError:
            kind, _, name = peer.workload.rpartition("/")
            if not name:
                raise
            # That pod has gone; its successor has the same labels.
            return find_target(index, snapshot, f"{kind.lower() or 'deployment'}/{peer.namespace}/{name}")
    if peer.service:
        raise TargetError(f"{peer.service_namespace}/{peer.service} is a service's address, which no policy is about")
    if peer.ip:
        return find_target(index, snapshot, peer.ip)
    if peer.identity in _ENTITIES:
        return find_target(index, snapshot, _ENTITIES[peer.identity])
    raise TargetError("an end of it has no address")
