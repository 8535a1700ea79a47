"""What a finding is, and what a check is that may lead to one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import Kind
from pointsman.tui.store.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.tui.answers.doctor.exam import Exam

SEVERITIES = ("error", "warn", "info")
"""Worst first: broken now; will break, or may be broken; worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, in a sentence.

    ``id`` is stable, the same for every finding of one kind. ``object`` is what to look at first, ``objects`` all that
    the finding is about (with ``object`` among them). ``evidence`` are sentences on what was seen and where, ``why`` says
    why it matters, ``fix`` what would mend it; ``action`` is the id of the command that does so (or begins to) on the
    object, empty where there is none. ``cause`` is the id of the finding of which this one is a consequence.
    """

    id: str
    severity: str
    object: Ref | None
    text: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    action: str = ""
    objects: tuple[Ref, ...] = ()
    why: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a check saw at one object; the check's id, reasons and remedy make a :class:`Finding` of it.

    ``objects`` are those it is about besides ``object``. ``fix`` and ``action`` stand for the check's own where they are
    given.
    """

    severity: str
    object: Ref | None
    text: str
    evidence: tuple[str, ...] = ()
    objects: tuple[Ref, ...] = ()
    fix: str = ""
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding: a pure function of what a snapshot holds, and the words that go with it.

    ``title`` is what it looks for, in a few words; ``why`` and ``fix`` are as in :class:`Finding`. ``reads`` are all kinds
    that ``look`` may read: it looks again only when one of them has changed, or, if ``timed``, every time, because the
    time or the history matters too; ``also`` is what else of the snapshot it depends on (what Traefik said). Of ``needs``
    every kind has to be known, or the check says nothing but that it could not tell. ``live`` checks read what only a
    running cluster writes; they are silent about manifests. Findings that have an object in common with one of
    ``follows`` are its consequences, and so worth knowing (info) only. ``action`` is the id of a command.
    """

    id: str
    title: str
    why: str
    fix: str
    reads: tuple[Kind[Any], ...]
    look: Callable[[Exam], Iterable[Sign]]
    needs: tuple[Kind[Any], ...] = ()
    timed: bool = False
    live: bool = False
    follows: tuple[str, ...] = ()
    action: str = ""
    also: Callable[[Snapshot], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A check that could not be made, and why, as a sentence without its full stop."""

    id: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``findings`` worst first; ``unjudged`` in the order of the registry."""

    findings: tuple[Finding, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
