"""Cilium's host firewall with policies that leave no way in for what a node cannot do without.

Judged as every other connection is: SSH from anywhere, the API server, the kubelet, Cilium's health checks and the overlay
from the other nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.lints import READS
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.policies.addresses import IPV4, IPV6
from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.judge import Answer, Decision, judge
from pointsman.tui.answers.policies.rules import INGRESS
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import CONFIGMAPS, NODES

OVERLAYS = {"vxlan": 8472, "geneve": 6081}
ANYWHERE = End(Is.WORLD, "anywhere", ips=(*IPV4, *IPV6))


def look(exam: Exam) -> Iterator[Sign]:
    values = cilium.config(exam.facts)
    if values is None or not cilium.on(values, "enable-host-firewall"):
        return
    index = exam.policies
    guards = [p for p in index.policies if any(s.on_nodes and INGRESS in s.isolates for s in p.sections)]
    if not guards:
        return
    names = sorted(index.places.nodes)
    shut: dict[tuple[str, ...], list[str]] = {}
    policies: dict[Ref, None] = {}
    for name in names:
        node = index.places.host(name)
        others = [index.places.host(one) for one in names if one != name][:2]
        closed = []
        for words, port, protocol, sources in _needed(values, node, others):
            decisions = [judge(index, source, node, port, protocol) for source in sources]
            if decisions and all(item.answer is Answer.DENIED for item in decisions):
                closed.append(words)
                policies.update((one, None) for item in decisions for one in _blamed(item))
        if closed:
            shut.setdefault(tuple(closed), []).append(name)
    for lost, where in shut.items():
        blamed = tuple(policies) or tuple(policy.ref for policy in guards)
        yield Sign(
            "error",
            blamed[0],
            f"{listed([one.title for one in blamed])} leaves no way into {listed(where)} for {listed(list(lost), most=6)}",
            ("cilium-config: enable-host-firewall: true",),
            (*blamed, *(ref(index.places.nodes[name]) for name in where)),
        )


def _needed(values: Mapping[str, str], node: End, others: list[End]) -> Iterator[tuple[str, int, str, list[End]]]:
    """What has to come in: words, port, protocol, and from where it comes; one way in is enough."""
    yield "SSH (22)", 22, "TCP", [ANYWHERE, *others]
    if node.api_server:
        yield "the API server (6443)", 6443, "TCP", [ANYWHERE, *others]
    if others:
        yield "the kubelet (10250)", 10250, "TCP", others
        yield "Cilium's health checks (4240)", 4240, "TCP", others
        if values.get("routing-mode", "tunnel") == "tunnel":
            kind = values.get("tunnel-protocol", "vxlan")
            given = values.get("tunnel-port", "")
            port = int(given) if given.isdigit() and 0 < int(given) < 65536 else OVERLAYS.get(kind, 8472)
            yield f"the overlay ({port}/udp)", port, "UDP", others


def _blamed(decision: Decision) -> list[Ref]:
    return [one.policy for one in decision.because if one.policy is not None and one.decision == "deny"]


CHECK = Check(
    id="host-firewall-lockout",
    title="host policies that lock out SSH, the API, the kubelet, health checks or the overlay",
    why="The node drops out of the cluster or cannot be reached any more, and then no policy can be changed through it.",
    fix="Allow these ports from the cluster's entities and from your own machines, in audit mode first.",
    reads=READS,
    look=look,
    needs=(CONFIGMAPS, NODES),
    follows=("policy-invalid",),
    action="toggle",
)
