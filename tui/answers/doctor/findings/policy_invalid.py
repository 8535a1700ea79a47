"""A policy that Cilium's operator marked ``Valid: False``: the agents ignore it silently."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.model.kinds import CILIUMCLUSTERWIDENETWORKPOLICIES, CILIUMNETWORKPOLICIES
from pointsman.tui.model.meta import dig_list, dig_str


def look(exam: Exam) -> Iterator[Sign]:
    for kind in (CILIUMNETWORKPOLICIES, CILIUMCLUSTERWIDENETWORKPOLICIES):
        for policy in sorted(exam.snapshot.all(kind), key=lambda item: item.key):
            for item in dig_list(policy.body.status, "conditions"):
                if dig_str(item, "type") == "Valid" and dig_str(item, "status") == "False":
                    why = dig_str(item, "message") or dig_str(item, "reason") or "no reason given"
                    text = f"{ref(policy).title} is refused and ignored: {why}"
                    yield Sign("error", ref(policy), text, (f"condition Valid=False: {why}",))
                    break


CHECK = Check(
    id="policy-invalid",
    title="a policy that Cilium refuses",
    why="It is there, looks right in every list, and has no effect at all.",
    fix="Correct the policy; it has no effect as it is.",
    reads=(CILIUMNETWORKPOLICIES, CILIUMCLUSTERWIDENETWORKPOLICIES),
    look=look,
    action="edit",
)
