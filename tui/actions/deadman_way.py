"""Could the dead-man's pod reach the API server, with the policy on and with it off? Judged beforehand. Pure.

The policy that is switched off may itself be what lets the pod out, or what keeps it in.
"""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.actions.deadman import SYSTEM_NAMESPACE, Place, job_name, labels
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.toggle import restored, was_switched
from pointsman.tui.answers.policies.effect import changed, without
from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index, read_policy, services_of
from pointsman.tui.answers.policies.judge import Answer, judge_ports
from pointsman.tui.answers.policies.targets import TargetError, asked_ports, find_target
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, NAMESPACES
from pointsman.tui.store.snapshot import Snapshot

API_SERVER = "svc/default/kubernetes"


@dataclass(frozen=True, slots=True)
class Way:
    """``on`` and ``off``: whether the pod may reach the API server in that state of the policy; ``why`` is a reason, for
    what is not allowed or not known."""

    on: Answer
    off: Answer
    why: str = ""

    @property
    def fine(self) -> bool:
        return self.on is Answer.ALLOWED and self.off is Answer.ALLOWED

    @property
    def shut(self) -> bool:
        return Answer.DENIED in (self.on, self.off)

    @property
    def text(self) -> str:
        """``open with the policy on and off, as the policies are now``, or what is not so and why."""
        if self.fine:
            return "open with the policy on and off, as the policies are now"
        words = {Answer.ALLOWED: "open", Answer.DENIED: "shut", Answer.UNKNOWN: "not known"}
        return f"{words[self.on]} with the policy on, {words[self.off]} with it off: {self.why}"


def way(snapshot: Snapshot, ref: Ref, op: str, namespace: str) -> Way:
    """Judge the way of a pod that is not there yet."""
    now = compile_index(snapshot)
    obj = snapshot.get(KINDS[ref.kind], *ref.key)
    if obj is not None and was_switched(doc := obj.doc()):
        back = read_policy(from_doc(restored(doc), KINDS[ref.kind]), services_of(snapshot))
        on, off = changed(now, back), now
    else:
        on, off = now, without(now, ref)
    first, why_on = _judge(snapshot, on, op, namespace)
    second, why_off = _judge(snapshot, off, op, namespace)
    return Way(first, second, (why_on if first is not Answer.ALLOWED else "") or why_off)


def _judge(snapshot: Snapshot, index: PolicyIndex, op: str, namespace: str) -> tuple[Answer, str]:
    pod = End(
        Is.POD, f"a pod in {namespace}", index.places.pod_facts(namespace, labels(op), job_name(op)), labels=labels(op)
    )
    try:
        target = find_target(index, snapshot, API_SERVER)
        found = [
            judge_ports(index, pod, end, asked)
            for end in target.ends
            if (asked := asked_ports(target, end, None, "TCP"))
        ]
    except TargetError as error:
        return Answer.UNKNOWN, f"where the API server is cannot be told ({error})"
    if not found:
        return Answer.UNKNOWN, "where the API server is cannot be told"
    answers = {decision.answer for decision in found}
    answer = answers.pop() if len(answers) == 1 else Answer.UNKNOWN
    reasons = [reason for decision in found if decision.answer is not Answer.ALLOWED for reason in decision.because]
    words = {Answer.DENIED: "deny", Answer.UNKNOWN: "unknown"}
    fitting = [reason.text for reason in reasons if reason.decision == words.get(answer, reason.decision)]
    texts = fitting or [reason.text for reason in reasons]
    return answer, texts[0] if texts else ""


def choose_place(snapshot: Snapshot, ref: Ref, op: str, image: str, namespace: str = "") -> Place:
    """Where a dead-man for this policy can run. ``namespace`` is the user's own choice.

    Beside the policy, where all of it can be owned by its Job; if its pod could not reach the API server from there (a
    default deny for egress is the usual reason), in kube-system. Raises ActionError where the way is known to be shut.
    """
    candidates = (
        [namespace] if namespace else list(dict.fromkeys((ref.namespace or SYSTEM_NAMESPACE, SYSTEM_NAMESPACE)))
    )
    judged: list[tuple[str, Way]] = []
    for space in candidates:
        if snapshot.known(NAMESPACES) and snapshot.get(NAMESPACES, "", space) is None:
            continue
        found = way(snapshot, ref, op, space)
        if found.fine:
            moved = ""
            if judged:
                moved = f" (from {candidates[0]} it {'would be shut' if judged[0][1].shut else 'may be shut'})"
            return Place(space, image, found.text + moved)
        judged.append((space, found))
    for space, found in judged:
        if not found.shut:
            return Place(space, image, found.text, sure=False)
    if not judged:
        raise ActionError(f"There is no namespace {candidates[0]} for a dead-man to run in.")
    space, found = judged[0]
    raise ActionError(
        f"A dead-man in {space} would not reach the API server: the way is {found.text}.",
        "deadman_namespace in config.toml names another namespace for it.",
    )
