"""An address whose announcer changes again and again."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS, sign
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips import Address
from pointsman.tui.answers.ips.cilium import LEASE_PREFIX
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.model.kinds import LEASES


def look(exam: Exam) -> Iterator[Sign]:
    """At the lease where there is one, else at the service."""
    for item, problem in exam.address_problems.get(CHECK.id, ()):
        yield sign(exam, item, problem, _lease(exam, item) if item.kind is IpKind.CILIUM_L2 else None)


def _lease(exam: Exam, item: Address) -> Ref | None:
    namespace = cilium.namespace(exam.facts) or "kube-system"
    name = f"{LEASE_PREFIX}{item.service.namespace}-{item.service.name}"
    return Ref(LEASES.id, namespace, name) if exam.snapshot.get(LEASES, namespace, name) else None


CHECK = Check(
    id="l2-lease-flapping",
    title="an address whose announcer changes again and again",
    why="Every change drops the connections through the address, and some devices keep the old neighbour for minutes.",
    fix=(
        "Look at the link and the API load of the nodes; with Cilium, raise the lease duration or the agents' API rate "
        "limit (k8sClientRateLimit)."
    ),
    reads=READS,
    look=look,
    timed=True,
    follows=("node-not-ready",),
)
