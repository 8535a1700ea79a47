"""What stands where there are no rows: why, and what would fill the place. Never a blank pane."""

from __future__ import annotations

from typing import Any

from pointsman.tui.commands import Keymap
from pointsman.tui.model.kinds import (
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    EVENTS,
    INGRESSES,
    LEASES,
    MIDDLEWARES,
    NODES,
    PODS,
    SERVICES,
    Kind,
)
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Link, Snapshot, State
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, wrap_cell
from pointsman.widgets.text import clean, shorten_end

NEEDS: dict[str, tuple[Kind[Any], ...]] = {
    "stack": (NODES,),
    "findings": (NODES, SERVICES),
    "ips": (SERVICES,),
    "changes": (EVENTS,),
    "log": (EVENTS,),
    "routes": (SERVICES, INGRESSES),
    "middlewares": (MIDDLEWARES,),
}
"""What a place must have read before "there is none" is true."""

NONE: dict[str, tuple[str, str]] = {
    "stack": ("no component was recognized", "Is this user allowed to list pods and daemonsets in kube-system?"),
    "pools": ("no pool", "An IPAddressPool of MetalLB or a CiliumLoadBalancerIPPool is listed here."),
    "findings": ("no finding", "Nothing here is broken, as far as can be told."),
    "ips": (
        "no service has an address of its own",
        "A Service of type LoadBalancer or one with externalIPs fills this.",
    ),
    "changes": ("nothing changed lately", "Moves of addresses and the cluster's events are listed here."),
    "routes": (
        "no route",
        "An Ingress, an IngressRoute (TCP, UDP), a route of the Gateway API or a LoadBalancer service fills this.",
    ),
    "middlewares": ("no middleware", "Traefik's Middleware and MiddlewareTCP objects are listed here."),
    "log": ("nothing happened", "What this program writes and what changes in the cluster is listed here."),
}


def main_link(snapshot: Snapshot) -> Link:
    """The link that everything hangs on: the files' where files are read, else the cluster's."""
    return snapshot.links.get("manifests") or snapshot.links.get("kube") or Link("kube")


def connection(snapshot: Snapshot) -> list[CellLike]:
    """What is to be said of the connection itself; empty while it is live."""
    link = main_link(snapshot)
    if link.state is State.CONNECTING:
        if link.name == "manifests":
            return [Cell(f"reading files {glyphs.current.ellipsis}", "muted")]
        name = snapshot.cluster.server or snapshot.cluster.context
        lines: list[CellLike] = [Cell(f"connecting{f' to {name}' if name else ''} {glyphs.current.ellipsis}", "muted")]
        if link.detail:
            lines.append(Cell(link.detail, "muted"))
        return lines
    if link.state is State.LIVE:
        left = _still_reading(snapshot)
        return [Cell(f"reading the cluster {glyphs.current.ellipsis}", "muted")] if left else []
    _, style = {
        State.DOWN: (0, "source-down"),
        State.FORBIDDEN: (0, "source-forbidden"),
        State.STALE: (0, "source-stale"),
        State.ABSENT: (0, "muted"),
    }[link.state]
    head = {
        State.DOWN: "no connection",
        State.FORBIDDEN: "not allowed",
        State.STALE: "connection lost",
        State.ABSENT: "no cluster",
    }[link.state]
    if link.state is State.STALE and link.last_ok is not None:
        head += f", data is {age(snapshot.now - link.last_ok)} old"
    lines = [Cell(head, f"{style} bold")]
    if link.detail:
        lines.append(link.detail)
    if link.hint:
        lines.append(Cell(link.hint, "muted"))
    return lines


CORE: tuple[Kind[Any], ...] = (NODES, PODS, SERVICES, DAEMONSETS, DEPLOYMENTS, ENDPOINTSLICES, LEASES)
"""The lists without which an answer may be wrong for a moment ("no service proxy")."""
FIRST_LISTS = 3.0
"""Seconds after the connection that the first picture waits for them; then it is drawn with what is there."""


def _still_reading(snapshot: Snapshot) -> int:
    return sum(snapshot.state(kind) is State.CONNECTING for kind in CORE)


def nothing_yet(snapshot: Snapshot) -> bool:
    """Whether there is no picture yet: no list came, or not those without which it would be wrong. Then one card says so in
    place of the whole pane."""
    if "replay" in snapshot.links:
        return False  # recorded flows need no cluster
    link = main_link(snapshot)
    if link.state is State.LIVE:
        return _still_reading(snapshot) > 0 and snapshot.now - link.since < FIRST_LISTS
    if link.state is State.STALE:
        return False
    if link.name == "manifests":
        return not any(table.objects for table in snapshot.tables.values())
    return not any(snapshot.known(kind) for kind in (NODES, SERVICES, EVENTS))


def card(snapshot: Snapshot, keymap: Keymap, cells: int) -> list[CellLike]:
    """The card: what is wrong in a sentence, what would mend it, what can be done from here."""
    lines = [line for entry in connection(snapshot) for line in wrap_cell(entry, cells)]
    link = main_link(snapshot)
    if link.state in (State.CONNECTING, State.LIVE) or snapshot.cluster.demo:
        return list(lines)
    ways: list[tuple[str, str]] = [] if link.name == "manifests" else [(":ctx", "another context")]
    if keymap.of("quit"):
        ways.append((keymap.label("quit"), "quit"))
    ways.append(("pointsman --demo", "a simulated homelab, no cluster needed"))
    lines.append(Cell(""))
    for keys, said in ways:
        lines.append(Cell.join((f"{keys:<18}", "key"), (said, "muted")))
    return list(lines)


def absence(snapshot: Snapshot, place: str) -> list[CellLike]:
    """The lines for an empty place: the connection's trouble, the kind that may not be read, or that there is none."""
    if snapshot.cluster.origin == "manifests" and not any(map(snapshot.known, NEEDS.get(place, ()))):
        return [Cell("the files hold nothing for this place", "muted")]
    trouble = connection(snapshot) if main_link(snapshot).state is not State.LIVE else []
    unread = [kind for kind in NEEDS.get(place, ()) if not snapshot.known(kind)]
    if trouble and (unread or not snapshot.tables):
        return trouble
    for kind in unread:
        link = snapshot.table(kind).link
        if link.state is State.FORBIDDEN:
            detail = link.detail or f"needs list {kind.group_resource}"
            return [Cell(f"{glyphs.current.forbidden} forbidden", "source-forbidden"), Cell(detail, "muted")]
        if link.state is State.DOWN:
            return [Cell(f"{kind.group_resource} could not be read", "source-down"), Cell(link.detail, "muted")]
    if unread:
        return [Cell(f"reading {', '.join(kind.group_resource for kind in unread)} {glyphs.current.ellipsis}", "muted")]
    head, more = NONE[place]
    hidden = [table.link.name for table in snapshot.tables.values() if table.link.state is State.FORBIDDEN]
    if place == "findings" and hidden:
        sign, some = glyphs.current.forbidden, ", ".join(sorted(hidden)[:3])
        more = "" if len(hidden) < 4 else f" and {len(hidden) - 3} more"
        return [
            "no finding in what this user may read",
            Cell.join((f"{sign} ", "source-forbidden"), (f"not {some}{more}", "muted")),
        ]
    sign = f"{glyphs.current.ok} " if place == "findings" else ""
    return [Cell.join((sign, "ok"), (head, "")), Cell(more, "muted")]


def trouble(snapshot: Snapshot, room: int) -> tuple[tuple[str, str], ...]:
    """What is wrong with the connection while old data is still shown, in at most ``room`` cells; nothing if it is live."""
    link = main_link(snapshot)
    if not is_stale(snapshot):
        return ()
    said = link.detail or "the connection is lost"
    return ((f"{glyphs.current.stale} {shorten_end(clean(said), max(10, room - 3))} ", "source-stale"),)


def is_stale(snapshot: Snapshot) -> bool:
    """Whether all rows are to be drawn as old."""
    link = main_link(snapshot)
    return link.state in (State.STALE, State.DOWN) and link.last_ok is not None
