"""A Gateway that its controller does not accept or cannot put into effect."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.model.kinds import GATEWAYS
from pointsman.tui.model.meta import dig_list, dig_str

WANTED = ("Accepted", "Programmed")


def look(exam: Exam) -> Iterator[Sign]:
    for gateway in sorted(exam.snapshot.all(GATEWAYS), key=lambda item: item.key):
        status = gateway.body.status
        told = [
            f"{dig_str(item, 'type')} is False ({dig_str(item, 'reason')}): {dig_str(item, 'message')}"
            for item in _refused(status)
        ]
        told += [
            f"listener {dig_str(listener, 'name')}: {dig_str(item, 'reason')}: {dig_str(item, 'message')}"
            for listener in dig_list(status, "listeners")
            for item in _refused(listener)
        ]
        if told:
            yield Sign("error", ref(gateway), f"Gateway {gateway.path} is not in effect: {told[0]}", tuple(told[1:6]))


def _refused(status: object) -> Iterator[object]:
    """The conditions that say no. Waiting for a first look is no refusal."""
    for item in dig_list(status, "conditions"):
        no = dig_str(item, "status") == "False" and dig_str(item, "reason") != "Pending"
        if no and dig_str(item, "type") in WANTED:
            yield item


CHECK = Check(
    id="gateway-not-programmed",
    title="a Gateway that its controller does not put into effect",
    why="Its routes are attached and never answer.",
    fix="Correct what the condition names.",
    reads=(GATEWAYS,),
    look=look,
    live=True,
    follows=("gateway-listener-port", "gatewayclass-unserved"),
)
