"""Cilium: network, service proxy, load balancer, policies, Ingress, Gateway and Hubble, each as far as it is switched on.

The agent's DaemonSet proves that it runs; CRDs alone do not (they outlive an uninstall). Every value of the ConfigMap
``cilium-config`` is text, and a missing key means the agent's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, image_with, label
from pointsman.tui.answers.stack.model import Component, Health, Role
from pointsman.tui.answers.stack.podnet import carried
from pointsman.tui.answers.words import blind, plural
from pointsman.tui.model.core import Workload
from pointsman.tui.model.kinds import (
    CILIUMBGPCLUSTERCONFIGS,
    CILIUML2POLICIES,
    CILIUMNETWORKPOLICIES,
    CILIUMNODES,
    CILIUMPOOLS,
    CONFIGMAPS,
    DAEMONSETS,
)
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot, State

REPLACES_PROXY = ("true", "strict")
"""``kube-proxy-replacement``; ``strict`` is the old word, and ``partial`` leaves kube-proxy in place."""


def agents(found: Facts) -> tuple[Obj[Workload], ...]:
    """The agent's DaemonSet (label ``k8s-app=cilium``, in any namespace)."""
    return tuple(item for item in found.daemonsets if label(item, "k8s-app") == "cilium" and _is_agent(item))


def _is_agent(item: Obj[Workload]) -> bool:
    return bool(image_with(item, "cilium")) and any(
        one.name == "cilium-agent" or "cilium" in one.image for one in item.body.spec.template.spec.containers
    )


def config(found: Facts) -> Mapping[str, str] | None:
    """``cilium-config`` of the namespace the agent is in; None if there is no agent or the ConfigMap is not to be seen.

    An empty one is not to be seen either: a real one has a hundred keys, a snapshot file holds the ConfigMap without them.
    """
    for agent in agents(found):
        obj = found.config(agent.namespace, "cilium-config")
        if obj is not None and not obj.problem and obj.body.data:
            return obj.body.data
    return None


def namespace(found: Facts) -> str | None:
    """The namespace Cilium runs in (there its leases are); None without an agent."""
    for agent in agents(found):
        return agent.namespace
    return None


def on(values: Mapping[str, str], key: str, default: bool = False) -> bool:
    value = values.get(key)
    return default if value is None else value.strip().lower() == "true"


def replaces_proxy(values: Mapping[str, str]) -> bool:
    return values.get("kube-proxy-replacement", "false").lower() in REPLACES_PROXY


def makes_network(values: Mapping[str, str]) -> bool:
    """Whether the agent is the CNI: not chained behind another one, and it writes the CNI configuration itself."""
    chained = values.get("cni-chaining-mode", "none").lower() not in ("", "none")
    return not chained and not on(values, "custom-cni-conf")


def enforces(values: Mapping[str, str]) -> bool:
    return values.get("enable-policy", "default").lower() != "never"


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    running = agents(found)
    if not running:
        return
    agent = running[:1]
    values = config(found)
    if values is None:
        yield from _by_objects(found, snapshot, agent)
        return
    if makes_network(values):
        pods = carried(snapshot)
        parts = [_network(values)]
        if pods.node and pods.cilium:
            parts.append(f"{pods.cilium} of {plural(pods.total, 'pod')} on its network")
        yield from_workloads(
            snapshot,
            Role.CNI,
            "cilium",
            "Cilium",
            agent,
            "cilium",
            ", ".join(parts),
            standby=bool(pods.node and not pods.cilium),
        )
    if replaces_proxy(values):
        mode = values.get("bpf-lb-mode", "snat")
        yield from_workloads(
            snapshot, Role.SERVICE_PROXY, "cilium", "Cilium", agent, "cilium", f"eBPF in place of kube-proxy, {mode}"
        )
    yield from _load_balancer(found, snapshot, agent, values)
    yield from _policies(snapshot, agent, values)
    operator = _operator(found)
    if on(values, "enable-ingress-controller"):
        yield from_workloads(snapshot, Role.INGRESS, "cilium", "Cilium", agent, "cilium", "Ingress by Envoy")
    if on(values, "enable-gateway-api"):
        yield from_workloads(
            snapshot, Role.GATEWAY, "cilium", "Cilium", (*agent, *operator), "cilium", "Gateway API by Envoy"
        )
    yield from _hubble(found, snapshot, agent, values)


def _by_objects(found: Facts, snapshot: Snapshot, agent: tuple[Obj[Workload], ...]) -> Iterator[Component]:
    """Without the settings only what objects prove: whose network the pods are on, that no kube-proxy runs, that pools,
    policies or leases are there. How it enforces stays unknown."""
    reason = blind(snapshot, CONFIGMAPS) or "the settings in ConfigMap cilium-config are not to be seen"
    pods = carried(snapshot)
    shares = f"{pods.cilium} of {plural(pods.total, 'pod')} on its network; " if pods.total else ""
    row = (snapshot, Role.CNI, "cilium", "Cilium", agent, "cilium", f"{shares}{reason}")
    # Where another network is known to run and the pods cannot be told apart, "Cilium's" would be a guess.
    other = not pods.total and bool(blind(snapshot, CILIUMNODES)) and _flannel_flag(found)
    yield from_workloads(*row, standby=other or bool(pods.node and not pods.cilium))
    if _no_kube_proxy(found, snapshot):
        yield from_workloads(
            snapshot, Role.SERVICE_PROXY, "cilium", "Cilium", agent, "cilium", f"no kube-proxy runs; {reason}"
        )
    counts = {
        "LB-IPAM {}": (snapshot.count(CILIUMPOOLS), "pool"),
        "L2 ({})": (snapshot.count(CILIUML2POLICIES), "policy"),
        "BGP ({})": (snapshot.count(CILIUMBGPCLUSTERCONFIGS), "cluster config"),
    }
    ways = [text.format(plural(count, word)) for text, (count, word) in counts.items() if count]
    if ways:
        parts = (*agent, *_operator(found))
        yield from_workloads(snapshot, Role.LOAD_BALANCER, "cilium", "Cilium", parts, "cilium", ", ".join(ways))
    elif unseen := blind(snapshot, CILIUMPOOLS, CILIUML2POLICIES, CILIUMBGPCLUSTERCONFIGS):
        text = f"whether it gives or announces addresses is unknown: {unseen}"
        yield from_workloads(
            snapshot, Role.LOAD_BALANCER, "cilium", "Cilium", agent, "cilium", text,
            health=Health.UNKNOWN, standby=True,
        )  # fmt: skip
    yield from_workloads(
        snapshot,
        Role.POLICY_ENGINE,
        "cilium",
        "Cilium",
        agent,
        "cilium",
        f"whether it enforces is unknown: {reason}",
        health=Health.UNKNOWN,
    )
    if _relay(found):
        yield from_workloads(snapshot, Role.FLOWS, "hubble", "Hubble", _relay(found), "hubble-relay", "through Relay")


def _no_kube_proxy(found: Facts, snapshot: Snapshot) -> bool:
    """Whether it is certain that none runs: no DaemonSet of it, and none inside k3s or MicroK8s."""
    if blind(snapshot, DAEMONSETS) or found.distribution in ("microk8s", "rke2", "unknown"):
        return False
    if any(label(item, "k8s-app") == "kube-proxy" for item in found.daemonsets):
        return False
    return not found.k3s or (found.flags.known and found.flags.on("disable-kube-proxy"))


def _flannel_flag(found: Facts) -> bool:
    """Whether k3s was started with its own flannel, by its flags."""
    return found.k3s and found.flags.known and found.flags.last("flannel-backend") != "none"


def _relay(found: Facts) -> tuple[Obj[Workload], ...]:
    return found.where(
        lambda item: label(item, "k8s-app") == "hubble-relay" or item.name == "hubble-relay", found.deployments
    )[:1]


def _network(values: Mapping[str, str]) -> str:
    mode = values.get("routing-mode", "tunnel")
    if mode == "tunnel":
        return values.get("tunnel-protocol") or values.get("tunnel") or "vxlan"
    return f"{mode} routing"


def _operator(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(
        item
        for item in found.deployments
        if label(item, "io.cilium/app") == "operator" or item.name == "cilium-operator"
    )[:1]


def _load_balancer(
    found: Facts, snapshot: Snapshot, agent: tuple[Obj[Workload], ...], values: Mapping[str, str]
) -> Iterator[Component]:
    pools = snapshot.count(CILIUMPOOLS) if on(values, "enable-lb-ipam", True) else 0
    l2 = on(values, "enable-l2-announcements")
    bgp = on(values, "enable-bgp-control-plane")
    ways = []
    if l2:
        ways.append(f"L2 ({plural(snapshot.count(CILIUML2POLICIES), 'policy')})")
    if bgp:
        ways.append(f"BGP ({plural(snapshot.count(CILIUMBGPCLUSTERCONFIGS), 'cluster config')})")
    announces = (l2 and snapshot.count(CILIUML2POLICIES) > 0) or (bgp and snapshot.count(CILIUMBGPCLUSTERCONFIGS) > 0)
    unseen = blind(snapshot, CILIUMPOOLS, CILIUML2POLICIES)
    if not pools and not announces and not ways and not unseen:
        return
    if not on(values, "enable-lb-ipam", True):
        giving = "LB-IPAM off"
    else:
        giving = f"LB-IPAM {plural(pools, 'pool')}" if pools else "no LB-IPAM pool"
    parts = [giving, *ways]
    if unseen:
        parts.append(unseen)
    yield from_workloads(
        snapshot,
        Role.LOAD_BALANCER,
        "cilium",
        "Cilium",
        (*agent, *_operator(found)),
        "cilium",
        ", ".join(parts),
        standby=not (pools or announces),
    )


def _policies(snapshot: Snapshot, agent: tuple[Obj[Workload], ...], values: Mapping[str, str]) -> Iterator[Component]:
    if not enforces(values):
        count = snapshot.count(CILIUMNETWORKPOLICIES)
        waiting = f"; {plural(count, 'CiliumNetworkPolicy')} wait for it" if count else ""
        yield from_workloads(
            snapshot,
            Role.POLICY_ENGINE,
            "cilium",
            "Cilium",
            agent,
            "cilium",
            f"enforcement is switched off (enable-policy: never){waiting}",
            health=Health.DOWN,
            standby=True,
        )
        return
    parts = [f"mode {values.get('enable-policy', 'default')}"]
    if on(values, "policy-audit-mode"):
        parts.append("audit mode: nothing is dropped")
    if not makes_network(values):
        parts.append("only for pods whose network it makes")
    yield from_workloads(snapshot, Role.POLICY_ENGINE, "cilium", "Cilium", agent, "cilium", ", ".join(parts))


def _hubble(
    found: Facts, snapshot: Snapshot, agent: tuple[Obj[Workload], ...], values: Mapping[str, str]
) -> Iterator[Component]:
    if not on(values, "enable-hubble"):
        return
    relay = _relay(found)
    if relay:
        yield from_workloads(snapshot, Role.FLOWS, "hubble", "Hubble", relay, "hubble-relay", "through Relay")
        return
    yield from_workloads(
        snapshot,
        Role.FLOWS,
        "hubble",
        "Hubble",
        agent,
        "cilium",
        "no Hubble Relay: the flows stay on their nodes",
        health=Health.DEGRADED,
    )


def leftovers(found: Facts, snapshot: Snapshot) -> Iterator[str]:
    """CRDs without an agent."""
    if agents(found) or blind(snapshot, DAEMONSETS):
        return
    kinds: tuple[Any, ...] = (CILIUMNETWORKPOLICIES, CILIUMPOOLS, CILIUML2POLICIES)
    if any(snapshot.state(kind) not in (State.ABSENT, State.CONNECTING) for kind in kinds):
        count = sum(snapshot.count(kind) for kind in kinds)
        objects = f" with {plural(count, 'object')}" if count else ""
        yield f"Cilium's CRDs are installed{objects}, but no agent runs"
