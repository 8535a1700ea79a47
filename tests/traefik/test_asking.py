"""Asking an API at an address: pages, gentle rounds, and a sentence for everything that is no answer."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from aiohttp import web
from authority import Authority
from fakeapi import fake_api

from pointsman.tui.options import TraefikOptions
from pointsman.tui.sources.traefik.asker import Asker
from pointsman.tui.store.snapshot import Link, State
from pointsman.tui.store.store import Store

LISTS = 8 + 2
"""Lists of one whole look: routers, services and middlewares of HTTP and TCP, two of UDP, entry points, certificates."""


def asker(store: Store, url: str, **more: str) -> Asker:
    return Asker(store, lambda: None, lambda: TraefikOptions(url, **more))


async def ask(url: str, **more: str) -> tuple[Store, Link]:
    store = worlds.make_store()
    one = asker(store, url, **more)
    try:
        await one.ask()
    finally:
        await one.close()
    return store, store.snapshot().links["traefik"]


async def test_everything_is_read() -> None:
    async with fake_api() as fake:
        store, link = await ask(fake.url)
    assert (link.state, link.detail) == (State.LIVE, "3.7.15, 1 replica")
    (said,) = store.snapshot().traefik.replicas
    assert (said.version, len(said.routers), said.unread) == ("3.7.15", 21, ())
    assert {router.protocol for router in said.routers} == {"http", "tcp", "udp"}
    assert said.providers == ("KubernetesIngress", "KubernetesIngressNGINX", "KubernetesCRD", "KubernetesGateway")
    assert said.features["accessLog"] == "false"
    assert "$apr1$" not in repr(store.snapshot().traefik)


async def test_all_pages() -> None:
    async with fake_api() as fake:
        one = fake.answers["http-routers"][0]
        fake.answers["http-routers"] = [{**one, "name": f"r{number}@file"} for number in range(1234)]
        store, _ = await ask(fake.url)
        assert fake.hits["/api/http/routers"] == 3
    (said,) = store.snapshot().traefik.replicas
    assert len([item for item in said.routers if item.protocol == "http"]) == 1234


async def test_a_round_without_news_is_one_small_question_over_the_same_line() -> None:
    store = worlds.make_store()
    async with fake_api() as fake:
        one = asker(store, fake.url)
        await one.ask()
        version, hits = store.snapshot().traefik.version, fake.hits.total()
        for _ in range(5):
            assert await one.ask(whole=False)
        assert fake.hits.total() == hits + 5
        assert store.snapshot().traefik.version == version
        fake.answers["overview"]["http"]["routers"]["errors"] = 3
        fake.answers["http-routers"][3]["status"] = "warning"
        await one.ask(whole=False)
        assert fake.hits.total() == hits + 5 + 1 + 2 + LISTS
        assert store.snapshot().traefik.version != version
        assert len(fake.connections) == 1
        await one.ask()
        assert len(store.snapshot().traefik.replicas[0].routers) == 21
        await one.close()


async def test_an_older_version_without_certificates() -> None:
    async with fake_api() as fake:
        del fake.answers["certificates"]
        store, link = await ask(fake.url)
    (said,) = store.snapshot().traefik.replicas
    assert (link.state, said.certificates, said.unread) == (State.LIVE, None, ())


async def test_a_base_path_and_an_address_as_browsers_show_it() -> None:
    async with fake_api(base="/base") as fake:
        for path in ("/base", "/base/", "/base/dashboard/", "/base/api"):
            _, link = await ask(fake.url + path)
            assert link.state is State.LIVE, link
        _, link = await ask(fake.url)
    assert link.state is State.ABSENT
    assert "404" in link.detail


def answer(**fields: Any) -> Callable[[web.Request], Any]:
    async def hook(request: web.Request) -> web.StreamResponse:
        return web.Response(**fields)

    return hook


@pytest.mark.parametrize(
    ("fields", "state", "words"),
    [
        ({"status": 404, "text": "404 page not found\n"}, State.ABSENT, "404: no route leads to its API"),
        ({"status": 401, "text": "401 Unauthorized"}, State.FORBIDDEN, "does not let us see its API: it answers 401"),
        ({"status": 403, "text": "Forbidden"}, State.FORBIDDEN, "it answers 403"),
        ({"text": "<!doctype html><title>Login</title>", "content_type": "text/html"}, State.DOWN, "a web page, not with JSON"),
        ({"text": "  <html>", "content_type": "application/json"}, State.DOWN, "a web page"),
        ({"status": 302, "headers": {"Location": "https://login.example/?next=secret"}}, State.DOWN, "sends /api/overview on to"),
        ({"status": 502, "text": "Bad Gateway"}, State.DOWN, "with 502"),
        ({"text": "not json"}, State.DOWN, "it is no JSON"),
        ({"text": "[]"}, State.DOWN, "something else than Traefik's API"),
        ({"text": '{"status":"ok"}'}, State.DOWN, "it has no count of routers"),
        ({"text": "null"}, State.DOWN, "something else"),
        ({"text": "[" * 100_000}, State.DOWN, "something else"),
        ({"body": b"\xff\xfe\x00"}, State.DOWN, "something else"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_of_this_api(fields: dict[str, Any], state: State, words: str) -> None:
    async with fake_api() as fake:
        fake.hook = answer(**fields)
        store, link = await ask(fake.url)
    assert (link.state, store.snapshot().traefik.replicas) == (state, ())
    assert words in link.detail
    assert "secret" not in link.detail
    assert link.detail.endswith((".", ">"))


async def test_lists_that_cannot_be_read_are_told_and_the_others_stay() -> None:
    async def hook(request: web.Request) -> web.StreamResponse | None:
        if request.path == "/api/http/services":
            return web.json_response({"message": "no"})
        if request.path == "/api/tcp/routers":
            return web.json_response(
                [{"name": 3, "priority": "x"}, None, {"rule": ["x"]}, {"name": "ok@file", "tls": 1}]
            )
        if request.path == "/api/udp/routers":
            return web.Response(status=500, text="oops")
        return None

    async with fake_api() as fake:
        fake.hook = hook
        store, link = await ask(fake.url)
    (said,) = store.snapshot().traefik.replicas
    assert link.state is State.LIVE
    assert [item.name for item in said.routers if item.protocol == "tcp"] == ["3", "ok@file"]
    assert [text.partition(":")[0] for text in said.unread] == [
        "/api/http/services is not understood", "/api/tcp/routers", "/api/udp/routers",
    ]  # fmt: skip
    assert "500" in link.hint


async def test_nobody_there_and_nobody_answering() -> None:
    _, link = await ask("http://127.0.0.1:1")
    assert (link.state, "cannot be reached" in link.detail) == (State.DOWN, True)


async def test_what_was_said_stays_with_its_age_when_it_stops_answering() -> None:
    store = worlds.make_store()
    async with fake_api() as fake:
        one = asker(store, fake.url)
        await one.ask()
        fake.hook = answer(status=502, text="restarting")
        assert not await one.ask()
        link = store.snapshot().links["traefik"]
        assert (link.state, bool(store.snapshot().traefik.replicas)) == (State.STALE, True)
        fake.hook = answer(status=404, text="404 page not found")
        await one.ask()
        assert store.snapshot().traefik.replicas == ()
        assert store.snapshot().links["traefik"].state is State.ABSENT
        fake.hook = None
        assert await one.ask()
        await one.close()


async def test_a_password_from_a_file(tmp_path: Path) -> None:
    seen: list[str | None] = []

    async def hook(request: web.Request) -> web.StreamResponse | None:
        seen.append(request.headers.get("Authorization"))
        return None if seen[-1] else web.Response(status=401)

    file = tmp_path / "auth"
    async with fake_api() as fake:
        fake.hook = hook
        assert (await ask(fake.url))[1].state is State.FORBIDDEN
        for content, wanted in (
            ("keeper:pass word\n", f"Basic {base64.b64encode(b'keeper:pass word').decode()}"),
            ("tok.en", "Bearer tok.en"),
        ):
            file.write_text(content)
            assert (await ask(fake.url, auth_file=str(file)))[1].state is State.LIVE
            assert seen[-1] == wanted
        file.write_text("two\nlines")
        assert "one line" in (await ask(fake.url, auth_file=str(file)))[1].detail


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("ftp://x", {}, "must be http"),
        ("http://", {}, "must be http"),
        ("http://x:99999", {}, "is not a URL"),
        ("https://u:p@x", {}, "holds a password"),
        ("https://x/?a=1", {}, "scheme, host, port and path only"),
        ("http://traefik.example", {"auth_file": "/nowhere"}, "not sent in clear"),
        ("https://traefik.example", {"auth_file": "/nowhere"}, "/nowhere cannot be read"),
        ("https://traefik.example", {"ca_file": "/nowhere"}, "CA file /nowhere cannot be used"),
    ],
)
async def test_addresses_that_cannot_be_used(url: str, more: dict[str, str], words: str) -> None:
    _, link = await ask(url, **more)
    assert link.state is State.DOWN
    assert words in link.detail
    assert ":p@" not in link.detail


async def test_tls_with_an_own_authority(tmp_path: Path) -> None:
    authority = Authority()
    issued = authority.issue("traefik", server=True)
    (tmp_path / "tls.pem").write_bytes(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.certificate)
    async with fake_api(tls=context) as fake:
        _, link = await ask(fake.url)
        assert (link.state, "certificate" in link.detail.lower()) == (State.DOWN, True)
        _, link = await ask(fake.url, ca_file=str(ca))
    assert link.state is State.LIVE
