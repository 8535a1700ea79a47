"""Projections of the core, apps, batch, discovery, coordination and networking groups: what the answers read."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.tui.model.meta import Condition, Resource

IntOrStr = int | str


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """Base of the nested parts: camelCase on the wire, every field with a default."""


class ContainerPort(Part, frozen=True, gc=False):
    container_port: int = 0
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")
    name: str = ""
    protocol: str = "TCP"


class EnvVar(Part, frozen=True, gc=False):
    """``value`` only where it is given literally; values from Secrets are never resolved."""

    name: str = ""
    value: str = ""


class Container(Part, frozen=True):
    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    env: tuple[EnvVar, ...] = ()


class PodSpec(Part, frozen=True):
    node_name: str = ""
    host_network: bool = False
    service_account_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    node_selector: dict[str, str] = msgspec.field(default_factory=dict)


class ContainerState(Part, frozen=True, gc=False):
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: str | None = None
    finished_at: str | None = None


class ContainerStates(Part, frozen=True, gc=False):
    waiting: ContainerState | None = None
    running: ContainerState | None = None
    terminated: ContainerState | None = None


class ContainerStatus(Part, frozen=True, gc=False):
    name: str = ""
    image: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerStates = ContainerStates()
    last_state: ContainerStates = ContainerStates()


class PodIP(Part, frozen=True, gc=False):
    ip: str = ""


class PodStatus(Part, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    start_time: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Resource, frozen=True, kw_only=True):
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class PodTemplate(Part, frozen=True):
    metadata: TemplateMeta = msgspec.field(default_factory=lambda: TemplateMeta())
    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class TemplateMeta(Part, frozen=True):
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)


class LabelSelector(Part, frozen=True):
    """As on the wire; :mod:`pointsman.tui.model.selectors` judges it."""

    match_labels: dict[str, str] = msgspec.field(default_factory=dict)
    match_expressions: list[dict[str, Any]] = msgspec.field(default_factory=list)


class WorkloadSpec(Part, frozen=True):
    replicas: int | None = None
    selector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class WorkloadStatus(Part, frozen=True):
    """Deployments, StatefulSets and ReplicaSets fill the first group, DaemonSets the second."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    updated_number_scheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(Resource, frozen=True, kw_only=True):
    """Deployment, DaemonSet, StatefulSet or ReplicaSet."""

    spec: WorkloadSpec = msgspec.field(default_factory=WorkloadSpec)
    status: WorkloadStatus = msgspec.field(default_factory=WorkloadStatus)


class JobSpec(Part, frozen=True):
    suspend: bool = False
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class JobStatus(Part, frozen=True):
    completion_time: str = ""
    conditions: tuple[Condition, ...] = ()


class Job(Resource, frozen=True, kw_only=True):
    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or not: no pod of it will run any more."""
        return any(item.type in ("Complete", "Failed") and item.status == "True" for item in self.status.conditions)


class JobTemplate(Part, frozen=True):
    spec: JobSpec = msgspec.field(default_factory=JobSpec)


class CronJobSpec(Part, frozen=True):
    schedule: str = ""
    job_template: JobTemplate = msgspec.field(default_factory=JobTemplate)


class CronJob(Resource, frozen=True, kw_only=True):
    spec: CronJobSpec = msgspec.field(default_factory=CronJobSpec)


class ServicePort(Part, frozen=True, gc=False):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: IntOrStr = 0
    node_port: int = 0
    app_protocol: str = ""


class ServiceSpec(Part, frozen=True):
    type: str = "ClusterIP"
    selector: dict[str, str] = msgspec.field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str = ""
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    load_balancer_class: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    external_traffic_policy: str = ""
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    allocate_load_balancer_node_ports: bool | None = None


class IngressPoint(Part, frozen=True, gc=False):
    ip: str = ""
    hostname: str = ""
    ip_mode: str = ""


class LoadBalancerStatus(Part, frozen=True):
    ingress: tuple[IngressPoint, ...] = ()


class ServiceStatus(Part, frozen=True):
    load_balancer: LoadBalancerStatus = msgspec.field(default_factory=LoadBalancerStatus)
    conditions: tuple[Condition, ...] = ()


class Service(Resource, frozen=True, kw_only=True):
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: ServiceStatus = msgspec.field(default_factory=ServiceStatus)


class Taint(Part, frozen=True, gc=False):
    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Part, frozen=True):
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    provider_id: str = msgspec.field(default="", name="providerID")
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeAddress(Part, frozen=True, gc=False):
    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True, gc=False):
    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""


class NodeStatus(Part, frozen=True):
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()
    capacity: dict[str, IntOrStr] = msgspec.field(default_factory=dict)


class Node(Resource, frozen=True, kw_only=True):
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class NamespaceStatus(Part, frozen=True, gc=False):
    phase: str = ""


class Namespace(Resource, frozen=True, kw_only=True):
    status: NamespaceStatus = NamespaceStatus()


class ObjectReference(Part, frozen=True, gc=False):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EventSource(Part, frozen=True, gc=False):
    component: str = ""
    host: str = ""


class EventSeries(Part, frozen=True, gc=False):
    count: int = 0
    last_observed_time: str = ""


class Event(Resource, frozen=True, kw_only=True):
    """core/v1 Event. ``series`` is filled by newer writers instead of ``count`` and ``last_timestamp``."""

    involved_object: ObjectReference = msgspec.field(default=ObjectReference(), name="involvedObject")
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: str | None = msgspec.field(default=None, name="firstTimestamp")
    last_timestamp: str | None = msgspec.field(default=None, name="lastTimestamp")
    event_time: str | None = msgspec.field(default=None, name="eventTime")
    source: EventSource = EventSource()
    reporting_component: str = msgspec.field(default="", name="reportingComponent")
    reporting_instance: str = msgspec.field(default="", name="reportingInstance")
    series: EventSeries | None = None


class ConfigMap(Resource, frozen=True, kw_only=True):
    data: dict[str, str] = msgspec.field(default_factory=dict)


class Certificate(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of a certificate: no key, no body. Times are RFC 3339."""

    subject: str = ""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""
    dns_names: tuple[str, ...] = ()
    problem: str = ""


class Secret(Resource, frozen=True, kw_only=True):
    """A Secret after :mod:`pointsman.tui.model.secrets` reduced it: which keys there are, never what they hold."""

    type: str = ""
    keys: tuple[str, ...] = ()
    certificate: Certificate | None = None


class EndpointConditions(Part, frozen=True, gc=False):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    target_ref: ObjectReference | None = None


class EndpointPort(Part, frozen=True, gc=False):
    name: str | None = ""
    port: int | None = None
    protocol: str | None = "TCP"


class EndpointSlice(Resource, frozen=True, kw_only=True):
    """``ready`` None counts as ready (discovery.k8s.io/v1: nil means unknown, consumers take it as true)."""

    address_type: str = msgspec.field(default="", name="addressType")
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class LeaseSpec(Part, frozen=True, gc=False):
    holder_identity: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str = ""
    renew_time: str = ""
    lease_transitions: int = 0


class Lease(Resource, frozen=True, kw_only=True):
    spec: LeaseSpec = LeaseSpec()


class IngressTLS(Part, frozen=True):
    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class BackendPort(Part, frozen=True, gc=False):
    name: str = ""
    number: int = 0


class BackendService(Part, frozen=True, gc=False):
    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(Part, frozen=True):
    service: BackendService | None = None
    resource: dict[str, Any] | None = None


class IngressPath(Part, frozen=True):
    path: str = ""
    path_type: str = ""
    backend: IngressBackend = msgspec.field(default_factory=IngressBackend)


class IngressHTTP(Part, frozen=True):
    paths: tuple[IngressPath, ...] = ()


class IngressRule(Part, frozen=True):
    host: str = ""
    http: IngressHTTP | None = None


class IngressSpec(Part, frozen=True):
    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class IngressStatus(Part, frozen=True):
    load_balancer: LoadBalancerStatus = msgspec.field(default_factory=LoadBalancerStatus)


class Ingress(Resource, frozen=True, kw_only=True):
    spec: IngressSpec = msgspec.field(default_factory=IngressSpec)
    status: IngressStatus = msgspec.field(default_factory=IngressStatus)


class IngressClassSpec(Part, frozen=True, gc=False):
    controller: str = ""


class IngressClass(Resource, frozen=True, kw_only=True):
    spec: IngressClassSpec = IngressClassSpec()
