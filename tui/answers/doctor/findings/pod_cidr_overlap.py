"""Pod ranges that overlap each other, the machines' own addresses or the services' addresses."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ranges import Lookup, Range, overlaps, parse_ip, parse_range
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import CILIUMNODES, NODES, SERVICES
from pointsman.tui.model.meta import dig_list


def look(exam: Exam) -> Iterator[Sign]:
    ranges = list(_ranges(exam))
    for items in _by_kind(ranges).values():
        for text, name, other_text, other in overlaps(items):
            refs = (_ref(name), _ref(other))
            yield Sign("error", refs[0], f"pod range {text} of {name} overlaps with {other_text} of {other}", (), refs)
    lookup = Lookup((item, f"{name}\n{item.text}") for _, item, name in ranges)
    for node in exam.facts.nodes:
        for address in node.body.status.addresses:
            found = parse_ip(address.address) if address.type in ("InternalIP", "ExternalIP") else None
            for hit in lookup.names(found)[:1] if found is not None else ():
                owner, _, text = hit.partition("\n")
                yield Sign(
                    "error",
                    Ref(NODES.id, "", node.name),
                    f"the address {address.address} of node {node.name} lies in the pod range {text} of {owner}",
                    (),
                    (_ref(owner),),
                )
    for service in exam.snapshot.all(SERVICES):
        given = service.body.spec.cluster_ip
        found = parse_ip(given) if given and given != "None" else None
        hits = lookup.names(found) if found is not None else ()
        for hit in hits[:1]:
            owner, _, text = hit.partition("\n")
            yield Sign(
                "error",
                _ref(owner),
                f"services get addresses inside the pod range {text} of {owner}",
                (f"Service {service.path} has the cluster IP {given}",),
                (Ref(SERVICES.id, *service.key),),
            )
            return  # one service tells it of all


def _ranges(exam: Exam) -> Iterator[tuple[str, Range, str]]:
    """Owner's kind, range and owner (as in sentences)."""
    for node in exam.facts.nodes:
        spec = node.body.spec
        for text in dict.fromkeys(filter(None, (spec.pod_cidr, *spec.pod_cidrs))):
            if (item := parse_range(text)) is not None:
                yield NODES.id, item, f"node {node.name}"
    for agent in exam.snapshot.all(CILIUMNODES):
        for given in dig_list(agent.body.spec, "ipam", "podCIDRs"):
            if isinstance(given, str) and (item := parse_range(given)) is not None:
                yield CILIUMNODES.id, item, f"CiliumNode {agent.name}"


def _by_kind(ranges: list[tuple[str, Range, str]]) -> dict[object, list[tuple[Range, str]]]:
    """The nodes' ranges and Cilium's may be the same ones, or those of two networks in a move: each is compared with its
    own."""
    found: dict[object, list[tuple[Range, str]]] = {}
    for kind, item, owner in ranges:
        found.setdefault(kind, []).append((item, owner))
    return found


def _ref(owner: str) -> Ref:
    kind, _, name = owner.partition(" ")
    return Ref(NODES.id if kind == "node" else CILIUMNODES.id, "", name)


CHECK = Check(
    id="pod-cidr-overlap",
    title="pod ranges that overlap each other, the LAN or the services",
    why="Packets for one of them end at the other: some machines or services cannot be reached from pods.",
    fix="Choose a pod range that nothing else uses; it can be changed only by making the nodes anew.",
    reads=(*FACTS, SERVICES, CILIUMNODES),
    look=look,
    needs=(NODES,),
)
