"""An address in words."""

from __future__ import annotations

from typing import Any

import scenarios
import worlds

from pointsman.tui.answers.ips import Explanation, explain, ip_map

VIP = "192.168.7.104"


def said(*parts: Any, **options: Any) -> Explanation:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(),
        worlds.metallb_pool("lan", "192.168.7.100-192.168.7.120"), worlds.l2_advertisement(), *parts, **options,
    )  # fmt: skip
    return explain(ip_map(snapshot).items[0], snapshot)


def minecraft(**options: Any) -> dict[str, Any]:
    return worlds.service("minecraft", "games", ips=[VIP], ports=[(25565, "TCP"), (19132, "UDP")], **options)


READY = worlds.endpoints("minecraft", "games", ["loft", "shed"])


def test_a_healthy_address() -> None:
    notes = {"metallb.io/ip-allocated-from-pool": "lan", "metallb.io/loadBalancerIPs": VIP}
    told = said(minecraft(annotations=notes), READY, worlds.l2_status("games/minecraft", "loft"))
    assert told.headline == f"loft has answered for {VIP} (games/minecraft) for 2h."
    assert dict(told.evidence) == {
        "MetalLB gave it from pool lan, which has 20 free addresses": "annotation of Service games/minecraft",
        f"the service asks for {VIP}": "Service games/minecraft",
        "loft has announced it for 2h": "ServiceL2Status metallb-system/l2-abcde",
        "it did not move in the last hour": "history and the announcement's age",
        "ports 25565 and 19132/udp lead to 2 of 2 endpoints ready on loft and shed "
        "(games/minecraft-0 and games/minecraft-1)": "EndpointSlices of games/minecraft",
    }
    assert len(told.next) == 1
    assert "arping" in told.next[0]


def test_a_guess_is_called_one() -> None:
    told = said(minecraft(), READY)
    assert told.headline.startswith("Probably ")
    assert "nothing here confirms it" in told.headline
    assert any("would announce it" in text for text, _ in told.evidence)


def test_a_pending_service() -> None:
    event = worlds.event(
        "AllocationFailed", 'Failed to allocate IP for "x/a": no available IPs in pool lan', ("Service", "x", "a")
    )
    told = said(worlds.service("a", "x"), event)
    assert told.headline == "x/a waits for an address: pool lan is exhausted."
    assert ("pool lan could serve it, with 21 free addresses", "IPAddressPool metallb-system/lan") in told.evidence
    assert any(source.startswith("Event ") for _, source in told.evidence)
    assert told.next[-1] == "kubectl -n x describe service a"


def test_no_endpoint() -> None:
    told = said(minecraft(), worlds.endpoints("minecraft", "games", ["loft"], ready=False))
    assert told.headline == f"Nobody serves {VIP} (games/minecraft), but no endpoint behind it is ready."


def test_every_address_of_the_demo_has_its_sentence() -> None:
    for variant in ("classic", "cilium", "broken"):
        snapshot = scenarios.store_of(variant).snapshot()  # type: ignore[arg-type]
        for item in ip_map(snapshot).items:
            told = explain(item, snapshot)
            assert told.headline.endswith(".")
            assert (item.ip or item.service.path) in told.headline
            assert told.headline.count("nobody") + told.headline.count("Nobody") <= 1
            assert told.next
            assert all(text and source for text, source in told.evidence)
            assert "None" not in str(told)


def test_the_ghost_the_flap_and_the_silent_one() -> None:
    snapshot = scenarios.store_of("broken").snapshot()
    told = {item.service.path: explain(item, snapshot).headline for item in ip_map(snapshot).items}
    assert told["home/home-assistant"].startswith("Probably nobody answers for 192.168.7.108")
    assert "does not stay with one node" in told["games/minecraft"]
    assert told["home/mosquitto"].startswith("Nobody answers for 192.168.7.245")
    assert told["games/creative-guests"].endswith("pool guests is exhausted.")


def headline(*parts: Any) -> list[str]:
    snapshot = worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), *parts)
    return [explain(item, snapshot).headline for item in ip_map(snapshot).items]


def test_addresses_that_are_the_nodes_own_or_come_from_elsewhere() -> None:
    node_ipam = worlds.service("a", "x", ips=["192.168.7.12"], spec={"loadBalancerClass": "io.cilium/node"})
    external = worlds.service("b", "x", type="ClusterIP", spec={"externalIPs": ["203.0.113.7"]})
    ready = [worlds.endpoints(name, "x", ["loft"]) for name in ("a", "b", "c")]
    unclaimed = worlds.service("c", "x", ips=["198.51.100.9"])
    assert headline(worlds.cilium(), node_ipam, external, unclaimed, *ready) == [
        "192.168.7.12 is the address of node loft itself, which takes the traffic for x/a.",
        "198.51.100.9 belongs to x/c, and nothing that runs here says that it gave it.",
        "203.0.113.7 is an external IP of x/b: the nodes accept it, and something outside must bring it to them.",
    ]


def test_bgp_and_a_guess_at_it() -> None:
    advert = worlds.l2_advertisement() | {"kind": "BGPAdvertisement"}
    parts = (worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), advert, minecraft(), READY)
    assert headline(*parts) == [
        f"closet, loft and shed announce {VIP} (games/minecraft) by BGP (calculated, not seen)."
    ]
    status = worlds.l2_status("games/minecraft", "loft") | {"kind": "ServiceBGPStatus"}
    assert headline(*parts, status) == [f"loft announces {VIP} (games/minecraft) by BGP."]


def test_two_that_answer_and_a_holder_that_is_gone() -> None:
    cilium = (
        worlds.cilium(),
        worlds.l2_policy(),
        minecraft(),
        READY,
        worlds.cilium_pool("p", {"cidr": "192.168.7.0/24"}),
    )
    both = (*cilium, worlds.metallb(), worlds.l2_status("games/minecraft", "shed"))
    (text,) = headline(*both, worlds.l2_lease("games/minecraft", "loft"))
    assert text.startswith(f"More than one node answers for {VIP} (games/minecraft): shed (ServiceL2Status")
    (text,) = headline(*cilium, worlds.l2_lease("games/minecraft", "attic"))
    assert text.startswith(f"The wrong node holds {VIP}")
