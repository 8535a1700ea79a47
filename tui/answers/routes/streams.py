"""TLSRoute, TCPRoute and UDPRoute differ only in what they can tell connections apart by."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.routes import gatewayapi as api
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.crd import Parts
from pointsman.tui.answers.routes.model import TRAEFIK, Route, Router
from pointsman.tui.answers.routes.names import of_match
from pointsman.tui.model.meta import Loose, Obj, dig_list


def read_stream(ctx: Context, obj: Obj[Loose], kind: str, protocol: str, *, by_name: bool) -> Iterator[Route]:
    """One route for each rule; ``by_name``: connections are told apart by their TLS name."""
    at = api.attached(ctx, obj, kind)
    for index, rule, _ in api.rules_of(obj):
        parts = Parts(list(at.parts.problems), at.parts.dropped)
        routers = []
        for place in at.places:
            text, priority = api.host_rule(place.hosts, tcp=True) if by_name else ("", 0)
            text = "" if protocol == "udp" else text or 'HostSNI("*")'
            points: tuple[str, ...] = ()
            rank: tuple[int, ...] = (*api.specificity(place.hosts), -index)
            if place.controller == TRAEFIK:
                if protocol == "udp":
                    words = "Traefik does not support UDPRoute; use an IngressRouteUDP"
                    parts.error("route-ignored", words, drops=words)
                traefik = api.traefik_of(ctx, obj, parts)
                points = api.entry_point(traefik, place, parts)
                priority = priority or (-1 if text == 'HostSNI("*")' else len(text.encode()))
                rank = (priority, traefik.precedence.get(api.PROVIDER, -99))
            routers.append(Router(text, "v3", priority, True, rank, points, place.tls, place.passthrough,
                                  place.gateway.key, place.port,
                                  names=of_match(kind, obj.key, place.gateway.key, points, index, text)))  # fmt: skip
        found = api.backends(ctx, obj, kind, dig_list(rule, "backendRefs"), parts)
        yield api.finish(ctx, obj, index, protocol, at, routers, (), found, parts)
