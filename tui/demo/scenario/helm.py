"""Helm releases as Helm keeps them: a Secret whose value is base64 of gzip of the release's JSON."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from pointsman.tui.demo.scenario.world import DAY, Obj, World


def release(
    world: World,
    namespace: str,
    name: str,
    chart: str,
    version: str,
    app_version: str,
    values: dict[str, Any],
    *,
    revision: int = 1,
    age: float = 60 * DAY,
    status: str = "deployed",
    description: str = "Install complete",
    manifest: str = "",
) -> Obj:
    """One revision of a release. `values` are the user's (the release's `config`)."""
    at = world.ago(age)
    when = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = {
        "name": name,
        "info": {
            "first_deployed": when,
            "last_deployed": when,
            "deleted": "",
            "description": description,
            "status": status,
        },
        "chart": {
            "metadata": {"name": chart, "version": version, "appVersion": app_version, "apiVersion": "v2"},
            "templates": [],
            "values": {},
        },
        "config": values,
        "manifest": manifest,
        "version": revision,
        "namespace": namespace,
    }
    packed = gzip.compress(json.dumps(body, separators=(",", ":")).encode(), mtime=0)
    data = base64.b64encode(base64.b64encode(packed)).decode()
    return world.add(
        "v1",
        "Secret",
        f"sh.helm.release.v1.{name}.v{revision}",
        {"data": {"release": data}, "type": "helm.sh/release.v1"},
        namespace=namespace,
        age=age,
        labels={
            "modifiedAt": str(int(at.timestamp())),
            "name": name,
            "owner": "helm",
            "status": status,
            "version": str(revision),
        },
        generation=None,
        manager="helm",
    )


def helm_marks(release_name: str, namespace: str) -> tuple[dict[str, str], dict[str, str]]:
    """Labels and annotations by which Helm knows what is its own."""
    labels = {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": release_name}
    return labels, {"meta.helm.sh/release-name": release_name, "meta.helm.sh/release-namespace": namespace}
