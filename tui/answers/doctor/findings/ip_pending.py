"""A LoadBalancer service that has no address, with the reason."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="ip-pending",
    title="a LoadBalancer service without an address",
    why="Nothing outside the cluster can reach the service until it has an address.",
    fix="Free an address or widen the pool, or let a pool serve this service.",
    reads=READS,
    look=by_problem("ip-pending"),
    timed=True,
    follows=(
        "pool-exhausted",
        "pool-empty",
        "pool-invalid",
        "pool-overlap",
        "pool-conflict",
        "metallb-config-invalid",
        "component-degraded",
    ),
    action="ips.pool",
)
