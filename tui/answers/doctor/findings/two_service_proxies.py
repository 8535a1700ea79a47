"""kube-proxy beside Cilium's replacement of it: it works, but two of them write rules for every Service."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import STACK, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.stack import Role
from pointsman.tui.model.kinds import CONFIGMAPS, DAEMONSETS


def look(exam: Exam) -> Iterator[Sign]:
    found = {item.id: item for item in exam.report.of(Role.SERVICE_PROXY) if not item.standby}
    if {"cilium", "kube-proxy"} <= found.keys():
        objects = tuple(one for item in found.values() for one in item.objects[:1])
        yield Sign(
            "info",
            objects[0] if objects else None,
            "kube-proxy runs beside Cilium's replacement of it",
            tuple(f"{item.name}: {item.detail}" for item in found.values()),
            objects,
        )


CHECK = Check(
    id="two-service-proxies",
    title="kube-proxy beside Cilium's replacement of it",
    why="Cilium acts first and kube-proxy's rules only cost time; during a move this is as it should be.",
    fix="Take kube-proxy out when the move is done.",
    reads=STACK,
    look=look,
    needs=(DAEMONSETS, CONFIGMAPS),
)
