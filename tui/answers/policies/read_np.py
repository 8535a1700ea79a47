"""networking.k8s.io/v1 NetworkPolicy into rules.

Isolation is per direction and by ``policyTypes``; without it Ingress always, Egress if there are egress rules. A rule
without ``from``/``to`` means anyone, an empty list of rules allows nothing, a missing or empty ``ports`` means all.
"""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.policies.addresses import AddressError, cidr, has_host_bits
from pointsman.tui.answers.policies.facts import Requirement, Selector, known_fields, label_selector
from pointsman.tui.answers.policies.ports import (
    ALL_PORTS,
    PORTED,
    PortError,
    Ports,
    join_ports,
    protocol_spans,
)
from pointsman.tui.answers.policies.rules import (
    DIRECTIONS,
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
from pointsman.tui.answers.policies.spans import Spans, covers, spans, subtract
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.model.meta import Loose, Obj
from pointsman.tui.model.selectors import SelectorError

Readable = (SelectorError, AddressError, PortError)
ANY_POD = Requirement("@ns", "Exists")


def in_namespace(name: str) -> Requirement:
    return Requirement("@ns", "In", frozenset((name,)))


def read_network_policy(obj: Obj[Loose]) -> Policy:
    """Every rule that cannot be read stays in the policy as one that may do anything; nothing raises."""
    spec = obj.body.spec
    me = ref(obj)
    problems: list[str] = []
    notes: list[str] = []
    unsure = obj.problem
    subject = Selector((in_namespace(obj.namespace),))
    try:
        subject = label_selector(spec.get("podSelector") or {}, "l:", "podSelector").also(in_namespace(obj.namespace))
    except SelectorError as error:
        unsure = unsure or str(error)
    isolates = _isolates(spec, problems)
    if isolates is None:
        unsure = unsure or problems[-1]
        isolates = frozenset(DIRECTIONS)
    try:
        known_fields(spec, ("podSelector", "policyTypes", "ingress", "egress"), "spec")
    except SelectorError as error:
        unsure = unsure or str(error)
    rules: list[Rule] = []
    for direction in DIRECTIONS:
        listed = spec.get(direction)
        if listed is None:
            continue
        if not isinstance(listed, list):
            problems.append(f"{direction} is not a list")
            rules.append(_unread(me, direction, f"spec.{direction}", problems[-1]))
            continue
        if listed and direction not in isolates:
            notes.append(f"its {direction} rules do nothing, because policyTypes leaves {direction.capitalize()} out")
            continue
        for index, item in enumerate(listed):
            path = f"spec.{direction}[{index}]"
            try:
                rules.append(_rule(me, obj.namespace, direction, path, item, notes))
            except Readable as error:
                problems.append(f"{path}: {error}")
                rules.append(_unread(me, direction, path, str(error)))
    if unsure and unsure not in problems:
        problems.insert(0, unsure)
    section = Section(me, "spec", subject, isolates, tuple(rules), unsure=unsure, namespace=obj.namespace)
    return Policy(me, Tier.NORMAL, (section,), problems=tuple(problems), notes=tuple(dict.fromkeys(notes)))


def _isolates(spec: dict[str, Any], problems: list[str]) -> frozenset[str] | None:
    types = spec.get("policyTypes")
    if types is None or types == []:
        return frozenset(DIRECTIONS) if spec.get("egress") else frozenset((INGRESS,))
    if not isinstance(types, list) or not all(item in ("Ingress", "Egress") for item in types):
        problems.append("policyTypes holds something other than Ingress and Egress")
        return None
    return frozenset(item.lower() for item in types)


def _unread(me: Ref, direction: str, path: str, why: str) -> Rule:
    return Rule(me, direction, path, Action.ALLOW, EVERYONE, unsure=why)


def _rule(me: Ref, namespace: str, direction: str, path: str, item: Any, notes: list[str]) -> Rule:
    if not isinstance(item, dict):
        raise SelectorError("the rule is not an object")
    word = "from" if direction == INGRESS else "to"
    known_fields(item, (word, "ports"), f"an {direction} rule")
    listed = item.get(word)
    if listed is None or listed == []:
        peers = EVERYONE
    elif not isinstance(listed, list):
        raise SelectorError(f"{word} is not a list")
    else:
        peers = join_peers([_peer(namespace, entry, f"{word}[{at}]", notes) for at, entry in enumerate(listed)])
    return Rule(me, direction, path, Action.ALLOW, peers, _ports(item.get("ports")))


def join_peers(items: list[Peers]) -> Peers:
    """Any of them."""
    if any(item.everyone for item in items):
        return EVERYONE
    found = Peers(
        selectors=tuple(dict.fromkeys(selector for item in items for selector in item.selectors)),
        addresses=spans(span for item in items for span in item.addresses),
        names=tuple(dict.fromkeys(name for item in items for name in item.names)),
        inside=any(item.inside for item in items),
        maybe="; ".join(dict.fromkeys(item.maybe for item in items if item.maybe)),
        text=_or([item.text for item in items if item.text]),
    )
    return NOBODY if found.nobody else found


def _or(words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    if len(words) > 5:
        words = [*words[:4], f"{len(words) - 4} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else ""


def _peer(namespace: str, item: Any, what: str, notes: list[str]) -> Peers:
    if not isinstance(item, dict):
        raise SelectorError(f"{what} is not an object")
    known_fields(item, ("ipBlock", "podSelector", "namespaceSelector"), what)
    block, pods, spaces = item.get("ipBlock"), item.get("podSelector"), item.get("namespaceSelector")
    if block is not None:
        if pods is not None or spaces is not None:
            raise SelectorError(f"{what} has an ipBlock together with a selector")
        return ip_block(block, what, notes)
    if pods is None and spaces is None:
        raise SelectorError(f"{what} names nobody")
    chosen = label_selector(pods, "l:", f"{what}.podSelector") if pods is not None else Selector()
    if spaces is None:
        selector = chosen.also(in_namespace(namespace))
        text = f"{chosen.text or 'pods'} in {namespace}"
        return Peers(selectors=(Selector(selector.requirements, text),), text=text)
    wide = label_selector(spaces, "n:", f"{what}.namespaceSelector")
    text = pod_words(chosen.text, wide.text)
    return Peers(selectors=(Selector((*chosen.requirements, *wide.requirements, ANY_POD), text),), text=text)


def pod_words(pods: str, namespaces: str) -> str:
    """``app=db in namespaces with team=a``, ``pods in media``, ``any pod``."""
    name = namespaces.removeprefix("kubernetes.io/metadata.name=")
    if not namespaces:
        return f"{pods} in any namespace" if pods else "any pod"
    where = name if name != namespaces and "," not in name else f"namespaces with {namespaces}"
    return f"{pods or 'pods'} in {where}"


def ip_block(block: Any, what: str, notes: list[str]) -> Peers:
    """``ipBlock`` or an entry of Cilium's CIDR sets: the CIDR without its exceptions. Raises AddressError."""
    if not isinstance(block, dict) or not isinstance(block.get("cidr"), str):
        raise AddressError(f"{what} has no cidr")
    text: str = block["cidr"]
    if "/" not in text:
        raise AddressError(f"{text!r} is not a CIDR (a single address is {text}/{128 if ':' in text else 32})")
    whole = cidr(text)
    if has_host_bits(text):
        notes.append(f"{text} has host bits set; engines read it as its network")
    listed = block.get("except")
    if listed is not None and not isinstance(listed, list):
        raise AddressError(f"{what}.except is not a list")
    taken: list[tuple[int, int]] = []
    for item in listed or []:
        if not isinstance(item, str):
            raise AddressError(f"{what}.except holds something that is not a CIDR")
        inner = cidr(item)
        if not covers(whole, inner):
            raise AddressError(f"the exception {item} is not within {text}")
        taken.extend(inner)
    left: Spans = subtract(whole, spans(taken))
    return Peers(addresses=left, text=text + (f" except {_or([str(item) for item in listed])}" if listed else ""))


def _ports(listed: Any) -> Ports:
    if listed is None or listed == []:
        return ALL_PORTS
    if not isinstance(listed, list):
        raise PortError("ports is not a list")
    return join_ports(_port(item) for item in listed)


def _port(item: Any) -> Ports:
    if not isinstance(item, dict):
        raise PortError("an entry of ports is not an object")
    known_fields(item, ("protocol", "port", "endPort"), "a port")
    protocol = item.get("protocol") or "TCP"
    if protocol not in PORTED:
        raise PortError(f"{protocol!r} is not a protocol of a NetworkPolicy (TCP, UDP, SCTP)")
    port, end = item.get("port"), item.get("endPort")
    if port is None:
        if end is not None:
            raise PortError("endPort without port")
        return Ports(protocol_spans(protocol))
    if isinstance(port, str):
        if end is not None:
            raise PortError("endPort with a named port")
        if not port:
            raise PortError("an empty port name")
        return Ports((), ((port, protocol),))
    return Ports(protocol_spans(protocol, *port_range(port, end)))


def port_range(port: Any, end: Any) -> tuple[int, int]:
    """Checked first and last port. Raises PortError."""
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise PortError(f"{port!r} is not a port (1 to 65535)")
    if end is None:
        return port, port
    if isinstance(end, bool) or not isinstance(end, int) or not 1 <= end <= 65535:
        raise PortError(f"endPort {end!r} is not a port (1 to 65535)")
    if end < port:
        raise PortError(f"endPort {end} is below port {port}")
    return port, end
