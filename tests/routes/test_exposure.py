"""Where Traefik's API can be asked, by arguments and routes alone."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.answers.routes.exposure import Door, Exposure, exposures

AUTH = {"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "auth", "namespace": "x"},
        "spec": {"basicAuth": {"secret": "users"}}}  # fmt: skip


def route(match: str = "PathPrefix(`/api`)", entry: str = "traefik", *, uses: tuple[str, ...] = (), **spec: Any) -> Any:
    rule = {"match": match, "kind": "Rule", "services": [{"name": "api@internal", "kind": "TraefikService"}],
            "middlewares": [{"name": name} for name in uses]}  # fmt: skip
    meta = {"name": f"d{abs(hash((match, entry))) % 9999}", "namespace": "x"}
    body = {"entryPoints": [entry], "routes": [rule], **spec}
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": meta, "spec": body}


def found(*docs: Any, args: tuple[str, ...] = ("--api.dashboard=true",)) -> Exposure:
    (one,) = exposures(worlds.make_snapshot(worlds.k3s_nodes(), worlds.traefik(args=args), list(docs)))
    return one


def ways(one: Exposure) -> list[tuple[int, str, str, bool, bool]]:
    return [(door.port, door.base, door.host, door.tls, door.sure) for door in one.doors]


def test_no_traefik() -> None:
    assert exposures(worlds.make_snapshot(worlds.k3s_nodes())) == ()


def test_insecure() -> None:
    one = found(args=("--api.insecure=true",))
    assert (ways(one), one.why) == ([(8080, "", "", False, True)], "")


def test_insecure_with_a_base_path_answers_nowhere() -> None:
    one = found(args=("--api.insecure=true", "--api.basepath=/t"))
    assert "404" in one.why
    assert not any(door.sure for door in one.doors)


def test_on_but_no_route() -> None:
    one = found()
    assert one.offer
    assert ways(one) == [(8080, "", "", False, False)], "it is tried all the same: a file of Traefik's may have a route"
    assert "no route leads to api@internal" in one.why


def test_off() -> None:
    one = found(args=())
    assert not one.offer
    assert "is off" in one.why


@pytest.mark.parametrize(
    ("doc", "door"),
    [
        (route(), (8080, "", "", False, True)),
        (route("PathPrefix(`/dashboard`) || PathPrefix(`/api`)"), (8080, "", "", False, True)),
        (route("Host(`t.lab`)", "web"), (8000, "", "t.lab", False, True)),
        (route("Host(`t.lab`) && PathPrefix(`/api`)", "websecure"), (8443, "", "t.lab", True, True)),
    ],
)
def test_by_a_route(doc: Any, door: tuple[Any, ...]) -> None:
    assert ways(found(doc)) == [door]


@pytest.mark.parametrize(
    "doc", [route("Path(`/dashboard/`)"), route("HostRegexp(`^x$`)"), route(ingressClassName="other")]
)
def test_routes_that_do_not_lead_to_it(doc: Any) -> None:
    assert not any(door.sure for door in found(doc).doors)


def test_the_unexposed_door_comes_first_and_a_lock_is_named() -> None:
    one = found(route("Host(`t.lab`)", "websecure", uses=("auth",)), AUTH, route())
    assert [door.port for door in one.doors] == [8080, 8443]
    assert one.doors[1].how.endswith("behind the middleware x/auth")


def test_a_base_path() -> None:
    one = found(route("PathPrefix(`/t`)"), args=("--api.dashboard=true", "--api.basePath=/t/"))
    assert one.doors == (Door(8080, "/t", "", False, one.doors[0].how),)
    assert not any(door.sure for door in found(route(), args=("--api=true", "--api.basePath=/t")).doors)
