"""Routes, Gateways, classes and certificates."""

from __future__ import annotations

from typing import Any

import worlds

from doctorcases import Case, Doc, cilium, custom, patched, together
from pointsman.tui.model.proxies import Replica, Router, Service

TRAEFIK = "traefik.io/v1alpha1"
GATEWAY = "gateway.networking.k8s.io/v1"
GATEWAYS = ("--providers.kubernetesgateway",)


def route(name: str = "r", match: str = "Host(`a.lab`)", *, spec: Doc | None = None, **rule: Any) -> Doc:
    body = {"match": match, "kind": "Rule", "services": [{"name": "web", "port": 443}], **rule}
    return custom(TRAEFIK, "IngressRoute", name, {"entryPoints": ["websecure"], "routes": [body], **(spec or {})}, "x")


def endpoints(name: str, namespace: str, ready: bool = True) -> Doc:
    made = worlds.endpoints(name, namespace, ["shed"], ready=ready)
    return patched(made, ports=[{"name": "p443tcp", "port": 8443, "protocol": "TCP"}])


def base(*args: str, ready: bool = True) -> list[Doc]:
    """Traefik and a service behind it."""
    return together(
        worlds.k3s_nodes(), worlds.traefik(args=args), worlds.service("web", "x", type="ClusterIP"),
        worlds.service("api", "y", type="ClusterIP"), endpoints("web", "x", ready), endpoints("api", "y"),
    )  # fmt: skip


def ingress(name: str = "i", class_name: str = "traefik", *, tls: str = "", notes: dict[str, str] | None = None) -> Doc:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 443}}}}
    spec: Doc = {
        "rules": [{"host": "b.lab", "http": {"paths": [path]}}],
        **({"ingressClassName": class_name} if class_name else {}),
    }
    if tls:
        spec["tls"] = [{"hosts": ["b.lab"], "secretName": tls}]
    made = custom("networking.k8s.io/v1", "Ingress", name, spec, "x")
    made["metadata"]["annotations"] = notes or {}
    return made


def ingress_class(name: str, controller: str, *, default: bool = False) -> Doc:
    made = custom("networking.k8s.io/v1", "IngressClass", name, {"controller": controller})
    if default:
        made["metadata"]["annotations"] = {"ingressclass.kubernetes.io/is-default-class": "true"}
    return made


def gateway(
    port: int = 8000, *, controller: str = "traefik.io/gateway-controller", status: Doc | None = None
) -> list[Doc]:
    listener = {"name": "web", "port": port, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    return [custom(GATEWAY, "GatewayClass", "lan", {"controllerName": controller}),
            custom(GATEWAY, "Gateway", "g", {"gatewayClassName": "lan", "listeners": [listener]}, "x", status)]  # fmt: skip


def http_route(*, backend: Doc | None = None, parents: list[Doc] | None = None, status: bool | str = True) -> Doc:
    spec = {"parentRefs": [{"name": "g"}] if parents is None else parents, "hostnames": ["c.lab"],
            "rules": [{"backendRefs": [backend or {"name": "web", "port": 443}]}]}  # fmt: skip
    said = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "no such backend"}
    conditions = [said] if status == "unresolved" else [{"type": "Accepted", "status": "True"}]
    told = {"parents": [{"parentRef": {"name": "g"}, "conditions": conditions}]} if status else None
    return custom(GATEWAY, "HTTPRoute", "h", spec, "x", told)


def secret(days: float, name: str = "tls", namespace: str = "x") -> Doc:
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "keys": ["tls.crt", "tls.key"],
            "metadata": {"name": name, "namespace": namespace},
            "certificate": {"subject": "CN=a", "issuer": "CN=ca", "notAfter": worlds.ago(-days * 86400),
                            "dnsNames": ["a.lab"]}}  # fmt: skip


def tls(**words: Any) -> Doc:
    return route(spec={"tls": words})


WORKLOAD = ("deployments", "kube-system", "traefik")


def says(status: str, *errors: str, where: str = "traefik-1", health: str = "") -> Replica:
    """What one Traefik says of the route ``x/r``, with the same words for its dashboard as for everything else."""
    router = Router("x-r-1@kubernetescrd", provider="kubernetescrd", status=status, errors=errors, service="x-r-1",
                    rule="Host(`a.lab`)", entry_points=("websecure",), ingress=("IngressRoute", "x", "r"), tls=True)  # fmt: skip
    server = "http://10.42.0.9:8443"
    service = Service("x-r-1@kubernetescrd", provider="kubernetescrd", servers=(server,),
                      health=((server, health),) if health else ())  # fmt: skip
    return Replica(where, WORKLOAD, "3.7.15", (router,) if status else (), (service,))


def live(fires: list[Replica], quiet: list[Replica], severity: str, text: str = "", *more: Doc) -> Case:
    return Case(together(base(), route(), more), {"it agrees": together(base(), route(), more)}, severity=severity,
                object="IngressRoute/x/r", text=text, options={"traefik": fires}, quiet={"traefik": quiet})  # fmt: skip


FINE = says("enabled")
REFUSED = {
    "conditions": [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "message": "no address"}]
}
PENDING = {"conditions": [{"type": "Programmed", "status": "False", "reason": "Pending", "message": "wait"}]}
NGINX = worlds.deployment("nginx", "ingress-nginx", "registry.k8s.io/ingress-nginx/controller:v1", {"app": "nginx"})
SSO = custom(TRAEFIK, "Middleware", "sso", {"basicAuth": {}}, "auth")
HTTPS = {"traefik.ingress.kubernetes.io/router.entrypoints": "websecure"}
PLAIN = {"traefik.ingress.kubernetes.io/router.entrypoints": "web"}
GRANT = custom("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "g", {
    "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "x"}],
    "to": [{"group": "", "kind": "Service"}]}, "y")  # fmt: skip

CASES: dict[str, Case] = {
    "route-disabled": live([says("disabled", "no such thing")], [FINE], "error", "no such thing"),
    "route-not-loaded": live([says("")], [FINE], "error", "has no router"),
    "route-tls-conflict": live(
        [says("warning", "router's TLSOptions configuration is conflicting with other routers")],
        [FINE], "warn", "other TLS options",
    ),
    "route-live-warning": live([says("warning", "something")], [FINE], "warn", "something"),
    "route-replicas-differ": live(
        [FINE, says("disabled", where="traefik-2")], [FINE, says("enabled", where="traefik-2")], "warn", "traefik-2",
    ),
    "route-server-down": live(
        [says("enabled", health="DOWN")], [says("enabled", health="UP")], "warn", "10.42.0.9",
    ),
    "route-live-differs": Case(
        together(base(), route(services=[{"name": "gone", "port": 443}])), {"it is there": together(base(), route())},
        severity="info", object="IngressRoute/x/r", options={"traefik": [FINE]},
    ),
    "route-sni-without-tls": Case(
        together(base(), custom(TRAEFIK, "IngressRouteTCP", "t", {"entryPoints": ["websecure"], "routes": [
            {"match": "HostSNI(`a.lab`)", "services": [{"name": "web", "port": 443}]}]}, "x")),
        {"any name": together(base(), custom(TRAEFIK, "IngressRouteTCP", "t", {"entryPoints": ["websecure"], "routes": [
            {"match": "HostSNI(`*`)", "services": [{"name": "web", "port": 443}]}]}, "x")),
         "with TLS": together(base(), custom(TRAEFIK, "IngressRouteTCP", "t", {"entryPoints": ["websecure"], "tls": {
             "passthrough": True}, "routes": [{"match": "HostSNI(`a.lab`)", "services": [{"name": "web", "port": 443}]}]}, "x"))},
        object="IngressRouteTCP/x/t",
    ),
    "middleware-invalid": Case(
        together(base(), route(middlewares=[{"name": "two"}]), custom(TRAEFIK, "Middleware", "two", {
            "compress": {}, "stripPrefix": {"prefixes": ["/x"]}}, "x")),
        {"one kind": together(base(), route(middlewares=[{"name": "two"}]), custom(TRAEFIK, "Middleware", "two", {
            "compress": {}}, "x"))},
        object="Middleware/x/two",
    ),
    "ingressclass-unserved": Case(
        together(base(), ingress_class("nginx", "k8s.io/ingress-nginx"), ingress(class_name="nginx")),
        {
            "served": together(base(), NGINX, ingress_class("nginx", "k8s.io/ingress-nginx"), ingress(class_name="nginx")),
            "a controller nobody knows": together(base(), ingress_class("own", "example.com/own"), ingress(class_name="own")),
            "Traefik": together(base(), ingress()),
        },
        severity="warn", object="IngressClass/nginx", text="no ingress-nginx runs here",
    ),
    "gatewayclass-unserved": Case(
        together(base(), gateway()),
        {
            "Traefik's provider is on": together(base(*GATEWAYS), gateway()),
            "a controller nobody knows": together(base(), gateway(controller="example.com/own")),
            "Cilium": together(cilium({"enable-gateway-api": "true"}), gateway(controller="io.cilium/gateway-controller")),
        },
        severity="warn", object="GatewayClass/lan", text="kubernetesGateway is switched off",
    ),
    "gateway-listener-port": Case(
        together(base(*GATEWAYS), gateway(80)),
        {
            "the entry point's": together(base(*GATEWAYS), gateway(8000)),
            "Cilium takes any": together(cilium(), gateway(80, controller="io.cilium/gateway-controller")),
            "a configuration file": together(base(*GATEWAYS, "--configfile=/etc/traefik.yaml"), gateway(80)),
        },
        object="Gateway/x/g", text="no entry point on port 80",
    ),
    "gateway-not-programmed": Case(
        together(base(*GATEWAYS), gateway(status=REFUSED)),
        {
            "waiting": together(base(*GATEWAYS), gateway(status=PENDING)),
            "in effect": together(base(*GATEWAYS), gateway(status={"conditions": [{"type": "Programmed", "status": "True"}]})),
        },
        object="Gateway/x/g", text="AddressNotAssigned",
    ),
    "route-missing-service": Case(
        together(base(), route(services=[{"name": "web-old", "port": 443}])),
        {
            "there": together(base(), route()),
            "inside Traefik": together(base(), route(services=[{"name": "api@internal", "kind": "TraefikService"}])),
        },
        object="IngressRoute/x/r", text="Service x/web-old does not exist; there is x/web",
    ),
    "route-missing-port": Case(
        together(base(), route(services=[{"name": "web", "port": 8096}])),
        {"by number": together(base(), route()), "by name": together(base(), route(services=[{"name": "web", "port": "p443tcp"}]))},
        object="IngressRoute/x/r",
    ),
    "route-no-endpoints": Case(
        together(base(ready=False), route()), {"ready": together(base(), route())}, object="IngressRoute/x/r",
    ),
    "route-missing-middleware": Case(
        together(base("--providers.kubernetescrd.allowcrossnamespace=true"), SSO, route(middlewares=[{"name": "sso"}])),
        {
            "there": together(base("--providers.kubernetescrd.allowcrossnamespace=true"), SSO,
                              route(middlewares=[{"name": "sso", "namespace": "auth"}])),
            "of a file": together(base(), SSO, route(middlewares=[{"name": "headers@file"}])),
        },
        object="IngressRoute/x/r",
    ),
    "route-cross-namespace": Case(
        together(base(), route(services=[{"name": "api", "namespace": "y", "port": 443}])),
        {
            "allowed": together(base("--providers.kubernetescrd.allowcrossnamespace=true"),
                                route(services=[{"name": "api", "namespace": "y", "port": 443}])),
            "its own": together(base(), route()),
        },
        object="IngressRoute/x/r",
    ),
    "route-not-granted": Case(
        together(base(*GATEWAYS), gateway(), http_route(backend={"name": "api", "namespace": "y", "port": 443})),
        {
            "granted": together(base(*GATEWAYS), gateway(), GRANT,
                                http_route(backend={"name": "api", "namespace": "y", "port": 443})),
            "its own": together(base(*GATEWAYS), gateway(), http_route()),
        },
        object="HTTPRoute/x/h",
    ),
    "route-missing-secret": Case(
        together(base(), tls(secretName="tls")),
        {"there": together(base(), tls(secretName="tls"), secret(90)), "a resolver": together(base(), tls(certResolver="le"))},
        severity="warn", object="IngressRoute/x/r",
    ),
    "route-bad-secret": Case(
        together(base(), tls(secretName="tls"), patched(secret(90), certificate={"problem": "no PEM"})),
        {"readable": together(base(), tls(secretName="tls"), secret(90))}, severity="warn", object="IngressRoute/x/r",
    ),
    "route-missing-tls-option": Case(
        together(base(), tls(options={"name": "modern"}), custom(TRAEFIK, "TLSOption", "old", {}, "x")),
        {"there": together(base(), tls(options={"name": "modern"}), custom(TRAEFIK, "TLSOption", "modern", {}, "x")),
         "of a file": together(base(), tls(options={"name": "modern@file"}))},
        object="IngressRoute/x/r",
    ),
    "route-unknown-entry-point": Case(
        together(base(), route(spec={"entryPoints": ["https"]})),
        {"there": together(base(), route()), "no Traefik to compare with": together(
            worlds.service("web", "x", type="ClusterIP"), route(spec={"entryPoints": ["https"]}))},
        object="IngressRoute/x/r",
    ),
    "route-invalid-rule": Case(
        together(base(), route(match="Hots(`a.lab`)")), {"readable": together(base(), route())}, object="IngressRoute/x/r",
    ),
    "route-ignored": Case(
        together(base(), route(spec={"ingressClassName": "other"})), {"taken": together(base(), route())},
        severity="warn", object="IngressRoute/x/r",
    ),
    "route-not-attached": Case(
        together(base(*GATEWAYS), gateway(), http_route(parents=[{"name": "elsewhere"}])),
        {"attached": together(base(*GATEWAYS), gateway(), http_route())}, object="HTTPRoute/x/h",
    ),
    "route-unresolved": Case(
        together(base(*GATEWAYS), gateway(), http_route(status="unresolved")),
        {"resolved": together(base(*GATEWAYS), gateway(), http_route())}, object="HTTPRoute/x/h",
    ),
    "route-not-reconciled": Case(
        together(base(*GATEWAYS), gateway(), http_route(status=False)),
        {"taken": together(base(*GATEWAYS), gateway(), http_route())}, severity="warn", object="HTTPRoute/x/h",
    ),
    "route-duplicate": Case(
        together(base(), route("a"), route("b")),
        {
            "another path": together(base(), route("a"), route("b", "Host(`a.lab`) && PathPrefix(`/x`)")),
            "a priority of its own": together(base(), route("a"), route("b", priority=50)),
            "another entry point": together(base(), route("a"), route("b", spec={"entryPoints": ["web"]})),
            "one is dropped": together(base(), route("a"), route("b", services=[{"name": "gone", "port": 1}])),
        },
        severity="warn", text="IngressRoute x/a",
    ),
    "route-no-tls": Case(
        together(base(), secret(90), ingress(tls="tls", notes=PLAIN)),
        {"with TLS": together(base(), secret(90), ingress(tls="tls", notes=HTTPS))}, severity="info", object="Ingress/x/i",
    ),
    "certificate-expires": Case(
        together(base(), tls(secretName="tls"), secret(9)),
        {"later": together(base(), tls(secretName="tls"), secret(30)), "nothing uses it": together(base(), route(), secret(9))},
        severity="warn", object="Secret/x/tls", text="ends in 9d",
    ),
    "hubble-certificate-expires": Case(
        together(cilium(), secret(-1, "hubble-server-certs", "kube-system")),
        {"later": together(cilium(), secret(200, "hubble-server-certs", "kube-system")),
         "not Hubble's": together(cilium(), secret(-1, "old", "kube-system"))},
        object="Secret/kube-system/hubble-server-certs", text="ended",
    ),
}  # fmt: skip
