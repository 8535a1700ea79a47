"""A real API server takes every object of every variant, statuses too, and has nothing to say against them."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiserver import RealCluster, real_apiserver

from pointsman.tui.demo.scenario import VARIANTS, build

pytestmark = [pytest.mark.realcluster, pytest.mark.timeout(600)]
SERVER_SET = ("uid", "managedFields", "resourceVersion", "creationTimestamp", "generation")
WHOLE = {"CiliumEndpoint"}
"""Has a status and no subresource for it."""
Obj = dict[str, Any]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path) as running:
        yield running


def bare(obj: Obj) -> Obj:
    """What a user could send of an object."""
    sent = copy.deepcopy(obj)
    for field in SERVER_SET:
        sent["metadata"].pop(field, None)
    # The server's own UIDs are others.
    sent["metadata"].pop("ownerReferences", None)
    return sent


def apply(cluster: RealCluster, items: list[Obj], *words: str) -> list[str]:
    """Server-side apply of all items; the server's complaints and warnings."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    flags = ("--server-side", "--force-conflicts", "--validate=strict", "-o", "name")
    done = cluster.kubectl("apply", *flags, *words, "-f", "-", input=text, check=False, timeout=280)
    return [line for line in done.stderr.splitlines() if line]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_real_server_takes_it(variant: str, cluster: RealCluster) -> None:
    lab = build(variant, seed=3)  # type: ignore[arg-type]
    crds = [bare(crd) for crd in lab.find("CustomResourceDefinition")]
    for crd in crds:
        del crd["status"]
    assert apply(cluster, crds) == []
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    time.sleep(1)  # Established comes a moment before the first request is served
    assert apply(cluster, [bare(namespace) for namespace in lab.find("Namespace")]) == []
    # A job's template carries the job's UID, which is the server's to give; the API's own service is the server's.
    others = [
        obj
        for obj in lab.objects
        if obj["kind"] not in ("CustomResourceDefinition", "Namespace", "Job")
        and (obj["kind"], obj["metadata"]["name"]) not in (("Service", "kubernetes"), ("EndpointSlice", "kubernetes"))
    ]
    specs, statuses = [], []
    for obj in others:
        sent = bare(obj)
        if "status" in sent and obj["kind"] not in WHOLE:
            statuses.append(bare(obj))
            del sent["status"]
        specs.append(sent)
    assert len(specs) > 350
    # Of the planted certificate that is none the server warns, and takes it.
    planted = ["Warning: tls: failed to find any PEM data in certificate input"] if variant == "broken" else []
    assert apply(cluster, specs) == planted
    assert len(statuses) > 120
    assert apply(cluster, statuses, "--subresource=status") == []
