"""Traefik, as a Deployment or a DaemonSet: Ingress and its own routes, the Gateway API and the access log if its arguments
say so. Its command line is read from the pod template, so it needs no access to Traefik's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, image_with, label, repository
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

CONTROLLER = "traefik.io/ingress-controller"
GATEWAY_CONTROLLER = "traefik.io/gateway-controller"


def workloads(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in (*found.deployments, *found.daemonsets) if _is_traefik(item))


def _is_traefik(item: Obj[Workload]) -> bool:
    """Its image, as other things too carry the name (a helper of the same release, a demo of it)."""
    if any(
        repository(part.image).rpartition("/")[2] in ("traefik", "mirrored-library-traefik")
        for part in containers(item)
    ):
        return True
    return label(item, "app.kubernetes.io/name") == "traefik" and bool(image_with(item, "traefik"))


def arguments(item: Obj[Workload]) -> Mapping[str, str]:
    """``--entryPoints.web.address=:8000`` as ``entrypoints.web.address`` → ``:8000``; a bare flag is ``true``.

    Traefik reads the names without regard to case.
    """
    found: dict[str, str] = {}
    for part in containers(item):
        for word in (*part.command, *part.args):
            if word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                found[name.lower()] = value if equals else "true"
    return found


def on(values: Mapping[str, str], name: str) -> bool:
    """Whether a provider or feature is switched on: named itself, or by one of its settings."""
    value = values.get(name)
    if value is not None:
        return value.lower() not in ("false", "0")
    return any(key.startswith(f"{name}.") for key in values)


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    for item in workloads(found):
        values = arguments(item)
        names = (("Ingress", "kubernetesingress"), ("IngressRoute", "kubernetescrd"))
        ways = [word for word, name in names if on(values, f"providers.{name}")]
        yield from_workloads(snapshot, Role.INGRESS, "traefik", "Traefik", (item,), "traefik", " and ".join(ways))
        if on(values, "providers.kubernetesgateway"):
            yield from_workloads(snapshot, Role.GATEWAY, "traefik", "Traefik", (item,), "traefik", "Gateway API")
        if on(values, "accesslog"):
            yield from_workloads(
                snapshot, Role.FLOWS, "traefik-log", "access log", (item,), "traefik", "HTTP requests through Traefik"
            )
