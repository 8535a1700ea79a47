"""Boxes and lines of the map in words, for the drawer; and the words that filter the Flows pane to them."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Role
from pointsman.tui.answers.flows.judged import BY_POLICY, Agrees, Judged
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.flows import HUBBLE, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.model.times import age
from pointsman.tui.model.traffic import FQDN
from pointsman.tui.views.explain import Told, facts, tint
from pointsman.tui.views.flowtell import by_the_evaluator, cause_of
from pointsman.tui.views.maptable import ports_text, rate_text, reason_text

MOST = 12
"""Lines of a box that are told one by one."""
REASONS = {
    "POLICY_DENIED": "no policy allows it (default deny)",
    "POLICY_DENY": "a policy denies it",
    "SERVICE_BACKEND_NOT_FOUND": "the service has no backend",
    "STALE_OR_UNROUTABLE_IP": "nobody has that address any more",
    "AUTH_REQUIRED": "mutual authentication is missing",
    "UNSUPPORTED_L2_PROTOCOL": "no IP packet (ARP for another host, LLDP and the like)",
    "CT_MAP_INSERTION_FAILED": "the connection table is full",
    "DENIED_BY_LB_SRC_RANGE_CHECK": "the service's loadBalancerSourceRanges do not hold the client",
}
"""What the commonest reasons mean."""


def question_of(graph: Graph, line: Line, names: Mapping[str, tuple[str, ...]]) -> Flow | None:
    """A drop of the line as a flow, for the policies to be asked about; None if it was not theirs. ``names`` are those that
    addresses were seen under."""
    source, target = graph.boxes[line.source], graph.boxes[line.target]
    if line.drop_reason not in BY_POLICY or Role.NAMESPACE in (source.role, target.role):
        return None
    number, protocol = line.ports[0] if line.ports else (None, "")
    return Flow(HUBBLE, None, "DROPPED", "", _peer(source, None, names), _peer(target, number, names), protocol, "",
                drop_reason=line.drop_reason)  # fmt: skip


def _peer(box: Box, port: int | None, names: Mapping[str, tuple[str, ...]]) -> Peer:
    if box.ref is not None:
        # No pod is called so; the policies are then asked about the workload.
        pod = box.name if box.role is not Role.SERVICE else ""
        return Peer(box.ref.namespace, pod, f"{box.kind}/{box.name}", port=port)
    identity = {"nodes": 1, "kube-apiserver": 7, "health": 4}.get(box.name) if box.role is Role.CLUSTER else None
    if box.kind == FQDN:
        ip = next((ip for ip, under in names.items() if box.name in under), "")
        return Peer(identity=2, ip=ip, port=port, names=(box.name,))
    return Peer(identity=identity, ip=next(iter(box.members), ""), port=port)


def tell_line(
    graph: Graph, line: Line, *, flows: bool, question: Flow | None = None, judged: Judged | None = None
) -> Told:
    """Who with whom, how much, what was dropped and why. ``flows``: whether the Flows pane can be opened at it;
    ``judged`` is what the policies say to the ``question`` of it (:func:`question_of`), None while they are asked."""
    source, target = graph.boxes[line.source], graph.boxes[line.target]
    name = f"{source.text} → {target.text}"
    actions = ("map.flows",) if flows and not line.declared else ()
    if line.declared:
        headline = line.broken or f"{source.text} leads to {target.text}: {line.words or 'declared'}."
        evidence = [("declared by the objects; no flow was seen", "", "info")]
        if line.words:
            evidence.insert(0, (line.words, "", "info"))
        if target.total is not None:
            evidence.append(_ready(target))
        return Told(name, tint(headline, "error" if line.broken else ""), tuple(evidence), (), (),
                    ("yaml", "describe", "related"))  # fmt: skip
    evidence = []
    if line.dropped:
        when = f", the last {age(graph.at - line.last_dropped)} ago" if line.last_dropped is not None else ""
        why = REASONS.get(line.drop_reason, reason_text(line.drop_reason)) if line.drop_reason else "no reason was told"
        evidence.append((f"{plural(line.dropped, 'event')} dropped{when}: {why}", line.drop_reason, "error"))
    if question is not None:
        evidence.extend(by_the_evaluator(question, judged))
    if line.forwarded:
        evidence.append((f"{plural(line.forwarded, 'event')} forwarded", "", "ok"))
    if line.other:
        evidence.append((f"{plural(line.other, 'event')} audited, traced or unknown", "", "info"))
    if line.requests:
        bad = f", {line.errors:,} answered with 5xx" if line.errors else ""
        evidence.append((f"{plural(line.requests, 'request')}{bad}", "L7", "error" if line.errors else "info"))
    seen = []
    if line.first is not None and line.last is not None:
        seen.append(("seen", f"first {age(graph.at - line.first)} ago, last {age(graph.at - line.last)} ago"))
    said = _said(source, target, line)
    if question is not None and judged is not None and judged.agrees is Agrees.YES and not line.forwarded:
        cause = cause_of(question, judged, source.text, target.text)
        where = f" on {ports_text(line)}" if line.ports else ""
        said = f"{source.text} may not reach {target.text}{where}: {cause}." if cause else said
    return Told(
        name,
        tint(said, "error" if line.dropped and not line.forwarded else ""),
        tuple(evidence),
        facts(
            ("ports", ports_text(line, 8)),
            ("rate", f"{rate_text(line.rate)} events" if line.rate else "idle just now"),
            ("dropped", f"{rate_text(line.drop_rate)} events" if line.drop_rate else ""),
            *seen,
            ("told by", listed([{"hubble": "Hubble", "traefik-log": "Traefik's access log"}.get(one, one)
                                for one in line.origins])),
            ("from", listed(source.members, 5)),
            ("to", listed(target.members, 5)),
        ),
        (),
        (*actions, "yaml", "describe", "related"),
    )  # fmt: skip


def _said(source: Box, target: Box, line: Line) -> str:
    where = f" on {ports_text(line)}" if line.ports else ""
    if line.dropped and not line.forwarded:
        return f"{source.text} does not reach {target.text}{where}: everything was dropped."
    if line.dropped:
        return (
            f"{source.text} reaches {target.text}{where}, but {line.dropped:,} of {line.total:,} events were dropped."
        )
    if source.key == target.key:
        return f"{source.text} talks to itself{where}."
    return f"{source.text} talks to {target.text}{where}."


def _ready(box: Box) -> tuple[str, str, str]:
    state = "ok" if box.ready == box.total and box.total else "error" if not box.ready else "warn"
    return f"{box.ready} of {plural(box.total or 0, 'pod')} of {box.text} ready", "", state


def tell_box(graph: Graph, box: Box, *, flows: bool) -> Told:
    """What it is, who comes to it, whom it calls."""
    coming = [line for pair, line in graph.lines.items() if pair[1] == box.key and pair[0] != box.key]
    going = [line for pair, line in graph.lines.items() if pair[0] == box.key and pair[1] != box.key]
    evidence: list[tuple[str, str, str]] = []
    if box.total is not None:
        evidence.append(_ready(box))
    for word, some in (("from", coming), ("to", going)):
        ordered = sorted(some, key=lambda line: (-bool(line.dropped or line.broken), -line.rate, line.pair))
        for line in ordered[:MOST]:
            other = graph.boxes[line.source if word == "from" else line.target]
            evidence.append(_short(word, other, line))
        if len(some) > MOST:
            evidence.append((f"and {len(some) - MOST} more {word} others", "", "info"))
    what = {
        Role.INGRESS: "an ingress controller",
        Role.OUTSIDE: "outside of the cluster",
        Role.CLUSTER: "a part of the cluster itself",
        Role.ADDRESS: "a service address",
        Role.ROUTE: "a route",
        Role.NAMESPACE: f"a namespace with {plural(box.inside, 'box', 'boxes')} in it",
        Role.SERVICE: "a service without known pods",
    }.get(box.role, box.kind or "a workload")
    drops = sum(line.dropped for line in (*coming, *going))
    headline = f"{box.text} is {what}: {len(coming)} talk to it, it talks to {len(going)}."
    if graph.declared:
        headline = f"{box.text} is {what}: {plural(len(coming), 'declared path')} to it, {len(going)} from it."
    return Told(
        box.text,
        tint(headline, "warn" if drops else ""),
        tuple(evidence),
        facts(
            ("kind", box.kind if box.kind != FQDN else "DNS name"),
            ("more", box.detail),
            ("holds" if box.role is Role.NAMESPACE else "seen as", listed(box.members, 8)),
        ),
        (),
        (*(("map.flows",) if flows and not graph.declared else ()), "map.focus", *(("map.fold",) if box.role is
         Role.NAMESPACE else ()), *(("yaml", "describe", "related") if box.ref is not None else ())),
    )  # fmt: skip


def _short(word: str, other: Box, line: Line) -> tuple[str, str, str]:
    text = f"{word} {other.text}"
    if line.declared:
        return f"{text}: {line.broken or line.words or 'declared'}", "", "error" if line.broken else "info"
    rate = rate_text(line.rate)
    state = "error" if line.dropped and not line.forwarded else "warn" if line.dropped else "ok"
    said = f"{text}  {ports_text(line)}  {rate}".rstrip()
    if line.dropped:
        said += f"  {line.dropped:,} dropped"
    return said, "", state


# -- the Flows pane -------------------------------------------------------------------------------------------------------
def flow_words(graph: Graph, at: Box | Line) -> str:
    """The filter line that keeps the flows of a box or a line, in the hubble CLI's words; empty where all are meant, or none
    can say it."""
    if isinstance(at, Box):
        return _end("", at)
    source, target = graph.boxes[at.source], graph.boxes[at.target]
    words = [_end("from-", source), _end("to-", target)]
    if at.origins == (TRAEFIK_LOG,):
        # A line of the log goes from the client to the backend; the proxy is neither, and the client has no identity.
        words = [_end("to-", target)] if source.role is Role.INGRESS else []
    ports = [str(number) for number, _ in at.ports if number is not None]
    if len(ports) == 1 and len(at.ports) == 1:
        words.append(f"to-port {ports[0]}")
    return " ".join(word for word in words if word)


def _end(side: str, box: Box) -> str:
    """One end. Names with spaces or quotes in them cannot be typed, so nothing is said of that end."""
    name, space = box.name, box.ref.namespace if box.ref is not None else ""
    if any(letter.isspace() or letter in "\"'|" for letter in f"{name}{space}") and box.role is not Role.OUTSIDE:
        name = ""
    match box.role:
        case Role.WORKLOAD | Role.INGRESS | Role.ROUTE if box.ref is not None and name:
            if box.kind == "Pod":
                return f"{side}pod {space}/{name}"
            return f"{side}namespace {space} {side}workload {name}"
        case Role.SERVICE if name and space:
            return f"{side}service {space}/{name}"
        case Role.NAMESPACE if name:
            return f"{side}namespace {name}"
        case Role.OUTSIDE if box.kind == FQDN and not any(letter.isspace() or letter in "\"'|" for letter in name):
            return f"{side}fqdn {name}"
        case Role.OUTSIDE:
            return f"{side}identity world" if side else ""
        case Role.CLUSTER:
            return f"{side}identity {'host' if name == 'nodes' else name}" if name else ""
    return ""
