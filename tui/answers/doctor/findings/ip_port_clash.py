"""Services that share an address and want the same port on it."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed

NODES_OWN = (IpKind.SERVICELB, IpKind.NODE_IPAM)
"""Kinds that give every service the nodes' addresses: there the host port decides, and the second service stays pending."""


def look(exam: Exam) -> Iterator[Sign]:
    for ip, items in exam.ips.by_ip.items():
        holders: dict[str, dict[Ref, None]] = {}
        for item in items:
            for port in item.ports if item.kind not in NODES_OWN else ():
                holders.setdefault(port, {})[item.service] = None
        for port, services in holders.items():
            if len(services) > 1:
                names = listed(sorted(one.path for one in services))
                first = min(services)
                yield Sign("error", first, f"{ip} port {port} belongs to {names} at once", (), tuple(services))


CHECK = Check(
    id="ip-port-clash",
    title="services that share an address and want the same port on it",
    why="One of them gets all the connections; which one is not defined.",
    fix="Give one of the services another port or an address of its own.",
    reads=READS,
    look=look,
    action="edit",
)
