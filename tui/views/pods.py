"""The pods behind an object, and their containers: what ``l`` offers."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.index import backends, pods_by_node, pods_selected
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.core import Pod, Workload
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, KINDS, PODS, SERVICES, STATEFULSETS
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Container:
    """One container of one pod. ``restarts`` above zero means that there is a previous log."""

    namespace: str
    pod: str
    name: str
    node: str
    state: str
    restarts: int
    ready: bool
    init: bool = False

    @property
    def title(self) -> str:
        return f"{self.namespace}/{self.pod}  {self.name}"

    @property
    def detail(self) -> str:
        parts = [self.state, f"on {self.node}" if self.node else ""]
        if self.restarts:
            parts.append(f"{self.restarts} restart{'s' if self.restarts != 1 else ''}")
        if self.init:
            parts.append("init")
        return "  ".join(part for part in parts if part)


def pods_behind(snapshot: Snapshot, ref: Ref) -> list[Obj[Pod]]:
    """The pods of an object, in order of their names; empty if it has none or they cannot be told."""
    if ref.kind == PODS.id:
        pod = snapshot.get(PODS, ref.namespace, ref.name)
        return [pod] if pod is not None else []
    if ref.kind == SERVICES.id:
        service = snapshot.get(SERVICES, ref.namespace, ref.name)
        if service is None:
            return []
        selected = pods_selected(snapshot, ref.namespace, service.body.spec.selector)
        if selected:
            return selected
        named = [snapshot.get(PODS, *key) for key in backends(snapshot, ref.key).pods]
        return [pod for pod in named if pod is not None]
    if ref.kind == "nodes":
        return list(pods_by_node(snapshot).get(ref.name, ()))
    kind = KINDS.get(ref.kind)
    if kind in (DEPLOYMENTS, DAEMONSETS, STATEFULSETS):
        workload: Obj[Workload] | None = snapshot.get(kind, ref.namespace, ref.name)
        if workload is None:
            return []
        selector = workload.body.spec.selector
        if not selector.match_labels and not selector.match_expressions:
            return []
        try:
            found = [
                pod
                for pod in snapshot.all(PODS)
                if pod.namespace == ref.namespace and matches(selector, pod.meta.labels)
            ]
        except SelectorError:
            return []
        return sorted(found, key=lambda pod: pod.name)
    return []


def containers(pods: list[Obj[Pod]]) -> list[Container]:
    """Every container of the pods, those that run first within a pod, init containers last."""
    found: list[Container] = []
    for pod in pods:
        status = {
            item.name: item for item in (*pod.body.status.container_statuses, *pod.body.status.init_container_statuses)
        }
        for init, group in ((False, pod.body.spec.containers), (True, pod.body.spec.init_containers)):
            for spec in group:
                item = status.get(spec.name)
                state = "unknown"
                if item is not None:
                    if item.state.running is not None:
                        state = "running"
                    elif item.state.waiting is not None:
                        state = item.state.waiting.reason or "waiting"
                    elif item.state.terminated is not None:
                        state = item.state.terminated.reason or "terminated"
                found.append(
                    Container(
                        pod.namespace,
                        pod.name,
                        spec.name,
                        pod.body.spec.node_name,
                        state,
                        item.restart_count if item is not None else 0,
                        item.ready if item is not None else False,
                        init,
                    )
                )
    return found
