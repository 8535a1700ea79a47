"""Middlewares in words, who uses them, and those that are named and missing."""

from __future__ import annotations

from typing import Any

import pytest
import scenarios
import worlds
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.answers.routes.effects import EFFECTS
from pointsman.tui.answers.routes.middlewares import WORDS, Middleware, middleware_list, words


def middleware(name: str, namespace: str = "x", tcp: bool = False, **spec: Any) -> dict[str, Any]:
    kind = "MiddlewareTCP" if tcp else "Middleware"
    return {"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": {"name": name, "namespace": namespace},
            "spec": spec}  # fmt: skip


def route(*names: str, namespace: str = "x", tcp: bool = False) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "match": "HostSNI(`*`)" if tcp else "Host(`a`)",
        "middlewares": [{"name": n} for n in names],
    }
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRouteTCP" if tcp else "IngressRoute",
            "metadata": {"name": "r", "namespace": namespace}, "spec": {"routes": [rule]}}  # fmt: skip


def found(*docs: dict[str, Any]) -> dict[str, Middleware]:
    items = middleware_list(worlds.make_snapshot(list(docs))).items
    return {f"{item.ref.path}{'' if item.exists else '?'}": item for item in items}


def test_who_uses_one_and_who_nobody_uses() -> None:
    items = found(middleware("a", basicAuth={}), middleware("b", addPrefix={"prefix": "/x"}), route("a"))
    assert items["x/a"].used
    assert [ref.name for ref in items["x/a"].routes] == ["r"]
    assert not items["x/b"].used


def test_a_chain_uses_its_members_and_may_name_one_that_is_missing() -> None:
    chain = {"middlewares": [{"name": "a"}, {"name": "gone"}, {"name": "elsewhere@file"}]}
    items = found(middleware("a", compress={}), middleware("both", chain=chain), route("both"))
    assert [ref.name for ref in items["x/a"].chains] == ["both"]
    assert not items["x/gone?"].exists
    assert [ref.name for ref in items["x/gone?"].chains] == ["both"]
    assert not any("elsewhere" in name for name in items)


def test_a_missing_one_stands_where_it_would_be_and_tcp_is_another_kind() -> None:
    items = found(middleware("a", ipAllowList={"sourceRange": ["10.0.0.0/8"]}), route("a", tcp=True))
    assert items["x/a"].exists
    assert not items["x/a"].used
    assert items["x/a?"].ref.kind == "middlewaretcps"
    assert items["x/a?"].problems[0].severity == "error"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "exactly one kind, and has none"),
        ({"basicAuth": {}, "compress": {}}, "has basicAuth and compress"),
        ({"redirectRegex": {"regex": "(", "replacement": "x"}}, "Traefik refuses it"),
        ({"ipAllowList": {"sourceRange": ["10.0.0.0/99"]}}, "Traefik refuses it"),
    ],
)
def test_one_that_traefik_refuses_says_so(spec: dict[str, Any], said: str) -> None:
    assert said in found(middleware("a", **spec))["x/a"].text


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("redirectScheme", {"scheme": "https", "permanent": True}, "sends everything to https, for good (301)"),
        ("ipAllowList", {"sourceRange": ["10.0.0.0/8", "::1/128"]}, "lets in only 10.0.0.0/8 and ::1/128; everybody else gets 403"),
        ("ipAllowList", {}, "lets in only nobody; everybody else gets 403"),
        ("stripPrefix", {"prefixes": ["/a", "/b"]}, "takes /a or /b off the path"),
        ("basicAuth", {"secret": "users"}, "asks for user and password (users in Secret users); without it 401"),
        ("chain", {"middlewares": [{"name": "a"}, {"name": "b"}]}, "these in order: a and b"),
        ("rateLimit", {"average": 10}, "at most 10 requests in 1s, bursts of 1; beyond that 429"),
        ("plugin", {}, "what it does is not known here"),
    ],
)  # fmt: skip
def test_words(kind: str, body: dict[str, Any], said: str) -> None:
    assert words(kind, body) == said


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted({*EFFECTS, *WORDS})), JUNK)
def test_any_body_has_words(kind: str, body: Any) -> None:
    item = found({**middleware("a"), "spec": {kind: body}})["x/a"]
    assert item.text
    assert item.kind == kind


def test_secrets_values_of_users_are_never_in_the_words() -> None:
    text = words("basicAuth", {"users": ["admin:$apr1$verysecret"], "secret": "s"})
    assert "verysecret" not in text


def test_the_demo_has_no_missing_one_but_the_planted() -> None:
    for variant, missing in (("classic", []), ("broken", ["web/auth"])):
        items = middleware_list(scenarios.store_of(variant).snapshot()).items  # type: ignore[arg-type]
        assert [item.ref.path for item in items if not item.exists] == missing
