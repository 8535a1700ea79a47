"""Rows in words: a sentence first, then the evidence with where each piece comes from, then what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.tui.answers.ips import Address, Problem, ip_map
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.explain import explain
from pointsman.tui.answers.ips.taking import serves
from pointsman.tui.answers.stack import StackReport
from pointsman.tui.commands import BY_ID
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.changes import Change
from pointsman.tui.views.ips import IpRow, PoolRow, SessionRow, many, worst
from pointsman.tui.views.overview import FindingRow, StackRow
from pointsman.widgets.cells import Cell, CellLike

OBJECT = ("yaml", "describe", "related")
WITH_PODS = ("logs", *OBJECT)


@dataclass(frozen=True, slots=True)
class Told:
    """What the drawer says. ``evidence`` are triples of sentence, source and state (``error``, ``warn``, ``info``, ``ok``);
    ``following`` is what would mend it; ``actions`` are ids of commands."""

    title: str
    headline: CellLike
    evidence: tuple[tuple[str, str, str], ...] = ()
    facts: tuple[CellLike, ...] = ()
    following: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


def listed(items: Sequence[str], most: int) -> str:
    """The first of many, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return " ".join(items[:most]) + more


def facts(*pairs: tuple[str, str]) -> tuple[CellLike, ...]:
    """Name and value in one line each; what is empty is left out."""
    return tuple(Cell.join((f"{name}  ", "muted"), value) for name, value in pairs if value)


def tint(headline: str, severity: str) -> CellLike:
    return Cell(headline, severity if severity in ("error", "warn") else "")


def _problems(problems: Sequence[Problem]) -> tuple[tuple[str, str, str], ...]:
    return tuple((problem.text, "", problem.severity) for problem in problems)


def tell_address(row: IpRow, snapshot: Snapshot) -> Told:
    """An address: who answers for it and how that is known."""
    address = row.address
    said = explain(address, snapshot)
    return Told(
        address.ip or f"{address.service.path}: pending",
        tint(said.headline, worst(address.problems)),
        (*_problems(address.problems), *((text, source, "info") for text, source in said.evidence)),
        facts(
            ("URLs", listed(address.urls, 6)),
            ("LAN", lan_text(address, snapshot.now)),
        ),
        tuple(said.next),
        ("ips.act", "ips.lan", *WITH_PODS, "copy"),
    )


def lan_text(address: Address, now: float) -> str:
    """What the local network said, and when."""
    lan = address.lan
    if not lan.checked:
        return f"not checked: {lan.why}" if address.ip else ""
    when = f" ({age(now - lan.at)} ago)" if lan.at is not None else ""
    mac = f"; {lan.mac}" if lan.mac else ""
    return f"{lan.state.replace('-', ' ')}{when}: {lan.why}{mac}"


def tell_pool(row: PoolRow, snapshot: Snapshot) -> Told:
    """A pool: how full it is, who takes from it, who announces it."""
    pool = row.pool
    headline = f"{many(pool.used)} of {many(pool.total)} addresses of pool {pool.name} are in use, {many(pool.available)} are free."
    users = [item for item in ip_map(snapshot).items if item.pool == pool.name and item.ip]
    taken = tuple((f"{item.ip}", item.service.path, "info") for item in users[:40])
    return Told(
        f"pool {pool.name}",
        tint(headline, worst(pool.problems)),
        (*_problems(pool.problems), *taken),
        facts(
            ("ranges", ", ".join(pool.ranges)),
            ("kept for", serves(Context(snapshot), pool.kind, pool.name)),
            ("given", "to any service" if pool.auto else "only to services that ask for it by name"),
            ("announced by", ", ".join(pool.announced_by)),
        ),
        (),
        OBJECT,
    )


def tell_session(row: SessionRow) -> Told:
    """A BGP session of a node."""
    session = row.session
    since = f" for {row.since_text}" if row.since_text else ""
    state = session.state or "in an unknown state"
    headline = f"The session of {session.node or 'an unnamed node'} with {session.peer} is {state}{since}."
    severity = "warn" if session.state not in (None, "established") else ""
    return Told(session.peer, tint(headline, severity), (), facts(("", session.detail)))


def tell_finding(row: FindingRow) -> Told:
    """A finding with its evidence, why it matters and what would mend it; what can be done about it comes first."""
    finding = row.finding
    mend = BY_ID.get(finding.action)
    ways = ["overview.open"] if row.pane != "overview" and row.target is not None else []
    ways += ["overview.mend"] if mend is not None and finding.object else []
    return Told(
        finding.object.path if finding.object else "finding",
        tint(finding.text, finding.severity),
        tuple((text, "", "info") for text in finding.evidence),
        facts(
            ("why it matters", finding.why),
            ("mends it", mend.title if mend is not None and finding.object else ""),
            ("id", finding.id),
        ),
        (finding.fix,) if finding.fix and not finding.cause else (),
        (*ways, *(OBJECT if finding.object else ())),
    )


def tell_change(change: Change) -> Told:
    """One line of what changed, whole."""
    return Told(change.subject, change.text, (), facts(("at", change.clock)), (), OBJECT if change.ref else ())


def tell_stack_row(row: StackRow, report: StackReport) -> Told:
    """A component or node of Overview."""
    if row.node:
        severity = {"down": "error", "degraded": "warn"}.get(row.health.value, "")
        return Told(
            f"node {row.name}",
            tint(f"Node {row.name} is {row.ready}.", severity),
            (),
            facts(("version", row.version), ("roles", row.owner), ("addresses", row.detail)),
            (),
            OBJECT,
        )
    role = row.key.partition("/")[0]
    shown = role.replace("-", " ")
    if not row.filled:
        return Told(shown, f"There is no {shown}." if not row.detail else f"No {shown}: {row.detail}.")
    component = next((item for item in report.components if item.role.value == role and item.name == row.name), None)
    owner = (component.owner_text or component.owner) if component is not None else ""
    ready = f", {row.ready} ready" if row.ready else ""
    severity = {"down": "error", "degraded": "warn"}.get(row.health.value, "")
    evidence = [(ref.title, "", "info") for ref in row.objects]
    if role in ("cni", "service-proxy", "load-balancer"):
        evidence.append((f"The stack is {report.stack}: {report.why}", "", "info"))
    return Told(
        row.name,
        tint(f"{row.name} is the {shown} here: {row.health.value}{ready}.", severity),
        tuple(evidence),
        facts(("version", row.version), ("owner", owner), ("", row.detail)),
        (),
        WITH_PODS if row.ref else (),
    )
