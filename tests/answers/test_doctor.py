"""Findings: the planted faults are all found, and a healthy cluster has none."""

from __future__ import annotations

from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.doctor import SEVERITIES, Finding, findings
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.demo.faults import listing
from pointsman.tui.store.snapshot import State


def by_id(*parts: Any, **options: Any) -> dict[str, list[Finding]]:
    result: dict[str, list[Finding]] = {}
    for item in findings(worlds.make_snapshot(*parts, **options)):
        result.setdefault(item.id, []).append(item)
    return result


@pytest.mark.parametrize("variant", ["classic", "cilium"])
def test_a_healthy_homelab_has_no_finding(variant: Any) -> None:
    assert findings(scenarios.store_of(variant).snapshot()) == ()


def test_every_planted_fault_is_found_at_its_object() -> None:
    found = {(item.id, item.object.slug) for item in findings(scenarios.store_of("broken").snapshot()) if item.object}
    for fault in listing():
        assert (fault["finding"], fault["object"]) in found


def test_the_worst_comes_first_and_each_says_something() -> None:
    found = findings(scenarios.store_of("broken").snapshot())
    assert [item.severity for item in found] == sorted((item.severity for item in found), key=SEVERITIES.index)
    for item in found:
        assert item.object is None or item.object in item.objects
        assert item.text
        assert "None" not in item.text
    assert len({(item.id, item.object, item.text) for item in found}) == len(found)


def test_nodes() -> None:
    nodes = worlds.k3s_nodes()
    nodes[1]["status"]["conditions"][0] |= {"status": "False", "message": "container runtime is down"}
    nodes[2]["status"]["conditions"].append({"type": "DiskPressure", "status": "True"})
    found = by_id(nodes)
    (down,) = found["node-not-ready"]
    assert (down.severity, down.object and down.object.name) == ("error", "loft")
    assert "container runtime is down" in down.evidence[0]
    assert found["node-pressure"][0].severity == "warn"


def test_a_component_is_told_once_for_all_its_roles() -> None:
    found = by_id(worlds.k3s_nodes("--flannel-backend=none", "--disable-kube-proxy"), worlds.cilium(ready=0))
    (finding,) = found["component-degraded"]
    assert finding.severity == "error"
    assert "cni, service proxy" in finding.text


def test_two_load_balancers_at_once() -> None:
    parts = [*worlds.k3s_nodes("--disable=servicelb"), *worlds.metallb(), worlds.metallb_pool("a", "10.0.0.0/24"),
             worlds.l2_advertisement(), worlds.service("s", "x", ips=["10.0.0.1"])]  # fmt: skip
    cilium = [*worlds.cilium(), worlds.cilium_pool("b", {"cidr": "10.1.0.0/24"})]
    assert "MetalLB and Cilium LB-IPAM" in by_id(parts, cilium)["two-load-balancers"][0].text
    assert "two-load-balancers" not in by_id(parts)
    off = [*worlds.cilium({"enable-lb-ipam": "false"}), worlds.cilium_pool("b", {"cidr": "10.1.0.0/24"})]
    assert "two-load-balancers" not in by_id(parts, off)
    parts[-1]["spec"]["loadBalancerClass"] = "io.cilium/l2-announcer"
    assert "two-load-balancers" not in by_id(parts, cilium)


def route(**rule: Any) -> dict[str, Any]:
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "r", "namespace": "x"},
            "spec": {"routes": [{"match": "Host(`a`)", **rule}]}}  # fmt: skip


def middleware(namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
            "metadata": {"name": name, "namespace": namespace}, "spec": {}}  # fmt: skip


def test_routes_to_services() -> None:
    there = worlds.service("web", "x", type="ClusterIP")
    assert "route-missing-service" not in by_id(there, route(services=[{"name": "web"}]))
    assert "route-missing-service" not in by_id(
        there, route(services=[{"name": "api@internal", "kind": "TraefikService"}])
    )
    assert "route-missing-service" not in by_id(route(services=[{"name": "web"}]), states={"services": State.FORBIDDEN})
    (missing,) = by_id(there, route(services=[{"name": "web-old"}, {"name": "web-old"}]))["route-missing-service"]
    assert "there is x/web" in missing.text
    assert by_id(there, route(services=[{"name": "web", "namespace": "y"}]))["route-missing-service"]
    assert by_id(there, route(services=[{"name": "t", "kind": "TraefikService"}]))["route-missing-service"]
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "x"},
               "spec": {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "gone"}}}]}}]}}  # fmt: skip
    assert by_id(there, ingress)["route-missing-service"][0].object.slug == "Ingress/x/i"  # type: ignore[union-attr]
    http = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "h", "namespace": "x"},
            "spec": {"rules": [{"backendRefs": [
                {"name": "web", "port": 443}, {"name": "gone", "port": 80}, {"kind": "Other", "name": "o"}]}]}}  # fmt: skip
    assert len(by_id(there, http)["route-missing-service"]) == 1


def test_routes_through_middlewares() -> None:
    there = [worlds.service("web", "x", type="ClusterIP"), middleware("auth", "sso"), middleware("x", "gzip")]
    service = [{"name": "web"}]

    def missing(*names: dict[str, str]) -> list[Finding]:
        return by_id(there, route(services=service, middlewares=list(names))).get("route-missing-middleware", [])

    assert missing({"name": "sso", "namespace": "auth"}, {"name": "gzip"}, {"name": "headers@file"}) == []
    (one,) = missing({"name": "sso"})
    assert "Middleware x/sso does not exist" in one.text
    assert "it names x/sso; there is auth/sso" in one.evidence

    def noted(note: str) -> list[Finding]:
        ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                   "metadata": {"name": "i", "namespace": "x", "annotations": {
                       "traefik.ingress.kubernetes.io/router.middlewares": note}},
                   "spec": {"rules": [{"http": {"paths": [{"backend": {"service": {
                       "name": "web", "port": {"number": 443}}}}]}}]}}  # fmt: skip
        return by_id(there, ingress).get("route-missing-middleware", [])

    assert noted("auth-sso@kubernetescrd, x-gzip@kubernetescrd,chain@file") == []
    assert "x-sso@kubernetescrd does not exist" in noted("x-sso@kubernetescrd")[0].text


def policy(labels: dict[str, str], kind: str = "NetworkPolicy") -> dict[str, Any]:
    if kind == "NetworkPolicy":
        return {"apiVersion": "networking.k8s.io/v1", "kind": kind, "metadata": {"name": "p", "namespace": "x"},
                "spec": {"podSelector": {"matchLabels": labels}}}  # fmt: skip
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": {"name": "p", "namespace": "x"},
            "spec": {"endpointSelector": {"matchLabels": labels}}}  # fmt: skip


def test_policies_that_select_nothing() -> None:
    there = [worlds.pod("web", "x", "shed", labels={"app": "web"}),
             worlds.deployment("idle", "x", "nginx:1", {"app": "idle"}, wanted=0, ready=0),
             worlds.daemonset("d", "y", "nginx:1", {"app": "d"}),
             {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s", "namespace": "y"}}]  # fmt: skip

    def found(doc: dict[str, Any]) -> bool:
        return "policy-selects-nothing" in by_id(there, doc)

    assert not found(policy({"app": "web"}))
    assert not found(policy({}))
    assert not found(policy({"app": "idle"}))  # scaled to zero, and meant all the same
    assert found(policy({"app": "wbe"}))
    assert not found(policy({"k8s:app": "web"}, "CiliumNetworkPolicy"))
    assert found(policy({"any:app": "wbe"}, "CiliumNetworkPolicy"))
    assert not found(policy({"app": "web", PARKED: "true"})), "it is switched off"
    assert not found(policy({"app": "web", PARKED: "true"}, "CiliumNetworkPolicy"))
    assert not found(policy({"reserved:host": ""}, "CiliumNetworkPolicy"))
    assert not found(policy({"k8s:io.kubernetes.pod.namespace": "y"}, "CiliumNetworkPolicy"))
    template = {"metadata": {"labels": {"app": "nightly"}}}
    there.append({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n", "namespace": "x"},
                  "spec": {"jobTemplate": {"spec": {"template": template}}}})  # fmt: skip
    there.append({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "x"},
                  "spec": {"template": {"metadata": {"labels": {"app": "once"}}}}})  # fmt: skip
    assert not found(policy({"app": "nightly"}))
    assert not found(policy({"app": "once"}))
    unread = by_id(there, policy({"app": "wbe"}), states={"pods": State.FORBIDDEN})
    assert "policy-selects-nothing" not in unread


def test_policies_that_nobody_enforces() -> None:
    pod = worlds.pod("web", "x", "shed", labels={"app": "web"})
    off = by_id(worlds.k3s_nodes("--disable-network-policy"), pod, policy({"app": "web"}))
    assert off["policy-not-enforced"][0].object.slug == "NetworkPolicy/x/p"  # type: ignore[union-attr]
    assert "policy-not-enforced" not in by_id(worlds.k3s_nodes(), pod, policy({"app": "web"}))
    ciliums = policy({"app": "web"}, "CiliumNetworkPolicy")
    assert "policy-not-enforced" in by_id(worlds.k3s_nodes(), pod, ciliums)
    assert "policy-not-enforced" not in by_id(worlds.k3s_nodes(), worlds.cilium(), pod, ciliums)
    unread = by_id(worlds.k3s_nodes(), pod, ciliums, states={"daemonsets": State.FORBIDDEN})
    assert "policy-not-enforced" not in unread


def test_a_policy_that_cilium_refuses() -> None:
    refused = policy({"app": "web"}, "CiliumNetworkPolicy")
    refused["status"] = {"conditions": [{"type": "Valid", "status": "False", "message": "no such thing"}]}
    (finding,) = by_id(worlds.cilium(), refused)["policy-invalid"]
    assert "no such thing" in finding.text
    refused["status"]["conditions"][0]["status"] = "True"
    assert "policy-invalid" not in by_id(worlds.cilium(), refused)


def certificate(days: float, name: str = "tls") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": "x"}, "keys": ["tls.crt", "tls.key"],
            "certificate": {"subject": "CN=a", "issuer": "CN=ca", "notAfter": worlds.ago(-days * 86400),
                            "dnsNames": ["a.lab"]}}  # fmt: skip


@pytest.mark.parametrize(("days", "severity"), [(-1, "error"), (9, "warn"), (13.9, "warn"), (30, None)])
def test_certificates_that_routes_use(days: float, severity: str | None) -> None:
    user = route(services=[])
    user["spec"]["tls"] = {"secretName": "tls"}
    found = by_id(certificate(days), user).get("certificate-expires", [])
    assert [item.severity for item in found] == ([severity] if severity else [])
    assert "certificate-expires" not in by_id(certificate(days))  # nothing uses it
    hubble = by_id(certificate(days, "hubble-server-certs")).get("hubble-certificate-expires", [])
    assert len(hubble) == len(found)


def test_a_full_pool_is_an_error_only_if_somebody_waits() -> None:
    base = [*worlds.k3s_nodes("--disable=servicelb"), *worlds.metallb(), worlds.metallb_pool("a", "10.0.0.1/32"),
            worlds.l2_advertisement(), worlds.service("s", "x", ips=["10.0.0.1"]), worlds.endpoints("s", "x", ["shed"])]  # fmt: skip
    assert by_id(base)["pool-exhausted"][0].severity == "warn"
    event = worlds.event(
        "AllocationFailed", "no available IPs in pool a", ("Service", "x", "w"), writer="metallb-controller"
    )
    assert by_id(base, worlds.service("w", "x"), event)["pool-exhausted"][0].severity == "error"
