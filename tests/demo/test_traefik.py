"""The real Traefik on the demo homelab: the arguments of the demo's own Deployment, and no error in its log."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demohome import Demo, demo_homelab, tool


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_homelab(tmp_path_factory.mktemp("demo")) as running:
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Traefik:
    """The binary with a Deployment's arguments, moved to loopback ports and to the demo's API."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.api_port = 0
        self.web_port = 0
        ca = folder / "ca.crt"
        ca.write_text(demo.ca)
        args = demo.get("deploy", "traefik", "-n", "kube-system")["spec"]["template"]["spec"]["containers"][0]["args"]
        self.log = folder / "traefik.log"
        command = [tool("traefik"), *(self._moved(arg) for arg in args), "--api.insecure=true"]
        for provider in ("kubernetescrd", "kubernetesingress"):
            assert any(provider in arg.lower() for arg in args)
            command += [
                f"--providers.{provider}.endpoint={demo.server}",
                f"--providers.{provider}.token={demo.token()}",
                f"--providers.{provider}.certAuthFilePath={ca}",
            ]
        command += [
            "--log.level=INFO",
            "--log.format=json",
            f"--log.filepath={self.log}",
            "--global.checknewversion=false",
        ]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _moved(self, arg: str) -> str:
        """An entry point on a free loopback port; anything else as it is."""
        if match := re.fullmatch(r"(--entry[pP]oints\.(\w+)\.address=).*?(/udp|/tcp)?", arg):
            port = free_port()
            if match[2] == "traefik":
                self.api_port = port
            if match[2] == "web":
                self.web_port = port
            return f"{match[1]}127.0.0.1:{port}{match[3] or ''}"
        assert "certificatesresolvers" not in arg.lower(), "a resolver would ask a server outside: move it first"
        return arg

    def api(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.api_port}/api/{path}", timeout=5) as answer:
            return json.load(answer)

    def wait(self, true: Callable[[], bool], seconds: float = 20) -> bool:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            try:
                if true():
                    return True
            except OSError:
                pass
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def traefik(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    running = Traefik(demo, tmp_path_factory.mktemp("traefik"))
    try:
        yield running
    finally:
        running.stop()


def routers(traefik: Traefik) -> dict[str, str]:
    found = traefik.api("http/routers?per_page=200")
    return {router["name"]: router["status"] for router in found if not router["name"].endswith("@internal")}


def test_every_route_of_the_homelab_is_up(demo: Demo, traefik: Traefik) -> None:
    ingress_routes = demo.get("ingressroutes", "-A")["items"]
    ingresses = demo.get("ingresses", "-A")["items"]
    assert ingress_routes
    assert ingresses

    def all_there() -> bool:
        names = " ".join(routers(traefik))
        crd = all(f"{r['metadata']['namespace']}-{r['metadata']['name']}-" in names for r in ingress_routes)
        return crd and names.count("@kubernetes ") + names.endswith("@kubernetes") >= len(ingresses)

    assert traefik.wait(all_there), f"only {sorted(routers(traefik))} are there"
    assert {name: status for name, status in routers(traefik).items() if status != "enabled"} == {}
    for kind in ("tcp", "udp"):
        assert all(router["status"] == "enabled" for router in traefik.api(f"{kind}/routers?per_page=200"))


def test_a_change_arrives_live(demo: Demo, traefik: Traefik) -> None:
    manifest = json.dumps(
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": {"name": "fresh", "namespace": "web"},
            "spec": {
                "entryPoints": ["web"],
                "routes": [
                    {"kind": "Rule", "match": "Host(`fresh.home.example`)", "services": [{"name": "site", "port": 80}]}
                ],
            },
        }
    )
    demo.kubectl("apply", "-f", "-", stdin=manifest)
    assert traefik.wait(lambda: any(name.startswith("web-fresh-") for name in routers(traefik)))
    demo.kubectl("delete", "ingressroute", "fresh", "-n", "web")
    assert traefik.wait(lambda: not any(name.startswith("web-fresh-") for name in routers(traefik)))


def test_its_watches_come_back_after_a_cut_and_after_lost_history(demo: Demo, traefik: Traefik) -> None:
    for action in ("compact", "cut"):
        assert demo.request(f"/_demo/{action}", method="POST")[0] == 200
    assert traefik.wait(lambda: demo.request("/_demo/state")[1]["watches"] > 5)


def test_its_log_has_no_error(demo: Demo, traefik: Traefik) -> None:
    assert traefik.wait(lambda: bool(routers(traefik)))
    lines = [json.loads(line) for line in traefik.log.read_text().splitlines() if line.startswith("{")]
    errors = [line for line in lines if line.get("level") in ("error", "fatal", "panic")]
    assert errors == []
    assert any("provider" in str(line.get("message", "")).lower() for line in lines)
