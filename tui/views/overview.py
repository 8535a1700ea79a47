"""The Overview pane: the stack and its nodes, findings, addresses in short, what changed, and what is said of traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pointsman.tui.answers.doctor import Finding
from pointsman.tui.answers.ips import IpMap
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import Component, Health, Node, Role, StackReport
from pointsman.tui.commands import PANES
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Link, Snapshot, State
from pointsman.tui.views.changes import Change
from pointsman.tui.views.ips import (
    SEVERITIES,
    IpRow,
    announcer_cell,
    bar_cell,
    ports_text,
    problem_cell,
    severity_sign,
    share,
    use_text,
    worst,
)
from pointsman.tui.views.opening import home_of
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column, wrap_cell
from pointsman.widgets.sparkline import sparkline

ROLE_WORDS: dict[Role, str] = {
    Role.CNI: "CNI",
    Role.SERVICE_PROXY: "service proxy",
    Role.LOAD_BALANCER: "load balancer",
    Role.INGRESS: "ingress",
    Role.GATEWAY: "gateway",
    Role.POLICY_ENGINE: "policy engine",
    Role.FLOWS: "flows",
}

SHORT_ROLES: dict[Role, str] = {
    **ROLE_WORDS,
    Role.SERVICE_PROXY: "proxy",
    Role.LOAD_BALANCER: "LB",
    Role.POLICY_ENGINE: "policies",
}


@dataclass(frozen=True, slots=True)
class StackRow:
    """A component in a role, or a node. ``ref`` is the object that stands for it."""

    key: str
    label: str
    name: str
    version: str
    health: Health
    ready: str
    owner: str
    detail: str
    ref: Ref | None = None
    objects: tuple[Ref, ...] = ()
    filled: bool = True
    node: bool = False
    short: bool = False
    """There is room for the counts or for the word, not for both."""


def stack_rows(report: StackReport, now: float, *, short: bool = False) -> tuple[StackRow, ...]:
    """Components by role, then nodes; a role or the word ``nodes`` is said once. ``short`` is for narrow terminals."""
    words = SHORT_ROLES if short else ROLE_WORDS
    rows: list[StackRow] = []
    last = None
    for number, component in enumerate(report.components):
        label = words[component.role] if component.role is not last else ""
        last = component.role
        rows.append(replace(_component_row(component, label, number), short=short))
    for number, node in enumerate(report.nodes):
        rows.append(_node_row(node, "nodes" if not number else "", now))
    return tuple(rows)


def _component_row(component: Component, label: str, number: int) -> StackRow:
    counted = ""
    if component.wanted is not None:
        counted = f"{component.ready if component.ready is not None else '?'}/{component.wanted}"
    return StackRow(
        key=f"{component.role.value}/{component.id}/{number}",
        label=label,
        name=component.name or "",
        version=(component.version or "").removeprefix("v"),
        health=component.health,
        ready=counted,
        owner=component.owner if component.name and component.owner != "unknown" else "",
        detail=component.detail,
        ref=component.objects[0] if component.objects else None,
        objects=component.objects,
        filled=component.name is not None,
    )


def _node_row(node: Node, label: str, now: float) -> StackRow:
    health = Health.UNKNOWN if node.ready is None else Health.OK if node.ready else Health.DOWN
    if node.ready and (node.problems or not node.schedulable):
        health = Health.DEGRADED
    said = {True: "Ready", False: "NotReady", None: "unknown"}[node.ready]
    if node.ready is False and node.since is not None:
        said += f" {age(now - node.since)}"
    if not node.schedulable:
        said += ", cordoned"
    return StackRow(
        key=f"node/{node.name}",
        label=label,
        name=node.name,
        version=node.version.removeprefix("v"),
        health=health,
        ready=said,
        owner=" ".join(role for role in node.roles if role) or "worker",
        detail=", ".join([*node.problems, *node.internal_ips[:2]]),
        ref=Ref("nodes", "", node.name),
        node=True,
    )


HEALTH_SIGNS: dict[Health, tuple[str, str, str]] = {
    Health.OK: ("ok", "ok", "ok"),
    Health.DEGRADED: ("warn", "warn", "degraded"),
    Health.DOWN: ("error", "error", "down"),
    Health.UNKNOWN: ("unknown", "unknown", "unknown"),
}


def _health(row: StackRow) -> CellLike:
    if not row.filled:
        return Cell(glyphs.current.dash, "dim")
    sign, style, word = HEALTH_SIGNS[row.health]
    glyph = str(getattr(glyphs.current, sign))
    if row.node:
        return Cell.join((glyph, style), (f" {row.ready}", "" if row.health is Health.OK else style))
    said = f" {row.ready}" if row.ready and not (row.short and row.health is not Health.OK) else ""
    tail = "" if row.health is Health.OK and said else f" {word}"
    return Cell.join((glyph, style), (said, ""), (tail, style if row.health is not Health.OK else ""))


def _name(row: StackRow) -> CellLike:
    if not row.filled:
        return Cell("none", "dim") if not row.detail.startswith("cannot tell") else Cell("unknown", "unknown")
    return Cell(row.name, "bold" if not row.node else "")


STACK_COLUMNS: tuple[Column[StackRow], ...] = (
    Column("label", "", lambda row: Cell(row.label, "muted"), max_width=13),
    Column("name", "", _name, max_width=16),
    Column("version", "", lambda row: Cell(row.version, "dim"), priority=4, max_width=14),
    Column("health", "", _health, max_width=22),
    Column("owner", "", lambda row: Cell(row.owner, "dim"), priority=5, max_width=14),
    Column("detail", "", lambda row: Cell(row.detail, "dim"), flex=1, priority=6, shorten="end", min_width=10),
)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """``target`` is what to point at in ``pane``, where the finding is at home."""

    finding: Finding
    pane: str
    target: Ref | None

    @property
    def key(self) -> tuple[str, str]:
        return (self.finding.id, self.finding.object.slug if self.finding.object else self.finding.text)


def finding_rows(findings: Sequence[Finding], namespace: str = "") -> tuple[FindingRow, ...]:
    """Worst first. A finding about the whole cluster is there in every namespace."""
    kept = [
        finding
        for finding in findings
        if not namespace or finding.object is None or finding.object.namespace in ("", namespace)
    ]
    kept.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return tuple(FindingRow(finding, *home_of(finding)) for finding in kept)


_TITLES = {pane.id: pane.title for pane in PANES if pane.id != "overview"}

FINDING_COLUMNS: tuple[Column[FindingRow], ...] = (
    Column("severity", "", lambda row: Cell(*severity_sign(row.finding.severity)), width=1),
    Column("text", "", lambda row: row.finding.text, flex=1, shorten="end", min_width=28),
    Column("pane", "", lambda row: Cell(_TITLES.get(row.pane, ""), "dim"), width=8,
           align="right", priority=2, min_terminal_width=100),
)  # fmt: skip


def _first_url(row: IpRow) -> CellLike:
    """One host and how many more: the list of all is in the IPs pane."""
    urls = row.address.urls
    if not urls:
        return ""
    more = f" +{len(urls) - 1}" if len(urls) > 1 else ""
    return Cell(urls[0].removeprefix("https://").removeprefix("http://") + more, "info")


SHORT_IP_COLUMNS: tuple[Column[IpRow], ...] = (
    Column("mark", "", lambda row: Cell(*severity_sign(worst(row.address.problems))), width=1),
    Column("address", "", lambda row: row.address.ip or Cell("pending", "warn"), max_width=24),
    Column("service", "", lambda row: row.address.service.path, flex=3, min_width=14),
    Column("announcer", "", announcer_cell, max_width=17, priority=3),
    Column("since", "", lambda row: Cell(row.since_text, "dim"), width=4, align="right", priority=4),
    Column("ports", "", lambda row: Cell(ports_text(row.address.ports), "dim"), flex=3, min_width=8, priority=5,
           shorten="end"),
    Column("urls", "", _first_url, flex=1, priority=7, min_width=16, min_terminal_width=220),
    Column("problem", "", lambda row: problem_cell(row.address), flex=2, priority=6, min_terminal_width=150,
           min_width=12, shorten="end"),
)  # fmt: skip


def ips_title(ips: IpMap, room: int) -> tuple[tuple[str, str], ...]:
    """``IPs 9  lan 9/151 ▇▁▁▁▁▁▁▁``: as many pools as fit, the fullest first."""
    parts: list[tuple[str, str]] = [("IPs ", ""), (str(len({item.ip for item in ips.items if item.ip})), "bold")]
    used = 8
    for pool in sorted(ips.pools, key=lambda pool: -(share(pool) or 0.0)):
        text = f"   {pool.name} {use_text(pool)} "
        if used + len(text) + 8 > room:
            break
        used += len(text) + 8
        parts += [(f"   {pool.name} ", "muted"), (f"{use_text(pool)} ", "")]
        parts += bar_cell(pool, 8).segments()
    return tuple(parts)


def _change(row: Change) -> CellLike:
    """What happened, with the name in front unless the sentence says it."""
    name = row.subject.partition(" ")[2] or row.subject
    said = Cell(row.text, "" if row.severity != "info" else "muted")
    return said if name in row.text else Cell.join((f"{name} ", ""), said)


CHANGE_COLUMNS: tuple[Column[Change], ...] = (
    Column("time", "", lambda row: Cell(row.clock, "dim"), width=8),
    Column("sign", "", lambda row: Cell(*severity_sign(row.severity)), width=1),
    Column("text", "", _change, flex=1, shorten="end"),
)


TELLERS = {"hubble": "Hubble", "traefik-log": "the access log", "replay": "the recording"}
"""Links that flows come from, as people call them."""


def traffic_lines(snapshot: Snapshot, report: StackReport, cells: int) -> list[CellLike]:
    """Flows, drops and failed requests a second with the last minute, and who tells of them; or what would."""
    links = snapshot.links
    live = [name for name in TELLERS if name in links and links[name].state is State.LIVE]
    if not live:
        return _no_traffic(snapshot, report, cells)
    rates = snapshot.traffic.rates
    sees_drops = "hubble" in live or "replay" in live
    drops: tuple[float | None, tuple[int, ...]] = (rates.drops, rates.drop_history) if sees_drops else (None, ())
    wide = max(6, min(20, (cells - 40) // 3))
    head: list[tuple[str, str]] = []
    for name, rate, history, style in (
        ("flows", rates.flows, rates.history, "spark"),
        ("drops", *drops, "error"),
        ("5xx", rates.errors, rates.error_history, "error"),
    ):
        head.append((f"{name} ", "muted"))
        if rate is None:
            head += [(f"{glyphs.current.dash} (Hubble tells of them)", "dim"), ("   ", "")]
            continue
        said = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate else "0/s"
        head += [(f"{said:<6} ", "bold" if style == "spark" or not rate else "bold error")]
        head += [*sparkline(_sums(history, wide), wide, style=style).segments(), ("   ", "")]
    told = [_told_by(links[name], TELLERS[name]) for name in live]
    return [Cell(parts=tuple(head)), *wrap_cell(Cell(f"Told by {' and '.join(told)}.", "muted"), cells)]


def _sums(history: Sequence[int], places: int) -> tuple[int, ...]:
    """A minute of seconds put together into so many places."""
    if not history:
        return ()
    step = max(1, len(history) // places)
    return tuple(sum(history[at : at + step]) for at in range(len(history) % step, len(history), step))


def _told_by(link: Link, name: str) -> str:
    return f"{name} ({link.detail.rstrip('.')})" if link.detail else name


def _no_traffic(snapshot: Snapshot, report: StackReport, cells: int) -> list[CellLike]:
    dash = glyphs.current.dash
    none = glyphs.current.bar_free * 12
    head: list[tuple[str, str]] = []
    for name in ("flows", "drops", "5xx"):
        head += [(f"{name} ", "muted"), (f"{dash} ", "dim"), (none, "bar-free"), ("    ", "")]
    if report.stack in ("cilium", "mixed"):
        said = f"Live flows and drops come from Hubble. {_link_text(snapshot, 'hubble', 'Hubble')}"
    elif report.of(Role.INGRESS):
        said = (
            "There is no Hubble on this stack, so drops cannot be seen; requests come from Traefik's access log. "
            + _link_text(snapshot, "traefik-log", "the access log")
        )
    else:
        said = "Nothing here reports traffic: Hubble (with Cilium) or Traefik's access log would."
    return [Cell(parts=tuple(head)), *wrap_cell(Cell(said, "muted"), cells)]


def _link_text(snapshot: Snapshot, name: str, shown: str) -> str:
    link = snapshot.links.get(name)
    if link is None or not link.detail:
        return f"{shown[:1].upper()}{shown[1:]} has not been asked yet."
    detail = link.detail[:1].upper() + link.detail[1:]
    said = detail if detail.endswith(".") else f"{detail}."
    return f"{said} {link.hint}" if link.hint else said
