"""kube-proxy switched off, and nothing in its place. Said only where the network is known to replace nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import STACK, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import Role, cilium
from pointsman.tui.model.kinds import CONFIGMAPS, DAEMONSETS, NODES

KNOWN = {"flannel", "cilium"}
"""Networks of which it is known whether they replace kube-proxy; others may do so by settings that are not seen here."""


def look(exam: Exam) -> Iterator[Sign]:
    networks = {item.id for item in exam.report.of(Role.CNI) if not item.standby}
    if exam.report.of(Role.SERVICE_PROXY) or not networks or networks - KNOWN:
        return
    values = cilium.config(exam.facts)
    if cilium.agents(exam.facts) and (values is None or "kube-proxy-replacement" not in values):
        return
    evidence = []
    if exam.facts.k3s:
        if not exam.facts.flags.on("disable-kube-proxy"):
            return
        evidence.append("k3s runs with --disable-kube-proxy")
    else:
        evidence.append("there is no DaemonSet kube-proxy")
    if values is not None:
        evidence.append(f"cilium-config: kube-proxy-replacement: {values['kube-proxy-replacement']}")
    agents = cilium.agents(exam.facts)
    yield Sign(
        "error",
        ref(agents[0]) if agents else None,
        "neither kube-proxy nor a replacement runs: no Service has a working address",
        tuple(evidence),
    )


CHECK = Check(
    id="no-service-proxy",
    title="kube-proxy switched off and nothing in its place",
    why="ClusterIPs, node ports and load balancer addresses lead nowhere; what works does so by old rules, until a reboot.",
    fix="Set kube-proxy-replacement to true in Cilium, or bring kube-proxy back (k3s: drop --disable-kube-proxy).",
    reads=STACK,
    look=look,
    needs=(NODES, DAEMONSETS, CONFIGMAPS),
    live=True,
)
