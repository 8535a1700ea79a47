"""A guess: events that look as if a firewall on a machine (ufw, firewalld) stood between the nodes.

firewalld rejects with icmp-host-prohibited, which programs report as "no route to host" for an address that has one; ufw
drops, which ends in a timeout. Said only of addresses inside the cluster, and only if it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import event_count, event_time
from pointsman.tui.answers.ranges import Lookup, parse_ip, parse_range
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import EVENTS, NODES, PODS, SERVICES

FAILED = re.compile(
    r"dial (tcp|udp) \[?([0-9a-fA-F.:]{3,45}?)\]?:(\d{1,5}): (?:connect: )?(no route to host|i/o timeout)"
)
RECENT = 3600.0
ENOUGH = 3
"""Times it has to have happened: once is a pod that was just being replaced."""


def look(exam: Exam) -> Iterator[Sign]:
    inside = _inside(exam)
    seen: dict[str, list[str]] = {}
    times: dict[str, int] = {}
    objects: dict[Ref, None] = {}
    for event in exam.snapshot.all(EVENTS):
        body = event.body
        match = FAILED.search(body.message) if "dial " in body.message else None
        at = event_time(body)
        if match is None or at is None or exam.snapshot.now - at > RECENT:
            continue
        _, address, port, how = match.groups()
        found = parse_ip(address)
        if found is None or not (where := inside.names(found)):
            continue
        target = body.involved_object
        seen.setdefault(how, []).append(f"{target.kind} {target.namespace}/{target.name}: {address}:{port}: {how}")
        times[how] = times.get(how, 0) + event_count(body)
        objects.update((Ref(NODES.id, "", name), None) for name in where if name in exam.context.nodes)
        if target.kind == "Pod":
            objects[Ref(PODS.id, target.namespace, target.name)] = None
    told = [how for how in seen if times[how] >= ENOUGH]
    if not told:
        return
    # A refusal tells more than a silence.
    how = "no route to host" if "no route to host" in told else told[0]
    kind = "firewalld, which rejects" if how == "no route to host" else "ufw or another firewall that drops"
    yield Sign(
        "warn",
        next(iter(objects), None),
        f'a guess: "{how}" {times[how]} times in the last hour for addresses inside the cluster fits {kind}',
        (f"{listed(sorted(set(seen[how])), most=4)}",),
        tuple(objects),
    )


def _inside(exam: Exam) -> Lookup:
    """Addresses of pods, services and machines."""
    return Lookup((item, name) for text, name in _addresses(exam) if (item := parse_range(text)) is not None)


def _addresses(exam: Exam) -> Iterator[tuple[str, str]]:
    """Ranges and addresses with the name of the node or service they belong to."""
    for node in exam.facts.nodes:
        for text in filter(None, (node.body.spec.pod_cidr, *node.body.spec.pod_cidrs)):
            yield text, node.name
        for given in node.body.status.addresses:
            yield given.address, node.name
    for service in exam.snapshot.all(SERVICES):
        if service.body.spec.cluster_ip not in ("", "None"):
            yield service.body.spec.cluster_ip, service.path


CHECK = Check(
    id="host-firewall-suspected",
    title="symptoms that fit a firewall on a machine (a guess)",
    why="A host firewall that nobody opened for the cluster cuts single ports: nodes are Ready, and half of it works.",
    fix="Look with ufw status or firewall-cmd --list-all; open 6443, 10250, the overlay's port, and the pods' ranges.",
    reads=(*FACTS, EVENTS, SERVICES),
    look=look,
    needs=(EVENTS, NODES),
    timed=True,
    live=True,
    follows=("node-not-ready", "node-network-not-ready", "component-degraded", "coredns-down"),
)
