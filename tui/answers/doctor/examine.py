"""Make every check of the registry, each for itself: one that fails takes no other with it.

What a check said is kept until one of the kinds it reads has changed, so a change of a pod does not cost a look at routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import SEVERITIES, Check, Diagnosis, Finding, Sign, Unjudged
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import blind, from_files, sees
from pointsman.tui.store.snapshot import Snapshot

FAILED = "check-failed"
KEEP = 3
"""Clusters of which what was said is kept: the present one, a replayed one, that of a test."""


class Memory:
    """What each check said last. ``looks`` counts how often one was really made; counted-work tests read it."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[object, tuple[Sign, ...]]] = {}
        self._lock = Lock()  # a pane may have its findings made in a thread of its own
        self.looks = 0

    def signs(self, check: Check, exam: Exam) -> tuple[Sign, ...]:
        snapshot = exam.snapshot
        versions = snapshot.versions(*check.reads)
        if check.timed or not any(versions):
            self.looks += 1
            return tuple(check.look(exam))
        key = (versions, snapshot.cluster, check.also(snapshot) if check.also is not None else None)
        with self._lock:
            known = self._kept.get(check.id, {}).get(key)
        if known is not None:
            return known
        self.looks += 1
        made = tuple(check.look(exam))
        with self._lock:
            kept = self._kept.setdefault(check.id, {})
            kept[key] = made
            while len(kept) > KEEP:
                del kept[next(iter(kept))]
        return made


MEMORY = Memory()


def examine(snapshot: Snapshot, checks: Sequence[Check], memory: Memory = MEMORY) -> Diagnosis:
    """All findings, the worst first; of equal severity in the order of the checks, then as each check says them."""
    exam = Exam(snapshot)
    found: list[Finding] = []
    unjudged: list[Unjudged] = []
    for check in checks:
        if why := silent(check, snapshot):
            unjudged.append(Unjudged(check.id, check.title, why))
            continue
        try:
            found += (_finding(check, sign) for sign in memory.signs(check, exam))
        except Exception as error:
            found.append(_failed(check, error))
    found = _consequences(found, {check.id: check for check in checks})
    return Diagnosis(
        tuple(sorted(dict.fromkeys(found), key=lambda item: SEVERITIES.index(item.severity))), tuple(unjudged)
    )


def silent(check: Check, snapshot: Snapshot) -> str:
    """Why a check can say nothing about this snapshot; empty if it can."""
    if check.live and from_files(snapshot):
        return "only a running cluster shows it"
    for kind in check.needs:
        if not sees(snapshot, kind):
            return blind(snapshot, *(kind for kind in check.needs if not sees(snapshot, kind)))
    return ""


def _finding(check: Check, sign: Sign) -> Finding:
    mine = (sign.object,) if sign.object is not None else ()
    return Finding(
        check.id,
        sign.severity,
        sign.object,
        sign.text,
        sign.evidence,
        sign.fix or check.fix,
        check.action if sign.action is None else sign.action,
        tuple(dict.fromkeys((*mine, *sign.objects))),
        check.why,
    )


def _failed(check: Check, error: Exception) -> Finding:
    return Finding(
        FAILED,
        "info",
        None,
        f"the check {check.id} could not be made ({type(error).__name__}); the others were",
        (f"it looks for: {check.title}",),
        "This is a fault of Pointsman itself: please report it.",
        why="What this check looks for may be there all the same.",
    )


def _consequences(found: Sequence[Finding], checks: dict[str, Check]) -> list[Finding]:
    """Findings that follow from others are told as that: the cause is what to mend."""
    causes: dict[tuple[str, Ref], Finding] = {}
    for item in found:
        if item.severity != "info":
            for target in item.objects:
                causes.setdefault((item.id, target), item)
    return [_judged(item, causes, checks) for item in found]


def _judged(item: Finding, causes: dict[tuple[str, Ref], Finding], checks: dict[str, Check]) -> Finding:
    check = checks.get(item.id)
    if check is None or item.severity == "info":
        return item
    for cause in check.follows:
        for target in item.objects:
            found = causes.get((cause, target))
            if found is not None:
                return replace(
                    item, severity="info", cause=cause, evidence=(*item.evidence, f"follows from: {found.text}")
                )
    return item
