"""A snapshot holds what the answers need and nothing that must stay at home."""

from __future__ import annotations

import gzip
import ipaddress
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from worlds import NOW, make_store

from pointsman.tui.disk import snapshots
from pointsman.tui.disk.snapshots import Anonymizer, SnapshotError, is_snapshot, masked
from pointsman.tui.model.kinds import CONFIGMAPS, METALLBPOOLS, NODES, PODS, SERVICES, TLS_SECRETS
from pointsman.tui.sources.capture import read_back, save
from pointsman.tui.sources.manifests import load_manifests
from pointsman.tui.store.history import Observation
from pointsman.tui.store.snapshot import Cluster, State
from pointsman.tui.store.store import Store

WORLD = """
apiVersion: v1
kind: Node
metadata: {name: mikes-nas}
status: {nodeInfo: {machineID: 0123abcd}, addresses: [{type: InternalIP, address: 192.168.7.11}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: web
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"hush": "applied-hush"}'
    kept: "yes"
  managedFields: [{manager: kubectl, operation: Apply, fieldsV1: {"f:hush-field": {}}}]
spec:
  nodeName: mikes-nas
  containers:
  - name: main
    image: registry.private.example:5000/app:1
    env:
    - {name: DB_PASSWORD, value: env-hush}
    - {name: FROM, valueFrom: {secretKeyRef: {name: db, key: password}}}
    args: [--db.password=arg-hush, --token, word-hush, --url=https://joe:url-hush@db.private.example/x, --log.level=INFO]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: web}
data: {key: cm-hush}
binaryData: {b: Y20taHVzaA==}
---
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: web}
type: kubernetes.io/tls
stringData: {tls.key: secret-hush}
---
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: traefik, namespace: kube-system}
spec: {valuesContent: "helm-hush: 1", failurePolicy: retry}
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: router, namespace: metallb-system}
spec: {myASN: 64512, peerASN: 64512, peerAddress: 192.168.7.1, password: bgp-hush, passwordSecret: {name: peer-password}}
---
apiVersion: v1
kind: Service
metadata: {name: traefik, namespace: kube-system}
spec: {type: LoadBalancer, ports: [{port: 443}]}
status: {loadBalancer: {ingress: [{ip: 192.168.7.100}]}}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: public, namespace: metallb-system}
spec: {addresses: [84.23.7.16/29, "2a02:8071:1:2::10-2a02:8071:1:2::20", 192.168.7.100-192.168.7.250]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: photos, namespace: web}
spec:
  routes:
  - match: Host(`photos.smith-family.net`) && PathPrefix(`/`) || HostRegexp(`^.+\\.smith-family\\.net$`)
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: all
  namespace: web
  annotations: {external-dns.alpha.kubernetes.io/hostname: "nas.smith-family.net,84.23.7.18"}
spec:
  tls: [{hosts: ["*.smith-family.net"]}]
  rules: [{host: photos.smith-family.net}]
---
apiVersion: v1
kind: Event
metadata: {name: e, namespace: web}
message: "mail joe.smith@gmail.com about speaker-mikes-nas at 84.23.7.18 and 10.0.0.1"
"""


def store() -> Store:
    return make_store(
        WORLD,
        cluster=Cluster("home", "kube.smith-family.net:6443", "uid-1", "v1.35.2+k3s1", "joe"),
        observed=[Observation("192.168.7.100", "mikes-nas", "lease", NOW - 60)],
    )


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def test_nothing_secret_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "home.json"
    saved = save(store().snapshot(), file)
    text = text_of(file)
    assert "hush" not in text
    assert "Y20taHVzaA" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert saved.bytes == file.stat().st_size
    # What the answers need is still there.
    for kept in (
        "DB_PASSWORD",
        "secretKeyRef",
        "--log.level=INFO",
        "peer-password",
        "tls.key",
        "kept",
        "retry",
        "kubectl",
    ):
        assert kept in text, kept


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    before = store().snapshot()
    file = tmp_path / "home.json.gz"
    save(before, file)
    assert is_snapshot(file)
    other = Store()
    report = load_manifests(str(file), other)
    assert report.problems == ()
    after = other.snapshot()
    assert after.now == NOW
    assert {k: set(t.objects) for k, t in after.tables.items()} == {k: set(t.objects) for k, t in before.tables.items()}
    assert {k: t.link for k, t in after.tables.items()} == {k: t.link for k, t in before.tables.items()}
    assert after.history.by_ip == before.history.by_ip
    assert (after.cluster.uid, after.cluster.version, after.cluster.context) == ("uid-1", "v1.35.2+k3s1", "home")
    assert after.cluster.origin == "snapshot"
    assert "A snapshot, taken at 2027-01-15T08:00:00Z." in after.cluster.warnings
    body = after.get(SERVICES, "kube-system", "traefik")
    assert body is not None
    assert body.body == before.get(SERVICES, "kube-system", "traefik").body  # type: ignore[union-attr]
    assert after.get(CONFIGMAPS, "web", "settings").body.data == {}  # type: ignore[union-attr]
    assert after.get(TLS_SECRETS, "web", "cert").body.keys == ("tls.key",)  # type: ignore[union-attr]


def test_a_live_source_is_not_shown_live_again(tmp_path: Path) -> None:
    live = store()
    live.set_link("kube", State.LIVE, "")
    live.set_link("hubble", State.ABSENT, "not here")
    save(live.snapshot(), tmp_path / "s.json")
    picture, _ = read_back(tmp_path / "s.json")
    assert picture.links["kube"].state is State.STALE
    assert picture.links["hubble"].state is State.ABSENT
    assert picture.links["snapshot"].state is State.LIVE


def test_anonymized_names_and_addresses_are_gone_and_still_fit_together(tmp_path: Path) -> None:
    file = tmp_path / "anon.json"
    save(store().snapshot(), file, anonymize=True)
    text = text_of(file)
    for gone in ("smith", "mikes", "84.23.7", "2a02:8071", "joe", "gmail", "0123abcd", "photos."):
        assert gone not in text, gone
    for kept in ("192.168.7.100", "10.0.0.1", "traefik.io/v1alpha1", "metallb.io/v1beta1", "kube-system"):
        assert kept in text, kept
    picture, broken = read_back(file)
    assert broken == 0
    node = next(iter(picture.all(NODES)))
    pod = next(iter(picture.all(PODS)))
    assert pod.body.spec.node_name == node.name
    assert picture.history.by_ip["192.168.7.100"][0].node == node.name
    docs = [json.loads(line)["object"] for line in text.splitlines()[1:]]
    route = next(doc for doc in docs if doc["kind"] == "IngressRoute")["spec"]["routes"][0]["match"]
    ingress = next(doc for doc in docs if doc["kind"] == "Ingress")
    host = ingress["spec"]["rules"][0]["host"]
    assert f"Host(`{host}`)" in route
    wildcard = ingress["spec"]["tls"][0]["hosts"][0]
    assert wildcard.startswith("*.")
    assert host.endswith(wildcard[1:])
    assert wildcard[2:].replace(".", "\\.") in route
    named, address = ingress["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/hostname"].split(",")
    assert named.endswith(wildcard[1:])
    pool = next(iter(picture.all(METALLBPOOLS))).doc()["spec"]["addresses"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(pool[0])
    low, high = map(ipaddress.ip_address, pool[1].split("-"))
    assert int(high) - int(low) == 0x10
    assert not low.is_global


@pytest.mark.parametrize(
    ("host", "text", "replaced"),
    [
        ("a.home.lan", "http://a.home.lan:80/x", True),
        ("a.home.lan", "b.home.lan", True),
        ("a.home.lan", "xhome.lan", False),
        ("nas.local", "nas.local", True),
        ("web.default.svc.cluster.local", "web.default.svc.cluster.local", False),
        ("x.home.arpa", "https://x.home.arpa/", True),
        ("gateway.k8s.io", "networking.k8s.io/v1", False),
        ("dash.traefik.io", "traefik.io/v1alpha1", False),
        ("1.2.3.4", "version 1.2.3", False),
        ("single", "single", False),
    ],
)
def test_which_names_are_replaced(host: str, text: str, replaced: bool) -> None:
    anonymizer = Anonymizer()
    anonymizer.learn({"spec": {"rules": [{"host": host}]}}, "ingresses")
    assert (anonymizer.text(text) != text) is replaced


def test_names_that_would_break_other_words_are_left() -> None:
    anonymizer = Anonymizer()
    anonymizer.learn({"metadata": {"name": "node"}}, "nodes")
    anonymizer.learn({"metadata": {"name": "n1"}}, "nodes")
    assert anonymizer.text("node kube-node n1 speaker-n1 n10 xn1") == "node kube-node node-1 speaker-node-1 n10 xn1"


def test_masking_leaves_what_it_does_not_know() -> None:
    doc: dict[str, Any] = {"metadata": "odd", "spec": [1, None, {"env": "odd", "args": "odd", "env2": [1]}]}
    assert masked(doc, "pods") == doc


def test_files_that_are_no_snapshot(tmp_path: Path) -> None:
    cases = {
        "missing": None,
        "empty": b"",
        "text": b"hello",
        "yaml": b"apiVersion: v1\nkind: Pod\n",
        "gzip": b"\x1f\x8b" + b"\0" * 50,
        "other": gzip.compress(b"hello" * 100),
    }
    for name, data in cases.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        assert not is_snapshot(path), name
        with pytest.raises(SnapshotError):
            snapshots.read(path)


def test_broken_and_strange_lines_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    save(store().snapshot(), file)
    with file.open("ab") as out:
        out.write(b'{"table": "pods", "object": {"metadata": {}}}\n')
        out.write(b'{"table": "pods", "obj\n\xff\xfe\n[]\n')
        out.write(b'{"table": "newkind", "object": {"metadata": {"name": "x"}}}\n')
    other = Store()
    report = load_manifests(str(file), other)
    assert [problem.text for problem in report.problems] == ["4 lines of this snapshot cannot be read"]
    assert other.snapshot().count(PODS) == 1
    assert str(file) in other.cluster.warnings[-1]


def test_a_snapshot_of_a_newer_program(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('{"apiVersion":"pointsman/v2","kind":"Snapshot"}\n')
    other = Store()
    report = load_manifests(str(file), other)
    assert "newer Pointsman" in report.problems[0].text
    assert other.cluster.origin == "manifests"


def test_a_snapshot_comes_alone(tmp_path: Path) -> None:
    save(store().snapshot(), tmp_path / "s.json")
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    other = Store()
    report = load_manifests([str(tmp_path / "s.json"), str(tmp_path / "a.yaml")], other)
    assert [problem.text for problem in report.problems] == ["is a snapshot, which has to be given alone"]
    assert report.objects == 1


def test_an_older_file_survives_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "s.json"
    save(store().snapshot(), file)
    before = file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(store().snapshot(), file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]
