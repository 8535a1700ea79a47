"""Which cluster this is: the version it runs, and the UID of its kube-system namespace, which no other cluster has."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from pointsman.tui.model.kinds import NAMESPACES
from pointsman.tui.model.meta import dig_str
from pointsman.tui.sources.errors import ForbiddenError, NotFoundError
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.tasks import together

DEMO_ANNOTATION = "pointsman.dev/demo"
"""On the kube-system namespace of a demo homelab; its value is the variant."""


@dataclass(frozen=True, slots=True)
class Identity:
    """None is unknown: this user may not look. ``demo`` is the demo homelab's variant, empty for a real cluster."""

    version: str | None
    uid: str | None
    demo: str


async def identify(client: KubeClient) -> Identity:
    """Ask. Raises KubeError only if the server cannot be reached or refuses this user altogether."""
    version, (uid, demo) = await together(_version(client), _kube_system(client))
    return Identity(version, uid, demo)


async def _version(client: KubeClient) -> str | None:
    try:
        body = await client.get("/version", what="version", total=10.0)
        return dig_str(msgspec.json.decode(body), "gitVersion") or None
    except (ForbiddenError, NotFoundError, msgspec.DecodeError):
        return None


async def _kube_system(client: KubeClient) -> tuple[str | None, str]:
    path = NAMESPACES.url(name="kube-system")
    try:
        doc = msgspec.json.decode(await client.get(path, what="get namespace kube-system", total=10.0))
    except (ForbiddenError, NotFoundError, msgspec.DecodeError):
        return None, ""
    return dig_str(doc, "metadata", "uid") or None, dig_str(doc, "metadata", "annotations", DEMO_ANNOTATION)
