"""Services, their pods and ports."""

from __future__ import annotations

from typing import Any

import worlds

from doctorcases import Case, Doc, classic, patched, served, together


def service(name: str = "web", **spec: Any) -> Doc:
    return worlds.service(name, "x", type="ClusterIP", spec={"selector": {"app": name}, **spec})


POD = worlds.pod("web-1", "x", "shed", ip="10.42.0.9", labels={"app": "web"})


def ported(*ports: dict[str, Any]) -> Doc:
    return patched(POD, spec__containers=[{"name": "main", "image": "x", "ports": list(ports)}])


def port(target: str | int) -> Doc:
    return service(ports=[{"name": "http", "port": 80, "protocol": "TCP", "targetPort": target}])


HELD = patched(worlds.pod("front", "x", "shed", ip="192.168.7.11"), spec__containers=[
    {"name": "a", "image": "x", "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]}])  # fmt: skip


def waiting(message: str, number: int = 80) -> Doc:
    made = patched(worlds.pod("back", "x", "", phase="Pending", ready=False), spec__containers=[
        {"name": "a", "image": "x", "ports": [{"containerPort": number, "hostPort": number, "protocol": "TCP"}]}])  # fmt: skip
    made["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": message}]
    return made


PORTS = "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports."

CASES: dict[str, Case] = {
    "service-selects-nothing": Case(
        together(service(), worlds.deployment("web", "x", "x:1", {"app": "wbe"})),
        {
            "a pod": together(service(), POD),
            "scaled to nothing": together(service(), worlds.deployment("web", "x", "x:1", {"app": "web"}, wanted=0, ready=0)),
            "no selector": [service(selector={})],
            "an external name": [service(type="ExternalName", externalName="a.example")],
            "slices by hand": together(service(), worlds.endpoints("web", "x", ["shed"])),
        },
        severity="warn", object="Service/x/web",
    ),
    "service-port-unknown": Case(
        together(port("web"), ported({"name": "http", "containerPort": 8080})),
        {
            "named so": together(port("http"), ported({"name": "http", "containerPort": 8080})),
            "a number": together(port(8080), ported()),
            "a number as text": together(port("8080"), ported()),
            "no pod": [port("web")],
            "a sidecar": together(port("http"), patched(POD, spec__initContainers=[
                {"name": "s", "image": "x", "ports": [{"name": "http", "containerPort": 1}]}])),
        },
        object="Service/x/web", text="80 → web",
    ),
    "no-endpoints": Case(
        together(classic(), worlds.service("web", "x", ips=["192.168.7.104"]), POD,
                 worlds.endpoints("web", "x", ["shed"], ready=False)),
        {"ready": together(classic(), served()), "unset means ready": together(
            classic(), worlds.service("web", "x", ips=["192.168.7.104"]), POD,
            worlds.endpoints("web", "x", ["shed"], ready=None))},
        severity="warn", object="Service/x/web",
    ),
    "port-conflict": Case(
        [HELD, waiting(PORTS)],
        {
            "waits for memory": [HELD, waiting("0/3 nodes are available: 3 Insufficient memory.")],
            "another port": [HELD, waiting(PORTS, 81)],
            "both run": [HELD],
        },
        object="Pod/x/back", text="x/front",
    ),
}  # fmt: skip
