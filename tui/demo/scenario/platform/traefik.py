"""Traefik 3.7 as k3s installs it: a HelmChart, its configuration, the Deployment and its service."""

from __future__ import annotations

from pointsman.tui.demo.scenario.apps import account
from pointsman.tui.demo.scenario.crds import add_crds
from pointsman.tui.demo.scenario.crds.gateway import BUNDLE, GATEWAY
from pointsman.tui.demo.scenario.crds.traefik import TRAEFIK
from pointsman.tui.demo.scenario.exposed import address_annotations, balancer_status
from pointsman.tui.demo.scenario.helm import helm_marks, release
from pointsman.tui.demo.scenario.jobs import finished_job
from pointsman.tui.demo.scenario.pods import container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.workloads import deployment
from pointsman.tui.demo.scenario.world import DAY, Obj, World, stamp

VERSION = "3.7.15"
CHART = "39.0.6"
NS = "kube-system"
SELECT = {"app.kubernetes.io/instance": "traefik-kube-system", "app.kubernetes.io/name": "traefik"}
IP = "192.168.7.100"

# A real command line: the same binary starts with it anywhere (the API server's address comes from the pod).
ARGS = (
    "--global.checkNewVersion=false",
    "--global.sendAnonymousUsage=false",
    "--entryPoints.metrics.address=:9100/tcp",
    "--entryPoints.traefik.address=:8080/tcp",
    "--entryPoints.web.address=:8000/tcp",
    "--entryPoints.websecure.address=:8443/tcp",
    "--entryPoints.websecure.http.tls=true",
    "--entryPoints.ssh.address=:2222/tcp",
    "--entryPoints.minecraft.address=:25565/tcp",
    "--entryPoints.bedrock.address=:19132/udp",
    "--entryPoints.bedrock.udp.timeout=30s",
    "--api.dashboard=true",
    "--ping=true",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=metrics",
    "--providers.kubernetescrd",
    "--providers.kubernetescrd.allowCrossNamespace=true",
    "--providers.kubernetescrd.allowEmptyServices=true",
    "--providers.kubernetesingress",
    "--providers.kubernetesingress.allowEmptyServices=true",
    "--providers.kubernetesingress.ingressendpoint.publishedservice=kube-system/traefik",
    "--log.level=INFO",
    "--log.format=json",
    "--accesslog=true",
    "--accesslog.format=json",
)

PORTS = "metrics:9100 traefik:8080 web:8000 websecure:8443 ssh:2222 minecraft:25565 bedrock:19132/udp"
SERVICE = "web:80=web websecure:443=websecure ssh:22=ssh minecraft:25565=minecraft bedrock:19132=bedrock/udp"

CHART_VALUES = """\
deployment:
  podAnnotations:
    prometheus.io/port: "8082"
    prometheus.io/scrape: "true"
providers:
  kubernetesIngress:
    publishedService:
      enabled: true
priorityClassName: "system-cluster-critical"
image:
  repository: "rancher/mirrored-library-traefik"
  tag: "3.7.15"
tolerations:
- key: "CriticalAddonsOnly"
  operator: "Exists"
- key: "node-role.kubernetes.io/control-plane"
  operator: "Exists"
  effect: "NoSchedule"
service:
  ipFamilyPolicy: "PreferDualStack"
"""

OWN_VALUES = """\
globalArguments: []
ports:
  ssh: {port: 2222, expose: {default: true}, exposedPort: 22, protocol: TCP}
  minecraft: {port: 25565, expose: {default: true}, exposedPort: 25565, protocol: TCP}
  bedrock: {port: 19132, expose: {default: true}, exposedPort: 19132, protocol: UDP}
providers:
  kubernetesCRD: {allowCrossNamespace: true}
ingressRoute:
  dashboard: {enabled: true}
logs:
  general: {format: json}
  access: {enabled: true, format: json}
"""


def add_traefik(world: World) -> None:
    labels, marks = helm_marks("traefik-kube-system", NS)
    labels = {**SELECT, **labels, "helm.sh/chart": f"traefik-{CHART}"}
    marks["meta.helm.sh/release-name"] = "traefik"
    crd_marks = {**marks, "meta.helm.sh/release-name": "traefik-crd"}
    crd_labels = {"app.kubernetes.io/managed-by": "Helm"}
    age = 139 * DAY
    add_crds(world, "traefik.io", TRAEFIK, age=age, labels=crd_labels, annotations=crd_marks)
    add_crds(
        world, "gateway.networking.k8s.io", GATEWAY, age=age, labels=crd_labels, annotations={**crd_marks, **BUNDLE}
    )
    _charts(world)
    account(world, NS, "traefik", age, labels)
    _rights(world, labels, marks, age)
    probe = {"httpGet": {"path": "/ping", "port": 8080, "scheme": "HTTP"}}
    env = [
        {
            "name": f"POD_{part.upper()}",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.{part}"}},
        }
        for part in ("name", "namespace")
    ]
    main = container(
        "traefik",
        f"rancher/mirrored-library-traefik:{VERSION}",
        args=list(ARGS),
        env=env,
        ports=container_ports(PORTS),
        mounts={"data": "/data", "tmp": "/tmp"},
        probe=probe,
        security={"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    )
    volumes: list[Obj] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    spec = pod_spec([main], account="traefik", volumes=volumes, priority_class="system-cluster-critical", grace=60)
    notes = {"prometheus.io/path": "/metrics", "prometheus.io/port": "8082", "prometheus.io/scrape": "true"}
    pod = template({**SELECT, "helm.sh/chart": f"traefik-{CHART}", "app.kubernetes.io/managed-by": "Helm"}, spec, notes)
    deployment(world, NS, "traefik", pod, SELECT, nodes=["shed"], age=age, pod_age=12 * DAY, revision=4, labels=labels,
               annotations=marks, manager="helm")  # fmt: skip
    service(
        world,
        NS,
        "traefik",
        SERVICE,
        SELECT,
        ip=IP,
        labels=labels,
        annotations={**marks, **address_annotations(world, IP, "", "lan")},
        age=age,
        manager="helm",
        status=balancer_status(world, IP),
    )
    world.add(
        "networking.k8s.io/v1",
        "IngressClass",
        "traefik",
        {"spec": {"controller": "traefik.io/ingress-controller"}},
        age=age,
        labels=labels,
        annotations={**marks, "ingressclass.kubernetes.io/is-default-class": "true"},
        manager="helm",
    )
    _dashboard(world, labels, marks, age)


def _dashboard(world: World, labels: dict[str, str], marks: dict[str, str], age: float) -> None:
    rule = "PathPrefix(`/dashboard`) || PathPrefix(`/api`)"
    route = {"kind": "Rule", "match": rule, "services": [{"kind": "TraefikService", "name": "api@internal"}]}
    world.add(
        "traefik.io/v1alpha1",
        "IngressRoute",
        "traefik-dashboard",
        {"spec": {"entryPoints": ["traefik"], "routes": [route]}},
        namespace=NS,
        age=age,
        labels=labels,
        annotations=marks,
        manager="helm",
    )


def _charts(world: World) -> None:
    """HelmChart and HelmChartConfig, the jobs that installed them and the releases they left."""
    own = {
        "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
        "objectset.rio.cattle.io/owner-name": "traefik",
        "objectset.rio.cattle.io/owner-namespace": NS,
    }
    values = {"traefik": CHART_VALUES, "traefik-crd": ""}
    for name, content in values.items():
        spec: Obj = {"chart": f"https://%{{KUBERNETES_API}}%/static/charts/{name}-{CHART}+up{CHART}.tgz"}
        if content:
            spec |= {"set": {"global.systemDefaultRegistry": ""}, "valuesContent": content}
        since = stamp(world.ago(12 * DAY))
        conditions = [
            {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
            for kind, status, reason, message in (
                ("JobCreated", "True", "Job created", f"Applying HelmChart using Job kube-system/helm-install-{name}"),
                ("Failed", "False", "", ""),
            )
        ]
        chart = world.add(
            "helm.cattle.io/v1",
            "HelmChart",
            name,
            {"spec": spec, "status": {"jobName": f"helm-install-{name}", "conditions": conditions}},
            namespace=NS,
            age=141 * DAY,
            annotations=own,
            generation=4 if content else 2,
            manager="deploy@shed",
        )
        chart["metadata"]["finalizers"] = ["wrangler.cattle.io/on-helm-chart-remove"]
        _install_job(world, chart)
        title = "traefik" if content else "traefik-crd"
        release(world, NS, name, title, f"{CHART}+up{CHART}", f"v{VERSION}", {}, revision=4 if content else 2,
                age=12 * DAY, description="Upgrade complete")  # fmt: skip
    world.add("helm.cattle.io/v1", "HelmChartConfig", "traefik", {"spec": {"valuesContent": OWN_VALUES}}, namespace=NS,
              age=130 * DAY, generation=6)  # fmt: skip


def _install_job(world: World, chart: Obj) -> None:
    name = chart["metadata"]["name"]
    account(world, NS, f"helm-{name}", 141 * DAY)
    main = container("helm", "rancher/klipper-helm:v0.9.10-build20251111", args=["install"],
                     env=[{"name": "NAME", "value": name}, {"name": "VERSION"}, {"name": "TARGET_NAMESPACE", "value": NS}],
                     )  # fmt: skip
    labels = {"helmcharts.helm.cattle.io/chart": name}
    spec = pod_spec([main], account=f"helm-{name}", restart="OnFailure", node_selector={"kubernetes.io/os": "linux"})
    finished_job(world, NS, f"helm-install-{name}", template(labels, spec), node="shed", age=12 * DAY, took=9,
                 owner=chart, labels=labels)  # fmt: skip


def _rights(world: World, labels: dict[str, str], marks: dict[str, str], age: float) -> None:
    read = ["get", "list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["configmaps", "nodes", "services"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingressclasses", "ingresses"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
        {"apiGroups": ["traefik.io"], "resources": ["*"], "verbs": read},
    ]
    grant(world, "traefik-kube-system", rules, NS, "traefik", age, labels, marks)


def grant(
    world: World,
    name: str,
    rules: list[Obj],
    namespace: str,
    account_name: str,
    age: float,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> None:
    """A ClusterRole and its binding to one service account."""
    group = "rbac.authorization.k8s.io"
    world.add(f"{group}/v1", "ClusterRole", name, {"rules": rules}, age=age, labels=labels, annotations=annotations,
              generation=None, manager="helm")  # fmt: skip
    body = {
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account_name, "namespace": namespace}],
    }
    world.add(f"{group}/v1", "ClusterRoleBinding", name, body, age=age, labels=labels, annotations=annotations,
              generation=None, manager="helm")  # fmt: skip
