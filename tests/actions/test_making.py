"""Routes and middlewares by a form: what is wrong with a value, what is made, and that the server and Traefik's rules take it."""

from __future__ import annotations

import base64
from typing import Any

import bcrypt
import pytest
import scenarios
import yaml
from hypothesis import given
from hypothesis import strategies as st
from writekit import Relay, desk_at

from pointsman.tui.actions.making import FORMS, Form
from pointsman.tui.actions.making.form import wishes
from pointsman.tui.actions.making.templates import templates
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.middlewares import middleware_list
from pointsman.tui.answers.routes.request import parse_request
from pointsman.tui.answers.routes.trace import trace
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.store import Store

BY_ID = {form.id: form for form in FORMS}
GOOD: dict[str, dict[str, str]] = {
    "http": {"service": "media/jellyfin:8096", "host": "tv.home.example", "path": "/watch", "point": "websecure",
             "tls": "default", "name": "tv"},
    "tcp": {"service": "db/postgres:5432", "point": "minecraft", "tls": "none", "sni": "*", "name": "pg"},
    "udp": {"service": "games/minecraft:19132", "point": "bedrock", "name": "bedrock"},
    "basicAuth": {"name": "door", "namespace": "media", "user": "ana", "password": "correct horse"},
    "forwardAuth": {"name": "sso", "namespace": "media", "address": "http://authelia.auth.svc/api", "headers": "Remote-User, X"},
    "ipAllowList": {"name": "lan", "namespace": "media", "ranges": "192.168.7.0/24, fd00::/8"},
    "redirectScheme": {"name": "tls", "namespace": "media", "scheme": "https", "permanent": "yes"},
    "stripPrefix": {"name": "strip", "namespace": "media", "prefixes": "/a /b"},
    "headers": {"name": "safe", "namespace": "media", "security": "yes", "request": "X-A: b", "response": ""},
}  # fmt: skip


@pytest.fixture(scope="module")
def store() -> Store:
    return scenarios.store_of("classic")


def wrong(form: Form, store: Store, values: dict[str, str]) -> dict[str, str]:
    """What the fields say of the values."""
    snapshot = store.snapshot()
    said = {}
    for spec in form.fields(snapshot, "", None):
        text = spec.check(snapshot, values[spec.key], values) if spec.check is not None else ""
        if text:
            said[spec.key] = text
    return said


@pytest.mark.parametrize("id", GOOD)
def test_good_values_pass_and_name_every_field(store: Store, id: str) -> None:
    form = BY_ID[id]
    assert {spec.key for spec in form.fields(store.snapshot(), "", None)} == set(GOOD[id])
    assert wrong(form, store, GOOD[id]) == {}
    assert form.says(store.snapshot(), GOOD[id])


@pytest.mark.parametrize(
    ("id", "key", "value", "said"),
    [
        ("http", "service", "media/jellyfin", "NAMESPACE/NAME:PORT"),
        ("http", "service", "media/nobody:80", "there is no Service media/nobody"),
        ("http", "service", "media/jellyfin:81", "it has no port 81; it has 8096"),
        ("udp", "service", "media/jellyfin:8096", "not UDP"),
        ("http", "host", "not a host", "a host name such as"),
        ("http", "host", "a`b", "a host name such as"),
        ("http", "path", "watch", "begins with /"),
        ("http", "path", "/a`) || Host(`b", "without blanks, quotes"),
        ("http", "point", "nowhere", "an entry point of Traefik: "),
        ("http", "tls", "gone-tls", "there is no TLS Secret gone-tls in media"),
        ("http", "name", "Films", "small letters"),
        ("http", "name", "films", "there is a IngressRoute of this name in media already"),
        ("tcp", "sni", "db.home.example", "without TLS nobody sends a name"),
        ("basicAuth", "user", "a:b", "without a colon"),
        ("basicAuth", "password", "short", "at least 8"),
        ("basicAuth", "password", "x" * 80, "at most 72 bytes"),
        ("basicAuth", "namespace", "nowhere", "there is no namespace nowhere"),
        ("forwardAuth", "address", "ftp://x", "a URL such as"),
        ("forwardAuth", "address", "http://u:p@x/", "leave user and password out"),
        ("ipAllowList", "ranges", "", "else nobody gets in"),
        ("ipAllowList", "ranges", "10.0.0.0/33", "10.0.0.0/33 is no address and no network"),
        ("stripPrefix", "prefixes", "app", "begin with /"),
        ("redirectScheme", "permanent", "maybe", "yes or no"),
        ("headers", "request", "no colon", "Name: value"),
    ],
)
def test_wrong_values_are_said(store: Store, id: str, key: str, value: str, said: str) -> None:
    found = wrong(BY_ID[id], store, {**GOOD[id], key: value})
    assert said in found[key]


@pytest.mark.parametrize("id", ["http", "tcp", "udp"])
def test_a_route_that_is_made_handles_what_it_says(store: Store, id: str) -> None:
    (wish,) = wishes(BY_ID[id], store.snapshot(), GOOD[id])
    doc = wish.make(None)
    assert doc is not None
    fresh = scenarios.store_of("classic")
    kind = KINDS[wish.ref.kind]
    fresh.change(kind, [from_doc(doc, kind)])
    route = next(item for item in route_list(fresh.snapshot()).items if item.ref == wish.ref)
    # The demo has a stream on each entry point for streams already.
    assert {problem.id for problem in route.problems} <= ({"route-duplicate"} if id != "http" else set())
    assert not route.dropped
    if id == "http":
        found = trace(fresh.snapshot(), parse_request("https://tv.home.example/watch/1"))
        assert found.winner is not None
        assert found.winner.name == "tv"


def test_a_wildcard_host_matches_one_label_and_no_more(store: Store) -> None:
    (wish,) = wishes(BY_ID["http"], store.snapshot(), {**GOOD["http"], "host": "*.apps.example", "path": ""})
    doc = wish.make(None)
    assert doc is not None
    fresh = scenarios.store_of("classic")
    fresh.change(KINDS["ingressroutes"], [from_doc(doc, KINDS["ingressroutes"])])
    for host, name in (("a.apps.example", "tv"), ("a.b.apps.example", None), ("aXapps.example", None)):
        winner = trace(fresh.snapshot(), parse_request(f"https://{host}/")).winner
        assert (winner.name if winner else None) == name


def test_who_handles_a_url_today_is_said(store: Store) -> None:
    said = BY_ID["http"].says(store.snapshot(), {**GOOD["http"], "host": "films.home.example"})
    assert "today IngressRoute media/films handles it" in said


@pytest.mark.parametrize("id", [key for key in GOOD if key not in ("http", "tcp", "udp")])
def test_a_middleware_that_is_made_has_words_and_no_problem(store: Store, id: str) -> None:
    fresh = scenarios.store_of("classic")
    for wish in wishes(BY_ID[id], store.snapshot(), GOOD[id]):
        if wish.ref.kind == "middlewares":
            doc = wish.make(None)
            assert doc is not None
            fresh.change(KINDS["middlewares"], [from_doc(doc, KINDS["middlewares"])])
    item = next(item for item in middleware_list(fresh.snapshot()).items if item.ref.name == GOOD[id]["name"])
    assert item.problems == ()
    assert item.kind == id


def test_a_password_is_hashed_and_its_secret_comes_first(store: Store) -> None:
    secret, middleware = wishes(BY_ID["basicAuth"], store.snapshot(), GOOD["basicAuth"])
    doc = secret.make(None)
    assert doc is not None
    assert secret.ref == Ref("secrets", "media", "door-users")
    assert secret.source == ""
    user, _, hashed = base64.b64decode(doc["data"]["users"]).decode().strip().partition(":")
    assert user == "ana"
    assert bcrypt.checkpw(b"correct horse", hashed.encode())
    assert middleware.make(None)["spec"] == {"basicAuth": {"secret": "door-users"}}  # type: ignore[index]


def test_every_template_is_a_middleware_of_one_kind_that_has_words(store: Store) -> None:
    snapshot = store.snapshot()
    assert len(templates()) >= 18
    for template in templates():
        doc = yaml.safe_load(template.filled(snapshot, "media"))
        kind = KINDS[template.kind]
        assert doc["kind"] == kind.kind
        fresh = scenarios.store_of("classic")
        fresh.change(kind, [from_doc(doc, kind)])
        item = next(
            item
            for item in middleware_list(fresh.snapshot()).items
            if (item.ref.kind, item.ref.key) == (kind.id, ("media", doc["metadata"]["name"]))
        )
        assert item.kind == next(iter(doc["spec"]))
        assert template.title.startswith((item.kind, f"TCP, {item.kind}"))
        assert not [problem for problem in item.problems if problem.id == "middleware-invalid"]


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_any_values_are_judged_without_falling_over(id: str, data: Any) -> None:
    form, snapshot = BY_ID[id], scenarios.store_of("classic").snapshot()
    values = {
        key: data.draw(st.sampled_from([good, "", "*", "/", "a:b/c", "[", "\0", "é" * 80]))
        for key, good in GOOD[id].items()
    }
    for spec in form.fields(snapshot, "", None):
        if spec.check is not None:
            assert isinstance(spec.check(snapshot, values[spec.key], values), str)
    assert isinstance(form.says(snapshot, values), tuple)


@pytest.mark.parametrize("id", GOOD)
async def test_the_server_takes_it_and_undo_takes_it_back(relay: Relay, id: str) -> None:
    async with desk_at(relay) as desk:
        if not desk.snapshot().count(KINDS["ingressroutes"]):
            pytest.skip("this server has no Traefik")
        made = []
        for wish in wishes(BY_ID[id], desk.snapshot(), GOOD[id]):
            plan = await desk.plan(wish)
            assert plan.dry_run.accepted, plan.dry_run.text
            assert "$2b$" not in "".join(plan.texts)
            result, _ = await desk.execute(plan)
            assert result.status is Status.DONE, result.text
            made.append(result.op)
        kept = desk.journal.path.read_text()
        assert "$2b$" not in kept
        assert base64.b64encode(b"ana:$2b").decode()[:8] not in kept
        for op in reversed(made):
            result, _ = await desk.execute(await desk.plan_undo(op))
            assert result.status is Status.DONE, result.text
