"""The steps of a trace."""

from __future__ import annotations

from dataclasses import dataclass

OK, BROKEN, UNKNOWN, SKIPPED = "ok", "broken", "unknown", "skipped"


@dataclass(frozen=True, slots=True)
class Hop:
    """``kind`` is dns, ip, announcer, service, entry-point, router, middleware, backend, endpoint, pod or policy."""

    kind: str
    name: str
    state: str
    detail: str
