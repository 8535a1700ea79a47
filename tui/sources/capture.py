"""Between a picture in the store and a snapshot file: save what is known now, bring back what was known then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from pointsman.tui import __version__
from pointsman.tui.disk import snapshots
from pointsman.tui.disk.snapshots import Anonymizer, Doc, SnapshotFile
from pointsman.tui.model.decode import DecodeError, from_doc
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.model.times import epoch, rfc3339
from pointsman.tui.store.history import History, Observation, joined
from pointsman.tui.store.snapshot import Cluster, Link, Snapshot, State, Table


@dataclass(frozen=True, slots=True)
class Saved:
    """``bytes`` on disk, ``objects`` in it, and the kinds that could not be read when it was taken."""

    path: Path
    bytes: int
    objects: int
    unread: tuple[str, ...]


def save(snapshot: Snapshot, path: Path, *, anonymize: bool = False) -> Saved:
    """Write a picture to a file. Raises OSError if the disk will not have it."""
    objects = [
        (name, snapshots.masked(table.objects[key].doc(), name))
        for name, table in snapshot.tables.items()
        for key in sorted(table.objects)
    ]
    head: Doc = {
        "captured": rfc3339(snapshot.now),
        "capturedSeconds": snapshot.now,
        "program": __version__,
        "anonymized": anonymize,
        "cluster": {
            "context": snapshot.cluster.context,
            "server": snapshot.cluster.server,
            "uid": snapshot.cluster.uid,
            "version": snapshot.cluster.version,
            "user": snapshot.cluster.user,
            "insecure": snapshot.cluster.insecure,
            "demo": snapshot.cluster.demo,
            "warnings": list(snapshot.cluster.warnings),
        },
        "links": [_link(link) for link in snapshot.links.values()],
        "tables": [_link(table.link) for table in snapshot.tables.values()],
        "history": {
            "started": snapshot.history.started,
            "watched": [list(span) for span in snapshot.history.watched],
            "observations": [msgspec.to_builtins(item) for past in snapshot.history.by_ip.values() for item in past],
        },
    }
    if anonymize:
        head, objects = _anonymized(head, objects)
    unread = tuple(
        table.link.name for table in snapshot.tables.values() if table.link.state not in (State.LIVE, State.ABSENT)
    )
    return Saved(path, snapshots.write(path, head, objects), len(objects), unread)


def _anonymized(head: Doc, objects: list[tuple[str, Doc]]) -> tuple[Doc, list[tuple[str, Doc]]]:
    anonymizer = Anonymizer()
    for table, doc in objects:
        anonymizer.learn(doc, table)
    for item in head["history"]["observations"]:
        # A node that is gone is among no objects any more.
        anonymizer.learn({"metadata": {"name": item.get("node", "")}}, "nodes")
    cluster = head["cluster"]
    anonymizer.add_host(str(cluster["server"]).rpartition(":")[0])
    head = {**head, "cluster": {**cluster, "context": "context", "user": "user"}}
    return anonymizer.rewrite(head), [(table, anonymizer.rewrite(doc)) for table, doc in objects]


def _link(link: Link) -> Doc:
    return {
        "name": link.name,
        "state": str(link.state),
        "since": link.since,
        "lastOk": link.last_ok,
        "detail": link.detail,
        "hint": link.hint,
    }


def read_back(path: Path) -> tuple[Snapshot, int]:
    """The picture in a snapshot file, and how many of its lines could not be used. Raises SnapshotError.

    ``now`` is the time it was taken. A kind's state is what it was then; a source that was live is shown stale, because
    nothing here is.
    """
    file = snapshots.read(path)
    head = file.head
    now = _number(head.get("capturedSeconds")) or epoch(str(head.get("captured"))) or 0.0
    tables, broken = _tables(file)
    when = rfc3339(now)
    links = {
        link.name: replace(link, state=State.STALE, detail=f"as it was at {when}; {link.detail}".rstrip("; "))
        if link.state is State.LIVE
        else link
        for link in map(_link_back, _list(head.get("links")))
        if link.name
    }
    count = sum(len(table.objects) for table in tables.values())
    links["snapshot"] = Link("snapshot", State.LIVE, now, now, f"{count} objects, taken at {when}")
    return Snapshot(tables, links, _cluster(head, path, when), _history(head), now), broken + file.broken


def _tables(file: SnapshotFile) -> tuple[dict[str, Table[Any]], int]:
    states = {link.name: link for link in map(_link_back, _list(file.head.get("tables")))}
    objects: dict[str, dict[Key, Obj[Any]]] = {}
    broken = 0
    for table, doc in file.objects:
        kind = KINDS.get(table)
        if kind is None:
            continue  # a kind of a newer version
        try:
            obj = from_doc(doc, kind)
        except DecodeError:
            broken += 1
            continue
        objects.setdefault(table, {})[obj.key] = obj
    unknown = "not in this snapshot"
    return {
        name: Table(objects.get(name, {}), 0, states.get(name) or Link(name, State.DOWN, detail=unknown))
        for name in KINDS
    }, broken


def _cluster(head: Doc, path: Path, when: str) -> Cluster:
    found = head.get("cluster")
    found = found if isinstance(found, dict) else {}

    def text(key: str) -> str:
        value = found.get(key)
        return value if isinstance(value, str) else ""

    return Cluster(
        context=text("context") or path.name,
        server=text("server"),
        uid=text("uid") or None,
        version=text("version") or None,
        user=text("user"),
        origin="snapshot",
        insecure=found.get("insecure") is True,
        demo=text("demo"),
        warnings=(f"A snapshot, taken at {when}.", *(str(item) for item in _list(found.get("warnings")))),
    )


def _history(head: Doc) -> History:
    found = head.get("history")
    if not isinstance(found, dict):
        return History()
    by_ip: dict[str, tuple[Observation, ...]] = {}
    for item in _list(found.get("observations")):
        try:
            observation = msgspec.convert(item, Observation)
        except msgspec.ValidationError:
            continue
        by_ip[observation.ip] = (*by_ip.get(observation.ip, ()), observation)
    spans = []
    for span in _list(found.get("watched")):
        begin, end = (_number(edge) for edge in (span if isinstance(span, list) and len(span) == 2 else (None, None)))
        if begin is not None and end is not None and end >= begin:
            spans.append((begin, end))
    return History(by_ip, _number(found.get("started")) or 0.0, joined(spans))


def _link_back(item: Any) -> Link:
    doc: Mapping[str, Any] = item if isinstance(item, dict) else {}
    try:
        state = State(str(doc.get("state")))
    except ValueError:
        state = State.DOWN
    return Link(
        str(doc.get("name") or ""),
        state,
        _number(doc.get("since")) or 0.0,
        _number(doc.get("lastOk")),
        str(doc.get("detail") or ""),
        str(doc.get("hint") or ""),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
