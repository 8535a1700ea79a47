"""Opening Traefik's API: only by a route on the entry point that no service exposes, and undone by deleting it."""

from __future__ import annotations

from typing import Any

import pytest
import scenarios

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.exposing import NAME, expose_api, offer
from pointsman.tui.answers.routes.exposure import exposures
from pointsman.tui.store.snapshot import Snapshot


def hidden(*drop: str, args: dict[str, str] | None = None, service_port: bool = False) -> Snapshot:
    """The classic homelab without the dashboard's route; ``args`` replaces arguments of Traefik by their names."""
    docs = [doc for doc in scenarios.documents("classic") if doc["metadata"]["name"] != "traefik-dashboard"]
    for doc in docs:
        if (doc["kind"], doc["metadata"]["name"]) == ("Deployment", "traefik"):
            container = doc["spec"]["template"]["spec"]["containers"][0]
            kept = [arg for arg in container["args"] if not any(arg.startswith(f"--{name}") for name in drop)]
            container["args"] = kept + [f"--{name}={value}" for name, value in (args or {}).items()]
        if service_port and (doc["kind"], doc["metadata"]["name"]) == ("Service", "traefik"):
            doc["spec"]["ports"].append({"name": "dash", "port": 9000, "targetPort": "traefik", "protocol": "TCP"})
    return scenarios.store_of("classic", docs).snapshot()


def made(snapshot: Snapshot) -> dict[str, Any]:
    doc = expose_api(snapshot).make(None)
    assert doc is not None
    return doc


def test_the_route_it_makes() -> None:
    snapshot = hidden()
    found = offer(snapshot)
    assert found is not None
    assert not any(door.sure for door in found.doors)
    doc = made(snapshot)
    assert (doc["kind"], doc["metadata"]["namespace"], doc["metadata"]["name"]) == ("IngressRoute", "kube-system", NAME)
    assert doc["spec"]["entryPoints"] == ["traefik"]
    (route,) = doc["spec"]["routes"]
    assert route["match"] == "PathPrefix(`/api`)"
    assert route["services"] == [{"kind": "TraefikService", "name": "api@internal"}]
    opened = [*scenarios.documents("classic"), doc]
    docs = [doc for doc in opened if doc["metadata"]["name"] != "traefik-dashboard"]
    (now,) = exposures(scenarios.store_of("classic", docs).snapshot())
    assert [(door.port, door.base, door.host, door.sure) for door in now.doors] == [(8080, "", "", True)]


def test_a_base_path_and_a_class_are_kept_to() -> None:
    doc = made(hidden(args={"api.basePath": "/t", "providers.kubernetescrd.ingressClass": "inner"}))
    assert doc["spec"]["routes"][0]["match"] == "PathPrefix(`/t/api`)"
    assert doc["metadata"]["annotations"] == {"kubernetes.io/ingress.class": "inner"}


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (scenarios.store_of("classic").snapshot(), "is open already: IngressRoute kube-system/traefik-dashboard"),
        (hidden(args={"api.insecure": "true"}), "is open already: api.insecure"),
        (hidden(args={"api.insecure": "true", "api.basePath": "/x"}), "answer 404"),
        (hidden("api."), "is off: no argument"),
        (hidden("providers.kubernetescrd"), "reads no IngressRoutes"),
        (hidden(service_port=True), "is reached through kube-system/traefik (9000): the API would be open to all"),
    ],
)
def test_where_it_is_not_offered(snapshot: Snapshot, words: str) -> None:
    assert offer(snapshot) is None
    with pytest.raises(ActionError) as caught:
        expose_api(snapshot)
    assert words in caught.value.sentence


def test_what_is_there_is_not_overwritten() -> None:
    with pytest.raises(ActionError, match="already"):
        expose_api(hidden()).make({"kind": "IngressRoute"})
