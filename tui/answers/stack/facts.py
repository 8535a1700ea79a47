"""What every detector looks at, gathered once: workloads, the nodes' traits, k3s' flags, Cilium's configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pointsman.tui.answers.stack.distribution import distribution_of
from pointsman.tui.model.core import ConfigMap, Container, Node, Workload, WorkloadStatus
from pointsman.tui.model.kinds import CONFIGMAPS, DAEMONSETS, DEPLOYMENTS, NODES, STATEFULSETS
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

NODE_ARGS = "k3s.io/node-args"


@dataclass(frozen=True, slots=True)
class Flags:
    """k3s' command line as the node annotation ``k3s.io/node-args`` shows it: arguments and config.yaml together.

    ``known`` is False if no server node shows its arguments; then nothing may be concluded from a flag's absence.
    """

    known: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, flag: str) -> tuple[str, ...]:
        return self.values.get(flag, ())

    def last(self, flag: str) -> str:
        values = self.get(flag)
        return values[-1] if values else ""

    def on(self, flag: str) -> bool:
        """A boolean flag; bare means true."""
        values = self.get(flag)
        return bool(values) and values[-1].lower() not in ("false", "0", "f")

    @property
    def disabled(self) -> frozenset[str]:
        """What ``--disable`` takes out, over all its forms."""
        return frozenset(word.strip() for value in self.get("disable") for word in value.split(",") if word.strip())


def read_flags(nodes: Iterable[Obj[Node]]) -> Flags:
    """The server flags. Every server must be started with the same ones, so those of all servers are put together."""
    values: dict[str, list[str]] = {}
    known = False
    for node in sorted(nodes, key=lambda item: item.name):
        try:
            words = json.loads(node.meta.annotations.get(NODE_ARGS, "null"))
        except ValueError:
            continue
        if not isinstance(words, list) or not words or words[0] != "server":
            continue
        known = True
        rest = [word for word in words[1:] if isinstance(word, str)]
        while rest:
            word = rest.pop(0)
            if not word.startswith("-"):
                continue
            name, equals, value = word.lstrip("-").partition("=")
            if not equals:
                value = rest.pop(0) if rest and not rest[0].startswith("-") else "true"
            values.setdefault(name, []).append(value)
    return Flags(known, {name: tuple(items) for name, items in values.items()})


@dataclass(frozen=True, slots=True)
class Tally:
    """Ready and wanted pods of some workloads. ``unknown``: none of them has a status to read."""

    ready: int = 0
    wanted: int = 0
    unknown: bool = True


def is_daemonset(obj: Obj[Workload]) -> bool:
    return obj.kind == DAEMONSETS.id


def tally(*workloads: Obj[Workload]) -> Tally:
    """Pods over all the workloads. A Deployment that asks for no number wants one."""
    ready = wanted = 0
    unknown = True
    for obj in workloads:
        status = obj.body.status
        if status == WorkloadStatus():
            continue
        unknown = False
        if is_daemonset(obj):
            ready += status.number_ready
            wanted += status.desired_number_scheduled
        else:
            replicas = obj.body.spec.replicas
            ready += status.ready_replicas
            wanted += 1 if replicas is None else replicas
    return Tally(ready, wanted, unknown)


@dataclass(frozen=True, slots=True)
class Facts:
    """See the module. Lists are sorted by namespace and name, so that every answer is the same every time."""

    nodes: tuple[Obj[Node], ...]
    daemonsets: tuple[Obj[Workload], ...]
    deployments: tuple[Obj[Workload], ...]
    statefulsets: tuple[Obj[Workload], ...]
    configmaps: Mapping[Key, Obj[ConfigMap]]
    distribution: str
    flags: Flags

    @property
    def workloads(self) -> tuple[Obj[Workload], ...]:
        return (*self.daemonsets, *self.deployments, *self.statefulsets)

    @property
    def k3s(self) -> bool:
        """k3s itself. RKE2 shares much of its code, but runs its parts as pods."""
        return self.distribution == "k3s"

    def config(self, namespace: str, name: str) -> Obj[ConfigMap] | None:
        return self.configmaps.get((namespace, name))

    def labelled(self, key: str, value: str, among: Iterable[Obj[Workload]] | None = None) -> tuple[Obj[Workload], ...]:
        """Workloads with this label on themselves or on their pods."""
        return self.where(lambda item: _labelled(item, key, value), among)

    def where(
        self, test: Callable[[Obj[Workload]], bool], among: Iterable[Obj[Workload]] | None = None
    ) -> tuple[Obj[Workload], ...]:
        return tuple(item for item in (self.workloads if among is None else among) if test(item))


def _labelled(obj: Obj[Workload], key: str, value: str) -> bool:
    return obj.meta.labels.get(key) == value or obj.body.spec.template.metadata.labels.get(key) == value


def label(obj: Obj[Workload], key: str) -> str:
    """A label of the workload's pods, or else of the workload; empty if neither has it."""
    return obj.body.spec.template.metadata.labels.get(key) or obj.meta.labels.get(key, "")


def containers(obj: Obj[Workload]) -> tuple[Container, ...]:
    return obj.body.spec.template.spec.containers


def images(obj: Obj[Workload]) -> tuple[str, ...]:
    return tuple(item.image for item in containers(obj))


def repository(image: str) -> str:
    """``quay.io/cilium/cilium`` of ``quay.io/cilium/cilium:v1.20.1@sha256:…``."""
    name = image.split("@", 1)[0]
    head, slash, tail = name.rpartition("/")
    return f"{head}{slash}{tail.split(':', 1)[0]}"


def tag(image: str) -> str | None:
    """The image's tag without a leading ``v``; None if it has none (a digest alone, or nothing)."""
    name = image.split("@", 1)[0].rpartition("/")[2]
    _, colon, found = name.partition(":")
    if not colon or not found:
        return None
    return found[1:] if found[0] == "v" and found[1:2].isdigit() else found


def image_with(obj: Obj[Workload], *words: str) -> str:
    """The first container image whose repository holds one of the words; empty if none does."""
    for image in images(obj):
        name = repository(image).lower()
        if any(word in name for word in words):
            return image
    return ""


@memoized(NODES, DAEMONSETS, DEPLOYMENTS, STATEFULSETS, CONFIGMAPS)
def facts(snapshot: Snapshot) -> Facts:
    nodes = tuple(sorted(snapshot.all(NODES), key=lambda item: item.key))

    def workloads(found: Iterable[Obj[Workload]]) -> tuple[Obj[Workload], ...]:
        return tuple(sorted(found, key=lambda item: item.key))

    return Facts(
        nodes,
        workloads(snapshot.all(DAEMONSETS)),
        workloads(snapshot.all(DEPLOYMENTS)),
        workloads(snapshot.all(STATEFULSETS)),
        snapshot.table(CONFIGMAPS).objects,
        distribution_of(nodes, snapshot.cluster.version),
        read_flags(nodes),
    )
