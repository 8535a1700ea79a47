"""Ingress: by Traefik with its annotations, or by another controller as Kubernetes defines it. Each path is one route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes import crd
from pointsman.tui.answers.routes.context import CLASS_NOTE, Context
from pointsman.tui.answers.routes.gorule import quote
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import CILIUM, TRAEFIK, Backend, Route, Router, Tls, Use
from pointsman.tui.answers.routes.names import DEFAULT, of_path
from pointsman.tui.answers.routes.traefik import Traefik
from pointsman.tui.answers.stack import traefik as detection
from pointsman.tui.answers.stack.ingress import CILIUM as CILIUM_CONTROLLER
from pointsman.tui.answers.stack.ingress import CONTROLLERS
from pointsman.tui.answers.stack.serving import UNSERVED, absent
from pointsman.tui.answers.words import from_files, listed, sees
from pointsman.tui.model.core import Ingress, IngressBackend, IngressPath
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, INGRESSCLASSES, INGRESSES
from pointsman.tui.model.meta import Obj

KIND = INGRESSES
NOTE = "traefik.ingress.kubernetes.io/router."
NUMBER = re.compile(r"-?[0-9]{1,18}")
LOWEST = -(1 << 31)
"""The priority Traefik gives a default backend."""


def read(ctx: Context, obj: Obj[Ingress]) -> Iterator[Route]:
    name = obj.body.spec.ingress_class_name
    controller = ctx.classes.get(name, "")
    by_note = obj.meta.annotations.get(CLASS_NOTE, "")
    if not name and not by_note and ctx.default_class:
        controller = ctx.classes[ctx.default_class]
    if not controller and (by_note == "traefik" or name == "traefik" or not (name or by_note)):
        controller = detection.CONTROLLER
    if controller == detection.CONTROLLER or (not controller and ctx.assumed):
        yield from _traefik(ctx, obj)
        return
    title = CILIUM if controller == CILIUM_CONTROLLER else CONTROLLERS.get(controller, ("",))[0] or controller
    yield from _other(ctx, obj, title, name or by_note)


def _taker(ctx: Context, obj: Obj[Ingress]) -> tuple[Traefik, Problem | None]:
    """Traefik takes an Ingress whose class is one it knows (or the one it is told), or that has none."""
    name = obj.body.spec.ingress_class_name
    note = obj.meta.annotations.get(CLASS_NOTE, "")
    reasons: list[str] = []
    for traefik in ctx.traefiks:
        wanted = traefik.ingress_class
        if not traefik.ingress:
            reasons.append("its provider kubernetesingress is off")
        elif traefik.ingress_namespaces and obj.namespace not in traefik.ingress_namespaces:
            reasons.append(f"Traefik reads only the namespaces {listed(sorted(traefik.ingress_namespaces))}")
        elif name and wanted and name != wanted:
            reasons.append(f"its class is {name}, and Traefik takes {wanted}")
        elif name and not ctx.assumed and sees(ctx.snapshot, INGRESSCLASSES) and name not in ctx.classes:
            reasons.append(f"there is no IngressClass {name}")
        elif not name and note != wanted and not (not wanted and note == "traefik"):
            reasons.append(f"its class is {note or 'none'}, and Traefik takes {wanted or 'none or traefik'}")
        else:
            return traefik, None
    return ctx.traefiks[0], Problem("route-ignored", "warn", f"ignored by Traefik: {reasons[0]}")


def _traefik(ctx: Context, obj: Obj[Ingress]) -> Iterator[Route]:
    traefik, ignored = _taker(ctx, obj)
    notes = {key.removeprefix(NOTE): value for key, value in obj.meta.annotations.items() if key.startswith(NOTE)}
    owner = ctx.owner(obj)
    base = crd.Parts()
    if ignored is not None:
        base.add(ignored, drops=ignored.text)
    names = [word.strip() for word in notes.get("entrypoints", "").split(",") if word.strip()]
    points = crd.entry_points(ctx, traefik, names, "http", base)
    uses: list[Use] = list(crd.defaults(ctx, traefik, points))
    uses += [ctx.use_reference(word.strip()) for word in notes.get("middlewares", "").split(",") if word.strip()]
    for use in uses:
        crd.report(use, base)
    tls_here = notes.get("tls", "").lower() == "true" or any(key.startswith("tls.") for key in notes)
    secrets = _secrets(ctx, obj, base)
    written = notes.get("priority", "")
    number = int(written) if NUMBER.fullmatch(written) else 0
    syntax = "v2" if (notes.get("rulesyntax") or traefik.syntax).lower() == "v2" else "v3"
    point_tls = any(point is not None and point.tls for point in (traefik.entry_points.get(n.lower()) for n in points))
    for index, (host, path, backend) in enumerate(_paths(obj)):
        parts = crd.Parts(list(base.problems), base.dropped)
        rule = "" if path is None else _rule(host, path, notes.get("pathmatcher", ""), syntax, traefik, parts)
        if path is None:
            rule, priority = 'PathPrefix("/")', LOWEST
        else:
            priority = number
        _, hosts, error = crd.rule(rule, "http", syntax, traefik, parts)
        checked, _ = checked_rule(rule, "http", syntax)
        computed = priority == 0
        priority = priority or (checked.priority if checked is not None else len(rule))
        rank = (priority, traefik.precedence.get("kubernetes", traefik.precedence.get("kubernetesingress", -99)))
        router = Router(rule, syntax, priority, computed, rank, tuple(name.lower() for name in points), tls_here,
                        error=error, names=_called(obj, host, path, rule))  # fmt: skip
        found = _backend(ctx, obj, backend, parts, traefik)
        tls = None
        if tls_here or point_tls:
            tls = secrets.get(host) or secrets.get(f"*.{host.partition('.')[2]}") or secrets.get("") or ctx.default_tls
        elif secrets and ("" in secrets or host in secrets):
            text = (
                "it has a TLS certificate, but neither router.tls nor an entry point with TLS: it is served without TLS"
            )
            parts.error("route-no-tls", text, severity="info")
        yield Route(
            ref(obj), index, "http", TRAEFIK, (host,) if host else hosts, rule, (router,), points,
            ctx.port_words(traefik, points), tuple(uses), found, tls, priority, owner, problems=tuple(parts.problems),
            dropped=parts.dropped, served_by=traefik.ref,
        )  # fmt: skip


def _paths(obj: Obj[Ingress]) -> Iterator[tuple[str, IngressPath | None, IngressBackend]]:
    """Host, path and backend of each path; the default backend (without a path) where there is no rule."""
    spec = obj.body.spec
    for rule in spec.rules:
        for path in rule.http.paths if rule.http else ():
            yield rule.host, path, path.backend
    if not spec.rules and spec.default_backend is not None:
        yield "", None, spec.default_backend


def _called(obj: Obj[Ingress], host: str, path: IngressPath | None, rule: str) -> tuple[str, ...]:
    return (DEFAULT,) if path is None else of_path(obj.key, host, path.path, rule)


def _rule(host: str, path: IngressPath, matcher: str, syntax: str, traefik: Traefik, parts: crd.Parts) -> str:
    words = []
    if host and syntax == "v2" and host.startswith("*."):
        words.append(f"HostRegexp({quote('{subdomain:[a-zA-Z0-9-]+}.' + host[2:])})")
    elif host:
        words.append(f"Host({quote(host)})")
    if path.path:
        name = "PathPrefix"
        if path.path_type == "Exact":
            name = "Path"
        elif path.path_type in ("", "ImplementationSpecific") and matcher:
            if matcher not in ("Path", "PathPrefix", "PathRegexp"):
                text = f"router.pathmatcher {matcher} is none of Path, PathPrefix, PathRegexp; Traefik skips the path"
                parts.error("route-invalid-rule", text, drops=text)
            name = matcher
        if name == "PathPrefix" and traefik.strict_prefix:
            words.append(strict(path.path))
        else:
            words.append(f"{name}({quote(path.path)})")
    return " && ".join(words)


def strict(path: str) -> str:
    """A prefix that ends where a path's element ends, as Kubernetes defines it."""
    if path == "/":
        return 'PathPrefix("/")'
    bare = path.removesuffix("/")
    return f"(Path({quote(bare)}) || PathPrefix({quote(bare + '/')}))"


def _backend(
    ctx: Context, obj: Obj[Ingress], backend: IngressBackend, parts: crd.Parts, traefik: Traefik | None
) -> tuple[Backend, ...]:
    if backend.service is None or not backend.service.name:
        text = "its backend is no Service" + ("; Traefik skips the path" if traefik else "")
        parts.error("route-missing-service", text, drops=text)
        return ()
    port = backend.service.port
    found = ctx.backend(obj.namespace, backend.service.name, str(port.number) if port.number else port.name)
    if found.external and traefik is not None and not traefik.external_names:
        text = f"Service {found.name} is an ExternalName service, which Traefik does not allow"
        found = replace(found, problem=Problem("route-missing-service", "error", text))
    problem = found.problem
    if problem is not None:
        drops = ""
        if traefik is not None and problem.id in ("route-missing-service", "route-missing-port"):
            drops = f"Traefik makes no router of it: {problem.text}"
        elif traefik is not None and problem.id == "route-no-endpoints" and not traefik.ingress_empty:
            drops = "Traefik drops it: the service has no endpoints, and allowEmptyServices is off"
        parts.add(problem, drops=drops)
    return (found,)


def _secrets(ctx: Context, obj: Obj[Ingress], parts: crd.Parts) -> dict[str, Tls]:
    """Certificates by host; ``""`` for an entry without hosts."""
    found: dict[str, Tls] = {}
    for item in obj.body.spec.tls:
        if not item.secret_name:
            continue
        tls, problem = ctx.tls(obj.namespace, item.secret_name)
        parts.add(problem)
        for host in item.hosts or ("",):
            found.setdefault(host, tls)
    return found


def _other(ctx: Context, obj: Obj[Ingress], controller: str, name: str) -> Iterator[Route]:
    """As Kubernetes defines it: the exact host before the wildcard, the exact path before the longest prefix."""
    owner = ctx.owner(obj)
    base = crd.Parts()
    if not controller:
        text = f"there is no IngressClass {name}: no controller takes this Ingress"
        if sees(ctx.snapshot, INGRESSCLASSES):
            base.error("route-ignored", text, drops=text, severity="warn")
    elif not from_files(ctx.snapshot) and all(map(ctx.snapshot.known, (DAEMONSETS, DEPLOYMENTS))):
        code = ctx.classes.get(name) or ctx.classes.get(ctx.default_class, "")
        if why := absent(ctx.found, code):
            base.error(UNSERVED, f"nobody serves IngressClass {name or ctx.default_class}: {why}", severity="warn")
    secrets = _secrets(ctx, obj, base)
    for index, (host, path, backend) in enumerate(_paths(obj)):
        parts = crd.Parts(list(base.problems), base.dropped)
        text = path.path if path is not None and path.path else "/"
        exact = path is not None and path.path_type == "Exact"
        rule = f"Path({quote(text)})" if exact else strict(text)
        if host:
            rule = f"Host({quote(host)}) && {rule}"
        rank = (2 if host and not host.startswith("*") else 1 if host else 0, int(exact), len(text.rstrip("/")))
        _, error = checked_rule(rule)
        tls = secrets.get(host) or secrets.get(f"*.{host.partition('.')[2]}") or secrets.get("")
        if tls is None and any(host in item.hosts or not item.hosts for item in obj.body.spec.tls):
            tls = Tls(None, None, "the controller's default certificate")
        # A host with TLS is served on both ports unless the controller redirects; that is the controller's own matter.
        router = Router(rule, priority=0, rank=rank, tls=False, error=str(error) if error else "")
        yield Route(
            ref(obj), index, "http", controller or "unknown", (host,) if host else (), rule, (router,), (),
            ("80", "443") if tls else ("80",), (), _backend(ctx, obj, backend, parts, None), tls, None, owner,
            problems=tuple(parts.problems), dropped=parts.dropped,
        )  # fmt: skip
