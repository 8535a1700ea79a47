"""externalTrafficPolicy Local with Cilium L2 before 1.20.2: the announcing node is chosen without regard to endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS, sign
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import backends
from pointsman.tui.answers.ips import Problem
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.facts import image_with, tag
from pointsman.tui.model.kinds import ENDPOINTSLICES

FIXED = (1, 20, 2)
"""From this version on only nodes with an endpoint are elected."""


def look(exam: Exam) -> Iterator[Sign]:
    version = _version(exam)
    if version is None or version >= FIXED:
        return
    for item in exam.ips.items:
        if item.kind is not IpKind.CILIUM_L2 or not item.local or not item.announcers:
            continue
        ready = backends(exam.snapshot, item.service.key).ready_nodes
        missing = sorted(set(exam.context.cilium.node_labels) - ready)
        if not ready or not missing or any(one.id == "l2-local-without-endpoint" for one in item.problems):
            continue
        text = (
            "externalTrafficPolicy is Local, and this Cilium elects its announcer without regard to that: on "
            f"{', '.join(missing[:4])} traffic would be dropped"
        )
        yield sign(exam, item, Problem(CHECK.id, "warn", text))


def _version(exam: Exam) -> tuple[int, int, int] | None:
    for agent in cilium.agents(exam.facts):
        match = re.match(r"(\d+)\.(\d+)\.(\d+)", tag(image_with(agent, "cilium")) or "")
        if match:
            major, minor, patch = match.groups()
            return int(major), int(minor), int(patch)
    return None


CHECK = Check(
    id="l2-local-ignored",
    title="externalTrafficPolicy Local with a Cilium whose L2 announcements ignore it (before 1.20.2)",
    why="It works until the lease moves to a node without a pod of the service; then all traffic is dropped.",
    fix="Use externalTrafficPolicy Cluster, run the service on every node, or upgrade Cilium to 1.20.2.",
    reads=READS,
    look=look,
    needs=(ENDPOINTSLICES,),
    timed=True,
    live=True,
    action="edit",
)
