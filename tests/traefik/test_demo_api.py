"""The demo's Traefik API by itself: pages, filters, errors and whether it is there at all, as the real one does it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.traefik.api import TraefikApi
from pointsman.tui.demo.traefik.attach import LABELS

DASHBOARD = ("ingressroutes.traefik.io", "kube-system", "traefik-dashboard")


@pytest.fixture
def lab() -> Homelab:
    return Homelab("broken")


@pytest.fixture
async def api(lab: Homelab) -> TraefikApi:
    return await lab.traefik.ready()


def body(api: TraefikApi, target: str) -> Any:
    said = api.ask("GET", target)
    assert said.status == 200, said
    return json.loads(said.body)


async def test_lists_and_single_items(api: TraefikApi) -> None:
    routers = {item["name"]: item for item in body(api, "/api/http/routers?per_page=500")}
    films = routers["media-films-f7a4389c702ca0496384@kubernetescrd"]
    assert (films["status"], films["error"]) == ("disabled", ['middleware "web-auth@kubernetescrd" does not exist'])
    assert not any("movies" in name for name in routers), "its service is missing: there is no router"
    for spelled in (films["name"], films["name"].replace("@", "%40")):
        assert body(api, f"/api/http/routers/{spelled}") == films
    assert body(api, "/api/version")["Version"] == "3.7.15"
    states = [item["status"] for item in routers.values()]
    assert body(api, "/api/overview")["http"]["routers"] == {
        "total": len(routers), "warnings": states.count("warning"), "errors": states.count("disabled"),
    }  # fmt: skip
    assert set(body(api, "/api/rawdata")) == {
        "routers", "services", "middlewares", "tcpRouters", "tcpServices", "tcpMiddlewares", "udpRouters", "udpServices",
    }  # fmt: skip
    assert {item["name"] for item in body(api, "/api/entrypoints")} >= {"web", "websecure", "traefik", "bedrock"}
    assert {item["status"] for item in body(api, "/api/certificates")} >= {"enabled", "warning"}


async def test_pages(api: TraefikApi) -> None:
    whole = body(api, "/api/http/services")
    found, page = [], 1
    while page:
        said = api.ask("GET", f"/api/http/services?per_page=5&page={page}")
        found += json.loads(said.body)
        page = 0 if said.next_page == "1" else int(said.next_page)
    assert found == whole
    for query in ("page=99", "page=0", "per_page=abc", "per_page=0", "page=-1"):
        said = api.ask("GET", f"/api/http/services?{query}")
        assert (said.status, said.content_type) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("status=disabled", lambda item: item["status"] == "disabled"),
        ("status=bogus", lambda item: False),
        ("search=PIHOLE", lambda item: "pihole" in item["name"] + item["rule"]),
        ("search=host(%60series", lambda item: "host(`series" in item["rule"].lower()),
        (
            "middlewareName=media-auth@kubernetescrd",
            lambda item: "media-auth@kubernetescrd" in item.get("middlewares", ()),
        ),
        ("serviceName=api@internal", lambda item: item["service"] == "api@internal"),
        ("search=nothing", lambda item: False),
    ],
)
async def test_filters(api: TraefikApi, query: str, wanted: Callable[[dict[str, Any]], bool]) -> None:
    whole = body(api, "/api/http/routers?per_page=500")
    assert body(api, f"/api/http/routers?{query}") == [item for item in whole if wanted(item)]


async def test_what_is_not_there(api: TraefikApi) -> None:
    said = api.ask("GET", "/api/http/routers/nope@file")
    assert (said.status, json.loads(said.body)) == (404, {"message": "router not found: nope@file"})
    for target in ("/api/udp/middlewares", "/api/nope", "/api/http", "/", "/dashboards", "/apis"):
        assert api.ask("GET", target).body == b"404 page not found\n"
    assert api.ask("POST", "/api/version").status == 405
    assert api.ask("HEAD", "/api/version").status == 405
    assert api.ask("GET", "/ping").body == b"OK"


async def test_without_its_route_the_api_is_not_there(lab: Homelab, api: TraefikApi) -> None:
    assert api.ask("GET", "/api/version").status == 200
    lab.storage.delete(*DASHBOARD)
    assert api.ask("GET", "/api/version").status == 404
    assert api.ask("GET", "/ping").status == 200


async def test_it_follows_the_objects(lab: Homelab, api: TraefikApi) -> None:
    def changed(obj: Any) -> None:
        obj["spec"]["routes"][0]["middlewares"] = []

    lab.storage.modify("ingressroutes.traefik.io", "media", "films", changed)
    states = {item["name"]: item["status"] for item in body(api, "/api/http/routers?per_page=500")}
    assert states["media-films-f7a4389c702ca0496384@kubernetescrd"] == "enabled"
    secret = clone(lab.storage.get("secrets", "media", "auth-users"))
    lab.storage.delete("secrets", "media", "auth-users")
    names = {item["name"] for item in body(api, "/api/http/middlewares")}
    assert "media-auth@kubernetescrd" not in names, "Traefik makes no middleware of it without its Secret"
    errors = [item.get("error") for item in body(api, "/api/http/routers?search=series")]
    assert ['middleware "media-auth@kubernetescrd" does not exist'] in errors
    assert secret["data"]


async def test_a_route_that_is_switched_off_is_not_run(lab: Homelab, api: TraefikApi) -> None:
    name = "media-films-f7a4389c702ca0496384@kubernetescrd"

    def parked(obj: Any) -> None:
        obj["metadata"].setdefault("annotations", {}).update(
            {"kubernetes.io/ingress.class": "pointsman-off", "pointsman.dev/off-original": "{}",
             "pointsman.dev/off-until": "2099-01-01T00:00:00Z"}
        )  # fmt: skip

    assert api.ask("GET", f"/api/http/routers/{name}").status == 200
    lab.storage.modify("ingressroutes.traefik.io", "media", "films", parked)
    assert api.ask("GET", f"/api/http/routers/{name}").status == 404


async def test_over_one_connection(lab: Homelab) -> None:
    pod = next(pod for pod in lab.storage.list("pods", "kube-system")
               if pod["metadata"].get("labels", {}).get(next(iter(LABELS))) == "traefik")  # fmt: skip
    reader, writer = await lab.ports.connect(pod, 8080)
    for target, status in (("/ping", 200), ("/api/version", 200), ("/nope", 404)):
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        assert head.startswith(f"HTTP/1.1 {status} ")
        length = int(next(line for line in head.split("\r\n") if line.startswith("Content-Length")).split(":")[1])
        await reader.readexactly(length)
    writer.write(b"no http at all\r\n\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 404")
    writer.close()
