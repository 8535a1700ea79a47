"""gateway.networking.k8s.io, the standard channel of Gateway API 1.5, as k3s' Traefik brings it.

Traefik's Gateway provider is off in the demo, as by default; with it on (which needs a restart) it works on these. It reads
what the definitions fill in (``from: Same``, ``kind: Service``, a match of every path), so those defaults are here; long
tails that nobody reads (CORS, timeouts, sessions) are open.
"""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.scenario.crds import CONDITIONS, Crd, Default

BUNDLE = {
    "gateway.networking.k8s.io/bundle-version": "v1.5.1",
    "gateway.networking.k8s.io/channel": "standard",
    "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/4530",
}
_HOSTS = ("Hostnames~string~.spec.hostnames", "Age")
_BOTH = ("v1", "v1beta1")


_GROUP = "gateway.networking.k8s.io"
_PARENT = {
    "group": f"str={_GROUP}",
    "kind": "str=Gateway",
    "namespace": "str",
    "name!": "str",
    "sectionName": "str",
    "port": "int32",
}
_OBJECT = {"group": "str", "kind": "str=Service", "name!": "str", "namespace": "str", "port": "int32"}
_HEADERS = [{"name!": "str", "value!": "str"}, "name"]
_HEADER_FILTER = {"set": _HEADERS, "add": _HEADERS, "remove": ["str"]}
_PATH_CHANGE = {"type!": "str", "replaceFullPath": "str", "replacePrefixMatch": "str"}
_FILTER: dict[str, Any] = {
    "type!": "str",
    "requestHeaderModifier": _HEADER_FILTER,
    "responseHeaderModifier": _HEADER_FILTER,
    "requestMirror": {"backendRef!": _OBJECT, "percent": "int32", "fraction": "any"},
    "requestRedirect": {
        "scheme": "str",
        "hostname": "str",
        "path": _PATH_CHANGE,
        "port": "int32",
        "statusCode": "int",
    },
    "urlRewrite": {"hostname": "str", "path": _PATH_CHANGE},
    "cors": "any",
    "externalAuth": "any",
    "extensionRef": {"group!": "str", "kind!": "str", "name!": "str"},
}
_BACKEND = {**_OBJECT, "weight": "int32=1", "filters": [_FILTER]}
_STREAM_BACKEND = {**_OBJECT, "weight": "int32=1"}
_VALUE = {"type": "str=Exact", "name!": "str", "value!": "str"}
_MATCH = {
    "path": {"type": "str=PathPrefix", "value": "str=/"},
    "headers": [_VALUE, "name"],
    "queryParams": [_VALUE, "name"],
    "method": "str",
}
_CALL = {"method": {"type": "str=Exact", "service": "str", "method": "str"}, "headers": [_VALUE, "name"]}
_CERTIFICATE = {"group": "str", "kind": "str=Secret", "name!": "str", "namespace": "str"}
_LISTENER = {
    "name!": "str",
    "hostname": "str",
    "port!": "int32",
    "protocol!": "str",
    "tls": {"mode": "str=Terminate", "certificateRefs": [_CERTIFICATE], "options": "strings"},
    "allowedRoutes": Default(
        {
            "namespaces": Default({"from": "str=Same", "selector": "selector"}, {"from": "Same"}),
            "kinds": [{"group": f"str={_GROUP}", "kind!": "str"}],
        },
        {"namespaces": {"from": "Same"}},
    ),
}
_RULES: dict[str, Any] = {
    "HTTPRoute": {
        "name": "str",
        "matches": Default([_MATCH], [{"path": {"type": "PathPrefix", "value": "/"}}]),
        "filters": [_FILTER],
        "backendRefs": [_BACKEND],
        "timeouts": "any",
        "retry": "any",
        "sessionPersistence": "any",
    },
    "GRPCRoute": {
        "name": "str",
        "matches": [_CALL],
        "filters": [_FILTER],
        "backendRefs": [_BACKEND],
        "sessionPersistence": "any",
    },
    "TLSRoute": {"name": "str", "backendRefs": [_STREAM_BACKEND]},
}


def _route(kind: str, plural: str, versions: tuple[str, ...] = ("v1",)) -> Crd:
    spec: dict[str, Any] = {"parentRefs": [_PARENT], "hostnames": ["str"], "rules": [_RULES[kind]]}
    parent = {"parentRef!": _PARENT, "controllerName!": "str", "conditions": CONDITIONS}
    hosts = _HOSTS if kind in ("HTTPRoute", "GRPCRoute") else ("Age",)
    return Crd(
        kind,
        plural,
        spec=spec,
        status={"parents": [parent]},
        categories="gateway-api",
        versions=versions,
        columns=hosts,
    )


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
            "listeners": [_LISTENER, "name"],
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
