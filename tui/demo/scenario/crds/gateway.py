"""gateway.networking.k8s.io, the standard channel of Gateway API 1.5, as k3s' Traefik brings it.

No controller serves it in the demo (Traefik's Gateway provider is off, as by default), so specs are open.
"""

from __future__ import annotations

from pointsman.tui.demo.scenario.crds import CONDITIONS, Crd

BUNDLE = {
    "gateway.networking.k8s.io/bundle-version": "v1.5.1",
    "gateway.networking.k8s.io/channel": "standard",
    "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/4530",
}
_HOSTS = ("Hostnames~string~.spec.hostnames", "Age")
_BOTH = ("v1", "v1beta1")


def _route(kind: str, plural: str, versions: tuple[str, ...] = ("v1",)) -> Crd:
    status = {"parents": ["any"]}
    hosts = _HOSTS if kind in ("HTTPRoute", "GRPCRoute") else ("Age",)
    return Crd(kind, plural, spec="any", status=status, categories="gateway-api", versions=versions, columns=hosts)


GATEWAY = (
    Crd(
        "GatewayClass",
        "gatewayclasses",
        spec={"controllerName!": "str", "description": "str", "parametersRef": "any"},
        status={"conditions": CONDITIONS, "supportedFeatures": [{"name!": "str"}]},
        required=("spec",),
        short="gc",
        cluster=True,
        categories="gateway-api",
        versions=_BOTH,
        columns=(
            "Controller~string~.spec.controllerName",
            'Accepted~string~.status.conditions[?(@.type=="Accepted")].status',
            "Age",
            "Description~string~.spec.description~1",
        ),
    ),
    Crd(
        "Gateway",
        "gateways",
        spec={
            "gatewayClassName!": "str",
            "listeners": ["any"],
            "addresses": [{"type": "str", "value": "str"}],
            "infrastructure": "any",
            "allowedListeners": "any",
            "tls": "any",
        },
        status={"addresses": [{"type": "str", "value!": "str"}], "conditions": CONDITIONS, "listeners": ["any"]},
        required=("spec",),
        short="gtw",
        categories="gateway-api",
        versions=_BOTH,
        columns=(
            "Class~string~.spec.gatewayClassName",
            "Address~string~.status.addresses[*].value",
            'Programmed~string~.status.conditions[?(@.type=="Programmed")].status',
            "Age",
        ),
    ),
    _route("HTTPRoute", "httproutes", _BOTH),
    _route("GRPCRoute", "grpcroutes"),
    _route("TLSRoute", "tlsroutes"),
    Crd(
        "ReferenceGrant",
        "referencegrants",
        spec={
            "from!": [{"group!": "str", "kind!": "str", "namespace!": "str"}],
            "to!": [{"group!": "str", "kind!": "str", "name": "str"}],
        },
        short="refgrant",
        categories="gateway-api",
        versions=("v1beta1", "v1"),
        subresource=False,
        columns=("Age",),
    ),
    Crd(
        "BackendTLSPolicy",
        "backendtlspolicies",
        spec="any",
        status={"ancestors": ["any"]},
        short="btlspolicy",
        categories="gateway-api",
        versions=("v1",),
        columns=("Age",),
    ),
    Crd(
        "ListenerSet",
        "listenersets",
        spec="any",
        status="any",
        short="lset",
        categories="gateway-api",
        versions=("v1",),
        columns=("Age",),
    ),
)
