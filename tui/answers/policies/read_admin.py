"""policy.networking.k8s.io: AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1), ClusterNetworkPolicy (v1alpha2).

Rules are tried in order, policies by priority (lowest number first). They never isolate: what no rule decides goes on to
the next tier. Pods on their node's network are neither subjects nor peers.
"""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.policies.addresses import AddressError, cidr, has_host_bits
from pointsman.tui.answers.policies.facts import Requirement, Selector, known_fields, label_selector
from pointsman.tui.answers.policies.ports import ALL_PORTS, PORTED, PortError, Ports, join_ports, protocol_spans
from pointsman.tui.answers.policies.read_np import ANY_POD, Readable, join_peers, pod_words, port_range
from pointsman.tui.answers.policies.rules import (
    DIRECTIONS,
    EVERYONE,
    INGRESS,
    Action,
    Peers,
    Policy,
    Rule,
    Section,
    Tier,
)
from pointsman.tui.answers.ref import ref
from pointsman.tui.model.kinds import BASELINEADMINNETWORKPOLICIES, CLUSTERNETWORKPOLICIES
from pointsman.tui.model.meta import Loose, Obj
from pointsman.tui.model.selectors import SelectorError

ACTIONS = {"Allow": Action.ALLOW, "Accept": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
ANY_NODE = Requirement("@node", "Exists")


def read_admin_policy(obj: Obj[Loose]) -> Policy:
    """Any of the three kinds; nothing raises."""
    spec = obj.body.spec
    me = ref(obj)
    problems: list[str] = []
    notes: list[str] = []
    tier = Tier.ADMIN
    if obj.kind == BASELINEADMINNETWORKPOLICIES.id:
        tier = Tier.BASELINE
        if obj.name != "default":
            problems.append("only the BaselineAdminNetworkPolicy named default can exist")
    priority = 0
    if obj.kind == CLUSTERNETWORKPOLICIES.id and spec.get("tier") == "Baseline":
        tier = Tier.BASELINE
    elif obj.kind == CLUSTERNETWORKPOLICIES.id and spec.get("tier") != "Admin":
        problems.append(f"tier is {spec.get('tier')!r}, not Admin or Baseline")
    if obj.kind != BASELINEADMINNETWORKPOLICIES.id:
        given = spec.get("priority")
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 1000:
            priority = given
        else:
            problems.append(f"priority is {given!r}, not a number from 0 to 1000")
    unsure = obj.problem or (problems[0] if problems else "")
    subject = Selector((ANY_POD,))
    try:
        subject = _pods(spec.get("subject"), "subject")
    except SelectorError as error:
        problems.append(str(error))
        unsure = unsure or str(error)
    rules: list[Rule] = []
    for direction in DIRECTIONS:
        listed = spec.get(direction)
        if listed is None:
            continue
        for index, item in enumerate(listed if isinstance(listed, list) else [listed]):
            path = f"spec.{direction}[{index}]"
            name = item.get("name", "") if isinstance(item, dict) else ""
            try:
                action, peers, ports = _rule(direction, item, notes)
                rules.append(Rule(me, direction, path, action, peers, ports, name=str(name)))
            except Readable as error:
                problems.append(f"{path}: {error}")
                rules.append(Rule(me, direction, path, Action.DENY, EVERYONE, unsure=str(error), name=str(name)))
    section = Section(me, "spec", subject, frozenset(), tuple(rules), unsure=unsure)
    return Policy(me, tier, (section,), priority, tuple(problems), notes=tuple(dict.fromkeys(notes)))


def _pods(item: Any, what: str) -> Selector:
    """A subject or peer by ``namespaces`` or ``pods``: exactly one of them."""
    if not isinstance(item, dict):
        raise SelectorError(f"{what} is not an object")
    spaces, pods = item.get("namespaces"), item.get("pods")
    if (spaces is None) == (pods is None):
        raise SelectorError(f"{what} needs either namespaces or pods")
    if spaces is not None:
        wide = label_selector(spaces, "n:", f"{what}.namespaces")
        return Selector((*wide.requirements, ANY_POD), pod_words("", wide.text))
    if not isinstance(pods, dict):
        raise SelectorError(f"{what}.pods is not an object")
    known_fields(pods, ("namespaceSelector", "podSelector"), f"{what}.pods")
    wide = label_selector(pods.get("namespaceSelector") or {}, "n:", f"{what}.pods.namespaceSelector")
    chosen = label_selector(pods.get("podSelector") or {}, "l:", f"{what}.pods.podSelector")
    return Selector((*chosen.requirements, *wide.requirements, ANY_POD), pod_words(chosen.text, wide.text))


def _rule(direction: str, item: Any, notes: list[str]) -> tuple[Action, Peers, Ports]:
    if not isinstance(item, dict):
        raise SelectorError("the rule is not an object")
    known_fields(item, ("name", "action", "from" if direction == INGRESS else "to", "ports", "protocols"), "a rule")
    named = item.get("action")
    action = ACTIONS.get(named) if isinstance(named, str) else None
    if action is None:
        raise SelectorError(f"{named!r} is not an action (Allow, Accept, Deny, Pass)")
    word = "from" if direction == INGRESS else "to"
    listed = item.get(word)
    if not isinstance(listed, list) or not listed:
        raise SelectorError(f"{word} needs at least one peer")
    peers = join_peers([_peer(entry, f"{word}[{at}]", notes) for at, entry in enumerate(listed)])
    if "protocols" in item:
        return action, peers, _protocols(item["protocols"])
    return action, peers, _ports(item.get("ports"))


def _peer(item: Any, what: str, notes: list[str]) -> Peers:
    if not isinstance(item, dict):
        raise SelectorError(f"{what} is not an object")
    known_fields(item, ("namespaces", "pods", "nodes", "networks", "domainNames"), what)
    if item.get("networks") is not None:
        return _networks(item["networks"], what, notes)
    if item.get("nodes") is not None:
        nodes = label_selector(item["nodes"], "h:", f"{what}.nodes")
        text = f"nodes with {nodes.text}" if nodes.text else "any node"
        return Peers(selectors=(Selector((*nodes.requirements, ANY_NODE), text),), text=text)
    if item.get("domainNames") is not None:
        names = item["domainNames"]
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise SelectorError(f"{what}.domainNames is not a list of names")
        cleaned = tuple(name.lower().rstrip(".").replace("*.", "**.", 1) for name in names)
        return Peers(names=cleaned, text=" or ".join(names))
    chosen = _pods(item, what)
    return Peers(selectors=(chosen,), text=chosen.text)


def _networks(listed: Any, what: str, notes: list[str]) -> Peers:
    """CIDRs. The API checks traffic inside the cluster against them as well."""
    if not isinstance(listed, list) or not listed:
        raise AddressError(f"{what}.networks is not a list of CIDRs")
    found: list[Peers] = []
    for text in listed:
        if not isinstance(text, str) or "/" not in text:
            raise AddressError(f"{text!r} is not a CIDR")
        if has_host_bits(text):
            notes.append(f"{text} has host bits set; engines read it as its network")
        found.append(Peers(addresses=cidr(text), inside=True, text=text))
    return join_peers(found)


def _ports(listed: Any) -> Ports:
    """v1alpha1: portNumber, portRange or namedPort. A missing or empty list is all ports."""
    if listed is None or listed == []:
        return ALL_PORTS
    if not isinstance(listed, list):
        raise PortError("ports is not a list")
    found = []
    for item in listed:
        if not isinstance(item, dict) or sum(item.get(key) is not None for key in _PORT_KEYS) != 1:
            raise PortError("an entry of ports needs one of portNumber, portRange and namedPort")
        if isinstance(name := item.get("namedPort"), str) and name:
            found.append(Ports((), ((name, ""),)))
            continue
        part = item.get("portNumber", item.get("portRange"))
        if not isinstance(part, dict):
            raise PortError("a port is not an object")
        low, high = (part.get("port"), None) if "portNumber" in item else (part.get("start"), part.get("end"))
        if "portRange" in item and high is None:
            raise PortError("a portRange without its end")
        found.append(Ports(protocol_spans(_protocol(part.get("protocol") or "TCP"), *port_range(low, high))))
    return join_ports(found)


_PORT_KEYS = ("portNumber", "portRange", "namedPort")


def _protocol(name: Any) -> str:
    if name not in PORTED:
        raise PortError(f"{name!r} is not a protocol (TCP, UDP, SCTP)")
    return str(name)


def _protocols(listed: Any) -> Ports:
    """v1alpha2: tcp, udp, sctp with destinationPort, or destinationNamedPort."""
    if listed is None or listed == []:
        return ALL_PORTS
    if not isinstance(listed, list):
        raise PortError("protocols is not a list")
    found = []
    for item in listed:
        if not isinstance(item, dict) or len(item) != 1:
            raise PortError("an entry of protocols needs exactly one field")
        ((key, value),) = item.items()
        if key == "destinationNamedPort" and isinstance(value, str) and value:
            found.append(Ports((), ((value, ""),)))
            continue
        protocol = _protocol(key.upper())
        if not isinstance(value, dict):
            raise PortError(f"{key} is not an object")
        port = value.get("destinationPort")
        if port is None:
            found.append(Ports(protocol_spans(protocol)))
            continue
        if not isinstance(port, dict):
            raise PortError("destinationPort is not an object")
        span = port.get("range")
        if isinstance(span, dict):
            if span.get("end") is None:
                raise PortError("a range without its end")
            found.append(Ports(protocol_spans(protocol, *port_range(span.get("start"), span.get("end")))))
        else:
            found.append(Ports(protocol_spans(protocol, *port_range(port.get("number"), None))))
    return join_ports(found)
