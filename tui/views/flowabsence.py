"""What stands in the Flows pane while nothing tells of traffic: why, and what would."""

from __future__ import annotations

from typing import Final

from pointsman.tui.answers.stack import StackReport
from pointsman.tui.commands import Keymap
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.views.states import connection, main_link
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike

HELM: Final = "helm upgrade cilium cilium/cilium -n kube-system --reuse-values --set hubble.relay.enabled=true"
SOURCES: Final = ("hubble", "traefik-log")
"""Links that flows may come from."""
_STYLES: Final = {
    State.DOWN: "source-down",
    State.FORBIDDEN: "source-forbidden",
    State.STALE: "source-stale",
    State.ABSENT: "muted",
    State.CONNECTING: "muted",
    State.LIVE: "ok",
}


def flows_absence(snapshot: Snapshot, report: StackReport | None, keymap: Keymap) -> list[CellLike]:
    """The lines of an empty pane."""
    link = snapshot.links.get("hubble")
    if (replay := snapshot.links.get("replay")) is not None:
        if replay.state is State.CONNECTING:
            return [Cell(f"{replay.detail} {glyphs.current.ellipsis}", "muted")]
        return [Cell(replay.detail, "bold" if replay.state is State.LIVE else _STYLES[replay.state])]
    if snapshot.cluster.origin == "manifests" or "manifests" in snapshot.links:
        return [
            Cell("files tell of no traffic", "bold"),
            Cell("pointsman replay FILE shows flows that were recorded.", "muted"),
        ]
    if main_link(snapshot).state is not State.LIVE and (lines := connection(snapshot)):
        return lines
    found = [snapshot.links[name] for name in SOURCES if name in snapshot.links]
    live = [item for item in found if item.state is State.LIVE]
    if live:
        names = " and ".join("Hubble" if item.name == "hubble" else "the access log" for item in live)
        return [
            Cell.join((f"{glyphs.current.live} ", "source-live"), (f"{names} is being followed", "")),
            Cell("No flow has come yet.", "muted"),
        ]
    lines = []
    for item in found:
        if item.state is State.CONNECTING:
            if item.name == "hubble":
                lines.append(Cell(f"connecting to Hubble {glyphs.current.ellipsis}", "muted"))
            continue
        lines.append(Cell(item.detail or item.state.value, _STYLES[item.state]))
        if item.hint:
            lines.append(Cell(item.hint, "muted"))
    cilium = report is not None and report.stack in ("cilium", "mixed")
    if link is not None and link.state is State.ABSENT and cilium:
        lines += [
            Cell(""),
            Cell("This would fill the pane, without a restart of any pod of yours:", "muted"),
            Cell(HELM, "key"),
        ]
    lines.append(Cell(""))
    if not cilium:
        lines.append(Cell("Drops are told by Hubble alone, which needs Cilium for the network.", "muted"))
    lines.append(Cell.join((f"{keymap.label('pane.policies') or ':policies'}", "key"),
                           ("  what may reach what, by the policies", "muted")))  # fmt: skip
    return [Cell("nothing tells of traffic here", "bold"), *lines] if lines else [Cell("no flow yet", "muted")]
