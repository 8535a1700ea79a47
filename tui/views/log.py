"""The Log pane: what the program wrote to this cluster, and what changed in it that matters to the network. Pure.

Both kinds of lines are one list, the newest first. A write comes from this machine's journal, everything else from what
the cluster tells.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.times import rfc3339
from pointsman.tui.views.changes import Change
from pointsman.tui.views.explain import OBJECT, Told, facts, tint
from pointsman.tui.views.ips import severity_sign
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column

SEVERITY_ORDER = ("error", "warn", "info")
WRITE = "write"
KIND_OF = {
    "move": "move", "announced": "announced", "ready": "node", "ended": "restart", "made": "new", "event": "event",
    "no": "event",
}  # fmt: skip
"""The first word of a happening's id, and what the column says."""

RESULTS: dict[str, tuple[str, str, str]] = {
    "done": ("done", "ok", "info"),
    "undone": ("undone", "muted", "info"),
    "failed": ("not written", "warn", "warn"),
    "pending": ("not known yet", "unknown", "warn"),
    "unknown": ("unknown", "error", "error"),
}
"""Words, style and severity of what became of a write."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was noted of a write, in seconds since 1970."""

    at: float
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A write of the journal. ``state`` is a key of :data:`RESULTS`; ``until`` when it was to be taken back."""

    op: str
    at: float
    title: str
    state: str
    text: str
    actor: str
    context: str
    server: str
    verb: str
    ref: Ref
    undoes: str = ""
    undone_by: str = ""
    until: float | None = None
    steps: tuple[Step, ...] = ()

    @property
    def by(self) -> str:
        """``user@host``."""
        return self.actor.partition(" pid ")[0]

    @property
    def why_not_undo(self) -> str:
        """Why it cannot be taken back, as a sentence; empty if that can be tried."""
        if self.state == "undone":
            by = f" by {self.undone_by}" if self.undone_by else ""
            return f"It is undone already{by}."
        if self.state == "failed":
            return "It wrote nothing, so there is nothing to undo."
        return ""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line. ``who`` is empty for what the cluster tells; ``write`` is the write it stands for."""

    key: str
    at: float
    clock: str
    kind: str
    severity: str
    subject: str
    text: str
    result: str = ""
    result_style: str = ""
    who: str = ""
    ref: Ref | None = None
    write: Written | None = None
    change: Change | None = None


def log_rows(
    writes: Iterable[Written], changes: Iterable[Change], now: float, namespace: str = ""
) -> tuple[LogRow, ...]:
    """The newest first. ``namespace`` leaves out writes to other namespaces (``changes`` are of one already)."""
    today = time.localtime(now)[:3]
    rows = [_of_write(item, today) for item in writes if not namespace or item.ref.namespace in ("", namespace)]
    rows += [_of_change(item) for item in changes]
    rows.sort(key=lambda row: (-row.at, row.key))
    return tuple(rows)


def _of_write(item: Written, today: tuple[int, ...]) -> LogRow:
    words, style, severity = RESULTS[item.state]
    if item.state == "undone" and item.undone_by:
        words = f"undone by {item.undone_by}"
    local = time.localtime(item.at)
    return LogRow(
        key=f"write {item.op}",
        at=item.at,
        clock=time.strftime("%H:%M:%S" if local[:3] == today else "%d %b", local),
        kind=WRITE,
        severity=severity,
        subject=item.ref.path,
        text=item.title.replace(f" {item.ref.title}", "", 1),
        result=words,
        result_style=style,
        who=item.by,
        ref=item.ref,
        write=item,
    )


def _of_change(item: Change) -> LogRow:
    return LogRow(
        key=item.key,
        at=item.at,
        clock=item.clock,
        kind=KIND_OF.get(item.id.partition(" ")[0], "event"),
        severity=item.severity,
        subject=item.subject,
        text=item.text,
        ref=item.ref,
        change=item,
    )


def is_problem(row: LogRow) -> bool:
    return row.severity != "info"


def row_text(row: LogRow) -> str:
    """What the filter looks in."""
    more = (row.write.op, row.write.ref.title) if row.write is not None else ()
    return "\n".join((row.clock, row.kind, row.subject, row.text, row.result, row.who, *more))


def _dash(text: str, style: str = "") -> CellLike:
    return Cell(text, style) if text else Cell(glyphs.current.dash, "dim")


COLUMNS: tuple[Column[LogRow], ...] = (
    Column("time", "time", lambda row: Cell(row.clock, "dim"), lambda row: row.at, width=8, flash=False),
    Column("mark", "", lambda row: Cell(*severity_sign(row.severity)), width=1),
    Column("kind", "kind", lambda row: Cell(row.kind, "accent bold" if row.kind == WRITE else "muted"),
           lambda row: row.kind, width=9),
    Column("object", "object", lambda row: row.subject, lambda row: row.subject, flex=2, min_width=16, max_width=40),
    Column("text", "what", lambda row: Cell(row.text, "" if row.severity != "info" or row.write else "muted"), flex=5,
           min_width=20, shorten="end"),
    Column("result", "result", lambda row: _dash(row.result, row.result_style),
           lambda row: (SEVERITY_ORDER.index(row.severity), row.write is None, row.result), max_width=19, priority=1),
    Column("who", "by", lambda row: _dash(row.who, "dim"), lambda row: row.who or None, max_width=20, priority=3,
           min_terminal_width=100),
    Column("id", "id", lambda row: Cell(row.write.op if row.write else "", "dim"),
           lambda row: row.write.op if row.write else None, width=8, priority=4, min_terminal_width=140),
)  # fmt: skip


def title(rows: Sequence[LogRow], shown: int) -> tuple[tuple[str, str], ...]:
    """``log 41  3 writes, 1 unknown``."""
    writes = [row.write for row in rows if row.write is not None]
    unknown = sum(write.state in ("unknown", "pending") for write in writes)
    number = f"{shown}/{len(rows)}" if shown != len(rows) else str(len(rows))
    parts = [("log ", ""), (number, "bold"), (f"  {len(writes)} write{'' if len(writes) == 1 else 's'}", "muted")]
    if unknown:
        parts.append((f"  {unknown} with an unknown outcome", "error"))
    return tuple(parts)


_STEPS = {
    "applied": ("the server took it", "info"),
    "verified": ("verified", "ok"),
    "failed": ("not written", "warn"),
    "missed": ("not written, as it seems", "warn"),
    "unknown": ("unknown", "error"),
    "undone": ("undone", "info"),
    "part": ("dead-man in the cluster", "info"),
    "restated": ("its time begins now", "info"),
}


def tell_write(write: Written, diff: Sequence[CellLike], key: str = "") -> Told:
    """A write: what became of it, its change, and how it is taken back. ``diff`` are the lines of the change, ``key`` the
    key that undoes."""
    evidence = []
    for step in write.steps:
        said, state = _STEPS.get(step.event, (step.event, "info"))
        text = f"{said}: {step.text}" if step.text else said
        evidence.append((f"{text[:1].upper()}{text[1:]}", clock_of(step.at), state))
    if not write.steps:
        evidence.append(("Its program has not said yet what became of it, or died before it could.", "", "unknown"))
    following: tuple[str, ...] = ()
    if write.why_not_undo:
        following = (write.why_not_undo,)
    elif write.state in ("unknown", "pending"):
        following = ("The object is read back at the next start; undo looks at it first.",)
    ways = f"`pointsman undo {write.op}`" if not key else f"{key}, or `pointsman undo {write.op}`"
    lines = facts(
        ("object", write.ref.title),
        ("at", rfc3339(write.at)),
        ("by", write.actor),
        ("cluster", f"{write.context} at {write.server}" if write.context else write.server),
        ("taken back", "" if write.why_not_undo else f"by {ways}"),
        ("until", rfc3339(write.until) if write.until is not None else ""),
        ("takes back", write.undoes),
        ("undone by", write.undone_by),
    )
    return Told(
        f"write {write.op}",
        tint(_headline(write), RESULTS[write.state][2]),
        tuple(evidence),
        (*lines, "", *(diff or (Cell("its change cannot be shown by this version", "muted"),))),
        following,
        ("undo", *OBJECT, "copy"),
    )


def _headline(write: Written) -> str:
    what = write.title[:1].upper() + write.title[1:]
    return {
        "done": f"{what}: done, and read back.",
        "undone": f"{what}: it was done, and was taken back.",
        "failed": f"{what}: nothing was written.",
        "pending": f"{what}: it is not known yet whether it was written.",
        "unknown": f"{what}: it is not known whether it was written.",
    }[write.state]


def clock_of(at: float) -> str:
    """Local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(at))
