"""What every kind of route looks at: Traefik's configuration, services and their endpoints, middlewares, certificates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pointsman.tui.answers.index import services_by_namespace, slices_by_service
from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.owners import Owner, owner_of
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.routes.model import ELSEWHERE, FORBIDDEN, MISSING, UNREAD, Backend, Server, Tls, Use
from pointsman.tui.answers.routes.traefik import ASSUMED, EntryPoint, Traefik, read_traefik
from pointsman.tui.answers.stack import traefik as detection
from pointsman.tui.answers.stack.facts import Facts, facts
from pointsman.tui.answers.words import listed, sees
from pointsman.tui.model.core import Service, ServicePort
from pointsman.tui.model.kinds import (
    ENDPOINTSLICES,
    INGRESSCLASSES,
    MIDDLEWARES,
    MIDDLEWARETCPS,
    SERVICES,
    TLS_SECRETS,
    TLSSTORES,
)
from pointsman.tui.model.meta import Key, Obj, dig_str
from pointsman.tui.model.times import epoch
from pointsman.tui.store.snapshot import Snapshot

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
CLASS_NOTE = "kubernetes.io/ingress.class"


class Context:
    """Built once per change of what it reads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.found: Facts = facts(snapshot)
        workloads = detection.workloads(self.found)
        self.templates = {ref(item): item.body.spec.template.metadata.labels for item in workloads}
        self.traefiks: tuple[Traefik, ...] = tuple(map(read_traefik, workloads)) or (ASSUMED,)
        self.assumed = not workloads
        self._backends: dict[tuple[Key, str], Backend] = {}
        self._exposed: dict[tuple[Ref | None, str], tuple[tuple[Obj[Service], int], ...]] = {}

    # -- controllers ----------------------------------------------------------------------------------------------
    @cached_property
    def classes(self) -> Mapping[str, str]:
        """IngressClass → controller."""
        return {obj.name: obj.body.spec.controller for obj in self.snapshot.all(INGRESSCLASSES)}

    @cached_property
    def default_class(self) -> str:
        for obj in self.snapshot.all(INGRESSCLASSES):
            if obj.meta.annotations.get(DEFAULT_CLASS) == "true":
                return obj.name
        return ""

    def selects(self, service: Obj[Service], workload: Ref) -> bool:
        selector = service.body.spec.selector
        labels = self.templates.get(workload, {})
        return bool(selector) and service.namespace == workload.namespace and selector.items() <= labels.items()

    def exposed(self, traefik: Traefik, point: EntryPoint) -> tuple[tuple[Obj[Service], int], ...]:
        """The services, with their port, that lead to an entry point: joined by the target port's number or name."""
        if traefik.ref is None:
            return ()
        key = (traefik.ref, point.name)
        if key not in self._exposed:
            found = []
            for service in services_by_namespace(self.snapshot).get(traefik.ref.namespace, ()):
                if not self.selects(service, traefik.ref):
                    continue
                found += [(service, port.port) for port in service.body.spec.ports if leads_to(port, point)]
            self._exposed[key] = tuple(found)
        return self._exposed[key]

    def port_words(self, traefik: Traefik, names: tuple[str, ...]) -> tuple[str, ...]:
        """``websecure:443``; the container's port for an entry point that no service leads to."""
        found = []
        for name in names:
            point = traefik.entry_points.get(name.lower())
            if point is None:
                found.append(name)
                continue
            outer = sorted({number for _, number in self.exposed(traefik, point)})
            number = "/".join(map(str, outer)) if outer else f"{point.port}"
            found.append(f"{name}:{number}{'/udp' if point.protocol == 'udp' else ''}")
        return tuple(found)

    def owner(self, obj: Obj[Any]) -> Owner:
        return owner_of(obj, self.snapshot)

    # -- services -------------------------------------------------------------------------------------------------
    def backend(self, namespace: str, name: str, port: str) -> Backend:
        """A service and one of its ports (by number or name), with its endpoints."""
        key = ((namespace, name), port)
        if key not in self._backends:
            self._backends[key] = self._backend(namespace, name, port)
        return self._backends[key]

    def _backend(self, namespace: str, name: str, port: str) -> Backend:
        target = Ref(SERVICES.id, namespace, name)
        service = self.snapshot.get(SERVICES, namespace, name)
        if service is None:
            problem = None
            if sees(self.snapshot, SERVICES):
                text = f"Service {namespace}/{name} does not exist{self._near(namespace, name)}"
                problem = Problem("route-missing-service", "error", text)
            return Backend(target.path, target, port, problem=problem)
        spec = service.body.spec
        found = find_port(service, port)
        if found is None:
            there = listed([f"{item.port} ({item.name})" if item.name else str(item.port) for item in spec.ports])
            what = f"no port {port}" if port else "several ports, and the route names none"
            text = f"Service {target.path} has {what}; it has {there or 'none'}"
            return Backend(target.path, target, port, problem=Problem("route-missing-port", "error", text))
        if spec.type == "ExternalName":
            return Backend(target.path, target, port, found.port, external=spec.external_name)
        servers = tuple(self.servers(service, found))
        known = self.snapshot.known(ENDPOINTSLICES) and sees(self.snapshot, ENDPOINTSLICES)
        ready, total = sum(item.ready for item in servers), len(servers)
        problem = None
        if known and not ready:
            text = f"no endpoint of Service {target.path} is ready" if total else (
                f"Service {target.path} has no endpoints: no pod matches its selector" if spec.selector
                else f"Service {target.path} has no endpoints and no selector")  # fmt: skip
            problem = Problem("route-no-endpoints", "error", text)
        return Backend(
            target.path, target, port, found.port, None, servers, ready if known else None, total if known else None,
            problem,
        )  # fmt: skip

    def _near(self, namespace: str, name: str) -> str:
        """What may have been meant: the same name elsewhere, or one that begins alike."""
        same = [item.path for item in self._by_name.get(name, ())]
        stem = name.split("-")[0]
        here = [
            item.path
            for item in services_by_namespace(self.snapshot).get(namespace, ())
            if item.name.startswith(stem) or name.startswith(item.name)
        ]
        near = (sorted(same) or sorted(here))[:3]
        return f"; there is {listed(near, word='or')}" if near else ""

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Obj[Service], ...]]:
        found: dict[str, tuple[Obj[Service], ...]] = {}
        for service in self.snapshot.all(SERVICES):
            found[service.name] = (*found.get(service.name, ()), service)
        return found

    def servers(self, service: Obj[Service], port: ServicePort) -> list[Server]:
        """The endpoints behind a port: slices name ports as the service does."""
        found: dict[tuple[str, int], Server] = {}
        for piece in slices_by_service(self.snapshot).get(service.key, ()):
            number = next((item.port for item in piece.body.ports if (item.name or "") == port.name), None)
            if not number:
                continue
            for item in piece.body.endpoints:
                ready = item.conditions.ready is not False
                serving = item.conditions.serving is not False
                target = item.target_ref
                pod = (target.namespace or service.namespace, target.name) if target and target.kind == "Pod" else None
                for address in item.addresses:
                    found.setdefault((address, number), Server(address, number, ready, serving, pod, item.node_name))
        return list(found.values())

    # -- middlewares ----------------------------------------------------------------------------------------------
    @cached_property
    def middlewares_by_reference(self) -> Mapping[str, Obj[Any]]:
        """Middlewares by ``<namespace>-<name>``, as annotations and entry points refer to them."""
        return {f"{item.namespace}-{item.name}": item for item in self.snapshot.all(MIDDLEWARES)}

    def use(self, traefik: Traefik, namespace: str, name: str, own: str, *, tcp: bool = False) -> tuple[Use, bool]:
        """A middleware that an object of namespace ``own`` names; and whether the reference itself is forbidden, which makes
        Traefik drop the route."""
        if "@" in name:
            return self.use_reference(name), False
        where = namespace or own
        kind = MIDDLEWARETCPS if tcp else MIDDLEWARES
        path = f"{where}/{name}"
        if where != own and not traefik.cross_namespace:
            return Use(path, None, f"{kind.kind} {path} is in another namespace, which Traefik does not allow "
                       "(providers.kubernetescrd.allowCrossNamespace)", state=FORBIDDEN), True  # fmt: skip
        obj = self.snapshot.get(kind, where, name)
        if obj is not None:
            return Use(path, ref(obj)), False
        if self.snapshot.known(kind):
            return Use(path, None, f"{kind.kind} {path} does not exist", state=MISSING), False
        return Use(path, None, f"{kind.group_resource} not read", state=UNREAD), False

    def use_reference(self, word: str, by: str = "") -> Use:
        """``<namespace>-<name>@kubernetescrd``, or a middleware of another provider."""
        name, _, provider = word.partition("@")
        if provider != "kubernetescrd":
            if provider == "internal":
                return Use(word, None, "", by)
            text = f"is of the provider {provider or 'of its own'}, which cannot be seen from here"
            return Use(word, None, text, by, state=ELSEWHERE)
        obj = self.middlewares_by_reference.get(name)
        if obj is not None:
            return Use(obj.path, ref(obj), "", by)
        if self.snapshot.known(MIDDLEWARES):
            return Use(word, None, f"Middleware {word} does not exist", by, state=MISSING)
        return Use(word, None, "middlewares.traefik.io not read", by, state=UNREAD)

    # -- certificates ---------------------------------------------------------------------------------------------
    def tls(self, namespace: str, name: str, *, passthrough: bool = False) -> tuple[Tls, Problem | None]:
        """The certificate in a Secret, and what is wrong with it as long as the time plays no part."""
        target = Ref(TLS_SECRETS.id, namespace, name)
        secret = self.snapshot.get(TLS_SECRETS, namespace, name)
        if secret is None:
            problem = None
            if sees(self.snapshot, TLS_SECRETS):
                text = f"TLS Secret {target.path} does not exist: the default certificate is shown instead"
                problem = Problem("route-missing-secret", "warn", text)
            return Tls(target, None, "does not exist" if problem else "", passthrough), problem
        certificate = secret.body.certificate
        ends = epoch(certificate.not_after) if certificate is not None else None
        if certificate is None or certificate.problem:
            text = f"TLS Secret {target.path} holds no readable certificate"
            return Tls(target, None, "no readable certificate", passthrough), Problem("route-bad-secret", "warn", text)
        return Tls(target, ends, ", ".join(certificate.dns_names[:6]), passthrough), None

    @cached_property
    def default_tls(self) -> Tls:
        """What a route without a secret of its own shows: the default TLSStore's certificate, or Traefik's own."""
        for store in self.snapshot.all(TLSSTORES):
            name = dig_str(store.body.spec, "defaultCertificate", "secretName")
            if store.name == "default" and name:
                return self.tls(store.namespace, name)[0]
        return Tls(None, None, "the default certificate")


def leads_to(port: ServicePort, point: EntryPoint) -> bool:
    """Whether a service's port ends at an entry point; a name is the container's port, which the chart calls like it."""
    if (port.protocol or "TCP").lower() != point.protocol:
        return False
    target = port.target_port or port.port
    return str(target) == str(point.port) or (isinstance(target, str) and target.lower() == point.name)


def find_port(service: Obj[Service], port: str) -> ServicePort | None:
    """By number or name; without either the only port there is."""
    ports = service.body.spec.ports
    if not port:
        return ports[0] if len(ports) == 1 else None
    return next((item for item in ports if port in (str(item.port), item.name) and port), None)
