"""Every check, one line each. A new one is a file in ``findings/`` and a line here."""

from __future__ import annotations

from pointsman.tui.answers.doctor.examine import examine
from pointsman.tui.answers.doctor.findings import (
    certificate_expires,
    component_degraded,
    external_ip_unrouted,
    hubble_certificate_expires,
    ip_invalid,
    ip_not_announced,
    ip_pending,
    ip_unclaimed,
    ip_unreported,
    l2_lease_flapping,
    l2_lease_holder_gone,
    l2_local_without_endpoint,
    lan_conflict,
    lan_ghost,
    no_endpoints,
    node_not_ready,
    node_pressure,
    policy_invalid,
    policy_not_enforced,
    policy_selects_nothing,
    pool_conflict,
    pool_disabled,
    pool_empty,
    pool_exhausted,
    pool_idle,
    pool_invalid,
    pool_not_advertised,
    pool_overlap,
    route_bad_secret,
    route_cross_namespace,
    route_ignored,
    route_invalid_rule,
    route_missing_middleware,
    route_missing_port,
    route_missing_secret,
    route_missing_service,
    route_missing_tls_option,
    route_no_endpoints,
    route_no_tls,
    route_not_attached,
    route_not_granted,
    route_not_reconciled,
    route_unknown_entry_point,
    route_unresolved,
    two_announcers,
    two_load_balancers,
    vip_ghost,
)
from pointsman.tui.answers.doctor.model import Check, Diagnosis, Finding
from pointsman.tui.store.snapshot import Snapshot

CHECKS: tuple[Check, ...] = (
    # The machines and what runs on them.
    node_not_ready.CHECK,
    node_pressure.CHECK,
    component_degraded.CHECK,
    # Addresses and who answers for them.
    ip_pending.CHECK,
    ip_not_announced.CHECK,
    vip_ghost.CHECK,
    lan_ghost.CHECK,
    lan_conflict.CHECK,
    two_announcers.CHECK,
    l2_lease_flapping.CHECK,
    l2_lease_holder_gone.CHECK,
    l2_local_without_endpoint.CHECK,
    two_load_balancers.CHECK,
    no_endpoints.CHECK,
    ip_invalid.CHECK,
    ip_unclaimed.CHECK,
    ip_unreported.CHECK,
    external_ip_unrouted.CHECK,
    pool_exhausted.CHECK,
    pool_overlap.CHECK,
    pool_conflict.CHECK,
    pool_invalid.CHECK,
    pool_empty.CHECK,
    pool_not_advertised.CHECK,
    pool_disabled.CHECK,
    pool_idle.CHECK,
    # Routes.
    route_missing_service.CHECK,
    route_missing_port.CHECK,
    route_no_endpoints.CHECK,
    route_missing_middleware.CHECK,
    route_cross_namespace.CHECK,
    route_not_granted.CHECK,
    route_missing_secret.CHECK,
    route_bad_secret.CHECK,
    route_missing_tls_option.CHECK,
    route_unknown_entry_point.CHECK,
    route_invalid_rule.CHECK,
    route_ignored.CHECK,
    route_not_attached.CHECK,
    route_unresolved.CHECK,
    route_not_reconciled.CHECK,
    route_no_tls.CHECK,
    certificate_expires.CHECK,
    hubble_certificate_expires.CHECK,
    # Policies.
    policy_invalid.CHECK,
    policy_not_enforced.CHECK,
    policy_selects_nothing.CHECK,
)


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """Everything that is wrong, the worst first, and what could not be judged."""
    return examine(snapshot, CHECKS)


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All findings, the worst first; of equal severity in the order of the registry."""
    return diagnose(snapshot).findings
