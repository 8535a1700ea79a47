"""cilium.io/v2 CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy into rules.

A direction is default-deny where the spec has rules (allow or deny) for it, unless ``enableDefaultDeny`` says otherwise.
A rule's parts mean: no L3 member at all with ports is anyone; an L3 member that is an empty list is nobody; ``{}`` (no L3,
no ports) is nobody, the default-deny idiom. ``fromEndpoints`` of a namespaced policy stays in its namespace unless it
names one. CIDRs never mean pods or nodes. Deny rules win and have no L7 part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pointsman.tui.answers.policies.addresses import AddressError, cidr
from pointsman.tui.answers.policies.cilium_ports import L4, read_icmps, read_ports
from pointsman.tui.answers.policies.cilium_selectors import ENTITIES, cilium_selector, node_selector
from pointsman.tui.answers.policies.facts import Requirement, Selector
from pointsman.tui.answers.policies.ports import ALL_PORTS
from pointsman.tui.answers.policies.read_np import (
    ANY_POD,
    Readable,
    in_namespace,
    ip_block,
    join_peers,
)
from pointsman.tui.answers.policies.rules import (
    DIRECTIONS,
    EGRESS,
    EVERYONE,
    INGRESS,
    NOBODY,
    Action,
    Peers,
    Policy,
    Rule,
    Section,
    Tier,
)
from pointsman.tui.answers.policies.spans import Spans, spans, subtract
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.model.meta import Loose, Obj, dig_list, dig_str
from pointsman.tui.model.selectors import SelectorError

_L3 = ("Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "Groups", "Requires")
RULE_FIELDS = {
    INGRESS: (*(f"from{part}" for part in _L3), "toPorts", "icmps", "authentication"),
    EGRESS: (*(f"to{part}" for part in _L3), "toServices", "toFQDNs", "toPorts", "icmps", "authentication"),
}
"""A later Cilium may have more; a rule with such a field is not judged by the rest of it."""


@dataclass(frozen=True, slots=True)
class Services:
    """What ``toServices`` and CIDR groups refer to. None: that kind is not known, so a reference cannot be followed."""

    services: Mapping[tuple[str, str], tuple[Mapping[str, str], Mapping[str, str]]] | None = None
    """By namespace and name: labels, pod selector."""
    endpoints: Mapping[tuple[str, str], Spans] = field(default_factory=dict)
    """Addresses of the endpoints, for services without a selector."""
    groups: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] | None = None
    """CiliumCIDRGroups: labels, CIDRs."""


def read_cilium_policy(obj: Obj[Loose], world: Services) -> Policy:
    """A policy of either kind, ``spec`` and ``specs``; nothing raises."""
    me = ref(obj)
    problems: list[str] = []
    notes: list[str] = []
    specs: list[tuple[str, Any]] = []
    if obj.body.spec:
        specs.append(("spec", obj.body.spec))
    specs += [(f"specs[{index}]", item) for index, item in enumerate(obj.body.specs)]
    if obj.problem:
        problems.append(obj.problem)
        specs = specs or [("spec", None)]
    elif not specs:
        problems.append("it has neither spec nor specs")
    sections = tuple(_section(me, path, spec, world, problems, notes) for path, spec in specs)
    return Policy(
        me, Tier.NORMAL, sections, problems=tuple(problems), ignored=_invalid(obj), notes=tuple(dict.fromkeys(notes))
    )


def _invalid(obj: Obj[Loose]) -> str:
    """The operator's ``Valid=False``: agents ignore such a policy."""
    for item in dig_list(obj.body.status, "conditions"):
        if dig_str(item, "type") == "Valid" and dig_str(item, "status") == "False":
            text = dig_str(item, "message") or dig_str(item, "reason") or "no reason given"
            return f"Cilium found it not valid and ignores it: {text}"
    return ""


def _section(me: Ref, path: str, spec: Any, world: Services, problems: list[str], notes: list[str]) -> Section:
    unsure = ""
    subject = Selector((in_namespace(me.namespace),) if me.namespace else ())
    on_nodes = False
    rules: list[Rule] = []
    isolates: set[str] = set()
    try:
        if not isinstance(spec, dict):
            raise SelectorError("it is not an object")
        subject, on_nodes = _subject(me, spec)
    except SelectorError as error:
        unsure = str(error)
        problems.append(f"{path}: {error}")
    if isinstance(spec, dict):
        switch = spec.get("enableDefaultDeny")
        for direction in DIRECTIONS:
            lists = [(f"{direction}Deny", Action.DENY), (direction, Action.ALLOW)]
            for key, action in lists:
                listed = spec.get(key)
                if listed is None:
                    continue
                where = f"{path}.{key}"
                if not isinstance(listed, list):
                    problems.append(f"{where} is not a list")
                    rules.append(_unread(me, direction, where, action, "it is not a list"))
                    continue
                for index, item in enumerate(listed):
                    at = f"{where}[{index}]"
                    try:
                        rules.extend(_rules(me, direction, at, action, item, subject, world, notes))
                    except Readable as error:
                        problems.append(f"{at}: {error}")
                        rules.append(_unread(me, direction, at, action, str(error)))
            wanted = switch.get(direction) if isinstance(switch, dict) else None
            if wanted is None:
                wanted = any(spec.get(key) for key, _ in lists)
            if wanted:
                isolates.add(direction)
    elif unsure:
        isolates.update(DIRECTIONS)
    return Section(me, path, subject, frozenset(isolates), tuple(rules), on_nodes, unsure, me.namespace)


def _unread(me: Ref, direction: str, path: str, action: Action, why: str) -> Rule:
    return Rule(me, direction, path, action, EVERYONE, unsure=why)


def _subject(me: Ref, spec: dict[str, Any]) -> tuple[Selector, bool]:
    pods, nodes = spec.get("endpointSelector"), spec.get("nodeSelector")
    if pods is not None and nodes is not None:
        raise SelectorError("it has both endpointSelector and nodeSelector")
    if nodes is not None:
        if me.namespace:
            raise SelectorError("nodeSelector is only for CiliumClusterwideNetworkPolicy")
        return node_selector(nodes, "nodeSelector"), True
    if pods is None:
        raise SelectorError("it has neither endpointSelector nor nodeSelector")
    selector = cilium_selector(pods, "endpointSelector")
    if me.namespace:
        # Cilium drops another namespace from the selector of a namespaced policy and puts the policy's own.
        kept = tuple(item for item in selector.requirements if item.key != "@ns")
        return Selector((*kept, in_namespace(me.namespace)), selector.text), False
    return selector, False


def _endpoints(me: Ref, listed: Any, what: str, subject: Selector) -> Peers:
    found = []
    init = subject.asks("r:init")
    for index, item in enumerate(_list(listed, what)):
        selector = cilium_selector(item, f"{what}[{index}]")
        keys = [need.key for need in selector.requirements]
        text = selector.text
        if not any(key.startswith("r:") for key in keys) and "@ns" not in keys:
            if me.namespace:
                if not any(key.startswith("n:") for key in keys):
                    selector = selector.also(in_namespace(me.namespace))
                    text = f"{text or 'pods'} in {me.namespace}"
            elif not init:
                selector = selector.also(ANY_POD)
                text = f"{text} in any namespace" if text else "any pod"
        text = text.removeprefix("namespace=") if text.startswith("namespace=") and "," not in text else text
        found.append(Peers(selectors=(Selector(selector.requirements, text),), text=text or "any end"))
    return join_peers(found)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise SelectorError(f"{what} is not a list")
    return value


def _texts(value: Any, what: str) -> list[str]:
    items = _list(value, what)
    if not all(isinstance(item, str) for item in items):
        raise SelectorError(f"{what} holds something that is not text")
    return items


def _cidr_set(listed: Any, what: str, world: Services, notes: list[str]) -> Peers:
    found = []
    for index, item in enumerate(_list(listed, what)):
        if not isinstance(item, dict):
            raise AddressError(f"{what}[{index}] is not an object")
        name, chosen = item.get("cidrGroupRef"), item.get("cidrGroupSelector")
        if not name and chosen is None:
            found.append(ip_block(item, f"{what}[{index}]", notes))
            continue
        text = f"CIDR group {name}" if name else "CIDR groups"
        if world.groups is None:
            found.append(Peers(maybe="CiliumCIDRGroups cannot be read", text=text))
            continue
        if name:
            groups = [world.groups[name]] if isinstance(name, str) and name in world.groups else []
            if not groups:
                notes.append(f"there is no CiliumCIDRGroup {name}, so that entry matches nothing")
        else:
            selector = cilium_selector(chosen, f"{what}[{index}].cidrGroupSelector")
            groups = [
                group for group in world.groups.values()
                if selector.matches({f"l:{key}": value for key, value in group[0].items()})
            ]  # fmt: skip
        inside = spans(span for _, cidrs in groups for text_ in cidrs for span in cidr(text_))
        outside = spans(span for text_ in _texts(item.get("except") or [], "except") for span in cidr(text_))
        found.append(Peers(addresses=subtract(inside, outside), text=text))
    return join_peers(found)


def _services(listed: Any, what: str, world: Services) -> Peers:
    found = []
    for index, item in enumerate(_list(listed, what)):
        at = f"{what}[{index}]"
        if not isinstance(item, dict):
            raise SelectorError(f"{at} is not an object")
        by_name, by_label = item.get("k8sService"), item.get("k8sServiceSelector")
        labelled = isinstance(by_label, dict)
        part = by_label if labelled else by_name
        if not isinstance(part, dict):
            raise SelectorError(f"{at} needs k8sService or k8sServiceSelector")
        namespace = part.get("namespace") or ""
        if world.services is None:
            found.append(Peers(maybe="services cannot be read", text="services"))
            continue
        selector = cilium_selector(part.get("selector") or {}, at) if labelled else None
        name = part.get("serviceName") or ""
        words = f"service {namespace}/{name}" if selector is None else f"services with {selector.text or 'any label'}"
        for key, (labels, pods) in world.services.items():
            if namespace and key[0] != namespace:
                continue
            if selector is None and key[1] != name:
                continue
            if selector is not None and not selector.matches({f"l:{k}": v for k, v in labels.items()}):
                continue
            if pods:
                needs = [Requirement(f"l:{k}", "In", frozenset((v,))) for k, v in pods.items()]
                found.append(Peers(selectors=(Selector((*needs, in_namespace(key[0])), words),), text=words))
            else:
                found.append(Peers(addresses=world.endpoints.get(key, ()), text=words))
    return join_peers(found)


def _names(listed: Any, what: str) -> Peers:
    found = []
    for index, item in enumerate(_list(listed, what)):
        name = dig_str(item, "matchName") or dig_str(item, "matchPattern")
        if not name:
            raise SelectorError(f"{what}[{index}] needs matchName or matchPattern")
        found.append(name.lower().rstrip("."))
    return Peers(names=tuple(dict.fromkeys(found)), text=join_peers([Peers(names=(n,), text=n) for n in found]).text)


def _rules(
    me: Ref, direction: str, at: str, action: Action, item: Any, subject: Selector, world: Services, notes: list[str]
) -> list[Rule]:
    if not isinstance(item, dict):
        raise SelectorError("the rule is not an object")
    peers, given = _peers(me, direction, item, subject, world, notes)
    mode = dig_str(item, "authentication", "mode")
    ports, icmps = item.get("toPorts"), item.get("icmps")
    if ports and icmps:
        raise SelectorError("icmps and toPorts in one rule")
    entries: list[L4] = []
    if ports:
        entries = read_ports(ports, direction, action, notes)
    elif icmps:
        entries = [L4("", read_icmps(icmps))]
    if not entries:
        entries = [L4("", ALL_PORTS)]
        if not given:
            peers = NOBODY  # `{}`: nothing matches, only the default deny remains
    elif not given:
        peers = EVERYONE
    strange = next((key for key in item if key not in RULE_FIELDS[direction]), "")
    doubt = f"it has the field {strange!r}, which is not known here" if strange else ""
    return [
        Rule(me, direction, at + entry.path, action, peers, entry.ports, entry.l7, "" if mode == "disabled" else mode,
             entry.unsure or doubt)
        for entry in entries
    ]  # fmt: skip


def _peers(
    me: Ref, direction: str, item: dict[str, Any], subject: Selector, world: Services, notes: list[str]
) -> tuple[Peers, bool]:
    """Who the rule is about, and whether it says so at all."""
    word = "from" if direction == INGRESS else "to"
    members = {
        key: item[key]
        for key in (
            *(f"{word}{part}" for part in _L3),
            *(("toServices", "toFQDNs") if word == "to" else ()),
        )
        if item.get(key) is not None
    }
    filled = [key for key, value in members.items() if value]
    if len(filled) > 1:
        raise SelectorError(f"{filled[0]} and {filled[1]} in one rule, which Cilium refuses")
    if not filled:
        for key, value in members.items():
            _list(value, key)
        return NOBODY, bool(members)
    key = filled[0]
    value = members[key]
    kind = key.removeprefix(word)
    match kind:
        case "Endpoints":
            return _endpoints(me, value, key, subject), True
        case "CIDR":
            found = [Peers(addresses=cidr(text), text=text) for text in _texts(value, key)]
            return join_peers(found), True
        case "CIDRSet":
            return _cidr_set(value, key, world, notes), True
        case "Entities":
            unknown = [name for name in _texts(value, key) if name not in ENTITIES]
            if unknown:
                raise SelectorError(f"{unknown[0]!r} is not an entity")
            return join_peers([ENTITIES[name] for name in value]), True
        case "Nodes":
            nodes = [node_selector(entry, f"{key}[{at}]") for at, entry in enumerate(_list(value, key))]
            return join_peers([Peers(selectors=(node,), text=node.text) for node in nodes]), True
        case "Services":
            return _services(value, key, world), True
        case "FQDNs":
            return _names(value, key), True
        case "Groups":
            return Peers(maybe=f"{key} is resolved by a cloud provider", text="a cloud provider's groups"), True
        case _:
            raise SelectorError(f"{key} is no longer understood by Cilium")
