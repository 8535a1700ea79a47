"""The real kubectl changes the demo homelab: create, apply in both ways, diff, edit, patch, scale, roll out, delete."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from demohome import Demo, demo_homelab

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: nginx:1
        ports: [{containerPort: 80}]
"""
POOL = """\
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: extra, namespace: metallb-system}
spec:
  addresses: [192.168.7.90-192.168.7.95]
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_homelab(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def namespace(demo: Demo, request: pytest.FixtureRequest) -> str:
    """A namespace of its own for each test."""
    name = request.node.name.replace("_", "-").replace("[", "-").rstrip("]")[:50].strip("-").lower()
    demo.kubectl("create", "namespace", name)
    return name


def test_apply_creates_then_changes_nothing_then_changes(demo: Demo, namespace: str) -> None:
    def apply(text: str, *more: str) -> str:
        return demo.kubectl("apply", "-n", namespace, "-f", "-", *more, stdin=text).stdout

    assert apply(DEPLOYMENT) == "deployment.apps/web created\n"
    before = demo.get("deploy", "web", "-n", namespace)["metadata"]["generation"]
    assert apply(DEPLOYMENT) == "deployment.apps/web unchanged\n"
    assert demo.get("deploy", "web", "-n", namespace)["metadata"]["generation"] == before
    changed = DEPLOYMENT.replace("nginx:1", "nginx:2").replace("replicas: 2", "replicas: 3")
    assert apply(changed, "--dry-run=server") == "deployment.apps/web configured (server dry run)\n"
    assert demo.get("deploy", "web", "-n", namespace)["spec"]["replicas"] == 2
    assert apply(changed) == "deployment.apps/web configured\n"
    live = demo.get("deploy", "web", "-n", namespace)
    assert (live["spec"]["replicas"], live["metadata"]["generation"]) == (3, before + 1)
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["imagePullPolicy"]) == ("nginx:2", "IfNotPresent")


def test_apply_removes_what_left_the_manifest(demo: Demo, namespace: str) -> None:
    first, second = (
        DEPLOYMENT.replace("name: web\nspec:", f"name: web\n  labels: {labels}\nspec:")
        for labels in ("{gone: soon, kept: yes-it-is}", "{kept: yes-it-is}")
    )
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=first)
    demo.kubectl("label", "-n", namespace, "deploy/web", "by-hand=stays")
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=second)
    labels = demo.get("deploy", "web", "-n", namespace)["metadata"]["labels"]
    assert labels == {"by-hand": "stays", "kept": "yes-it-is"}


def test_diff_shows_and_stores_nothing(demo: Demo, namespace: str) -> None:
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    same = demo.kubectl("diff", "-n", namespace, "-f", "-", stdin=DEPLOYMENT, check=False)
    assert (same.returncode, same.stdout) == (0, "")
    other = demo.kubectl(
        "diff", "-n", namespace, "-f", "-", stdin=DEPLOYMENT.replace("nginx:1", "nginx:9"), check=False
    )
    assert other.returncode == 1
    assert "-      - image: nginx:1\n+      - image: nginx:9\n" in other.stdout
    assert "nginx:9" not in demo.kubectl("get", "deploy", "web", "-n", namespace, "-o", "yaml").stdout


def test_server_side_apply_conflicts_until_forced(demo: Demo, namespace: str) -> None:
    def apply(text: str, *more: str, check: bool = True) -> str:
        words = ("apply", "--server-side", "-n", namespace, "-f", "-", *more)
        done = demo.kubectl(*words, stdin=text, check=check)
        return done.stdout + done.stderr

    assert apply(DEPLOYMENT) == "deployment.apps/web serverside-applied\n"
    other = DEPLOYMENT.replace("nginx:1", "nginx:2")
    refused = apply(other, "--field-manager=other", check=False)
    text = 'Apply failed with 1 conflict: conflict with "kubectl": .spec.template.spec.containers[name="main"].image'
    assert text in refused
    assert "--force-conflicts" in refused
    assert apply(other, "--field-manager=other", "--force-conflicts") == "deployment.apps/web serverside-applied\n"
    shown = demo.kubectl("get", "deploy", "web", "-n", namespace, "-o", "json", "--show-managed-fields").stdout
    managers = {
        entry["manager"]: json.dumps(entry["fieldsV1"]) for entry in json.loads(shown)["metadata"]["managedFields"]
    }
    assert "f:image" in managers["other"]
    assert "f:image" not in managers["kubectl"]


@pytest.mark.parametrize("side", ["client", "server"])
def test_unknown_fields_are_refused_and_warned_about(demo: Demo, namespace: str, side: str) -> None:
    more = ["--server-side"] if side == "server" else []
    wrong = DEPLOYMENT.replace("replicas: 2", "replica: 2")
    done = demo.kubectl("apply", *more, "-n", namespace, "-f", "-", stdin=wrong, check=False)
    assert done.returncode
    assert "spec.replica" in done.stderr
    bad_pool = POOL + "  autoassign: true\n"
    done = demo.kubectl("apply", *more, "-f", "-", stdin=bad_pool, check=False)
    assert done.returncode
    assert "spec.autoassign" in done.stderr
    if side == "client":
        done = demo.kubectl("create", "--validate=warn", "-n", namespace, "-f", "-", stdin=wrong)
        assert 'Warning: unknown field "spec.replica"' in done.stderr
        assert "deployment.apps/web created" in done.stdout


def test_edit_replaces_what_the_editor_changed(demo: Demo, namespace: str) -> None:
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    done = demo.kubectl("edit", "deploy/web", "-n", namespace, env={"KUBE_EDITOR": "sed -i s/nginx:1/nginx:7/"})
    assert done.stdout == "deployment.apps/web edited\n"
    live = demo.get("deploy", "web", "-n", namespace)
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:7"


def test_patches_of_three_types(demo: Demo, namespace: str) -> None:
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)

    def patch(kind: str, body: object) -> dict[str, object]:
        words = ("patch", "deploy/web", "-n", namespace, f"--type={kind}", "-p", json.dumps(body), "-o", "json")
        made: dict[str, object] = json.loads(demo.kubectl(*words).stdout)["spec"]
        return made

    extra = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "busybox:1"}]}}}}
    spec = patch("strategic", extra)
    names = [container["name"] for container in spec["template"]["spec"]["containers"]]  # type: ignore[index]
    assert sorted(names) == ["main", "side"]
    spec = patch("merge", {"spec": {"replicas": 4, "paused": True}})
    assert (spec["replicas"], spec["paused"]) == (4, True)
    spec = patch(
        "json", [{"op": "test", "path": "/spec/replicas", "value": 4}, {"op": "remove", "path": "/spec/paused"}]
    )
    assert "paused" not in spec


def test_strategic_patches_are_refused_on_custom_resources(demo: Demo) -> None:
    body = '{"spec":{"autoAssign":false}}'
    words = ("patch", "ipaddresspool", "lan", "-n", "metallb-system")
    refused = demo.kubectl(*words, "-p", body, check=False)
    assert "application/strategic-merge-patch+json is not supported by metallb.io/v1beta1" in refused.stderr
    assert demo.kubectl(*words, "--type=merge", "-p", body).stdout == "ipaddresspool.metallb.io/lan patched\n"
    assert (
        demo.kubectl(*words, "--type=merge", "-p", body).stdout == "ipaddresspool.metallb.io/lan patched (no change)\n"
    )
    demo.kubectl(*words, "--type=merge", "-p", '{"spec":{"autoAssign":true}}')


def test_status_is_changed_through_its_subresource(demo: Demo) -> None:
    demo.kubectl("apply", "-f", "-", stdin=POOL)
    words = ("patch", "ipaddresspool", "extra", "-n", "metallb-system", "--type=merge")
    demo.kubectl(*words, "--subresource=status", "-p", '{"status":{"assignedIPv4":3,"availableIPv4":3}}')
    demo.kubectl(*words, "-p", '{"status":{"assignedIPv4":9}}')
    live = demo.get("ipaddresspool", "extra", "-n", "metallb-system")
    assert live["status"]["assignedIPv4"] != 9
    demo.kubectl("delete", "-f", "-", stdin=POOL)


def test_labels_and_annotations(demo: Demo, namespace: str) -> None:
    demo.kubectl("create", "configmap", "x", "-n", namespace, "--from-literal=a=b")
    words = ("-n", namespace, "configmap/x")
    assert demo.kubectl("label", *words, "tier=one").stdout == "configmap/x labeled\n"
    refused = demo.kubectl("label", *words, "tier=two", check=False)
    assert "already has a value (one), and --overwrite is false" in refused.stderr
    demo.kubectl("label", *words, "tier=two", "--overwrite")
    demo.kubectl("annotate", *words, "note=some text: with, signs")
    bad = demo.kubectl("label", *words, "tier=no spaces allowed", "--overwrite", check=False)
    assert bad.returncode
    demo.kubectl("label", *words, "tier-")
    meta = demo.get("configmap", "x", "-n", namespace)["metadata"]
    assert meta.get("labels", {}) == {}
    assert meta["annotations"] == {"note": "some text: with, signs"}


def test_scale_rollout_and_history(demo: Demo, namespace: str) -> None:
    def pods() -> int:
        live = demo.get("pods", "-n", namespace, "-l", "app=web")["items"]
        return sum("deletionTimestamp" not in pod["metadata"] for pod in live)

    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    demo.step(10)
    demo.kubectl("rollout", "status", "-n", namespace, "deploy/web", "--timeout=30s")
    assert pods() == 2
    assert demo.kubectl("scale", "-n", namespace, "deploy/web", "--replicas=1").stdout == "deployment.apps/web scaled\n"
    demo.step(10)
    demo.kubectl("wait", "-n", namespace, "deploy/web", "--for=jsonpath={.status.replicas}=1", "--timeout=30s")
    assert pods() == 1
    stale = demo.kubectl("scale", "-n", namespace, "deploy/web", "--replicas=3", "--current-replicas=9", check=False)
    assert "Expected replicas to be 9, was 1" in stale.stderr
    demo.kubectl("rollout", "restart", "-n", namespace, "deploy/web")
    demo.step(10)
    demo.kubectl("rollout", "status", "-n", namespace, "deploy/web", "--timeout=30s")
    history = demo.kubectl("rollout", "history", "-n", namespace, "deploy/web").stdout
    assert history.split()[-4:] == ["1", "<none>", "2", "<none>"]
    sets = demo.get("rs", "-n", namespace)["items"]
    assert sorted(item["spec"]["replicas"] for item in sets) == [0, 1]


def test_services_get_addresses_and_endpoints(demo: Demo, namespace: str) -> None:
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    demo.step(10)
    demo.kubectl("rollout", "status", "-n", namespace, "deploy/web", "--timeout=30s")
    demo.kubectl("expose", "-n", namespace, "deploy/web", "--port=80", "--type=LoadBalancer")
    path = "{.status.loadBalancer.ingress[0].ip}"
    demo.step(10)
    demo.kubectl("wait", "-n", namespace, "svc/web", f"--for=jsonpath={path}", "--timeout=20s")
    service = demo.get("svc", "web", "-n", namespace)
    assert service["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("192.168.7.")
    assert service["spec"]["clusterIP"].startswith("10.43.")
    shown = demo.kubectl("describe", "svc", "web", "-n", namespace).stdout
    assert len([part for part in shown.partition("Endpoints:")[2].splitlines()[0].split(",") if ":80" in part]) == 2


CREATES = [
    "configmap c --from-literal=a=b",
    "secret generic s --from-literal=a=b",
    "serviceaccount sa",
    "deployment d --image=nginx:1 --port=80 --replicas=0",
    "job j --image=busybox -- true",
    "cronjob cj --image=busybox --schedule=*/5_*_*_*_*",
    "service clusterip s1 --tcp=80:8080",
    "service loadbalancer s2 --tcp=80",
    "ingress i --rule=a.example/=s1:80",
    "role r --verb=get,list --resource=pods",
    "rolebinding rb --role=r --user=guest",
    "quota q --hard=pods=3",
    "poddisruptionbudget p --selector=app=web --min-available=1",
]


def test_every_create_is_understood(demo: Demo, namespace: str) -> None:
    """kubectl sends these in protobuf."""
    for words in CREATES:
        parts = [word.replace("_", " ") for word in words.split()]
        assert "created" in demo.kubectl("create", *parts[:1], *parts[1:], "-n", namespace).stdout, words
    secret = demo.get("secret", "s", "-n", namespace)
    assert (secret["data"], secret["type"]) == ({"a": "Yg=="}, "Opaque")
    assert demo.get("deploy", "d", "-n", namespace)["spec"]["replicas"] == 0
    demo.kubectl("autoscale", "deploy/d", "--min=1", "--max=3", "-n", namespace)
    assert demo.get("hpa", "d", "-n", namespace)["spec"]["maxReplicas"] == 3
    assert demo.get("svc", "s1", "-n", namespace)["spec"]["ports"][0]["targetPort"] == 8080
    assert demo.get("ingress", "i", "-n", namespace)["spec"]["rules"][0]["http"]["paths"][0]["pathType"] == "Exact"
    assert demo.kubectl("get", "pods", "-n", namespace, restricted=True)


def test_a_role_binding_takes_effect_at_once(demo: Demo, namespace: str) -> None:
    assert demo.kubectl("get", "secrets", "-n", namespace, restricted=True, check=False).returncode
    demo.kubectl("create", "role", "peek", "--verb=list", "--resource=secrets", "-n", namespace)
    demo.kubectl("create", "rolebinding", "peek", "--role=peek", "--user=guest", "-n", namespace)
    demo.kubectl("get", "secrets", "-n", namespace, restricted=True)
    assert demo.kubectl("get", "secrets", "-n", "media", restricted=True, check=False).returncode


def test_a_service_account_has_tokens_that_expire(demo: Demo, namespace: str) -> None:
    demo.kubectl("create", "serviceaccount", "robot", "-n", namespace)
    token = demo.kubectl("create", "token", "robot", "-n", namespace, "--duration=20m").stdout.strip()
    assert f"system:serviceaccount:{namespace}:robot" in demo.kubectl("auth", "whoami", "--token", token).stdout
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert demo.request(path, token=token)[0] == 403
    demo.kubectl(
        "create",
        "rolebinding",
        "robot",
        "--clusterrole=cluster-admin",
        f"--serviceaccount={namespace}:robot",
        "-n",
        namespace,
    )
    assert demo.request(path, token=token)[0] == 200
    short = demo.kubectl("create", "token", "robot", "-n", namespace, "--duration=1m", check=False)
    assert "may not specify a duration less than 10 minutes" in short.stderr
    demo.step(1300)
    assert demo.request(path, token=token)[0] == 401


def test_deletion_waits_for_finalizers(demo: Demo, namespace: str) -> None:
    words = ("configmap", "held", "-n", namespace)
    demo.kubectl("create", *words)
    demo.kubectl("patch", *words, "--type=merge", "-p", '{"metadata":{"finalizers":["lab.example/hold"]}}')
    stuck = demo.kubectl("delete", *words, "--timeout=1s", check=False)
    assert "timed out waiting for the condition" in stuck.stderr
    assert demo.get(*words)["metadata"]["deletionTimestamp"]
    demo.kubectl("patch", *words, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert "NotFound" in demo.kubectl("get", *words, check=False).stderr


@pytest.mark.parametrize(("cascade", "left"), [("background", 0), ("foreground", 0), ("orphan", 1)])
def test_cascades(demo: Demo, namespace: str, cascade: str, left: int) -> None:
    demo.kubectl("apply", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    demo.step(10)
    demo.kubectl("rollout", "status", "-n", namespace, "deploy/web", "--timeout=30s")
    demo.kubectl("delete", "deploy/web", "-n", namespace, f"--cascade={cascade}")
    sets = demo.get("rs", "-n", namespace)["items"]
    assert len(sets) == left
    assert not any("ownerReferences" in item["metadata"] for item in sets)


def test_a_pod_ends_gracefully_and_its_namespace_with_it(demo: Demo, namespace: str) -> None:
    demo.kubectl("run", "p", "--image=nginx:1", "-n", namespace)
    demo.step(10)
    demo.kubectl("wait", "-n", namespace, "pod/p", "--for=condition=Ready", "--timeout=30s")
    demo.kubectl("delete", "pod", "p", "-n", namespace, "--wait=false")
    demo.step(10)
    demo.kubectl("wait", "-n", namespace, "pod/p", "--for=delete", "--timeout=30s")
    demo.kubectl("run", "q", "--image=nginx:1", "-n", namespace)
    demo.step(10)
    demo.kubectl("wait", "-n", namespace, "pod/q", "--for=condition=Ready", "--timeout=30s")
    assert (
        demo.kubectl("delete", "namespace", namespace, "--timeout=30s").stdout == f'namespace "{namespace}" deleted\n'
    )
    assert "NotFound" in demo.kubectl("get", "namespace", namespace, check=False).stderr


def test_crds_come_and_go(demo: Demo) -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "lamps.lab.example"},
        "spec": {
            "group": "lab.example",
            "scope": "Namespaced",
            "names": {"plural": "lamps", "singular": "lamp", "kind": "Lamp", "shortNames": ["lp"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": [{"name": "Watt", "type": "integer", "jsonPath": ".spec.watt"}],
                    "subresources": {
                        "scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}
                    },
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {
                                        "watt": {"type": "integer", "description": "What it draws.", "minimum": 1},
                                        "count": {"type": "integer", "default": 1},
                                    },
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
    lamp = {"apiVersion": "lab.example/v1", "kind": "Lamp", "metadata": {"name": "desk"}, "spec": {"watt": 7}}
    demo.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(crd))
    demo.kubectl("wait", "crd/lamps.lab.example", "--for=condition=Established", "--timeout=10s")
    demo.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(lamp))
    rows = demo.kubectl("get", "lp").stdout.splitlines()
    assert [row.split()[:2] for row in rows] == [["NAME", "WATT"], ["desk", "7"]]
    assert "What it draws." in demo.kubectl("explain", "lamp.spec.watt").stdout
    assert demo.kubectl("scale", "lamp/desk", "--replicas=3").stdout == "lamp.lab.example/desk scaled\n"
    dark = {**lamp, "spec": {"watt": 0}}
    refused = demo.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(dark), check=False)
    assert "spec.watt: Invalid value: 0: spec.watt in body should be greater than or equal to 1" in refused.stderr
    demo.kubectl("delete", "crd", "lamps.lab.example", "--timeout=10s")
    gone = demo.kubectl("get", "lamps", check=False)
    assert gone.returncode
    assert "the server could not find the requested resource" in gone.stderr or "resource type" in gone.stderr


def test_nodes_can_be_cordoned_drained_and_tainted(demo: Demo) -> None:
    demo.kubectl("cordon", "closet")
    assert "SchedulingDisabled" in demo.kubectl("get", "node", "closet").stdout
    words = ("--ignore-daemonsets", "--delete-emptydir-data", "--dry-run=server", "--force")
    assert "node/closet drained (server dry run)" in demo.kubectl("drain", "closet", *words).stdout
    demo.kubectl("uncordon", "closet")
    demo.kubectl("taint", "node", "closet", "lab=x:NoSchedule")
    demo.kubectl("taint", "node", "closet", "lab-")
    assert demo.get("node", "closet")["spec"].get("taints", []) == []


def test_replace_with_a_stale_version_is_a_conflict(demo: Demo, namespace: str) -> None:
    demo.kubectl("create", "configmap", "x", "-n", namespace, "--from-literal=a=1")
    old = demo.get("configmap", "x", "-n", namespace)
    demo.kubectl("patch", "configmap", "x", "-n", namespace, "--type=merge", "-p", '{"data":{"a":"2"}}')
    old["data"]["a"] = "3"
    done = demo.kubectl("replace", "-f", "-", stdin=json.dumps(old), check=False)
    assert "Error from server (Conflict)" in done.stderr
    assert "the object has been modified; please apply your changes to the latest version and try again" in done.stderr
