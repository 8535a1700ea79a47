"""From one diagnosis to the next: which findings came, went, or became better or worse."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.doctor.model import Diagnosis, Finding

Key = tuple[str, str]
"""The finding's id, and its object (or its words, if it has none): texts hold ages, which change by themselves."""


@dataclass(frozen=True, slots=True)
class Event:
    """``what`` is ``appears``, ``changes`` (its severity) or ``clears``; ``at`` is seconds since 1970."""

    what: str
    at: float
    finding: Finding


def key_of(finding: Finding) -> Key:
    return finding.id, finding.object.slug if finding.object is not None else finding.text


class Follower:
    """Keeps what was told. What is there at the first look appears at once; a difference to that is told when it has stood
    for ``settle`` seconds: a pod that restarts is no news."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._told: dict[Key, Finding] = {}
        self._doubt: dict[Key, tuple[str, float]] = {}
        """What differs from what was told (the severity, or nothing for gone), and since when."""
        self._first = True

    def look(self, diagnosis: Diagnosis, now: float) -> list[Event]:
        """The news since the last look, gone ones first."""
        there: dict[Key, Finding] = {}
        for finding in diagnosis.findings:
            there.setdefault(key_of(finding), finding)
        events: list[Event] = []
        for key in [*(key for key in self._told if key not in there), *there]:
            old, new = self._told.get(key), there.get(key)
            if (old.severity if old else "") == (new.severity if new else ""):
                self._doubt.pop(key, None)
                if new is not None:
                    self._told[key] = new
            elif self._stands(key, new.severity if new else "", now):
                events.append(self._tell(key, old, new, now))
        for key in [key for key in self._doubt if key not in there and key not in self._told]:
            del self._doubt[key]
        self._first = False
        return events

    def _stands(self, key: Key, state: str, now: float) -> bool:
        """Whether the difference has lasted long enough to be told."""
        before, since = self._doubt.get(key, ("", now))
        if key not in self._doubt or before != state:
            self._doubt[key] = (state, now)
            since = now
        return self._first or now - since >= self._settle

    def _tell(self, key: Key, old: Finding | None, new: Finding | None, now: float) -> Event:
        self._doubt.pop(key, None)
        if new is None:
            gone = self._told.pop(key)
            return Event("clears", now, gone)
        self._told[key] = new
        return Event("appears" if old is None else "changes", now, new)
