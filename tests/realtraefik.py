"""The real Traefik on loopback ports with the file provider: what it makes of rules, and where it sends what is asked.

Every group of rules has an entry point of its own, so that groups cannot disturb each other. An HTTP router answers with a
redirect that names it; a TCP router leads to a server that answers with the router's name.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from demohome import tool


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@dataclass(frozen=True)
class Router:
    """One router of a group; priority 0 is Traefik's own."""

    rule: str
    syntax: str = ""
    priority: int = 0
    tls: bool = False


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    api: int
    ports: Mapping[str, int]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def routers(self, protocol: str) -> dict[str, dict[str, Any]]:
        """Every router of the file by its name."""
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while True:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.api}/api/{protocol}/routers?per_page=100&page={page}", timeout=5
            ) as answer:
                for item in json.load(answer):
                    if item["provider"] == "file":
                        found[item["name"].removesuffix("@file")] = item
                onward = int(answer.headers.get("X-Next-Page", "1"))
            if onward <= page:
                return found
            page = onward

    def http(
        self, group: str, method: str, host: str, target: str, headers: Sequence[tuple[str, str]] = ()
    ) -> str | None:
        """The router that answers, None for Traefik's 404, ``status N`` for anything else."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[group], timeout=5)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.status in (302, 307):
            return str(answer.headers["Location"]).rpartition("/")[2]
        return None if answer.status == 404 else f"status {answer.status}"

    def tcp(self, group: str, sni: str | None, alpn: Sequence[str] = ()) -> str | None:
        """The router whose server answers a TLS hello (or plain text, for ``sni`` None); None if Traefik hangs up."""
        with socket.create_connection(("127.0.0.1", self.ports[group]), timeout=5) as plug:
            plug.sendall(b"hello, this is no TLS\n" if sni is None else hello(sni, alpn))
            plug.settimeout(5)
            said = b""
            with contextlib.suppress(OSError):
                while piece := plug.recv(4096):
                    said += piece
                    if said.endswith(b"\n"):
                        break
        text = said.decode("latin-1")
        return text.split()[1] if text.startswith("router ") else None


def hello(sni: str, alpn: Sequence[str] = ()) -> bytes:
    """A TLS client's first message."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = context.wrap_bio(incoming, outgoing, server_hostname=sni or None)
    with contextlib.suppress(ssl.SSLWantReadError):
        side.do_handshake()
    return outgoing.read()


class _Named:
    """A TCP server that says which router leads to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plug, _ = self.listener.accept()
            except OSError:
                return
            with plug, contextlib.suppress(OSError):
                plug.settimeout(5)
                plug.recv(4096)
                plug.sendall(f"router {self.name}\n".encode())


@contextlib.contextmanager
def traefik(
    folder: Path,
    http_groups: Mapping[str, Sequence[Router]],
    tcp_groups: Mapping[str, Sequence[Router]],
) -> Iterator[Running]:
    """Run it with these groups; router ``i`` of group ``g`` is called ``g-i``."""
    groups = [*http_groups, *tcp_groups]
    servers: list[_Named] = []
    doc: dict[str, Any] = {"http": {"routers": {}, "middlewares": {}}, "tcp": {"routers": {}, "services": {}}}
    for group, routers in http_groups.items():
        for index, router in enumerate(routers):
            name = f"{group}-{index}"
            redirect = {"regex": ".*", "replacement": f"http://winner/{name}"}
            doc["http"]["middlewares"][name] = {"redirectRegex": redirect}
            doc["http"]["routers"][name] = {**_form(group, router), "middlewares": [name], "service": "noop@internal"}
    for group, routers in tcp_groups.items():
        for index, router in enumerate(routers):
            name = f"{group}-{index}"
            servers.append(_Named(name))
            doc["tcp"]["services"][name] = {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{servers[-1].port}"}]}}
            form = {**_form(group, router), "service": name}
            if router.tls:
                form["tls"] = {"passthrough": True}
            doc["tcp"]["routers"][name] = form
    if not tcp_groups:
        del doc["tcp"]
    config = folder / "routes.yml"
    config.write_text(yaml.safe_dump(doc))
    log = folder / "traefik.log"
    wanted = sum(map(len, http_groups.values())), sum(map(len, tcp_groups.values()))
    running: Running | None = None
    try:
        for _ in range(4):
            # Others on this machine may take a free port before Traefik does: then once more, with others.
            running = _start(folder, groups, config, log)
            if _loaded(running, wanted):
                break
            running.stop()
        else:
            raise AssertionError(log.read_text()[-2000:])
        yield running
    finally:
        if running is not None:
            running.stop()
        for server in servers:
            server.listener.close()


def _start(folder: Path, groups: Sequence[str], config: Path, log: Path) -> Running:
    api, *rest = free_ports(len(groups) + 1)
    ports = dict(zip(groups, rest, strict=True))
    command = [
        tool("traefik"),
        f"--entryPoints.traefik.address=127.0.0.1:{api}",
        *(f"--entryPoints.{group}.address=127.0.0.1:{port}" for group, port in ports.items()),
        f"--providers.file.filename={config}",
        "--api.insecure=true",
        "--global.checknewversion=false",
        "--log.level=ERROR",
        f"--log.filepath={log}",
    ]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Running(process, api, ports)


def _loaded(running: Running, wanted: tuple[int, int]) -> bool:
    """Wait until every router is there; False if Traefik ends before."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if running.process.poll() is not None:
            return False
        with contextlib.suppress(OSError):
            if (len(running.routers("http")), len(running.routers("tcp"))) == wanted:
                return True
        time.sleep(0.1)
    raise AssertionError("Traefik did not load its file")


def _form(group: str, router: Router) -> dict[str, Any]:
    form: dict[str, Any] = {"entryPoints": [group], "rule": router.rule}
    if router.syntax:
        form["ruleSyntax"] = router.syntax
    if router.priority:
        form["priority"] = router.priority
    return form
