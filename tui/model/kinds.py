"""The one table of kinds: what is watched, at which versions it can be read, and what people call it.

A new kind is one line here (and a projection if an answer reads its body). ``id`` is the plural, unique in the table;
only the two groups with a clash carry a prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pointsman.tui.model import core, lb
from pointsman.tui.model.meta import Loose, Resource

B = TypeVar("B", bound=Resource)


@dataclass(frozen=True, slots=True)
class Kind(Generic[B]):
    """One kind of object.

    ``versions`` are those the projection understands, best first; discovery decides which of them is asked for (a
    version that is served but not listed here is taken as a last resort). ``metadata_only`` asks the server for
    PartialObjectMetadata. ``secret`` bodies are reduced before anything keeps them. ``core`` kinds are served by every
    cluster; the others may be absent, which is not a fault.
    """

    id: str
    kind: str
    group: str
    versions: tuple[str, ...]
    body: type[B]
    namespaced: bool = True
    plural: str = ""
    short: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    metadata_only: bool = False
    secret: bool = False
    core: bool = False

    @property
    def resource(self) -> str:
        """The plural in the URL."""
        return self.plural or self.id

    @property
    def group_resource(self) -> str:
        """``services`` or ``ingressroutes.traefik.io``, as RBAC and kubectl name it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    def api_version(self, version: str = "") -> str:
        """``v1`` or ``traefik.io/v1alpha1``; the preferred version if none is given."""
        chosen = version or self.versions[0]
        return f"{self.group}/{chosen}" if self.group else chosen

    def url(self, version: str = "", namespace: str = "", name: str = "") -> str:
        """The path on the API server."""
        root = (
            f"/apis/{self.group}/{version or self.versions[0]}" if self.group else f"/api/{version or self.versions[0]}"
        )
        parts = [root]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.resource)
        if name:
            parts.append(name)
        return "/".join(parts)


V1 = ("v1",)
CILIUM = ("v2", "v2alpha1")
GATEWAY = ("v1", "v1beta1", "v1alpha3", "v1alpha2")

NODES = Kind("nodes", "Node", "", V1, core.Node, namespaced=False, short=("no",), core=True)
NAMESPACES = Kind("namespaces", "Namespace", "", V1, core.Namespace, namespaced=False, short=("ns",), core=True)
PODS = Kind("pods", "Pod", "", V1, core.Pod, short=("po",), core=True)
SERVICES = Kind("services", "Service", "", V1, core.Service, short=("svc",), core=True)
CONFIGMAPS = Kind("configmaps", "ConfigMap", "", V1, core.ConfigMap, short=("cm",), core=True)
EVENTS = Kind("events", "Event", "", V1, core.Event, short=("ev",), core=True)
TLS_SECRETS = Kind(
    "secrets", "Secret", "", V1, core.Secret, field_selector="type=kubernetes.io/tls", secret=True, core=True
)
HELM_RELEASES = Kind(
    "helmreleases", "Secret", "", V1, Resource, plural="secrets", label_selector="owner=helm", metadata_only=True,
    secret=True, core=True,
)  # fmt: skip
DEPLOYMENTS = Kind("deployments", "Deployment", "apps", V1, core.Workload, short=("deploy",), core=True)
DAEMONSETS = Kind("daemonsets", "DaemonSet", "apps", V1, core.Workload, short=("ds",), core=True)
STATEFULSETS = Kind("statefulsets", "StatefulSet", "apps", V1, core.Workload, short=("sts",), core=True)
REPLICASETS = Kind("replicasets", "ReplicaSet", "apps", V1, Resource, short=("rs",), metadata_only=True, core=True)
JOBS = Kind("jobs", "Job", "batch", V1, core.Job, core=True)
CRONJOBS = Kind("cronjobs", "CronJob", "batch", V1, core.CronJob, short=("cj",), core=True)
ENDPOINTSLICES = Kind(
    "endpointslices", "EndpointSlice", "discovery.k8s.io", ("v1", "v1beta1"), core.EndpointSlice, core=True
)
LEASES = Kind("leases", "Lease", "coordination.k8s.io", V1, core.Lease, core=True)
INGRESSES = Kind("ingresses", "Ingress", "networking.k8s.io", V1, core.Ingress, short=("ing",), core=True)
INGRESSCLASSES = Kind(
    "ingressclasses", "IngressClass", "networking.k8s.io", V1, core.IngressClass, namespaced=False, core=True
)
NETWORKPOLICIES = Kind(
    "networkpolicies", "NetworkPolicy", "networking.k8s.io", V1, Loose, short=("netpol", "np"), core=True
)
CRDS = Kind(
    "customresourcedefinitions", "CustomResourceDefinition", "apiextensions.k8s.io", V1, Resource, namespaced=False,
    short=("crd", "crds"), metadata_only=True, core=True,
)  # fmt: skip

ADMINNETWORKPOLICIES = Kind(
    "adminnetworkpolicies",
    "AdminNetworkPolicy",
    "policy.networking.k8s.io",
    ("v1alpha1",),
    Loose,
    namespaced=False,
    short=("anp",),
)
BASELINEADMINNETWORKPOLICIES = Kind(
    "baselineadminnetworkpolicies",
    "BaselineAdminNetworkPolicy",
    "policy.networking.k8s.io",
    ("v1alpha1",),
    Loose,
    namespaced=False,
    short=("banp",),
)
CLUSTERNETWORKPOLICIES = Kind(
    "clusternetworkpolicies",
    "ClusterNetworkPolicy",
    "policy.networking.k8s.io",
    ("v1alpha2",),
    Loose,
    namespaced=False,
    short=("cnetpol",),
)

GATEWAYCLASSES = Kind(
    "gatewayclasses", "GatewayClass", "gateway.networking.k8s.io", GATEWAY, Loose, namespaced=False, short=("gc",)
)
GATEWAYS = Kind("gateways", "Gateway", "gateway.networking.k8s.io", GATEWAY, Loose, short=("gtw",))
HTTPROUTES = Kind("httproutes", "HTTPRoute", "gateway.networking.k8s.io", GATEWAY, Loose)
GRPCROUTES = Kind("grpcroutes", "GRPCRoute", "gateway.networking.k8s.io", GATEWAY, Loose)
TLSROUTES = Kind("tlsroutes", "TLSRoute", "gateway.networking.k8s.io", GATEWAY, Loose)
TCPROUTES = Kind("tcproutes", "TCPRoute", "gateway.networking.k8s.io", GATEWAY, Loose)
UDPROUTES = Kind("udproutes", "UDPRoute", "gateway.networking.k8s.io", GATEWAY, Loose)
REFERENCEGRANTS = Kind(
    "referencegrants", "ReferenceGrant", "gateway.networking.k8s.io", GATEWAY, Loose, short=("refgrant",)
)

CILIUMNETWORKPOLICIES = Kind(
    "ciliumnetworkpolicies", "CiliumNetworkPolicy", "cilium.io", CILIUM, Loose, short=("cnp", "ciliumnp")
)
CILIUMCLUSTERWIDENETWORKPOLICIES = Kind(
    "ciliumclusterwidenetworkpolicies",
    "CiliumClusterwideNetworkPolicy",
    "cilium.io",
    CILIUM,
    Loose,
    namespaced=False,
    short=("ccnp",),
)
CILIUMPOOLS = Kind(
    "ciliumloadbalancerippools",
    "CiliumLoadBalancerIPPool",
    "cilium.io",
    CILIUM,
    lb.CiliumLoadBalancerIPPool,
    namespaced=False,
    short=("ippools", "ippool", "lbippool"),
)
CILIUML2POLICIES = Kind(
    "ciliuml2announcementpolicies",
    "CiliumL2AnnouncementPolicy",
    "cilium.io",
    CILIUM,
    lb.CiliumL2AnnouncementPolicy,
    namespaced=False,
    short=("l2announcement",),
)
CILIUMBGPCLUSTERCONFIGS = Kind(
    "ciliumbgpclusterconfigs",
    "CiliumBGPClusterConfig",
    "cilium.io",
    CILIUM,
    Loose,
    namespaced=False,
    short=("cbgpcluster",),
)
CILIUMBGPADVERTISEMENTS = Kind(
    "ciliumbgpadvertisements",
    "CiliumBGPAdvertisement",
    "cilium.io",
    CILIUM,
    Loose,
    namespaced=False,
    short=("cbgpadvert",),
)
CILIUMBGPNODECONFIGS = Kind(
    "ciliumbgpnodeconfigs", "CiliumBGPNodeConfig", "cilium.io", CILIUM, Loose, namespaced=False, short=("cbgpnode",)
)
CILIUMNODES = Kind("ciliumnodes", "CiliumNode", "cilium.io", CILIUM, Loose, namespaced=False, short=("cn", "ciliumn"))
CILIUMCIDRGROUPS = Kind(
    "ciliumcidrgroups", "CiliumCIDRGroup", "cilium.io", CILIUM, Loose, namespaced=False, short=("ccg",)
)

METALLBPOOLS = Kind("ipaddresspools", "IPAddressPool", "metallb.io", ("v1beta1",), lb.IPAddressPool)
L2ADVERTISEMENTS = Kind("l2advertisements", "L2Advertisement", "metallb.io", ("v1beta1",), lb.L2Advertisement)
BGPADVERTISEMENTS = Kind("bgpadvertisements", "BGPAdvertisement", "metallb.io", ("v1beta1",), lb.L2Advertisement)
BGPPEERS = Kind("bgppeers", "BGPPeer", "metallb.io", ("v1beta2", "v1beta1"), Loose)
SERVICEL2STATUSES = Kind("servicel2statuses", "ServiceL2Status", "metallb.io", ("v1beta1",), lb.ServiceL2Status)
SERVICEBGPSTATUSES = Kind("servicebgpstatuses", "ServiceBGPStatus", "metallb.io", ("v1beta1",), lb.ServiceL2Status)
CONFIGURATIONSTATES = Kind("configurationstates", "ConfigurationState", "metallb.io", ("v1beta1",), Loose)
BGPSESSIONSTATES = Kind("bgpsessionstates", "BGPSessionState", "frrk8s.metallb.io", ("v1beta1",), lb.BGPSessionState)

INGRESSROUTES = Kind("ingressroutes", "IngressRoute", "traefik.io", ("v1alpha1",), Loose)
INGRESSROUTETCPS = Kind("ingressroutetcps", "IngressRouteTCP", "traefik.io", ("v1alpha1",), Loose)
INGRESSROUTEUDPS = Kind("ingressrouteudps", "IngressRouteUDP", "traefik.io", ("v1alpha1",), Loose)
MIDDLEWARES = Kind("middlewares", "Middleware", "traefik.io", ("v1alpha1",), Loose)
MIDDLEWARETCPS = Kind("middlewaretcps", "MiddlewareTCP", "traefik.io", ("v1alpha1",), Loose)
TRAEFIKSERVICES = Kind("traefikservices", "TraefikService", "traefik.io", ("v1alpha1",), Loose)
SERVERSTRANSPORTS = Kind("serverstransports", "ServersTransport", "traefik.io", ("v1alpha1",), Loose)
TLSOPTIONS = Kind("tlsoptions", "TLSOption", "traefik.io", ("v1alpha1",), Loose)
TLSSTORES = Kind("tlsstores", "TLSStore", "traefik.io", ("v1alpha1",), Loose)

HELMCHARTS = Kind("helmcharts", "HelmChart", "helm.cattle.io", V1, Loose)
HELMCHARTCONFIGS = Kind("helmchartconfigs", "HelmChartConfig", "helm.cattle.io", V1, Loose)
ADDONS = Kind("addons", "Addon", "k3s.cattle.io", V1, Resource, metadata_only=True)


def _table() -> dict[str, Kind[Any]]:
    found = [value for value in globals().values() if isinstance(value, Kind)]
    return {kind.id: kind for kind in found}


KINDS: dict[str, Kind[Any]] = _table()
"""Every kind by id, in the order of this file."""


def find_kind(word: str) -> Kind[Any] | None:
    """The kind a person means: plural, kind in any case, short name, or ``plural.group``; None if there is none."""
    wanted = word.lower()
    for kind in KINDS.values():
        if wanted in (kind.id, kind.kind.lower(), kind.group_resource) or wanted in kind.short:
            return kind
    return None


def kinds_of(group: str, kind: str) -> Iterator[Kind[Any]]:
    """The table's lines for one API kind (a Secret has two: TLS and Helm releases)."""
    for entry in KINDS.values():
        if entry.group == group and entry.kind == kind:
            yield entry
