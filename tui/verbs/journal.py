"""What this program wrote to the cluster from this machine: when, what, who, and what became of it.

The journal belongs to the cluster, not to a context's name. Writes whose outcome is not known are looked at again.
`undo ID` takes one back. Exit codes: 0, or 1 if the outcome of a write is unknown; 2 if it cannot be told.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options

if TYPE_CHECKING:
    from pointsman.tui.disk.journal import Reading, Write
    from pointsman.tui.views.tables import Paper

OUTPUTS = ("table", "json")
STYLES = {"done": "ok", "failed": "muted", "unknown": "error", "pending": "warn", "undone": "muted"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", default="", metavar="ID", help="one operation with its change, in place of all"
    )


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded
    from pointsman.tui.verbs.writing import run_async

    return guarded(lambda: run_async(lambda: _run(options, args.id)))


async def _run(options: Options, op: str) -> int:
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.verbs.writing import at_desk, tell_lines
    from pointsman.tui.views.json import document, dumps
    from pointsman.tui.views.tables import paper, print_lines

    async with at_desk(options) as desk:
        if not desk.client.read_only:
            await desk.recover()
        reading = desk.writes()
        now = desk.snapshot().now
        for problem in reading.problems:
            complain(problem)
        writes = list(reading.writes)
        if op:
            writes = reading.matching(op)
            if len(writes) != 1:
                complain(f"There is {'no operation' if not writes else 'more than one operation'} {op} in the journal.")
                tell_lines(tuple(f"{write.op}  {write.intent.title}" for write in writes))
                return 2
        if options.namespace and not op:
            writes = [write for write in writes if write.intent.namespace in ("", options.namespace)]
        if options.output == "json":
            doc = document(
                "Journal", {"cluster": desk.journal.uid, "items": [_item(write, whole=bool(op)) for write in writes]}
            )
            print_lines([dumps(doc)])
        else:
            sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
            print_lines(_one(writes[0]) if op else _table(reading, writes, now, sheet))
        return 1 if any(write.state.value in ("unknown", "pending") for write in writes) else 0


def _item(write: Write, *, whole: bool) -> dict[str, Any]:
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.views.json import time_text

    intent = write.intent
    kind = KINDS.get(intent.kind)
    found: dict[str, Any] = {
        "id": write.op,
        "time": time_text(intent.at),
        "action": intent.action,
        "title": intent.title,
        "kind": kind.kind if kind else intent.kind,
        "namespace": intent.namespace or None,
        "name": intent.name,
        "verb": intent.verb,
        "state": write.state.value,
        "text": write.text or None,
        "by": intent.actor or None,
        "context": intent.context or None,
        "server": intent.server or None,
        "undoes": intent.undoes or None,
        "undone_by": write.undone_by or None,
    }
    if whole:
        found["before"] = intent.before
        found["after"] = write.stored if write.stored is not None else intent.after
        found["events"] = [
            {"event": entry.event, "time": time_text(entry.at), "text": entry.text or None} for entry in write.events
        ]
    return found


def _table(reading: Reading, writes: list[Write], now: float, sheet: Paper) -> list[str]:
    from pointsman.tui.model.times import age
    from pointsman.tui.views.tables import Head, Table

    if not writes:
        return ["Nothing was written here." if not reading.writes else "Nothing was written in this namespace."]
    heads = [Head("id"), Head("age"), Head("state"), Head("what", shrink=1, least=30), Head("by", drop=1)]
    table = Table([*heads, Head("said", shrink=2, least=16)])
    for write in writes:
        state = write.state.value
        table.add(
            write.op,
            age(now - write.intent.at),
            ((state, STYLES[state]),),
            write.intent.title,
            write.intent.actor.partition(" pid ")[0],
            f"undone by {write.undone_by}" if write.undone_by else "" if state == "done" else write.text,
        )
    return table.lines(sheet)


def _one(write: Write) -> list[str]:
    """One operation with its change and all that was said of it."""
    from pointsman.tui.actions.change import Change
    from pointsman.tui.actions.undo import change_of
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.model.times import rfc3339
    from pointsman.tui.verbs.writing import diff
    from pointsman.widgets.text import clean

    intent = write.intent
    lines = [
        f"{write.op}  {intent.title}",
        f"  {rfc3339(intent.at)} by {intent.actor}, context {intent.context} at {intent.server}",
    ]
    if intent.kind in KINDS:
        change: Change = change_of(write)
        lines += [f"  {line}" for line in diff(*change.texts())]
    for entry in write.events[1:]:
        lines.append(f"  {rfc3339(entry.at)} {entry.event}{f': {entry.text}' if entry.text else ''}")
    if len(write.events) == 1:
        lines.append("  its outcome is not known yet")
    return [clean(line) for line in lines]
