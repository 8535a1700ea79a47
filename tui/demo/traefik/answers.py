"""The API's answers: lists with pages, search and filters, single items, and its errors, as Traefik 3.7 gives them.

``X-Next-Page: 1`` means the last page; errors are JSON sent as ``text/plain``; only GET is answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from pointsman.tui.demo.traefik.runs import Item, Runs
from pointsman.tui.model.core import Secret
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import epoch

PER_PAGE = 100
SOON = 30 * 86400.0
KINDS = {"routers": "router", "services": "service", "middlewares": "middleware"}
PROVIDERS = (("ingress", "KubernetesIngress"), ("crd", "KubernetesCRD"), ("gateway", "KubernetesGateway"))


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    next_page: str = ""


NOT_FOUND = Said(404, b"404 page not found\n", "text/plain; charset=utf-8")
NOT_ALLOWED = Said(405, b"", "text/plain; charset=utf-8")


def refused(status: int, text: str) -> Said:
    return Said(status, json.dumps({"message": text}).encode() + b"\n", "text/plain; charset=utf-8")


def answer(
    runs: Runs, path: str, query: str, *, version: str, started: str, certificates: Sequence[Obj[Secret]], now: float
) -> Said:
    """The answer to a GET of ``path`` (below the base path, beginning with ``/api``)."""
    parts = [unquote(part) for part in path.removeprefix("/api/").split("/")]
    asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    match parts:
        case ["version"]:
            return _json({"Version": version, "Codename": "langres", "startDate": started})
        case ["overview"]:
            return _json(_overview(runs, [_certificate(item, now) for item in certificates]))
        case ["entrypoints"]:
            return _page(_entry_points(runs), asked)
        case ["entrypoints", name]:
            return _one({item["name"]: item for item in _entry_points(runs)}, name, "entry point")
        case ["certificates"]:
            return _page(_filtered([_certificate(item, now) for item in certificates], asked, "certificates"), asked)
        case ["certificates", name]:
            return _one(
                {item["name"]: item for item in (_certificate(one, now) for one in certificates)}, name, "certificate"
            )
        case ["rawdata"]:
            return _json(_raw(runs))
        case [protocol, kind] if _served(protocol, kind):
            items = [runs.items[protocol][kind][name] for name in sorted(runs.items[protocol][kind])]
            return _page(_filtered(items, asked, kind), asked)
        case [protocol, kind, name] if _served(protocol, kind):
            return _one(runs.items[protocol][kind], name, KINDS[kind])
    return NOT_FOUND


def _served(protocol: str, kind: str) -> bool:
    return protocol in ("http", "tcp", "udp") and kind in KINDS and (protocol, kind) != ("udp", "middlewares")


def _json(value: Any, next_page: str = "") -> Said:
    return Said(200, json.dumps(value, separators=(",", ":")).encode() + b"\n", next_page=next_page)


def _one(table: Mapping[str, Item], name: str, what: str) -> Said:
    return _json(table[name]) if name in table else refused(404, f"{what} not found: {name}")


def _filtered(items: list[Item], asked: Mapping[str, str], kind: str) -> list[Item]:
    search = asked.get("search", "").lower()
    status = asked.get("status", "").lower()
    service, middleware = asked.get("serviceName", ""), asked.get("middlewareName", "")
    found = []
    for item in items:
        words = [item["name"], item.get("rule", "")] if kind == "routers" else [item["name"]]
        if kind == "certificates":
            words = [item["commonName"], item["issuerCN"], *item["sans"]]
        if search and not any(search in word.lower() for word in words):
            continue
        if status and item["status"] != status:
            continue
        if kind == "routers" and service and service not in (item["service"], f"{item['service']}@{item['provider']}"):
            continue
        if kind == "routers" and middleware and middleware not in item.get("middlewares", ()):
            continue
        found.append(item)
    return found


def _page(items: list[Item], asked: Mapping[str, str]) -> Said:
    numbers = {}
    for name, default in (("page", 1), ("per_page", PER_PAGE)):
        text = asked.get(name) or str(default)
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            return refused(400, f"invalid request: {name}: {text}")
        numbers[name] = int(text)
    start = (numbers["page"] - 1) * numbers["per_page"]
    if start and start >= len(items):
        return refused(400, f"invalid request: page: {numbers['page']}, per_page: {numbers['per_page']}")
    end = start + numbers["per_page"]
    return _json(items[start:end], str(numbers["page"] + 1 if end < len(items) else 1))


def _overview(runs: Runs, certificates: list[Item]) -> Item:
    found: Item = {
        protocol: {
            kind: _counts(list(table.values()))
            for kind, table in tables.items()
            if (protocol, kind) != ("udp", "middlewares")
        }
        for protocol, tables in runs.items.items()
    }
    counts = _counts(certificates)
    expired = sum(item["status"] == "expired" for item in certificates)
    traefik = runs.traefik
    found["certificates"] = {**counts, "errors": expired}
    found["features"] = {
        "tracing": "", "metrics": "Prometheus" if traefik.metrics else "",
        "accessLog": traefik.features.get("accessLog", False),
    }  # fmt: skip
    found["providers"] = [title for name, title in PROVIDERS if getattr(traefik, name)]
    return found


def _counts(items: list[Item]) -> Item:
    states = [item.get("status") for item in items]
    return {"total": len(items), "warnings": states.count("warning"), "errors": states.count("disabled")}


def _entry_points(runs: Runs) -> list[Item]:
    found = []
    for point in sorted(runs.traefik.entry_points.values(), key=lambda item: item.name):
        http: Item = {"sanitizePath": point.sanitize, "maxHeaderBytes": 1048576}
        if point.tls:
            http["tls"] = {}
        if point.middlewares:
            http["middlewares"] = list(point.middlewares)
        if point.redirect:
            to = {"to": point.redirect, "scheme": point.redirect_scheme, "permanent": point.permanent,
                  "priority": point.redirect_priority}  # fmt: skip
            http["redirections"] = {"entryPoint": to}
        found.append(
            {
                "address": f":{point.port}/{point.protocol}",
                "transport": {
                    "lifeCycle": {"graceTimeOut": "10s"},
                    "respondingTimeouts": {"readTimeout": "1m0s", "idleTimeout": "3m0s"},
                },
                "forwardedHeaders": {},
                "http": http,
                "http2": {"maxConcurrentStreams": 250},
                "udp": {"timeout": "3s"},
                "name": point.name,
            }
        )
    return found


def _certificate(obj: Obj[Secret], now: float) -> Item:
    """From what is public in the Secret. Traefik names it by its fingerprint, which is not kept: the object's name serves."""
    import hashlib

    held = obj.body.certificate
    sans = list(held.dns_names) if held is not None else []
    ends = epoch(held.not_after) if held is not None else None
    left = (ends or 0.0) - now
    subject, issuer = (_common(text) for text in ((held.subject, held.issuer) if held is not None else ("", "")))
    return {
        "name": hashlib.sha256(f"{obj.path} {held.not_after if held is not None else ''}".encode()).hexdigest(),
        "sans": sans,
        "notAfter": held.not_after if held is not None else "",
        "notBefore": held.not_before if held is not None else "",
        "commonName": subject or (sans[0] if sans else ""),
        "issuerCN": issuer,
        "version": "v3",
        "status": "expired" if left <= 0 else "warning" if left < SOON else "enabled",
    }


def _common(name: str) -> str:
    """The common name in ``CN=x,O=y``."""
    return next((part[3:] for part in name.split(",") if part.startswith("CN=")), "")


def _raw(runs: Runs) -> Item:
    """Maps keyed by id, empty ones left out; the items without name, provider and type."""
    found: Item = {}
    for protocol, prefix in (("http", ""), ("tcp", "tcp"), ("udp", "udp")):
        for kind in ("routers", "middlewares", "services"):
            table = runs.items[protocol][kind]
            if table:
                name = f"{prefix}{kind.capitalize()}" if prefix else kind
                found[name] = {
                    key: {one: value for one, value in item.items() if one not in ("name", "provider", "type")}
                    for key, item in sorted(table.items())
                }
    return found
