"""Who enforces policies: the engines that run, what kinds each of them knows, and how.

"Nobody" is said only where a network that is known to enforce nothing runs and every list that could hold an engine was
read. Whatever cannot be read is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pointsman.tui.answers.stack import cilium, flannel
from pointsman.tui.answers.stack.facts import Facts, containers, facts, label, tag
from pointsman.tui.answers.stack.othercni import NETWORKS
from pointsman.tui.answers.words import blind, from_files
from pointsman.tui.model.core import Workload
from pointsman.tui.model.kinds import (
    ADMINNETWORKPOLICIES,
    BASELINEADMINNETWORKPOLICIES,
    CILIUMCLUSTERWIDENETWORKPOLICIES,
    CILIUMNETWORKPOLICIES,
    CLUSTERNETWORKPOLICIES,
    CONFIGMAPS,
    DAEMONSETS,
    KINDS,
    NETWORKPOLICIES,
    NODES,
)
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

NP = NETWORKPOLICIES.id
CNP = CILIUMNETWORKPOLICIES.id
CCNP = CILIUMCLUSTERWIDENETWORKPOLICIES.id
ANP = ADMINNETWORKPOLICIES.id
BANP = BASELINEADMINNETWORKPOLICIES.id
KNP = CLUSTERNETWORKPOLICIES.id
ALL_KINDS = (NP, CNP, CCNP, ANP, BANP, KNP)
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine. ``knows`` says for each kind of policy whether it is enforced (None: cannot be told, ``why`` says why).

    ``audit`` means that what would be denied is only logged. ``mode`` is Cilium's enable-policy. ``cidr_pods`` and
    ``cidr_nodes``: whether a CIDR also means the address of a pod or a node. ``host_firewall``: whether nodes are
    subjects. ``sure`` is False where the engine itself is only a possibility.
    """

    id: str
    name: str
    knows: Mapping[str, bool | None]
    why: Mapping[str, str]
    audit: bool | None = False
    mode: str = "default"
    cidr_pods: bool = True
    cidr_nodes: bool = True
    host_firewall: bool = False
    sure: bool = True
    detail: str = ""

    @property
    def cilium(self) -> bool:
        return self.id == "cilium"


@dataclass(frozen=True, slots=True)
class Enforcement:
    """``engines`` in the order of trust; ``nobody`` is the sentence why none enforces, ``blind`` why it cannot be told.

    With files in place of a cluster and no engine among them, ``assumed`` is True: policies are taken as enforced.
    """

    engines: tuple[Engine, ...] = ()
    nobody: str = ""
    blind: str = ""
    assumed: bool = False

    def of(self, kind: str) -> bool | None:
        """Whether policies of this kind (id) are enforced; None if that cannot be told."""
        if self.assumed:
            return None
        found = [engine.knows.get(kind, False) for engine in self.engines if engine.sure]
        if any(found):
            return True
        if self.blind or None in found or any(not engine.sure for engine in self.engines):
            return None
        return False

    def by(self, kind: str) -> str:
        """The engines that enforce the kind, as words; empty if none does for sure."""
        if self.assumed:
            return ""
        return " and ".join(engine.name for engine in self.engines if engine.sure and engine.knows.get(kind))

    def reason(self, kind: str) -> str:
        """Why the kind is not enforced or why that cannot be told, as a sentence without its full stop."""
        if self.assumed:
            return "the files show no engine; policies are judged as if one enforced them"
        if self.blind:
            return self.blind
        reasons = [engine.why[kind] for engine in self.engines if kind in engine.why]
        if reasons:
            return "; ".join(dict.fromkeys(reasons))
        title = KINDS[kind].kind
        if self.engines:
            return f"{' and '.join(engine.name for engine in self.engines)} does not know {title}"
        return self.nobody


def _only_np(name: str, **other: bool | None) -> tuple[dict[str, bool | None], dict[str, str]]:
    knows: dict[str, bool | None] = {NP: True, CNP: False, CCNP: False, ANP: False, BANP: False, KNP: False}
    knows.update({{"anp": ANP, "banp": BANP, "knp": KNP}[key]: value for key, value in other.items()})
    why = {
        kind: f"{name} enforces {KINDS[kind].kind} only in some versions and builds"
        for kind, value in knows.items()
        if value is None
    }
    return knows, why


def assumed_engine() -> Engine:
    """What files without an engine are judged by: every kind enforced, CIDRs meaning addresses outside the cluster."""
    return Engine(ASSUMED, "the engine that the cluster will have", dict.fromkeys(ALL_KINDS, True), {},
                  cidr_pods=False, host_firewall=True)  # fmt: skip


@memoized(*(CONFIGMAPS, DAEMONSETS, NODES))
def enforcement(snapshot: Snapshot) -> Enforcement:
    """Who enforces policies in this cluster, or among these files."""
    found = facts(snapshot)
    engines = (*_cilium(found, snapshot), *_k3s(found), *_sidecar(found), *_networks(found))
    if engines:
        return Enforcement(engines)
    files = from_files(snapshot)
    unseen = "" if files else blind(snapshot, DAEMONSETS, NODES)
    if unseen:
        return Enforcement(blind=f"who enforces policies is unknown: {unseen}")
    if found.k3s and not found.flags.known:
        return Enforcement(
            blind="k3s enforces NetworkPolicy unless it was started with --disable-network-policy, and no server node "
            "shows its arguments (annotation k3s.io/node-args)"
        )
    if found.k3s and flannel.embedded(found):
        return Enforcement(nobody="k3s runs with --disable-network-policy, and its flannel enforces nothing")
    if flannel.daemonsets(found):
        return Enforcement(nobody="flannel enforces no policies, and nothing else that does was found")
    if files:
        return Enforcement((assumed_engine(),), assumed=True)
    return Enforcement(blind="no component that is known to enforce policies was found, nor one known not to")


def _cilium(found: Facts, snapshot: Snapshot) -> Iterator[Engine]:
    if not cilium.agents(found):
        return
    values = cilium.config(found)
    base = Engine(
        "cilium", "Cilium", {NP: True, CNP: True, CCNP: True, ANP: False, BANP: False, KNP: None},
        {
            ANP: "Cilium does not know AdminNetworkPolicy", BANP: "Cilium does not know BaselineAdminNetworkPolicy",
            KNP: "Cilium enforces ClusterNetworkPolicy from 1.20 on and only where it is switched on",
        },
        cidr_pods=False, cidr_nodes=False,
    )  # fmt: skip
    if values is None:
        reason = blind(snapshot, CONFIGMAPS) or "the ConfigMap cilium-config is not there"
        doubt = f"how Cilium enforces is unknown: {reason}"
        yield replace(
            base, audit=None, detail=doubt, knows=dict.fromkeys(base.knows), why=dict.fromkeys(base.knows, doubt)
        )
        return
    mode = values.get("enable-policy", "default").strip().lower()
    knows = dict(base.knows)
    why = dict(base.why)
    if not cilium.on(values, "enable-k8s-networkpolicy", True):
        knows[NP] = False
        why[NP] = "Cilium runs with enable-k8s-networkpolicy: false"
    if "enable-k8s-cluster-network-policy" in values:
        knows[KNP] = cilium.on(values, "enable-k8s-cluster-network-policy")
        why.pop(KNP)
    if mode == "never":
        knows = dict.fromkeys(knows, False)
        why = dict.fromkeys(knows, "Cilium's enforcement is switched off (enable-policy: never)")
    yield replace(
        base,
        knows=knows,
        why=why,
        mode=mode,
        audit=cilium.on(values, "policy-audit-mode"),
        cidr_nodes="nodes" in values.get("policy-cidr-match-mode", ""),
        host_firewall=cilium.on(values, "enable-host-firewall"),
        detail="audit mode: nothing is dropped" if cilium.on(values, "policy-audit-mode") else f"mode {mode}",
    )


def _k3s(found: Facts) -> Iterator[Engine]:
    if not found.k3s or not found.flags.known or found.flags.on("disable-network-policy"):
        return
    knows, why = _only_np("k3s' NetworkPolicy controller")
    yield Engine("k3s", "k3s' NetworkPolicy controller (kube-router)", knows, why)


def _sidecar(found: Facts) -> Iterator[Engine]:
    """kube-network-policies: alone, or as the sidecar of flannel's chart (``netpol.enabled``)."""
    for item in found.daemonsets:
        if any("kube-network-policies" in part.image for part in containers(item)):
            knows, why = _only_np("kube-network-policies", anp=None, banp=None, knp=None)
            yield Engine("kube-network-policies", "kube-network-policies", knows, why)
            return


KINDNET_SINCE = "20240813"
"""kindnet enforces NetworkPolicy from kind 0.24 on; its image tags begin with a date."""


def _networks(found: Facts) -> Iterator[Engine]:
    seen: set[str] = set()
    for item in found.daemonsets:
        for network in NETWORKS:
            if not network.policies or network.id in seen or label(item, network.label) != network.value:
                continue
            engine = _network(network.id, network.name, item)
            if engine is not None:
                seen.add(network.id)
                yield engine


def _network(kind: str, name: str, item: Obj[Workload]) -> Engine | None:
    arguments = {argument for part in containers(item) for argument in (*part.args, *part.command)}
    match kind:
        case "kube-router":
            if "--run-firewall=false" in arguments:
                return None
            knows, why = _only_np(name)
        case "calico" | "antrea":
            knows, why = _only_np(name, anp=None, banp=None, knp=None)
        case "ovn-kubernetes":
            knows, why = _only_np(name, anp=True, banp=True, knp=None)
        case "weave":
            if not any(part.name == "weave-npc" for part in containers(item)):
                return None
            knows, why = _only_np(name)
        case "kindnet":
            version = next((found for part in containers(item) if (found := tag(part.image))), None) or ""
            knows, why = _only_np(name)
            if version[:8].isdigit() and version[:8] < KINDNET_SINCE:
                return None
            if not version[:8].isdigit():
                knows[NP] = None
                why[NP] = "kindnet enforces NetworkPolicy from kind 0.24 on; its version cannot be read"
        case _:
            knows, why = _only_np(name)
    return Engine(kind, name, knows, why)
