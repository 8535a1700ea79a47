"""Policies that do not do what they look like: refused, selecting nothing, or enforced by nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.policies.enforcement import enforcement
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack.counts import POLICIES
from pointsman.tui.answers.words import from_files, listed, plural, sees
from pointsman.tui.model.kinds import (
    CILIUMCLUSTERWIDENETWORKPOLICIES,
    CILIUMNETWORKPOLICIES,
    DAEMONSETS,
    DEPLOYMENTS,
    NETWORKPOLICIES,
    PODS,
    STATEFULSETS,
)
from pointsman.tui.model.meta import Obj, dig, dig_dict, dig_list, dig_str
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.snapshot import Snapshot

PREFIXES = ("k8s:", "any:")
"""Sources that Cilium's label keys may name and that mean the pod's own labels."""


def not_enforced(exam: Exam) -> Iterator[Finding]:
    """One finding for each kind of policy, as one cause has them all."""
    if not sees(exam.snapshot, DAEMONSETS):
        return  # an engine may run unseen
    enforcing = enforcement(exam.snapshot)
    for kind in POLICIES:
        if enforcing.of(kind.id) is not False:
            continue
        found = sorted(exam.snapshot.all(kind), key=lambda item: item.key)
        if not found:
            continue
        reason = enforcing.reason(kind.id)
        refs = tuple(ref(item) for item in found)
        yield Finding(
            "policy-not-enforced",
            "warn",
            refs[0],
            f"{plural(len(found), kind.kind)} that nobody enforces: {reason}",
            (listed([item.path for item in found], most=8),),
            "Switch enforcement on, or run something that enforces this kind; until then everything may talk.",
            "",
            refs,
        )


def invalid(exam: Exam) -> Iterator[Finding]:
    """Cilium's operator marks what it refuses with ``Valid: False``, and the agents ignore it silently."""
    for kind in (CILIUMNETWORKPOLICIES, CILIUMCLUSTERWIDENETWORKPOLICIES):
        for policy in sorted(exam.snapshot.all(kind), key=lambda item: item.key):
            for item in dig_list(policy.body.status, "conditions"):
                if dig_str(item, "type") == "Valid" and dig_str(item, "status") == "False":
                    why = dig_str(item, "message") or dig_str(item, "reason") or "no reason given"
                    target = ref(policy)
                    text = f"{target.title} is refused and ignored: {why}"
                    yield Finding(
                        "policy-invalid", "error", target, text, (f"condition Valid=False: {why}",),
                        "Correct the policy; it has no effect as it is.", "", (target,),
                    )  # fmt: skip
                    break


def selects_nothing(exam: Exam) -> Iterator[Finding]:
    """A selector that matches no pod and no pod template in its namespace: mostly a slip of the pen. Pods of jobs come
    and go, so a policy whose labels were seen nowhere else either may still be meant for one."""
    snapshot = exam.snapshot
    if not snapshot.known(PODS) or from_files(snapshot) or not sees(snapshot, DEPLOYMENTS, STATEFULSETS, DAEMONSETS):
        return
    labels = _labels(snapshot)
    for policy in sorted(snapshot.all(NETWORKPOLICIES), key=lambda item: item.key):
        selector = dig_dict(policy.body.spec, "podSelector")
        if selector and not _any(selector, labels.get(policy.namespace, ())):
            yield _nothing(policy, selector)
    for policy in sorted(snapshot.all(CILIUMNETWORKPOLICIES), key=lambda item: item.key):
        rules = [policy.body.spec, *policy.body.specs]
        selectors = [dig_dict(rule, "endpointSelector") for rule in rules if rule]
        plain = [found for selector in selectors if (found := _plain(selector)) is not None]
        if not selectors or len(plain) < len(selectors) or not all(plain):
            continue
        if not any(_any(selector, labels.get(policy.namespace, ())) for selector in plain):
            yield _nothing(policy, plain[0])


def _nothing(policy: Obj[Any], selector: Mapping[str, Any]) -> Finding:
    target = ref(policy)
    words = [f"{key}={value}" for key, value in dig_dict(selector, "matchLabels").items()]
    words += [f"{dig_str(item, 'key')} {dig_str(item, 'operator')}" for item in dig_list(selector, "matchExpressions")]
    return Finding(
        "policy-selects-nothing",
        "warn",
        target,
        f"{target.title} selects no pod: none in {policy.namespace} has {listed(words)}",
        ("compared with the pods and the pod templates of the namespace",),
        "Compare the selector with the pods' labels.",
        "",
        (target,),
    )


def _labels(snapshot: Snapshot) -> Mapping[str, list[Mapping[str, str]]]:
    """The labels of all pods and pod templates, by namespace; equal ones once."""
    found: dict[str, dict[tuple[tuple[str, str], ...], Mapping[str, str]]] = {}

    def add(namespace: str, labels: Mapping[str, str]) -> None:
        found.setdefault(namespace, {})[tuple(sorted(labels.items()))] = labels

    for pod in snapshot.all(PODS):
        add(pod.namespace, pod.meta.labels)
    for kind in (DEPLOYMENTS, STATEFULSETS, DAEMONSETS):
        for item in snapshot.all(kind):
            add(item.namespace, item.body.spec.template.metadata.labels)
    return {namespace: list(items.values()) for namespace, items in found.items()}


def _any(selector: Mapping[str, Any], labels: Any) -> bool:
    try:
        return any(matches(selector, one) for one in labels)
    except SelectorError:
        return True  # refused by the API server, or not for us to judge


def _plain(selector: Mapping[str, Any]) -> dict[str, Any] | None:
    """A Cilium selector as one on the pods' own labels; None if it names anything else (namespaces, ``reserved:``)."""
    result: dict[str, Any] = {"matchLabels": {}, "matchExpressions": []}
    for key, value in dig_dict(selector, "matchLabels").items():
        if (name := _own(key)) is None:
            return None
        result["matchLabels"][name] = value
    for item in dig_list(selector, "matchExpressions"):
        if (name := _own(dig_str(item, "key"))) is None or not isinstance(dig(item), dict):
            return None
        result["matchExpressions"].append({**item, "key": name})
    return {key: value for key, value in result.items() if value}


def _own(key: str) -> str | None:
    for prefix in PREFIXES:
        key = key.removeprefix(prefix)
    if ":" in key or key.startswith(("io.kubernetes.pod.", "io.cilium.")):
        return None
    return key
