"""From one picture to the next: what was observed, for the history, and what changed, for ``ips watch``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pointsman.tui.answers.ips.build import ip_map
from pointsman.tui.answers.ips.causes import probable
from pointsman.tui.answers.ips.model import ONE_ANNOUNCER, Address, Announcer, Evidence, IpMap
from pointsman.tui.answers.words import listed
from pointsman.tui.store.history import History, Observation
from pointsman.tui.store.snapshot import Snapshot, State


def observe(snapshot: Snapshot, found: IpMap | None = None) -> list[Observation]:
    """Who announces each address that only one node may announce, for :meth:`Store.observe`.

    A prediction is no observation. ``at`` is when the announcement began as the evidence says, if that is after the last
    observation of the address, else now.
    """
    map = found or ip_map(snapshot)
    result: list[Observation] = []
    for ip, items in map.by_ip.items():
        told = {one.node: (item, one) for item in items for one in item.announcers if item.kind in ONE_ANNOUNCER}
        seen = {node: pair for node, pair in told.items() if pair[1].evidence is not Evidence.PREDICTED}
        if len(seen) > 1 or (told and not seen) or not any(item.kind in ONE_ANNOUNCER for item in items):
            continue  # two at once (each service that shares an address may have its own), or a guess
        last = snapshot.history.last(ip)
        nobody: tuple[str, tuple[Address, Announcer | None]] = ("", (items[0], None))
        node, (item, one) = next(iter(seen.items()), nobody)
        if last is not None and last.node == node:
            continue
        at = snapshot.now
        if one is not None and one.since is not None and (last is None or one.since > last.at):
            at = min(at, one.since)
        if one is None and (last is None or map.unknown or not _current(snapshot)):
            continue
        text, proof = (probable(snapshot, item, last.node, node, at) if last is not None else None) or ("", "")
        result.append(Observation(ip, node, one.evidence.value if one is not None else "", at, text, proof))
    return result


def _current(snapshot: Snapshot) -> bool:
    """Whether the absence of an announcer may be believed: everything was read, and nothing is out of date now."""
    settled = (State.LIVE, State.ABSENT, State.FORBIDDEN)
    return all(table.link.state in settled for table in snapshot.tables.values())


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one address. ``event`` is announced, moved, withdrawn, assigned, released or pending; ``text`` is the
    sentence."""

    event: str
    ip: str | None
    service: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind: str
    text: str
    cause: str = ""
    """What probably brought it about; empty where nothing tells."""


def changes(before: IpMap, after: IpMap) -> list[Change]:
    """What happened to the addresses between two pictures, in the order of the later one, what is gone at the end."""
    old = {item.key: item for item in before.items}
    result: list[Change] = []
    for item in after.items:
        past = old.pop(item.key, None)
        if past is None:
            result.append(_new(item))
        elif _nodes(past) != _nodes(item):
            result.append(_moved(past, item))
        elif past.pending != item.pending:
            result.append(_new(item))
    result.extend(_gone(item, after) for item in old.values())
    return [change for change in result if change.event]


def with_causes(found: Iterable[Change], history: History) -> list[Change]:
    """The changes with what the history, which saw them too, holds for their causes."""
    result = []
    for change in found:
        last = history.last(change.ip) if change.ip and change.event in ("moved", "withdrawn", "announced") else None
        known = last is not None and last.node == (change.after[0] if change.after else "")
        result.append(replace(change, cause=last.cause) if last is not None and known else change)
    return result


def _nodes(item: Address) -> tuple[str, ...]:
    return tuple(sorted({one.node for one in item.announcers}))


def _new(item: Address) -> Change:
    nodes, where = _nodes(item), item.service.path
    if item.ip is None:
        text = f"{where} waits for an address: {item.pending}" if item.pending else f"{where} has a name for an address"
        return Change("pending", None, where, (), (), item.kind.value, text)
    by = f", announced by {listed(nodes)}" if nodes else ", announced by nobody"
    return Change("assigned", item.ip, where, (), nodes, item.kind.value, f"{item.ip} given to {where}{by}")


def _moved(past: Address, item: Address) -> Change:
    was, now, where = _nodes(past), _nodes(item), item.service.path
    if not was:
        event, text = "announced", f"{item.ip} ({where}) is announced by {listed(now)}"
    elif not now:
        event, text = "withdrawn", f"{item.ip} ({where}) is announced by nobody; it was {listed(was)}"
    else:
        event, text = "moved", f"{item.ip} ({where}) moved from {listed(was)} to {listed(now)}"
    return Change(event, item.ip, where, was, now, item.kind.value, text)


def _gone(item: Address, after: IpMap) -> Change:
    where = item.service.path
    if item.ip is None:
        # A pending service that has its address now is told by the address's own line.
        gone = all(one.service != item.service for one in after.items)
        return Change("released" if gone else "", None, where, (), (), item.kind.value, f"{where} is gone")
    text = f"{item.ip} was taken from {where}"
    return Change("released", item.ip, where, _nodes(item), (), item.kind.value, text)
