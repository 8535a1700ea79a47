"""What Traefik calls the routers, services and middlewares that it makes of objects.

Names are built here and looked up, never taken apart: ``a-b`` in ``c`` and ``b`` in ``c-a`` give the same text. Rules as
observed on Traefik 3.7.15; ``safeNaming`` (3.7.11, opt-in) separates by underscores. Each function gives the names that are
possible, the likeliest first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from pointsman.tui.model.meta import Key

CRD, INGRESS, GATEWAY = "kubernetescrd", "kubernetes", "kubernetesgateway"
DEFAULT = f"default-router@{INGRESS}"
"""The one router of Ingresses with nothing but a default backend."""
SEPARATORS = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """Letters and digits stay; whatever stands between them becomes one dash."""
    return SEPARATORS.sub("-", text).strip("-")


def mark(text: str) -> str:
    """The first ten bytes of a SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def of_object(key: Key) -> tuple[str, ...]:
    """A Middleware, MiddlewareTCP or TraefikService."""
    return (f"{normal('-'.join(key))}@{CRD}", f"{key[0]}_{key[1]}@{CRD}")


def of_rule(key: Key, index: int, rule: str) -> tuple[str, ...]:
    """A rule of an IngressRoute or IngressRouteTCP."""
    return (f"{normal(f'{key[0]}-{key[1]}-{mark(rule)}')}@{CRD}", f"{key[0]}_{key[1]}_{index}@{CRD}")


def of_udp(key: Key, index: int) -> tuple[str, ...]:
    return (f"{normal(f'{key[0]}-{key[1]}-{index}')}@{CRD}", f"{key[0]}_{key[1]}_{index}@{CRD}")


def of_path(key: Key, host: str, path: str, rule: str) -> tuple[str, ...]:
    """A path of an Ingress. Two that come to the same text are told apart by their rules."""
    base = normal(f"{key[0]}-{key[1]}-{host}{path}")
    return (f"{base}@{INGRESS}", f"{base}-{mark(rule)}@{INGRESS}")


def of_match(kind: str, key: Key, gateway: Key, points: Sequence[str], index: int, rule: str) -> tuple[str, ...]:
    """A match of a Gateway API route on an entry point; ``kind`` as in the API (``HTTPRoute``). Before 3.7 the hash was of the
    rule alone; streams are named without their rule."""
    found: list[str] = []
    for point in points:
        parts = (*key, *gateway, point, str(index))
        label = normal("-".join((kind.lower(), *key, "gw", *gateway, "ep", point, str(index))))
        for text in dict.fromkeys((rule, "")):
            whole = "".join(f"{len(part.encode())}:{part}" for part in parts) + text
            found += [f"{label}-{mark(whole)}@{GATEWAY}", f"{label}-{mark(text)}@{GATEWAY}"]
    return tuple(found)


def covers(pattern: str, host: str) -> bool:
    """Whether a name of a certificate is for a host: itself, or a wildcard for one label (RFC 6125)."""
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:] and bool(host.partition(".")[0])
    return pattern == host
