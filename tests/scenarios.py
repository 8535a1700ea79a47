"""The demo's homelabs as snapshots, without a server between."""

from __future__ import annotations

import copy
import functools
from typing import Any

import worlds

from pointsman.tui.demo.scenario import Scenario, Variant, build
from pointsman.tui.model.kinds import kinds_of
from pointsman.tui.store.snapshot import Cluster
from pointsman.tui.store.store import Store


@functools.cache
def scenario(variant: Variant) -> Scenario:
    return build(variant)


def documents(variant: Variant) -> list[dict[str, Any]]:
    """The objects the program would read: kinds of its table, and of Secrets only certificates and Helm releases."""
    found = []
    for doc in scenario(variant).objects:
        if not any(kinds_of(doc["apiVersion"].rpartition("/")[0], doc["kind"])):
            continue
        helm = doc["metadata"].get("labels", {}).get("owner") == "helm"
        if doc["kind"] == "Secret" and not helm and doc.get("type") != "kubernetes.io/tls":
            continue
        found.append(copy.deepcopy(doc))
    return found


def store_of(variant: Variant, docs: list[dict[str, Any]] | None = None) -> Store:
    built = scenario(variant)
    return worlds.make_store(
        documents(variant) if docs is None else docs,
        now=built.now.timestamp(),
        cluster=Cluster(f"demo-{variant}", "https://127.0.0.1:1", built.cluster_uid, built.version),
    )
