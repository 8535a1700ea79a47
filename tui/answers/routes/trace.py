"""Walk one request: name → address → announcer → service → entry point → router → middlewares → service → endpoint → pod, with
the policies on the way. Each hop is ok, broken, unknown or skipped, with its evidence.

The verdict is about the cluster: that a name or an address could not be checked from here does not change it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.ips import Address, ip_map
from pointsman.tui.answers.ips.explain import explain
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.behind import behind
from pointsman.tui.answers.routes.build import base, route_list
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.effects import Effect, Passing, effects, one
from pointsman.tui.answers.routes.fronts import Front, behind_service, guess
from pointsman.tui.answers.routes.hops import BROKEN, OK, SKIPPED, UNKNOWN, Hop
from pointsman.tui.answers.routes.language import Asked, Connection
from pointsman.tui.answers.routes.meant import meant
from pointsman.tui.answers.routes.model import DIRECT, TRAEFIK, Route, Router
from pointsman.tui.answers.routes.request import Request, Resolution
from pointsman.tui.answers.routes.routing import Candidate, Choice, Loser, candidates, choose
from pointsman.tui.answers.routes.traefik import EntryPoint, Traefik
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

LENIENT = ("dns", "ip", "announcer")
"""Hops whose being unknown leaves the verdict alone."""


@dataclass(frozen=True, slots=True)
class Winner:
    """The object that handles the request; ``kind`` is the API's kind, or EntryPoint for an entry point's own redirect."""

    kind: str
    namespace: str
    name: str
    rule_index: int


@dataclass(frozen=True, slots=True)
class Trace:
    request: Request
    verdict: str
    hops: tuple[Hop, ...]
    winner: Winner | None = None
    losers: tuple[Loser, ...] = ()
    answer: tuple[int, str] | None = None
    """The answer that the proxy itself gives, its code and where it sends to; None where the service (or nobody) answers."""
    route: Route | None = None
    """The route of the winner."""

    @property
    def broken(self) -> Hop | None:
        """The first broken hop."""
        return next((hop for hop in self.hops if hop.state == BROKEN), None)


def trace(snapshot: Snapshot, request: Request, resolution: Resolution | None = None) -> Trace:
    """See the module. ``resolution`` is what DNS said, asked by whoever may."""
    return _Walk(snapshot, request, resolution or Resolution()).run()


class _Walk:
    def __init__(self, snapshot: Snapshot, request: Request, resolution: Resolution) -> None:
        self.snapshot = snapshot
        self.request = request
        self.resolution = resolution
        self.ctx: Context = base(snapshot).context
        self.routes = route_list(snapshot).items
        self.hops: list[Hop] = []
        self.winner: Winner | None = None
        self.losers: tuple[Loser, ...] = ()
        self.answer: tuple[int, str] | None = None
        self.route: Route | None = None

    def run(self) -> Trace:
        rows = self._address()
        front = self._front(rows)
        if front is not None:
            choice = self._choose(front)
            if choice is not None:
                self._follow(choice, front)
        return Trace(self.request, self._verdict(), tuple(self.hops), self.winner, self.losers, self.answer, self.route)

    def _verdict(self) -> str:
        if any(hop.state == BROKEN for hop in self.hops):
            return BROKEN
        if any(hop.state == UNKNOWN and hop.kind not in LENIENT for hop in self.hops):
            return UNKNOWN
        return OK

    def _hop(self, kind: str, name: str, state: str, detail: str) -> None:
        self.hops.append(Hop(kind, name, state, detail))

    # -- to the service -------------------------------------------------------------------------------------------
    def _address(self) -> tuple[Address, ...]:
        request, said = self.request, self.resolution
        found = ip_map(self.snapshot)
        number = parse_ip(request.host)
        if number is not None:
            self._hop("dns", request.host, SKIPPED, "an address needs no name")
            wanted: tuple[str, ...] = (str(number),)
        elif said.addresses is None:
            self._hop("dns", request.host, UNKNOWN, said.detail or "no DNS server was asked")
            wanted = ()
        elif not said.addresses:
            where = f" at {said.source}" if said.source else ""
            self._hop("dns", request.host, UNKNOWN, said.detail or f"the name has no address{where}")
            wanted = ()
        else:
            wanted = said.addresses
            ours = any(found.by_ip.get(ip) for ip in wanted)
            text = f"{listed(wanted)}" + (f" ({said.source})" if said.source else "")
            self._hop("dns", request.host, OK if ours else UNKNOWN, text)
        for ip in wanted:
            if rows := found.by_ip.get(ip):
                self._announced(ip, rows)
                return rows
        if wanted:
            text = "is no address that this cluster gives out (a tunnel, a proxy, split DNS?); the trace goes on from the VIP"
            self._hop("ip", listed(wanted), UNKNOWN, text)
        return ()

    def _announced(self, ip: str, rows: tuple[Address, ...]) -> None:
        pools = [row.pool for row in rows if row.pool]
        text = f"{rows[0].kind.value}" + (f", pool {pools[0]}" if pools else "")
        self._hop("ip", ip, OK, f"given to {listed([row.service.path for row in rows])} ({text})")
        bad = [problem for row in rows for problem in row.problems if problem.severity == "error"]
        nodes = list(dict.fromkeys(item.node for row in rows for item in row.announcers))
        if bad and bad[0].id != "no-endpoints":
            self._hop("announcer", listed(nodes) or "nobody", BROKEN, bad[0].text)
        elif nodes:
            first = next(item for row in rows for item in row.announcers)
            self._hop("announcer", listed(nodes), OK, f"{first.evidence.value}: {first.source or 'observed'}")
        else:
            self._hop("announcer", "", UNKNOWN, explain(rows[0], self.snapshot).headline)

    def _front(self, rows: tuple[Address, ...]) -> Front | None:
        if rows:
            return self._served(rows)
        front = guess(self.ctx, self.routes, self.request)
        if front is not None and front.service is not None:
            row = next((item for item in ip_map(self.snapshot).items if item.service.key == front.service.key), None)
            if row is not None and row.ip is not None and not any(hop.kind == "ip" for hop in self.hops):
                self._announced(row.ip, (row,))
            self._listening(front.service)
        if front is not None and front.service is None:
            if not any(hop.kind == "ip" for hop in self.hops):
                self._hop("ip", "", UNKNOWN, "no Traefik is among the objects: the address it has cannot be told")
            self._hop("service", "", SKIPPED, "no service of a Traefik is among the objects")
        if front is None:
            what = f"{self.request.port}/{self.request.protocol}"
            self._hop("service", "", BROKEN, f"no service of an ingress controller listens on {what}")
        return front

    def _listening(self, service: Obj[Service]) -> None:
        self._hop("service", service.path, OK, f"listens on {self.request.port}/{self.request.protocol}")

    def _served(self, rows: tuple[Address, ...]) -> Front | None:
        request = self.request
        for row in rows:
            service = self.snapshot.get(SERVICES, *row.service.key)
            for port in service.body.spec.ports if service is not None else ():
                if port.port == request.port and (port.protocol or "TCP").lower() == request.protocol:
                    assert service is not None
                    self._listening(service)
                    return behind_service(self.ctx, self.routes, service, request.port)
        have = listed([port for row in rows for port in row.ports], 8)
        names = listed([row.service.path for row in rows])
        text = f"nothing listens on {request.port}/{request.protocol}; there is {have}"
        self._hop("service", names, BROKEN, text)
        return None

    # -- the router -----------------------------------------------------------------------------------------------
    def _choose(self, front: Front) -> Choice | None:
        request = self.request
        if front.controller == DIRECT:
            assert front.service is not None
            for route in self.routes:
                if route.ref == Ref(SERVICES.id, *front.service.key) and any(
                    item.number == request.port for item in route.backends
                ):
                    self._hop("router", "", SKIPPED, "no controller stands between: the service itself is reached")
                    return Choice(Candidate(route, Router(""), None))
            return None
        if front.controller == TRAEFIK:
            assert front.traefik is not None
            return self._by_traefik(front, front.traefik)
        self._hop("entry-point", front.controller, SKIPPED, "its listeners are the service's ports")
        mine = [route for route in self.routes if route.controller == front.controller]

        def here(router: Router) -> bool:
            return router.gateway == front.gateway and (router.port in (None, request.port))

        protocol = "http" if request.http else request.protocol
        return self._judged(choose(candidates(mine, protocol, here), self._asked(front)))

    def _asked(self, front: Front) -> Asked | Connection:
        request = self.request
        if not request.http:
            return Connection((request.sni or "").lower(), parse_ip(request.client))
        sanitize = front.point.sanitize if front.point is not None else True
        host = request.host if request.port in (80, 443) else f"{request.host}:{request.port}"
        return Asked.of(
            host, request.path, request.query, request.method, request.headers, request.client, sanitize=sanitize
        )

    def _by_traefik(self, front: Front, traefik: Traefik) -> Choice | None:
        request, point = self.request, front.point
        if point is None and not traefik.assumed:
            self._hop("entry-point", "", BROKEN, f"no entry point of Traefik takes port {request.port} of its service")
            return None
        names = None if point is None else point.name
        if point is not None:
            tls = " with TLS" if point.tls else ""
            assumed = "assumed: there is no Traefik among the objects" if traefik.assumed else ""
            self._hop("entry-point", point.name, OK, assumed or f"port {point.port}/{point.protocol} of the pod{tls}")
        else:
            self._hop(
                "entry-point", "", UNKNOWN, "no Traefik is among the objects: which entry point it is cannot be told"
            )
        mine = [r for r in self.routes if r.controller == TRAEFIK and (traefik.assumed or r.served_by == traefik.ref)]
        secure = request.scheme == "https" or (request.scheme == "tcp" and request.sni is not None)
        always = point is not None and point.tls

        def here(router: Router) -> bool:
            return names is None or names in router.entry_points

        def http_here(router: Router) -> bool:
            return here(router) and (router.tls or always) == secure

        if request.scheme == "udp":
            return self._judged(choose(candidates(mine, "udp", here), Connection()))
        connection = Connection((request.sni or "").lower(), parse_ip(request.client))
        streams = list(candidates(mine, "tcp", lambda router: here(router) and router.tls == secure))
        https = list(candidates(mine, "http", http_here))
        if point is not None and point.redirect and not secure and request.http and not streams:
            return self._entry_redirect(point, https)
        if not request.http:
            return self._judged(choose(streams, connection))
        choice = choose(streams, connection) if streams else Choice(None)
        named = any(connection.sni in one.rule.hosts for one in https if one.rule is not None and connection.sni)
        stream = choice.winner
        if stream is not None and (not secure or not named):
            catches = stream.rule is not None and stream.rule.catches_all
            if not secure or not catches or not https:
                return self._judged(choice)
        asked = self._asked(front)
        others = choose(https, asked)
        if others.winner is not None:
            return self._judged(others)
        near = meant(self.routes, asked, traefik) if isinstance(asked, Asked) else ()
        name = near[0].route.ref.path if near else ""
        return self._judged(others, (*near, *self._elsewhere(mine, names, secure, front)), name)

    def _elsewhere(self, mine: list[Route], name: str | None, secure: bool, front: Front) -> tuple[Loser, ...]:
        """Routers that match, but are not asked here: another entry point, or TLS where there is none."""
        point = front.point

        def other(router: Router) -> bool:
            always = point is not None and point.tls
            return name not in router.entry_points or (router.tls or always) != secure

        found = choose(candidates(mine, "http", other), self._asked(front))
        if found.winner is None:
            return ()
        router = found.winner.router
        if name not in router.entry_points:
            why = f"matches, but is on entry point {listed(router.entry_points)}, not on {name}"
        else:
            why = f"matches, but {'has no TLS' if secure else 'only takes requests with TLS'}"
        return (Loser(found.winner.route, why),)

    def _entry_redirect(self, point: EntryPoint, found: list[Candidate]) -> Choice | None:
        """The redirect that an entry point itself makes, unless a router has a higher priority."""
        best = choose(found, self._asked(Front(TRAEFIK, point=point)))
        if best.winner is not None and best.winner.router.priority > point.redirect_priority:
            return self._judged(best)
        to = self.ctx.traefiks[0].entry_points.get(point.redirect.lower())
        self.winner = Winner("EntryPoint", "", point.name, 0)
        code = 301 if point.permanent else 302
        where = f"entry point {to.name}" if to is not None else point.redirect
        self.answer = (code, "")
        text = f"the entry point answers {code} to everything: go to {point.redirect_scheme} on {where}"
        self._hop("router", f"entry point {point.name}", OK, text)
        self._hop("backend", "", SKIPPED, "the request ends with the redirect")
        losers = best.losers
        if best.winner is not None:
            losers = (Loser(best.winner.route, "matches, but the entry point's redirect stands before it"), *losers)
        self.losers = losers
        return None

    def _judged(self, choice: Choice, more: tuple[Loser, ...] = (), name: str = "") -> Choice | None:
        """The router hop; ``name`` is the route that was probably meant where there is no winner."""
        self.losers = (*choice.losers, *more)
        if choice.winner is None:
            if choice.lost is not None:
                self._hop("router", choice.lost.ref.path, BROKEN, f"{choice.lost.ref.title}: {choice.lost.dropped}")
            elif choice.doubt:
                self._hop("router", "", UNKNOWN, choice.doubt)
            else:
                hint = f"; {more[0].route.ref.title} {more[0].why}" if more else ""
                answer = "404" if self.request.http else "the connection is closed"
                self.answer = (404, "") if self.request.http else None
                self._hop("router", name, BROKEN, f"no router matches: {answer}{hint}")
            return None
        route, router = choice.winner.route, choice.winner.router
        rule = (
            f"{router.rule} (priority {router.priority})"
            if route.controller == TRAEFIK and router.rule
            else router.rule
        )
        if choice.lost is not None:
            text = f"{choice.lost.ref.title} should handle it, but {choice.lost.dropped}; {route.ref.title} answers instead"
            self._hop("router", route.ref.path, BROKEN, text)
        elif choice.doubt:
            self._hop("router", route.ref.path, UNKNOWN, choice.doubt)
        else:
            said = f"; {route.live.state} in Traefik" if route.live.state and not route.live.why else ""
            self._hop("router", route.ref.path, OK, (rule or "everything on this entry point") + said)
        return choice

    # -- behind the router ----------------------------------------------------------------------------------------
    def _follow(self, choice: Choice, front: Front) -> None:
        assert choice.winner is not None
        route = choice.winner.route
        self.winner = winner_of(route)
        self.route = route
        if not self._pass(route, front):
            for kind in ("backend", "endpoint", "pod"):
                self._hop(kind, "", SKIPPED, "the request ends before it")
            return
        workload_ref = front.traefik.ref if front.traefik is not None else None
        self.hops += behind(self.snapshot, route, workload_ref, self.request)

    def _pass(self, route: Route, front: Front) -> bool:
        """Through the middlewares; False if one of them answers."""
        asked = self._asked(front)
        if isinstance(asked, Connection):
            asked = Asked(client=asked.client, host=asked.sni)
        passing = Passing(self.request.scheme, self.request.host, self.request.port, asked)
        for use in route.middlewares:
            found: list[Effect]
            if use.inline:
                kind, body = next(iter(use.inline.items()))
                found = [one(use.name, kind, body if isinstance(body, dict) else {}, passing)]
            elif use.ref is None:
                found = [Effect(use.name, "", use.why or "Traefik's own", UNKNOWN if use.why else OK, passing)]
            else:
                found = effects(self.snapshot, *use.ref.key, passing, tcp=route.protocol == "tcp")
            for effect in found:
                by = f" (default of entry point {use.by})" if use.by else ""
                self._hop("middleware", effect.name, effect.state, effect.text + by)
                passing = effect.passing or passing
                self.answer = self.answer or passing.answered
                if effect.answers or effect.state == BROKEN:
                    return False
        return True


def winner_of(route: Route) -> Winner:
    kind, _, _ = route.ref.title.partition(" ")
    return Winner(kind, route.ref.namespace, route.ref.name, route.rule_index)
