"""Cilium's selectors and entities in terms of facts."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.policies.facts import Requirement, Selector, parts, requirement, selector_words
from pointsman.tui.answers.policies.read_np import ANY_POD
from pointsman.tui.answers.policies.rules import EVERYONE, Peers

POD_NAMESPACE = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
SPECIAL = {
    POD_NAMESPACE: "@ns",
    "io.cilium.k8s.policy.serviceaccount": "@sa",
    "io.cilium.k8s.policy.cluster": "@cluster",
}
ANY_NODE = Requirement("@node", "Exists")


def reserved(name: str) -> Selector:
    return Selector((Requirement(f"r:{name}", "Exists"),), name)


RESERVED = (
    "host", "remote-node", "world", "world-ipv4", "world-ipv6", "health", "init", "ingress", "unmanaged", "kube-apiserver",
)  # fmt: skip
IN_CLUSTER = ("host", "remote-node", "init", "health", "unmanaged", "ingress")
ENTITIES: dict[str, Peers] = {
    "all": EVERYONE,
    "none": Peers(text="none"),
    "cluster": Peers(selectors=(*map(reserved, IN_CLUSTER), Selector((ANY_POD,), "pods")), text="the cluster"),
    "cluster-mesh": Peers(selectors=(Selector((ANY_POD,), "pods"),), text="the cluster mesh"),
    **{name: Peers(selectors=(reserved(name),), text=name) for name in RESERVED},
}


def fact_key(key: str) -> str:
    """Cilium's ``source:key`` as a key of facts; sources other than k8s, any and reserved are facts nobody has."""
    source, colon, name = key.partition(":")
    if not colon:
        source, name = "any", key
    if source == "reserved":
        return f"r:{name}"
    if source not in ("k8s", "any"):
        return f"x:{key}"
    if name in SPECIAL:
        return SPECIAL[name]
    if name.startswith(NAMESPACE_LABELS):
        return f"n:{name.removeprefix(NAMESPACE_LABELS)}"
    return f"l:{name}"


def cilium_selector(item: Any, what: str, nodes: bool = False) -> Selector:
    """An EndpointSelector as it stands, without the namespace that the agent adds. Raises SelectorError."""
    labels, expressions = parts(item, what)

    def key_of(key: str) -> str:
        return f"h:{key.partition(':')[2] or key}" if nodes else fact_key(key)

    found = [Requirement(key_of(key), "In", frozenset((value,))) for key, value in labels.items()]
    found += [requirement(key_of(key), op, values) for key, op, values in expressions]
    text = selector_words(
        {_short(key): value for key, value in labels.items()}, [(_short(k), op, v) for k, op, v in expressions]
    )
    return Selector(tuple(found), text)


def _short(key: str) -> str:
    name = key.removeprefix("k8s:").removeprefix("any:")
    return "namespace" if name == POD_NAMESPACE else name.removeprefix(NAMESPACE_LABELS)


def node_selector(item: Any, what: str) -> Selector:
    selector = cilium_selector(item, what, nodes=True)
    return Selector((*selector.requirements, ANY_NODE), f"nodes with {selector.text}" if selector.text else "any node")
