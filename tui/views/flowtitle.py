"""The lines in the frames of the Flows pane: rates, counts, what is left out, whether it follows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from pointsman.tui.model.flows import NodeStatus
from pointsman.tui.model.traffic import Rates
from pointsman.tui.views.flows import NOISE, Pair
from pointsman.tui.views.viewswitch import switch
from pointsman.widgets import glyphs

VIEWS: Final = {"lines": "lines", "edges": "edges", "talkers": "top talkers", "drops": "top drops"}
Parts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the title says. ``newer`` is None while it follows."""

    shown: int
    kept: int
    received: int
    evicted: int
    lost: int
    lost_lately: bool
    newer: int | None
    paused: bool = False


def rate_text(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate else "0/s"


def lines_title(standing: Standing, rates: Rates, columns: int, *, problems: bool, pair: Pair | None) -> Parts:
    """Rates first, then how many of what there is, then what was lost on the way. Nothing of it is said where it is 0 and
    there is no room."""
    parts: list[tuple[str, str]] = [("flows ", ""), (f"{standing.shown:,}", "bold")]
    if standing.shown != standing.kept:
        parts.append((f" of {standing.kept:,}", "muted"))
    parts.append((f"  {rate_text(rates.flows)}", ""))
    if rates.drops:
        parts.append((f"  {glyphs.current.error} {rate_text(rates.drops)}", "error"))
    if problems:
        parts.append(("  drops only", "warn"))
    if pair is not None:
        parts.append((f"  {f' {glyphs.current.both_ways} '.join(sorted(pair))}", "accent"))
    if columns >= 100:
        parts.append((f"  received {standing.received:,}", "muted"))
        if standing.evicted:
            parts.append((f"  let go {standing.evicted:,}", "muted"))
    if standing.lost:
        parts.append((f"  lost at the server {standing.lost:,}", "warn" if standing.lost_lately else "muted"))
    if standing.newer is None:
        parts.append((f"  {glyphs.current.running} follow", "ok"))
    else:
        parts.append((f"  {glyphs.current.paused} {standing.newer:,} newer", "warn bold"))
    return tuple(parts)


def node_words(nodes: Collection[tuple[str, NodeStatus]]) -> str:
    """Nodes that do not report, with the reason the Relay gives; empty if all do."""
    away = [(name, status) for name, status in sorted(nodes) if status.state in ("NODE_UNAVAILABLE", "NODE_ERROR")]
    if not away:
        return ""
    reason = next((status.message for _, status in away if status.message), "")
    names = ", ".join(name.rpartition("/")[2] for name, _ in away[:3]) + (
        f" and {len(away) - 3} more" if len(away) > 3 else ""
    )
    return f"{names} not reporting" + (f": {reason}" if reason else "")


def foot(view: str, key: str, hidden: Collection[str], columns: int, away: str) -> Parts:
    """What is left out, then the views with the one in view lit."""
    parts: list[tuple[str, str]] = []
    if away:
        parts += [(f"{glyphs.current.warn} {away}", "warn"), ("  ", "")]
    if hidden:
        words = ", ".join(noise.word for noise in NOISE if noise.id in hidden)
        parts += [(f"without {words}", "warn"), ("  ", "")]
    return (*parts, *switch(VIEWS, view, key, columns))


def table_title(view: str, shown: int, total: int, rates: Rates, *, problems: bool, pair: Pair | None) -> Parts:
    counted = f"{total:,}" if shown == total else f"{shown:,}/{total:,}"
    parts: list[tuple[str, str]] = [
        (f"{VIEWS[view]} ", ""),
        (counted, "bold"),
        (f"  {rate_text(rates.flows)}", ""),
    ]
    if rates.drops:
        parts.append((f"  {glyphs.current.error} {rate_text(rates.drops)}", "error"))
    parts.append(("  last 5 min", "muted"))
    if problems:
        parts.append(("  drops only", "warn"))
    if pair is not None:
        parts.append((f"  {f' {glyphs.current.both_ways} '.join(sorted(pair))}", "accent"))
    return tuple(parts)
