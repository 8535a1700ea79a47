"""An address that was given and that nobody announces; of a pool without any, it is only worth knowing."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor import pools
from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign


def look(exam: Exam) -> Iterator[Sign]:
    yield from by_problem(CHECK.id)(exam)
    for pool, problem in exam.pool_problems.get(CHECK.id, ()):
        if not pool.used:
            yield pools.sign(exam, pool, problem, "info")


CHECK = Check(
    id="ip-not-announced",
    title="an address that nobody announces",
    why="The service shows an address, and nobody on the LAN answers for it: the commonest silent failure of all.",
    fix="Name the pool in an L2Advertisement (or BGPAdvertisement), or let an announcement policy select the service.",
    reads=READS,
    look=look,
    timed=True,
    follows=("l2-selects-no-node", "l2-policy-broken", "l2-without-proxy", "exclude-from-lb", "component-degraded"),
)
