"""The real Traefik on the demo homelab's API, with the very arguments of the demo's Deployment, on loopback ports."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from demohome import Demo, tool
from realtraefik import free_ports


@contextlib.contextmanager
def traefik_on(demo: Demo, folder: Path, more: Sequence[str] = ()) -> Iterator[tuple[dict[str, int], Path]]:
    args = demo.get("deploy", "traefik", "-n", "kube-system")["spec"]["template"]["spec"]["containers"][0]["args"]
    names = [match[1] for arg in args if (match := re.match(r"--entryPoints\.(\w+)\.address=", arg))]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    (folder / "ca.crt").write_text(demo.ca)
    log = folder / "access.log"
    command = [tool("traefik")]
    for arg in args:
        match = re.fullmatch(r"--entryPoints\.(\w+)\.address=.*?(/udp|/tcp)?", arg)
        command.append(
            f"--entryPoints.{match[1]}.address=127.0.0.1:{ports[match[1]]}{match[2] or ''}" if match else arg
        )
    for provider in ("kubernetescrd", "kubernetesingress", *(("kubernetesgateway",) if more else ())):
        command += [
            f"--providers.{provider}.endpoint={demo.server}",
            f"--providers.{provider}.token={demo.token()}",
            f"--providers.{provider}.certAuthFilePath={folder / 'ca.crt'}",
        ]
    command += [
        f"--accesslog.filepath={log}", f"--log.filepath={folder / 'traefik.log'}", "--global.checknewversion=false",
        "--api.insecure=true", "--serversTransport.forwardingTimeouts.dialTimeout=300ms",
    ]  # fmt: skip
    command += more
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield ports, log
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
