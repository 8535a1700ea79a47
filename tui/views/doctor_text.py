"""The findings as tables, lines and documents of ``pointsman doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from pointsman.tui.answers.doctor import SEVERITIES, Check, Diagnosis, Finding, Unjudged
from pointsman.tui.answers.doctor.follow import Event
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.views.json import Document, document, time_text
from pointsman.tui.views.tables import Head, Paper, Table, wrapped
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell
from pointsman.widgets.text import clean

WORDS = {"error": ("error", "errors"), "warn": ("warning", "warnings"), "info": ("note", "notes")}
EVIDENCE = 8
"""Pieces of evidence that a finding prints; the document has all."""


def in_view(finding: Finding, namespace: str) -> bool:
    """A finding about the whole cluster is there in every namespace."""
    return not namespace or finding.object is None or finding.object.namespace in ("", namespace)


def narrowed(diagnosis: Diagnosis, namespace: str = "", ids: Sequence[str] = ()) -> Diagnosis:
    """Only what a namespace and some checks have to say."""
    return Diagnosis(
        tuple(
            item for item in diagnosis.findings if in_view(item, namespace) and (not ids or item.id in ids)
        ),
        tuple(item for item in diagnosis.unjudged if not ids or item.id in ids),
    )  # fmt: skip


# -- documents ------------------------------------------------------------------------------------------------------------
def finding_json(item: Finding) -> Document:
    return {
        "id": item.id,
        "severity": item.severity,
        "object": item.object.slug if item.object is not None else None,
        "text": item.text,
        "evidence": list(item.evidence),
        "why": item.why,
        "fix": item.fix,
        "action": item.action,
        "cause": item.cause or None,
        "objects": [one.slug for one in item.objects],
    }


def doctor_json(diagnosis: Diagnosis) -> Document:
    return document(
        "Doctor",
        {
            "findings": [finding_json(item) for item in diagnosis.findings],
            "unjudged": [{"id": item.id, "title": item.title, "why": item.why} for item in diagnosis.unjudged],
        },
    )


def checks_json(checks: Iterable[Check]) -> Document:
    rows: list[dict[str, Any]] = [
        {
            "id": check.id,
            "title": check.title,
            "why": check.why,
            "fix": check.fix,
            "action": check.action,
            "files": not check.live,
            "follows": list(check.follows),
        }
        for check in checks
    ]
    return document("DoctorChecks", {"items": rows})


def event_json(event: Event) -> Document:
    return document(
        "DoctorEvent", {"time": time_text(event.at), "event": event.what, "finding": finding_json(event.finding)}
    )


# -- for people -----------------------------------------------------------------------------------------------------------
def doctor_lines(diagnosis: Diagnosis, paper: Paper, *, looked: int, why: bool = False) -> list[str]:
    """Each finding with its evidence and what would mend it, the worst first; then how many there are and what could not be
    judged. ``looked`` is how many checks there are."""
    lines: list[str] = []
    for item in diagnosis.findings:
        lines += [*finding_lines(item, paper, why), ""]
    made = looked - len(diagnosis.unjudged)
    lines += wrapped(Cell(f"{count_words(diagnosis.findings)} ({made} of {looked} checks made)", "bold"), paper, 0)
    for reason, ids in _by_reason(diagnosis.unjudged).items():
        lines += wrapped(Cell(f"not judged, as {reason}: {listed(ids, most=6)}", "dim"), paper)
    return lines


def count_words(found: Sequence[Finding]) -> str:
    """``2 errors, 1 warning and 3 notes``; ``nothing is wrong`` if there is none."""
    parts = [
        plural(count, *WORDS[severity])
        for severity in SEVERITIES
        if (count := sum(item.severity == severity for item in found))
    ]
    return listed(parts) if parts else "nothing is wrong"


def finding_lines(item: Finding, paper: Paper, why: bool = False) -> list[str]:
    sign = str(getattr(glyphs.current, item.severity))
    head = Cell.join((f"{sign} {item.severity} ", f"{item.severity} bold"), (item.text, "bold"))
    where = f"{item.id} at {item.object.slug}" if item.object is not None else item.id
    lines = [*wrapped(head, paper), *_indented(Cell(where, "dim"), paper)]
    shown = item.evidence[:EVIDENCE]
    for text in shown:
        lines += _indented(f"{glyphs.current.bullet} {text}", paper)
    if len(item.evidence) > len(shown):
        lines += _indented(f"{glyphs.current.bullet} and {len(item.evidence) - len(shown)} more", paper)
    if why and item.why:
        lines += _indented(Cell.join(("why: ", "dim"), item.why), paper)
    if item.fix and not item.cause:
        lines += _indented(Cell.join(("fix: ", "dim"), item.fix), paper)
    return lines


INDENT = 4


def _indented(text: Any, paper: Paper) -> list[str]:
    room = Paper(max(20, paper.width - INDENT) if paper.width is not None else None, paper.color)
    return [" " * INDENT + line for line in wrapped(text, room)]


def _by_reason(unjudged: Sequence[Unjudged]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in unjudged:
        found.setdefault(item.why, []).append(item.id)
    return found


def check_lines(checks: Sequence[Check], paper: Paper, *, whole: bool = False) -> list[str]:
    """All that is looked for; ``whole`` says why it matters and what would mend it, too."""
    if not whole:
        table = Table((Head("id"), Head("looks for", shrink=1, least=20, wrap=True)))
        for check in checks:
            table.add(Cell(check.id, "bold"), check.title)
        return table.lines(paper)
    lines: list[str] = []
    for check in checks:
        lines += wrapped(Cell.join((check.id, "bold"), (f"  {check.title}", "")), paper)
        lines += _indented(Cell.join(("why: ", "dim"), check.why), paper)
        lines += _indented(Cell.join(("fix: ", "dim"), check.fix), paper)
        lines.append("")
    return lines[:-1]


def event_line(event: Event, paper: Paper) -> str:
    """One line for a log, a mail or a push message."""
    item = event.finding
    sign = "ok" if event.what == "clears" else item.severity
    style = "ok" if event.what == "clears" else item.severity
    where = f" at {item.object.slug}" if item.object is not None else ""
    head = paper.paint(f"{getattr(glyphs.current, sign)} {event.what} {item.severity}", style)
    clock = paper.paint(time.strftime("%H:%M:%S", time.localtime(event.at)), "dim")
    return f"{clock}  {head}  {clean(item.id + where)}: {clean(item.text)}"
