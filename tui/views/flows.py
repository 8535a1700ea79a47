"""The Flows pane's lines: one row a flow, in words; what is noise; who is a pair; and the lines in the frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from pointsman.tui.model.flows import IDENTITIES, L7, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.store.traffic import sides
from pointsman.tui.wire.hubble import drop_text
from pointsman.tui.wire.hubbleflow import details_of
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column

HEALTH: Final = 4
NODES: Final = frozenset((1, 6, 7))
"""Identities of host, remote-node and kube-apiserver."""
OUTSIDE: Final = frozenset((2, 9, 10))
NO_RULE: Final = "no rule allows it"
REASONS: Final = {
    "POLICY_DENIED": NO_RULE,
    "POLICY_DENY": "a rule denies it",
    "SERVICE_BACKEND_NOT_FOUND": "no backend",
    "STALE_OR_UNROUTABLE_IP": "nobody has this address",
    "UNSUPPORTED_L2_PROTOCOL": "not IP",
    "UNSUPPORTED_L3_PROTOCOL": "not IPv4 or IPv6",
    "AUTH_REQUIRED": "needs authentication",
    "FIB_LOOKUP_FAILED": "no route",
    "DENIED_BY_LB_SRC_RANGE_CHECK": "not in the allowed ranges",
    "CT_MAP_INSERTION_FAILED": "connection table full",
    "INVALID_SOURCE_IP": "wrong source address",
    "TTL_EXCEEDED": "TTL exceeded",
}
"""Drop reasons by the API's names, where they can be said shorter than the CLI does."""
_PROBES: Final = ("/healthz", "/readyz", "/livez", "/health", "/ping")
_RCODES: Final = {1: "format error", 2: "server failure", 3: "no such name", 4: "not implemented", 5: "refused"}
_VERDICTS: Final = {
    "FORWARDED": ("ok", "dim", "forwarded"),
    "REDIRECTED": ("ok", "dim", "to proxy"),
    "DROPPED": ("error", "error", "dropped"),
    "ERROR": ("error", "error", "error"),
    "AUDIT": ("warn", "warn", "audited"),
    "TRACED": ("info", "dim", "traced"),
    "TRANSLATED": ("info", "dim", "translated"),
}
_second: tuple[int, str] = (-1, "")


# -- words ----------------------------------------------------------------------------------------------------------------
def clock(ns: int | None) -> str:
    """``14:02:10.881`` in this machine's zone; the date costs ten times the rest, and flows come many to the second."""
    global _second
    if ns is None:
        return ""
    second, rest = divmod(ns, 1_000_000_000)
    known, text = _second
    if known != second:
        try:
            text = time.strftime("%H:%M:%S", time.localtime(second))
        except (OverflowError, OSError, ValueError):
            return "?"
        _second = (second, text)
    return f"{text}.{rest // 1_000_000:03d}"


def entity_of(peer: Peer) -> str:
    """``world``, ``host``, ...; empty for a pod, and for what is not known."""
    identity = peer.identity
    if identity is None or peer.pod:
        return ""
    if identity in OUTSIDE or identity >= 1 << 24:
        return "world"
    return IDENTITIES[identity] if 0 < identity < len(IDENTITIES) else ""


def name_of(peer: Peer) -> str:
    """The workload's name, which says more than the pod's; the pod's where there is none."""
    return peer.workload.rpartition("/")[2] or peer.pod


def peer_parts(peer: Peer) -> tuple[tuple[str, str], ...]:
    """An end in words, with its styles."""
    if name := name_of(peer):
        return ((f"{peer.namespace}/", "muted"), (name, "")) if peer.namespace else ((name, ""),)
    if peer.service:
        return (
            ((f"{peer.service_namespace}/", "muted"), (peer.service, ""))
            if peer.service_namespace
            else ((peer.service, ""),)
        )
    entity = entity_of(peer)
    if peer.names:
        return ((peer.names[0], "info"),)
    if entity == "world":
        return (("world ", "muted"), (peer.ip, "")) if peer.ip else (("world", ""),)
    if entity:
        return ((entity, "accent"), (f" {peer.ip}", "muted")) if peer.ip else ((entity, "accent"),)
    return ((peer.ip, ""),) if peer.ip else (("unknown", "unknown"),)


def peer_text(peer: Peer) -> str:
    return "".join(text for text, _ in peer_parts(peer))


def ends(flow: Flow) -> tuple[Peer, Peer, str]:
    """Who asked, who was asked, and the arrow between them; a reply is told of the connection it belongs to."""
    source, destination = sides(flow)
    return source, destination, glyphs.current.arrow_left if flow.is_reply else glyphs.current.arrow


def port_text(flow: Flow) -> str:
    """``5432``, ``53/udp``: the port that was asked for."""
    port = ends(flow)[1].port
    protocol = flow.protocol.lower()
    if not port:
        return "" if flow.origin == TRAEFIK_LOG else protocol
    return f"{port}/{protocol}" if protocol and protocol != "tcp" else str(port)


def reason_words(flow: Flow) -> str:
    """Why a flow was dropped."""
    if said := REASONS.get(flow.drop_reason):
        return said
    if flow.l7 is not None:
        return "refused by the proxy"
    if flow.event == 1 and flow.sub:
        return drop_text(flow.sub).lower()
    return flow.drop_reason.replace("_", " ").lower() or "no reason told"


def why(flow: Flow) -> CellLike:
    """Why it was dropped, or what it was about."""
    if flow.dropped:
        asked = flow.l7 if flow.l7 is not None and flow.l7.method else None
        return Cell(
            f"{reason_words(flow)}: {asked.method} {_short(asked.url)}" if asked else reason_words(flow), "error"
        )
    if flow.l7 is not None:
        told = _layer7(flow.l7)
        return Cell.join(("log ", "dim"), told) if flow.origin == TRAEFIK_LOG else told
    said = flow.summary.removeprefix("TCP Flags: ")
    point = flow.kind.partition(" ")[0]
    if said in ("TCP", "UDP", "ICMPv4", "ICMPv6", "SCTP"):
        said = ""
    return Cell(f"{said} {point}".strip(), "dim")


def _layer7(l7: L7) -> CellLike:
    took = f" {_took(l7.latency_ns)}" if l7.latency_ns else ""
    if l7.kind == "http":
        url = _short(l7.url)
        if l7.code is None:
            return Cell(f"{l7.method} {url}".strip(), "")
        style = "error" if l7.code >= 500 else "warn" if l7.code >= 400 else "ok"
        return Cell.join((str(l7.code), style), f" {l7.method} {url}".rstrip(), (took, "dim"))
    if l7.kind == "dns":
        if l7.rcode:
            said = _RCODES.get(l7.rcode, f"error {l7.rcode}")
            return Cell.join(l7.query, " ", (said, "warn"))
        if l7.answers:
            return Cell.join(l7.query, (f" {glyphs.current.arrow} ", "dim"), ", ".join(l7.answers), (took, "dim"))
        return Cell.join(("? " if l7.type == "REQUEST" else "", "dim"), l7.query)
    return Cell(f"{l7.kind} {l7.type.lower()}", "dim")


def _short(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://")


def _took(ns: int) -> str:
    ms = ns / 1e6
    return f"{ms:.1f}ms" if ms < 10 else f"{ms:.0f}ms" if ms < 10_000 else f"{ms / 1000:.0f}s"


def verdict(flow: Flow) -> CellLike:
    unknown = ("info", "dim", "answered") if flow.origin == TRAEFIK_LOG else ("unknown", "unknown", "unknown")
    glyph, style, word = _VERDICTS.get(flow.verdict, unknown)
    return Cell(f"{getattr(glyphs.current, glyph)} {word}", style)


def policy_names(flow: Flow) -> tuple[str, ...]:
    """The policies that Hubble says decided: of a drop those that deny (a drop by default has none), else those that
    allow, the receiver's first."""
    if flow.origin == TRAEFIK_LOG:
        return (flow.l7.router,) if flow.l7 is not None and flow.l7.router else ()
    wanted = ("egress_denied_by", "ingress_denied_by") if flow.dropped else ("ingress_allowed_by", "egress_allowed_by")
    details = details_of(flow)
    found = [
        f"{namespace}/{name}" if namespace else name
        for field in wanted
        for held, _, namespace, name in details.policies
        if held == field and name
    ]
    return tuple(dict.fromkeys(found))


def policy_cell(flow: Flow) -> CellLike:
    names = policy_names(flow)
    if not names:
        return ""
    return Cell(names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}", "muted")


def node_name(flow: Flow) -> str:
    """Without the cluster's name in front."""
    return flow.node.rpartition("/")[2]


COLUMNS: Final[tuple[Column[Flow], ...]] = (
    Column("time", "time", lambda flow: Cell(clock(flow.ns), "dim"), width=12, priority=6, shorten="none"),
    Column("source", "source", lambda flow: Cell(parts=peer_parts(ends(flow)[0])), flex=5, min_width=18),
    Column("way", "", lambda flow: Cell(ends(flow)[2]), width=1),
    Column("destination", "destination", lambda flow: Cell(parts=peer_parts(ends(flow)[1])), flex=5, min_width=18),
    Column("port", "port", port_text, width=9),
    Column("verdict", "verdict", verdict, width=11),
    Column("why", "what", why, flex=6, min_width=18, shorten="middle", priority=2),
    Column("policy", "policy or router", policy_cell, flex=3, min_width=14, priority=4, min_terminal_width=140),
    Column(
        "origin",
        "told by",
        lambda flow: Cell("log" if flow.origin == TRAEFIK_LOG else "hubble", "dim"),
        width=7,
        priority=7,
        min_terminal_width=170,
    ),
    Column("node", "node", lambda flow: Cell(node_name(flow), "dim"), width=8, priority=5, min_terminal_width=156),
)


def search_text(flow: Flow) -> str:
    """What words are looked for in: all but the policy, which has to be read out of the original (``policy:`` does)."""
    source, destination = flow.source, flow.destination
    said = why(flow)
    return "\n".join(
        (
            peer_text(source), peer_text(destination), source.ip, destination.ip, source.pod, destination.pod,
            *source.names, *destination.names, port_text(flow), flow.verdict,
            said if isinstance(said, str) else said.plain if isinstance(said, Cell) else "", flow.node, flow.protocol,
        )
    )  # fmt: skip


# -- noise, pairs, namespaces ---------------------------------------------------------------------------------------------
def is_dns(flow: Flow) -> bool:
    return flow.source.port == 53 or flow.destination.port == 53 or (flow.l7 is not None and flow.l7.kind == "dns")


def is_health(flow: Flow) -> bool:
    if HEALTH in (flow.source.identity, flow.destination.identity):
        return True
    return flow.l7 is not None and flow.l7.kind == "http" and flow.l7.url.partition("?")[0].endswith(_PROBES)


def is_host(flow: Flow) -> bool:
    return flow.source.identity in NODES or flow.destination.identity in NODES


def is_reply(flow: Flow) -> bool:
    return flow.is_reply is True


def is_established(flow: Flow) -> bool:
    """A packet of a connection that stands already: TCP without SYN, nothing of layer 7, not dropped."""
    return flow.protocol == "TCP" and flow.l7 is None and not flow.dropped and "SYN" not in flow.summary


@dataclass(frozen=True, slots=True)
class Noise:
    """What may be left out. ``word`` is how it is called on screen."""

    id: str
    word: str
    test: Callable[[Flow], bool]


NOISE: Final[tuple[Noise, ...]] = (
    Noise("dns", "DNS", is_dns),
    Noise("health", "health", is_health),
    Noise("host", "host", is_host),
    Noise("replies", "replies", is_reply),
    Noise("established", "established", is_established),
)
NOISE_BY_ID: Final = {noise.id: noise for noise in NOISE}


def quiet(hidden: Collection[str]) -> Callable[[Flow], bool] | None:
    """The test that lets through what is no noise; None if nothing is hidden. A drop is never noise of its connection's
    kind alone: what is dropped is shown even where replies or established packets are not."""
    tests = [NOISE_BY_ID[id].test for id in hidden if id in NOISE_BY_ID]
    if not tests:
        return None
    if len(tests) == 1:
        only = tests[0]
        return lambda flow: not only(flow)
    return lambda flow: not any(test(flow) for test in tests)


def in_namespace(namespace: str) -> Callable[[Flow], bool] | None:
    """The test for flows from or to a namespace; None for all."""
    if not namespace:
        return None
    return lambda flow: (
        namespace in (flow.source.namespace, flow.destination.namespace)
        or namespace in (flow.source.service_namespace, flow.destination.service_namespace)
    )


Pair = frozenset[str]


def pair_of(flow: Flow) -> Pair:
    """The two ends, whichever asked."""
    return frozenset((peer_text(flow.source), peer_text(flow.destination)))


def of_pair(pair: Pair | None) -> Callable[[Flow], bool] | None:
    return None if pair is None else lambda flow: pair_of(flow) == pair


def drops_only(flow: Flow) -> bool:
    """What stays when only problems are shown: drops, audits, and answers of 500 and more."""
    return flow.dropped or flow.verdict == "AUDIT" or (flow.l7 is not None and (flow.l7.code or 0) >= 500)
