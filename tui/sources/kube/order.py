"""The order in which kinds are read at the start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pointsman.tui.model.kinds import (
    CILIUML2POLICIES,
    CILIUMPOOLS,
    CRDS,
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    L2ADVERTISEMENTS,
    LEASES,
    METALLBPOOLS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICEL2STATUSES,
    SERVICES,
    Kind,
)

FIRST: tuple[Kind[Any], ...] = (
    NODES, NAMESPACES, SERVICES, LEASES, SERVICEL2STATUSES, METALLBPOOLS, L2ADVERTISEMENTS, CILIUMPOOLS,
    CILIUML2POLICIES, PODS, DAEMONSETS, DEPLOYMENTS, ENDPOINTSLICES, CRDS,
)  # fmt: skip
"""The kinds that fill the first screen are read first; the rest follows in the table's order."""


def in_order(kinds: Iterable[Kind[Any]]) -> list[Kind[Any]]:
    """What the first screen shows first."""
    rank = {kind.id: number for number, kind in enumerate(FIRST)}
    return sorted(kinds, key=lambda kind: rank.get(kind.id, len(rank)))
