"""Junk in valid places: whatever a client sends, the demo's API answers with a refusal, never with an internal error."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.server import KubeServer
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.scenario import build

JUNK: list[Any] = [None, True, 0, -1, 2**70, 1.5, "", "x", "\u202e[b]", [], [None], ["x"], {}, {"x": None}, {"": []}]
SEED = 20261120
BODIES = 1500


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def spoiled(chance: random.Random, obj: Any) -> Any:
    """A copy with junk in one to three places."""
    made = json.loads(json.dumps(obj))
    for _ in range(chance.randint(1, 3)):
        path = chance.choice([path for path in places(made) if path] or [()])
        target = made
        for key in path[:-1]:
            target = target[key]
        if path:
            target[path[-1]] = copy.deepcopy(chance.choice(JUNK))
    return made


@pytest.mark.timeout(60)
async def test_junk_is_refused_and_harms_nothing() -> None:
    chance = random.Random(SEED)
    storage = Storage(now=lambda: datetime.now(UTC), seed=1)
    storage.seed(build("broken").objects)
    storage.seed(obj for obj in authz.bootstrap() if not any(_same(obj, o) for o in storage.list(_resource(obj))))
    server = KubeServer(storage, {"t": authz.ADMIN})
    port = await server.start(None)
    samples = [storage.list(info)[0] for info in list(storage.resources) if "list" in info.verbs and storage.list(info)]
    refused = taken = 0
    broken: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession(headers={"Authorization": "Bearer t"}))
        for number in range(BODIES):
            sample = chance.choice(samples)
            info = storage.resources.of_kind(sample["apiVersion"], sample["kind"])
            assert info is not None
            base = f"/apis/{info.api_version}" if info.group else "/api/v1"
            if info.namespaced:
                base += f"/namespaces/{sample['metadata']['namespace']}"
            body = spoiled(chance, sample)
            method, name, media = chance.choice(
                [
                    ("POST", "", "application/json"),
                    ("PUT", sample["metadata"]["name"], "application/json"),
                    ("PATCH", sample["metadata"]["name"], "application/merge-patch+json"),
                    ("PATCH", sample["metadata"]["name"], "application/strategic-merge-patch+json"),
                    ("PATCH", sample["metadata"]["name"], "application/apply-patch+yaml"),
                    ("DELETE", sample["metadata"]["name"] + "-not", "application/json"),
                ]
            )
            if method == "POST" and isinstance(body.get("metadata"), dict):
                for field in ("resourceVersion", "managedFields"):
                    body["metadata"].pop(field, None)
                body["metadata"]["name"] = f"fuzz-{number}"
            if media == "application/apply-patch+yaml" and isinstance(body.get("metadata"), dict):
                body["metadata"].pop("managedFields", None)
            url = f"http://127.0.0.1:{port}{base}/{info.plural}" + (f"/{name}" if name else "")
            sub = "/status" if method in ("PUT", "PATCH") and info.has_status and chance.random() < 0.3 else ""
            query = "?fieldManager=fuzz&dryRun=All&force=true" if "apply" in media else "?fieldManager=fuzz&dryRun=All"
            async with session.request(
                method, url + sub + query, data=json.dumps(body), headers={"Content-Type": media}
            ) as answer:
                text = await answer.text()
                if answer.status < 300:
                    taken += 1
                else:
                    refused += 1
                if answer.status == 500 and '"InternalError"' in text:
                    broken.append(f"{method} {base}/{info.plural}{sub} {media}: {text[:300]}")
    assert broken == []
    assert refused > 100
    assert taken > 100


def _resource(obj: dict[str, Any]) -> str:
    return f"{obj['kind'].lower()}s.rbac.authorization.k8s.io"


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["metadata"]["name"] == other["metadata"]["name"])
