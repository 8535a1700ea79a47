"""The ends of a connection: pods, workloads without pods, nodes, addresses outside, names, and Cilium's entities."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from pointsman.tui.answers.policies.addresses import AddressError, address
from pointsman.tui.answers.policies.facts import Facts
from pointsman.tui.answers.policies.ports import NO_PORTS, PORTED, PortTable
from pointsman.tui.answers.policies.spans import NOTHING, Spans, spans
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.core import CronJob, Job, Node, Pod, PodSpec, PodTemplate, Workload
from pointsman.tui.model.kinds import (
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Kind,
)
from pointsman.tui.model.meta import Meta, Obj
from pointsman.tui.store.snapshot import Snapshot

NAME_LABEL = "kubernetes.io/metadata.name"
FINISHED = ("Succeeded", "Failed")
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class Is(enum.StrEnum):
    POD = "pod"
    HOST = "host"
    """A node, or a pod on its node's network. ``node`` is empty where it is not known which one.

    Kubernetes leaves open what a NetworkPolicy means for pods with ``hostNetwork``, and says that engines mostly see the
    node's traffic there: no podSelector selects it, as subject or as peer. That is the reading here; Cilium's is the same.
    Tools that judge files alone (np-guard's analyzer, say) take such pods for any others."""
    WORLD = "world"
    """Addresses outside the cluster."""
    NAME = "name"
    """An FQDN outside the cluster whose addresses are not known."""
    ENTITY = "entity"
    """One of Cilium's reserved identities without an address (health, ingress, init, unmanaged)."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The workload an end belongs to, by the API's kind (``Deployment``)."""

    namespace: str
    name: str
    kind: str

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end. ``facts`` are what selectors see (:mod:`~pointsman.tui.answers.policies.facts`), without the identity
    that depends on the other end (a node is ``host`` to its own pods and ``remote-node`` to others).

    ``text`` names it in sentences. ``ips`` are empty where they are not known. ``ref`` is the object.
    """

    kind: Is
    text: str
    facts: Facts = field(default_factory=dict)
    ips: Spans = NOTHING
    ports: PortTable = NO_PORTS
    node: str = ""
    owner: Owner | None = None
    ref: Ref | None = None
    api_server: bool = False
    name: str = ""
    names: tuple[str, ...] = ()
    """For an address: the names that were observed for it."""
    labels: Facts = field(default_factory=dict)
    """A pod's labels, also where policies do not see them."""

    @property
    def namespace(self) -> str:
        return self.facts.get("@ns", "")

    def with_ips(self, ips: Spans) -> End:
        return replace(self, ips=ips)


def owner_of_pod(meta: Meta, parents: Mapping[tuple[str, str, str], Obj[Any]]) -> Owner:
    """The head of the chain of controllers, as far as the objects tell: a ReplicaSet whose Deployment is not among them
    stays a ReplicaSet, and a static pod (owned by its node) a Pod."""
    current = Owner(meta.namespace, meta.name, "Pod")
    for _ in range(4):
        above = meta.controller or next(iter(meta.owner_references), None)
        if above is None or above.kind == "Node" or not above.name:
            return current
        parent = parents.get((above.kind, current.namespace, above.name))
        if parent is None and above.kind == "ReplicaSet":
            # Without the ReplicaSet its own name still tells: a Deployment names it after itself and the pods' hash.
            name = above.name.removesuffix(f"-{meta.labels.get('pod-template-hash', '')}")
            if name != above.name and ("Deployment", current.namespace, name) in parents:
                return Owner(current.namespace, name, "Deployment")
        if parent is None:
            return Owner(current.namespace, above.name, above.kind or "Pod") if current.kind == "Pod" else current
        current = Owner(current.namespace, above.name, above.kind)
        meta = parent.meta
    return current


def port_table(spec: PodSpec) -> PortTable:
    """Named container ports. Cilium and the API server both keep port names in lower case."""
    return frozenset(
        (port.name.lower(), port.protocol or "TCP", port.container_port)
        for container in (*spec.containers, *spec.init_containers)
        for port in container.ports
        if port.name and (port.protocol or "TCP") in PORTED and 0 < port.container_port < 65536
    )


def ip_spans(texts: Iterable[str]) -> Spans:
    """Addresses as spans; what is not an address is left out."""
    found = []
    for text in texts:
        try:
            number = address(text)
        except AddressError:
            continue
        found.append((number, number))
    return spans(found)


class Places:
    """Namespaces and nodes of a snapshot, as the ends need them."""

    def __init__(self, snapshot: Snapshot, cluster: str = "default") -> None:
        self.cluster = cluster
        self.namespaces: dict[str, Mapping[str, str]] = {obj.name: obj.meta.labels for obj in snapshot.all(NAMESPACES)}
        self.nodes: dict[str, Obj[Node]] = {obj.name: obj for obj in snapshot.all(NODES)}
        self._kept: dict[str, dict[str, str]] = {}

    def namespace_facts(self, name: str) -> dict[str, str]:
        """Labels of the namespace. Every namespace has its own name as a label, also one that is not among the objects."""
        kept = self._kept.get(name)
        if kept is None:
            labels = {NAME_LABEL: name, **self.namespaces.get(name, {})}
            kept = self._kept[name] = {"@ns": name, "@cluster": self.cluster} | {
                f"n:{key}": value for key, value in labels.items()
            }
        return kept

    def pod_facts(self, namespace: str, labels: Mapping[str, str], account: str = "") -> dict[str, str]:
        facts = dict(self.namespace_facts(namespace))
        facts["@sa"] = account or "default"
        for key, value in labels.items():
            facts[f"l:{key}"] = value
        return facts

    def host_facts(self, node: str) -> tuple[dict[str, str], Spans, bool]:
        """Facts and addresses of a node, and whether an API server runs on it."""
        obj = self.nodes.get(node)
        facts = {"@node": node}
        if obj is None:
            return facts, NOTHING, False
        facts.update({f"h:{key}": value for key, value in obj.meta.labels.items()})
        ips = ip_spans(item.address for item in obj.body.status.addresses)
        return facts, ips, any(key in obj.meta.labels for key in CONTROL_PLANE)

    def host(self, node: str, text: str = "", own: Spans = NOTHING) -> End:
        facts, ips, api = self.host_facts(node)
        return End(Is.HOST, text or (f"node {node}" if node else "the node"), facts, ips or own, node=node,
                   api_server=api, ref=Ref(NODES.id, "", node) if node in self.nodes else None)  # fmt: skip

    def pod(self, obj: Obj[Pod], parents: Mapping[tuple[str, str, str], Obj[Any]]) -> End:
        spec, status = obj.body.spec, obj.body.status
        owner = owner_of_pod(obj.meta, parents)
        me = Ref(PODS.id, obj.namespace, obj.name)
        own = ip_spans([status.pod_ip, *(item.ip for item in status.pod_ips)])
        if spec.host_network:
            return replace(
                self.host(spec.node_name, obj.path, own), ref=me, owner=owner, ports=port_table(spec),
                labels=obj.meta.labels,
            )  # fmt: skip
        facts = self.pod_facts(obj.namespace, obj.meta.labels, spec.service_account_name)
        return End(
            Is.POD, obj.path, facts, own, port_table(spec), spec.node_name, owner, me, labels=obj.meta.labels
        )  # fmt: skip

    def template(self, namespace: str, name: str, kind: str, plural: str, template: PodTemplate) -> End:
        """What the pods of a workload will be."""
        owner = Owner(namespace, name, kind)
        me = Ref(plural, namespace, name)
        spec = template.spec
        if spec.host_network:
            return replace(
                self.host(spec.node_name, owner.path), ref=me, owner=owner, ports=port_table(spec),
                labels=template.metadata.labels,
            )  # fmt: skip
        facts = self.pod_facts(namespace, template.metadata.labels, spec.service_account_name)
        return End(
            Is.POD, owner.path, facts, NOTHING, port_table(spec), spec.node_name, owner, me,
            labels=template.metadata.labels,
        )  # fmt: skip


class _Body(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=lambda: _Spec())


class _Spec(msgspec.Struct):
    template: PodTemplate | None = None


_body = msgspec.json.Decoder(_Body)


TEMPLATED: tuple[Kind[Any], ...] = (REPLICASETS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS)
"""Kinds whose objects hold a template of pods."""


def endpoints(snapshot: Snapshot, places: Places) -> Iterator[End]:
    """Live pods, then the templates of workloads that have none, in the order of namespace and name."""
    parents: dict[tuple[str, str, str], Obj[Any]] = {}
    for kind in TEMPLATED:
        for parent in snapshot.all(kind):
            parents[(kind.kind, parent.namespace, parent.name)] = parent
    seen: set[Owner] = set()
    for pod in sorted(snapshot.all(PODS), key=lambda item: item.key):
        if pod.body.status.phase in FINISHED or pod.problem:
            continue
        end = places.pod(pod, parents)
        if end.owner is not None:
            seen.add(end.owner)
        yield end
    for (kind_name, namespace, name), obj in sorted(parents.items(), key=lambda item: item[0]):
        if Owner(namespace, name, kind_name) in seen:
            continue
        template = _template(obj, parents, seen)
        if template is not None:
            yield places.template(namespace, name, kind_name, obj.kind, template)


def _template(obj: Obj[Any], parents: Mapping[tuple[str, str, str], Obj[Any]], seen: set[Owner]) -> PodTemplate | None:
    if isinstance(obj.body, Workload):
        return None if obj.problem else obj.body.spec.template
    if isinstance(obj.body, CronJob):
        return None if obj.problem else obj.body.spec.job_template.spec.template
    # What another one made is that one's: a ReplicaSet its Deployment's, a Job its CronJob's.
    above = obj.meta.controller
    if above is not None and (above.kind, obj.namespace, above.name) in parents:
        return None
    if above is not None and Owner(obj.namespace, above.name, above.kind) in seen:
        return None
    if isinstance(obj.body, Job):
        return None if obj.problem or obj.body.finished else obj.body.spec.template
    # ReplicaSets are kept without their bodies; only one from a file still has its template in the raw bytes.
    try:
        return _body.decode(obj.raw).spec.template
    except msgspec.DecodeError:
        return None
