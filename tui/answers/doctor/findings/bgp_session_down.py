"""A BGP session that is not established. One whose state nobody reports is unknown, which is not down."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import NODES


def look(exam: Exam) -> Iterator[Sign]:
    for session in exam.ips.bgp:
        state = (session.state or "").lower()
        if not state or state in ("established", "unknown"):
            continue
        node = session.node or ""
        up = [one for one in exam.ips.bgp if one.node == session.node and (one.state or "").lower() == "established"]
        left = f"{node or 'the node'} still has {len(up)} other session{'s' if len(up) != 1 else ''}" if up else (
            f"{node or 'the node'} announces nothing by BGP now")  # fmt: skip
        yield Sign(
            "warn" if up else "error",
            Ref(NODES.id, "", node) if node else None,
            f"the BGP session of {node or 'an unnamed node'} with {session.peer} is {state}",
            tuple(filter(None, (left, session.detail))),
        )


CHECK = Check(
    id="bgp-session-down",
    title="a BGP session that is not established",
    why="The router does not learn the addresses from that node; with the last session they are gone for the LAN.",
    fix="Compare AS numbers, addresses and passwords with the router's; port 179 has to be open both ways.",
    reads=READS,
    look=look,
    live=True,
    follows=("node-not-ready", "component-degraded"),
)
