"""A pool that holds addresses of machines, pods or services."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.model import Pool
from pointsman.tui.answers.ranges import Range, parse_ip, parse_range
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import NODES


def look(exam: Exam) -> Iterator[Sign]:
    ctx = exam.context
    working = {"metallb": ctx.metallb.running, "cilium": ctx.cilium.gives}
    for pool in exam.ips.pools:
        if not working[pool.kind]:
            continue
        state = ctx.metallb if pool.kind == "metallb" else ctx.cilium
        ranges = state.ranges.get(pool.name, ())
        yield from _nodes(exam, pool, ranges)
        yield from _pods(exam, pool, ranges)


def _nodes(exam: Exam, pool: Pool, ranges: tuple[Range, ...]) -> Iterator[Sign]:
    held: list[tuple[str, Ref]] = []
    for node in exam.facts.nodes:
        for given in node.body.status.addresses:
            found = parse_ip(given.address) if given.type in ("InternalIP", "ExternalIP") else None
            # ServiceLB and pools of one address: a node's address given on purpose.
            if found is not None and any(item.holds(found) and item.size > 1 for item in ranges):
                held.append((f"{given.address} of node {node.name}", ref(node)))
    if held:
        yield Sign(
            "warn",
            pool.ref,
            f"pool {pool.name} holds {listed([text for text, _ in held])}: a service may be given a machine's address",
            (f"ranges {listed(list(pool.ranges))}",),
            tuple(target for _, target in held),
        )


def _pods(exam: Exam, pool: Pool, ranges: tuple[Range, ...]) -> Iterator[Sign]:
    for node in exam.facts.nodes:
        for text in filter(None, (node.body.spec.pod_cidr, *node.body.spec.pod_cidrs)):
            inside = parse_range(text)
            if inside is not None and any(item.overlaps(inside) for item in ranges):
                yield Sign(
                    "warn",
                    pool.ref,
                    f"pool {pool.name} overlaps with the pod range {text} of node {node.name}",
                    (f"ranges {listed(list(pool.ranges))}",),
                    (Ref(NODES.id, "", node.name),),
                )
                return


CHECK = Check(
    id="pool-holds-cluster-addresses",
    title="a pool that holds addresses of machines or pods",
    why="The address may be given to a service, and then two answer for it.",
    fix="Take the machines' and pods' addresses out of the pool's ranges.",
    reads=READS,
    look=look,
    needs=(NODES,),
    action="edit",
)
