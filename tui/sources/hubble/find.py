"""Where the Relay is: its ready pod and port, and how its configuration says to talk to it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from pointsman.tui.sources.errors import ForbiddenError, KubeError, NotFoundError
from pointsman.tui.sources.hubble.errors import NoRelayError, RelayDownError
from pointsman.tui.sources.kube.client import KubeClient

LABEL: Final = "k8s-app=hubble-relay"
CILIUM_LABEL: Final = "k8s-app=cilium"
NAME: Final = "hubble-relay"
CONFIG: Final = "hubble-relay-config"
DEFAULT_PORT: Final = 4245
SERVER_NAME: Final = "ui.hubble-relay.cilium.io"
"""The Relay's certificate is for ``*.hubble-relay.cilium.io``; any first label does."""
CLIENT_SECRETS: Final = ("hubble-ui-client-certs", "hubble-relay-client-certs")
CA_SECRETS: Final = ("hubble-relay-server-certs", *CLIENT_SECRETS, "cilium-ca")
ENABLE: Final = "Enable it: cilium hubble enable, or the Helm values hubble.enabled and hubble.relay.enabled."


@dataclass(frozen=True, slots=True)
class Tls:
    """How to talk: plaintext without it. Files' contents, PEM; empty where not known."""

    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    server_name: str = SERVER_NAME
    insecure: bool = False
    """Do not check the certificate."""
    mutual: bool = False
    """The Relay asks for a certificate of ours."""
    why: str = ""
    """What could not be read, in a sentence."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A ready pod of the Relay. ``tls`` is None for plaintext."""

    namespace: str
    pod: str
    port: int
    tls: Tls | None = None


async def find_relay(client: KubeClient) -> Relay:
    """The Relay in whatever namespace it is. Raises HubbleError, or KubeError for what the API server says."""
    namespaces = ("",)
    try:
        pods = await _items(client, "/api/v1/pods", labelSelector=LABEL)
    except ForbiddenError:
        # Not allowed to look everywhere: the usual place may still be open.
        namespaces = ("kube-system",)
        pods = await _items(client, "/api/v1/namespaces/kube-system/pods", labelSelector=LABEL)
    if not pods:
        raise NoRelayError(f"There is no Hubble Relay {'here' if '' in namespaces else 'in kube-system'}.", ENABLE)
    ready = [pod for pod in pods if _ready(pod)]
    if not ready:
        pod = pods[0]
        where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        raise RelayDownError(
            f"Hubble Relay is not ready: {where} is {_state(pod)}.",
            "Its log says why: often it cannot reach hubble-peer on port 4244 of a node.",
        )
    pod = max(ready, key=lambda item: str(item["metadata"].get("creationTimestamp", "")))
    namespace = pod["metadata"]["namespace"]
    return Relay(namespace, pod["metadata"]["name"], _port(pod), await _tls(client, namespace))


async def _items(client: KubeClient, path: str, **params: str) -> list[dict[str, Any]]:
    return list(json.loads(await client.get(path, params=params)).get("items") or ())


def _ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not pod["metadata"].get("deletionTimestamp") and any(
        item.get("type") == "Ready" and item.get("status") == "True" for item in conditions
    )


def _state(pod: dict[str, Any]) -> str:
    status = pod.get("status") or {}
    for item in status.get("containerStatuses") or ():
        waiting = (item.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return str(waiting["reason"])
    return str(status.get("phase") or "in an unknown state")


def _port(pod: dict[str, Any]) -> int:
    ports = [port for item in pod["spec"]["containers"] for port in item.get("ports") or ()]
    named = next((port for port in ports if port.get("name") == "grpc"), None)
    return int((named or {"containerPort": DEFAULT_PORT})["containerPort"])


async def _tls(client: KubeClient, namespace: str) -> Tls | None:
    try:
        document = json.loads(await client.get(f"/api/v1/namespaces/{namespace}/configmaps/{CONFIG}"))
        config = yaml.safe_load((document.get("data") or {}).get("config.yaml") or "") or {}
    except (NotFoundError, yaml.YAMLError):
        return None
    except ForbiddenError:
        # Plaintext is the chart's default; if that is wrong the handshake's failure says so.
        return None
    if not isinstance(config, dict) or config.get("disable-server-tls", not _has_certificate(config)):
        return None
    mutual = bool(config.get("tls-relay-client-ca-files") or config.get("tls-hubble-client-ca-files"))
    ca, why = b"", ""
    certificate = key = b""
    for name in CA_SECRETS:
        data, problem = await _secret(client, namespace, name)
        why = why or problem
        ca = ca or data.get("ca.crt", b"")
        if mutual and name in CLIENT_SECRETS and not certificate:
            certificate, key = data.get("tls.crt", b""), data.get("tls.key", b"")
        if ca and (certificate or not mutual):
            break
    return Tls(ca, certificate, key, mutual=mutual, why=why if not ca or (mutual and not certificate) else "")


def _has_certificate(config: dict[str, Any]) -> bool:
    return bool(config.get("tls-relay-server-cert-file") or config.get("tls-server-cert-file"))


async def _secret(client: KubeClient, namespace: str, name: str) -> tuple[dict[str, bytes], str]:
    try:
        document = json.loads(await client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}"))
    except NotFoundError:
        return {}, ""
    except KubeError as error:
        return {}, error.sentence
    found = {}
    for key, text in (document.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(text)
        except (binascii.Error, TypeError, ValueError):
            continue
    return found, ""
