"""What the ingress controller serves: Ingresses, Traefik's routes and middlewares, and the certificates behind them.

Hosts are under `home.example`; the wildcard certificate of the default TLSStore covers all that name no secret.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from pointsman.tui.demo.scenario.platform.traefik import IP
from pointsman.tui.demo.scenario.tls import tls_secret
from pointsman.tui.demo.scenario.world import DAY, Obj, World

DOMAIN = "home.example"
LAN = ["192.168.7.0/24", "10.42.0.0/16", "10.52.0.0/16"]

# User "keeper"; the word behind this htpasswd hash was random and is not kept.
USERS = "keeper:$apr1$OYJTdiU7$7QBoMzC/5LJKcrASPoaJB1\n"

MIDDLEWARES: tuple[tuple[str, str, Obj], ...] = (
    ("web", "redirect-https", {"redirectScheme": {"scheme": "https", "permanent": True}}),
    ("web", "lan-only", {"ipAllowList": {"sourceRange": LAN}}),
    ("web", "secure-headers", {"headers": {"stsSeconds": 31536000, "frameDeny": True, "contentTypeNosniff": True}}),
    ("media", "auth", {"basicAuth": {"secret": "auth-users", "realm": "media"}}),
    ("media", "strip-indexer", {"stripPrefix": {"prefixes": ["/indexer"]}}),
    ("monitoring", "auth", {"basicAuth": {"secret": "auth-users", "realm": "monitoring"}}),
    ("monitoring", "private", {"chain": {"middlewares": [{"name": "lan-only", "namespace": "web"}, {"name": "auth"}]}}),
    ("vault", "slow-down", {"rateLimit": {"average": 20, "burst": 40}}),
    ("git", "big-pushes", {"buffering": {"maxRequestBodyBytes": 1073741824}}),
)

# namespace, name, host, path, service, port, middlewares ("ns/name" or "name"), entry point
ROUTES: tuple[tuple[str, str, str, str, str, int | str, str, str], ...] = (
    ("media", "films", "films", "", "jellyfin", "http", "web/secure-headers", "websecure"),
    ("media", "series", "series", "", "sonarr", "http", "auth web/lan-only", "websecure"),
    ("media", "movies", "movies", "", "radarr", "http", "auth web/lan-only", "websecure"),
    ("media", "indexer", "series", "/indexer", "prowlarr", "http", "auth web/lan-only strip-indexer", "websecure"),
    ("media", "downloads", "downloads", "", "qbittorrent", "http", "auth web/lan-only", "websecure"),
    ("home", "home-assistant", "home", "", "home-assistant", "http", "web/secure-headers", "websecure"),
    ("home", "zigbee", "zigbee", "", "zigbee2mqtt", "http", "web/lan-only", "websecure"),
    ("home", "esphome", "esphome", "", "esphome", "http", "web/lan-only", "websecure"),
    ("dns", "pihole", "pihole", "", "pihole-web", "http", "web/lan-only", "websecure"),
    ("git", "forgejo", "git", "", "forgejo", "http", "big-pushes web/secure-headers", "websecure"),
    ("vault", "vaultwarden", "vault", "", "vaultwarden", "http", "slow-down web/secure-headers", "websecure"),
    ("monitoring", "prometheus", "prometheus", "", "prometheus", "http", "private", "websecure"),
    ("monitoring", "alertmanager", "alerts", "", "alertmanager", "http", "private", "websecure"),
    ("backup", "minio-console", "minio", "", "minio", "console", "web/lan-only", "websecure"),
)

INGRESSES = (
    # namespace, name, host, service, port name, TLS secret
    ("media", "photos", "photos", "immich-server", "http", "photos-tls"),
    ("monitoring", "grafana", "grafana", "grafana", "http", "grafana-tls"),
    ("web", "site", "www", "site", "http", "site-tls"),
)


def add_routes(world: World) -> None:
    for namespace in ("media", "monitoring"):
        data = {"data": {"users": base64.b64encode(USERS.encode()).decode()}, "type": "Opaque"}
        world.add("v1", "Secret", "auth-users", data, namespace=namespace, age=120 * DAY, generation=None)
    for namespace, name, spec in MIDDLEWARES:
        custom(world, "Middleware", namespace, name, spec, age=118 * DAY)
    _certificates(world)
    for namespace, name, host, path, backend, port, chain, entry in ROUTES:
        rule = f"Host(`{host}.{DOMAIN}`)" + (f" && PathPrefix(`{path}`)" if path else "")
        tls: Obj = {"secretName": "vaultwarden-tls"} if name == "vaultwarden" else {}
        http_route(world, namespace, name, rule, backend, port, chain.split(), entry, tls=tls)
    _plain(world)
    _streams(world)
    for namespace, name, host, backend, port, secret in INGRESSES:
        _ingress(world, namespace, name, f"{host}.{DOMAIN}", backend, port, secret)


def custom(world: World, kind: str, namespace: str, name: str, spec: Obj, *, age: float = 100 * DAY) -> Obj:
    """Any of Traefik's own objects."""
    return world.add("traefik.io/v1alpha1", kind, name, {"spec": spec}, namespace=namespace, age=age)


def http_route(
    world: World,
    namespace: str,
    name: str,
    rule: str,
    backend: str,
    port: int | str,
    chain: Sequence[str],
    entry: str,
    *,
    tls: Obj | None = None,
) -> Obj:
    """An IngressRoute with one rule and one service."""
    route: Obj = {"kind": "Rule", "match": rule, "services": [{"name": backend, "port": port}]}
    if chain:
        route["middlewares"] = [_middleware(text) for text in chain]
    spec: Obj = {"entryPoints": [entry], "routes": [route]}
    if tls is not None:
        spec["tls"] = tls
    return custom(world, "IngressRoute", namespace, name, spec)


def _middleware(text: str) -> Obj:
    namespace, _, name = text.rpartition("/")
    return {"name": name, "namespace": namespace} if namespace else {"name": name}


def _certificates(world: World) -> None:
    tls_secret(world, "kube-system", "home-wildcard-tls", [f"*.{DOMAIN}", DOMAIN], 291)
    custom(world, "TLSStore", "kube-system", "default", {"defaultCertificate": {"secretName": "home-wildcard-tls"}})
    custom(world, "TLSOption", "kube-system", "default", {"minVersion": "VersionTLS12", "sniStrict": False})
    tls_secret(world, "vault", "vaultwarden-tls", [f"vault.{DOMAIN}"], 204)
    for namespace, _, host, _, _, secret in INGRESSES:
        tls_secret(world, namespace, secret, [f"{host}.{DOMAIN}"], 140 + len(host) * 9)


def _plain(world: World) -> None:
    """Port 80 does nothing but send visitors to port 443, except for the feed that old readers want in the clear."""
    every_host = r"HostRegexp(`^.+\.home\.example$`)"
    http_route(world, "web", "to-https", every_host, "site", "http", ["redirect-https"], "web")
    http_route(world, "web", "feed", f"Host(`www.{DOMAIN}`) && Path(`/feed.xml`)", "site", "http", [], "web")


def _streams(world: World) -> None:
    everyone = {"match": "HostSNI(`*`)"}
    custom(world, "MiddlewareTCP", "git", "lan-only", {"ipAllowList": {"sourceRange": LAN}})
    ssh: Obj = {**everyone, "services": [{"name": "forgejo", "port": "ssh"}], "middlewares": [{"name": "lan-only"}]}
    custom(world, "IngressRouteTCP", "git", "forgejo-ssh", {"entryPoints": ["ssh"], "routes": [ssh]})
    java: Obj = {**everyone, "services": [{"name": "creative", "port": "java"}]}
    custom(
        world, "IngressRouteTCP", "games", "creative", {"entryPoints": ["minecraft"], "routes": [java]}, age=30 * DAY
    )
    bedrock = {"entryPoints": ["bedrock"], "routes": [{"services": [{"name": "creative", "port": "bedrock"}]}]}
    custom(world, "IngressRouteUDP", "games", "creative", bedrock, age=30 * DAY)


def _ingress(world: World, namespace: str, name: str, host: str, backend: str, port: str, secret: str) -> None:
    target = {"service": {"name": backend, "port": {"name": port}}}
    world.add(
        "networking.k8s.io/v1",
        "Ingress",
        name,
        {
            "spec": {
                "ingressClassName": "traefik",
                "tls": [{"hosts": [host], "secretName": secret}],
                "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": target}]}}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": IP}]}},
        },
        namespace=namespace,
        age=105 * DAY,
        # No middleware here: Traefik reads Ingresses before its own kinds and would log an error at every start.
        annotations={"traefik.ingress.kubernetes.io/router.entrypoints": "websecure"},
        status_manager="traefik",
    )
