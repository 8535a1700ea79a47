"""What the verbs ``policies`` and ``reach`` print: their JSON documents and their plain tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pointsman.tui.answers.policies.connections import Connection, Point, port_list
from pointsman.tui.answers.policies.enforcement import Enforcement
from pointsman.tui.answers.policies.judge import Answer, Because
from pointsman.tui.answers.policies.ports import port_words, transport
from pointsman.tui.answers.policies.reach import Reach, headline
from pointsman.tui.answers.policies.state import Effective, PolicyRow, State, count_words
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.times import age
from pointsman.tui.views.json import Document, document, time_text
from pointsman.tui.views.tables import Head, Paper, Table
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.text import clean

STATES = {
    State.ACTIVE: "ok",
    State.AUDIT: "warn",
    State.OFF: "warn",
    State.OFF_UNTIL: "warn",
    State.INVALID: "error",
    State.SELECTS_NOTHING: "warn",
    State.NOT_ENFORCED: "error",
    State.UNKNOWN: "unknown",
}
SEVERITIES = {"error": "error", "warn": "warn", "info": "info"}
ANSWERS = {Answer.ALLOWED: True, Answer.DENIED: False, Answer.UNKNOWN: None}
MOST_LINES = 12
DECISIONS = {"allow": "ok", "deny": "error", "pass": "info", "unknown": "unknown", "audit": "warn"}


def in_view(row: PolicyRow, namespace: str) -> bool:
    """Cluster-scoped policies belong to every namespace."""
    return not namespace or row.ref.namespace in ("", namespace)


def policies_json(rows: Sequence[PolicyRow], found: Enforcement) -> Document:
    return document("Policies", {"items": [_item(row) for row in rows], "enforcement": enforcement_words(found)})


def _item(row: PolicyRow) -> dict[str, Any]:
    return {
        "kind": KINDS[row.ref.kind].kind,
        "namespace": row.ref.namespace or None,
        "name": row.ref.name,
        "directions": list(row.directions),
        "selects": list(row.selects),
        "pods": row.pods,
        "state": row.state.value,
        "why": row.why,
        "until": time_text(row.until),
        "owner": row.owner.kind,
        "enforced_by": row.enforced_by or None,
        "summary": row.summary,
        "lints": [
            {"id": lint.id, "severity": lint.severity, "text": lint.text, "rule": lint.rule or None}
            for lint in row.lints
        ],
    }


def enforcement_words(found: Enforcement) -> str:
    """Who enforces policies here, in one sentence without its full stop."""
    if found.assumed:
        return "the files show no engine; policies are judged as if one enforced them"
    if found.blind:
        return found.blind
    if not found.engines:
        return found.nobody
    acting = [engine for engine in found.engines if any(known is not False for known in engine.knows.values())]
    if not acting:
        why = dict.fromkeys(text for engine in found.engines for text in engine.why.values())
        return "; ".join(why) or "nothing that enforces policies was found"
    parts = [f"{engine.name} ({engine.detail})" if engine.detail else engine.name for engine in acting]
    return f"enforced by {listed(parts)}"


def policies_lines(
    rows: Sequence[PolicyRow], found: Enforcement, sheet: Paper, now: float, lint: bool = False, namespace: str = ""
) -> list[str]:
    """``namespace`` is the one ``rows`` are limited to: what an empty list says depends on it."""
    if not rows and namespace:
        return [clean(f"No policies in {namespace} ({enforcement_words(found)}).")]
    if not rows:
        return [clean(f"No policies: everything may reach everything ({enforcement_words(found)}).")]
    table = Table(
        [Head("kind", shrink=1, least=6, drop=2), Head("policy", shrink=2, least=16), Head("selects", shrink=3, least=10),
         Head("pods", drop=4), Head("direction", drop=3), Head("state"), Head("summary", shrink=4, least=24)]
    )  # fmt: skip
    for row in rows:
        state = row.state.value
        if row.state is State.OFF_UNTIL and row.until is not None:
            state = f"off for {age(row.until - now)} more" if row.until > now else "off, overdue"
        table.add(
            KINDS[row.ref.kind].kind, row.ref.path, listed(row.selects), count_words(row), "+".join(row.directions),
            Cell(state, STATES[row.state]), row.summary,
        )  # fmt: skip
    lines = table.lines(sheet)
    notes = [(row, lint_) for row in rows for lint_ in row.lints if lint or lint_.severity != "info"]
    if notes:
        lines.append("")
        for row, lint_ in notes:
            word = sheet.paint(lint_.severity, SEVERITIES[lint_.severity])
            where = f" ({lint_.rule})" if lint_.rule else ""
            lines.append(f"{word}: {clean(row.ref.path)}{clean(where)}: {clean(lint_.text)}")
    lines += ["", clean(f"{plural(len(rows), 'policy')}, {enforcement_words(found)}")]
    return lines


# -- reach ----------------------------------------------------------------------------------------------------------------
def slug(ref: Ref | None) -> str | None:
    return ref.slug if ref else None


def because_json(items: Sequence[Because]) -> list[dict[str, Any]]:
    return [
        {
            "direction": item.direction,
            "decision": item.decision,
            "policy": slug(item.policy),
            "rule": item.rule or None,
            "text": item.text,
        }
        for item in items
    ]


def reach_json(found: Reach) -> Document:
    question = found.question
    return document(
        "Reach",
        {
            "from": question.src,
            "to": question.dst,
            "port": question.port,
            "protocol": question.protocol,
            "allowed": found.allowed,
            "partly": found.partly,
            "ports": port_list(found.ports),
            "l7": found.l7 or None,
            "audit": found.audited,
            "because": because_json(found.because),
            "pairs": [
                {"from": pair.src, "to": pair.dst, "allowed": ANSWERS[pair.answer], "ports": port_list(pair.ports)}
                for pair in found.pairs
            ],
            "notes": list(found.notes),
        },
    )


def reach_lines(found: Reach, sheet: Paper, effective: Sequence[tuple[str, Sequence[Effective]]] = ()) -> list[str]:
    word, style = {True: ("yes", "ok"), False: ("no", "error"), None: ("unknown", "unknown")}[found.allowed]
    lines = [f"{sheet.paint(word, style)}: {clean(headline(found))}"]
    lines += [f"  {clean(note)}" for note in found.notes]
    if found.partly:
        lines += _pair_lines(found, sheet)
    for item in () if found.partly else found.because[:MOST_LINES]:
        decision = sheet.paint(f"{item.decision:<7}", DECISIONS.get(item.decision, "info"))
        lines.append(f"  {item.direction:<7}  {decision}  {clean(item.text)}")
    if not found.partly and len(found.because) > MOST_LINES:
        lines.append(
            f"  and {plural(len(found.because) - MOST_LINES, 'more reason', 'more reasons')} (-o json has all)"
        )
    for text, both in effective:
        for one in both:
            shut = {True: "only what rules allow", False: "open", None: "unknown"}[one.isolated]
            names = listed([ref.path for ref in one.policies], most=6) or "no policy"
            lines.append("")
            lines.append(f"{clean(text)}, {one.direction}: {shut} ({clean(names)})")
            lines += [f"  {clean(rule)}" for rule in one.rules[:40]]
            if len(one.rules) > 40:
                lines.append(f"  and {len(one.rules) - 40} more rules")
    return lines


def _pair_lines(found: Reach, sheet: Paper) -> list[str]:
    """Who may, who may not, and where it cannot be told; the reasons are asked for pair by pair."""
    lines = []
    for answer, word, style in (
        (Answer.ALLOWED, "yes", "ok"), (Answer.UNKNOWN, "unknown", "unknown"), (Answer.DENIED, "no", "error"),
    ):  # fmt: skip
        pairs = [pair for pair in found.pairs if pair.answer is answer]
        for pair in pairs[:MOST_LINES]:
            ports = f" on {port_words(pair.ports)}" if answer is Answer.ALLOWED else ""
            lines.append(f"  {sheet.paint(f'{word:<7}', style)}  {clean(pair.src)} to {clean(pair.dst)}{ports}")
        if len(pairs) > MOST_LINES:
            lines.append(f"  {sheet.paint(f'{word:<7}', style)}  {plural(len(pairs) - MOST_LINES, 'more pair')}")
    return lines


def point_json(point: Point) -> dict[str, str]:
    if point.cidr:
        return {"cidr": point.cidr}
    if point.fqdn:
        return {"fqdn": point.fqdn}
    if point.kind:
        return {"namespace": point.namespace, "name": point.name, "kind": point.kind}
    return {"name": point.name}


def connections_json(
    items: Sequence[Connection], found: Enforcement, reasons: Sequence[Sequence[Because]] | None = None
) -> Document:
    rows = []
    for number, item in enumerate(items):
        row: dict[str, Any] = {"src": point_json(item.src), "dst": point_json(item.dst), "ports": port_list(item.ports)}
        if reasons is not None:
            row["because"] = because_json(reasons[number])
        rows.append(row)
    return document("Connections", {"connections": rows, "enforcement": enforcement_words(found)})


def connections_lines(
    items: Sequence[Connection], found: Enforcement, sheet: Paper, reasons: Sequence[Sequence[Because]] | None = None
) -> list[str]:
    if not items:
        return ["Nothing may reach anything, as far as the objects tell."]
    heads = [Head("from", shrink=1, least=16), Head("to", shrink=1, least=16), Head("ports", shrink=2, least=10)]
    table = Table([*heads, Head("because", shrink=3, least=16)] if reasons is not None else heads)
    for number, item in enumerate(items):
        words = "all" if port_list(item.ports) == "all" else listed(
            [f"{low}/{p.lower()}" if low == high else f"{low}-{high}/{p.lower()}" for p, low, high in transport(item.ports)],
            most=8,
        )  # fmt: skip
        cells: list[CellLike] = [_point_words(item.src), _point_words(item.dst), words or port_words(item.ports)]
        if reasons is not None:
            cells.append("; ".join(reason.text for reason in reasons[number]))
        table.add(*cells)
    return [*table.lines(sheet), "", clean(f"{plural(len(items), 'connection')}, {enforcement_words(found)}")]


def _point_words(point: Point) -> str:
    return f"{point.text} ({point.kind})" if point.kind else point.text
