"""Answers into projections: real ones whole, odd ones without a crash, and no secret in what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakeapi import saved
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.sources.traefik import read

HASH = "$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"


def test_a_real_router() -> None:
    found = {item.name: item for item in read.read_all(saved("kubernetes", "http-routers"), read.router, "http")[0]}
    one = found["default-whoami-route-d46d7f4676f35bfbe780@kubernetescrd"]
    assert (one.status, one.provider, one.priority) == ("enabled", "kubernetescrd", 35)
    assert one.rule == "Host(`who.lab`) && PathPrefix(`/x`)"
    assert one.middlewares == ("default-strip@kubernetescrd", "default-auth@kubernetescrd")
    assert one.ingress == ("IngressRoute", "default", "whoami-route")
    broken = found["default-badmw-f38b580e0ddfa144853c@kubernetescrd"]
    assert (broken.status, broken.errors) == ("disabled", ('middleware "default-nomw@kubernetescrd" does not exist',))
    assert found["api@internal"].priority == 9223372036854775806


def test_up_without_a_health_check_is_not_told() -> None:
    found = {item.name: item for item in read.read_all(saved("file", "http-services"), read.service, "http")[0]}
    checked = [item for item in found.values() if item.health]
    raw = {item["name"]: item for item in saved("file", "http-services")}
    assert checked
    assert all("healthCheck" in raw[item.name]["loadBalancer"] for item in checked)
    assert any("serverStatus" in raw[name] and not item.health for name, item in found.items())
    assert found["wrr@file"].children == (("app", 3), ("app2", 1))


@pytest.mark.parametrize("folder", ["file", "kubernetes"])
def test_no_hash_is_kept_of_real_middlewares(folder: str) -> None:
    raw = json.dumps(saved(folder, "http-middlewares"))
    assert "$apr1$" in raw
    found, bad = read.read_all(saved(folder, "http-middlewares"), read.middleware, "http")
    assert bad == 0
    assert not any("$apr1$" in repr(item) for item in found)
    auth = next(item for item in found if item.type == "basicauth")
    assert ":***" in auth.body, "that there is a user is no secret"


SECRET = "s3cr3t-hunter2"


@pytest.mark.parametrize(
    "body",
    [
        {"basicAuth": {"users": [f"u:{HASH}"], "realm": "r"}},
        {"digestAuth": {"users": [f"u:r:{SECRET}"]}},
        {"forwardAuth": {"address": f"http://u:{SECRET}@auth/verify?token={SECRET}", "tls": {"key": SECRET, "cert": SECRET}}},
        {"headers": {"customRequestHeaders": {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Cookie": SECRET}}},
        {"plugin": {"crowdsec": {"crowdsecLapiKey": "x", "apiToken": SECRET, "deep": [{"password": SECRET}]}}},
        {"rateLimit": {"redis": {"endpoints": ["r:6379"], "password": SECRET, "username": "u"}}},
        {"inline": {"anything": f"text with -----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"}},
        {"odd": {"note": f"{HASH}"}, "error": [f'invalid user "u:{HASH}"']},
        {"users": SECRET, "type": "basicauth"},
    ],
)  # fmt: skip
def test_secrets_of_any_kind_are_masked(body: dict[str, Any]) -> None:
    kept = repr(read.middleware({"name": "m@file", **body}, "http"))
    assert SECRET not in kept
    assert HASH not in kept


def test_what_is_no_secret_stays() -> None:
    body = {
        "headers": {"customRequestHeaders": {"X-Forwarded-Proto": "https"}, "stsSeconds": 31536000, "frameDeny": True},
        "ipAllowList": {"sourceRange": ["10.0.0.0/8"]},
        "forwardAuth": {"address": "http://auth.home/verify", "authResponseHeaders": ["Remote-User"], "trustForwardHeader": True},
        "basicAuth": {"realm": "media", "removeHeader": True},
    }  # fmt: skip
    assert json.loads(read.middleware({"name": "m", **body}, "http").body) == body


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "name", "provider", "rule", "priority", "service", "entryPoints", "using", "middlewares", "tls", "error", "status",
    "observability", "loadBalancer", "weighted", "mirroring", "failover", "serverStatus", "usedBy", "type", "sans",
    "notAfter", "basicAuth", "headers", "address",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK), st.sampled_from(("http", "tcp", "udp")))
def test_fields_of_any_type_never_raise(item: dict[str, Any], protocol: str) -> None:
    for one in (read.router, read.service, read.middleware, read.entry_point, read.certificate):
        read.read_all([item, {**item, "name": "x@y"}, None, 3, []], one, protocol)


def test_what_is_no_list() -> None:
    with pytest.raises(ValueError, match="an object"):
        read.items(b'{"message":"router not found"}')
    with pytest.raises(ValueError):
        read.items(b"404 page not found")
    with pytest.raises(ValueError, match="no count"):
        read.overview(b'{"status":"ok"}')
