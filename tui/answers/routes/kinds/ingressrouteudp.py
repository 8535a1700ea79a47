"""IngressRouteUDP: everything that comes to an entry point goes to one service; there is no rule."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes import crd
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Router
from pointsman.tui.answers.routes.names import of_udp
from pointsman.tui.model.kinds import INGRESSROUTEUDPS
from pointsman.tui.model.meta import Loose, Obj, dig_list

KIND = INGRESSROUTEUDPS


def read(ctx: Context, obj: Obj[Loose]) -> Iterator[Route]:
    spec = obj.body.spec
    traefik, ignored = crd.taker(ctx, obj)
    owner = ctx.owner(obj)
    names = [name for name in dig_list(spec, "entryPoints") if isinstance(name, str)]
    for index, item in enumerate(dig_list(spec, "routes")):
        parts = crd.Parts()
        if ignored is not None:
            parts.add(ignored, drops=ignored.text)
        points = crd.entry_points(ctx, traefik, names, "udp", parts)
        services = dig_list(item, "services")
        backends = crd.services(ctx, traefik, obj, services, parts, "udp")
        if not services:
            text = "the rule names no service"
            parts.error("route-missing-service", text, drops=text)
        router = Router("", entry_points=tuple(name.lower() for name in points), names=of_udp(obj.key, index))
        yield Route(
            ref(obj), index, "udp", TRAEFIK, (), "", (router,), points, ctx.port_words(traefik, points), (), backends,
            None, None, owner, problems=tuple(parts.problems), dropped=parts.dropped, served_by=traefik.ref,
        )  # fmt: skip
