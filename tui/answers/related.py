"""What belongs together: address ↔ service ↔ routes ↔ policies ↔ pods ↔ endpoints ↔ nodes ↔ pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.doctor.routes import (
    GATEWAY_ROUTES,
    TRAEFIK_ROUTES,
    Wanted,
    backends_of_routes,
    middlewares_of_routes,
)
from pointsman.tui.answers.index import (
    backends,
    pods_by_label,
    pods_by_node,
    pods_selected,
    services_by_namespace,
    slices_by_service,
)
from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ips.cilium import LEASE_PREFIX
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.owners import owner_of, top_of
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.model.kinds import (
    CILIUMNETWORKPOLICIES,
    CILIUMPOOLS,
    ENDPOINTSLICES,
    INGRESSES,
    INGRESSROUTES,
    KINDS,
    L2ADVERTISEMENTS,
    LEASES,
    METALLBPOOLS,
    MIDDLEWARES,
    NETWORKPOLICIES,
    NODES,
    PODS,
    SERVICEBGPSTATUSES,
    SERVICEL2STATUSES,
    SERVICES,
    TLS_SECRETS,
    Kind,
)
from pointsman.tui.model.meta import Obj, dig_dict
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

MOST = 200
"""Objects named; a node has many pods, and nobody reads on."""


@dataclass(frozen=True, slots=True)
class Related:
    """An object and in a few words what it is to the one asked about (``announced by``, ``selects it``)."""

    ref: Ref
    relation: str


def related(snapshot: Snapshot, about: Ref) -> list[Related]:
    """Everything the snapshot relates to an object, each once, the nearest first; at most :data:`MOST`."""
    kind = KINDS.get(about.kind)
    obj = snapshot.get(kind, about.namespace, about.name) if kind else None
    if obj is None:
        return []
    found: dict[Ref, str] = {}
    teller = TELLERS.get(about.kind)
    pairs: list[tuple[Ref, str]] = list(teller(snapshot, obj)) if teller else []
    pairs += _owners(snapshot, obj)
    for target, relation in pairs:
        if target != about and target not in found and _there(snapshot, target):
            found[target] = relation
    return [Related(target, relation) for target, relation in list(found.items())[:MOST]]


Pairs = Iterator[tuple[Ref, str]]


def _there(snapshot: Snapshot, target: Ref) -> bool:
    kind = KINDS.get(target.kind)
    return kind is not None and snapshot.get(kind, target.namespace, target.name) is not None


def _owners(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    top = top_of(obj, snapshot)
    if top != ref(obj):
        yield top, "runs it"
    owner = owner_of(obj, snapshot)
    if owner.object is not None:
        yield owner.object, "owns it"


# -- services and addresses -------------------------------------------------------------------------------------------
def _service(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    me = ref(obj)
    for route in routes_of(snapshot).get(Wanted(SERVICES.id, *obj.key), ()):
        yield route, "leads here"
    for namespace, name in backends(snapshot, obj.key).pods[:50]:
        yield Ref(PODS.id, namespace, name), "serves it"
    for pod in pods_selected(snapshot, obj.namespace, obj.body.spec.selector)[:50]:
        yield ref(pod), "selected by it"
    pools: list[Obj[Any]] = [*snapshot.all(METALLBPOOLS), *snapshot.all(CILIUMPOOLS)]
    for address in ip_map(snapshot).items:
        if address.service != me:
            continue
        if address.pool:
            for pool in pools:
                if pool.name == address.pool:
                    yield ref(pool), f"pool of {address.ip or 'the missing address'}"
        for one in address.announcers:
            yield Ref(NODES.id, "", one.node), f"announces {address.ip}"
        for other in address.shared_with:
            yield other, f"shares {address.ip}"
    for status in (*snapshot.all(SERVICEL2STATUSES), *snapshot.all(SERVICEBGPSTATUSES)):
        if (status.body.status.service_namespace, status.body.status.service_name) == obj.key:
            yield ref(status), "says who announces it"
    lease = Context(snapshot).cilium.lease(obj)
    if lease is not None:
        yield ref(lease), "says who announces it"
    for piece in slices_by_service(snapshot).get(obj.key, ()):
        yield ref(piece), "its endpoints"
    for pod in pods_selected(snapshot, obj.namespace, obj.body.spec.selector)[:1]:
        for policy in _policies_of(snapshot, pod):
            yield policy, "selects its pods"


def _pod(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    for service in services_by_namespace(snapshot).get(obj.namespace, ()):
        selector = service.body.spec.selector
        if selector and selector.items() <= obj.meta.labels.items():
            yield ref(service), "leads here"
            for route in routes_of(snapshot).get(Wanted(SERVICES.id, *service.key), ()):
                yield route, f"leads here through {service.name}"
    for policy in _policies_of(snapshot, obj):
        yield policy, "selects it"
    if obj.body.spec.node_name:
        yield Ref(NODES.id, "", obj.body.spec.node_name), "runs on"


def _policies_of(snapshot: Snapshot, pod: Obj[Any]) -> Iterator[Ref]:
    """NetworkPolicies and simple CiliumNetworkPolicies of the pod's namespace whose selector matches it."""
    for kind, field in ((NETWORKPOLICIES, "podSelector"), (CILIUMNETWORKPOLICIES, "endpointSelector")):
        for policy in sorted(snapshot.all(kind), key=lambda item: item.key):
            if policy.namespace != pod.namespace:
                continue
            for spec in (policy.body.spec, *policy.body.specs):
                if field in spec and _selects(dig_dict(spec, field), pod.meta.labels):
                    yield ref(policy)
                    break


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    own = {
        key.removeprefix("k8s:").removeprefix("any:"): value for key, value in dig_dict(selector, "matchLabels").items()
    }
    try:
        return matches({**selector, "matchLabels": own}, labels)
    except SelectorError:
        return False


def _policy(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    field = "podSelector" if obj.kind == NETWORKPOLICIES.id else "endpointSelector"
    selectors = [dig_dict(spec, field) for spec in (obj.body.spec, *obj.body.specs) if field in spec]
    for pod in sorted(snapshot.all(PODS), key=lambda item: item.key):
        if pod.namespace == obj.namespace and any(_selects(selector, pod.meta.labels) for selector in selectors):
            yield ref(pod), "selected by it"


def _node(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    for address in ip_map(snapshot).items:
        if any(one.node == obj.name for one in address.announcers):
            yield address.service, f"it announces {address.ip}"
    for pod in pods_by_node(snapshot).get(obj.name, ()):
        yield ref(pod), "runs here"


def _pool(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    for address in ip_map(snapshot).items:
        if address.pool == obj.name:
            yield address.service, f"has {address.ip} of it" if address.ip else "waits for an address of it"
    if obj.kind == METALLBPOOLS.id:
        state = Context(snapshot).metallb
        for advert in (*state.l2(obj.name), *state.bgp(obj.name)):
            yield ref(advert), "announces it"


def _advertisement(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    state = Context(snapshot).metallb
    for name, pool in sorted(state.pools.items()):
        if any(ref(item) == ref(obj) for item in (*state.l2(name), *state.bgp(name))):
            yield ref(pool), "announced by it"


def _lease(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    if obj.name.startswith(LEASE_PREFIX):
        for service in snapshot.all(SERVICES):
            if obj.name == f"{LEASE_PREFIX}{service.namespace}-{service.name}":
                yield ref(service), "the service it is for"
    if obj.body.spec.holder_identity:
        yield Ref(NODES.id, "", obj.body.spec.holder_identity), "holds it"


def _status(_snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    status = obj.body.status
    yield Ref(SERVICES.id, status.service_namespace, status.service_name), "the service it is for"
    yield Ref(NODES.id, "", status.node), "announces it"


def _slice(_snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    yield Ref(SERVICES.id, obj.namespace, obj.meta.labels.get("kubernetes.io/service-name", "")), "its service"
    for item in obj.body.endpoints:
        if item.target_ref is not None and item.target_ref.kind == "Pod":
            yield Ref(PODS.id, item.target_ref.namespace or obj.namespace, item.target_ref.name), "endpoint"


# -- routes -----------------------------------------------------------------------------------------------------------
@memoized(INGRESSES, *TRAEFIK_ROUTES, *GATEWAY_ROUTES, MIDDLEWARES)
def routes_of(snapshot: Snapshot) -> Mapping[Wanted, tuple[Ref, ...]]:
    """The routes that name each Service or Middleware."""
    found: dict[Wanted, list[Ref]] = {}
    for route, wanted in (*backends_of_routes(snapshot), *middlewares_of_routes(snapshot)):
        found.setdefault(wanted, []).append(ref(route))
    return {wanted: tuple(dict.fromkeys(items)) for wanted, items in found.items()}


def _route(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    me = ref(obj)
    for route, wanted in (*backends_of_routes(snapshot), *middlewares_of_routes(snapshot)):
        if ref(route) == me:
            relation = "leads to" if wanted.kind == SERVICES.id else "passes through"
            yield Ref(*wanted), relation
            if wanted.kind == SERVICES.id:
                for namespace, name in backends(snapshot, (wanted.namespace, wanted.name)).pods[:20]:
                    yield Ref(PODS.id, namespace, name), "serves it"
    from pointsman.tui.answers.doctor.certificates import users

    for key, using in users(snapshot).items():
        if me in using:
            yield Ref(TLS_SECRETS.id, *key), "its certificate"


def _middleware(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    for route in routes_of(snapshot).get(Wanted(obj.kind, *obj.key), ()):
        yield route, "passes through it"


def _secret(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    from pointsman.tui.answers.doctor.certificates import users

    for one in users(snapshot).get(obj.key, ()):
        yield one, "uses it"


def _workload(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    selector = obj.body.spec.selector
    table = pods_by_label(snapshot)
    candidates = [table.get((obj.namespace, *pair), ()) for pair in selector.match_labels.items()]
    for pod in min(candidates, key=len, default=()):
        if matches(selector, pod.meta.labels):
            yield ref(pod), "runs in it"
    labels = obj.body.spec.template.metadata.labels
    for service in services_by_namespace(snapshot).get(obj.namespace, ()):
        wanted = service.body.spec.selector
        if wanted and wanted.items() <= labels.items():
            yield ref(service), "leads here"


def _namespace(snapshot: Snapshot, obj: Obj[Any]) -> Pairs:
    kinds: tuple[Kind[Any], ...] = (SERVICES, INGRESSES, INGRESSROUTES, NETWORKPOLICIES, CILIUMNETWORKPOLICIES, PODS)
    for kind in kinds:
        for item in sorted(snapshot.all(kind), key=lambda one: one.name):
            if item.namespace == obj.name:
                yield ref(item), "lives in it"


TELLERS = {
    SERVICES.id: _service,
    PODS.id: _pod,
    NODES.id: _node,
    LEASES.id: _lease,
    ENDPOINTSLICES.id: _slice,
    METALLBPOOLS.id: _pool,
    CILIUMPOOLS.id: _pool,
    L2ADVERTISEMENTS.id: _advertisement,
    "bgpadvertisements": _advertisement,
    SERVICEL2STATUSES.id: _status,
    SERVICEBGPSTATUSES.id: _status,
    NETWORKPOLICIES.id: _policy,
    CILIUMNETWORKPOLICIES.id: _policy,
    MIDDLEWARES.id: _middleware,
    "middlewaretcps": _middleware,
    TLS_SECRETS.id: _secret,
    "deployments": _workload,
    "daemonsets": _workload,
    "statefulsets": _workload,
    "namespaces": _namespace,
    **dict.fromkeys(
        (
            "ingresses", "ingressroutes", "ingressroutetcps", "ingressrouteudps", "httproutes", "grpcroutes",
            "tlsroutes", "tcproutes", "udproutes",
        ),
        _route,
    ),
}  # fmt: skip
"""Kind → what it is related to, besides its owners."""
