"""Who may talk to whom: NetworkPolicies everywhere, Cilium's own kinds where Cilium is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pointsman.tui.demo.scenario.world import DAY, Obj, World, stamp

LAN_CIDR = "192.168.7.0/24"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def app(name: str) -> Obj:
    return {"matchLabels": {"app.kubernetes.io/name": name}}


def peer(namespace: str = "", name: str = "") -> Obj:
    """A NetworkPolicy peer: pods of an application, of a namespace, or of that application there."""
    out: Obj = {}
    if namespace:
        out["namespaceSelector"] = {"matchLabels": {NAMESPACE_LABEL: namespace}}
    if name:
        out["podSelector"] = app(name)
    return out


def ports(text: str) -> list[Obj]:
    """`"5432 53/udp"` as policy ports."""
    pairs = (word.partition("/") for word in text.split())
    return [{"port": int(n) if n.isdigit() else n, "protocol": (proto or "tcp").upper()} for n, _, proto in pairs]


TRAEFIK = peer("kube-system", "traefik")
PROMETHEUS = peer("monitoring", "prometheus")
LAN_BLOCK: Obj = {"ipBlock": {"cidr": LAN_CIDR}}

# namespace, name, podSelector, who may come in (peers), on which ports; no peers means that nobody may
INGRESS_RULES: tuple[tuple[str, str, Obj, list[Obj], str], ...] = (
    ("db", "default-deny", {}, [], ""),
    ("db", "postgres-from-pgbouncer", app("postgres"), [peer(name="pgbouncer")], "5432"),
    ("db", "postgres-from-apps", app("postgres"),
     [peer("media", "immich-server"), peer("git", "forgejo"), peer("monitoring", "grafana")], "5432"),
    ("db", "postgres-from-lan", app("postgres"), [LAN_BLOCK], "5432"),
    ("db", "pgbouncer-from-apps", app("pgbouncer"), [peer("home", "home-assistant"), peer("vault", "vaultwarden")],
     "6432"),
    ("vault", "default-deny", {}, [], ""),
    ("vault", "vaultwarden-from-ingress", app("vaultwarden"), [TRAEFIK], "8080"),
    ("backup", "minio", app("minio"), [TRAEFIK, LAN_BLOCK, peer(name="restic"), PROMETHEUS], "9000 9001"),
    ("media", "downloads-private", app("qbittorrent"), [TRAEFIK, peer(name="sonarr"), peer(name="radarr")], "8080"),
    ("media", "immich-valkey", app("immich-valkey"), [peer(name="immich-server")], "6379"),
    ("monitoring", "alertmanager", app("alertmanager"), [PROMETHEUS, TRAEFIK], "9093"),
)  # fmt: skip


def add_network_policies(world: World) -> None:
    for namespace, name, select, peers, on in INGRESS_RULES:
        spec: Obj = {"podSelector": select, "policyTypes": ["Ingress"]}
        if peers:
            spec["ingress"] = [{"from": peers, "ports": ports(on)}]
        network_policy(world, namespace, name, spec)
    # The download client's peers come from anywhere; its own rule above covers the web page only.
    world_in = [{"ports": ports("6881 6881/udp")}]
    network_policy(world, "media", "downloads-peers",
                   {"podSelector": app("qbittorrent"), "policyTypes": ["Ingress"], "ingress": world_in})  # fmt: skip
    # What builds code from the outside may look up names and go out to the internet, but not into the house.
    out = [
        {
            "to": [peer("kube-system") | {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
            "ports": ports("53/udp 53"),
        },
        {"to": [peer(name="forgejo")], "ports": ports("3000")},
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}]},
    ]
    network_policy(world, "git", "runner-stays-outside",
                   {"podSelector": app("forgejo-runner"), "policyTypes": ["Egress"], "egress": out})  # fmt: skip


def network_policy(world: World, namespace: str, name: str, spec: Obj, age: float = 88 * DAY) -> Obj:
    return world.add("networking.k8s.io/v1", "NetworkPolicy", name, {"spec": spec}, namespace=namespace, age=age)


# -- Cilium -----------------------------------------------------------------------------------------------------------


def add_cilium_policies(world: World) -> None:
    cilium_policy(
        world,
        "db",
        "postgres-in",
        {
            "endpointSelector": app("postgres"),
            "ingress": [
                {
                    "fromEndpoints": [
                        endpoint("db", "pgbouncer"),
                        endpoint("media", "immich-server"),
                        endpoint("git", "forgejo"),
                        endpoint("monitoring", "grafana"),
                    ],
                    "toPorts": to_ports("5432"),
                },
                {"fromCIDR": [LAN_CIDR], "toPorts": to_ports("5432")},
            ],
        },
    )
    cilium_policy(
        world,
        "home",
        "zigbee2mqtt",
        {
            "description": "The bridge talks to the broker and answers its web page, nothing else.",
            "endpointSelector": app("zigbee2mqtt"),
            "ingress": [{"fromEndpoints": [endpoint("kube-system", "traefik")], "toPorts": to_ports("8080")}],
            "egress": [
                {"toEndpoints": [endpoint("home", "mosquitto")], "toPorts": to_ports("1883")},
                dns_rule(),
            ],
        },
    )
    cilium_policy(
        world,
        "media",
        "indexers-out",
        {
            "endpointSelector": app("prowlarr"),
            "egress": [
                dns_rule(),
                {
                    "toFQDNs": [{"matchName": "indexer.example.org"}, {"matchPattern": "*.tracker.example.net"}],
                    "toPorts": to_ports("443"),
                },
                {"toEndpoints": [endpoint("media", "sonarr"), endpoint("media", "radarr")]},
            ],
        },
    )
    cilium_policy(
        world,
        "web",
        "site-read-only",
        {
            "endpointSelector": app("site"),
            "ingress": [
                {
                    "fromEndpoints": [endpoint("kube-system", "traefik")],
                    "toPorts": [
                        {
                            "ports": [{"port": "8080", "protocol": "TCP"}],
                            "rules": {"http": [{"method": "GET"}, {"method": "HEAD"}]},
                        }
                    ],
                }
            ],
        },
    )
    spec: Obj = {
        "description": "Minecraft servers are for the players, not for the rest of the house.",
        "endpointSelector": {"matchLabels": {"io.kubernetes.pod.namespace": "games"}},
        "egressDeny": [{"toEndpoints": [{"matchLabels": {"io.kubernetes.pod.namespace": "vault"}}]}],
        "enableDefaultDeny": {"egress": False},
    }
    body = {"spec": spec, "status": valid(world)}
    world.add("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "games-stay-out", body, age=70 * DAY,
              status_manager="cilium-operator-generic")  # fmt: skip


def cilium_policy(world: World, namespace: str, name: str, spec: Obj, age: float = 75 * DAY) -> Obj:
    return world.add(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        name,
        {"spec": spec, "status": valid(world)},
        namespace=namespace,
        age=age,
        status_manager="cilium-operator-generic",
    )


def valid(world: World, problem: str = "", days: float = 40) -> Obj:
    """The operator's verdict on a policy."""
    ok = not problem
    message = "Policy validation succeeded" if ok else problem
    at = stamp(world.ago(days * DAY))
    status = "True" if ok else "False"
    return {"conditions": [{"type": "Valid", "status": status, "lastTransitionTime": at, "message": message}]}


def endpoint(namespace: str, name: str) -> Obj:
    """A Cilium peer by namespace and application."""
    return {"matchLabels": {"k8s:io.kubernetes.pod.namespace": namespace, "k8s:app.kubernetes.io/name": name}}


def to_ports(text: str) -> list[Any]:
    return [{"ports": [{"port": str(one["port"]), "protocol": one["protocol"]} for one in ports(text)]}]


def dns_rule(patterns: Sequence[str] = ("*",)) -> Obj:
    """Name lookups at the cluster's DNS, seen by the DNS proxy so that names become addresses."""
    dns = {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns"}}
    look = [{"port": "53", "protocol": "ANY"}]
    return {
        "toEndpoints": [dns],
        "toPorts": [{"ports": look, "rules": {"dns": [{"matchPattern": pattern} for pattern in patterns]}}],
    }
