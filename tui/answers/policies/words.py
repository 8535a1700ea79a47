"""Policies in words: who a rule is about, and one line for a whole policy."""

from __future__ import annotations

from pointsman.tui.answers.policies.addresses import range_words
from pointsman.tui.answers.policies.facts import MOST_VALUES, Requirement, Selector
from pointsman.tui.answers.policies.ports import PORTED, SIZE, Ports, all_transport, split
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS, Action, Peers, Policy, Rule, Section
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.answers.words import listed

NAMES = ("app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/instance", "component", "tier")
"""Labels whose value people use as the thing's name."""
NAME_LABEL = "n:kubernetes.io/metadata.name"
LONGEST = 300


def selector_name(selector: Selector, home: str = "") -> str:
    """``postgres``, ``jellyfin in media``, ``media``, ``any pod``; ``home`` is the namespace that goes without saying."""
    if not selector.requirements:
        return "everything"
    # A policy that is switched off is still told by whom it is meant for.
    pods = [need for need in selector.requirements if need.key.startswith("l:") and need.key != f"l:{PARKED}"]
    spaces = [need for need in selector.requirements if need.key.startswith("n:") or need.key == "@ns"]
    others = [need for need in selector.requirements if need.key[0] not in "ln" and need.key not in ("@ns", "@node")]
    hosts = [need for need in others if need.key.startswith("h:")]
    if hosts or any(need.key == "@node" for need in selector.requirements):
        words = [_need(need) for need in hosts]
        return f"nodes with {listed(words)}" if words else "any node"
    reserved = [need.key[2:] for need in others if need.key.startswith("r:") and need.op in ("In", "Exists")]
    if reserved and not pods:
        return listed(reserved, word="or")
    what = listed([_name(need) if len(pods) == 1 else _need(need) for need in pods])
    extra = [f"service account {listed(sorted(need.values))}" for need in others if need.key == "@sa"]
    what = listed([part for part in (what, *extra) if part])
    where = _where(spaces)
    if where is None:
        return what or "any pod"
    if where == home:
        return what or f"pods in {home}"
    if not what:
        return where
    return f"{what} in {where}"


def _where(needs: list[Requirement]) -> str | None:
    """The namespaces; None for any."""
    words = []
    for need in needs:
        if need.key == "@ns" and need.op == "Exists":
            continue
        if need.key in ("@ns", NAME_LABEL) and need.op == "In":
            words.append(listed(sorted(need.values), word="or"))
        else:
            words.append(f"namespaces with {_need(need)}")
    return listed(words) if words else None


def _name(need: Requirement) -> str:
    if need.op == "In" and need.key[2:] in NAMES:
        return listed(sorted(need.values), word="or")
    return _need(need)


def _need(need: Requirement) -> str:
    key = need.key[2:] if need.key[1] == ":" else need.key
    values = sorted(need.values)
    more = f" and {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
    words = f"({', '.join(values[:MOST_VALUES])}{more})"
    match need.op:
        case "In":
            return f"{key}={values[0]}" if len(values) == 1 else f"{key} in {words}"
        case "NotIn":
            return f"{key}!={values[0]}" if len(values) == 1 else f"{key} not in {words}"
        case "Exists":
            return f"{key} set"
        case _:
            return f"{key} not set"


def peers_name(peers: Peers, home: str = "") -> str:
    """Who a rule is about, in a few words."""
    if peers.everyone:
        return "anyone"
    words = [selector_name(selector, home) for selector in peers.selectors]
    if peers.addresses:
        words.append(_blocks(peers))
    words += [name.replace("**.", "*.") for name in peers.names]
    if peers.maybe and not words:
        words.append(peers.text or "somebody who cannot be told from here")
    return listed(list(dict.fromkeys(words)), most=3, word="or") or "nobody"


def _blocks(peers: Peers) -> str:
    if peers.text and not peers.selectors and not peers.names and "any pod" not in peers.text:
        return peers.text
    return listed([range_words(*span) for span in peers.addresses], most=2, word="or")


def ports_name(ports: Ports) -> str:
    """``5432``, ``53/udp``, ``http``; TCP goes without saying. Empty for all ports."""
    if ports.everything or all_transport(ports.fixed):
        return ""
    words = [name for name, _ in ports.named]
    by_range: dict[tuple[int, int], list[str]] = {}
    for protocol, low, high in split(ports.fixed):
        by_range.setdefault((low, high), []).append(protocol)
    for (low, high), protocols in by_range.items():
        name = "" if protocols == ["TCP"] else f"/{'+'.join(item.lower() for item in protocols)}"
        name = "/any" if protocols == list(PORTED) else name
        if protocols[0] not in PORTED:
            words.append(f"{protocols[0]} type {low}" if low == high else protocols[0])
        elif low <= 1 and high == SIZE - 1:
            words.append(f"any {'/'.join(protocols)} port")
        else:
            words.append(f"{low}{name}" if low == high else f"{low}-{high}{name}")
    return listed(words) or "no port"


def subject_name(section: Section) -> str:
    """What a policy selects: ``postgres``, ``pods in media``, ``any pod``."""
    return selector_name(section.subject, section.namespace)


def rule_words(rule: Rule, subject: str, home: str) -> str:
    """One rule: ``lets media reach 5432 on postgres``."""
    peers = peers_name(rule.peers, home)
    ports = ports_name(rule.ports)
    l7 = f" ({rule.l7})" if rule.l7 else ""
    where = f"{ports} on " if ports else ""
    verb = {Action.ALLOW: "lets", Action.DENY: "keeps", Action.PASS: "leaves to the next tier whether"}[rule.action]
    who, target = (peers, subject) if rule.direction == INGRESS else (subject, peers)
    if rule.unsure:
        return f"has a rule that cannot be read ({rule.path})"
    if rule.action is Action.DENY:
        return f"keeps {who} from {where}{target}"
    if rule.action is Action.PASS:
        return f"{verb} {who} may reach {where}{target}"
    return f"{verb} {who} reach {where}{target}{l7}"


def summary(policy: Policy) -> str:
    """One line for a whole policy: ``lets media reach 5432 on postgres; nothing else may``."""
    if policy.ignored:
        return policy.ignored
    parts: dict[str, None] = {}
    for section in policy.sections:
        if section.unsure:
            parts[f"cannot be read: {section.unsure}"] = None
            continue
        subject = subject_name(section)
        shut = []
        for direction in (INGRESS, EGRESS):
            rules = [rule for rule in section.of(direction) if not rule.peers.nobody or rule.unsure]
            for rule in rules:
                parts[rule_words(rule, subject, section.namespace)] = None
            allows = [rule for rule in rules if rule.action is Action.ALLOW and not rule.unsure]
            if direction not in section.isolates:
                continue
            if not allows:
                parts[f"lets nobody reach {subject}" if direction == INGRESS else f"lets {subject} reach nobody"] = None
            elif not any(rule.peers.everyone and rule.ports.everything for rule in allows):
                shut.append(direction)
        if len(shut) == 2 or (shut and len(section.isolates) == 1):
            parts["nothing else may"] = None
        elif shut:
            parts["nothing else may come in" if shut[0] == INGRESS else "nothing else may go out"] = None
    words = list(parts)
    if not words:
        return "changes nothing: it has no rules and isolates no direction"
    closing = [words.pop()] if words[-1].startswith("nothing else") and len(words) > 1 else []
    if len(words) > 4:
        words = [*words[:3], f"{len(words) - 3} more rules"]
    text = "; ".join([*words, *closing])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
