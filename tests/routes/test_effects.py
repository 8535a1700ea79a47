"""What each kind of middleware would do to a request."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.answers.routes.effects import Effect, Passing, effects, one
from pointsman.tui.answers.routes.language import Asked


def passing(path: str = "/a/b", scheme: str = "http", client: str = "10.1.2.3", **more: Any) -> Passing:
    port = 443 if scheme == "https" else 80
    return Passing(scheme, "a.example", port, Asked.of("a.example", path, "q=1", client=client, **more))


def effect(kind: str, body: dict[str, Any], before: Passing | None = None) -> Effect:
    return one("x/m", kind, body, before or passing())


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("stripPrefix", {"prefixes": ["/z", "/a"]}, "/b"),
        ("stripPrefix", {"prefixes": ["/a/b"]}, "/"),
        ("stripPrefix", {"prefixes": ["/z"]}, "/a/b"),
        ("stripPrefixRegex", {"regex": ["/[a-z]/"]}, "/b"),
        ("addPrefix", {"prefix": "/new"}, "/new/a/b"),
        ("replacePath", {"path": "/one"}, "/one"),
        ("replacePathRegex", {"regex": "^/a/(.*)", "replacement": "/c/$1"}, "/c/b"),
        ("replacePathRegex", {"regex": "^/z", "replacement": "/c"}, "/a/b"),
    ],
)
def test_paths(kind: str, body: dict[str, Any], path: str) -> None:
    found = effect(kind, body)
    assert found.passing is not None
    assert (found.passing.asked.path, found.state, found.answers) == (path, "ok", False)


@pytest.mark.parametrize(
    ("kind", "body", "scheme", "text"),
    [
        ("redirectScheme", {"scheme": "https", "permanent": True}, "http", "301: go to https://a.example/a/b?q=1"),
        ("redirectScheme", {"scheme": "https", "port": "8443"}, "http", "302: go to https://a.example:8443/a/b?q=1"),
        ("redirectRegex", {"regex": "^http://a.example/(.*)", "replacement": "https://b.example/${1}"}, "http",
         "302: go to https://b.example/a/b?q=1"),
    ],
)  # fmt: skip
def test_redirects_end_the_way(kind: str, body: dict[str, Any], scheme: str, text: str) -> None:
    found = effect(kind, body, passing(scheme=scheme))
    assert text in found.text
    assert found.answers


def test_redirects_that_have_nothing_to_do() -> None:
    assert not effect("redirectScheme", {"scheme": "https"}, passing(scheme="https")).answers
    assert not effect("redirectRegex", {"regex": "^ftp", "replacement": "x"}).answers


def test_allow_lists() -> None:
    body = {"sourceRange": ["10.0.0.0/8", "192.0.2.1"]}
    assert effect("ipAllowList", body).state == "ok"
    refused = effect("ipAllowList", body, passing(client="203.0.113.1"))
    assert (refused.state, refused.answers) == ("broken", True)
    assert effect("ipAllowList", body, passing(client="")).state == "unknown"
    assert effect("ipAllowList", {**body, "ipStrategy": {"depth": 1}}).state == "unknown"
    assert effect("ipAllowList", {"sourceRange": ["nonsense"]}).state == "broken"


def test_what_is_not_known_is_unknown() -> None:
    assert effect("plugin", {"x": {}}).state == "unknown"
    assert effect("redirectRegex", {"regex": "[", "replacement": ""}).state == "broken"


def test_auth() -> None:
    assert "401" in effect("basicAuth", {"secret": "s"}).text
    held = passing(headers=[("authorization", "Basic eDp5")])
    assert "401" not in effect("basicAuth", {"secret": "s"}, held).text


def test_middlewares_with_no_kind_two_kinds_or_a_loop() -> None:
    text = """
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: two, namespace: x}
spec: {compress: {}, addPrefix: {prefix: /a}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: loop, namespace: x}
spec: {chain: {middlewares: [{name: loop}]}}
"""
    snapshot = worlds.make_store(text).snapshot()
    assert "exactly one kind" in effects(snapshot, "x", "two", passing())[0].text
    assert "leads to itself" in effects(snapshot, "x", "loop", passing())[-1].text
    assert effects(snapshot, "x", "gone", passing())[0].state == "broken"
