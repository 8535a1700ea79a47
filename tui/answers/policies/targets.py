"""The words of a question into ends: pods, workloads, services, namespaces, labels, addresses, names, world."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.index import slices_by_service
from pointsman.tui.answers.policies.addresses import INTERNET, IPV4, AddressError, address, cidr
from pointsman.tui.answers.policies.backends import CONTROLLER, ingress_controllers, pods_behind, target_ports
from pointsman.tui.answers.policies.ends import End, Is, ip_spans
from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.ports import protocol_spans
from pointsman.tui.answers.policies.spans import Spans, intersect, union
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import NAMESPACES, SERVICES, find_kind
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

WORKLOAD_WORDS = {
    "deploy": "Deployment", "deployment": "Deployment", "deployments": "Deployment", "ds": "DaemonSet",
    "daemonset": "DaemonSet", "daemonsets": "DaemonSet", "sts": "StatefulSet", "statefulset": "StatefulSet",
    "statefulsets": "StatefulSet", "rs": "ReplicaSet", "replicaset": "ReplicaSet", "replicasets": "ReplicaSet",
    "job": "Job", "jobs": "Job", "cj": "CronJob", "cronjob": "CronJob", "rc": "ReplicationController",
}  # fmt: skip
NAMESPACE_WORDS = ("ns", "namespace", "namespaces")
POD_WORDS = ("po", "pod", "pods")
SERVICE_WORDS = ("svc", "service", "services")
NODE_WORDS = ("no", "node", "nodes")
WORLD_WORDS = ("world", "internet")
NODES_AS_PEERS = {"host": "local", "remote-node": "remote", "kube-apiserver": "", "nodes": ""}
ENTITIES = ("health", "init", "unmanaged", "ingress")
NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9*]([-a-z0-9_*]*[a-z0-9*])?(\.[a-z0-9*]([-a-z0-9_*]*[a-z0-9*])?)+\.?", re.IGNORECASE
)


class TargetError(ValueError):
    """The words mean nothing here, or too much; the text is a sentence without its full stop, ``hint`` lists what there
    is."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Target:
    """What one word of a question stands for. ``service`` is set where the question goes through one."""

    word: str
    ends: tuple[End, ...]
    service: Obj[Service] | None = None
    note: str = ""
    pods: bool = False
    """Asked for by pod, not by workload."""


def find_target(index: PolicyIndex, snapshot: Snapshot, word: str, namespace: str = "") -> Target:
    """The ends a word stands for. Raises TargetError.

    Understood: ``world``, ``ingress-controller``, Cilium's entities, ``10.0.0.0/8`` and single addresses (of a pod, node or
    service if they are one), ``example.org``, ``NS/NAME`` (a workload, else a pod, else a service), ``KIND/NS/NAME``,
    ``KIND/NAME`` with a namespace, ``ns/NAME``, ``NS/app=web`` or ``app=web`` labels, and a bare name if it is one thing.
    """
    text = word.strip()
    lower = text.lower()
    if not text:
        raise TargetError("an end is empty")
    if lower in WORLD_WORDS:
        return Target(word, (End(Is.WORLD, "the Internet", ips=_internet(index)),), note="the public Internet")
    if lower in NODES_AS_PEERS:
        return _nodes_as_peers(index, word, lower)
    if lower in ENTITIES:
        return Target(word, (End(Is.ENTITY, lower, {f"r:{lower}": ""}),))
    if lower == CONTROLLER:
        return Target(word, _distinct(index, ingress_controllers(index, snapshot)))
    if "=" in text:
        return _labels(index, word, text, namespace)
    found = _address(index, snapshot, word, text)
    if found is not None:
        return found
    parts = text.split("/")
    if len(parts) == 3:
        return _of_kind(index, snapshot, word, parts[0].lower(), parts[1], parts[2])
    if len(parts) == 2:
        if parts[0].lower() in NAMESPACE_WORDS:
            return _namespace(index, snapshot, word, parts[1])
        if parts[0].lower() in NODE_WORDS:
            return _node(index, word, parts[1])
        if _is_kind(parts[0].lower()) and (namespace or parts[0] not in _namespaces(index, snapshot)):
            return _of_kind(index, snapshot, word, parts[0].lower(), namespace, parts[1])
        return _named(index, snapshot, word, parts[0], parts[1])
    if len(parts) == 1:
        if "." in text:
            return _domain(index, snapshot, word, lower.rstrip("."))
        return _bare(index, snapshot, word, text, namespace)
    raise TargetError(f"{word!r} is not an end (NS/NAME, KIND/NS/NAME, ns/NAME, NS/app=x, an address, a name, world)")


def _internet(index: PolicyIndex) -> Spans:
    """The public addresses; those of IPv6 only where the cluster has it."""
    return INTERNET if index.ipv6 else intersect(INTERNET, IPV4)


def _is_kind(word: str) -> bool:
    return word in WORKLOAD_WORDS or word in POD_WORDS or word in SERVICE_WORDS


def _namespaces(index: PolicyIndex, snapshot: Snapshot) -> set[str]:
    return {obj.name for obj in snapshot.all(NAMESPACES)} | {end.namespace for end in index.ends if end.namespace}


def _distinct(index: PolicyIndex, ends: Iterable[End]) -> tuple[End, ...]:
    """One of each standing on each node: what no policy tells apart needs no second look."""
    seen: dict[object, End] = {}
    for end in ends:
        seen.setdefault((index.standing(end), end.node), end)
    return tuple(seen.values())


def judged_ends(index: PolicyIndex, target: Target, other: Target) -> tuple[End, ...]:
    """The ends of a target to judge: named after their workloads unless pods were asked for, and one for all nodes unless
    the other side is on a node."""
    on_node = any(end.kind is Is.HOST for end in other.ends)
    seen: dict[object, End] = {}
    for end in target.ends:
        view = end if target.pods else index.as_workload(end)
        seen.setdefault((index.standing(end), end.node if on_node or target.pods else ""), view)
    return tuple(seen.values())


def _pick(index: PolicyIndex, test: Callable[[End], bool]) -> tuple[End, ...]:
    return _distinct(index, (end for end in index.ends if test(end)))


def _nodes_as_peers(index: PolicyIndex, word: str, lower: str) -> Target:
    if lower in ("host", "remote-node"):
        name = NODES_AS_PEERS[lower]
        text = "the pod's own node" if name == "local" else "another node"
        return Target(word, (End(Is.HOST, text, {"@node": ""}, name=name),))
    hosts = [index.places.host(node) for node in sorted(index.places.nodes)]
    if lower == "kube-apiserver":
        hosts = [host for host in hosts if host.api_server]
        if not hosts:
            raise TargetError("no node is known to run an API server")
    if not hosts:
        raise TargetError("there is no node among the objects")
    return Target(word, tuple(hosts))


def _node(index: PolicyIndex, word: str, name: str) -> Target:
    if name not in index.places.nodes:
        raise TargetError(f"there is no node {name}", _known(index.places.nodes))
    return Target(word, (index.places.host(name),))


def _known(names: Iterable[str]) -> str:
    found = sorted(set(names))
    return f"there are {listed(found, most=8)}" if found else ""


def _labels(index: PolicyIndex, word: str, text: str, namespace: str) -> Target:
    """``app=web`` or ``NS/app=web,tier=front``: the pods that have them, or a pod that would."""
    head, slash, tail = text.partition("/")
    home, pairs = (head, tail) if slash and "=" not in head else (namespace, text)
    wanted: dict[str, str] = {}
    for pair in pairs.split(","):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise TargetError(f"{pair!r} is not a label (key=value)")
        wanted[key.strip()] = value.strip().removeprefix("=")
    items = wanted.items()
    found = _pick(
        index,
        lambda end: end.owner is not None and home in ("", end.owner.namespace) and items <= end.labels.items(),
    )
    if found:
        return Target(word, found)
    if not home:
        raise TargetError(f"no pod has {pairs}, and for a pod that would have it the question needs a namespace",
                          f"write NS/{pairs} or give -n")  # fmt: skip
    facts = index.places.pod_facts(home, wanted)
    return Target(
        word, (End(Is.POD, f"a pod with {pairs} in {home}", facts, labels=wanted),), note="no such pod is there now"
    )


def _address(index: PolicyIndex, snapshot: Snapshot, word: str, text: str) -> Target | None:
    try:
        number = address(text)
    except AddressError:
        try:
            block = cidr(text) if "/" in text and text[:1] in "0123456789abcdefABCDEF:" else None
        except AddressError:
            block = None
        if block is None:
            if re.fullmatch(r"[0-9.]+(/[0-9]+)?", text):
                raise TargetError(f"{text!r} is not an address or CIDR") from None
            return None
        return Target(word, (End(Is.WORLD, text, ips=block),))
    one: Spans = ((number, number),)
    pods = [end for end in index.ends if intersect(end.ips, one) and end.kind is Is.POD]
    if pods:
        return Target(word, tuple(pods), note=f"{text} is {pods[0].text}", pods=True)
    for name in sorted(index.places.nodes):
        host = index.places.host(name)
        if intersect(host.ips, one):
            return Target(word, (host,), note=f"{text} is node {name}")
    for service in snapshot.all(SERVICES):
        given = service.body.status.load_balancer.ingress
        texts = (service.body.spec.cluster_ip, *service.body.spec.cluster_ips, *(item.ip for item in given))
        if intersect(ip_spans(texts), one):
            return _service(index, snapshot, word, service, f"{text} is service {service.path}")
    names = observed_names(snapshot.traffic.names, text)
    note = f"{text} was looked up as {listed(list(names), most=3)}" if names else ""
    return Target(word, (End(Is.WORLD, text, ips=one, names=names),), note=note)


def _service(index: PolicyIndex, snapshot: Snapshot, word: str, service: Obj[Service], note: str = "") -> Target:
    found = _distinct(index, pods_behind(index, snapshot, service))
    if found:
        return Target(word, found, service, note)
    spans: Spans = ()
    for piece in slices_by_service(snapshot).get(service.key, ()):
        for point in piece.body.endpoints:
            spans = union(spans, ip_spans(point.addresses))
    if spans:
        hosts = [host for name in sorted(index.places.nodes) if intersect((host := index.places.host(name)).ips, spans)]
        if hosts:
            return Target(word, tuple(hosts), service, note)
        return Target(word, (End(Is.WORLD, f"the endpoints of {service.path}", ips=spans),), service, note)
    if service.body.spec.type == "ExternalName" and service.body.spec.external_name:
        name = service.body.spec.external_name.lower().rstrip(".")
        return Target(
            word,
            (End(Is.NAME, name, ips=_internet(index), name=name),),
            None,
            f"service {service.path} is a name for {name}",
        )
    raise TargetError(f"service {service.path} has no backend: no pod has the labels it asks for")


def _of_kind(index: PolicyIndex, snapshot: Snapshot, word: str, kind: str, namespace: str, name: str) -> Target:
    if kind in SERVICE_WORDS:
        services = [obj for obj in snapshot.all(SERVICES) if obj.name == name and namespace in ("", obj.namespace)]
        if len(services) == 1:
            return _service(index, snapshot, word, services[0])
        if services:
            raise TargetError(f"{word!r} is more than one service", _known(f"svc/{obj.path}" for obj in services))
        raise TargetError(f"there is no service {namespace}/{name}" if namespace else f"there is no service {name}")
    if kind in POD_WORDS:
        found = [
            end for end in index.ends
            if end.ref is not None and end.ref.kind == "pods" and end.ref.name == name and namespace in ("", end.ref.namespace)
        ]  # fmt: skip
        title = "pod"
    elif kind in WORKLOAD_WORDS:
        title = WORKLOAD_WORDS[kind]
        found = [
            end for end in index.ends
            if end.owner and end.owner.kind == title and end.owner.name == name and namespace in ("", end.owner.namespace)
        ]  # fmt: skip
    else:
        known = find_kind(kind)
        what = known.kind if known else repr(kind)
        raise TargetError(f"{what} is not a kind of end (pod, deploy, ds, sts, rs, job, svc, ns, node)")
    homes = {end.owner.namespace for end in found if end.owner}
    if len(homes) > 1:
        raise TargetError(f"{word!r} is in more than one namespace", _known(f"{kind}/{home}/{name}" for home in homes))
    if not found:
        where = f"{namespace}/{name}" if namespace else name
        near = [end.owner.path for end in index.ends if end.owner and end.owner.namespace == namespace]
        raise TargetError(f"there is no {title} {where}", _known(near))
    return Target(word, _distinct(index, found), pods=kind in POD_WORDS)


def _namespace(index: PolicyIndex, snapshot: Snapshot, word: str, name: str) -> Target:
    found = _pick(index, lambda end: end.owner is not None and end.owner.namespace == name)
    if found:
        return Target(word, found)
    if name not in _namespaces(index, snapshot):
        raise TargetError(f"there is no namespace {name}", _known(_namespaces(index, snapshot)))
    facts = index.places.pod_facts(name, {})
    return Target(word, (End(Is.POD, f"a pod without labels in {name}", facts),), note=f"no pod is in {name} now")


def _named(index: PolicyIndex, snapshot: Snapshot, word: str, namespace: str, name: str) -> Target:
    found = _pick(
        index, lambda end: end.owner is not None and end.owner.namespace == namespace and end.owner.name == name
    ) or _pick(
        index, lambda end: end.ref is not None and (end.ref.kind, end.ref.namespace, end.ref.name) == ("pods", namespace, name)
    )  # fmt: skip
    if found:
        kinds = sorted({end.owner.kind for end in found if end.owner})
        if len(kinds) > 1:
            raise TargetError(f"{word!r} is more than one thing", _known(f"{kind.lower()}/{word}" for kind in kinds))
        return Target(word, found)
    service = snapshot.get(SERVICES, namespace, name)
    if service is not None:
        return _service(index, snapshot, word, service)
    near = [end.owner.path for end in index.ends if end.owner and end.owner.namespace == namespace]
    if not near and namespace not in _namespaces(index, snapshot):
        raise TargetError(f"there is no namespace {namespace}", _known(_namespaces(index, snapshot)))
    raise TargetError(f"there is no workload, pod or service {namespace}/{name}", _known(near))


def _bare(index: PolicyIndex, snapshot: Snapshot, word: str, name: str, namespace: str) -> Target:
    if namespace:
        try:
            return _named(index, snapshot, word, namespace, name)
        except TargetError:
            if name in _namespaces(index, snapshot):
                return _namespace(index, snapshot, word, name)
            raise
    paths = {end.owner.path for end in index.ends if end.owner and end.owner.name == name}
    paths |= {
        f"pod/{end.ref.path}" for end in index.ends
        if end.ref is not None and end.ref.kind == "pods" and end.ref.name == name and end.owner and end.owner.name != name
    }  # fmt: skip
    paths = paths or {f"svc/{obj.path}" for obj in snapshot.all(SERVICES) if obj.name == name}
    candidates = sorted(paths) + ([f"ns/{name}"] if name in _namespaces(index, snapshot) else [])
    if not candidates:
        raise TargetError(f"there is no workload, pod, service or namespace {name}")
    if len(candidates) > 1:
        raise TargetError(f"{name!r} is more than one thing", f"say which: {listed(candidates, most=8, word='or')}")
    return find_target(index, snapshot, candidates[0])


def _domain(index: PolicyIndex, snapshot: Snapshot, word: str, name: str) -> Target:
    """A service's name in the cluster's DNS, or a name outside."""
    parts = name.split(".")
    if len(parts) >= 3 and parts[2] == "svc":
        service = snapshot.get(SERVICES, parts[1], parts[0])
        if service is None:
            raise TargetError(f"there is no service {parts[1]}/{parts[0]}")
        return _service(index, snapshot, word, service)
    if not NAME.fullmatch(name):
        raise TargetError(f"{word!r} is neither a name nor an address")
    seen = sorted(ip for ip in snapshot.traffic.names if name in observed_names(snapshot.traffic.names, ip))
    note = f"{name} was seen at {listed(seen, most=3)}" if seen else ""
    return Target(word, (End(Is.NAME, name, ips=_internet(index), name=name),), note=note)


def observed_names(names: Mapping[str, Sequence[str]], ip: str) -> tuple[str, ...]:
    """The names that flows showed for an address, as toFQDNs compares them: in small letters, without the root's dot."""
    return tuple(dict.fromkeys(name.lower().rstrip(".") for name in names.get(ip, ()) if name.rstrip(".")))


def asked_ports(target: Target, end: End, port: int | str | None, protocol: str) -> Spans | None:
    """The ports at one end of a target that a question is about; None where it names none. Raises TargetError."""
    if target.service is not None:
        ports = [
            item for item in target.service.body.spec.ports
            if port is None or (item.protocol == protocol and port in (item.port, item.name))
        ]  # fmt: skip
        if not ports:
            have = [f"{item.port}/{item.protocol.lower()}" for item in target.service.body.spec.ports]
            raise TargetError(f"service {target.service.path} has no port {port}/{protocol.lower()}", _known(have))
        found: Spans = ()
        for item in ports:
            found = union(found, target_ports(item, end))
        return found
    if isinstance(port, str):
        numbers = [number for name, kind, number in end.ports if name == port.lower() and kind == protocol]
        if not numbers:
            raise TargetError(
                f"{end.text} has no {protocol} port named {port}", _known(name for name, _, _ in end.ports)
            )
        found = ()
        for number in numbers:
            found = union(found, protocol_spans(protocol, number, number))
        return found
    return None
