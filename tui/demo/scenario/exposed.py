"""The homelab's services: which are reachable in the cluster only, and which hold an address on the LAN."""

from __future__ import annotations

from dataclasses import dataclass, field

from pointsman.tui.demo.scenario.services import POOL_ANNOTATION, service
from pointsman.tui.demo.scenario.world import DAY, World

# namespace, name, ports, application
INSIDE = (
    ("media", "immich-server", "http:2283=http", "immich-server"),
    ("media", "immich-machine-learning", "http:3003=http", "immich-machine-learning"),
    ("media", "immich-valkey", "redis:6379=redis", "immich-valkey"),
    ("media", "sonarr", "http:8989=http", "sonarr"),
    ("media", "radarr", "http:7878=http", "radarr"),
    ("media", "prowlarr", "http:9696=http", "prowlarr"),
    ("media", "qbittorrent", "http:8080=http", "qbittorrent"),
    ("home", "zigbee2mqtt", "http:8080=http", "zigbee2mqtt"),
    ("home", "esphome", "http:6052=http", "esphome"),
    ("dns", "pihole-web", "http:80=http", "pihole"),
    ("dns", "unbound", "dns:53=dns dns-udp:53=dns-udp/udp", "unbound"),
    ("git", "forgejo", "http:3000=http ssh:22=ssh", "forgejo"),
    ("games", "creative", "java:25565=java bedrock:19132=bedrock/udp", "creative"),
    ("db", "pgbouncer", "pgbouncer:5432=pgbouncer", "pgbouncer"),
    ("monitoring", "prometheus", "http:9090=http", "prometheus"),
    ("monitoring", "alertmanager", "http:9093=http", "alertmanager"),
    ("monitoring", "grafana", "http:80=http", "grafana"),
    ("monitoring", "kube-state-metrics", "http:8080=http", "kube-state-metrics"),
    ("vault", "vaultwarden", "http:80=http", "vaultwarden"),
    ("web", "site", "http:80=http", "site"),
)


@dataclass(frozen=True)
class Exposed:
    """A LoadBalancer service. `sharing` is the key under which services hold one address together."""

    namespace: str
    name: str
    ip: str
    ports: str
    app: str
    pinned: bool = False
    sharing: str = ""
    local: bool = False
    pool: str = "lan"
    days: float = 100
    labels: dict[str, str] = field(default_factory=dict)


EXPOSED = (
    Exposed("dns", "pihole-tcp", "192.168.7.101", "dns:53=dns", "pihole", pinned=True, sharing="dns", local=True),
    Exposed("dns", "pihole-udp", "192.168.7.101", "dns-udp:53=dns-udp/udp", "pihole", pinned=True, sharing="dns",
            local=True),
    Exposed("home", "mosquitto", "192.168.7.102", "mqtt:1883=mqtt mqtts:8883=mqtts", "mosquitto", pinned=True),
    Exposed("media", "jellyfin", "192.168.7.103", "http:8096=http discovery:7359=discovery/udp", "jellyfin"),
    Exposed("games", "minecraft", "192.168.7.104", "java:25565=java bedrock:19132=bedrock/udp", "minecraft", days=71),
    Exposed("media", "qbittorrent-peers", "192.168.7.105", "bt:6881=bt bt-udp:6881=bt-udp/udp", "qbittorrent", days=66),
    Exposed("db", "postgres", "192.168.7.106", "postgres:5432=postgres", "postgres", days=64),
    Exposed("backup", "minio", "192.168.7.107", "api:9000=api console:9001=console", "minio", days=33),
    Exposed("home", "home-assistant", "192.168.7.108", "http:8123=http coiot:5683=coiot/udp", "home-assistant", days=28),
)  # fmt: skip


def add_services(world: World) -> None:
    for namespace, name, ports, app in INSIDE:
        service(world, namespace, name, ports, {"app.kubernetes.io/name": app}, age=110 * DAY)
    service(world, "monitoring", "node-exporter", "metrics:9100=metrics",
            {"app.kubernetes.io/name": "node-exporter"}, headless=True)  # fmt: skip
    for one in EXPOSED:
        expose(world, one)


def expose(world: World, one: Exposed) -> None:
    """A LoadBalancer service with the words of whoever hands out addresses in this variant."""
    select = {"app.kubernetes.io/name": one.app}
    service(
        world,
        one.namespace,
        one.name,
        one.ports,
        select,
        ip=one.ip,
        # Cilium's L2 announcer does not look at where the endpoints are.
        local=one.local and world.variant == "classic",
        labels={**select, **one.labels, **({"home.example/pool": one.pool} if one.pool != "lan" else {})},
        annotations=address_annotations(world, one.ip if one.pinned else "", one.sharing, one.pool),
        age=one.days * DAY,
        status=balancer_status(world, one.ip),
    )


def address_annotations(world: World, pinned: str, sharing: str, pool: str) -> dict[str, str]:
    """What the user asks for and what the controller notes, in the words of MetalLB or of Cilium."""
    if world.variant == "cilium":
        asked = {"lbipam.cilium.io/ips": pinned, "lbipam.cilium.io/sharing-key": sharing}
        return {key: value for key, value in asked.items() if value}
    asked = {"metallb.io/loadBalancerIPs": pinned, "metallb.io/allow-shared-ip": sharing}
    if pool != "lan":
        asked["metallb.io/address-pool"] = pool
    return {**{key: value for key, value in asked.items() if value}, POOL_ANNOTATION: pool}


def balancer_status(world: World, ip: str) -> dict[str, object]:
    status: dict[str, object] = {"loadBalancer": {"ingress": [{"ip": ip, "ipMode": "VIP"}]}}
    if world.variant == "cilium":
        status["conditions"] = [
            {
                "type": "cilium.io/IPAMRequestSatisfied",
                "status": "True",
                "lastTransitionTime": world.traits["moved"],
                "reason": "satisfied",
                "message": "",
            }
        ]
    return status
