"""Exec credential plugins (``client.authentication.k8s.io`` v1 and v1beta1), run so that a full-screen program survives it.

Own runner, because the stock ones hand the terminal to the plugin: here stdin is closed, stderr is captured, the plugin
has no controlling terminal and is told ``interactive: false``. What it prints on stderr goes into the error's sentence
(first line) and the log, never to the screen.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointsman.tui.model.times import epoch
from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.kubeconfig import ClusterEntry, ExecSpec

log = logging.getLogger(__name__)

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
TIMEOUT = 60.0
"""Seconds; a plugin may wait for a browser login."""
LONGEST_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin gave: a token, a client certificate with its key, or both. ``expires`` in seconds since 1970."""

    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    expires: float | None = None


def exec_info(spec: ExecSpec, cluster: ClusterEntry, ca: bytes) -> str:
    """The ``KUBERNETES_EXEC_INFO`` document. ``ca`` is the cluster's CA as PEM, empty for none."""
    body: dict[str, Any] = {"interactive": False}
    if spec.provide_cluster_info:
        info: dict[str, Any] = {"server": cluster.server}
        if cluster.tls_server_name:
            info["tls-server-name"] = cluster.tls_server_name
        if cluster.insecure:
            info["insecure-skip-tls-verify"] = True
        if ca:
            info["certificate-authority-data"] = base64.b64encode(ca).decode()
        if cluster.proxy_url:
            info["proxy-url"] = cluster.proxy_url
        if cluster.exec_config is not None:
            info["config"] = cluster.exec_config
        body["cluster"] = info
    return json.dumps({"kind": "ExecCredential", "apiVersion": spec.api_version, "spec": body})


async def run_plugin(
    spec: ExecSpec,
    cluster: ClusterEntry,
    ca: bytes = b"",
    *,
    environ: Mapping[str, str] = os.environ,
    timeout: float = TIMEOUT,
) -> Credential:
    """Run the plugin once. Raises ConfigError in words; the plugin is killed with its children at the time limit."""
    if spec.api_version not in VERSIONS:
        raise ConfigError(
            f'The credential plugin {spec.command} speaks "{spec.api_version}", which is not supported.',
            f"Set its apiVersion in the kubeconfig to {VERSIONS[0]}.",
        )
    if spec.interactive_mode == "Always":
        raise ConfigError(
            f"The credential plugin {spec.command} wants a terminal (interactiveMode: Always).",
            "Set interactiveMode to IfAvailable, or sign in with the plugin in another terminal and use a token.",
        )
    command = spec.command
    if os.sep in command:
        command = str(Path(spec.folder) / command)
    found = shutil.which(command, path=environ.get("PATH"))
    if found is None:
        hint = " ".join(spec.install_hint.split()) or "Install it, or add its folder to PATH."
        raise ConfigError(f"The credential plugin {spec.command} is not installed.", hint)
    env = {**environ, **dict(spec.env), "KUBERNETES_EXEC_INFO": exec_info(spec, cluster, ca)}
    try:
        process = await asyncio.create_subprocess_exec(
            found,
            *spec.args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=env,
            start_new_session=True,  # no controlling terminal: it cannot open /dev/tty and draw over the screen
        )
    except OSError as error:
        raise ConfigError(f"The credential plugin {spec.command} cannot be run: {error.strerror or error}.") from None
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate()
    except TimeoutError:
        raise ConfigError(
            f"The credential plugin {spec.command} gave no answer within {timeout:.0f} s.",
            "It may wait for a login: run it once in another terminal.",
        ) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                await process.wait()
    said = err.decode("utf-8", "replace").strip()
    if said:
        log.info("credential plugin %s said on stderr: %s", spec.command, said[-2000:])
    if process.returncode:
        reason = said.splitlines()[-1].strip()[:200] if said else "it said nothing"
        raise ConfigError(
            f"The credential plugin {spec.command} failed (exit code {process.returncode}): {reason}",
            "Run it once in another terminal to sign in.",
        )
    return parse_credential(out, spec)


def parse_credential(out: bytes, spec: ExecSpec) -> Credential:
    """The plugin's standard output as a credential; raises ConfigError, never quoting what may hold a secret."""
    where = f"The credential plugin {spec.command}"
    if len(out) > LONGEST_ANSWER:
        raise ConfigError(f"{where} printed {len(out)} bytes, which is no ExecCredential.")
    try:
        doc = json.loads(out)
    except ValueError:
        raise ConfigError(
            f"{where} printed no ExecCredential (not JSON).", "Run it by hand to see what it says."
        ) from None
    if not isinstance(doc, dict) or doc.get("kind") != "ExecCredential":
        raise ConfigError(f"{where} printed JSON that is no ExecCredential.", "Run it by hand to see what it says.")
    if doc.get("apiVersion") != spec.api_version:
        raise ConfigError(
            f'{where} answered in "{doc.get("apiVersion")}", but the kubeconfig says "{spec.api_version}".',
            "Set apiVersion in the kubeconfig's exec section to what the plugin speaks.",
        )
    status = doc.get("status")
    if not isinstance(status, dict):
        raise ConfigError(f"{where} gave an ExecCredential without a status.")
    token = status.get("token")
    certificate = status.get("clientCertificateData")
    key = status.get("clientKeyData")
    token = token if isinstance(token, str) else ""
    certificate = certificate if isinstance(certificate, str) else ""
    key = key if isinstance(key, str) else ""
    if bool(certificate) != bool(key):
        raise ConfigError(f"{where} gave a client certificate without its key, or a key without its certificate.")
    if not token and not certificate:
        raise ConfigError(f"{where} gave neither a token nor a client certificate.")
    stamp = status.get("expirationTimestamp")
    expires = epoch(stamp) if isinstance(stamp, str) else None
    return Credential(token, certificate.encode(), key.encode(), expires)
