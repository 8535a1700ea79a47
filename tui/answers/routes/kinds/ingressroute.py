"""IngressRoute: Traefik's own kind of HTTP route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes import crd
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Tls
from pointsman.tui.answers.routes.names import of_rule
from pointsman.tui.model.kinds import INGRESSROUTES, TLSOPTIONS
from pointsman.tui.model.meta import Loose, Obj, dig, dig_list, dig_str

KIND = INGRESSROUTES


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    spec = obj.body.spec
    traefik, ignored = crd.taker(ctx, obj)
    owner = ctx.owner(obj)
    names = [name for name in dig_list(spec, "entryPoints") if isinstance(name, str)]
    for index, item in enumerate(dig_list(spec, "routes")):
        parts = crd.Parts()
        if ignored is not None:
            parts.add(ignored, drops=ignored.text)
        if (kind := dig_str(item, "kind")) not in ("", "Rule"):
            text = f"its kind is {kind}; Traefik knows only Rule"
            parts.error("route-invalid-rule", text, drops=text)
        if dig_list(spec, "parentRefs"):
            text = "a child of another IngressRoute: what reaches it depends on its parent, which is not followed here"
            parts.error("route-child", text, severity="info", drops=text)
        points = crd.entry_points(ctx, traefik, names, "http", parts)
        match = dig_str(item, "match")
        syntax, hosts, error = crd.rule(match, "http", dig_str(item, "syntax"), traefik, parts)
        router = crd.priority(item, match, "http", syntax, traefik)
        uses = (
            *crd.defaults(ctx, traefik, points),
            *crd.middlewares(ctx, traefik, obj, dig_list(item, "middlewares"), parts),
        )
        for use in uses:
            if use.by:
                crd.report(use, parts)
        services = dig_list(item, "services")
        backends = crd.services(ctx, traefik, obj, services, parts)
        if not services:
            text = "the rule names no service"
            parts.error("route-missing-service", text, drops=text)
        tls = _tls(ctx, obj, parts)
        router = replace(router, entry_points=tuple(name.lower() for name in points), tls=tls is not None, error=error,
                         names=of_rule(obj.key, index, match))  # fmt: skip
        if tls is None and any(
            point is not None and point.tls for point in map(traefik.entry_points.get, router.entry_points)
        ):
            tls = ctx.default_tls
        yield Route(
            ref(obj), index, "http", TRAEFIK, hosts, match, (router,), points, ctx.port_words(traefik, points), uses,
            backends, tls, router.priority, owner, problems=tuple(parts.problems), dropped=parts.dropped,
            served_by=traefik.ref,
        )  # fmt: skip


def _tls(ctx: Context, obj: Obj[Loose], parts: crd.Parts) -> Tls | None:
    spec = obj.body.spec
    if not isinstance(dig(spec, "tls"), dict):
        return None
    option = dig_str(spec, "tls", "options", "name")
    if option and "@" not in option:
        where = dig_str(spec, "tls", "options", "namespace") or obj.namespace
        if ctx.snapshot.known(TLSOPTIONS) and ctx.snapshot.get(TLSOPTIONS, where, option) is None:
            text = f"TLSOption {where}/{option} does not exist; Traefik switches the route off"
            parts.error("route-missing-tls-option", text, drops=text)
    if name := dig_str(spec, "tls", "secretName"):
        found, problem = ctx.tls(obj.namespace, name)
        parts.add(problem)
        return found
    if resolver := dig_str(spec, "tls", "certResolver"):
        return Tls(None, None, f"from the certificate resolver {resolver}")
    return ctx.default_tls
