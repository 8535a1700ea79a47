"""IngressRouteTCP: Traefik's route for TCP connections, by their TLS name or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes import crd
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Tls
from pointsman.tui.answers.routes.names import of_rule
from pointsman.tui.model.kinds import INGRESSROUTETCPS
from pointsman.tui.model.meta import Loose, Obj, dig, dig_list, dig_str

KIND = INGRESSROUTETCPS


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    spec = obj.body.spec
    traefik, ignored = crd.taker(ctx, obj)
    owner = ctx.owner(obj)
    names = [name for name in dig_list(spec, "entryPoints") if isinstance(name, str)]
    passthrough = dig(spec, "tls", "passthrough") is True
    for index, item in enumerate(dig_list(spec, "routes")):
        parts = crd.Parts()
        if ignored is not None:
            parts.add(ignored, drops=ignored.text)
        points = crd.entry_points(ctx, traefik, names, "tcp", parts)
        match = dig_str(item, "match")
        syntax, hosts, error = crd.rule(match, "tcp", dig_str(item, "syntax"), traefik, parts)
        router = crd.priority(item, match, "tcp", syntax, traefik)
        uses = crd.middlewares(ctx, traefik, obj, dig_list(item, "middlewares"), parts, tcp=True)
        services = dig_list(item, "services")
        backends = crd.services(ctx, traefik, obj, services, parts, "tcp")
        if not services:
            text = "the rule names no service"
            parts.error("route-missing-service", text, drops=text)
        tls = None
        if isinstance(dig(spec, "tls"), dict):
            name = dig_str(spec, "tls", "secretName")
            if name and not passthrough:
                tls, problem = ctx.tls(obj.namespace, name, passthrough=passthrough)
                parts.add(problem)
            else:
                tls = Tls(None, None, "passed through to the service", True) if passthrough else ctx.default_tls
        elif hosts and hosts[0] != "*":
            text = f"HostSNI({hosts[0]}) without tls: plain TCP carries no name; Traefik switches the route off"
            parts.error("route-sni-without-tls", text, drops=text)
        router = replace(
            router, entry_points=tuple(name.lower() for name in points), tls=tls is not None, passthrough=passthrough,
            error=error, names=of_rule(obj.key, index, match),
        )  # fmt: skip
        shown = tuple(host for host in hosts if host != "*")
        yield Route(
            ref(obj), index, "tcp", TRAEFIK, shown, match, (router,), points, ctx.port_words(traefik, points), uses,
            backends, tls, router.priority, owner, problems=tuple(parts.problems), dropped=parts.dropped,
            served_by=traefik.ref,
        )  # fmt: skip
