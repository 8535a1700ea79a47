"""k3s' Helm controller, for the one chart of the homelab that is worth changing: Traefik's.

When a HelmChart or its HelmChartConfig changes, the install job runs anew; when it has done its work, what the values say
becomes Traefik's arguments, and the Deployment replaces its pods. Values that are no YAML make the chart Failed, and
Traefik goes on as it was. Of the chart's many values those are known that this program and people at home change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from pointsman.tui.demo.controllers.manager import Changes, Manager, Obj
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.world import owner_ref

CHARTS, CONFIGS = "helmcharts.helm.cattle.io", "helmchartconfigs.helm.cattle.io"
JOBS, DEPLOYMENTS, ROUTES = "jobs.batch", "deployments.apps", "ingressroutes.traefik.io"
WHO = "helm-controller@shed"
_RENDERED = ("log", "accesslog", "api.insecure", "api.basepath")
"""Arguments that come from the values; all others of the pod stay as they are."""


class Helm:
    """``reconcile`` begins a run, and ends it once its job is done."""

    resources = (CHARTS, CONFIGS, JOBS)

    def __init__(self, manager: Manager) -> None:
        self._m = manager
        self._applied: dict[tuple[str, str], str] = {}
        self._running: dict[tuple[str, str], str] = {}
        for chart in manager.list(CHARTS):
            self._applied[_place(chart)] = self._wanted(chart)

    def reconcile(self, changes: Changes) -> None:
        if not any(name in changes for name in self.resources):
            return
        for chart in list(self._m.list(CHARTS)):
            place, wanted = _place(chart), self._wanted(chart)
            running = self._running.get(place)
            if running is None and wanted != self._applied.get(place):
                self._begin(chart, wanted)
            elif running is not None and self._done(chart):
                del self._running[place]
                self._applied[place] = running
                self._finish(chart)
                if wanted != running:
                    self._begin(chart, wanted)

    def _wanted(self, chart: Obj) -> str:
        """All that a run depends on, as a text."""
        config = self._m.peek(CONFIGS, *_place(chart)) if self._m.served(CONFIGS) else None
        spec = {key: value for key, value in chart["spec"].items() if key != "failurePolicy"}
        return json.dumps([spec, (config or {}).get("spec")], sort_keys=True)

    # -- a run --------------------------------------------------------------------------------------------------------
    def _begin(self, chart: Obj, wanted: str) -> None:
        namespace, name = _place(chart)
        self._running[namespace, name] = wanted
        job = self._m.peek(JOBS, namespace, f"helm-install-{name}")
        if job is None:
            return
        template = clone(job["spec"]["template"])
        marks = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")
        labels = template["metadata"].get("labels") or {}
        template["metadata"]["labels"] = {key: value for key, value in labels.items() if key not in marks}
        self._m.storage.delete(JOBS, namespace, job["metadata"]["name"])
        fresh: Obj = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": job["metadata"]["name"],
                "namespace": namespace,
                "labels": {"helmcharts.helm.cattle.io/chart": name},
                "ownerReferences": [owner_ref(chart)],
            },
            "spec": {"backoffLimit": 1000, "template": template},
        }
        try:
            self._m.storage.create(fresh, manager=WHO)
        except ApiError:
            # The old one is still on its way out; a second later it is gone.
            self._m.after(1.0, lambda: self._again(fresh))
        self._m.event(chart, "ApplyJob", f"Applying HelmChart using Job {namespace}/helm-install-{name}", WHO)

    def _again(self, job: Obj) -> None:
        meta = job["metadata"]
        if self._m.peek(JOBS, meta["namespace"], meta["name"]) is None:
            self._m.storage.create(job, manager=WHO)

    def _done(self, chart: Obj) -> bool:
        namespace, name = _place(chart)
        job = self._m.peek(JOBS, namespace, f"helm-install-{name}")
        return job is None or bool((job.get("status") or {}).get("succeeded"))

    def _finish(self, chart: Obj) -> None:
        namespace, name = _place(chart)
        config = self._m.peek(CONFIGS, namespace, name)
        values: dict[str, Any] = {}
        try:
            for text in (chart["spec"].get("valuesContent"), ((config or {}).get("spec") or {}).get("valuesContent")):
                more = yaml.safe_load(text or "")
                if more is not None and not isinstance(more, dict):
                    raise yaml.YAMLError("values are no mapping")
                values = _merged(values, more or {})
        except yaml.YAMLError as error:
            self._failed(chart, f"error parsing values: {str(error).partition(chr(10))[0]}")
            return
        self._failed(chart, "")
        if name == "traefik":
            self._traefik(namespace, values)

    def _failed(self, chart: Obj, why: str) -> None:
        status = clone(chart.get("status") or {})
        others = [item for item in status.get("conditions") or () if item["type"] != "Failed"]
        failed = {"type": "Failed", "status": "True" if why else "False", "lastTransitionTime": self._m.stamp(),
                  "reason": "InstallFailed" if why else "", "message": why}  # fmt: skip
        self._m.set_status(CHARTS, chart, {**status, "conditions": [*others, failed]}, manager=WHO)

    # -- what the chart makes of its values -----------------------------------------------------------------------------
    def _traefik(self, namespace: str, values: Mapping[str, Any]) -> None:
        deployment = self._m.peek(DEPLOYMENTS, namespace, "traefik")
        if deployment is None:
            return
        extra = [word for word in _dig(values, "additionalArguments") or () if isinstance(word, str)]

        def edit(live: Obj) -> None:
            part = live["spec"]["template"]["spec"]["containers"][0]
            part["args"] = [*(word for word in part["args"] if not _rendered(word, extra)), *_arguments(values), *extra]
            replicas = _dig(values, "deployment", "replicas")
            if isinstance(replicas, int) and not isinstance(replicas, bool):
                live["spec"]["replicas"] = replicas

        before = clone(deployment)
        edit(before)
        if before["spec"] != deployment["spec"]:
            self._m.change(DEPLOYMENTS, deployment, edit, manager="helm")
        self._dashboard(deployment, _dig(values, "ingressRoute", "dashboard", "enabled") is True)

    def _dashboard(self, deployment: Obj, on: bool) -> None:
        meta = deployment["metadata"]
        if not self._m.served(ROUTES):
            return
        there = self._m.peek(ROUTES, meta["namespace"], "traefik-dashboard")
        if there is not None and not on:
            self._m.storage.delete(ROUTES, meta["namespace"], "traefik-dashboard")
        elif there is None and on:
            rule = "PathPrefix(`/dashboard`) || PathPrefix(`/api`)"
            route = {"kind": "Rule", "match": rule, "services": [{"kind": "TraefikService", "name": "api@internal"}]}
            notes = {
                key: value for key, value in (meta.get("annotations") or {}).items() if key.startswith("meta.helm.sh/")
            }
            self._m.storage.create(
                {
                    "apiVersion": "traefik.io/v1alpha1",
                    "kind": "IngressRoute",
                    "metadata": {
                        "name": "traefik-dashboard",
                        "namespace": meta["namespace"],
                        "labels": dict(meta.get("labels") or {}),
                        "annotations": notes,
                    },
                    "spec": {"entryPoints": ["traefik"], "routes": [route]},
                },
                manager="helm",
            )


def _place(obj: Obj) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _merged(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """As Helm merges values: mappings key by key, all else replaced."""
    found = dict(one)
    for key, value in other.items():
        mine = found.get(key)
        found[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return found


def _dig(values: Any, *path: str) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _rendered(word: str, extra: list[str]) -> bool:
    name = word.lstrip("-").partition("=")[0].lower()
    return word in extra or any(name == known or name.startswith(f"{known}.") for known in _RENDERED)


def _arguments(values: Mapping[str, Any]) -> list[str]:
    """Traefik's arguments for the logs and its API, in the chart's order."""
    found = [f"--log.level={_dig(values, 'logs', 'general', 'level') or 'INFO'}"]
    if form := _dig(values, "logs", "general", "format"):
        found.append(f"--log.format={form}")
    if _dig(values, "logs", "access", "enabled") is True:
        found.append("--accesslog=true")
        for key, name in (("format", "format"), ("filePath", "filePath"), ("bufferingSize", "bufferingSize")):
            if value := _dig(values, "logs", "access", key):
                found.append(f"--accesslog.{name}={value}")
    if _dig(values, "api", "insecure") is True:
        found.append("--api.insecure=true")
    if base := _dig(values, "api", "basePath"):
        found.append(f"--api.basePath={base}")
    return found
