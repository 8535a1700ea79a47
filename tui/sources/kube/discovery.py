"""Which kinds a server serves, and at which versions: aggregated discovery (two requests), else the legacy one by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pointsman.tui.model.kinds import KINDS, Kind
from pointsman.tui.sources.errors import NotFoundError, NotKubernetesError, StatusError
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.diagnose import not_kubernetes
from pointsman.tui.sources.kube.tasks import together

AGGREGATED = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)


@dataclass(frozen=True, slots=True)
class Discovery:
    """``served`` maps (group, plural) to the versions that can be listed and watched, the server's preferred first.

    ``failed`` holds groups whose discovery failed (an aggregated API that is down): nothing is known of their kinds.
    """

    served: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def version(self, kind: Kind[Any]) -> str | None:
        """The version to ask for: the table's best that is served, else what is served; None if the kind is not."""
        served = self.served.get((kind.group, kind.resource))
        if not served:
            return None
        for version in kind.versions:
            if version in served:
                return version
        return served[0]


async def discover(client: KubeClient, kinds: Iterable[Kind[Any]] = KINDS.values()) -> Discovery:
    """Ask the server what it serves. Raises KubeError; NotKubernetesError if the answers make no sense."""
    groups = {kind.group for kind in kinds}
    served: dict[tuple[str, str], list[str]] = {}
    failed: dict[str, str] = {}
    core, named = await together(_document(client, "/api"), _document(client, "/apis"))
    legacy: list[tuple[str, str]] = []
    for doc in (core, named):
        kind = doc.get("kind")
        if kind == "APIGroupDiscoveryList":
            _aggregated(doc, served, failed)
        elif kind == "APIVersions":
            legacy += [("", str(version)) for version in _list(doc, "versions")]
        elif kind == "APIGroupList":
            for group in _list(doc, "groups"):
                if isinstance(group, dict) and group.get("name") in groups:
                    legacy += [(group["name"], version) for version in _group_versions(group)]
        else:
            raise NotKubernetesError(
                f"{client.server} answers with JSON, but not as a Kubernetes API.",
                "Check address and port of server in the kubeconfig.",
            )
    answers = await together(*(_resources(client, group, version) for group, version in legacy))
    for (group, version), answer in zip(legacy, answers, strict=True):
        if isinstance(answer, str):
            failed[group] = answer
        else:
            for name in answer:
                served.setdefault((group, name), []).append(version)
    return Discovery({key: tuple(versions) for key, versions in served.items()}, failed)


async def _document(client: KubeClient, path: str) -> dict[str, Any]:
    body = await client.get(path, accept=AGGREGATED, what="discovery", total=10.0)
    try:
        doc = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise not_kubernetes(client.server, body) from None
    if not isinstance(doc, dict):
        raise not_kubernetes(client.server, body)
    return doc


def _list(doc: Mapping[str, Any], key: str) -> list[Any]:
    value = doc.get(key)
    return value if isinstance(value, list) else []


def _aggregated(doc: dict[str, Any], served: dict[tuple[str, str], list[str]], failed: dict[str, str]) -> None:
    for item in _list(doc, "items"):
        if not isinstance(item, dict):
            continue
        metadata = item.get("metadata")
        group = str(metadata.get("name") or "") if isinstance(metadata, dict) else ""
        for version in _list(item, "versions"):
            if not isinstance(version, dict):
                continue
            if version.get("freshness") == "Stale":
                failed[group] = "the API server cannot reach the extension that serves it"
            for resource in _list(version, "resources"):
                if isinstance(resource, dict) and _watchable(_list(resource, "verbs")):
                    served.setdefault((group, str(resource.get("resource"))), []).append(str(version.get("version")))


def _group_versions(group: dict[str, Any]) -> list[str]:
    versions = [str(item.get("version")) for item in _list(group, "versions") if isinstance(item, dict)]
    preferred = group.get("preferredVersion")
    first = str(preferred.get("version")) if isinstance(preferred, dict) else ""
    return sorted(versions, key=lambda version: version != first)


def _watchable(verbs: list[Any]) -> bool:
    return "list" in verbs and "watch" in verbs


async def _resources(client: KubeClient, group: str, version: str) -> list[str] | str:
    """The plurals of one legacy group version, or a sentence if it cannot be read."""
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    try:
        doc = await _document(client, path)
    except NotFoundError:
        return []
    except StatusError as error:
        if error.code in (401, 403):
            raise
        return error.sentence
    except NotKubernetesError as error:
        return error.sentence
    names = []
    for resource in _list(doc, "resources"):
        if isinstance(resource, dict) and _watchable(_list(resource, "verbs")):
            name = str(resource.get("name"))
            if "/" not in name:
                names.append(name)
    return names
