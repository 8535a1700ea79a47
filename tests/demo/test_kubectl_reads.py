"""The real kubectl reads the demo homelab: discovery, tables, selectors, watches, descriptions, logs, explanations."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from demohome import Demo, demo_homelab


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_homelab(tmp_path_factory.mktemp("demo")) as running:
        yield running


# (arguments, patterns that the output must have)
READS: list[tuple[str, list[str]]] = [
    ("version", [r"Server Version: v1\.\d+\.\d+\+k3s1"]),
    ("api-versions", [r"^apps/v1$", r"^v1$", r"^metallb\.io/v1beta1$", r"^traefik\.io/v1alpha1$"]),
    ("api-resources", [r"^pods +po +v1 +true +Pod$", r"^ipaddresspools +metallb\.io/v1beta1 +true +IPAddressPool$"]),
    ("api-resources --namespaced=false -o name", [r"^nodes$", r"^customresourcedefinitions\.apiextensions\.k8s\.io$"]),
    ("cluster-info", [r"control plane.* is running at https://127\.0\.0\.1:"]),
    ("get nodes", [r"^NAME +STATUS +ROLES +AGE +VERSION$", r"^shed +Ready +control-plane "]),
    ("get nodes -o wide", [r"INTERNAL-IP", r"^loft +Ready .* 192\.168\.7\.12 "]),
    ("get pods -A", [r"^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE$", r"^kube-system +traefik-\S+ +1/1 +Running"]),
    ("get pods -n web -o wide", [r"NOMINATED NODE", r"site-\S+ +1/1 +Running .* 10\.42\.\d+\.\d+ "]),
    ("get po,svc -n web", [r"^pod/site-", r"^service/site "]),
    ("get all -n web", [r"^deployment\.apps/site ", r"^replicaset\.apps/site-"]),
    ("get deploy -n kube-system traefik -o name", [r"^deployment\.apps/traefik$"]),
    ("get svc -n kube-system traefik -o yaml", [r"^kind: Service$", r"^  clusterIP: 10\.43\.", r"^    - ip: 192\.168\.7\."]),
    ("get ns default -o jsonpath={.metadata.labels}", [r'"kubernetes\.io/metadata\.name":"default"']),
    ("get ns -o custom-columns=N:.metadata.name,P:.status.phase", [r"^N +P$", r"^media +Active$"]),
    ("get ns -o go-template={{range.items}}{{.metadata.name}},{{end}}", [r"default,"]),
    ("get ipaddresspools -n metallb-system", [r"^NAME +AUTO ASSIGN +AVOID BUGGY IPS +ADDRESSES$", r"^lan +true"]),
    ("get ingressroutes -A", [r"^NAMESPACE +NAME"]),
    ("get pods -A -l app.kubernetes.io/name=traefik -o name", [r"\Apod/traefik-\S+\n\Z"]),
    ("get pods -A -l app.kubernetes.io/name!=traefik,app.kubernetes.io/name -o name", [r"pod/"]),
    ("get deploy -A -l app.kubernetes.io/name=site -L app.kubernetes.io/name", [r" site$"]),
    ("get pods -A --field-selector status.phase=Running,spec.nodeName=loft -o wide", [r" loft "]),
    ("get pods -A --field-selector metadata.name=nobody", [r"\A\Z"]),
    ("get ns --sort-by=.metadata.creationTimestamp", [r"^default "]),
    ("get events -A --field-selector type=Normal", [r"NAMESPACE"]),
    ("get secrets -A --field-selector type=kubernetes.io/tls", [r"kubernetes\.io/tls"]),
    ("get --raw /readyz", [r"\Aok\Z"]),
    ("get --raw /apis/apps/v1", [r'"groupVersion":"apps/v1"']),
    ("get --raw /openapi/v3", [r'"serverRelativeURL":"/openapi/v3/apis/apps/v1\?hash=[0-9A-F]{64}"']),
    ("get crd ipaddresspools.metallb.io", [r"^ipaddresspools\.metallb\.io +20"]),
    ("describe node shed", [r"^Non-terminated Pods: ", r"^  kube-system +traefik-|coredns", r"^Allocated resources:"]),
    ("describe deploy -n kube-system traefik", [r"^NewReplicaSet: +traefik-\S+ \(1/1 replicas created\)$"]),
    ("describe svc -n kube-system traefik", [r"^LoadBalancer Ingress: +192\.168\.7\.\d+", r"^Endpoints: +10\.42\."]),
    ("describe ipaddresspool -n metallb-system lan", [r"^Kind: +IPAddressPool$", r"192\.168\.7\.100-192\.168\.7\.250"]),
    ("explain deployment.spec.strategy", [r"^FIELD: strategy <DeploymentStrategy>$", r"rollingUpdate"]),
    ("explain pod.spec.containers.ports.containerPort", [r"^FIELD: containerPort <integer>$", r"valid port"]),
    ("explain ipaddresspool.spec", [r"^GROUP: +metallb\.io$", r"addresses\t<\[\]string> -required-"]),
    ("explain svc --recursive", [r"  externalTrafficPolicy\t<string>"]),
    ("auth whoami", [r"Username +admin", r"system:masters"]),
    ("auth can-i delete nodes", [r"\Ayes\n\Z"]),
    ("auth can-i --list", [r"^\*\.\* "]),
    ("rollout status -n kube-system deploy/traefik", [r'deployment "traefik" successfully rolled out']),
    ("rollout history -n kube-system deploy/traefik", [r"^REVISION "]),
    ("wait --for=condition=Available -n kube-system deploy/traefik --timeout=5s", [r"condition met"]),
    ("wait --for=jsonpath={.status.phase}=Active ns/default --timeout=5s", [r"condition met"]),
    ("logs -n kube-system deploy/traefik --tail=2", [r"\A(.+\n){1,2}\Z"]),
    ("logs -n kube-system deploy/traefik --tail=1 --timestamps", [r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z "]),
    ("logs -n kube-system deploy/traefik --since=1s --limit-bytes=1", [r"\A.?\Z"]),
    ("cordon loft --dry-run=server", [r"node/loft cordoned \(server dry run\)"]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "patterns"), READS, ids=[words for words, _ in READS])
def test_kubectl_reads(demo: Demo, words: str, patterns: list[str]) -> None:
    out = demo.kubectl(*words.split()).stdout
    for pattern in patterns:
        assert re.search(pattern, out, re.MULTILINE), f"{pattern} is not in\n{out}"


REFUSALS: list[tuple[str, str]] = [
    ("get pods nobody", 'Error from server (NotFound): pods "nobody" not found'),
    ("get nonsense", 'error: the server doesn\'t have a resource type "nonsense"'),
    ("get pods -A --field-selector spec.color=red", '"spec.color" is not a known field selector'),
    ("get --raw /apis/nothing.example", "the server could not find the requested resource"),
    ("logs -n web deploy/site -c nobody", "container nobody is not valid for pod"),
    ("logs -n web deploy/site --previous", "previous terminated container"),
    ("wait --for=condition=Nonsense -n kube-system deploy/traefik --timeout=1s", "timed out waiting for the condition"),
    ("exec -n web deploy/site -- true", "no process runs in them"),
    ("top pods", "Metrics API not available"),
    ("explain pod.spec.nonsense", 'field "nonsense" does not exist'),
]


@pytest.mark.parametrize(("words", "text"), REFUSALS, ids=[words for words, _ in REFUSALS])
def test_kubectl_is_told_why_not(demo: Demo, words: str, text: str) -> None:
    done = demo.kubectl(*words.split(), check=False)
    assert done.returncode
    assert text in done.stderr


RESTRICTED: list[tuple[str, str]] = [
    ("get secrets -A", 'secrets is forbidden: User "guest" cannot list resource "secrets" in API group "" at the cluster'),
    ("get secret x -n media", '"x" is forbidden: User "guest" cannot get resource "secrets" in API group "" in the namespace "media"'),
    ("get ipaddresspools -A", 'cannot list resource "ipaddresspools" in API group "metallb.io"'),
    ("create configmap x", 'cannot create resource "configmaps"'),
    ("delete pod x -n web", 'cannot delete resource "pods"'),
    ("label ns default a=b", 'cannot patch resource "namespaces"'),
    ("logs -n web deploy/site", 'cannot get resource "pods/log"'),
    ("get --raw /_demo/state", "cannot get path"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "text"), RESTRICTED, ids=[words for words, _ in RESTRICTED])
def test_the_restricted_user_is_refused(demo: Demo, words: str, text: str) -> None:
    done = demo.kubectl(*words.split(), restricted=True, check=False)
    assert done.returncode
    assert "forbidden" in done.stderr.lower()
    assert text in done.stderr


def test_the_restricted_user_may_look_and_knows_what_he_may(demo: Demo) -> None:
    assert "traefik" in demo.kubectl("get", "pods", "-A", restricted=True).stdout
    assert "Username    guest" in demo.kubectl("auth", "whoami", restricted=True).stdout
    for words, answer in (("list pods", "yes"), ("list secrets", "no"), ("watch ipaddresspools.metallb.io", "no")):
        done = demo.kubectl("auth", "can-i", *words.split(), "-A", restricted=True, check=False)
        assert (done.stdout.strip(), done.returncode) == (answer, 0 if answer == "yes" else 1)
    assert "networkpolicies.networking.k8s.io" in demo.kubectl("auth", "can-i", "--list", restricted=True).stdout


def test_pages_bring_the_same_as_one_list(demo: Demo) -> None:
    whole = demo.kubectl("get", "events,pods,leases", "-A", "-o", "name").stdout.splitlines()
    paged = demo.kubectl("get", "pods", "-A", "-o", "name", "--chunk-size=7").stdout.splitlines()
    assert paged == [name for name in whole if name.startswith("pod/")]
    assert len(paged) > 14


def test_describe_shows_the_events_of_its_object_only(demo: Demo) -> None:
    for name in ("first", "second"):
        demo.kubectl("run", name, "--image=nginx:1")
    demo.step(10)
    demo.kubectl("wait", "--for=condition=Ready", "pod/first", "pod/second", "--timeout=20s")
    shown = demo.kubectl("describe", "pod", "first").stdout.partition("\nEvents:")[2]
    assert "default-scheduler  Successfully assigned default/first to " in shown
    assert "Started container first" in shown
    assert "second" not in shown
    assert "pod/second" in demo.kubectl("events", "--for", "pod/second").stdout.lower()


def test_get_watch_follows_changes_as_tables_and_as_json(demo: Demo) -> None:
    demo.kubectl("create", "configmap", "seen", "--from-literal=a=1")
    watches = [
        subprocess.Popen(
            demo.command("get", "configmaps", "--field-selector=metadata.name=seen", "-w", *form),
            stdout=subprocess.PIPE,
            text=True,
            env=demo.environment(),
        )
        for form in ([], ["-o", "json", "--output-watch-events"])
    ]
    try:
        table, lines = (watch.stdout for watch in watches)
        assert table is not None
        assert lines is not None
        events: list[str] = []

        def read_events(count: int) -> None:
            text = ""
            while len(events) < count:
                line = lines.readline()
                assert line, "the watch ended"
                text += line
                with contextlib.suppress(ValueError):
                    events.append(json.loads(text)["type"])
                    text = ""

        # Both have begun to watch before anything changes.
        read_events(1)
        assert table.readline().split() == ["NAME", "DATA", "AGE"]
        assert table.readline().split()[:2] == ["seen", "1"]
        demo.kubectl("patch", "configmap", "seen", "--type=merge", '--patch={"data":{"b":"2"}}')
        assert table.readline().split()[:2] == ["seen", "2"]
        demo.kubectl("delete", "configmap", "seen")
        read_events(3)
        assert events == ["ADDED", "MODIFIED", "DELETED"]
    finally:
        for watch in watches:
            watch.terminate()
            watch.wait()
            if watch.stdout is not None:
                watch.stdout.close()


def test_logs_follow(demo: Demo) -> None:
    pod = demo.kubectl(
        "get", "pods", "-n", "kube-system", "-l", "app.kubernetes.io/name=traefik", "-o", "name"
    ).stdout.strip()
    follow = subprocess.Popen(
        demo.command("logs", "-n", "kube-system", pod, "-f", "--tail=1"),
        stdout=subprocess.PIPE,
        text=True,
        env=demo.environment(),
    )
    try:
        assert follow.stdout is not None
        assert follow.stdout.readline()
        demo.step(600)
        assert follow.stdout.readline()
    finally:
        follow.terminate()
        follow.wait()
        assert follow.stdout is not None
        follow.stdout.close()


def test_logs_of_the_run_before_a_restart(demo: Demo) -> None:
    for _ in range(40):
        pods = demo.get("pods", "-A")["items"]
        again = [pod for pod in pods if any(c.get("restartCount") for c in pod["status"].get("containerStatuses", ()))]
        if again:
            break
        demo.step(6 * 3600)
    meta, container = again[0]["metadata"], again[0]["status"]["containerStatuses"][0]
    words = ("logs", "-n", meta["namespace"], meta["name"], "-c", container["name"], "--timestamps")
    before = demo.kubectl(*words, "--previous").stdout.splitlines()
    after = demo.kubectl(*words).stdout.splitlines()
    assert before
    assert before[-1].split()[0] <= container["lastState"]["terminated"]["finishedAt"] < after[0].split()[0]


def test_port_forward_reaches_the_static_site(demo: Demo) -> None:
    import urllib.request

    forward = subprocess.Popen(
        demo.command("port-forward", "-n", "web", "deploy/site", ":8080"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=demo.environment(),
    )
    try:
        assert forward.stdout is not None
        port = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
        assert port is not None
        for _ in range(2):
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/", timeout=10) as answer:
                assert b"static site" in answer.read()
    finally:
        forward.terminate()
        forward.communicate()


def test_port_forward_to_a_closed_port_says_so(demo: Demo) -> None:
    import socket

    forward = subprocess.Popen(
        demo.command("port-forward", "-n", "web", "deploy/site", ":81"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=demo.environment(),
    )
    try:
        assert forward.stdout is not None
        port = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
        assert port is not None
        with socket.create_connection(("127.0.0.1", int(port[1])), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.recv(10) == b""
    finally:
        forward.terminate()
        _, errors = forward.communicate()
    assert "connection refused" in errors
