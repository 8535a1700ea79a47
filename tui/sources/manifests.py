"""Files in place of a cluster: manifests (YAML, JSON, folders of them, standard input) or a snapshot.

Every document that cannot be used is reported by file and line, and the rest is read. What the files do not hold is not
known to be missing from a cluster; it is missing from the files, and the links say so.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from pointsman.tui.disk.snapshots import SnapshotError, is_snapshot
from pointsman.tui.model.decode import DecodeError, from_doc
from pointsman.tui.model.kinds import CRDS, HELM_RELEASES, KINDS, TLS_SECRETS, Kind, kinds_of
from pointsman.tui.model.meta import Key, Obj, dig, dig_list, dig_str
from pointsman.tui.sources.capture import read_back
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.store.store import Store

SUFFIXES = (".yaml", ".yml", ".json")
LARGEST = 256 * 1024 * 1024
LISTS_IN_LISTS = 8
FROM_FILES = "from files"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that could not be used. ``line`` counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class ManifestReport:
    """What was read. ``unknown`` counts objects of kinds the program does not read, by ``kind.group``."""

    files: int = 0
    documents: int = 0
    objects: int = 0
    problems: tuple[Problem, ...] = ()
    unknown: dict[str, int] = field(default_factory=dict)

    def sentence(self) -> str:
        """``12 objects from 3 files, 1 document could not be read``."""
        parts = [f"{_count(self.objects, 'object')} from {_count(self.files, 'file')}"]
        if self.problems:
            parts.append(_count(len(self.problems), "problem"))
        if self.unknown:
            parts.append(f"{_count(sum(self.unknown.values()), 'object')} of other kinds left aside")
        return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@dataclass
class _Reading:
    """The state of one load."""

    tables: dict[str, dict[Key, Obj[Any]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    files: int = 0
    documents: int = 0
    objects: int = 0
    picture: Snapshot | None = None

    def problem(self, file: str, line: int, text: str) -> None:
        self.problems.append(Problem(file, line, text))


def load_manifests(paths: str | Sequence[str], store: Store, *, stdin: BinaryIO | None = None) -> ManifestReport:
    """Read files, folders (all ``.yaml``, ``.yml``, ``.json`` below) or ``-`` into the store; the report says how it went.

    Blocks. Never raises for what the input is. A snapshot has to come alone: it brings its own time and states.
    """
    listed = [paths] if isinstance(paths, str) else list(paths)
    return _fill(store, _read(listed, stdin), listed)


def _read(paths: Sequence[str], stdin: BinaryIO | None = None) -> _Reading:
    reading = _Reading()
    if len(paths) == 1 and is_snapshot(Path(paths[0])):
        reading.files = 1
        try:
            reading.picture, broken = read_back(Path(paths[0]))
        except SnapshotError as error:
            reading.problem(paths[0], 0, str(error))
            return reading
        reading.objects = sum(len(table.objects) for table in reading.picture.tables.values())
        if broken:
            reading.problem(paths[0], 0, f"{_count(broken, 'line')} of this snapshot cannot be read")
        return reading
    for file, data in _inputs(paths, reading, stdin):
        reading.files += 1
        _read_text(file, data, reading)
    return reading


def _inputs(paths: Iterable[str], reading: _Reading, stdin: BinaryIO | None) -> Iterator[tuple[str, bytes]]:
    for text in paths:
        if text == "-":
            data = _standard_input(reading, stdin)
            if data is not None:
                yield "stdin", data
            continue
        if not text:
            reading.problem("--manifests", 0, "is an empty path")
            continue
        path = Path(text)
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above may not be entered
            found = sorted(_below(path))
            if not found:
                reading.problem(text, 0, "there is no .yaml, .yml or .json file in this folder")
            for file in found:
                data = _bytes(file, reading)
                if data is not None:
                    yield str(file), data
            continue
        if is_snapshot(path):
            reading.problem(text, 0, "is a snapshot, which has to be given alone")
            continue
        data = _bytes(path, reading)
        if data is not None:
            yield text, data


def _standard_input(reading: _Reading, stdin: BinaryIO | None) -> bytes | None:
    try:
        stream = stdin if stdin is not None else sys.stdin.buffer
        data = stream.read(LARGEST + 1)
    except (AttributeError, OSError, ValueError) as error:  # sys.stdin is None where the shell closed it
        reading.problem("stdin", 0, f"cannot be read: {getattr(error, 'strerror', None) or 'it is closed'}")
        return None
    if len(data) > LARGEST:
        reading.problem("stdin", 0, f"is larger than {LARGEST >> 20} MB")
        return None
    return data


def _below(folder: Path) -> Iterator[Path]:
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        for name in names:
            if name.lower().endswith(SUFFIXES):
                yield Path(home) / name


def _bytes(path: Path, reading: _Reading) -> bytes | None:
    try:
        if not path.is_file() and path.exists():
            reading.problem(str(path), 0, "is no regular file")
            return None
        if path.stat().st_size > LARGEST:
            reading.problem(str(path), 0, f"is larger than {LARGEST >> 20} MB")
            return None
        return path.read_bytes()
    except FileNotFoundError:
        reading.problem(str(path), 0, "is not there")
    except (OSError, ValueError) as error:
        reading.problem(str(path), 0, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return None


def _read_text(file: str, data: bytes, reading: _Reading) -> None:
    from pointsman.tui.sources.yamltext import documents

    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        reading.problem(file, 0, "is not text (a binary file?)")
        return
    if "\0" in text:
        reading.problem(file, 0, "is not text (a binary file?)")
        return
    for document in documents(text):
        reading.documents += 1
        if document.error:
            reading.problem(file, document.line, document.error)
        else:
            _read_document(document.value, file, document.line, reading, 0, document.item_lines)


def _read_document(
    doc: Any, file: str, line: int, reading: _Reading, depth: int, item_lines: Sequence[int] = ()
) -> None:
    if not isinstance(doc, dict):
        what = "a list" if isinstance(doc, list) else "plain text or a number"
        reading.problem(file, line, f"is {what}, not an object")
        return
    kind = doc.get("kind")
    api_version = doc.get("apiVersion")
    if not isinstance(kind, str) or not kind or not isinstance(api_version, str) or not api_version:
        missing = "kind" if not isinstance(kind, str) or not kind else "apiVersion"
        reading.problem(file, line, f"is no Kubernetes object: it has no {missing}")
        return
    if kind.endswith("List") and isinstance(doc.get("items"), list):
        if depth >= LISTS_IN_LISTS:
            reading.problem(file, line, "has lists in lists in lists")
            return
        inner = kind.removesuffix("List")
        for number, item in enumerate(doc["items"]):
            # The items of a typed list (PodList) need not repeat what they are.
            whole = {"apiVersion": api_version, "kind": inner, **item} if isinstance(item, dict) and inner else item
            at = item_lines[number] if number < len(item_lines) else line
            _read_document(whole, file, at, reading, depth + 1)
        return
    _take(doc, kind, api_version, file, line, reading)


def _take(doc: dict[str, Any], kind: str, api_version: str, file: str, line: int, reading: _Reading) -> None:
    group = api_version.rpartition("/")[0]
    entry = _entry(group, kind, doc)
    if entry is None:
        reading.unknown[f"{kind}.{group}" if group else kind] += 1
        return
    metadata = doc.get("metadata")
    if not isinstance(metadata, dict):
        reading.problem(file, line, f"a {kind} without metadata")
        return
    metadata = dict(metadata)
    if not metadata.get("name") and isinstance(metadata.get("generateName"), str):
        digest = hashlib.sha256(f"{file}:{line}:{reading.objects}".encode()).hexdigest()[:5]
        metadata["name"] = f"{metadata['generateName']}{digest}"
    if not isinstance(metadata.get("name"), str) or not metadata["name"]:
        if isinstance(metadata.get("name"), (int, float)):
            reading.problem(file, line, f"a {kind} whose name is a number or boolean to YAML: put it in quotes")
        else:
            reading.problem(file, line, f"a {kind} without a name")
        return
    if entry.namespaced:
        metadata["namespace"] = metadata.get("namespace") or "default"
    else:
        metadata.pop("namespace", None)
    try:
        obj = from_doc({**doc, "metadata": metadata}, entry, f"{file}:{line}")
    except DecodeError as error:
        reading.problem(file, line, f"this {kind} {error}")
        return
    if obj.problem:
        reading.problem(file, line, f"{obj.path}: {obj.problem}")
    table = reading.tables.setdefault(entry.id, {})
    before = table.get(obj.key)
    if before is not None:
        reading.problem(file, line, f"{kind} {obj.path} is there twice; this one counts, not that of {before.origin}")
    else:
        reading.objects += 1
    table[obj.key] = obj


def _entry(group: str, kind: str, doc: dict[str, Any]) -> Kind[Any] | None:
    """The line of the table for a document; a Secret belongs to one of two, or to none."""
    if not group and kind == "Secret":
        if dig_str(doc, "metadata", "labels", "owner") == "helm":
            return HELM_RELEASES
        return TLS_SECRETS if doc.get("type") == "kubernetes.io/tls" else None
    return next(kinds_of(group, kind), None)


def _fill(store: Store, reading: _Reading, paths: Sequence[str]) -> ManifestReport:
    if reading.picture is not None:
        warnings = (*reading.picture.cluster.warnings, *map(str, reading.problems))
        store.restore(replace(reading.picture, cluster=replace(reading.picture.cluster, warnings=warnings)))
        return ManifestReport(1, 0, reading.objects, tuple(reading.problems))
    served = {
        f"{dig_str(doc, 'spec', 'names', 'plural')}.{dig_str(doc, 'spec', 'group')}"
        for doc in (obj.doc() for obj in reading.tables.get(CRDS.id, {}).values())
        if dig(doc, "spec") and dig_list(doc, "spec", "versions")
    }
    for kind in KINDS.values():
        objects = reading.tables.get(kind.id, {})
        if objects or kind.core or kind.group_resource in served:
            store.replace(kind, objects.values())
            store.set_kind_link(kind, State.LIVE, FROM_FILES)
        else:
            store.set_kind_link(kind, State.ABSENT, f"{FROM_FILES}: no {kind.kind} among them")
    store.set_cluster(
        Cluster(
            context=", ".join("standard input" if path == "-" else path for path in paths),
            origin="manifests",
            warnings=tuple(str(problem) for problem in reading.problems),
        )
    )
    report = ManifestReport(
        reading.files, reading.documents, reading.objects, tuple(reading.problems), dict(reading.unknown)
    )
    state = State.LIVE if report.objects or not report.problems else State.DOWN
    store.set_link("manifests", state, report.sentence(), str(report.problems[0]) if report.problems else "")
    return report


class ManifestSource:
    """Files as a source: read once, then still."""

    name = "manifests"

    def __init__(self, store: Store, paths: Sequence[str]) -> None:
        self.store = store
        self.paths = tuple(paths)
        self.report: ManifestReport | None = None

    async def load(self) -> ManifestReport:
        """Read the files off the event loop, then fill the store on it (only one thread may write there)."""
        reading = await asyncio.to_thread(_read, self.paths)
        self.report = _fill(self.store, reading, self.paths)
        return self.report

    async def run(self) -> None:
        """Read the files, then wait to be cancelled."""
        await self.load()
        await asyncio.Event().wait()
