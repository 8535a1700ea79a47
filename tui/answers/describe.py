"""An object in plain lines, as ``kubectl describe`` lays it out, with its events and what the program knows besides.

The lines hold text from the cluster; line breaks in it are shown as ``\\n``, everything else is for the view to clean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pointsman.tui.answers.index import (
    backends,
    event_count,
    event_time,
    event_writer,
    events_by_object,
    pods_by_node,
    slices_by_service,
)
from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.owners import owner_of
from pointsman.tui.answers.yaml_text import yaml_text
from pointsman.tui.model.core import Container, Pod
from pointsman.tui.model.kinds import (
    CILIUMPOOLS,
    DAEMONSETS,
    DEPLOYMENTS,
    KINDS,
    LEASES,
    METALLBPOOLS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    STATEFULSETS,
    TLS_SECRETS,
)
from pointsman.tui.model.meta import Condition, Obj
from pointsman.tui.model.times import age, epoch, since
from pointsman.tui.store.snapshot import Snapshot

HIDDEN_NOTES = ("kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied")
EVENTS_SHOWN = 30
LIST_SHOWN = 60


class Page:
    """Lines of ``Name:   value``, aligned as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pair(self, name: str, value: object) -> None:
        self.lines.append(f"{name + ':':<20} {plain(value)}".rstrip())

    def some(self, name: str, value: object) -> None:
        """A pair only if there is a value."""
        if value not in (None, "", (), [], {}):
            self.pair(name, value)

    def many(self, name: str, values: Iterable[object]) -> None:
        """The first value beside the name, the others below; ``<none>`` if there are none."""
        items = [plain(value) for value in values]
        self.pair(name, items[0] if items else "<none>")
        self.lines.extend(f"{'':<20} {item}" for item in items[1:LIST_SHOWN])
        if len(items) > LIST_SHOWN:
            self.lines.append(f"{'':<20} … and {len(items) - LIST_SHOWN} more")

    def mapping(self, name: str, values: Mapping[str, str]) -> None:
        self.many(name, [f"{key}={value}" for key, value in sorted(values.items())])

    def head(self, title: str) -> None:
        self.lines.extend(["", f"{title}:"])

    def line(self, text: str = "") -> None:
        self.lines.append(f"  {plain(text)}".rstrip())

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        grid = [list(heads), *([plain(cell) for cell in row] for row in rows)]
        widths = [max(len(row[index]) for row in grid) for index in range(len(heads))]
        for row in grid:
            self.line("  ".join(cell.ljust(widths[index]) for index, cell in enumerate(row)))


def plain(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text.replace("\r", "\\r").replace("\n", "\\n")


def describe(obj: Obj[Any], snapshot: Snapshot) -> list[str]:
    """The lines; never fails on an object that lacks fields."""
    page = Page()
    page.pair("Name", obj.name)
    page.some("Namespace", obj.namespace)
    page.mapping("Labels", obj.meta.labels)
    notes = {key: value for key, value in obj.meta.annotations.items() if key not in HIDDEN_NOTES}
    page.mapping("Annotations", {key: _short(value) for key, value in notes.items()})
    created = since(obj.meta.creation_timestamp, snapshot.now)
    page.pair("Age", age(created))
    page.some("Deleting since", obj.meta.deletion_timestamp)
    page.some("Finalizers", ", ".join(obj.meta.finalizers))
    owner = owner_of(obj, snapshot)
    page.pair("Owner", owner.text + (" (undoes changes made by hand)" if owner.reverts else ""))
    if above := obj.meta.controller:
        page.pair("Controlled By", f"{above.kind}/{above.name}")
    page.some("Origin", obj.origin)
    if obj.problem:
        page.pair("Problem", obj.problem)
    else:
        DESCRIBERS.get(obj.kind, _generic)(page, obj, snapshot)
    _events(page, obj, snapshot)
    return page.lines


def _short(value: str, most: int = 240) -> str:
    return value if len(value) <= most else f"{value[:most]}… ({len(value):,} characters)"


def _events(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    kind = KINDS.get(obj.kind)
    found = events_by_object(snapshot).get((kind.kind if kind else obj.kind, obj.namespace, obj.name), ())
    if not found:
        page.lines.append("")
        page.pair("Events", "<none>")
        return
    page.head("Events")
    rows = []
    for item in found[:EVENTS_SHOWN]:
        event = item.body
        at = event_time(event)
        count = event_count(event)
        when = age(snapshot.now - at) if at is not None else "?"
        if count > 1:
            first = epoch(event.first_timestamp)
            span = f" over {age(snapshot.now - first)}" if first is not None else ""
            when += f" (x{count}{span})"
        rows.append([event.type or "?", event.reason, when, event_writer(event), _short(event.message, 500)])
    page.table(["Type", "Reason", "Age", "From", "Message"], rows)
    if len(found) > EVENTS_SHOWN:
        page.line(f"… and {len(found) - EVENTS_SHOWN} older")


def _conditions(page: Page, found: Sequence[Condition], now: float) -> None:
    if not found:
        return
    page.head("Conditions")
    rows = [
        [item.type, item.status, age(since(item.last_transition_time, now)), item.reason, _short(item.message)]
        for item in found
    ]
    page.table(["Type", "Status", "Since", "Reason", "Message"], rows)


# -- the kinds --------------------------------------------------------------------------------------------------------
def _service(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    spec = obj.body.spec
    page.mapping("Selector", spec.selector)
    page.pair("Type", spec.type)
    page.some("IP Family Policy", spec.ip_family_policy)
    page.some("IP Families", ", ".join(spec.ip_families))
    page.pair("IP", ", ".join(spec.cluster_ips) or spec.cluster_ip or "<none>")
    page.some("External IPs", ", ".join(spec.external_ips))
    page.some("External Name", spec.external_name)
    page.some("LoadBalancer Class", spec.load_balancer_class)
    page.some("Desired IP", spec.load_balancer_ip)
    if spec.type == "LoadBalancer":
        given = [point.ip or point.hostname for point in obj.body.status.load_balancer.ingress]
        page.pair("LoadBalancer Ingress", ", ".join(given) or "<pending>")
    page.some("Traffic Policy", spec.external_traffic_policy)
    page.some("Source Ranges", ", ".join(spec.load_balancer_source_ranges))
    found = backends(snapshot, obj.key)
    page.head("Ports")
    rows = [
        [port.name or "<unset>", f"{port.port}/{port.protocol}", str(port.target_port), str(port.node_port or "")]
        for port in spec.ports
    ]
    page.table(["Name", "Port", "TargetPort", "NodePort"], rows)
    page.lines.append("")
    page.pair("Endpoints", f"{found.ready} of {found.total} ready")
    for piece in slices_by_service(snapshot).get(obj.key, ()):
        ports = ", ".join(f"{port.name or ''}:{port.port}/{port.protocol}".lstrip(":") for port in piece.body.ports)
        for item in piece.body.endpoints[:LIST_SHOWN]:
            ready = "ready" if item.conditions.ready is not False else "not ready"
            target = f"{item.target_ref.kind} {item.target_ref.name}" if item.target_ref else ""
            page.line(f"{', '.join(item.addresses)}  {ports}  {ready}  {item.node_name}  {target}")
    mine = [item for item in ip_map(snapshot).items if item.service.key == obj.key]
    if mine:
        page.head("Addresses")
    for address in mine:
        by = ", ".join(f"{one.node} ({one.evidence.value}: {one.source})" for one in address.announcers) or "nobody"
        page.line(f"{address.ip or 'pending'}  {address.kind.value}  pool {address.pool or '-'}  announced by {by}")
        for problem in address.problems:
            page.line(f"  {problem.severity}: {problem.text}")
        for link in address.urls[:20]:
            page.line(f"  {link}")
    _conditions(page, obj.body.status.conditions, snapshot.now)


def pod_state(pod: Pod) -> str:
    """What kubectl shows as a pod's status: the reason of a waiting or ended container, else the phase."""
    if pod.metadata.deletion_timestamp:
        return "Terminating"
    for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        waiting, ended = status.state.waiting, status.state.terminated
        if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            return waiting.reason
        if ended is not None and ended.exit_code:
            return ended.reason or f"ExitCode:{ended.exit_code}"
    return pod.status.reason or pod.status.phase or "Unknown"


def _pod(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    spec, status = obj.body.spec, obj.body.status
    page.pair("Node", spec.node_name or "<none>")
    page.pair("Status", pod_state(obj.body))
    page.some("Reason", status.reason)
    page.some("Message", status.message)
    page.many("IPs", dict.fromkeys(item.ip for item in status.pod_ips) or ([status.pod_ip] if status.pod_ip else []))
    page.some("Service Account", spec.service_account_name)
    page.some("Host Network", "yes" if spec.host_network else "")
    states = {item.name: item for item in (*status.init_container_statuses, *status.container_statuses)}
    for title, containers in (("Init Containers", spec.init_containers), ("Containers", spec.containers)):
        if containers:
            page.head(title)
        for container in containers:
            _container(page, container, states.get(container.name), snapshot.now)
    _conditions(page, status.conditions, snapshot.now)


def _container(page: Page, container: Container, state: Any, now: float) -> None:
    page.line(f"{container.name}:")
    page.line(f"  Image:    {container.image}")
    if container.ports:
        ports = ", ".join(
            f"{port.container_port}/{port.protocol}" + (f" (host {port.host_port})" if port.host_port else "")
            for port in container.ports
        )
        page.line(f"  Ports:    {ports}")
    if container.args:
        page.line(f"  Args:     {_short(' '.join(container.args), 1000)}")
    if state is None:
        page.line("  State:    unknown")
        return
    page.line(f"  State:    {_state(state.state, now)}")
    if state.last_state.terminated is not None:
        page.line(f"  Last:     {_state(state.last_state, now)}")
    page.line(f"  Ready:    {'yes' if state.ready else 'no'}, restarted {state.restart_count} times")


def _state(state: Any, now: float) -> str:
    if state.running is not None:
        return f"Running for {age(since(state.running.started_at, now))}"
    if state.waiting is not None:
        return f"Waiting: {state.waiting.reason} {_short(state.waiting.message)}".rstrip()
    if state.terminated is not None:
        ended = state.terminated
        return f"Terminated {age(since(ended.finished_at, now))} ago: {ended.reason} (exit code {ended.exit_code})"
    return "unknown"


def _node(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    spec, status = obj.body.spec, obj.body.status
    page.many("Addresses", [f"{item.type} {item.address}" for item in status.addresses])
    page.many("Taints", [f"{item.key}={item.value}:{item.effect}".replace("=:", ":") for item in spec.taints])
    page.pair("Schedulable", "no (cordoned)" if spec.unschedulable else "yes")
    page.some("PodCIDRs", ", ".join(spec.pod_cidrs) or spec.pod_cidr)
    info = status.node_info
    page.some("Kubelet", info.kubelet_version)
    page.some("OS", " ".join(part for part in (info.os_image, info.kernel_version, info.architecture) if part))
    page.some("Runtime", info.container_runtime_version)
    page.some("Capacity", ", ".join(f"{name} {value}" for name, value in sorted(status.capacity.items())))
    _conditions(page, status.conditions, snapshot.now)
    announced = [item for item in ip_map(snapshot).items if any(one.node == obj.name for one in item.announcers)]
    if announced:
        page.head("Addresses announced here")
        for item in announced:
            page.line(f"{item.ip}  {item.kind.value}  {item.service.path}")
    pods = pods_by_node(snapshot).get(obj.name, ())
    page.head(f"Pods ({len(pods)})")
    page.table(
        ["Namespace", "Name", "Status", "IP"],
        [[pod.namespace, pod.name, pod_state(pod.body), pod.body.status.pod_ip] for pod in pods[:LIST_SHOWN]],
    )
    if len(pods) > LIST_SHOWN:
        page.line(f"… and {len(pods) - LIST_SHOWN} more")


def _namespace(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    page.pair("Status", obj.body.status.phase or "unknown")
    page.head("Objects")
    for kind in KINDS.values():
        if kind.namespaced and kind.id not in ("events", "leases", "helmreleases", "replicasets", "endpointslices"):
            count = sum(item.namespace == obj.name for item in snapshot.all(kind))
            if count:
                page.line(f"{count:>5}  {kind.group_resource}")


def _lease(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    spec = obj.body.spec
    page.pair("Holder", spec.holder_identity or "<nobody>")
    page.pair("Acquired", f"{age(since(spec.acquire_time, snapshot.now))} ago")
    page.pair("Renewed", f"{age(since(spec.renew_time, snapshot.now))} ago")
    page.pair("Duration", f"{spec.lease_duration_seconds}s")
    page.pair("Transitions", spec.lease_transitions)


def _pool(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    found = ip_map(snapshot)
    pool = next((item for item in found.pools if item.ref.kind == obj.kind and item.ref.key == obj.key), None)
    if pool is not None:
        page.many("Ranges", pool.ranges)
        page.pair("Total", "unknown" if pool.total is None else f"{pool.total:,}")
        page.pair("Used", "unknown" if pool.used is None else f"{pool.used:,}")
        page.pair("Available", "unknown" if pool.available is None else f"{pool.available:,}")
        page.pair("Given", "to any service" if pool.auto else "only when asked for by name")
        page.some("Announced By", ", ".join(pool.announced_by))
        if pool.problems:
            page.head("Problems")
        for problem in pool.problems:
            page.line(f"{problem.severity}: {problem.text}")
        page.head("Used by")
        for item in found.items:
            if item.pool == pool.name:
                page.line(f"{item.ip or 'pending'}  {item.service.path}")
    _generic(page, obj, snapshot)


def _workload(page: Page, obj: Obj[Any], snapshot: Snapshot) -> None:
    spec, status = obj.body.spec, obj.body.status
    page.mapping("Selector", spec.selector.match_labels)
    if obj.kind == DAEMONSETS.id:
        page.pair("Pods", f"{status.number_ready} of {status.desired_number_scheduled} ready")
    else:
        wanted = 1 if spec.replicas is None else spec.replicas
        page.pair("Pods", f"{status.ready_replicas} of {wanted} ready, {status.updated_replicas} up to date")
    page.head("Pod template")
    for container in (*spec.template.spec.init_containers, *spec.template.spec.containers):
        page.line(f"{container.name}:")
        page.line(f"  Image:    {container.image}")
        for argument in container.args:
            page.line(f"  Arg:      {_short(argument)}")
    _conditions(page, status.conditions, snapshot.now)


def _secret(page: Page, obj: Obj[Any], _snapshot: Snapshot) -> None:
    page.pair("Type", obj.body.type or "unknown")
    page.many("Keys", obj.body.keys)
    certificate = obj.body.certificate
    if certificate is None:
        return
    page.some("Problem", certificate.problem)
    page.some("Subject", certificate.subject)
    page.some("Issuer", certificate.issuer)
    page.some("Not Before", certificate.not_before)
    page.some("Not After", certificate.not_after)
    page.many("DNS Names", certificate.dns_names)


def _generic(page: Page, obj: Obj[Any], _snapshot: Snapshot) -> None:
    """Everything but the metadata, as YAML."""
    try:
        doc = obj.doc()
    except msgspec.DecodeError:
        return
    rest = {key: value for key, value in doc.items() if key not in ("metadata", "apiVersion", "kind")}
    if rest:
        page.lines.append("")
        page.lines.extend(yaml_text(Obj(obj.kind, obj.body, msgspec.json.encode(rest))).splitlines())


DESCRIBERS: dict[str, Callable[[Page, Obj[Any], Snapshot], None]] = {
    SERVICES.id: _service,
    PODS.id: _pod,
    NODES.id: _node,
    NAMESPACES.id: _namespace,
    LEASES.id: _lease,
    METALLBPOOLS.id: _pool,
    CILIUMPOOLS.id: _pool,
    DEPLOYMENTS.id: _workload,
    DAEMONSETS.id: _workload,
    STATEFULSETS.id: _workload,
    TLS_SECRETS.id: _secret,
}
"""Kinds with lines of their own; the others are told by their YAML."""
