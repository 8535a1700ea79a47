"""GRPCRoute: a gRPC call is a POST to ``/service/method``, so a match is a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pointsman.tui.answers.routes import gatewayapi as api
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.crd import Parts
from pointsman.tui.answers.routes.gorule import quote, regexp_quote
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Router
from pointsman.tui.answers.routes.names import of_match
from pointsman.tui.model.kinds import GRPCROUTES
from pointsman.tui.model.meta import Loose, Obj, dig_dict, dig_list, dig_str

KIND = GRPCROUTES
ANY = "[^/]+"


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    at = api.attached(ctx, obj, "GRPCRoute")
    for index, rule, _ in api.rules_of(obj):
        parts = Parts(list(at.parts.problems), at.parts.dropped)
        routers = [
            _router(ctx, obj, match, place, index, parts)
            for match in dig_list(rule, "matches") or [{}]
            for place in at.places
        ]
        uses = api.filters(ctx, obj, dig_list(rule, "filters"), parts)
        found = api.backends(ctx, obj, "GRPCRoute", dig_list(rule, "backendRefs"), parts)
        yield api.finish(ctx, obj, index, "http", at, routers, uses, found, parts)


def _router(ctx: Context, obj: Obj[Loose], match: Any, place: api.Place, index: int, parts: Parts) -> Router:
    method = dig_dict(match, "method")
    service, call = dig_str(method, "service"), dig_str(method, "method")
    words = ['PathPrefix("/")']
    if method:
        plain = dig_str(method, "type", default="Exact") == "Exact"
        names = [(regexp_quote(text) if plain else text) if text else ANY for text in (service, call)]
        words = [f"PathRegexp({quote('/' + '/'.join(names))})"]
    headers = dig_list(match, "headers")
    for item in headers:
        form = "HeaderRegexp" if dig_str(item, "type") == "RegularExpression" else "Header"
        words.append(f"{form}({quote(dig_str(item, 'name'))},{quote(dig_str(item, 'value'))})")
    rest = " && ".join(words)
    hosts, more = api.host_rule(place.hosts)
    text = f"{hosts} && {rest}" if hosts else rest
    priority = more + len(rest.encode())
    _, error = checked_rule(text)
    if error is not None:
        parts.error("route-invalid-rule", f"the match cannot be used: {error}")
    points: tuple[str, ...] = ()
    rank: tuple[int, ...] = (*api.specificity(place.hosts), len(service), len(call), len(headers), -index)
    if place.controller == TRAEFIK:
        traefik = api.traefik_of(ctx, obj, parts)
        points = api.entry_point(traefik, place, parts)
        rank = (priority, traefik.precedence.get(api.PROVIDER, -99))
    return Router(text, "v3", priority, True, rank, points, place.tls, False, place.gateway.key, place.port,
                  str(error) if error else "", of_match("GRPCRoute", obj.key, place.gateway.key, points, index, text))  # fmt: skip
