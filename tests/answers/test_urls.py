"""Which URLs lie behind an address."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ips.urls import hosts_of

VIP = "192.168.7.100"


def urls(*parts: Any, service: dict[str, Any] | None = None) -> tuple[str, ...]:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), worlds.traefik(), service or worlds.traefik_service(VIP), *parts
    )
    return ip_map(snapshot).items[0].urls


def route(match: str, entry_points: list[str] | None = None, tls: bool = False) -> dict[str, Any]:
    spec: dict[str, Any] = {"routes": [{"match": match, "services": [{"name": "x"}]}]}
    if entry_points is not None:
        spec["entryPoints"] = entry_points
    if tls:
        spec["tls"] = {}
    return {
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
        "metadata": {"name": f"r{abs(hash(match)) % 9999}", "namespace": "media"}, "spec": spec,
    }  # fmt: skip


def ingress(host: str, *, cls: str = "", tls: list[str] | None = None, ip: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = {"rules": [{"host": host}]}
    if cls:
        spec["ingressClassName"] = cls
    if tls is not None:
        spec["tls"] = [{"hosts": tls, "secretName": "s"}]
    doc = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "media"},
           "spec": spec}  # fmt: skip
    return doc | ({"status": {"loadBalancer": {"ingress": [{"ip": ip}]}}} if ip else {})


@pytest.mark.parametrize(
    ("match", "hosts"),
    [
        ("Host(`a.lab`)", ["a.lab"]),
        ('Host("a.lab") && PathPrefix("/x")', ["a.lab"]),
        ("Host(`a.lab`) || Host(`b.lab`)", ["a.lab", "b.lab"]),
        ("Host(`a.lab`, `b.lab`)", ["a.lab", "b.lab"]),
        ("Host(`a.lab`) && !Host(`b.lab`)", ["a.lab"]),
        ("HostRegexp(`.+`)", []),
        ("HostSNI(`a.lab`)", []),
        ("Host()", []),
        ("Host(`" * 5000, []),
    ],
)
def test_hosts_of_a_rule(match: str, hosts: list[str]) -> None:
    assert hosts_of(match) == hosts


def test_ingress_routes_by_entry_point() -> None:
    assert urls(route("Host(`a.lab`)", ["websecure"])) == ("https://a.lab",)
    assert urls(route("Host(`a.lab`)", ["web"])) == ("http://a.lab",)
    assert urls(route("Host(`a.lab`)", ["web", "websecure"])) == ("https://a.lab", "http://a.lab")
    assert urls(route("Host(`a.lab`)", ["traefik"])) == ()  # not exposed by the service
    assert urls(route("Host(`a.lab`)")) == ("https://a.lab", "http://a.lab")
    assert urls(route("Host(`a.lab`)", tls=True)) == ("https://a.lab",)


def test_another_port_is_named() -> None:
    service = worlds.traefik_service(VIP)
    service["spec"]["ports"][1]["port"] = 8443
    assert urls(route("Host(`a.lab`)", ["websecure"]), service=service) == ("https://a.lab:8443",)


def test_ingresses_by_class_by_default_and_by_the_address_in_their_status() -> None:
    # Traefik's class is the default one, and its entry point websecure speaks TLS by itself.
    assert urls(ingress("a.lab")) == ("https://a.lab", "http://a.lab")
    assert urls(ingress("a.lab", cls="traefik", tls=["a.lab"])) == ("https://a.lab",)
    assert urls(ingress("a.lab", cls="traefik", tls=["*.lab"])) == ("https://a.lab",)
    assert urls(ingress("a.lab", cls="traefik", tls=["b.lab"])) == ("https://a.lab", "http://a.lab")
    assert urls(ingress("a.lab", cls="nginx")) == ()
    assert urls(ingress("a.lab", ip=VIP)) == ("http://a.lab",)
    assert urls(ingress("a.lab", ip="192.168.7.200")) == ()


def test_a_service_that_leads_elsewhere_has_none() -> None:
    other = worlds.service("jellyfin", "media", ips=[VIP])
    assert urls(route("Host(`a.lab`)", ["websecure"]), service=other) == ()
    same_name = worlds.traefik_service(VIP)
    same_name["metadata"]["namespace"] = "elsewhere"
    assert urls(route("Host(`a.lab`)", ["websecure"]), service=same_name) == ()


def test_routes_of_a_gateway() -> None:
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g", "namespace": "net"},
        "spec": {"listeners": [{"name": "http", "protocol": "HTTP", "port": 80},
                               {"name": "https", "protocol": "HTTPS", "port": 443, "hostname": "*.lab"}]},
        "status": {"addresses": [{"type": "IPAddress", "value": VIP}]},
    }  # fmt: skip
    made = worlds.service("cilium-gateway-g", "net", ips=[VIP], ports=[(80, "TCP"), (443, "TCP")])

    def http_route(section: str, hosts: list[str]) -> dict[str, Any]:
        parent = {"name": "g", "namespace": "net", **({"sectionName": section} if section else {})}
        return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"name": "r", "namespace": "media"}, "spec": {"parentRefs": [parent], "hostnames": hosts}}  # fmt: skip

    assert urls(gateway, http_route("https", ["a.lab"]), service=made) == ("https://a.lab",)
    assert urls(gateway, http_route("", ["a.lab"]), service=made) == ("https://a.lab", "http://a.lab")
    assert urls(gateway, http_route("https", []), service=made) == ("https://*.lab",)
    del gateway["status"]
    assert urls(gateway, http_route("https", ["a.lab"]), service=made) == ("https://a.lab",)
