"""Whom to ask: every replica of every Traefik among the objects, or the address that was given."""

from __future__ import annotations

import base64
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.routes.build import base
from pointsman.tui.answers.routes.exposure import Door, Exposure, exposures
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, PODS
from pointsman.tui.options import TraefikOptions
from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.store.snapshot import Snapshot

MOST_REPLICAS: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A pod and the doors to its API. ``exposure`` says why there may be none."""

    namespace: str
    pod: str
    workload: tuple[str, str, str]
    exposure: Exposure

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.pod}"

    @property
    def doors(self) -> tuple[Door, ...]:
        return self.exposure.doors


@dataclass(frozen=True, slots=True)
class Places:
    """``silent`` are replicas that cannot be asked, each with why; ``why`` says that nobody is to be asked at all."""

    found: tuple[Place, ...] = ()
    silent: tuple[str, ...] = ()
    why: str = ""
    hint: str = ""


def places(snapshot: Snapshot) -> Places:
    if not (snapshot.known(DEPLOYMENTS) and snapshot.known(DAEMONSETS)):
        return Places(why="Whether there is a Traefik cannot be told: Deployments and DaemonSets could not be read.")
    found: list[Place] = []
    silent: list[str] = []
    known = exposures(snapshot)
    if not known:
        return Places(why="There is no Traefik in this cluster.")
    ctx = base(snapshot).context
    for item in known:
        workload = item.traefik.ref
        assert workload is not None
        labels = ctx.templates.get(workload, {})
        for pod in sorted(snapshot.all(PODS), key=lambda obj: obj.key):
            if pod.namespace != workload.namespace or not labels or not labels.items() <= pod.meta.labels.items():
                continue
            if pod.meta.deletion_timestamp:
                continue
            if pod_ready(pod.body):
                found.append(Place(pod.namespace, pod.name, (workload.kind, *workload.key), item))
            else:
                silent.append(f"{pod.path} is not ready")
    if not found:
        why = f"No pod of Traefik is ready: {silent[0]}." if silent else "Traefik has no pod."
        return Places((), tuple(silent), why, "Its events and its log say why.")
    silent += [f"{place.where} was left out: {MOST_REPLICAS} replicas are the most" for place in found[MOST_REPLICAS:]]
    return Places(tuple(found[:MOST_REPLICAS]), tuple(silent))


# -- an address that was given --------------------------------------------------------------------------------------------
def checked_url(text: str) -> tuple[str, str]:
    """Origin and base path of ``--traefik-url``; an ending ``/api`` or ``/dashboard/`` is dropped. Raises ConfigError."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ConfigError(f"--traefik-url {text[:200]!r} is not a URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("--traefik-url must be http://… or https://….", "Such as https://traefik.home.example")
    if parts.username or parts.password:
        raise ConfigError(
            "--traefik-url holds a password, which every user of this machine could read.",
            "Put user:password into a file and name it with --traefik-auth-file.",
        )
    if parts.query or parts.fragment:
        raise ConfigError("--traefik-url takes scheme, host, port and path only.")
    path = parts.path.rstrip("/")
    for end in ("/api", "/dashboard"):
        path = path.removesuffix(end)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}", path


def authorization(options: TraefikOptions) -> dict[str, str]:
    """The header that the file's content makes; none without a file. Raises ConfigError."""
    if not options.auth_file:
        return {}
    parts = urlsplit(options.url)
    if parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise ConfigError("A password is not sent in clear: --traefik-url with --traefik-auth-file must be https://.")
    try:
        text = Path(options.auth_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"{options.auth_file} cannot be read: {reason}.") from None
    if not text or "\n" in text or "\r" in text:
        raise ConfigError(f"{options.auth_file} must hold one line: user:password, or a bearer token.")
    if ":" in text:
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
    return {"Authorization": f"Bearer {text.removeprefix('Bearer ')}"}


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def trust(options: TraefikOptions) -> ssl.SSLContext:
    """The system's CAs, or the one that was named. Raises ConfigError."""
    try:
        return ssl.create_default_context(cafile=str(Path(options.ca_file).expanduser()) if options.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
        raise ConfigError(f"The CA file {options.ca_file} cannot be used: {reason}.") from None


def unchecked() -> ssl.SSLContext:
    """For TLS inside a port-forward: the API server vouches for the pod, whose certificate is for other names."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
