"""Pods and templates by their labels, compared with the selectors of policies and services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pointsman.tui.model.kinds import CRONJOBS, DAEMONSETS, DEPLOYMENTS, JOBS, PODS, STATEFULSETS
from pointsman.tui.model.meta import dig, dig_dict, dig_list, dig_str
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

PREFIXES = ("k8s:", "any:")
"""Sources that Cilium's label keys may name and that mean the pod's own labels."""
NEEDS = (PODS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS)
"""Kinds without which "selects nothing" cannot be said; Jobs and CronJobs count as far as they can be read."""
READS = (*NEEDS, JOBS, CRONJOBS)


@memoized(*READS)
def labels_by_namespace(snapshot: Snapshot) -> Mapping[str, list[Mapping[str, str]]]:
    """The labels of all pods and pod templates, by namespace; equal ones once."""
    found: dict[str, dict[tuple[tuple[str, str], ...], Mapping[str, str]]] = {}

    def add(namespace: str, labels: Mapping[str, str]) -> None:
        found.setdefault(namespace, {})[tuple(sorted(labels.items()))] = labels

    for pod in snapshot.all(PODS):
        add(pod.namespace, pod.meta.labels)
    for kind in (DEPLOYMENTS, STATEFULSETS, DAEMONSETS):
        for item in snapshot.all(kind):
            add(item.namespace, item.body.spec.template.metadata.labels)
    for job in snapshot.all(JOBS):
        add(job.namespace, job.body.spec.template.metadata.labels)
    for cron in snapshot.all(CRONJOBS):
        add(cron.namespace, cron.body.spec.job_template.spec.template.metadata.labels)
    return {namespace: list(items.values()) for namespace, items in found.items()}


def any_matches(selector: Mapping[str, Any], labels: Iterable[Mapping[str, str]]) -> bool:
    """Whether one of the label sets is selected; a selector that cannot be judged counts as matching."""
    try:
        return any(matches(selector, one) for one in labels)
    except SelectorError:
        return True  # refused by the API server, or not for us to judge


def plain(selector: Mapping[str, Any]) -> dict[str, Any] | None:
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
