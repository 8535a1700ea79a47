"""Switching a policy off so that it can be switched on again exactly as it was. Pure.

A policy has no switch of its own. It is parked: the subject of each of its rules gets one more label that no pod has, so
that it selects nothing; all else stays as it is and can be seen. Annotations hold what the selectors were, until when,
which operation did it and who: any program on any machine can put it back. A policy with a rule that has no subject
cannot be parked; it is deleted and kept in the journal.

A route is parked by the field that says who serves it: :mod:`pointsman.tui.answers.routes.parking`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from pointsman.tui.actions.change import Doc, created_from
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.answers.policies.toggles import OFF_BY, OFF_ORIGINAL, OFF_UNTIL, PARKED
from pointsman.tui.answers.routes import parking as routes
from pointsman.tui.model.meta import dig, dig_dict, dig_str
from pointsman.tui.model.times import epoch, rfc3339

OFF_OPERATION = "pointsman.dev/off-operation"
"""Annotation: the id of the operation that switched it off. A timer reverts only what its own operation did."""
PERMANENT = "permanent"
DEFAULT_SECONDS = 600.0
LEAST_SECONDS = 1.0
MOST_SECONDS = 366 * 86400.0
ANNOTATIONS = (OFF_UNTIL, OFF_ORIGINAL, OFF_OPERATION, OFF_BY)
OFF, ON = "policy-off", "policy-on"
"""The names of the actions in the journal."""

Path = tuple[str | int, ...]

_SELECTORS: tuple[Path, ...] = (
    ("podSelector",),
    ("endpointSelector",),
    ("nodeSelector",),
    ("subject", "namespaces"),
    ("subject", "pods", "podSelector"),
)
"""Where the subject of a policy may stand in its spec: NetworkPolicy, Cilium's rules, the policies for administrators."""


def subjects(doc: Doc) -> Iterator[tuple[Path, Path | None]]:
    """For each rule set of a policy where it is (``spec`` or ``specs``, n) and where its subject is, None if it has none."""
    places: list[Path] = []
    if isinstance(doc.get("spec"), dict):
        places.append(("spec",))
    specs = doc.get("specs")
    if isinstance(specs, list):
        places += [("specs", number) for number in range(len(specs))]
    for place in places:
        spec = dig(doc, *place)
        found = next(
            (path for path in _SELECTORS if isinstance(spec, dict) and isinstance(dig(spec, *path), dict)), None
        )
        yield place, None if found is None else (*place, *found)


def can_park(doc: Doc) -> bool:
    """Whether every rule has a subject that can be parked, or a route a field that can."""
    if routes.is_route(doc):
        return any(True for _ in routes.knobs(doc))
    found = list(subjects(doc))
    return bool(found) and all(subject is not None for _, subject in found)


def is_parked(doc: Doc) -> bool:
    """Whether every subject is on the label that nothing has, or nobody serves a route."""
    if routes.is_route(doc):
        return routes.is_parked(doc)
    found = [path for _, path in subjects(doc)]
    return bool(found) and all(path is not None and dig(doc, *path, "matchLabels", PARKED) == "true" for path in found)


def was_switched(doc: Doc) -> bool:
    """Whether there is anything on it that the toggle left: a parked subject or one of the annotations."""
    if any(key in dig_dict(doc, "metadata", "annotations") for key in ANNOTATIONS):
        return True
    if routes.is_route(doc):
        return routes.is_parked(doc)
    return any(path is not None and dig(doc, *path, "matchLabels", PARKED) == "true" for _, path in subjects(doc))


def operation_of(doc: Doc) -> str:
    """The id of the operation that switched it off; empty if it does not say."""
    return dig_str(doc, "metadata", "annotations", OFF_OPERATION)


def until_of(doc: Doc) -> float | None:
    """When it is to come back, seconds since 1970; None for good, or if it does not say."""
    return epoch(dig_str(doc, "metadata", "annotations", OFF_UNTIL))


def parked(doc: Doc, *, op: str, until: float | None, by: str) -> Doc:
    """The policy switched off. One that is off already keeps what its selectors were and gets the new timer.

    Raises ActionError if it cannot be parked.
    """
    if not can_park(doc):
        raise ActionError("It has a rule without a subject, so there is nothing to park.")
    found = copy.deepcopy(doc)
    notes = found["metadata"].setdefault("annotations", {})
    if not isinstance(notes, dict):
        notes = found["metadata"]["annotations"] = {}
    kept = _originals(doc)
    originals = _park_route(found, kept) if routes.is_route(doc) else _park_policy(found, kept)
    notes[OFF_ORIGINAL] = json.dumps(originals, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    notes[OFF_UNTIL] = PERMANENT if until is None else rfc3339(until)
    notes[OFF_OPERATION] = op
    notes[OFF_BY] = by
    return found


def restored(doc: Doc) -> Doc:
    """The policy as it was before it was switched off; what others changed meanwhile stays."""
    found = copy.deepcopy(doc)
    restore = _restore_route if routes.is_route(doc) else _restore_policy
    restore(found, _originals(doc))
    notes = dig_dict(found, "metadata", "annotations")
    for key in ANNOTATIONS:
        notes.pop(key, None)
    if not notes:
        found["metadata"].pop("annotations", None)
    return found


def _park_policy(doc: Doc, kept: dict[str, Any]) -> dict[str, Any]:
    """Park every subject of a policy in place; gives what they were."""
    originals: dict[str, Any] = {}
    for _, path in subjects(doc):
        assert path is not None
        selector = dig(doc, *path)
        labels = selector.get("matchLabels")
        key = pointer(path)
        if isinstance(labels, dict) and labels.get(PARKED) == "true":
            originals[key] = kept[key] if key in kept else _unparked(selector, None)
            continue
        originals[key] = copy.deepcopy(selector)
        selector["matchLabels"] = {**(labels if isinstance(labels, dict) else {}), PARKED: "true"}
    return originals


def _restore_policy(doc: Doc, kept: dict[str, Any]) -> None:
    """Put the subjects of a policy back in place."""
    for _, path in subjects(doc):
        if path is not None and dig(doc, *path, "matchLabels", PARKED) == "true":
            _put(doc, path, _unparked(dig(doc, *path), kept.get(pointer(path))))


def _park_route(doc: Doc, kept: dict[str, Any]) -> dict[str, Any]:
    """Park a route in place; gives what its fields were, without those that were not there."""
    originals: dict[str, Any] = dict(kept) if routes.is_parked(doc) else {}
    for knob in list(routes.knobs(doc)):
        before = routes.value_at(doc, knob.path)
        if before is not routes.GONE and before != knob.parked:
            originals[pointer(knob.path)] = copy.deepcopy(before)
        _set(doc, knob.path, knob.parked)
    return originals


def _restore_route(doc: Doc, kept: dict[str, Any]) -> None:
    """Put a route's fields back in place. One that somebody changed meanwhile stays changed."""
    for path in (routes.CLASS_PATH, routes.NOTE_PATH, routes.PARENTS_PATH):
        now, before = routes.value_at(doc, path), kept.get(pointer(path), routes.GONE)
        if now == routes.OFF_CLASS or (now is routes.GONE and before is not routes.GONE):
            _set(doc, path, before)


def _set(doc: Any, path: Path, value: Any) -> None:
    """Put a value at a path, making the maps on the way, or take it away."""
    for step in path[:-1]:
        inner = doc.get(step)
        if not isinstance(inner, dict):
            if value is routes.GONE:
                return
            inner = doc[step] = {}
        doc = inner
    if value is routes.GONE:
        doc.pop(path[-1], None)
    else:
        doc[path[-1]] = copy.deepcopy(value)


def _unparked(selector: Doc, original: Any) -> Doc:
    """The selector without the label. The original decides only whether an empty ``matchLabels`` was there before; a
    selector that somebody changed meanwhile stays changed."""
    labels = {key: value for key, value in dig_dict(selector, "matchLabels").items() if key != PARKED}
    found = {**selector, "matchLabels": labels}
    if not labels and not (isinstance(original, dict) and original.get("matchLabels") == {}):
        found.pop("matchLabels")
    return found


def _originals(doc: Doc) -> dict[str, Any]:
    try:
        found = json.loads(dig_str(doc, "metadata", "annotations", OFF_ORIGINAL) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def pointer(path: Path) -> str:
    """A path as a JSON pointer (RFC 6901): ``/specs/0/endpointSelector``."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _put(doc: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        doc = doc[step]
    doc[path[-1]] = value


def switched_off(doc: Doc | None, *, op: str, until: float | None, by: str) -> Doc | None:
    """What a policy becomes when it is switched off: parked, or None (deleted) where it cannot be parked."""
    if doc is None:
        raise ActionError("It is not there any more.")
    if dig_str(doc, "metadata", "deletionTimestamp"):
        raise ActionError("It is being deleted.")
    return parked(doc, op=op, until=until, by=by) if can_park(doc) else None


def switched_on(doc: Doc | None, kept: Doc | None = None) -> Doc | None:
    """What a policy becomes when it is switched on; ``kept`` is the journal's copy of one that was deleted."""
    if doc is not None:
        return restored(doc)
    if kept is None:
        raise ActionError("It is not there, and the journal on this machine holds no copy of it.")
    return created_from(kept)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float:
    """``90s``, ``10m``, ``1h30m``, ``2d`` in seconds; a bare number is minutes. Raises ActionError."""
    words = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,6}", words):
        words += "m"
    if not re.fullmatch(r"([0-9]{1,9}[smhd])+", words):
        raise ActionError(f"{text!r} is not a time: say 90s, 10m, 1h30m or 2d.")
    seconds = float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([smhd])", words)))
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise ActionError(f"{text!r} is not between one second and a year; --permanent switches off for good.")
    return seconds


def duration_words(seconds: float) -> str:
    """``10 minutes``, ``1 h 30 min``, ``45 seconds``."""
    left = round(seconds)
    if left < 120:
        return f"{left} second{'s' if left != 1 else ''}"
    if left < 7200 and left % 60 == 0:
        return f"{left // 60} minutes"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
