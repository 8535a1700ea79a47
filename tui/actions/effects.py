"""What switching or editing a policy opens and closes on the ends that are there, in a few lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.deadman import NAME
from pointsman.tui.actions.routes import ROUTE_IDS, route_words
from pointsman.tui.actions.toggle import restored, was_switched
from pointsman.tui.answers.policies.connections import Connection, Point
from pointsman.tui.answers.policies.effect import Effect, changed, effect, without
from pointsman.tui.answers.policies.enforcement import ALL_KINDS
from pointsman.tui.answers.policies.index import compile_index, read_policy, services_of
from pointsman.tui.answers.policies.ports import port_words
from pointsman.tui.answers.policies.spans import Spans
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, NAMESPACES
from pointsman.tui.store.snapshot import Snapshot, Table

MOST = 4
"""Lines for what opens, and as many for what closes."""


def toggle_effect(snapshot: Snapshot, ref: Ref, *, off: bool) -> Effect | None:
    """What switching one policy opens and closes; None where there is no such policy, or it is so already.

    It may be asked in a thread while the screen goes on.
    """
    kind = KINDS[ref.kind]
    obj = snapshot.get(kind, *ref.key)
    if obj is None or was_switched(doc := obj.doc()) is off:
        return None
    return _of_others(_becoming(snapshot, ref, None if off else restored(doc)))


def _becoming(snapshot: Snapshot, ref: Ref, doc: Doc | None) -> Effect:
    """What changes when a policy becomes ``doc``, or goes (None). Only that policy is read anew; the index is the one that
    the panes have, if they have."""
    index = compile_index(snapshot)
    if doc is None:
        return effect(snapshot, index, without(index, ref))
    if not snapshot.known(NAMESPACES):  # what that policy asks of them decides whether anything can be told
        return effect(snapshot, index, compile_index(with_object(snapshot, ref, doc)))
    policy = read_policy(from_doc(doc, KINDS[ref.kind]), services_of(snapshot))
    return effect(snapshot, index, changed(index, policy))


def _of_others(found: Effect) -> Effect:
    """Without the pods of our own dead-men: what they may reach was judged when they were planned."""

    def kept(items: tuple[Connection, ...]) -> tuple[Connection, ...]:
        mine = f"{NAME}-"
        return tuple(
            item for item in items
            if not any(end.kind == "Job" and end.name.startswith(mine) for end in (item.src, item.dst))
        )  # fmt: skip

    return replace(found, opens=kept(found.opens), closes=kept(found.closes))


def toggle_words(snapshot: Snapshot, ref: Ref, *, off: bool) -> tuple[str, ...]:
    """:func:`toggle_effect` as lines; none where there is nothing to say. Of a route: who handles its URLs then."""
    if ref.kind in ROUTE_IDS:
        return route_words(snapshot, ref, off=off)
    found = toggle_effect(snapshot, ref, off=off)
    return effect_lines(found) if found is not None else ()


def change_words(snapshot: Snapshot, ref: Ref, after: Doc | None) -> tuple[str, ...]:
    """What it opens and closes that a policy becomes ``after``, is made, or goes (None); none for other kinds. For a
    thread, as :func:`toggle_effect`."""
    if ref.kind not in ALL_KINDS:
        return ()
    return effect_lines(_becoming(snapshot, ref, after))


def with_object(snapshot: Snapshot, ref: Ref, doc: Doc) -> Snapshot:
    """The snapshot as if the object were ``doc``."""
    apart = _apart(snapshot)
    kind = KINDS[ref.kind]
    table = apart.table(kind)
    fresh = Table({**table.objects, ref.key: from_doc(doc, kind)}, 0, table.link)
    return replace(apart, tables={**apart.tables, ref.kind: fresh})


def _apart(snapshot: Snapshot) -> Snapshot:
    """Versions of zero keep a snapshot out of every memo."""
    return replace(snapshot, tables={name: replace(table, version=0) for name, table in snapshot.tables.items()})


def effect_lines(found: Effect) -> tuple[str, ...]:
    """``opens: media/radarr and 12 more to db/postgres: 5432/tcp``; says so where nothing changes or more may."""
    lines = [*_lines("opens", found.opens), *_lines("closes", found.closes)]
    if not lines:
        lines.append("no connection between what is there now opens or closes")
    if not found.certain:
        lines.append("that may not be all: not every policy, or who enforces it, can be read")
    return tuple(lines)


def _lines(word: str, items: Iterable[Connection]) -> list[str]:
    """Connections put together by the end that they share, whichever gives the fewer lines."""
    inward: dict[tuple[Point, Spans], list[str]] = {}
    outward: dict[tuple[Point, Spans], list[str]] = {}
    for item in items:
        inward.setdefault((item.dst, item.ports), []).append(item.src.text)
        outward.setdefault((item.src, item.ports), []).append(item.dst.text)
    if len(inward) <= len(outward):
        lines = [f"{word}: {_some(ends)} to {end.text}: {port_words(ports)}" for (end, ports), ends in inward.items()]
    else:
        lines = [f"{word}: {end.text} to {_some(ends)}: {port_words(ports)}" for (end, ports), ends in outward.items()]
    if len(lines) > MOST:
        return [*lines[: MOST - 1], f"{word}: {len(lines) - MOST + 1} more such groups of connections"]
    return lines


def _some(ends: list[str]) -> str:
    return listed(sorted(ends), 3)
