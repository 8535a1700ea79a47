"""Two running pods with one address: an address pool was counted anew while pods still held its addresses."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import pods_by_ip
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import PODS


def look(exam: Exam) -> Iterator[Sign]:
    for ip, pods in pods_by_ip(exam.snapshot).items():
        if len(pods) < 2:
            continue
        alive = [
            pod
            for pod in pods
            if pod.body.status.phase == "Running" and not pod.body.spec.host_network and not pod.meta.deletion_timestamp
        ]
        alive.sort(key=lambda pod: pod.key)
        if len(alive) > 1:
            names = listed([pod.path for pod in alive])
            where = tuple(f"Pod {pod.path} runs on {pod.body.spec.node_name or '?'}" for pod in alive[:6])
            yield Sign("error", ref(alive[0]), f"{names} have the same address {ip}", where, tuple(map(ref, alive)))


CHECK = Check(
    id="pod-ip-clash",
    title="two pods with the same address",
    why="Traffic for one of them arrives at the other, and policies judge it as the other.",
    fix="Delete one of the pods; it gets another address. Then look at the network's address pools.",
    reads=(PODS,),
    look=look,
    needs=(PODS,),
    live=True,
)
