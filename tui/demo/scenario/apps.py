"""The homelab's own applications, one line each, and what makes objects of them.

Ports are container ports (`"http:8096 discovery:7359/udp"`), volumes `"name=size:path"`; `nodes` says where the
replicas run at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.tui.demo.scenario.fields import USER
from pointsman.tui.demo.scenario.jobs import finished_job
from pointsman.tui.demo.scenario.pods import NODES, container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.volumes import claim
from pointsman.tui.demo.scenario.workloads import daemon_set, deployment, stateful_set
from pointsman.tui.demo.scenario.world import DAY, Obj, World, stamp

NAMESPACES = ("backup", "db", "dns", "games", "git", "home", "media", "monitoring", "vault", "web")


@dataclass(frozen=True)
class App:
    namespace: str
    name: str
    image: str
    ports: str = ""
    nodes: str = "loft"
    kind: str = "Deployment"
    volume: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    cpu: str = "50m"
    memory: str = "256Mi"
    age: float = 120
    """Days since it was installed."""
    up: float = 4
    """Days since its pods were made."""
    restarts: int = 0
    part_of: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    host: bool = False
    recreate: bool = False
    account: str = "default"


BACKUP_SECONDS = 680.0
LAN_TZ = {"TZ": "Europe/Stockholm"}

APPS = (
    App("media", "jellyfin", "docker.io/jellyfin/jellyfin:10.11.3", "http:8096 discovery:7359/udp", "loft",
        volume="config=20Gi:/config", memory="2Gi", cpu="500m", recreate=True),
    App("media", "immich-server", "ghcr.io/immich-app/immich-server:v2.3.1", "http:2283", "loft", part_of="immich",
        volume="library=500Gi:/data", memory="1Gi", cpu="200m", recreate=True, up=2),
    App("media", "immich-machine-learning", "ghcr.io/immich-app/immich-machine-learning:v2.3.1", "http:3003", "shed",
        part_of="immich", memory="4Gi", cpu="500m", up=2),
    App("media", "immich-valkey", "docker.io/valkey/valkey:8.1.4-alpine", "redis:6379", "loft", part_of="immich"),
    App("media", "sonarr", "ghcr.io/home-operations/sonarr:4.0.16", "http:8989", "shed", volume="config=2Gi:/config",
        env=LAN_TZ, recreate=True),
    App("media", "radarr", "ghcr.io/home-operations/radarr:6.0.4", "http:7878", "shed", volume="config=2Gi:/config",
        env=LAN_TZ, recreate=True),
    App("media", "prowlarr", "ghcr.io/home-operations/prowlarr:2.3.0", "http:9696", "shed",
        volume="config=1Gi:/config", env=LAN_TZ, recreate=True),
    App("media", "qbittorrent", "ghcr.io/home-operations/qbittorrent:5.1.2", "http:8080 bt:6881 bt-udp:6881/udp",
        "shed", volume="config=1Gi:/config", memory="1Gi", recreate=True, restarts=1),
    App("home", "home-assistant", "ghcr.io/home-assistant/home-assistant:2026.11.1", "http:8123 coiot:5683/udp",
        "closet", "StatefulSet", volume="config=10Gi:/config", env=LAN_TZ, memory="1Gi", cpu="250m", up=11),
    App("home", "mosquitto", "docker.io/library/eclipse-mosquitto:2.0.22", "mqtt:1883 mqtts:8883", "closet",
        volume="data=1Gi:/mosquitto/data", recreate=True, memory="64Mi"),
    App("home", "zigbee2mqtt", "ghcr.io/koenkk/zigbee2mqtt:2.6.3", "http:8080", "closet", volume="data=1Gi:/app/data",
        recreate=True, restarts=2),
    App("home", "esphome", "ghcr.io/esphome/esphome:2026.10.3", "http:6052", "loft", volume="config=1Gi:/config",
        recreate=True),
    App("dns", "pihole", "docker.io/pihole/pihole:2026.10.0", "http:80 dns:53 dns-udp:53/udp", "shed loft",
        env=LAN_TZ, memory="512Mi", cpu="100m", up=8),
    App("dns", "unbound", "docker.io/mvance/unbound:1.22.0", "dns:5335 dns-udp:5335/udp", "loft"),
    App("git", "forgejo", "codeberg.org/forgejo/forgejo:13.0.2-rootless", "http:3000 ssh:2222", "loft", "StatefulSet",
        volume="data=50Gi:/var/lib/gitea", memory="1Gi", cpu="100m"),
    App("git", "forgejo-runner", "code.forgejo.org/forgejo/runner:11.3.1", "", "shed", memory="1Gi"),
    App("games", "minecraft", "docker.io/itzg/minecraft-server:2026.10.0", "java:25565 bedrock:19132/udp", "loft",
        "StatefulSet", volume="world=20Gi:/data", env={"EULA": "TRUE", "TYPE": "PAPER"}, memory="4Gi", cpu="1"),
    App("games", "creative", "docker.io/itzg/minecraft-server:2026.10.0", "java:25565 bedrock:19132/udp", "shed",
        "StatefulSet", volume="world=10Gi:/data", env={"EULA": "TRUE", "MODE": "creative"}, memory="3Gi", age=30),
    App("db", "postgres", "ghcr.io/immich-app/postgres:17-vectorchord0.4.3", "postgres:5432", "loft", "StatefulSet",
        volume="data=40Gi:/var/lib/postgresql/data", memory="2Gi", cpu="250m", up=16),
    App("db", "pgbouncer", "docker.io/edoburu/pgbouncer:v1.24.1-p1", "pgbouncer:6432", "shed", memory="64Mi"),
    App("monitoring", "prometheus", "quay.io/prometheus/prometheus:v3.7.3", "http:9090", "shed", "StatefulSet",
        volume="data=60Gi:/prometheus", memory="2Gi", cpu="200m", up=9, account="prometheus",
        args=("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.retention.time=60d")),
    App("monitoring", "alertmanager", "quay.io/prometheus/alertmanager:v0.29.0", "http:9093", "shed", memory="64Mi"),
    App("monitoring", "grafana", "docker.io/grafana/grafana:12.3.0", "http:3000", "shed", volume="data=2Gi:/var/lib/grafana",
        recreate=True),
    App("monitoring", "kube-state-metrics", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0", "http:8080",
        "loft", memory="128Mi", account="kube-state-metrics"),
    App("monitoring", "node-exporter", "quay.io/prometheus/node-exporter:v1.10.2", "metrics:9100", "shed loft closet",
        "DaemonSet", host=True, memory="64Mi"),
    App("vault", "vaultwarden", "ghcr.io/dani-garcia/vaultwarden:1.34.3-alpine", "http:8080", "loft",
        volume="data=5Gi:/data", memory="128Mi", recreate=True, up=21),
    App("web", "site", "docker.io/library/nginx:1.29.3-alpine", "http:8080", "loft closet", cpu="10m", memory="32Mi"),
    App("backup", "minio", "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z", "api:9000 console:9001", "closet",
        "StatefulSet", volume="data=800Gi:/data", args=("server", "/data", "--console-address", ":9001"),
        memory="1Gi", up=33),
)  # fmt: skip


def name_labels(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/name": app.name}


def add_namespaces(world: World) -> None:
    """The cluster's own namespaces and the homelab's, each with its default account and root CA."""
    for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
        namespace(world, name, 141 * DAY)
    for name in NAMESPACES:
        namespace(world, name, 138 * DAY)


def namespace(world: World, name: str, age: float, labels: Mapping[str, str] | None = None) -> None:
    body = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    marks = {"kubernetes.io/metadata.name": name, **(labels or {})}
    # By this a client sees that it looks at the demo: the namespace whose UID stands for the cluster says so.
    notes = {"pointsman.dev/demo": world.variant} if name == "kube-system" else None
    by = USER if name in NAMESPACES else "k3s"
    world.add("v1", "Namespace", name, body, age=age, labels=marks, annotations=notes, generation=None, manager=by)
    account(world, name, "default", age)
    note = {"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver."}
    data = {"data": {"ca.crt": world.traits["ca.crt"]}}
    world.add("v1", "ConfigMap", "kube-root-ca.crt", data, namespace=name, age=age, annotations=note, generation=None,
              manager="k3s")  # fmt: skip


def account(
    world: World, namespace: str, name: str, age: float = 120 * DAY, labels: Mapping[str, str] | None = None
) -> None:
    by = USER if namespace in NAMESPACES and name != "default" else "k3s"
    world.add(
        "v1", "ServiceAccount", name, {}, namespace=namespace, age=age, labels=labels, generation=None, manager=by
    )


def add_apps(world: World) -> None:
    for name in ("prometheus", "kube-state-metrics"):
        account(world, "monitoring", name)
    for app in APPS:
        _add(world, app)
    _backups(world)


def _add(world: World, app: App) -> None:
    select = name_labels(app)
    labels = {**select, "app.kubernetes.io/part-of": app.part_of or app.name, **app.labels}
    volume, _, where = app.volume.partition(":")
    volume, _, size = volume.partition("=")
    name = f"{app.name}-{volume}"
    probe = {"tcpSocket": {"port": app.ports.split()[0].split(":")[0]}} if app.ports else None
    main = container(
        app.name,
        app.image,
        ports=container_ports(app.ports) or None,
        args=list(app.args) or None,
        env=[{"name": key, "value": value} for key, value in app.env.items()] or None,
        mounts={volume: where} if volume else None,
        cpu=app.cpu,
        memory=app.memory,
        probe=probe,
    )
    bound = bool(volume) and app.kind == "Deployment"
    volumes = [{"name": volume, "persistentVolumeClaim": {"claimName": name}}] if bound else None
    spec = pod_spec([main], volumes=volumes, host_network=app.host, tolerate_all=app.host, account=app.account)
    if app.host:
        for port in main["ports"]:
            port["hostPort"] = port["containerPort"]
    nodes, pod = app.nodes.split(), template(labels, spec)
    age = app.age * DAY - world.jitter(12 * DAY, "age", app.name)
    pod_age = app.up * DAY - world.jitter(app.up * DAY / 3, "up", app.name)
    if app.kind == "StatefulSet":
        claims = {volume: size} if volume else {}
        stateful_set(world, app.namespace, app.name, pod, select, nodes=nodes, claims=claims, labels=labels,
                     restarts=app.restarts, age=age, pod_age=pod_age)  # fmt: skip
    elif app.kind == "DaemonSet":
        daemon_set(world, app.namespace, app.name, pod, select, nodes=NODES, labels=labels, age=age, pod_age=pod_age)
    else:
        if bound:
            claim(world, app.namespace, name, size, nodes[0], app.age * DAY, select)
        deployment(world, app.namespace, app.name, pod, select, nodes=nodes, labels=labels, restarts=app.restarts,
                   revision=1 + len(app.name) % 4, strategy="Recreate" if app.recreate else "RollingUpdate",
                   age=age, pod_age=pod_age)  # fmt: skip


def _backups(world: World) -> None:
    """restic, every night at half past two: a CronJob with the last two runs."""
    main = container(
        "restic",
        "docker.io/restic/restic:0.18.1",
        args=["backup", "--host", "homelab", "/volumes"],
        env=[{"name": "RESTIC_REPOSITORY", "value": "s3:http://minio.backup.svc:9000/homelab"}],
        cpu="100m",
        memory="512Mi",
    )
    labels = {"app.kubernetes.io/name": "restic", "app.kubernetes.io/part-of": "backup"}
    spec = pod_spec([main], restart="OnFailure")
    midnight = world.now.replace(hour=2, minute=30, second=0, microsecond=0)
    last = (world.now - midnight).total_seconds() % DAY
    if last < BACKUP_SECONDS:  # this night's run is not over: it is left to the CronJob
        last += DAY
    job_spec = {"spec": {"template": template(labels, spec), "backoffLimit": 6}, "metadata": {}}
    cron: Obj = world.add(
        "batch/v1",
        "CronJob",
        "restic",
        {
            "spec": {
                "schedule": "30 2 * * *",
                "concurrencyPolicy": "Forbid",
                "suspend": False,
                "jobTemplate": job_spec,
                "successfulJobsHistoryLimit": 2,
                "failedJobsHistoryLimit": 1,
            },
            "status": {
                "lastScheduleTime": stamp(world.ago(last)),
                "lastSuccessfulTime": stamp(world.ago(last - BACKUP_SECONDS)),
            },
        },
        namespace="backup",
        age=120 * DAY,
        labels=labels,
    )
    for age in (last + DAY, last):
        minute = int(world.ago(age).timestamp() // 60)
        note = {"batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(world.ago(age))}
        finished_job(world, "backup", f"restic-{minute}", template(labels, spec), node="closet", age=age, took=BACKUP_SECONDS,
                     owner=cron, labels=labels, annotations=note)  # fmt: skip
