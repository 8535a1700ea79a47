"""The tables of ``pointsman status`` and ``pointsman ips``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from pointsman.tui.answers.ips import Address, Change, Evidence, IpKind, IpMap, Pool, Problem
from pointsman.tui.answers.ips.model import NOT_CHECKED
from pointsman.tui.answers.stack import Component, Health, StackReport
from pointsman.tui.answers.words import plural
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.views.json import in_namespace, sources, worst_first
from pointsman.tui.views.tables import Head, Paper, Table, wrapped
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.text import clean

HEALTH = {
    Health.OK: ("ok", "ok"),
    Health.DEGRADED: ("warn", "warn"),
    Health.DOWN: ("error", "error"),
    Health.UNKNOWN: ("unknown", "unknown"),
}
STATES = {
    State.LIVE: ("live", "ok"),
    State.STALE: ("stale", "warn"),
    State.DOWN: ("down", "error"),
    State.ABSENT: ("absent", "dim"),
    State.FORBIDDEN: ("forbidden", "warn"),
    State.CONNECTING: ("unknown", "unknown"),
}
KINDS = {
    IpKind.METALLB_L2: "MetalLB L2",
    IpKind.METALLB_BGP: "MetalLB BGP",
    IpKind.CILIUM_L2: "Cilium L2",
    IpKind.CILIUM_BGP: "Cilium BGP",
    IpKind.SERVICELB: "ServiceLB",
    IpKind.KUBE_VIP: "kube-vip",
    IpKind.NODE_IPAM: "node IPAM",
    IpKind.EXTERNAL_IP: "external IP",
    IpKind.UNKNOWN: "unknown",
}


def dash() -> Cell:
    return Cell(glyphs.current.dash, "dim")


def signed(sign: str, word: str, style: str) -> Cell:
    """A sign and a word: no state is told by a colour or a sign alone."""
    return Cell.join((f"{getattr(glyphs.current, sign)} ", style), (word, style))


# -- status ---------------------------------------------------------------------------------------------------------------
def status_lines(report: StackReport, snapshot: Snapshot, paper: Paper) -> list[str]:
    cluster = snapshot.cluster
    distribution = " ".join(part for part in (report.distribution, report.version) if part)
    where = clean(cluster.context or cluster.server or "cluster")
    chain = f" {glyphs.current.chain} "
    lines = [
        paper.paint(where, "bold")
        + chain
        + clean(distribution)
        + chain
        + paper.paint(report.stack, f"stack-{report.stack} bold"),
        *wrapped(Cell(report.why, "dim"), paper, 0),
        "",
        *_components(report).lines(paper),
        "",
    ]
    if report.nodes:
        lines += [*_nodes(report, snapshot.now).lines(paper), ""]
    lines += [*wrapped(_count_line(report), paper, 0), ""]
    lines += _sources(snapshot).lines(paper)
    notes = [*report.leftovers, *cluster.warnings]
    if notes:
        lines.append("")
        for note in notes:
            lines += wrapped(f"{glyphs.current.info} {note}", paper)
    return lines


def _components(report: StackReport) -> Table:
    table = Table(
        (
            Head("role"),
            Head("name", shrink=1, least=10, how="middle"),
            Head("version", shrink=2, least=9, drop=2),
            Head("health"),
            Head("ready", "right", drop=3),
            Head("owner", drop=4),
            Head("detail", shrink=3, least=20, drop=1, wrap=True),
        )
    )
    last = ""
    for item in report.components:
        table.add(
            item.role.value if item.role.value != last else "",
            Cell(item.name, "bold") if item.name else dash(),
            item.version or dash(),
            _health(item),
            f"{item.ready}/{item.wanted}" if item.ready is not None else "",
            Cell(item.owner, "dim") if item.name else "",
            Cell(item.detail, "" if item.name else "dim"),
        )
        last = item.role.value
    return table


def _health(item: Component) -> CellLike:
    if item.name is None:
        return signed("unknown", "unknown", "unknown") if item.detail.startswith("cannot tell") else dash()
    sign, style = HEALTH[item.health]
    return signed(sign, item.health.value, style)


def _nodes(report: StackReport, now: float) -> Table:
    table = Table(
        (
            Head("node", shrink=1, least=10, how="middle"),
            Head("state"),
            Head("since", "right", drop=2),
            Head("roles", drop=3),
            Head("version", shrink=2, least=8, drop=4),
            Head("address", drop=1),
            Head("problems", shrink=3, least=20, wrap=True),
        )
    )
    for node in report.nodes:
        state: CellLike
        if node.ready is None:
            state = signed("unknown", "unknown", "unknown")
        elif node.ready:
            state = signed("ok", "Ready", "ok") if not node.problems else signed("warn", "Ready", "warn")
        else:
            state = signed("error", "NotReady", "error")
        problems = [*node.problems, *([] if node.schedulable else ["cordoned"])]
        table.add(
            Cell(node.name, "bold"),
            state,
            age(now - node.since) if node.since is not None else "?",
            ", ".join(node.roles) or Cell("worker", "dim"),
            node.version,
            ", ".join(node.internal_ips),
            Cell("; ".join(problems), "warn"),
        )
    return table


COUNTED = (
    ("namespaces", "namespace"),
    ("pods", "pod"),
    ("services", "service"),
    ("ips", "address"),
    ("policies", "policy"),
    ("routes", "route"),
)


def _count_line(report: StackReport) -> str:
    parts = []
    for key, word in COUNTED:
        count = report.counts.get(key)
        many = "addresses" if word == "address" else ""
        parts.append(plural(count, word, many) if count is not None else f"? {many or plural(2, word)[2:]}")
    if pending := report.counts.get("pending_ips"):
        parts.append(f"{plural(pending, 'service')} waiting for an address")
    return f" {glyphs.current.bullet} ".join(parts)


def _sources(snapshot: Snapshot) -> Table:
    table = Table((Head("source"), Head("state"), Head("age", "right"), Head("detail", shrink=1, least=16, wrap=True)))
    for link in sources(snapshot):
        sign, style = STATES[link.state]
        word = "no answer" if link.state is State.CONNECTING else link.state.value
        old = age(snapshot.now - link.last_ok) if link.last_ok is not None else ""
        table.add(link.name, signed(sign, word, style), old, Cell(link.detail, "dim"))
    return table


# -- ips ------------------------------------------------------------------------------------------------------------------
def ips_lines(found: IpMap, snapshot: Snapshot, paper: Paper, namespace: str = "") -> list[str]:
    items = in_namespace(found.items, namespace)
    lines: list[str] = []
    if items:
        lines += _addresses(items, snapshot.now).lines(paper)
    else:
        where = f" in namespace {namespace}" if namespace else ""
        lines.append(f"no LoadBalancer service and no external IP{clean(where)}")
    if found.pools:
        lines += ["", *_pools(found.pools).lines(paper)]
    if found.bgp:
        lines += ["", *_sessions(found, snapshot.now).lines(paper)]
    told = list(_problem_lines(items, found.pools, paper))
    if told:
        lines += ["", *told]
    if blocked := sorted({item.lan.why for item in items if item.ip and not item.lan.checked} - {NOT_CHECKED.why}):
        lines += [
            "",
            *(line for why in blocked for line in wrapped(Cell(f"the LAN was not asked: {why}", "dim"), paper)),
        ]
    if found.unknown:
        lines += ["", *wrapped(Cell(f"{glyphs.current.unknown} incomplete: {found.unknown}", "unknown"), paper)]
    return lines


def _addresses(items: Sequence[Address], now: float) -> Table:
    asked = any(item.lan.why != NOT_CHECKED.why for item in items)
    table = Table(
        (
            Head(""),
            Head("address", least=15),
            Head("kind", drop=2),
            Head("pool", drop=5, how="middle"),
            Head("announcer", shrink=2, least=12, how="middle"),
            Head("since", "right", drop=3),
            Head("moves/h", "right", drop=6),
            Head("service", shrink=1, least=18, how="middle"),
            *((Head("lan"),) if asked else ()),
            Head("ports", shrink=4, least=12, drop=1),
            Head("urls", shrink=5, least=16, drop=7),
        )
    )
    for item in items:
        table.add(
            address_mark(item),
            Cell(item.ip, "bold") if item.ip else Cell(item.hostname or "pending", "" if item.hostname else "warn"),
            KINDS[item.kind],
            item.pool or dash(),
            announcers(item),
            _since(item, now),
            dash() if item.moves_last_hour is None else str(item.moves_last_hour),
            item.service.path,
            *((_lan(item),) if asked else ()),
            " ".join(item.ports),
            Cell(urls_text(item.urls), "dim"),
        )
    return table


def _lan(item: Address) -> Cell:
    styles = {"agrees": "ok", "ghost": "error", "conflict": "error", "unreachable": "warn", "unknown-mac": "warn"}
    return Cell(item.lan.state if item.ip else "", styles.get(item.lan.state, "dim"))


def address_mark(item: Address) -> Cell:
    """The worst problem; without one whether anybody is known to answer."""
    if not item.problems and not item.announcers:
        return Cell(glyphs.current.unknown, "unknown")
    return mark(item.problems)


def mark(problems: Sequence[Problem]) -> Cell:
    worst = worst_first(problem.severity for problem in problems)
    return Cell(getattr(glyphs.current, worst), worst) if worst else Cell(glyphs.current.ok, "ok")


def announcers(item: Address) -> CellLike:
    if not item.announcers:
        return dash()
    names = ", ".join(one.node for one in item.announcers)
    if all(one.evidence is Evidence.PREDICTED for one in item.announcers):
        return Cell.join(names, (" (predicted)", "predicted"))
    return Cell(names)


def _since(item: Address, now: float) -> str:
    times = [one.since for one in item.announcers if one.since is not None]
    return age(now - max(times)) if times else ""


def urls_text(urls: Sequence[str]) -> str:
    return urls[0] + (f" +{len(urls) - 1}" if len(urls) > 1 else "") if urls else ""


def _pools(pools: Sequence[Pool]) -> Table:
    table = Table(
        (
            Head(""),
            Head("pool"),
            Head("kind", drop=2),
            Head("used", "right"),
            Head("free", "right"),
            Head("ranges", shrink=2, least=18, wrap=True),
            Head("announced by", shrink=3, least=14, drop=1, wrap=True),
        )
    )
    for pool in pools:
        table.add(
            mark(pool.problems),
            Cell(pool.name, "bold"),
            {"metallb": "MetalLB", "cilium": "Cilium"}.get(pool.kind, pool.kind),
            many(pool.used),
            many(pool.available),
            " ".join(pool.ranges),
            ", ".join(pool.announced_by),
        )
    return table


def many(number: int | None) -> str:
    """Exact as long as it can be read, then a power of two."""
    if number is None:
        return "?"
    return f"{number:,}" if number < 10_000_000 else f"~2^{number.bit_length() - 1}"


def _sessions(found: IpMap, now: float) -> Table:
    table = Table(
        (
            Head("bgp node"),
            Head("peer"),
            Head("state"),
            Head("since", "right"),
            Head("out", "right"),
            Head("in", "right"),
            Head("detail", shrink=1, least=12, drop=1),
        )
    )
    for item in found.bgp:
        up = item.state == "established"
        state = signed("ok", item.state, "ok") if up and item.state else signed("unknown", "unknown", "unknown")
        if item.state and not up:
            state = signed("error", item.state, "error")
        table.add(
            item.node or "?",
            item.peer,
            state,
            age(now - item.since) if item.since is not None else "",
            "?" if item.advertised is None else str(item.advertised),
            "?" if item.received is None else str(item.received),
            Cell(item.detail, "dim"),
        )
    return table


def _problem_lines(items: Sequence[Address], pools: Sequence[Pool], paper: Paper) -> Iterator[str]:
    """Everything that is wrong, the worst first, in full sentences."""
    told: list[tuple[str, str, str]] = []
    for item in items:
        where = f"{item.ip} ({item.service.path})" if item.ip else item.service.path
        told.extend((one.severity, where, one.text) for one in item.problems)
    for pool in pools:
        told.extend((one.severity, f"pool {pool.name}", one.text) for one in pool.problems)
    order = ("error", "warn", "info")
    for severity, where, text in sorted(told, key=lambda entry: order.index(entry[0])):
        sign = getattr(glyphs.current, severity)
        yield from wrapped(Cell.join((f"{sign} ", severity), (where, "bold"), f": {text}"), paper)


# -- ips watch ------------------------------------------------------------------------------------------------------------
CHANGE_STYLES = {"moved": "warn", "withdrawn": "error", "announced": "ok", "assigned": "ok", "pending": "warn"}


def change_line(change: Change, now: float, paper: Paper) -> str:
    """``14:02:10  moved  192.168.7.104 (games/minecraft) moved from loft to shed``, in local time."""
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    word = paper.paint(f"{change.event:<9}", CHANGE_STYLES.get(change.event, "dim"))
    why = paper.paint(f"  (probably {clean(change.cause)})", "dim") if change.cause else ""
    return f"{paper.paint(clock, 'dim')}  {word}  {clean(change.text)}{why}"
