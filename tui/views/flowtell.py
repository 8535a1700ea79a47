"""A flow in words: what happened where, which rule allowed it or is missing, who the ends are, how often it was seen."""

from __future__ import annotations

from typing import Final

from pointsman.tui.answers.flows.judged import BY_POLICY, Agrees, Judged
from pointsman.tui.answers.policies.judge import Answer
from pointsman.tui.answers.words import listed
from pointsman.tui.model.flows import L7, TRAEFIK_LOG, Details, Flow, Peer
from pointsman.tui.model.times import age
from pointsman.tui.model.traffic import OUTSIDE, Edge, End, Traffic
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.traffic import end_of, is_private, sides
from pointsman.tui.views.explain import Told, facts, tint
from pointsman.tui.views.flowedges import EdgeRow, TalkerRow, number_text, size_text
from pointsman.tui.views.flowedges import port_text as edge_port
from pointsman.tui.views.flows import (
    REASONS,
    clock,
    entity_of,
    node_name,
    peer_text,
    port_text,
    reason_words,
)
from pointsman.tui.views.policytell import sentence
from pointsman.tui.wire.hubbleflow import details_of

Piece = tuple[str, str, str]
MOST_REASONS: Final = 4

POINTS: Final = {
    "to-endpoint": "It was handed to the receiving pod",
    "from-endpoint": "It left the sending pod",
    "to-stack": "It was passed on to the node's network stack",
    "from-stack": "It came from the node's network stack",
    "to-overlay": "It went into the tunnel to another node",
    "from-overlay": "It came out of the tunnel from another node",
    "to-network": "It left the node",
    "from-network": "It came in from the network",
    "to-host": "It was handed to the node itself",
    "from-host": "It came from the node itself",
    "to-proxy": "It was handed to the layer-7 proxy",
    "from-proxy": "It came from the layer-7 proxy",
    "to-crypto": "It was encrypted",
    "from-crypto": "It was decrypted",
}
"""What was seen at an observation point, by its name."""

MEANINGS: Final = {
    "SERVICE_BACKEND_NOT_FOUND": "The service it was for has no ready backend.",
    "STALE_OR_UNROUTABLE_IP": "No endpoint has this address now: a pod that has gone, or a wrong route.",
    "UNSUPPORTED_L2_PROTOCOL": "A frame that is not IP (LLDP, spanning tree, ...); Cilium lets none of them pass, which is harmless.",
    "UNSUPPORTED_L3_PROTOCOL": "Neither IPv4 nor IPv6, or a version that is switched off.",
    "CT_MAP_INSERTION_FAILED": "The node's connection table is full.",
    "AUTH_REQUIRED": "The policy asks for mutual authentication, which has not taken place yet.",
    "FIB_LOOKUP_FAILED": "The node has no route, or no neighbour's address, for it.",
    "DENIED_BY_LB_SRC_RANGE_CHECK": "The service's loadBalancerSourceRanges leave this client out.",
    "INVALID_SOURCE_IP": "The sender used an address that is not its own.",
    "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT": "The node does not know which node has this address.",
    "ENCAPSULATION_TRAFFIC_IS_PROHIBITED": "A pod sent tunnel packets of its own, which is not allowed.",
    "UNENCRYPTED_TRAFFIC": "Encryption is required here, and this came in the clear.",
    "TTL_EXCEEDED": "Its time to live was used up: often a routing loop.",
}
"""What a drop reason means for whoever runs the cluster."""

_IDENTITIES: Final = {
    "host": "the node itself",
    "remote-node": "another node of the cluster",
    "kube-apiserver": "the Kubernetes API server",
    "ingress": "Cilium's own ingress",
    "health": "Cilium's health check between nodes",
    "init": "a pod whose identity is not known yet",
    "unmanaged": "a pod that Cilium does not manage (started before it, or on another network)",
}
_ALLOWED: Final = (("egress_allowed_by", "Leaving"), ("ingress_allowed_by", "Coming in"))
_DENIED: Final = (("egress_denied_by", "Leaving"), ("ingress_denied_by", "Coming in"))


def tell_flow(flow: Flow, snapshot: Snapshot, found: Judged | None) -> Told:
    """``found`` is what the policies say; None while they are asked."""
    details = details_of(flow)
    evidence: list[Piece] = []
    if flow.origin == TRAEFIK_LOG:
        evidence += _logged(flow)
    else:
        evidence += _policies(flow, details)
        evidence += by_the_evaluator(flow, found)
        evidence.append(_point(flow))
        if (meaning := MEANINGS.get(flow.drop_reason)) and flow.dropped:
            evidence.insert(0, (meaning, "", "info"))
    for peer in sides(flow):
        if flow.origin != TRAEFIK_LOG or entity_of(peer) == "world":
            evidence += _who(peer)
    evidence += _seen(flow, snapshot.traffic, snapshot.now)
    source, destination = sides(flow)
    headline, style = _headline(flow, found)
    return Told(
        f"{peer_text(source)} to {peer_text(destination)}",
        tint(headline, style),
        tuple(evidence),
        facts(
            ("time", clock(flow.ns)),
            ("from", _address(source)),
            ("to", _address(destination)),
            ("pods", " and ".join(peer.pod for peer in (source, destination) if peer.pod)),
            ("node", node_name(flow)),
            ("summary", flow.summary),
            (
                "labels",
                " ".join(
                    _own_labels(
                        details.destination_labels if destination is flow.destination else details.source_labels
                    )
                ),
            ),
            ("uuid", flow.uuid),
        ),
        (),
        ("flows.pair", "yaml", "describe", "related", "copy"),
    )


def _own_labels(labels: tuple[str, ...]) -> list[str]:
    """What people put on the pod, without what Cilium adds."""
    return [
        label.removeprefix("k8s:") for label in labels if not label.startswith(("k8s:io.cilium.", "k8s:io.kubernetes."))
    ][:6]


def _address(peer: Peer) -> str:
    if not peer.ip:
        return ""
    host = f"[{peer.ip}]" if ":" in peer.ip and peer.port else peer.ip
    return f"{host}:{peer.port}" if peer.port else host


# -- the sentence ---------------------------------------------------------------------------------------------------------
def _headline(flow: Flow, found: Judged | None) -> tuple[str, str]:
    source, destination = sides(flow)
    one, other, port = peer_text(source), peer_text(destination), port_text(flow)
    on = f" on {port}" if port else ""
    if flow.dropped:
        if flow.drop_reason in BY_POLICY:
            said = f"{one} may not reach {other}{on}"
            if found is not None and found.agrees is Agrees.YES and (cause := cause_of(flow, found, one, other)):
                return f"{said}: {cause}.", "error"
            return (
                f"{said}: {'no rule allows it' if flow.drop_reason == 'POLICY_DENIED' else 'a rule denies it'}.",
                "error",
            )
        return f"{one} did not reach {other}{on}: {reason_words(flow)}.", "error"
    if flow.verdict == "AUDIT":
        return f"{one} reached {other}{on} only because the policy is in audit mode: it would be dropped.", "warn"
    if flow.l7 is not None:
        return _request(flow.l7, one, other, port)
    if flow.is_reply:
        return f"{other} answered {one}{on}.", ""
    if flow.verdict == "REDIRECTED":
        return f"{one} reached the proxy before {other}{on}.", ""
    if flow.verdict in ("FORWARDED", "TRACED", "TRANSLATED"):
        return f"{one} reached {other}{on}.", ""
    return f"{one} spoke to {other}{on}; what became of it is not known.", "unknown"


def cause_of(flow: Flow, found: Judged, one: str, other: str) -> str:
    """Which policies select the end that forbids it, and what is missing; empty where no policy is named."""
    denying = [item for item in found.because if item.decision == "deny" and item.policy is not None]
    way = flow.direction or (denying[0].direction if denying else "")
    names = list(
        dict.fromkeys(item.policy.path for item in denying if item.policy is not None and item.direction == way)
    )
    if not names:
        return ""
    if flow.drop_reason == "POLICY_DENY":
        return f"a rule of {listed(names, most=3)} denies it"
    subject, missing = (other, f"lets {one} in") if way == "ingress" else (one, f"lets it out to {other}")
    verb = "selects" if len(names) == 1 else "select"
    return f"{listed(names, most=3)} {verb} {subject}, and no rule {missing}"


def _request(l7: L7, one: str, other: str, port: str) -> tuple[str, str]:
    took = f" in {l7.latency_ns / 1e6:,.0f} ms" if l7.latency_ns else ""
    if l7.kind == "http":
        what = f"{l7.method} {l7.url}".strip() or "a request"
        if l7.code is None:
            return f"{one} asked {other}: {what}.", ""
        style = "error" if l7.code >= 500 else "warn" if l7.code >= 400 else ""
        return f"{other} answered {l7.code} to {one}{took}: {what}.", style
    if l7.kind == "dns":
        if l7.rcode:
            return f"{other} could not tell {one} the address of {l7.query}.", "warn"
        if l7.answers:
            return f"{other} told {one}{took} that {l7.query} is {listed(list(l7.answers), most=4)}.", ""
        return f"{one} asked {other} for the address of {l7.query}.", ""
    return f"{one} spoke {l7.kind} to {other}{f' on {port}' if port else ''}.", ""


# -- the evidence ---------------------------------------------------------------------------------------------------------
def _point(flow: Flow) -> Piece:
    where = f" on node {node_name(flow)}" if node_name(flow) else ""
    way = {"ingress": "coming in", "egress": "leaving"}.get(flow.direction, "")
    kind = flow.kind.partition(" ")[0]
    if flow.dropped and flow.event == 1:
        kind = "drop"
        said = f"It was dropped{f' {way}' if way else ''}{where}: {reason_words(flow)}"
    elif flow.event == 5:
        said = f"The policies' verdict on its first packet{f', {way}' if way else ''}{where}"
    elif flow.l7 is not None:
        said = f"The layer-7 proxy saw it{where}"
    else:
        said = f"{POINTS.get(kind, f'It was seen ({kind})' if kind else 'It was seen')}{where}"
    return (f"{said}.", kind or "Hubble", "info")


def _policies(flow: Flow, details: Details) -> list[Piece]:
    """What Hubble itself names. A drop by default names nobody, and whoever allowed another stage is no cause of it."""
    pieces: list[Piece] = []
    for field, way in _DENIED if flow.dropped else _ALLOWED:
        names = [
            f"{kind or 'policy'} {f'{namespace}/' if namespace else ''}{name}"
            for held, kind, namespace, name in details.policies
            if held == field
        ]
        if names:
            verb = "denied" if flow.dropped else "allowed"
            pieces.append((f"{way}: {verb} by {listed(names, most=3)}.", "Hubble", "error" if flow.dropped else "ok"))
    if flow.drop_reason == "POLICY_DENIED" and not pieces:
        way = {"ingress": "into the receiver", "egress": "out of the sender"}.get(flow.direction, "here")
        pieces.append((f"No rule allows it {way}; nothing denies it by name.", "Hubble", "error"))
    if flow.auth:
        pieces.append((f"Authentication: {flow.auth}.", "Hubble", "info"))
    return pieces


def by_the_evaluator(flow: Flow, found: Judged | None) -> list[Piece]:
    if flow.dropped and flow.drop_reason not in BY_POLICY:
        return []
    if found is None:
        return [("Asking the policies …", "", "running")]
    if found.decision is None:
        return [(f"By the policies it cannot be judged: {found.why_not}.", "policies", "unknown")]
    states = {"allow": "ok", "deny": "error", "pass": "info", "audit": "warn"}
    pieces = [
        (sentence(item.text), " ".join((item.policy.path if item.policy else "", item.rule)).strip() or "policies",
         states.get(item.decision, "unknown"))
        for item in found.because[:MOST_REASONS]
    ]  # fmt: skip
    if (more := len(found.because) - MOST_REASONS) > 0:
        pieces.append((f"And {more} more of the same kind.", "policies", "info"))
    if found.agrees is Agrees.NO:
        now = "let it pass" if found.decision.answer is Answer.ALLOWED else "forbid it"
        did = "dropped it" if flow.dropped else "let it pass"
        pieces.insert(
            0,
            (f"The policies as they are now {now}, but Hubble says Cilium {did}: they changed since, or the agent has not "
             "taken them up.", "", "warn"),
        )  # fmt: skip
    elif found.agrees is Agrees.YES and flow.dropped:
        pieces.append(("The policies as they are now say the same.", "", "ok"))
    return pieces


def _logged(flow: Flow) -> list[Piece]:
    l7 = flow.l7
    if l7 is None:
        return []
    pieces: list[Piece] = []
    if l7.entry_point or l7.router:
        by = f"by router {l7.router}" if l7.router else "by no router"
        pieces.append((f"It came in at {l7.entry_point or 'an entry point'} and was handled {by}.", "access log",
                       "ok" if l7.router else "warn"))  # fmt: skip
    if l7.service or l7.backend:
        to = f" to {l7.backend}" if l7.backend else ""
        pieces.append((f"It was sent{to} for service {l7.service or 'unknown'}.", "access log", "info"))
    elif flow.verdict != "FORWARDED":
        pieces.append(("No backend answered; the status is Traefik's own, or that is left open.", "access log", "warn"))
    if l7.size is not None:
        pieces.append((f"The answer had {size_text(l7.size)}.", "access log", "info"))
    return pieces


def _who(peer: Peer) -> list[Piece]:
    """Who an end is, where its name alone does not tell."""
    entity = entity_of(peer)
    if peer.pod:
        return []
    if peer.service:
        return [(f"{peer.ip or peer_text(peer)} is the address of service {peer_text(peer)}.", "Hubble", "info")]
    if said := _IDENTITIES.get(entity):
        return [(f"{peer.ip or entity} is {said}.", f"identity {entity}", "info")]
    if entity == "world":
        names = f", known as {listed(list(peer.names), most=3)}" if peer.names else ""
        where = "in the home's own network, outside the cluster" if is_private(peer.ip) else "outside the cluster"
        return [(f"{peer.ip or 'It'} is {where}{names}.", "identity world", "info")] if peer.ip else []
    return []


def edge_of(flow: Flow, traffic: Traffic) -> Edge | None:
    """The edge that a flow is counted under."""
    source, destination = sides(flow)
    key = (end_of(source, asked=False), end_of(destination, asked=True), destination.port, flow.protocol, flow.origin)
    return next((edge for edge in traffic.edges if edge.key == key), None)


def _seen(flow: Flow, traffic: Traffic, now: float) -> list[Piece]:
    edge = edge_of(flow, traffic)
    return [] if edge is None else [(_times(edge, now, dropped=flow.dropped), "", "info")]


def _times(edge: Edge, now: float, *, dropped: bool) -> str:
    number = edge.lately(now, drops=dropped)
    what = "Dropped" if dropped else "Seen"
    # Hubble tells a packet that a policy stops twice, as a verdict and as a drop: these are its events, no packets.
    word = "event" if edge.origin == "hubble" else "line"
    times = f"in {number:,} {word}{'' if number == 1 else 's'}"
    since = f", first {clock(int(edge.first * 1e9)).partition('.')[0]}"
    last = edge.last_dropped if dropped and edge.last_dropped is not None else edge.last
    return f"{what} {times} in the last 5 minutes{since}, last {age(max(0.0, now - last))} ago."


# -- edges and ends -------------------------------------------------------------------------------------------------------
def tell_edge(row: EdgeRow, snapshot: Snapshot) -> Told:
    edge = row.edge
    one, other, port = edge.source.text, edge.destination.text, edge_port(edge)
    on = f" on {port}" if port else ""
    reason = REASONS.get(edge.drop_reason, edge.drop_reason.replace("_", " ").lower())
    if row.drops and row.drops == row.lately:
        headline, style = f"{one} does not reach {other}{on}: {reason or 'no reason told'}.", "error"
    elif row.drops:
        headline, style = f"Some of what {one} sends to {other}{on} is dropped: {reason or 'no reason told'}.", "warn"
    else:
        headline, style = f"{one} reaches {other}{on}.", ""
    evidence: list[Piece] = [(_times(edge, snapshot.now, dropped=False), edge.origin, "info")]
    if edge.last_dropped is not None:
        evidence.append((_times(edge, snapshot.now, dropped=True), edge.origin, "error" if row.drops else "info"))
    if edge.requests:
        failed = f", {edge.errors:,} failed with 500 or more" if edge.errors else ""
        evidence.append((f"{edge.requests:,} requests{failed}.", edge.origin, "warn" if edge.errors else "info"))
    return Told(
        f"{one} to {other}",
        tint(headline, style),
        tuple(evidence),
        facts(
            ("rate", f"{number_text(row.rate)}/s" if row.rate else ""),
            ("forwarded", f"{edge.forwarded:,}"),
            ("dropped", f"{edge.dropped:,}" if edge.dropped else ""),
            ("bytes", size_text(edge.size)),
        ),
        ("These are Hubble's events, several to a connection; they compare edges and are no connections.",)
        if edge.origin != TRAEFIK_LOG
        else (),
        ("flows.pair", "describe", "related", "copy"),
    )


def tell_talker(row: TalkerRow, snapshot: Snapshot) -> Told:
    edges = [edge for edge in snapshot.traffic.edges if row.end in (edge.source, edge.destination)]
    edges.sort(key=lambda edge: -edge.lately(snapshot.now))
    evidence = []
    for edge in edges[:12]:
        out = edge.source == row.end
        other: End = edge.destination if out else edge.source
        drops = edge.lately(snapshot.now, drops=True)
        port = edge_port(edge)
        said = f"{'To' if out else 'From'} {other.text}{f' on {port}' if port else ''}: {edge.lately(snapshot.now):,}"
        evidence.append((f"{said}{f', {drops:,} dropped' if drops else ''}.", "", "error" if drops else "info"))
    outside = "outside the cluster" if row.end.entity in OUTSIDE else ""
    return Told(
        row.end.text,
        f"{row.end.text} talks to {row.peers} {'other' if row.peers == 1 else 'others'}.",
        tuple(evidence),
        facts(("kind", row.end.kind), ("where", outside)),
        (),
        ("describe", "related", "copy"),
    )
