"""What one means of announcing says about one address."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.ips.model import Announcer, IpKind, Problem

OBSERVED = 3
"""An object of a running component names who announces the address."""
GIVEN = 2
"""The address was given by this controller (an annotation, a condition, a class, an event), but who announces is not seen."""
POSSIBLE = 1
"""The address lies in its range, or what is seen may be left from before."""


@dataclass(frozen=True, slots=True)
class Claim:
    """``strength`` is one of the three above; of several claims the strongest answers for the address, at equal strength
    the one that comes first in the registry."""

    kind: IpKind
    strength: int
    pool: str | None = None
    announcers: tuple[Announcer, ...] = ()
    problems: tuple[Problem, ...] = ()
