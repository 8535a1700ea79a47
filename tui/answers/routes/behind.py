"""The last part of a trace: from the router to the pod, and what policies say about it."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.policies.ends import End, Is, ip_spans
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.judge import Answer, judge
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.hops import BROKEN, OK, SKIPPED, UNKNOWN, Hop
from pointsman.tui.answers.routes.model import DIRECT, Backend, Route, Server
from pointsman.tui.answers.routes.request import Request
from pointsman.tui.answers.words import from_files, listed
from pointsman.tui.model.kinds import PODS
from pointsman.tui.store.snapshot import Snapshot

MOST = 4
"""Backends of one rule that are followed."""


def behind(snapshot: Snapshot, route: Route, controller: Ref | None, request: Request) -> Iterator[Hop]:
    """Every service that gets requests; copies and fallbacks are named only."""
    wanted = [item for item in route.backends if item.weight != 0 and not item.role]
    total = sum(1 if item.weight is None else item.weight for item in wanted)
    for backend in wanted[:MOST]:
        share = ""
        if len(wanted) > 1:
            weight = 1 if backend.weight is None else backend.weight
            share = f", {weight}/{total} of the requests"
        yield from _backend(snapshot, backend, share, route, controller, request)
    if len(wanted) > MOST:
        yield Hop("backend", "", UNKNOWN, f"{len(wanted) - MOST} more services are not followed")
    if not wanted:
        named = any(not item.role for item in route.backends)
        why = "no service gets any requests: every weight is 0" if named else "the rule names no backend"
        yield Hop("backend", "", BROKEN, why)


def _backend(
    snapshot: Snapshot, backend: Backend, share: str, route: Route, controller: Ref | None, request: Request
) -> Iterator[Hop]:
    if backend.ref is None:
        if backend.name.endswith("@internal"):
            yield Hop("backend", backend.name, OK, "the proxy answers itself")
        else:
            yield Hop("backend", backend.name, UNKNOWN, "a service that cannot be seen from here")
        return
    problem = backend.problem
    if problem is not None and problem.id != "route-no-endpoints":
        yield Hop("backend", backend.name, BROKEN, problem.text)
        return
    if backend.external:
        yield Hop("backend", backend.name, UNKNOWN, f"leads out of the cluster, to {backend.external}")
        return
    yield Hop("backend", backend.name, OK, f"port {backend.number or backend.port}{share}")
    if problem is not None:
        yield Hop("endpoint", backend.name, BROKEN, problem.text)
        yield Hop("pod", "", SKIPPED, "there is no endpoint to follow")
        return
    if backend.ready is None and from_files(snapshot):
        yield Hop("endpoint", backend.name, SKIPPED, "the files hold no endpoints: a cluster makes them")
        return
    if backend.ready is None:
        yield Hop("endpoint", backend.name, UNKNOWN, "endpoints cannot be read")
        return
    there = [item for item in backend.servers if item.ready]
    names = listed([f"{item.ip}:{item.port}" for item in there])
    yield Hop("endpoint", names, OK, f"{backend.ready} of {backend.total} ready")
    yield from _pods(snapshot, there, route, controller, request)


def _pods(
    snapshot: Snapshot, servers: list[Server], route: Route, controller: Ref | None, request: Request
) -> Iterator[Hop]:
    index = compile_index(snapshot)
    ends = {end.ref: end for end in index.ends if end.ref is not None}
    for server in servers[:MOST]:
        if server.pod is None:
            yield Hop("pod", "", UNKNOWN, f"the endpoint {server.ip} names no pod")
            continue
        name = "/".join(server.pod)
        pod = snapshot.get(PODS, *server.pod)
        if pod is None:
            known = snapshot.known(PODS)
            text = "the endpoint names a pod that does not exist" if known else "pods cannot be read"
            yield Hop("pod", name, BROKEN if known else UNKNOWN, text)
            continue
        good = pod_ready(pod.body)
        state = "is ready" if good else "is not ready, but an endpoint"
        where = pod.body.spec.node_name or "no node"
        yield Hop("pod", name, OK if good else UNKNOWN, f"{state}, on {where}")
        dst = ends.get(Ref(PODS.id, *server.pod))
        if dst is not None:
            yield from _policies(index, dst, server, route, controller, request)


def _policies(
    index: PolicyIndex, dst: End, server: Server, route: Route, controller: Ref | None, request: Request
) -> Iterator[Hop]:
    """From the controller's pods, or from the client where nothing stands between."""
    protocol = "UDP" if route.protocol == "udp" else "TCP"
    src: End | None = None
    if route.controller != DIRECT and controller is not None:
        src = next(
            (end for end in index.ends if end.owner is not None
             and (end.owner.namespace, end.owner.name) == controller.key),
            None,
        )  # fmt: skip
    elif route.controller == DIRECT and request.client:
        src = End(Is.WORLD, request.client, ips=ip_spans([request.client]))
    if src is None:
        return
    decision = judge(index, src, dst, server.port, protocol)
    state = {Answer.ALLOWED: OK, Answer.DENIED: BROKEN, Answer.UNKNOWN: UNKNOWN}[decision.answer]
    policies = list(dict.fromkeys(item.policy.path for item in decision.because if item.policy is not None))
    named = [item.text for item in decision.because if item.policy is not None] or [
        item.text for item in decision.because
    ]
    words = "; ".join(named[:2]) or decision.answer.value
    yield Hop("policy", listed(policies), state, f"{src.text} → {dst.text}: {words}")
