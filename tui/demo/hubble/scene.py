"""The talks with today's pods at their ends, and the policies' judgement of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pointsman.tui.answers.policies.ends import End, Is, ip_spans
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.judge import Answer, Decision, judge
from pointsman.tui.demo.hubble.talks import INTERNET, LAN_CLIENTS, TALKS, Talk
from pointsman.tui.demo.kube.objects import Object
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, kinds_of
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store

UNMANAGED = 3
WORLD = 2
HOST = 1
REMOTE_NODE = 6
HALF_WAY = 14.0
LOCAL = 1 << 24
"""Identities of addresses and names outside are a node's own, and begin here."""


@dataclass(frozen=True, slots=True)
class Party:
    """One end as Hubble names it; ``end`` is what the policies judge by."""

    end: End
    ip: str
    identity: int
    labels: tuple[str, ...]
    namespace: str = ""
    pod: str = ""
    workload: tuple[str, str] | None = None
    endpoint: int = 0
    node: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A talk between two parties. ``policies`` are (kind, namespace, name) by ``egress``/``ingress`` and allow/deny."""

    talk: Talk
    source: Party
    destination: Party
    allowed: bool
    direction: str = "ingress"
    """Where it was decided."""
    reason: str = ""
    """Drop reason's name."""
    l7: str = ""
    policies: dict[tuple[str, str], tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    weight: float = 1.0
    """Times the talk's own."""


def snapshot_of(objects: Iterable[Object], now: float) -> Snapshot:
    """The program's own view of the demo's objects."""
    tables: dict[str, list[Any]] = defaultdict(list)
    for obj in objects:
        group, _, _ = str(obj["apiVersion"]).rpartition("/")
        for kind in kinds_of(group, obj["kind"]):
            tables[kind.id].append(from_doc(obj, kind))
            break
    store = Store(clock=lambda: now)
    for kind in KINDS.values():
        store.replace(kind, tables.get(kind.id, []))
        store.set_kind_link(kind, State.LIVE)
    return store.snapshot()


def scenes(objects: Sequence[Object], now: float, *, managed: bool = True) -> list[Scene]:
    """Every talk that can take place, with its judgement. ``managed`` is False where Cilium does not carry the pods: then
    no endpoint has an identity and no policy of Cilium's is enforced."""
    index = compile_index(snapshot_of(objects, now))
    cast = _Cast(objects, index, managed)
    return [
        _judged(index, talk, source, destination, managed)
        for talk in TALKS
        for source in cast.parties(talk.source)
        for destination in cast.parties(talk.destination)
        if source.ip != destination.ip and (talk.source != "node" or source.node == destination.node)
    ]


class _Cast:
    def __init__(self, objects: Sequence[Object], index: PolicyIndex, managed: bool) -> None:
        self._managed = managed
        self._ends = {end.ref.path: end for end in index.pods if end.ref is not None}
        self._pods: dict[str, list[Object]] = defaultdict(list)
        self._endpoints: dict[str, Object] = {}
        self._nodes: list[Party] = []
        for obj in objects:
            meta = obj["metadata"]
            path = f"{meta.get('namespace', '')}/{meta['name']}"
            if obj["kind"] == "CiliumEndpoint":
                self._endpoints[path] = obj["status"]
            elif obj["kind"] == "Pod" and obj["status"].get("phase") == "Running" and obj["status"].get("podIP"):
                labels = meta.get("labels") or {}
                name = labels.get("app.kubernetes.io/name") or labels.get("k8s-app") or ""
                for known in {name, {"kube-dns": "coredns"}.get(name, name)}:
                    self._pods[f"{meta.get('namespace', '')}/{known}"].append(obj)
            elif obj["kind"] == "Node":
                ip = next((a["address"] for a in obj["status"]["addresses"] if a["type"] == "InternalIP"), "")
                end = index.places.host(meta["name"])
                self._nodes.append(Party(end, ip, HOST, ("reserved:host",), node=meta["name"]))

    def parties(self, name: str) -> list[Party]:
        if name == "lan":
            return [self._outside(ip) for ip in LAN_CLIENTS]
        if name == "node":
            return self._nodes
        if name in INTERNET:
            return [self._outside(INTERNET[name], name)]
        return [self._pod(pod) for pod in self._pods.get(name, ())]

    def _outside(self, ip: str, name: str = "") -> Party:
        end = End(Is.WORLD, name or ip, ips=ip_spans([ip]), names=(name,) if name else ())
        identity = LOCAL + 16 + sorted(INTERNET).index(name) if name and self._managed else WORLD
        labels = (f"fqdn:{name}", "reserved:world") if name and self._managed else ("reserved:world",)
        return Party(end, ip, identity, labels, names=(name,) if name and self._managed else ())

    def _pod(self, pod: Object) -> Party:
        meta, status = pod["metadata"], pod["status"]
        path = f"{meta['namespace']}/{meta['name']}"
        known = self._endpoints.get(path) if self._managed else None
        end = self._ends[path]
        if pod["spec"].get("hostNetwork"):
            return Party(end, status["podIP"], HOST, ("reserved:host",), node=pod["spec"]["nodeName"])
        identity = (known or {}).get("identity") or {}
        owner = None if end.owner is None else (end.owner.kind, end.owner.name)
        return Party(
            end, status["podIP"], identity.get("id", UNMANAGED), tuple(identity.get("labels", ("reserved:unmanaged",))),
            meta["namespace"], meta["name"], owner, (known or {}).get("id", 0), pod["spec"]["nodeName"],
        )  # fmt: skip


def _judged(index: PolicyIndex, talk: Talk, source: Party, destination: Party, managed: bool) -> Scene:
    if talk.fault:
        # Where Cilium stands beside another network, packets that belong to neither are its daily bread.
        often = 1.0 if managed else HALF_WAY
        return Scene(talk, source, destination, False, reason=talk.fault, weight=often)
    decision = judge(index, source.end, destination.end, talk.port, talk.protocol)
    policies: dict[tuple[str, str], tuple[tuple[str, str, str], ...]] = {}
    if not managed:
        # Endpoints that are not Cilium's have no policy verdicts: nothing of a policy is told, and nothing is dropped.
        return Scene(talk, source, destination, True)
    if decision.answer is not Answer.DENIED:
        for direction in ("egress", "ingress"):
            if named := _policies(decision, direction, "allow"):
                policies[direction, "allow"] = named
        return Scene(talk, source, destination, True, l7=decision.l7, policies=policies)
    denying = [item for item in decision.because if item.decision == "deny"]
    # Egress is judged first, at the sender's end.
    direction = "egress" if any(item.direction == "egress" for item in denying) else "ingress"
    explicit = any(item.direction == direction and "Deny" in item.rule for item in denying)
    if explicit:
        policies[direction, "deny"] = tuple(
            (item.policy.kind, item.policy.namespace, item.policy.name)
            for item in denying
            if item.direction == direction and item.policy is not None and "Deny" in item.rule
        )
    # A drop by default-deny names no policy: none of them said no, they only did not say yes.
    return Scene(
        talk, source, destination, False, direction, "POLICY_DENY" if explicit else "POLICY_DENIED", policies=policies
    )  # fmt: skip


def _policies(decision: Decision, direction: str, what: str) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (item.policy.kind, item.policy.namespace, item.policy.name)
        for item in decision.because
        if item.direction == direction and item.decision == what and item.policy is not None
    )
