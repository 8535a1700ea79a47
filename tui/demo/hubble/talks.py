"""Who talks to whom in the homelab, one line each: from, to, port, how often, and what is said.

An end is ``namespace/application``, ``lan`` (a client in the house), ``node`` or a host name of the internet. Whether a talk
gets through is not written here: the policies say so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Talk:
    """``weight`` is relative; ``paths`` are what HTTP would ask for, with its method (``GET /``)."""

    source: str
    destination: str
    port: int
    weight: int = 4
    protocol: str = "TCP"
    paths: tuple[str, ...] = ()
    fault: str = ""
    """A drop that no policy makes: a drop reason's name."""


INTERNET = {
    "indexer.example.org": "203.0.113.20",
    "eu.tracker.example.net": "203.0.113.31",
    "registry.example.org": "198.51.100.7",
    "time.example.org": "198.51.100.123",
    "ads.example.com": "203.0.113.99",
    "acme.example.org": "198.51.100.80",
}
LAN_CLIENTS = ("192.168.7.31", "192.168.7.42", "192.168.7.50", "192.168.7.77")

TALKS = (
    Talk("lan", "kube-system/traefik", 8443, 26),
    Talk("lan", "kube-system/traefik", 8000, 5),
    Talk("lan", "dns/pihole", 53, 22, "UDP"),
    Talk("lan", "media/jellyfin", 8096, 10),
    Talk("lan", "home/mosquitto", 1883, 8),
    Talk("lan", "games/minecraft", 25565, 7),
    Talk("lan", "db/postgres", 5432, 2),
    Talk("lan", "vault/vaultwarden", 8080, 5),
    Talk("kube-system/traefik", "web/site", 8080, 12,
         paths=("GET /", "GET /style.css", "GET /posts?page=2", "POST /wp-login.php", "HEAD /")),
    Talk("kube-system/traefik", "media/jellyfin", 8096, 10),
    Talk("kube-system/traefik", "media/immich-server", 2283, 8),
    Talk("kube-system/traefik", "home/home-assistant", 8123, 8),
    Talk("kube-system/traefik", "vault/vaultwarden", 8080, 5),
    Talk("kube-system/traefik", "git/forgejo", 3000, 5),
    Talk("kube-system/traefik", "monitoring/grafana", 3000, 4),
    Talk("kube-system/traefik", "media/qbittorrent", 8080, 3),
    Talk("media/immich-server", "db/postgres", 5432, 9),
    Talk("media/immich-server", "media/immich-valkey", 6379, 12),
    Talk("media/immich-server", "media/immich-machine-learning", 3003, 4),
    Talk("git/forgejo", "db/postgres", 5432, 6),
    Talk("monitoring/grafana", "db/postgres", 5432, 3),
    Talk("home/home-assistant", "db/pgbouncer", 6432, 6),
    Talk("vault/vaultwarden", "db/pgbouncer", 6432, 3),
    Talk("db/pgbouncer", "db/postgres", 5432, 6),
    Talk("home/home-assistant", "home/mosquitto", 1883, 8),
    Talk("home/zigbee2mqtt", "home/mosquitto", 1883, 9),
    Talk("home/zigbee2mqtt", "kube-system/coredns", 53, 3, "UDP", ("mosquitto.home.svc.cluster.local.",)),
    Talk("home/zigbee2mqtt", "registry.example.org", 443, 7),
    Talk("media/prowlarr", "kube-system/coredns", 53, 6, "UDP", ("indexer.example.org.", "eu.tracker.example.net.")),
    Talk("media/prowlarr", "indexer.example.org", 443, 5),
    Talk("media/prowlarr", "eu.tracker.example.net", 443, 4),
    Talk("media/prowlarr", "ads.example.com", 443, 9),
    Talk("media/sonarr", "media/prowlarr", 9696, 4),
    Talk("media/sonarr", "media/qbittorrent", 8080, 5),
    Talk("media/radarr", "media/qbittorrent", 8080, 4),
    Talk("media/jellyfin", "media/qbittorrent", 8080, 6),
    Talk("media/sonarr", "kube-system/coredns", 53, 5, "UDP"),
    Talk("media/immich-server", "kube-system/coredns", 53, 5, "UDP"),
    Talk("home/home-assistant", "time.example.org", 123, 2, "UDP"),
    Talk("dns/pihole", "dns/unbound", 5335, 10, "UDP"),
    Talk("git/forgejo-runner", "git/forgejo", 3000, 4),
    Talk("git/forgejo-runner", "registry.example.org", 443, 4),
    Talk("git/forgejo-runner", "db/postgres", 5432, 9),
    Talk("git/forgejo-runner", "backup/minio", 9000, 6),
    Talk("games/minecraft", "vault/vaultwarden", 8080, 7),
    Talk("games/creative", "games/minecraft", 25565, 2),
    Talk("web/site", "db/postgres", 5432, 8),
    Talk("monitoring/prometheus", "media/jellyfin", 8096, 4),
    Talk("monitoring/prometheus", "monitoring/kube-state-metrics", 8080, 5),
    Talk("monitoring/prometheus", "backup/minio", 9000, 4),
    Talk("monitoring/prometheus", "monitoring/alertmanager", 9093, 3),
    Talk("monitoring/prometheus", "db/postgres", 5432, 7),
    Talk("monitoring/grafana", "monitoring/prometheus", 9090, 5),
    Talk("kube-system/traefik", "acme.example.org", 443, 1),
    Talk("kube-system/hubble-ui", "kube-system/hubble-relay", 4245, 3),
    Talk("node", "kube-system/coredns", 8080, 4),
    Talk("node", "monitoring/grafana", 3000, 3),
    Talk("node", "media/immich-server", 2283, 3),
    Talk("lan", "node", 443, 5, fault="SERVICE_BACKEND_NOT_FOUND"),
    Talk("lan", "node", 0, 4, "", fault="UNSUPPORTED_L2_PROTOCOL"),
    Talk("lan", "games/creative", 25565, 4, fault="STALE_OR_UNROUTABLE_IP"),
)  # fmt: skip
