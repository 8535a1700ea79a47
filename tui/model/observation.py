"""Who announced an address from when on: what the history is made of, in memory, on disk and in a snapshot file."""

from __future__ import annotations

import msgspec


class Observation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``ip`` was announced by ``node`` (empty: by nobody) from ``at`` (seconds since 1970) on, as ``evidence`` says (lease,
    status, event).

    ``cause`` is a sentence on what probably brought the change about, ``proof`` where that is seen; both empty if nothing
    was found.
    """

    ip: str
    node: str
    evidence: str
    at: float
    cause: str = ""
    proof: str = ""
