"""Small words for sentences: plurals, lists, and the reason why a kind could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pointsman.tui.model.kinds import Kind
from pointsman.tui.store.snapshot import Snapshot, State

REASONS = {
    State.CONNECTING: "have not been read yet",
    State.DOWN: "could not be read",
    State.FORBIDDEN: "may not be read by this user",
}


def plural(count: int, one: str, many: str = "") -> str:
    """``1 node``, ``3 nodes``, ``2 policies``."""
    if not many:
        many = f"{one[:-1]}ies" if one.endswith("y") and one[-2:-1] not in "aeiou" else f"{one}s"
    return f"{count:,} {one if count == 1 else many}"


def listed(items: Sequence[str], most: int = 4, word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``, ``a, b, c, d and 3 more``."""
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def blind(snapshot: Snapshot, *kinds: Kind[Any]) -> str:
    """Which of these kinds are not known and why, as a sentence without its full stop; empty if all are known.

    An answer that found nothing must say this instead of "there is none".
    """
    by_reason: dict[str, list[str]] = {}
    for kind in kinds:
        if not snapshot.known(kind):
            reason = REASONS.get(snapshot.state(kind), "could not be read")
        elif from_files(snapshot) and not snapshot.count(kind):
            reason = "are not among the files"
        else:
            continue
        by_reason.setdefault(reason, []).append(kind.group_resource)
    return "; ".join(f"{listed(names)} {reason}" for reason, names in by_reason.items())


SHORT = {State.CONNECTING: "still reading", State.FORBIDDEN: "may not read"}


def blind_short(snapshot: Snapshot, *kinds: Kind[Any]) -> str:
    """The same for a line that may be cut: the reason first, then some of the kinds (``may not read nodes and 3 more``)."""
    by_reason: dict[str, list[str]] = {}
    for kind in kinds:
        if not snapshot.known(kind):
            by_reason.setdefault(SHORT.get(snapshot.state(kind), "could not read"), []).append(kind.resource)
        elif from_files(snapshot) and not snapshot.count(kind):
            by_reason.setdefault("not among the files:", []).append(kind.resource)
    return "; ".join(f"{reason} {listed(names, most=2)}" for reason, names in by_reason.items())


def from_files(snapshot: Snapshot) -> bool:
    """Whether the objects are manifests: what the files lack may well be on the cluster they are meant for."""
    return snapshot.cluster.origin == "manifests"


def sees(snapshot: Snapshot, *kinds: Kind[Any]) -> bool:
    """Whether "none found" among these kinds means that there is none: all were read, and files hold one of them at
    least."""
    if not all(snapshot.known(kind) for kind in kinds):
        return False
    return not from_files(snapshot) or any(snapshot.count(kind) for kind in kinds)
