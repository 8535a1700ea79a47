"""Which Traefik pods there are, whether each writes an access log, and where to; as their command lines tell it.

Traefik takes its static configuration from a file, or from arguments, or from its environment; the first of these that is
there wins. A file cannot be read from here, so what it says is unknown and the log itself has to tell.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.tui.answers.stack.facts import repository
from pointsman.tui.model.core import Container, Pod
from pointsman.tui.model.kinds import PODS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

IMAGES = ("traefik", "mirrored-library-traefik")
ENVIRONMENT = "TRAEFIK_"


class Log(enum.StrEnum):
    """What a pod's command line says of its access log."""

    ON = "on"
    OFF = "off"
    FILE = "file"
    """It goes to a file in the pod, which no log of the cluster shows."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Writer:
    """One Traefik container. ``restarts`` tells its runs apart; ``path`` is the file of :attr:`Log.FILE`."""

    namespace: str
    pod: str
    container: str
    node: str
    log: Log
    format: str = "common"
    path: str = ""
    running: bool = True
    restarts: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.namespace, self.pod, self.container)

    @property
    def readable(self) -> bool:
        """Whether its standard output may hold an access log."""
        return self.log in (Log.ON, Log.UNKNOWN)


@memoized(PODS)
def writers(snapshot: Snapshot) -> tuple[Writer, ...]:
    """Every Traefik container, by namespace and pod. Pods that have ended are left out."""
    found = []
    for pod in snapshot.all(PODS):
        if pod.body.status.phase in ("Succeeded", "Failed"):
            continue
        for part in pod.body.spec.containers:
            named = pod.meta.labels.get("app.kubernetes.io/name") == "traefik" and part.name == "traefik"
            if named or repository(part.image).rpartition("/")[2] in IMAGES:
                found.append(_writer(pod, part))
    return tuple(sorted(found, key=lambda item: item.key))


def _writer(pod: Obj[Pod], part: Container) -> Writer:
    log, form, path = log_of(part)
    status = next((item for item in pod.body.status.container_statuses if item.name == part.name), None)
    running = status is not None and status.state.running is not None
    return Writer(
        pod.namespace, pod.name, part.name, pod.body.spec.node_name, log, form, path, running,
        0 if status is None else status.restart_count,
    )  # fmt: skip


def log_of(part: Container) -> tuple[Log, str, str]:
    """Whether, in which format (``json`` or ``common``), and into which file a container writes its access log."""
    values = _arguments(part)
    if "configfile" in values:
        return Log.UNKNOWN, "common", ""
    if not values:
        values = _environment(part)
        if not values:
            return Log.UNKNOWN, "common", ""
    if not _on(values, "accesslog"):
        return Log.OFF, "common", ""
    form = values.get("accesslog.format", "common").lower()
    path = values.get("accesslog.filepath", "")
    if path and path not in ("/dev/stdout", "/dev/stderr"):
        return Log.FILE, form, path
    return Log.ON, form, ""


def _arguments(part: Container) -> Mapping[str, str]:
    """As :func:`pointsman.tui.answers.stack.traefik.arguments`, of one container."""
    found: dict[str, str] = {}
    for word in (*part.command, *part.args):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            found[name.lower()] = value if equals else "true"
    return found


def _environment(part: Container) -> Mapping[str, str]:
    return {
        item.name.removeprefix(ENVIRONMENT).lower().replace("_", "."): item.value
        for item in part.env
        if item.name.upper().startswith(ENVIRONMENT)
    }


def _on(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name)
    if value is not None:
        return value.lower() not in ("false", "0", "f")
    return any(key.startswith(f"{name}.") for key in values)
