"""What routes name (services, middlewares), and findings that are problems of the list of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Sign
from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.routes.build import READS as OBJECTS
from pointsman.tui.answers.routes.live import key_of
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.words import from_files
from pointsman.tui.model.kinds import (
    GATEWAYS,
    GRPCROUTES,
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    MIDDLEWARES,
    MIDDLEWARETCPS,
    SERVICES,
    TCPROUTES,
    TLSOPTIONS,
    TLSROUTES,
    TRAEFIKSERVICES,
    UDPROUTES,
    Kind,
)
from pointsman.tui.model.meta import Obj, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

TRAEFIK_ROUTES = (INGRESSROUTES, INGRESSROUTETCPS, INGRESSROUTEUDPS)
GATEWAY_ROUTES = (HTTPROUTES, GRPCROUTES, TLSROUTES, TCPROUTES, UDPROUTES)
READS = OBJECTS
"""All that the list of routes reads."""
said = key_of
"""What the list of routes depends on besides: the last answers of Traefik's API."""
UNATTACHED = ("route-not-attached", "route-not-reconciled")
MIDDLEWARE_NOTE = "traefik.ingress.kubernetes.io/router.middlewares"


class Wanted(NamedTuple):
    """What a route names: a kind's id, namespace and name."""

    kind: str
    namespace: str
    name: str


def by_problem(id: str) -> Callable[[Exam], Iterator[Sign]]:
    """A look for the routes that have the problem of this id."""

    def look(exam: Exam) -> Iterator[Sign]:
        for route, problem in exam.route_problems.get(id, ()):
            if proven(exam, route, problem):
                yield sign(route, problem)

    return look


PROOF: dict[str, Kind[Any]] = {
    "route-missing-service": SERVICES, "route-missing-middleware": MIDDLEWARES, "route-missing-tls-option": TLSOPTIONS,
}  # fmt: skip


def proven(exam: Exam, route: Route, problem: Problem) -> bool:
    """Whether what a route misses is missing for sure. Of files that is so only in a namespace for which they hold objects
    of the kind: elsewhere a chart or another repository may bring it."""
    kind = PROOF.get(problem.id)
    if kind is None or not from_files(exam.snapshot):
        return True
    wanted = {one.ref.namespace for one in route.backends if one.ref is not None and one.problem == problem}
    if kind is MIDDLEWARES:
        wanted = {
            one.namespace
            for named, one in middlewares_of_routes(exam.snapshot)
            if ref(named) == route.ref and exam.snapshot.get(kind, one.namespace, one.name) is None
        }
    there = {key[0] for key in exam.snapshot.table(kind).objects}
    return (wanted or {route.ref.namespace}) <= there


def sign(route: Route, problem: Problem) -> Sign:
    """The services that the route leads to are among the objects of the finding."""
    evidence = []
    if route.match:
        evidence.append(f"rule {route.match}")
    if route.dropped and route.dropped != problem.text:
        evidence.append(route.dropped)
    named = [backend.ref for backend in route.backends if backend.ref is not None]
    # A Gateway is shared by many routes: it stands here only where it may be the cause.
    gateways = [
        Ref(GATEWAYS.id, *router.gateway)
        for router in route.routers
        if router.gateway is not None and problem.id in UNATTACHED
    ]
    return Sign(
        problem.severity,
        route.ref,
        f"{route.ref.title}: {problem.text}",
        tuple(evidence),
        (*named, *gateways),
    )


def near(wanted: Wanted, there: Iterable[Wanted]) -> list[str]:
    """What may have been meant: the same name in another namespace, or a name of the namespace that begins alike."""
    known = list(there)
    same = sorted(f"{one.namespace}/{one.name}" for one in known if (one.kind, one.name) == (wanted.kind, wanted.name))
    if same:
        return same[:3]
    stem = wanted.name.split("-")[0]
    return sorted(
        f"{one.namespace}/{one.name}"
        for one in known
        if one[:2] == wanted[:2] and (one.name.startswith(stem) or wanted.name.startswith(one.name))
    )[:3]


def backends_of_routes(snapshot: Snapshot) -> Iterator[tuple[Obj[Any], Wanted]]:
    """Every Service that a route names, each once for a route."""
    for ingress in _sorted(snapshot, INGRESSES):
        spec = ingress.body.spec
        backends = [path.backend for rule in spec.rules if rule.http for path in rule.http.paths]
        backends += [spec.default_backend] if spec.default_backend else []
        names = dict.fromkeys(item.service.name for item in backends if item.service and item.service.name)
        for name in names:
            yield ingress, Wanted(SERVICES.id, ingress.namespace, name)
    for kind in TRAEFIK_ROUTES:
        for route in _sorted(snapshot, kind):
            found: dict[Wanted, None] = {}
            for rule in dig_list(route.body.spec, "routes"):
                for item in dig_list(rule, "services"):
                    name = dig_str(item, "name")
                    if not name or "@" in name:
                        continue
                    which = TRAEFIKSERVICES if dig_str(item, "kind") == "TraefikService" else SERVICES
                    found[Wanted(which.id, dig_str(item, "namespace") or route.namespace, name)] = None
            for wanted in found:
                yield route, wanted
    for kind in GATEWAY_ROUTES:
        for route in _sorted(snapshot, kind):
            seen: dict[Wanted, None] = {}
            for rule in dig_list(route.body.spec, "rules"):
                for item in dig_list(rule, "backendRefs"):
                    if dig_str(item, "group") or dig_str(item, "kind", default="Service") != "Service":
                        continue
                    if name := dig_str(item, "name"):
                        seen[Wanted(SERVICES.id, dig_str(item, "namespace") or route.namespace, name)] = None
            for wanted in seen:
                yield route, wanted


def middlewares_of_routes(snapshot: Snapshot) -> Iterator[tuple[Obj[Any], Wanted]]:
    for kind, which in ((INGRESSROUTES, MIDDLEWARES), (INGRESSROUTETCPS, MIDDLEWARETCPS)):
        for route in _sorted(snapshot, kind):
            found: dict[Wanted, None] = {}
            for rule in dig_list(route.body.spec, "routes"):
                for item in dig_list(rule, "middlewares"):
                    name = dig_str(item, "name")
                    if name and "@" not in name:
                        found[Wanted(which.id, dig_str(item, "namespace") or route.namespace, name)] = None
            for wanted in found:
                yield route, wanted
    known = _by_reference(snapshot)
    for ingress in _sorted(snapshot, INGRESSES):
        for word in ingress.meta.annotations.get(MIDDLEWARE_NOTE, "").split(","):
            name, at, provider = word.strip().partition("@")
            if not name or provider != "kubernetescrd" or not at or name in known:
                continue
            # <namespace>-<name> cannot be split; the Ingress's own namespace is the likeliest beginning.
            own = f"{ingress.namespace}-"
            namespace, _, rest = (
                (ingress.namespace, "", name[len(own) :]) if name.startswith(own) else name.partition("-")
            )
            yield ingress, Wanted(MIDDLEWARES.id, namespace, rest or name)


def _by_reference(snapshot: Snapshot) -> Mapping[str, Ref]:
    """Middlewares by ``<namespace>-<name>``, as an Ingress's annotation refers to them."""
    return {f"{item.namespace}-{item.name}": ref(item) for item in snapshot.all(MIDDLEWARES)}


def _sorted(snapshot: Snapshot, kind: Kind[Any]) -> list[Obj[Any]]:
    return sorted(snapshot.all(kind), key=lambda item: item.key)
