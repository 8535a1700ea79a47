"""HTTPRoute. Traefik makes a rule and a priority of each match; the others follow the precedence of the Gateway API: the
most specific hostname, an exact path, the longest prefix, a method, the most headers, the most query parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pointsman.tui.answers.routes import gatewayapi as api
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.crd import Parts
from pointsman.tui.answers.routes.gorule import quote
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Router
from pointsman.tui.answers.routes.names import of_match
from pointsman.tui.model.kinds import HTTPROUTES
from pointsman.tui.model.meta import Loose, Obj, dig_dict, dig_list, dig_str

KIND = HTTPROUTES
ANY = 'PathPrefix("/")'


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    at = api.attached(ctx, obj, "HTTPRoute")
    for index, rule, count in api.rules_of(obj):
        parts = Parts(list(at.parts.problems), at.parts.dropped)
        routers = [
            _router(ctx, obj, match, place, count - index, index, parts)
            for match in dig_list(rule, "matches") or [{}]
            for place in at.places
        ]
        uses = api.filters(ctx, obj, dig_list(rule, "filters"), parts)
        found = api.backends(ctx, obj, "HTTPRoute", dig_list(rule, "backendRefs"), parts)
        if any("RequestRedirect" in use.inline for use in uses) and not found:
            parts.problems = [item for item in parts.problems if item.id != "route-missing-service"]
        yield api.finish(ctx, obj, index, "http", at, routers, uses, found, parts)


def _router(
    ctx: Context, obj: Obj[Loose], match: Any, place: api.Place, behind: int, index: int, parts: Parts
) -> Router:
    path, priority, rank = _path(dig_dict(match, "path"))
    words = [path]
    if method := dig_str(match, "method"):
        words.append(f"Method({quote(method)})")
        priority += 1000
    headers, queries = dig_list(match, "headers"), dig_list(match, "queryParams")
    for items, name, worth in ((headers, "Header", 100), (queries, "Query", 10)):
        for item in items:
            form = f"{name}Regexp" if dig_str(item, "type") == "RegularExpression" else name
            words.append(f"{form}({quote(dig_str(item, 'name'))},{quote(dig_str(item, 'value'))})")
            priority += worth
    hosts, more = api.host_rule(place.hosts)
    text = " && ".join(([hosts] if hosts else []) + words)
    priority += more if hosts else 0
    _, error = checked_rule(text)
    if error is not None:
        parts.error("route-invalid-rule", f"the match cannot be used: {error}")
    names: tuple[str, ...] = ()
    if place.controller == TRAEFIK:
        traefik = api.traefik_of(ctx, obj, parts)
        names = api.entry_point(traefik, place, parts)
        priority += behind
        rank = (priority, traefik.precedence.get(api.PROVIDER, -99))
    else:
        rank = (*api.specificity(place.hosts), *rank, int(bool(method)), len(headers), len(queries), -index)
    return Router(text, "v3", priority, True, rank, names, place.tls, False, place.gateway.key, place.port,
                  str(error) if error else "", of_match("HTTPRoute", obj.key, place.gateway.key, names, index, text))  # fmt: skip


def _path(path: dict[str, Any]) -> tuple[str, int, tuple[int, ...]]:
    """The rule, Traefik's share of the priority, and the Gateway API's order."""
    kind, value = dig_str(path, "type", default="PathPrefix"), dig_str(path, "value", default="/")
    if kind == "Exact":
        return f"Path({quote(value)})", 100000, (1, len(value))
    if kind == "RegularExpression":
        return f"PathRegexp({quote(value)})", 10000 + len(value) * 100, (0, len(value))
    if value == "/":
        return ANY, 1, (0, 1)
    bare = value.removesuffix("/")
    rule = f"(Path({quote(bare)}) || PathPrefix({quote(bare + '/')}))"
    return rule, 10000 + len(value) * 100, (0, len(value))
