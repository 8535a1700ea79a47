"""Forms for the middlewares that are made most. The others are templates."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from pointsman.tui.actions.making.form import (
    Filled,
    Form,
    Spec,
    Values,
    check_name,
    check_namespace,
    doc,
    one_of,
)
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.middlewares import words
from pointsman.tui.model.kinds import MIDDLEWARES, NAMESPACES, NODES
from pointsman.tui.store.snapshot import Snapshot

API = "traefik.io/v1alpha1"
LONGEST_PASSWORD = 72
"""Bytes that bcrypt looks at."""


def _namespace(values: Values) -> str:
    return values.get("namespace", "")


def _place(snapshot: Snapshot, namespace: str, at: Ref | None, name: str) -> tuple[Spec, Spec]:
    here = namespace or (at.namespace if at is not None else "")
    names = tuple(sorted(obj.name for obj in snapshot.all(NAMESPACES)))
    return (
        Spec("name", "name", name, "", check_name(MIDDLEWARES.id, _namespace)),
        Spec("namespace", "namespace", here, "that of the routes it is for", check_namespace, names),
    )


def _middleware(values: Values, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return doc(API, "Middleware", values["namespace"], values["name"], {kind: body})


def _said(kind: str, body: dict[str, Any]) -> tuple[str, ...]:
    return (words(kind, body), "m on a route puts it there: on its own it does nothing")


# -- basicAuth ------------------------------------------------------------------------------------------------------------
def hashed(user: str, password: str) -> str:
    """A line of htpasswd with bcrypt, which Traefik reads."""
    import bcrypt  # late: only this form needs it

    return f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode()}"


def _check_user(_snapshot: Snapshot, value: str, _values: Values) -> str:
    return "" if value and ":" not in value and value.isprintable() else "a user's name without a colon"


def _check_password(_snapshot: Snapshot, value: str, _values: Values) -> str:
    if len(value) < 8:
        return "at least 8 characters"
    if len(value.encode()) > LONGEST_PASSWORD or "\0" in value:
        return f"at most {LONGEST_PASSWORD} bytes: what follows would not count"
    return ""


def _basic_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    return (
        *_place(snapshot, namespace, at, "auth"),
        Spec("user", "user", "", "", _check_user),
        Spec("password", "password", "", "hidden; only its hash is sent", _check_password, secret=True),
    )


def _make_basic(_: Snapshot, values: Values) -> Filled:
    name = f"{values['name']}-users"
    secret = {
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": name, "namespace": values["namespace"]},
        "data": {"users": base64.b64encode(f"{hashed(values['user'], values['password'])}\n".encode()).decode()},
    }  # fmt: skip
    return Filled((secret, _middleware(values, "basicAuth", {"secret": name})))


BASIC_AUTH = Form(
    "basicAuth", "middleware basicAuth", "ask for user and password", MIDDLEWARES.id,
    _basic_fields, _make_basic, lambda _, values: _said("basicAuth", {"secret": f"{values['name']}-users"}),
    "Two objects are made, each asked for: a Secret with the user and a bcrypt hash, and the Middleware that names it.",
)  # fmt: skip


# -- forwardAuth ----------------------------------------------------------------------------------------------------------
def _check_url(_snapshot: Snapshot, value: str, _values: Values) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or not value.isprintable() or " " in value:
        return "a URL such as http://authelia.auth.svc/api/authz/forward-auth"
    return "leave user and password out of the URL" if parts.username or parts.password else ""


def _forward_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    return (
        *_place(snapshot, namespace, at, "forward-auth"),
        Spec("address", "asks", "", "http://authelia.auth.svc/api/authz/forward-auth", _check_url),
        Spec("headers", "headers kept", "Remote-User,Remote-Groups", "of its answer, with commas; may be empty"),
    )


def _forward_body(values: Values) -> dict[str, Any]:
    body: dict[str, Any] = {"address": values["address"]}
    if names := _list(values["headers"]):
        body["authResponseHeaders"] = names
    return body


FORWARD_AUTH = Form(
    "forwardAuth", "middleware forwardAuth", "ask a login service first", MIDDLEWARES.id,
    _forward_fields, lambda _, values: Filled((_middleware(values, "forwardAuth", _forward_body(values)),)),
    lambda _, values: _said("forwardAuth", _forward_body(values)),
)  # fmt: skip


# -- ipAllowList ----------------------------------------------------------------------------------------------------------
def _list(text: str) -> list[str]:
    return [word.strip() for word in text.replace(",", " ").split() if word.strip()]


def _check_ranges(_snapshot: Snapshot, value: str, _values: Values) -> str:
    found = _list(value)
    for word in found:
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError:
            return f"{word} is no address and no network"
    return "" if found else "at least one network, else nobody gets in"


def node_networks(snapshot: Snapshot) -> list[str]:
    """The /24 of each node's address: a guess, to be looked at."""
    nets: dict[str, None] = {}
    for obj in snapshot.all(NODES):
        for address in obj.body.status.addresses:
            if address.type == "InternalIP":
                try:
                    nets[str(ipaddress.ip_network(f"{address.address}/24", strict=False))] = None
                except ValueError:
                    continue
    return sorted(nets)[:4]


def _allow_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    return (
        *_place(snapshot, namespace, at, "lan-only"),
        Spec("ranges", "lets in", ", ".join(node_networks(snapshot)), "192.168.7.0/24, 10.8.0.0/24", _check_ranges),
    )


ALLOW_LIST = Form(
    "ipAllowList", "middleware ipAllowList", "let in only these addresses", MIDDLEWARES.id, _allow_fields,
    lambda _, values: Filled((_middleware(values, "ipAllowList", {"sourceRange": _list(values["ranges"])}),)),
    lambda _, values: _said("ipAllowList", {"sourceRange": _list(values["ranges"])}),
    "Traefik must see the callers' own addresses: with externalTrafficPolicy Cluster it may see a node's instead.",
)  # fmt: skip


# -- redirectScheme, stripPrefix, headers ---------------------------------------------------------------------------------
def _redirect_body(values: Values) -> dict[str, Any]:
    return {"scheme": values["scheme"], "permanent": values["permanent"] == "yes"}


REDIRECT = Form(
    "redirectScheme", "middleware redirectScheme", "send http to https", MIDDLEWARES.id,
    lambda snapshot, namespace, at: (
        *_place(snapshot, namespace, at, "redirect-https"),
        Spec("scheme", "to", "https", "", one_of(("https", "http"), "a scheme"), ("https", "http")),
        Spec("permanent", "for good", "yes", "yes or no: browsers remember a permanent one",
             one_of(("yes", "no"), "yes or no"), ("yes", "no")),
    ),
    lambda _, values: Filled((_middleware(values, "redirectScheme", _redirect_body(values)),)),
    lambda _, values: _said("redirectScheme", _redirect_body(values)),
)  # fmt: skip


def _check_prefixes(_snapshot: Snapshot, value: str, _values: Values) -> str:
    found = _list(value)
    return (
        "" if found and all(word.startswith("/") for word in found) else "paths that begin with /, with commas between"
    )


STRIP_PREFIX = Form(
    "stripPrefix", "middleware stripPrefix", "take a prefix off the path", MIDDLEWARES.id,
    lambda snapshot, namespace, at: (
        *_place(snapshot, namespace, at, "strip-prefix"),
        Spec("prefixes", "takes off", "", "/app", _check_prefixes),
    ),
    lambda _, values: Filled((_middleware(values, "stripPrefix", {"prefixes": _list(values["prefixes"])}),)),
    lambda _, values: _said("stripPrefix", {"prefixes": _list(values["prefixes"])}),
)  # fmt: skip


def _check_header(_snapshot: Snapshot, value: str, _values: Values) -> str:
    name, colon, _ = value.partition(":")
    return "" if not value or (colon and name.strip().replace("-", "").isalnum()) else "Name: value, or empty"


def _headers_body(values: Values) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if values["security"] == "yes":
        body = {"frameDeny": True, "contentTypeNosniff": True, "referrerPolicy": "same-origin", "stsSeconds": 31536000}
    for key, field in (("request", "customRequestHeaders"), ("response", "customResponseHeaders")):
        name, colon, value = values[key].partition(":")
        if colon:
            body[field] = {name.strip(): value.strip()}
    return body


HEADERS = Form(
    "headers", "middleware headers", "security headers, or one of your own", MIDDLEWARES.id,
    lambda snapshot, namespace, at: (
        *_place(snapshot, namespace, at, "secure-headers"),
        Spec("security", "security headers", "yes", "yes or no", one_of(("yes", "no"), "yes or no"), ("yes", "no")),
        Spec("request", "on the request", "", "Name: value; may be empty", _check_header),
        Spec("response", "on the answer", "", "Name: value; may be empty", _check_header),
    ),
    lambda _, values: Filled((_middleware(values, "headers", _headers_body(values)),)),
    lambda _, values: _said("headers", _headers_body(values)),
)  # fmt: skip
