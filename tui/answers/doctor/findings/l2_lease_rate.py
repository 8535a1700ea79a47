"""More lease requests than Cilium's agents may send: renewals come late, and announcements move without a reason.

Every agent asks for every lease it may hold once in each retry period (client-go's leader election), so one agent sends
leases / retry period requests a second. Its own limit is ``k8s-client-qps`` (10 by default, 5 in older versions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.cilium import LEASE_PREFIX
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import CILIUML2POLICIES, CILIUMPOOLS, CONFIGMAPS, LEASES

QPS = 10.0
RETRY = 2.0
DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def look(exam: Exam) -> Iterator[Sign]:
    state = exam.context.cilium
    if state.config is None or not state.running or not state.l2_on:
        return
    leases = [name for name, items in state.leases.items() if name.startswith(LEASE_PREFIX) and items]
    retry = seconds(state.config.get("l2-announcements-retry-period", "")) or RETRY
    limit = _number(state.config.get("k8s-client-qps", "")) or QPS
    rate = len(leases) / retry
    if rate <= limit:
        return
    target = Ref(CONFIGMAPS.id, state.namespace or "kube-system", "cilium-config")
    yield Sign(
        "warn",
        target,
        f"each Cilium agent asks for {plural(len(leases), 'lease')} every {retry:g}s: {rate:.3g} requests a second, and it "
        f"may send {limit:g}",
        (
            f"l2-announcements-retry-period: {state.config.get('l2-announcements-retry-period', '2s by default')}",
            f"k8s-client-qps: {state.config.get('k8s-client-qps', '10 by default')}",
        ),
    )


def seconds(text: str) -> float | None:
    """A duration as Go writes it (``1m30s``, ``500ms``); None for anything else."""
    match = DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    hours, minutes, whole, milli = (float(part) if part else 0.0 for part in match.groups())
    return hours * 3600 + minutes * 60 + whole + milli / 1000


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if found > 0 else None


CHECK = Check(
    id="l2-lease-rate",
    title="more lease requests than Cilium's agents may send",
    why="The agents throttle themselves: renewals come too late and addresses change their announcer under load.",
    fix="Raise k8sClientRateLimit.qps and .burst, or the retry period, or announce fewer services (serviceSelector).",
    reads=(*FACTS, LEASES, CILIUML2POLICIES, CILIUMPOOLS),
    look=look,
    needs=(LEASES, CONFIGMAPS),
)
