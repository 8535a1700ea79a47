"""Ways to the API where a port-forward is not allowed, or where the first door is shut."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import scenarios
from fakeapi import FakeApi

from pointsman.tui.sources.errors import ForbiddenError, NotFoundError, StatusError
from pointsman.tui.sources.traefik.asker import Asker
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store


class Client:
    """An API server that allows no port-forward; ``status`` is what its pod proxy answers, 200 with a saved answer."""

    def __init__(self, status: int = 200, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.status = status
        self.paths: list[str] = []
        self.answers = FakeApi().answers

    @contextlib.asynccontextmanager
    async def port_forward(self, namespace: str, pod: str, port: int) -> AsyncIterator[None]:
        raise ForbiddenError("not allowed", code=403)
        yield

    async def request(self, method: str, path: str, *, params: Mapping[str, str], **_: Any) -> bytes:
        assert method == "GET"
        self.paths.append(path)
        if self.status == 403:
            raise ForbiddenError("get pods/proxy is not allowed", code=403)
        if self.status == 404:
            raise NotFoundError("the server could not find it", code=404, message="404 page not found")
        if self.status != 200:
            raise StatusError("an error", code=self.status, message="oops")
        name = path.partition("/proxy/api/")[2].replace("/", "-")
        found = self.answers[name]
        size, page = int(params.get("per_page", "100")), int(params.get("page", "1"))
        return json.dumps(found[(page - 1) * size : page * size] if isinstance(found, list) else found).encode()


async def asked(client: Client) -> Store:
    store = scenarios.store_of("classic")
    asker = Asker(store, lambda: client)  # type: ignore[arg-type, return-value]
    await asker.ask()
    await asker.close()
    return store


async def test_the_pod_proxy_where_no_port_forward_is_allowed() -> None:
    client = Client()
    one = client.answers["http-routers"][3]
    client.answers["http-routers"] = [{**one, "name": f"r{number}@file"} for number in range(1100)]
    snapshot = (await asked(client)).snapshot()
    assert snapshot.links["traefik"].state is State.LIVE
    (said,) = snapshot.traefik.replicas
    assert len([item for item in said.routers if item.protocol == "http"]) == 1100, "pages without their header"
    assert all(":8080/proxy/api/" in path for path in client.paths)


@pytest.mark.parametrize(
    ("client", "state", "words"),
    [
        (Client(read_only=True), State.FORBIDDEN, "the port-forward to it is not allowed"),
        (Client(403), State.FORBIDDEN, "neither a port-forward nor the pod proxy is allowed"),
        (Client(404), State.ABSENT, "404: no route leads to its API"),
        (Client(500), State.DOWN, "with 500"),
        (Client(503), State.DOWN, "an error"),
    ],
)
async def test_what_stands_in_the_way(client: Client, state: State, words: str) -> None:
    link = (await asked(client)).snapshot().links["traefik"]
    assert (link.state, words in link.detail) == (state, True), link
    if client.read_only:
        assert client.paths == [], "read-only programs reach into no pod"
        assert "pods/portforward" in link.hint
