"""What a finding is."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.ref import Ref

SEVERITIES = ("error", "warn", "info")
"""Worst first: broken now; will break, or may be broken; worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, in a sentence.

    ``id`` is stable, the same for every finding of one kind. ``object`` is what to look at first, ``objects`` all that
    the finding is about (with ``object`` among them). ``evidence`` are sentences on what was seen and where, ``fix`` says
    what would mend it, ``action`` is the verb or key that shows more; both may be empty.
    """

    id: str
    severity: str
    object: Ref | None
    text: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    action: str = ""
    objects: tuple[Ref, ...] = ()
