"""Routes that name a Service or a Middleware that does not exist. Traefik says so only in its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed, sees
from pointsman.tui.model.kinds import (
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
    TLSROUTES,
    TRAEFIKSERVICES,
    UDPROUTES,
    Kind,
)
from pointsman.tui.model.meta import Obj, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

TRAEFIK_ROUTES = (INGRESSROUTES, INGRESSROUTETCPS, INGRESSROUTEUDPS)
GATEWAY_ROUTES = (HTTPROUTES, GRPCROUTES, TLSROUTES, TCPROUTES, UDPROUTES)
MIDDLEWARE_NOTE = "traefik.ingress.kubernetes.io/router.middlewares"


class Wanted(NamedTuple):
    """What a route names: a kind's id, namespace and name."""

    kind: str
    namespace: str
    name: str


def missing_services(exam: Exam) -> Iterator[Finding]:
    snapshot = exam.snapshot
    if not sees(snapshot, SERVICES):
        return
    there = _names(snapshot, SERVICES, TRAEFIKSERVICES)
    for route, wanted in backends_of_routes(snapshot):
        if wanted in there or not snapshot.known(KINDS[wanted.kind]):
            continue
        yield _missing("route-missing-service", route, wanted, there, "Traefik drops such a route and only logs it"
                       if route.kind in TRAEFIK_IDS else "requests for it get an error")  # fmt: skip


def missing_middlewares(exam: Exam) -> Iterator[Finding]:
    snapshot = exam.snapshot
    there = _names(snapshot, MIDDLEWARES, MIDDLEWARETCPS)
    for route, wanted in middlewares_of_routes(snapshot):
        if wanted in there or not snapshot.known(KINDS[wanted.kind]):
            continue
        yield _missing("route-missing-middleware", route, wanted, there, "Traefik switches the route off")


KINDS: dict[str, Kind[Any]] = {kind.id: kind for kind in (SERVICES, TRAEFIKSERVICES, MIDDLEWARES, MIDDLEWARETCPS)}
TRAEFIK_IDS = frozenset(kind.id for kind in TRAEFIK_ROUTES)


def _missing(id: str, route: Obj[Any], wanted: Wanted, there: set[Wanted], effect: str) -> Finding:
    target = ref(route)
    title = KINDS[wanted.kind].kind
    near = _near(wanted, there)
    hint = f"; there is {listed(near, word='or')}" if near else ""
    text = f"{target.title} names {title} {wanted.namespace}/{wanted.name}, which does not exist{hint}"
    return Finding(
        id, "error", target, text, (f"{target.title}: {effect}",), f"Create the {title}, or correct its name or namespace.",
        f"pointsman {target.path}", (target,),
    )  # fmt: skip


def _near(wanted: Wanted, there: set[Wanted]) -> list[str]:
    """What may have been meant: the same name in another namespace, or a name of the namespace that begins alike."""
    same = sorted(f"{one.namespace}/{one.name}" for one in there if (one.kind, one.name) == (wanted.kind, wanted.name))
    if same:
        return same[:3]
    stem = wanted.name.split("-")[0]
    return sorted(
        f"{one.namespace}/{one.name}"
        for one in there
        if one[:2] == wanted[:2] and (one.name.startswith(stem) or wanted.name.startswith(one.name))
    )[:3]


def _names(snapshot: Snapshot, *kinds: Kind[Any]) -> set[Wanted]:
    return {Wanted(kind.id, *key) for kind in kinds for key in snapshot.table(kind).objects}


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
