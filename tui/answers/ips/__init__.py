"""Who answers for which address."""

from pointsman.tui.answers.ips.build import ip_map
from pointsman.tui.answers.ips.explain import Explanation, explain
from pointsman.tui.answers.ips.model import (
    ONE_ANNOUNCER,
    Address,
    Announcer,
    Evidence,
    IpKind,
    IpMap,
    Lan,
    Pool,
    Problem,
    Session,
)
from pointsman.tui.answers.ips.watch import Change, changes, observe, with_causes

__all__ = [
    "ONE_ANNOUNCER",
    "Address",
    "Announcer",
    "Change",
    "Evidence",
    "Explanation",
    "IpKind",
    "IpMap",
    "Lan",
    "Pool",
    "Problem",
    "Session",
    "changes",
    "explain",
    "ip_map",
    "observe",
    "with_causes",
]
