"""Finding objects by what people type, and walking from one to the next."""

from __future__ import annotations

import pytest
import scenarios
import worlds

from pointsman.tui.answers.find import MOST, find
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.related import MOST as MOST_RELATED
from pointsman.tui.answers.related import related
from pointsman.tui.model.kinds import KINDS

BROKEN = scenarios.store_of("broken").snapshot()


@pytest.mark.parametrize(
    ("words", "title", "pane"),
    [
        ("192.168.7.104", "Service games/minecraft", "ips"),
        (" 192.168.7.104:25565 ", "Service games/minecraft", "ips"),
        ("192.168.7.11", "Node shed", "overview"),
        ("https://films.home.example/watch?x=1", "IngressRoute media/films", "routes"),
        ("FILMS.home.example", "IngressRoute media/films", "routes"),
        ("media/jellyfin", "Service media/jellyfin", "ips"),
        ("svc/media/jellyfin", "Service media/jellyfin", "ips"),
        ("deployment media/jellyfin", "Deployment media/jellyfin", ""),
        ("node loft", "Node loft", "overview"),
        ("shed", "Node shed", "overview"),
        ("guests", "IPAddressPool metallb-system/guests", "ips"),
        ("netpol/default-deny", "NetworkPolicy db/default-deny", "policies"),
        ("jelly", "Service media/jellyfin", "ips"),
        ("mincraft", "Service games/minecraft", "ips"),
        ("kube-system/traefik", "Service kube-system/traefik", "ips"),
    ],
)
def test_the_first_hit_is_what_was_meant(words: str, title: str, pane: str) -> None:
    first = find(BROKEN, words)[0]
    assert (first.ref.title, first.pane) == (title, pane)


def test_pods_and_cluster_addresses() -> None:
    snapshot = worlds.make_snapshot(
        worlds.pod("p", "x", "shed", ip="10.42.0.9"), worlds.service("s", "x", spec={"clusterIP": "10.43.0.7"})
    )
    assert find(snapshot, "10.42.0.9")[0].ref == Ref("pods", "x", "p")
    assert find(snapshot, "10.43.0.7")[0].ref == Ref("services", "x", "s")


def test_a_wildcard_host_is_found_by_what_it_covers() -> None:
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "x"},
               "spec": {"rules": [{"host": "*.lab"}]}}  # fmt: skip
    assert find(worlds.make_snapshot(ingress), "https://a.lab")[0].ref.name == "i"


@pytest.mark.parametrize(
    "words", ["", "   ", "zzzzzz", "http://", "https://[::1", "203.0.113.1", "/", "svc/", "\x1b[31m"]
)
def test_nothing_is_found_quietly(words: str) -> None:
    assert find(BROKEN, words) == []


def test_the_answer_is_bounded() -> None:
    many = worlds.make_snapshot([worlds.service(f"app-{n}", "x") for n in range(300)])
    assert len(find(many, "app")) == MOST
    assert find(many, "app-7")[0].ref.name == "app-7"
    assert find(many, "a" * 100_000) == []


def relations(target: Ref) -> dict[str, str]:
    return {item.ref.title: item.relation for item in related(BROKEN, target)}


def test_from_a_service_to_everything_around_it() -> None:
    found = relations(Ref("services", "media", "jellyfin"))
    assert found["IngressRoute media/films"] == "leads here"
    assert found["Node loft"] == "announces 192.168.7.103"
    assert found["IPAddressPool metallb-system/lan"] == "pool of 192.168.7.103"
    assert found["Lease kube-system/cilium-l2announce-media-jellyfin"] == "says who announces it"
    pods = [title for title in found if title.startswith("Pod media/jellyfin-")]
    assert [found[title] for title in pods] == ["serves it"]
    back = relations(Ref("pods", *pods[0].removeprefix("Pod ").split("/")))
    assert back["Service media/jellyfin"] == "leads here"
    assert back["Deployment media/jellyfin"] == "runs it"
    assert back["IngressRoute media/films"] == "leads here through jellyfin"


def test_from_the_others() -> None:
    assert relations(Ref("leases", "kube-system", "cilium-l2announce-games-minecraft"))["Node loft"] == "holds it"
    assert relations(Ref("ipaddresspools", "metallb-system", "guests"))["Service games/creative-guests"] == (
        "waits for an address of it"
    )
    assert "Service games/minecraft" in relations(Ref("nodes", "", "loft"))
    assert relations(Ref("secrets", "vault", "vaultwarden-tls"))["IngressRoute vault/vaultwarden"] == "uses it"
    assert relations(Ref("ingressroutes", "vault", "vaultwarden"))["Secret vault/vaultwarden-tls"] == "its certificate"
    assert "Service media/jellyfin" in relations(Ref("ingressroutes", "media", "films"))
    assert relations(Ref("services", "no", "such")) == {}
    assert relations(Ref("nonsense", "", "x")) == {}


def test_every_object_has_an_answer_without_itself_and_without_doubles() -> None:
    for kind in KINDS.values():
        for obj in BROKEN.all(kind):
            found = [item.ref for item in related(BROKEN, Ref(kind.id, *obj.key))]
            assert len(found) == len(set(found)) <= MOST_RELATED
            assert Ref(kind.id, *obj.key) not in found
            assert all(BROKEN.get(KINDS[one.kind], one.namespace, one.name) is not None for one in found)
