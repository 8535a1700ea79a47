"""Taking a change back from an object that others have changed since: a three-way merge. Pure."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from pointsman.tui.actions.change import Doc

_MISSING: Any = object()
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Merged:
    """``doc`` is the object as it shall be. ``lost`` are sentences on what is not put back because somebody changed it
    again; ``already`` counts what is as it was before."""

    doc: Doc
    lost: tuple[str, ...] = ()


def take_back(before: Doc, after: Doc, live: Doc) -> Merged:
    """``live`` without the change that made ``after`` of ``before``; what others changed elsewhere stays.

    Lists are taken as a whole unless all three have the same length.
    """
    lost: list[str] = []
    found = _merge(before, after, live, "", lost)
    return Merged(found if isinstance(found, dict) else {}, tuple(lost))


def _merge(before: Any, after: Any, live: Any, path: str, lost: list[str]) -> Any:
    if before == after:
        return _copy(live)  # not ours: whatever it is now stays
    if live == after:
        return _copy(before)
    if live == before:
        return _copy(live)
    sides = [{} if side is _MISSING else side for side in (before, after, live)]
    if all(isinstance(side, dict) for side in sides):
        # A map that one of us made, or took away with its last entry, is one more map: ours goes, theirs stays.
        found = _merge_maps(sides[0], sides[1], sides[2], path, lost)
        return found if found or (before is not _MISSING and live is not _MISSING) else _MISSING
    if (
        isinstance(before, list)
        and isinstance(after, list)
        and isinstance(live, list)
        and len(before) == len(after) == len(live)
    ):
        merged = [
            _merge(old, new, now, f"{path}[{number}]", lost)
            for number, (old, new, now) in enumerate(zip(before, after, live, strict=True))
        ]
        return [item for item in merged if item is not _MISSING]
    lost.append(f"{path or 'the object'} {_was(before)}, but is {_short(live)} now: somebody changed it; it stays")
    return _copy(live)


def _merge_maps(before: Doc, after: Doc, live: Doc, path: str, lost: list[str]) -> Doc:
    found: Doc = {}
    for key in [*live, *(key for key in before if key not in live)]:
        value = _merge(
            before.get(key, _MISSING), after.get(key, _MISSING), live.get(key, _MISSING), _join(path, key), lost
        )
        if value is not _MISSING:
            found[key] = value
    return found


def _join(path: str, key: str) -> str:
    step = f'["{key}"]' if "." in key or "/" in key else (f".{key}" if path else key)
    return f"{path}{step}"


def _copy(value: Any) -> Any:
    return value if value is _MISSING else copy.deepcopy(value)


def _was(value: Any) -> str:
    return "was not there before" if value is _MISSING else f"was {_short(value)}"


def _short(value: Any) -> str:
    if value is _MISSING:
        return "gone"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
