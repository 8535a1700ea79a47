"""A policy whose selector matches no pod and no pod template in its namespace: mostly a slip of the pen.

Pods of jobs come and go; the templates of Jobs and CronJobs count as far as they can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.labels import NEEDS, READS, any_matches, labels_by_namespace, plain
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.policies.toggles import is_off
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import CILIUMNETWORKPOLICIES, NETWORKPOLICIES
from pointsman.tui.model.meta import Obj, dig_dict, dig_list, dig_str


def look(exam: Exam) -> Iterator[Sign]:
    snapshot = exam.snapshot
    labels = labels_by_namespace(snapshot)
    for policy in sorted(snapshot.all(NETWORKPOLICIES), key=lambda item: item.key):
        selector = dig_dict(policy.body.spec, "podSelector")
        if selector and not is_off(policy) and not any_matches(selector, labels.get(policy.namespace, ())):
            yield _nothing(policy, selector)
    for policy in sorted(snapshot.all(CILIUMNETWORKPOLICIES), key=lambda item: item.key):
        rules = [policy.body.spec, *policy.body.specs]
        selectors = [dig_dict(rule, "endpointSelector") for rule in rules if rule]
        own = [found for selector in selectors if (found := plain(selector)) is not None]
        if is_off(policy) or not selectors or len(own) < len(selectors) or not all(own):
            continue
        if not any(any_matches(selector, labels.get(policy.namespace, ())) for selector in own):
            yield _nothing(policy, own[0])


def _nothing(policy: Obj[Any], selector: Mapping[str, Any]) -> Sign:
    words = [f"{key}={value}" for key, value in dig_dict(selector, "matchLabels").items()]
    words += [f"{dig_str(item, 'key')} {dig_str(item, 'operator')}" for item in dig_list(selector, "matchExpressions")]
    return Sign(
        "warn",
        ref(policy),
        f"{ref(policy).title} selects no pod: none in {policy.namespace} has {listed(words)}",
        ("compared with the pods and the pod templates of the namespace",),
    )


CHECK = Check(
    id="policy-selects-nothing",
    title="a policy that selects no pod",
    why="What it was written to protect is not protected; mostly a label is misspelt or was renamed.",
    fix="Compare the selector with the pods' labels.",
    reads=(*READS, NETWORKPOLICIES, CILIUMNETWORKPOLICIES),
    look=look,
    needs=NEEDS,
    live=True,
    action="edit",
)
