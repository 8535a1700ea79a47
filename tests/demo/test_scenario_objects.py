"""The homelabs as data: complete, consistent, and in two of three variants without a fault."""

from __future__ import annotations

import base64
import copy
import gzip
import ipaddress
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pointsman.tui.demo.kube import schema
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.scenario import VARIANTS, Scenario, build
from pointsman.tui.demo.scenario.apps import NAMESPACES
from pointsman.tui.demo.scenario.platform.metallb import elect, span_size
from pointsman.tui.demo.scenario.world import parse, selects

NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
WELL = ("classic", "cilium")
Obj = dict[str, Any]


@cache
def scenario(variant: str) -> Scenario:
    return build(variant, seed=5, now=NOW)  # type: ignore[arg-type]


def key(obj: Obj) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def index(lab: Scenario) -> dict[tuple[str, str, str], Obj]:
    return {key(obj): obj for obj in lab.objects}


def pods(lab: Scenario, namespace: str | None = None) -> list[Obj]:
    return [pod for pod in lab.find("Pod", namespace) if pod["status"]["phase"] == "Running"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_cast(variant: str) -> None:
    lab = scenario(variant)
    assert [node["metadata"]["name"] for node in lab.find("Node")] == ["shed", "loft", "closet"]
    names = {ns["metadata"]["name"] for ns in lab.find("Namespace")}
    assert names >= {*NAMESPACES, "default", "kube-system"}
    assert len(NAMESPACES) == 10
    assert 38 <= len(pods(lab)) <= 50
    assert all(pods(lab, namespace) for namespace in NAMESPACES)


def test_variants_have_the_parts_of_their_stack_and_no_others() -> None:
    def kinds(variant: str) -> set[str]:
        return {crd["spec"]["group"] for crd in scenario(variant).find("CustomResourceDefinition")}

    assert "metallb.io" in kinds("classic")
    assert "cilium.io" not in kinds("classic")
    assert "cilium.io" in kinds("cilium")
    assert "metallb.io" not in kinds("cilium")
    assert {"cilium.io", "metallb.io", "traefik.io"} <= kinds("broken")
    args = {
        variant: json.loads(scenario(variant).get("Node", "", "shed")["metadata"]["annotations"]["k3s.io/node-args"])
        for variant in VARIANTS
    }
    assert "--flannel-backend" not in args["classic"] + args["broken"]
    assert args["cilium"][args["cilium"].index("--flannel-backend") + 1] == "none"
    assert "--disable-kube-proxy" not in args["classic"]
    assert {"--disable-kube-proxy", "--disable-network-policy"} <= set(args["cilium"]) & set(args["broken"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_identity_and_time(variant: str) -> None:
    lab = scenario(variant)
    uids = [obj["metadata"]["uid"] for obj in lab.objects]
    assert len(set(uids)) == len(uids)
    assert len(index(lab)) == len(lab.objects)
    for obj in lab.objects:
        meta = obj["metadata"]
        assert parse(meta["creationTimestamp"]) <= NOW, key(obj)
        assert meta.get("managedFields") or obj["kind"] == "ServiceAccount", key(obj)
        assert all(entry["fieldsV1"] for entry in meta.get("managedFields", [])), key(obj)
    assert lab.get("Namespace", "", "kube-system")["metadata"]["uid"] == lab.cluster_uid
    given = build("classic", seed=5, now=NOW, cluster_uid="11111111-2222-4333-8444-555555555555")
    assert given.get("Namespace", "", "kube-system")["metadata"]["uid"] == given.cluster_uid


@pytest.mark.parametrize("variant", VARIANTS)
def test_references_lead_somewhere(variant: str) -> None:
    lab = scenario(variant)
    there = index(lab)
    for obj in lab.objects:
        kind, namespace, _ = key(obj)
        if namespace:
            assert ("Namespace", "", namespace) in there, key(obj)
        for ref in obj["metadata"].get("ownerReferences", []):
            owner = there.get((ref["kind"], namespace, ref["name"])) or there.get((ref["kind"], "", ref["name"]))
            assert owner is not None, (key(obj), ref)
            assert owner["metadata"]["uid"] == ref["uid"], key(obj)
        if kind == "Pod":
            spec = obj["spec"]
            waits = obj["status"]["phase"] == "Pending"
            assert waits or ("Node", "", spec["nodeName"]) in there
            assert ("ServiceAccount", namespace, spec["serviceAccountName"]) in there, key(obj)
            for volume in spec["volumes"]:
                if "persistentVolumeClaim" in volume:
                    claim = volume["persistentVolumeClaim"]["claimName"]
                    assert there["PersistentVolumeClaim", namespace, claim]["status"]["phase"] == "Bound"
                if "configMap" in volume:
                    assert ("ConfigMap", namespace, volume["configMap"]["name"]) in there, key(obj)
                if volume["name"] == "memberlist":
                    assert ("Secret", namespace, volume["secret"]["secretName"]) in there


@pytest.mark.parametrize("variant", VARIANTS)
def test_custom_resources_fit_their_schemas(variant: str) -> None:
    """Nothing is pruned, and the version is one that is served."""
    lab = scenario(variant)
    crds = {crd["spec"]["names"]["kind"]: crd["spec"] for crd in lab.find("CustomResourceDefinition")}
    seen = 0
    for obj in lab.objects:
        if (spec := crds.get(obj["kind"])) is None:
            continue
        group, _, version = obj["apiVersion"].partition("/")
        assert group == spec["group"]
        declared = next(v for v in spec["versions"] if v["name"] == version)
        assert declared["served"]
        pruned = copy.deepcopy(obj)
        schema.prune(pruned, declared["schema"]["openAPIV3Schema"])
        assert pruned == obj, key(obj)
        assert (spec["scope"] == "Namespaced") == bool(obj["metadata"].get("namespace")), key(obj)
        if "status" in obj and obj["kind"] != "CiliumEndpoint":
            assert "status" in declared["subresources"], key(obj)
        seen += 1
    assert seen > 40


@pytest.mark.parametrize("variant", VARIANTS)
def test_storage_takes_everything_as_it_is(variant: str) -> None:
    lab = scenario(variant)
    storage = Storage(now=lambda: NOW, seed=1)
    storage.seed(lab.objects)
    for obj in lab.objects:
        info = storage.resources.of_kind(obj["apiVersion"], obj["kind"])
        assert info is not None
        stored = storage.get(info, *key(obj)[1:])
        assert stored["metadata"]["uid"] == obj["metadata"]["uid"]
        assert stored.get("status") == obj.get("status"), key(obj)


def test_the_same_seed_gives_the_same_homelab() -> None:
    def plain(lab: Scenario) -> list[Obj]:
        return [
            obj for obj in lab.objects if obj.get("type") != "kubernetes.io/tls" and key(obj)[2] != "kube-root-ca.crt"
        ]

    for variant in VARIANTS:
        assert plain(build(variant, seed=5, now=NOW)) == plain(scenario(variant))
    names = {pod["metadata"]["name"] for pod in scenario("classic").find("Pod")}
    others = {pod["metadata"]["name"] for pod in build("classic", seed=6, now=NOW).find("Pod")}
    assert names - others


def test_an_unknown_variant_is_named() -> None:
    with pytest.raises(ValueError, match=r"'wild'.*classic, cilium, broken"):
        build("wild")  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", VARIANTS)
def test_addresses_are_private_or_for_documentation(variant: str) -> None:
    allowed = [
        ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "0.0.0.0/32")
    ]
    text = json.dumps([{k: v for k, v in obj.items() if k != "data"} for obj in scenario(variant).objects])
    found = set(re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text))
    assert len(found) > 60
    for ip in found:
        assert any(ipaddress.ip_address(ip) in net for net in allowed), ip
    for mac in re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text):
        assert mac.startswith("02:00:5e:00:53:"), mac
    for host in re.findall(r"Host\(`([^`]+)`\)", text):
        assert host.endswith(".home.example")


@pytest.mark.parametrize("variant", VARIANTS)
def test_slices_follow_the_pods(variant: str) -> None:
    lab = scenario(variant)
    there = index(lab)
    for piece in lab.find("EndpointSlice"):
        name = piece["metadata"]["labels"]["kubernetes.io/service-name"]
        service = there["Service", piece["metadata"]["namespace"], name]
        running = [pod for pod in lab.find("Pod", piece["metadata"]["namespace"]) if selects(
            {"matchLabels": service["spec"].get("selector", {})}, pod["metadata"].get("labels", {}))]  # fmt: skip
        assert piece["endpoints"] or (variant == "broken" and not running), key(piece)
        for point in piece["endpoints"]:
            if "targetRef" not in point:
                continue
            pod = there["Pod", point["targetRef"]["namespace"], point["targetRef"]["name"]]
            assert point["addresses"] == [pod["status"]["podIP"]]
            assert point["targetRef"]["uid"] == pod["metadata"]["uid"]
            assert selects({"matchLabels": service["spec"]["selector"]}, pod["metadata"]["labels"])


@pytest.mark.parametrize("variant", WELL)
def test_service_addresses(variant: str) -> None:
    lab = scenario(variant)
    balancers = [svc for svc in lab.find("Service") if svc["spec"]["type"] == "LoadBalancer"]
    ips = [svc["status"]["loadBalancer"]["ingress"][0]["ip"] for svc in balancers]
    assert sorted(set(ips)) == [f"192.168.7.{n}" for n in range(100, 109)]
    assert Counter(ips)["192.168.7.101"] == 2  # DNS over both protocols shares one
    protocols = {
        p["protocol"] for svc in balancers if svc["metadata"]["name"] == "minecraft" for p in svc["spec"]["ports"]
    }
    assert protocols == {"TCP", "UDP"}
    ports = [p["nodePort"] for svc in balancers for p in svc["spec"]["ports"]]
    assert len(set(ports)) == len(ports)


def test_metallb_counts_and_announces() -> None:
    lab = scenario("classic")
    pools = {pool["metadata"]["name"]: pool for pool in lab.find("IPAddressPool")}
    assert span_size(pools["lan"]["spec"]["addresses"][0]) == 151
    assert pools["lan"]["status"] == {"assignedIPv4": 9, "assignedIPv6": 0, "availableIPv4": 142, "availableIPv6": 0}
    assert pools["guests"]["status"]["assignedIPv4"] == 0
    statuses = {(s["status"]["serviceNamespace"], s["status"]["serviceName"]): s for s in lab.find("ServiceL2Status")}
    for service in lab.find("Service"):
        if service["spec"]["type"] != "LoadBalancer":
            continue
        meta = service["metadata"]
        ip = service["status"]["loadBalancer"]["ingress"][0]["ip"]
        nodes = {"shed", "loft", "closet"}
        if service["spec"]["externalTrafficPolicy"] == "Local":
            nodes = {pod["spec"]["nodeName"] for pod in pods(lab, "dns") if "pihole" in pod["metadata"]["name"]}
        assert statuses.pop((meta["namespace"], meta["name"]))["status"]["node"] == elect(nodes, ip)[0]
    assert not statuses


def test_the_election_is_metallbs() -> None:
    nodes = ("n1", "n2", "n3")
    assert elect(nodes, "192.168.1.240") == ["n1", "n3", "n2"]
    assert elect(nodes, "192.168.1.241") == ["n3", "n1", "n2"]
    assert elect(nodes, "fd00::240") == ["n1", "n3", "n2"]


def test_cilium_leases_and_pools() -> None:
    lab = scenario("cilium")
    leases = {o["metadata"]["name"]: o["spec"] for o in lab.find("Lease", "kube-system")}
    holders = {}
    for service in lab.find("Service"):
        if service["spec"]["type"] == "LoadBalancer":
            meta = service["metadata"]
            lease = leases[f"cilium-l2announce-{meta['namespace']}-{meta['name']}"]
            age = (NOW - parse(lease["renewTime"])).total_seconds()
            assert age < lease["leaseDurationSeconds"]
            holders.setdefault(service["status"]["loadBalancer"]["ingress"][0]["ip"], set()).add(
                lease["holderIdentity"]
            )
    assert all(len(nodes) == 1 for nodes in holders.values()), "one address, one announcer"
    assert len(set.union(*holders.values())) > 1
    conditions = {
        c["type"]: c["message"] for c in lab.get("CiliumLoadBalancerIPPool", "", "lan")["status"]["conditions"]
    }
    assert (conditions["cilium.io/IPsTotal"], conditions["cilium.io/IPsUsed"]) == ("151", "9")
    assert all(pod["status"]["podIP"].startswith(("10.52.", "192.168.7.1")) for pod in pods(lab))
    endpoints = {key(o)[1:] for o in lab.find("CiliumEndpoint")}
    assert endpoints == {key(p)[1:] for p in pods(lab) if not p["spec"].get("hostNetwork")}
    numbers = {o["metadata"]["name"] for o in lab.find("CiliumIdentity")}
    assert {str(o["status"]["identity"]["id"]) for o in lab.find("CiliumEndpoint")} == numbers


@pytest.mark.parametrize("variant", WELL)
def test_all_is_well(variant: str) -> None:
    lab = scenario(variant)
    there = index(lab)
    for node in lab.find("Node"):
        states = {c["type"]: c["status"] for c in node["status"]["conditions"]}
        assert states.pop("Ready") == "True"
        assert set(states.values()) == {"False"}
    for pod in pods(lab):
        assert any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"]), key(pod)
    for dep in lab.find("Deployment"):
        assert dep["status"]["readyReplicas"] == dep["spec"]["replicas"]
    for policy in lab.find("NetworkPolicy"):
        mine = pods(lab, policy["metadata"]["namespace"])
        assert any(selects(policy["spec"]["podSelector"], pod["metadata"]["labels"]) for pod in mine), key(policy)
    for policy in lab.find("CiliumNetworkPolicy"):
        mine = pods(lab, policy["metadata"]["namespace"])
        assert any(selects(policy["spec"]["endpointSelector"], pod["metadata"]["labels"]) for pod in mine), key(policy)
        assert policy["status"]["conditions"][0]["status"] == "True"
    for secret in lab.find("Secret"):
        if secret["type"] == "kubernetes.io/tls":
            chain = x509.load_pem_x509_certificates(base64.b64decode(secret["data"]["tls.crt"]))
            assert chain[0].not_valid_after_utc - NOW > timedelta(days=60), key(secret)
            chain[0].verify_directly_issued_by(chain[1])
            private = load_pem_private_key(base64.b64decode(secret["data"]["tls.key"]), None)
            assert private.public_key() == chain[0].public_key()
    for kind in ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"):
        for route in lab.find(kind):
            check_route(there, route)
    for ingress in lab.find("Ingress"):
        namespace = ingress["metadata"]["namespace"]
        assert ("Secret", namespace, ingress["spec"]["tls"][0]["secretName"]) in there
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        check_backend(there, namespace, backend["name"], backend["port"]["name"])


def check_route(there: dict[tuple[str, str, str], Obj], route: Obj) -> None:
    namespace = route["metadata"]["namespace"]
    secret = route["spec"].get("tls", {}).get("secretName")
    assert secret is None or ("Secret", namespace, secret) in there
    middleware = "MiddlewareTCP" if route["kind"] == "IngressRouteTCP" else "Middleware"
    for rule in route["spec"]["routes"]:
        for one in rule.get("middlewares", []):
            assert (middleware, one.get("namespace", namespace), one["name"]) in there, key(route)
        for one in rule["services"]:
            if one.get("kind") != "TraefikService":
                check_backend(there, one.get("namespace", namespace), one["name"], one["port"])


def check_backend(there: dict[tuple[str, str, str], Obj], namespace: str, name: str, port: str) -> None:
    service = there["Service", namespace, name]
    assert port in {p["name"] for p in service["spec"]["ports"]}, (namespace, name, port)
    points = [
        point
        for (kind, ns, _), piece in there.items()
        if kind == "EndpointSlice" and ns == namespace
        if piece["metadata"]["labels"]["kubernetes.io/service-name"] == name
        for point in piece["endpoints"]
    ]
    assert points
    assert all(point["conditions"]["ready"] for point in points)


@pytest.mark.parametrize("variant", VARIANTS)
def test_traefik_declares_every_entry_point_that_is_used(variant: str) -> None:
    lab = scenario(variant)
    args = lab.get("Deployment", "kube-system", "traefik")["spec"]["template"]["spec"]["containers"][0]["args"]
    declared = {m[1] for arg in args if (m := re.match(r"--entryPoints\.(\w+)\.address=", arg))}
    used = {
        name
        for kind in ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP")
        for route in lab.find(kind)
        for name in route["spec"]["entryPoints"]
    }
    assert used - declared == ({"https"} if variant == "broken" else set())
    assert used >= {"web", "websecure", "ssh", "minecraft", "bedrock", "traefik"}
    assert "certResolver" not in json.dumps([r["spec"] for r in lab.find("IngressRoute")])
    ports = {p["containerPort"] for c in lab.get("Deployment", "kube-system", "traefik")["spec"]["template"]["spec"]["containers"]
             for p in c["ports"]}  # fmt: skip
    assert ports == {int(n) for n in re.findall(r"--entryPoints\.\w+\.address=:(\d+)/", " ".join(args))}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_kubectl_applied_is_what_is_there(variant: str) -> None:
    """The last-applied annotation says no more than the object holds, so applying it again changes nothing."""
    seen = 0
    for obj in scenario(variant).objects:
        text = obj["metadata"].get("annotations", {}).get("kubectl.kubernetes.io/last-applied-configuration")
        if text is not None:
            assert_within(json.loads(text), obj, key(obj))
            seen += 1
    assert seen > 120


def assert_within(said: Any, held: Any, where: object) -> None:
    if isinstance(said, dict):
        for field, value in said.items():
            assert field in held, (where, field)
            assert_within(value, held[field], where)
    elif isinstance(said, list):
        assert len(said) == len(held), where
        for one, other in zip(said, held, strict=True):
            assert_within(one, other, where)
    else:
        assert said == held, where


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_releases_decode(variant: str) -> None:
    releases = [s for s in scenario(variant).find("Secret") if s["type"] == "helm.sh/release.v1"]
    names = set()
    for secret in releases:
        body = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
        assert body["name"] == secret["metadata"]["labels"]["name"]
        assert body["info"]["status"] == "deployed"
        assert str(body["version"]) == secret["metadata"]["labels"]["version"]
        names.add(body["name"])
    expected = {"classic": {"metallb"}, "cilium": {"cilium"}, "broken": {"metallb", "cilium"}}
    assert names == {"traefik", "traefik-crd"} | expected[variant]
