"""The wishes about who announces: take a node out of announcing and back, restart the pod that announces. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish, graver
from pointsman.tui.actions.undo import RESTART
from pointsman.tui.answers.ips import Address, IpKind, ip_map
from pointsman.tui.answers.ips.agents import AGENT_OF, CILIUM, SPEAKER, agent
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.metallb import EXCLUDE
from pointsman.tui.answers.ips.model import ONE_ANNOUNCER
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import CILIUML2POLICIES, NODES, SERVICES
from pointsman.tui.model.meta import dig_dict
from pointsman.tui.store.snapshot import Snapshot

CORDON, UNCORDON = "announcer-cordon", "announcer-uncordon"
"""The names of the actions in the journal."""
HOSTNAME = "kubernetes.io/hostname"


def announced_by(snapshot: Snapshot, node: str, kinds: Sequence[IpKind]) -> tuple[Address, ...]:
    """The addresses that a node announces, each once."""
    found: dict[str, Address] = {}
    for item in ip_map(snapshot).items:
        if item.ip and item.kind in kinds and any(one.node == node for one in item.announcers):
            found.setdefault(item.ip, item)
    return tuple(found.values())


# -- cordon -----------------------------------------------------------------------------------------------------------
def is_cordoned(snapshot: Snapshot, node: str, kind: IpKind) -> bool:
    """Whether a node was taken out of announcing addresses of a kind, by label or by a policy's selector."""
    if kind in (IpKind.METALLB_L2, IpKind.METALLB_BGP):
        found = snapshot.get(NODES, "", node)
        return found is not None and EXCLUDE in found.meta.labels
    return any(node in _excluded(policy.doc()) for policy in snapshot.all(CILIUML2POLICIES))


def cordon_wish(snapshot: Snapshot, node: str, item: Address, *, off: bool = True) -> Wish:
    """Take a node out of announcing (``off``) or let it announce again, by what the address's kind goes by: MetalLB by a
    label of the node, Cilium by the selector of the policy that announces the address. Raises ActionError."""
    if snapshot.get(NODES, "", node) is None:
        raise ActionError(f"{node} is no node of this cluster.")
    if item.kind in (IpKind.METALLB_L2, IpKind.METALLB_BGP):
        return _label_wish(snapshot, node, off)
    if item.kind is IpKind.CILIUM_L2:
        return _policy_wish(snapshot, node, item, off)
    raise ActionError("Only MetalLB and Cilium's L2 announcements can be told to leave a node out.")


def _label_wish(snapshot: Snapshot, node: str, off: bool) -> Wish:
    ctx = Context(snapshot)
    if ctx.metallb.ignores_exclusion:
        raise ActionError("MetalLB's speakers run with --ignore-exclude-lb, so they do not heed the label.")
    target = Ref(NODES.id, "", node)
    kinds = (IpKind.METALLB_L2, IpKind.METALLB_BGP)

    def make(live: Doc | None) -> Doc | None:
        if live is None:
            raise ActionError(f"{node} is no node of this cluster any more.")
        doc = copy.deepcopy(live)
        labels = doc["metadata"].setdefault("labels", {})
        if off:
            labels[EXCLUDE] = labels.get(EXCLUDE, "")
        else:
            labels.pop(EXCLUDE, None)
        return doc

    if not off:
        back = "MetalLB's election may choose it again at once: addresses that it wins move to it."
        return Wish(UNCORDON, f"let {node} announce again", target, make, effect=(back,))
    others = [name for name in ctx.metallb.may_speak() if name != node]
    notes = ("The label tells other load balancers too, such as a cloud's, to leave the node out.",)
    risks, effect = _leaving(snapshot, node, kinds, others, "MetalLB elects another node within seconds")
    return Wish(CORDON, f"take {node} out of announcing", target, make, risks=risks, notes=notes, effect=effect)


def _policy_wish(snapshot: Snapshot, node: str, item: Address, off: bool) -> Wish:
    ctx = Context(snapshot)
    service = snapshot.get(SERVICES, *item.service.key)
    policies = ctx.cilium.policies(service) if service is not None else []
    named = [policy for policy in policies if node in ctx.cilium.nodes_of([policy])] if off else [
        policy for policy in snapshot.all(CILIUML2POLICIES) if node in _excluded(policy.doc())
    ]  # fmt: skip
    if not named:
        why = f"no announcement policy lets {node} announce it" if off else f"no announcement policy leaves {node} out"
        raise ActionError(f"There is nothing to change: {why}.")
    policy = named[0]
    host = ctx.cilium.node_labels.get(node, {}).get(HOSTNAME, "")
    if off and not host:
        raise ActionError(f"CiliumNode {node} has no label {HOSTNAME}, so a selector cannot leave it out.")

    def make(live: Doc | None) -> Doc | None:
        if live is None:
            raise ActionError(f"There is no {ref(policy).title} any more.")
        doc = copy.deepcopy(live)
        spec = doc.setdefault("spec", {})
        selector = spec.get("nodeSelector") or {}
        rules = [rule for rule in selector.get("matchExpressions") or () if not _ours(rule)]
        left = [name for name in _excluded(doc) if name != host] + ([host] if off else [])
        if left:
            rules.append({"key": HOSTNAME, "operator": "NotIn", "values": left})
        selector = {key: value for key, value in selector.items() if key != "matchExpressions"}
        if rules:
            selector["matchExpressions"] = rules
        if selector:
            spec["nodeSelector"] = selector
        else:
            spec.pop("nodeSelector", None)
        return doc

    more = f"; {listed([one.name for one in named[1:]])} would have to be told too" if named[1:] else ""
    notes = (f"It is policy {policy.name} that is told{more}.",)
    if not off:
        back = "Leases that are held stay where they are; it takes the next one that is free."
        return Wish(UNCORDON, f"let {node} announce again", ref(policy), make, notes=notes, effect=(back,))
    others = [name for name in ctx.cilium.nodes_of(policies) if name != node]
    how = "Cilium lets go of the leases, and another node takes them within the lease's duration (15 s)"
    risks, effect = _leaving(snapshot, node, (IpKind.CILIUM_L2,), others, how)
    return Wish(CORDON, f"take {node} out of announcing", ref(policy), make, risks=risks, notes=notes, effect=effect)


def _ours(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.get("key") == HOSTNAME and rule.get("operator") == "NotIn"


def _excluded(doc: Doc) -> list[str]:
    rules = dig_dict(doc, "spec", "nodeSelector").get("matchExpressions")
    found: list[str] = []
    for rule in rules if isinstance(rules, list) else ():
        if _ours(rule) and isinstance(rule.get("values"), list):
            found += [value for value in rule["values"] if isinstance(value, str)]
    return list(dict.fromkeys(found))


def _leaving(
    snapshot: Snapshot, node: str, kinds: Sequence[IpKind], others: Sequence[str], how: str
) -> tuple[tuple[Risk, ...], tuple[str, ...]]:
    """What happens to the addresses of a node that stops announcing."""
    mine = announced_by(snapshot, node, kinds)
    if not mine:
        return (), (f"{node} announces no address now; it will get none.",)
    ips = listed([item.ip or "" for item in mine], most=5)
    if not others:
        return (Risk(f"no other node may announce: {ips} would be silent"),), ()
    effect = [f"{ips} go{'es' if len(mine) == 1 else ''} to {listed(sorted(others), most=4, word='or')}: {how}."]
    risks = [
        Risk(
            f"{plural(len(mine), 'address', 'addresses')} {'are' if len(mine) != 1 else 'is'} not answered for until then",
            grave=False,
        )
    ]
    lost = [item for item in mine if _stuck(snapshot, item, others)]
    if lost:
        where = listed([f"{item.ip} ({item.service.path})" for item in lost])
        risks.append(
            Risk(f"{where}: externalTrafficPolicy is Local and no other node has an endpoint, so nobody answers")
        )
    return graver(risks), tuple(effect)


def _stuck(snapshot: Snapshot, item: Address, others: Sequence[str]) -> bool:
    service = snapshot.get(SERVICES, *item.service.key)
    if service is None or not local(service):
        return False
    ctx = Context(snapshot)
    return ctx.backends_known and not ctx.backends(service).ready_nodes & set(others)


# -- restart ----------------------------------------------------------------------------------------------------------
def restart_wish(snapshot: Snapshot, node: str, kind: IpKind) -> Wish:
    """Restart what announces on a node: its pod is deleted, and its DaemonSet makes another one. Raises ActionError."""
    what = AGENT_OF.get(kind)
    if what is None:
        raise ActionError("Addresses of this kind are announced by no pod of their own.")
    pod = agent(snapshot, kind, node)
    if pod is None:
        raise ActionError(f"There is no {what} on {node}.")
    if not any(owner.kind == "DaemonSet" and owner.controller for owner in pod.meta.owner_references):
        raise ActionError(f"Pod {pod.path} belongs to no DaemonSet, so nothing would make it anew.")

    def make(live: Doc | None) -> Doc | None:
        if live is None:
            raise ActionError(f"There is no Pod {pod.path} any more.")
        return None

    kinds = {
        SPEAKER: (IpKind.METALLB_L2, IpKind.METALLB_BGP), CILIUM: (IpKind.CILIUM_L2, IpKind.CILIUM_BGP),
    }.get(what, (kind,))  # fmt: skip
    mine = announced_by(snapshot, node, kinds)
    effect = [
        f"{item.ip} ({item.service.path}) moves to another node for a while, or is silent until the pod is back"
        if item.kind in ONE_ANNOUNCER
        else f"{node} announces {item.ip} ({item.service.path}) again when the pod is back"
        for item in mine[:6]
    ]
    if len(mine) > 6:
        effect.append(f"and {len(mine) - 6} more")
    risks = (
        [Risk(f"for some seconds nobody answers for {plural(len(mine), 'address', 'addresses')}", grave=False)]
        if mine
        else []
    )
    if what == CILIUM:
        risks.append(
            Risk(
                f"until it is back no pod starts on {node} and no policy changes there; what flows goes on", grave=False
            )
        )
    return Wish(
        RESTART, f"restart the {what} on {node}", ref(pod), make, risks=tuple(risks),
        notes=("A restart cannot be undone, and need not be.",), effect=tuple(effect),
    )  # fmt: skip
