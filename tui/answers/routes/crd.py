"""What Traefik's three own kinds of route share: which Traefik takes them, entry points, services, middlewares, rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.routes.context import CLASS_NOTE, Context
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import FORBIDDEN, MISSING, Backend, Router, Use
from pointsman.tui.answers.routes.traefik import Traefik
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import SERVICES, TRAEFIKSERVICES
from pointsman.tui.model.meta import Loose, Obj, dig, dig_dict, dig_list, dig_str

PROVIDER = "kubernetescrd"
DEPTH = 8
"""How deep TraefikServices may stand in one another before the walk gives up: a cycle."""
EMPTY = "Traefik drops it: the service has no endpoints, and providers.kubernetescrd.allowEmptyServices is off"


@dataclass(slots=True)
class Parts:
    """What is gathered of one rule; ``dropped`` is the first reason for which Traefik makes no router."""

    problems: list[Problem] = field(default_factory=list)
    dropped: str = ""

    def add(self, problem: Problem | None, *, drops: str = "") -> None:
        if problem is not None and problem not in self.problems:
            self.problems.append(problem)
        if problem is not None and drops and not self.dropped:
            self.dropped = drops

    def error(self, id: str, text: str, *, drops: str = "", severity: str = "error") -> None:
        self.add(Problem(id, severity, text), drops=drops)


def taker(ctx: Context, obj: Obj[Loose]) -> tuple[Traefik, Problem | None]:
    """The Traefik that reads an object of its CRDs, or the reason why none does."""
    name = dig_str(obj.body.spec, "ingressClassName") or obj.meta.annotations.get(CLASS_NOTE, "")
    reasons: list[str] = []
    for traefik in ctx.traefiks:
        if not traefik.crd:
            reasons.append("its provider kubernetescrd is off")
        elif name != traefik.crd_class and not (not traefik.crd_class and name == "traefik"):
            wanted = traefik.crd_class or "none or traefik"
            reasons.append(f"its class is {name or 'none'}, and Traefik takes {wanted}")
        elif traefik.crd_namespaces and obj.namespace not in traefik.crd_namespaces:
            reasons.append(f"Traefik reads only the namespaces {listed(sorted(traefik.crd_namespaces))}")
        else:
            return traefik, None
    text = f"ignored by Traefik: {reasons[0]}"
    return ctx.traefiks[0], Problem("route-ignored", "warn", text)


def entry_points(ctx: Context, traefik: Traefik, names: Sequence[str], protocol: str, parts: Parts) -> tuple[str, ...]:
    """The entry points a route is on, those of the defaults where it names none."""
    if not names:
        return traefik.udp_defaults if protocol == "udp" else traefik.defaults
    if ctx.assumed:
        return tuple(names)
    wanted = "udp" if protocol == "udp" else "tcp"
    there = [name for name in names if name.lower() in traefik.entry_points]
    missing = [name for name in names if name.lower() not in traefik.entry_points]
    have = listed(sorted(traefik.entry_points), 8)
    if missing:
        dead = "" if there else "no entry point of this route exists"
        words = listed(missing)
        parts.error("route-unknown-entry-point", f"entry point {words} does not exist; Traefik has {have}", drops=dead,
                    severity="warn" if there else "error")  # fmt: skip
    wrong = [name for name in there if traefik.entry_points[name.lower()].protocol != wanted]
    if wrong:
        text = f"entry point {listed(wrong)} does not speak {wanted.upper()}"
        parts.error("route-unknown-entry-point", text, drops=text if len(wrong) == len(there) else "")
    return tuple(names)


def rule(text: str, protocol: str, syntax: str, traefik: Traefik, parts: Parts) -> tuple[str, tuple[str, ...], str]:
    """The syntax that counts, the hosts of the rule, and what is wrong with it."""
    chosen = (syntax or traefik.syntax).lower()
    chosen = "v2" if chosen == "v2" else "v3"
    if not text:
        parts.error("route-invalid-rule", "the rule is empty", drops="the rule is empty")
        return chosen, (), "the rule is empty"
    found, error = checked_rule(text, protocol, chosen)
    if found is None:
        words = f"invalid rule: {error}"
        parts.error("route-invalid-rule", f"{words}; Traefik switches the route off", drops=words)
        return chosen, (), str(error)
    return chosen, found.hosts, ""


def priority(body: Any, text: str, protocol: str, syntax: str, traefik: Traefik) -> Router:
    """A router with its priority: written, or computed from the rule."""
    written = dig(body, "priority")
    number = written if isinstance(written, int) and not isinstance(written, bool) else 0
    computed = number == 0
    if computed:
        found, _ = checked_rule(text, protocol, syntax)
        number = found.priority if found is not None else len(text.encode("utf-8", "surrogatepass"))
    rank = (number, traefik.precedence.get(PROVIDER, -99))
    return Router(text, syntax, number, computed, rank)


def middlewares(
    ctx: Context, traefik: Traefik, obj: Obj[Loose], items: Sequence[Any], parts: Parts, *, tcp: bool = False
) -> tuple[Use, ...]:
    found = []
    for item in items:
        name = dig_str(item, "name")
        if not name:
            continue
        use, forbidden = ctx.use(traefik, dig_str(item, "namespace"), name, obj.namespace, tcp=tcp)
        found.append(use)
        report(use, parts, drops="Traefik drops the route: " if forbidden else "")
    return tuple(found)


def report(use: Use, parts: Parts, *, drops: str = "") -> None:
    """Say what a missing middleware means: Traefik switches the whole route off."""
    if use.state not in (MISSING, FORBIDDEN):
        return
    if drops:
        parts.error("route-cross-namespace", use.why, drops=f"{drops}{use.why}")
    else:
        parts.error("route-missing-middleware", f"{use.why}; Traefik switches the route off",
                    drops=f"Traefik switches the route off: {use.why}")  # fmt: skip


def defaults(ctx: Context, traefik: Traefik, names: Sequence[str]) -> tuple[Use, ...]:
    """The middlewares that entry points put before every HTTP route."""
    found: list[Use] = []
    for name in names:
        point = traefik.entry_points.get(name.lower())
        found.extend(ctx.use_reference(word, name) for word in (point.middlewares if point else ()))
    return tuple(found)


def services(
    ctx: Context, traefik: Traefik, obj: Obj[Loose], items: Sequence[Any], parts: Parts, protocol: str = "http"
) -> tuple[Backend, ...]:
    """The services of a rule. One that cannot be built makes Traefik drop the whole rule (HTTP), or be left without a
    service (TCP, UDP)."""
    found: list[Backend] = []
    for item in items:
        for backend in service(ctx, traefik, obj.namespace, item, 0):
            found.append(backend)
            problem = backend.problem
            if problem is None or backend.role:
                parts.add(problem)
                continue
            if problem.id == "route-no-endpoints":
                parts.add(problem, drops="" if traefik.crd_empty or protocol != "http" else EMPTY)
            elif problem.id in ("route-missing-service", "route-missing-port", "route-cross-namespace"):
                alone = protocol == "http" or len(items) == 1
                parts.add(problem, drops=f"Traefik makes no router of it: {problem.text}" if alone else "")
            else:
                parts.add(problem)
    return tuple(found)


def service(ctx: Context, traefik: Traefik, own: str, item: Any, depth: int) -> Iterator[Backend]:
    """One entry of ``services``, a TraefikService taken apart into what it leads to."""
    name = dig_str(item, "name")
    weight = dig(item, "weight")
    share = weight if isinstance(weight, int) and not isinstance(weight, bool) else None
    if not name:
        return
    if "@" in name:
        provider = name.rpartition("@")[2]
        if provider == "kubernetescrd":
            yield from _by_reference(ctx, traefik, name, share, depth)
            return
        yield Backend(name, None, weight=share)
        return
    namespace = dig_str(item, "namespace") or own
    if dig_str(item, "kind") == "TraefikService":
        target = Ref(TRAEFIKSERVICES.id, namespace, name)
        if namespace != own and not traefik.cross_namespace:
            yield _foreign(target, share)
            return
        yield from _traefik_service(ctx, traefik, target, share, depth)
        return
    if namespace != own and not traefik.cross_namespace:
        yield _foreign(Ref(SERVICES.id, namespace, name), share)
        return
    backend = ctx.backend(namespace, name, dig_str(item, "port"))
    if backend.external and not traefik.crd_external_names:
        text = f"Service {namespace}/{name} is an ExternalName service, which Traefik does not allow"
        backend = replace(backend, problem=Problem("route-missing-service", "error", text))
    yield replace(backend, weight=share)


def _foreign(target: Ref, weight: int | None) -> Backend:
    text = (
        f"{target.title} is in another namespace, which Traefik does not allow "
        "(providers.kubernetescrd.allowCrossNamespace)"
    )
    return Backend(target.path, target, weight=weight, problem=Problem("route-cross-namespace", "error", text))


def _by_reference(ctx: Context, traefik: Traefik, name: str, weight: int | None, depth: int) -> Iterator[Backend]:
    wanted = name.partition("@")[0]
    for obj in ctx.snapshot.all(TRAEFIKSERVICES):
        if f"{obj.namespace}-{obj.name}" == wanted:
            yield from _traefik_service(ctx, traefik, ref(obj), weight, depth)
            return
    yield Backend(name, None, weight=weight)


def _traefik_service(ctx: Context, traefik: Traefik, target: Ref, weight: int | None, depth: int) -> Iterator[Backend]:
    obj = ctx.snapshot.get(TRAEFIKSERVICES, target.namespace, target.name)
    if obj is None or depth > DEPTH:
        problem = None
        if depth > DEPTH:
            problem = Problem("route-missing-service", "error", f"{target.title} leads to itself")
        elif ctx.snapshot.known(TRAEFIKSERVICES):
            problem = Problem("route-missing-service", "error", f"{target.title} does not exist")
        yield Backend(target.path, target, weight=weight, problem=problem)
        return
    spec = obj.body.spec
    for way in ("weighted", "highestRandomWeight"):
        for item in dig_list(spec, way, "services"):
            yield from service(ctx, traefik, obj.namespace, item, depth + 1)
    mirroring = dig_dict(spec, "mirroring")
    if mirroring:
        yield from service(ctx, traefik, obj.namespace, mirroring, depth + 1)
        for item in dig_list(mirroring, "mirrors"):
            for backend in service(ctx, traefik, obj.namespace, item, depth + 1):
                yield replace(backend, role="mirror")
    failover = dig_dict(spec, "failover")
    if failover:
        yield from service(ctx, traefik, obj.namespace, dig_dict(failover, "service"), depth + 1)
        for backend in service(ctx, traefik, obj.namespace, dig_dict(failover, "fallback"), depth + 1):
            yield replace(backend, role="fallback")
