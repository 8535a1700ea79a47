"""Answers of Traefik's API into projections, with every secret masked before anything is kept.

The API gives the hashes of basicAuth and digestAuth, inlined private keys of forwardAuth and whatever a plugin is told, also
where they come from Kubernetes Secrets. What may be one is replaced here; nothing behind this module sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from pointsman.tui.model.flows import MASK, mask_header, mask_url
from pointsman.tui.model.meta import dig, dig_dict, dig_list, dig_str
from pointsman.tui.model.proxies import Certificate, EntryPoint, Middleware, Router, Service

T = TypeVar("T")

LONGEST_BODY: Final = 20_000
"""Characters of a middleware's configuration that are kept."""
LONGEST_TEXT: Final = 20_000
"""Characters of any one text: a rule, an error, a name."""
MOST_OF_A_LIST: Final = 1000
"""Entries of a list inside an item: servers of a service, routers that use a middleware."""
SECRET_KEY: Final = re.compile(
    r"passw|passphrase|secret|token|credential|private|apikey|api[-_]key|authorization|cookie|session|hash|salt|^auth$"
    r"|^key$|^cert$|^ca$|^users?$|^usersfile$|^pass$|^dsn$",
    re.IGNORECASE,
)
PLAIN_KEYS: Final = frozenset(
    ("addauthcookiestoresponse", "removeheader", "authresponseheaders", "authrequestheaders", "sourcecriterion")
)
"""Names that look like a secret's and hold only names of headers and cookies."""
SECRET_TEXT: Final = re.compile(
    r"\$(?:apr1|1|2[abxy]|5|6|argon2\w*)\$[^\s\"',]+|\{SHA\}[A-Za-z0-9+/=]+|-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)"
)
KNOWN: Final = frozenset(("status", "error", "usedBy", "name", "provider", "type", "observability"))


class NotAListError(ValueError):
    """The answer is JSON, but no list; the text says what it is."""


def items(raw: bytes) -> list[Any]:
    """The entries of a list. Raises ValueError for what is no JSON, NotAListError for other JSON."""
    found = msgspec.json.decode(raw)
    if not isinstance(found, list):
        raise NotAListError(f"it is {_kind(found)}")
    return found


def _kind(value: Any) -> str:
    return {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


def read_all(found: Iterable[Any], one: Callable[[Any, str], T], protocol: str) -> tuple[tuple[T, ...], int]:
    """The entries that can be used, and how many could not (no object, or one without a name)."""
    good: list[T] = []
    bad = 0
    for item in found:
        if isinstance(item, dict) and dig_str(item, "name"):
            good.append(one(item, protocol))
        else:
            bad += 1
    return tuple(good), bad


# -- one of each ----------------------------------------------------------------------------------------------------------
def router(item: Any, protocol: str) -> Router:
    ingress = dig_dict(item, "observability", "metadata", "ingress")
    made_from = (_text(ingress, "kind"), _text(ingress, "namespace"), _text(ingress, "name"))
    priority = dig(item, "priority")
    return Router(
        _text(item, "name"),
        protocol,
        provider_of(item),
        _text(item, "status"),
        _errors(item),
        _text(item, "rule"),
        _text(item, "ruleSyntax"),
        priority if isinstance(priority, int) and not isinstance(priority, bool) else None,
        _text(item, "service"),
        _words(item, "entryPoints"),
        _words(item, "using"),
        _words(item, "middlewares"),
        isinstance(dig(item, "tls"), dict),
        dig(item, "tls", "passthrough") is True,
        made_from if all(made_from) else None,
    )


def service(item: Any, protocol: str) -> Service:
    servers = [
        mask_url(address)
        for server in dig_list(item, "loadBalancer", "servers")[:MOST_OF_A_LIST]
        if (address := _text(server, "url") or _text(server, "address"))
    ]
    checked = isinstance(dig(item, "loadBalancer", "healthCheck"), dict)
    health = tuple(
        (mask_url(_cut(where)), _cut(state))
        for where, state in dig_dict(item, "serverStatus").items()
        if isinstance(where, str) and isinstance(state, str)
    )[:MOST_OF_A_LIST]
    return Service(
        _text(item, "name"),
        protocol,
        provider_of(item),
        _text(item, "type"),
        _text(item, "status"),
        _errors(item),
        _words(item, "usedBy"),
        tuple(servers),
        health if checked else (),
        tuple(_children(item))[:MOST_OF_A_LIST],
    )


def _children(item: Any) -> Iterable[tuple[str, int | None]]:
    for way in ("weighted", "highestRandomWeight"):
        for child in dig_list(item, way, "services"):
            if name := _text(child, "name"):
                weight = dig(child, "weight")
                yield name, weight if isinstance(weight, int) and not isinstance(weight, bool) else None
    for way, parts in (("mirroring", ("service",)), ("failover", ("service", "fallback"))):
        for part in parts:
            if name := _text(item, way, part):
                yield name, None
    for child in dig_list(item, "mirroring", "mirrors"):
        if name := _text(child, "name"):
            yield name, None


def middleware(item: Any, protocol: str) -> Middleware:
    body = {key: masked(value, key) for key, value in item.items() if isinstance(key, str) and key not in KNOWN}
    return Middleware(
        _text(item, "name"),
        protocol,
        provider_of(item),
        _text(item, "type"),
        _text(item, "status"),
        _errors(item),
        _words(item, "usedBy"),
        msgspec.json.encode(body).decode("utf-8", "replace")[:LONGEST_BODY],
    )


def entry_point(item: Any, _protocol: str) -> EntryPoint:
    return EntryPoint(_text(item, "name"), _text(item, "address"))


def certificate(item: Any, _protocol: str) -> Certificate:
    issuer = _text(item, "issuerCN") or _text(item, "issuerOrg")
    return Certificate(
        _text(item, "name"), _text(item, "commonName"), _words(item, "sans"), _text(item, "notAfter"), issuer,
        _text(item, "status"),
    )  # fmt: skip


def version(raw: bytes) -> str:
    """Of ``/api/version``; raises ValueError for what is no such answer."""
    found = msgspec.json.decode(raw)
    if not isinstance(found, dict):
        raise NotAListError(f"it is {_kind(found)}")
    return _text(found, "Version") or _text(found, "version")


def overview(raw: bytes) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Features and providers of ``/api/overview``; raises ValueError for what is no such answer."""
    found = msgspec.json.decode(raw)
    if not isinstance(found, dict) or not isinstance(found.get("http"), dict):
        raise NotAListError("it has no count of routers")
    features = {
        _cut(name): str(value).lower() if isinstance(value, bool) else _cut(str(value))
        for name, value in dig_dict(found, "features").items()
        if isinstance(value, (str, bool))
    }
    return features, _words(found, "providers")


def provider_of(item: Any) -> str:
    """Told, or the part of the name behind the ``@``."""
    return _text(item, "provider") or _text(item, "name").rpartition("@")[2]


# -- secrets --------------------------------------------------------------------------------------------------------------
def masked(value: Any, key: str = "") -> Any:
    """A configuration without what may be a secret: by the name of its field, or by the look of a hash or a key."""
    if key and key.lower() not in PLAIN_KEYS and SECRET_KEY.search(key):
        return _hidden(value)
    if isinstance(value, dict):
        return {name: masked(inner, name) for name, inner in value.items() if isinstance(name, str)}
    if isinstance(value, list):
        return [masked(inner) for inner in value[:MOST_OF_A_LIST]]
    if isinstance(value, str) and key and mask_header(key, "x") == MASK:
        return _hidden(value)
    return without_secrets(value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """The shape stays, to tell none from one: true and numbers as they are, each text masked; a user's name before its hash
    is no secret."""
    if isinstance(value, dict):
        return {name: _hidden(inner) for name, inner in value.items() if isinstance(name, str)}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value[:MOST_OF_A_LIST]]
    if isinstance(value, str) and value:
        user, colon, _ = value.partition(":")
        return f"{user}:{MASK}" if colon and re.fullmatch(r"[\w.@ -]{1,64}", user) else MASK
    return value


def without_secrets(text: str) -> str:
    """A text without hashes, keys, the values of a URL's query, and a URL's user and password."""
    return mask_url(SECRET_TEXT.sub(MASK, _cut(text)))


# -- fields ---------------------------------------------------------------------------------------------------------------
def _text(value: Any, *path: str) -> str:
    return _cut(dig_str(value, *path))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT]


def _words(value: Any, *path: str) -> tuple[str, ...]:
    return tuple(_cut(item) for item in dig_list(value, *path)[:MOST_OF_A_LIST] if isinstance(item, str))


def _errors(item: Any) -> tuple[str, ...]:
    """``error`` is a list; an older or odd one may be a text."""
    found = dig(item, "error")
    texts = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return tuple(without_secrets(text) for text in texts[:20] if isinstance(text, str) and text)
