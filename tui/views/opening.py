"""From an object, or from what was typed or pasted, to the pane that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.doctor import Finding
from pointsman.tui.answers.find import find
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.model import BY_TRAEFIK
from pointsman.tui.answers.stack.counts import POLICIES, ROUTES
from pointsman.tui.model.kinds import (
    BGPADVERTISEMENTS,
    BGPPEERS,
    BGPSESSIONSTATES,
    CILIUML2POLICIES,
    CILIUMPOOLS,
    L2ADVERTISEMENTS,
    METALLBPOOLS,
    MIDDLEWARES,
    MIDDLEWARETCPS,
    NODES,
    SERVICEBGPSTATUSES,
    SERVICEL2STATUSES,
    SERVICES,
)
from pointsman.tui.store.snapshot import Snapshot

_IPS = (
    SERVICES, METALLBPOOLS, CILIUMPOOLS, L2ADVERTISEMENTS, BGPADVERTISEMENTS, BGPPEERS, BGPSESSIONSTATES,
    CILIUML2POLICIES, SERVICEL2STATUSES, SERVICEBGPSTATUSES,
)  # fmt: skip

PANE_OF: dict[str, str] = {
    NODES.id: "overview",
    **{kind.id: "ips" for kind in _IPS},
    **{kind.id: "policies" for kind in POLICIES},
    **{kind.id: "routes" for kind in (*ROUTES, MIDDLEWARES, MIDDLEWARETCPS)},
    BY_TRAEFIK: "routes",
}


def pane_of(ref: Ref) -> str:
    """The pane where objects of this kind are at home, or nothing."""
    return PANE_OF.get(ref.kind, "")


def home_of(finding: Finding) -> tuple[str, Ref | None]:
    """The pane a finding is at home in, and the object to point at there: the first of its objects that has a pane."""
    mine = (finding.object, *finding.objects) if finding.object is not None else finding.objects
    for ref in mine:
        if pane := pane_of(ref):
            return pane, ref
    return "overview", finding.object


def filter_for(ref: Ref) -> str:
    """What the IPs pane is filtered by to show an object and what belongs to it; nothing where a row is enough."""
    if ref.kind == SERVICES.id:
        return f'service:"{ref.path}"'
    if ref.kind in (METALLBPOOLS.id, CILIUMPOOLS.id):
        return f'pool:"{ref.name}"'
    return ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that can be opened: ``text`` is what its pane is filtered by first (empty: no filter)."""

    ref: Ref
    pane: str
    title: str
    text: str = ""


def suggest(snapshot: Snapshot, text: str, most: int = 12) -> list[Opening]:
    """What the words may mean among the cluster's objects, best first."""
    words = text.strip()
    if not words:
        return []
    return [
        Opening(item.ref, item.pane or pane_of(item.ref), item.title, item.text)
        for item in find(snapshot, words)[:most]
        if item.ref is not None
    ]


def open_text(snapshot: Snapshot, text: str) -> Opening | None:
    """The best of what the words may mean; None if nothing here is called so."""
    found = suggest(snapshot, text, 1)
    return found[0] if found else None
