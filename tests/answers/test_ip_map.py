"""Who announces which address: each means by its published signs, predictions labelled, conflicts named."""

from __future__ import annotations

from typing import Any

import pytest
import scenarios
import worlds
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.answers.ips import Address, Evidence, IpKind, IpMap, ip_map
from pointsman.tui.answers.ips.election import ranking
from pointsman.tui.answers.stack import Health, Role, detect
from pointsman.tui.model.kinds import (
    BGPADVERTISEMENTS,
    CILIUML2POLICIES,
    CILIUMPOOLS,
    L2ADVERTISEMENTS,
    LEASES,
    SERVICEL2STATUSES,
)
from pointsman.tui.store.history import Observation
from pointsman.tui.store.snapshot import Cluster, State

VIP = "192.168.7.104"
CLASSIC = ("--disable=servicelb",)
CILIUM = ("--flannel-backend=none", "--disable-kube-proxy", "--disable-network-policy", "--disable=servicelb")


def classic(*extra: Any, speakers: tuple[str, ...] = worlds.NODES, **options: Any) -> IpMap:
    return ip_map(
        worlds.make_snapshot(
            worlds.k3s_nodes(*CLASSIC),
            worlds.metallb(speakers=speakers),
            worlds.metallb_pool("lan", "192.168.7.100-192.168.7.250"),
            *extra,
            **options,
        )
    )


def cilium(*extra: Any, config: dict[str, str] | None = None, **options: Any) -> IpMap:
    return ip_map(
        worlds.make_snapshot(
            worlds.k3s_nodes(*CILIUM, flannel=""),
            worlds.cilium(config),
            worlds.cilium_pool("lan", {"start": "192.168.7.100", "stop": "192.168.7.250"}),
            *extra,
            **options,
        )
    )


def one(found: IpMap) -> Address:
    assert len(found.items) == 1, found.items
    return found.items[0]


def ids(item: Address) -> set[str]:
    return {problem.id for problem in item.problems}


def nodes(item: Address) -> list[str]:
    return [announcer.node for announcer in item.announcers]


def minecraft(**options: Any) -> dict[str, Any]:
    return worlds.service("minecraft", "games", ips=[VIP], ports=[(25565, "TCP"), (19132, "UDP")], **options)


READY = worlds.endpoints("minecraft", "games", ["loft"])


# -- MetalLB, layer 2 -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ip", "order"),
    [
        ("192.168.1.240", ["n1", "n3", "n2"]),
        ("192.168.1.241", ["n3", "n1", "n2"]),
        ("fd00::240", ["n1", "n3", "n2"]),
    ],
)
def test_the_election_as_metallb_holds_it(ip: str, order: list[str]) -> None:
    assert ranking(["n1", "n2", "n3"], ip) == order


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=6), st.ip_addresses(v=4))
def test_the_election_does_not_depend_on_the_order_of_nodes(names: set[str], ip: Any) -> None:
    winner = ranking(sorted(names), str(ip))[0]
    assert ranking(sorted(names, reverse=True), str(ip))[0] == winner
    if len(names) > 1:  # who is not the winner may leave without anything moving
        assert ranking(names - {max(names - {winner})}, str(ip))[0] == winner


def test_the_status_object_says_it() -> None:
    item = one(classic(minecraft(), READY, worlds.l2_advertisement(), worlds.l2_status("games/minecraft", "loft")))
    assert (item.kind, item.pool, nodes(item)) == (IpKind.METALLB_L2, "lan", ["loft"])
    assert item.announcers[0].evidence is Evidence.STATUS
    assert item.announcers[0].since == worlds.NOW - 7200
    assert item.ports == ("25565", "19132/udp")
    assert item.problems == ()
    assert item.moves_last_hour == 0  # the object has stood for two hours
    assert (item.lan.state, item.lan.checked) == ("not-checked", False)


def test_without_a_status_object_the_newest_event_says_it() -> None:
    events = [
        worlds.event("nodeAssigned", f'announcing from node "{node}" with protocol "layer2"',
                     ("Service", "games", "minecraft"), seconds_ago=seconds)
        for node, seconds in (("shed", 4000), ("loft", 60), ("closet", 900))
    ]  # fmt: skip
    item = one(classic(minecraft(), READY, worlds.l2_advertisement(), events))
    assert (nodes(item), item.announcers[0].evidence) == (["loft"], Evidence.EVENT)
    assert item.moves_last_hour == 2


def test_without_either_it_is_predicted_and_labelled_so() -> None:
    item = one(classic(minecraft(), READY, worlds.l2_advertisement()))
    assert nodes(item) == ranking(worlds.NODES, VIP)[:1]
    assert item.announcers[0].evidence is Evidence.PREDICTED
    assert item.announcers[0].since is None
    assert item.moves_last_hour is None


def test_the_prediction_leaves_out_who_may_not_announce() -> None:
    order = ranking(worlds.NODES, VIP)
    base = (minecraft(), READY)

    def winner(*extra: Any, speakers: tuple[str, ...] = worlds.NODES, changed: Any = None) -> list[str]:
        all_nodes = worlds.k3s_nodes(*CLASSIC)
        if changed:
            changed(next(node for node in all_nodes if node["metadata"]["name"] == order[0]))
        snapshot = worlds.make_snapshot(
            all_nodes, worlds.metallb(speakers=speakers), worlds.metallb_pool("lan", "192.168.7.0/24"), *extra
        )
        return nodes(one(ip_map(snapshot)))

    advert = worlds.l2_advertisement()
    assert winner(*base, advert) == order[:1]
    assert winner(*base, advert, speakers=tuple(order[1:])) == order[1:2]

    def exclude(node: dict[str, Any]) -> None:
        node["metadata"]["labels"]["node.kubernetes.io/exclude-from-external-load-balancers"] = ""

    assert winner(*base, advert, changed=exclude) == order[1:2]

    def cut_off(node: dict[str, Any]) -> None:
        node["status"]["conditions"].append({"type": "NetworkUnavailable", "status": "True"})

    assert winner(*base, advert, changed=cut_off) == order[1:2]
    picky = worlds.l2_advertisement(nodeSelectors=[{"matchLabels": {"kubernetes.io/hostname": order[2]}}])
    assert winner(*base, picky) == order[2:]
    with_local = minecraft(spec={"externalTrafficPolicy": "Local"})
    on_third = worlds.endpoints("minecraft", "games", [order[2]])
    assert winner(with_local, on_third, advert) == order[2:]


def test_no_ready_endpoint_means_that_nobody_announces() -> None:
    gone = worlds.endpoints("minecraft", "games", ["loft"], ready=False)
    item = one(classic(minecraft(), gone, worlds.l2_advertisement()))
    assert nodes(item) == []
    assert ids(item) == {"no-endpoints"}


def test_an_unset_ready_counts_as_ready() -> None:
    item = one(classic(minecraft(), worlds.endpoints("minecraft", "games", ["loft"], ready=None),
                       worlds.l2_advertisement()))  # fmt: skip
    assert item.backends_ready == 1
    assert nodes(item)


def test_nothing_is_predicted_from_endpoints_that_cannot_be_read() -> None:
    item = one(classic(minecraft(), worlds.l2_advertisement(), states={"endpointslices": State.FORBIDDEN}))
    assert nodes(item) == []
    assert ids(item) == set()


@pytest.mark.parametrize(
    ("advert", "announced"),
    [
        (None, False),
        (worlds.l2_advertisement("a", "other"), False),
        (worlds.l2_advertisement("a", "lan"), True),
        (worlds.l2_advertisement("a"), True),
        (worlds.l2_advertisement("a", ipAddressPoolSelectors=[{"matchLabels": {"zone": "home"}}]), True),
        (worlds.l2_advertisement("a", ipAddressPoolSelectors=[{"matchLabels": {"zone": "dmz"}}]), False),
        (worlds.l2_advertisement("a", "lan", serviceSelectors=[{"matchLabels": {"x": "y"}}]), False),
    ],
)
def test_an_address_without_an_advertisement_is_given_but_not_announced(
    advert: dict[str, Any] | None, announced: bool
) -> None:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(*CLASSIC), worlds.metallb(), minecraft(), READY,
        worlds.metallb_pool("lan", "192.168.7.0/24", labels={"zone": "home"}), [advert] if advert else [],
        serves=["l2advertisements", "bgpadvertisements"],
    )  # fmt: skip
    item = one(ip_map(snapshot))
    assert item.kind is IpKind.METALLB_L2
    assert bool(nodes(item)) is announced
    assert ids(item) == (set() if announced else {"ip-not-announced"})


def test_advertisements_that_cannot_be_read_accuse_nobody() -> None:
    item = one(classic(minecraft(), READY, states={"l2advertisements": State.FORBIDDEN}))
    assert ids(item) == set()


def test_a_status_object_of_a_node_that_is_gone_is_a_ghost() -> None:
    for holder, states in (("attic", {}), ("closet", {})):
        snapshot = classic(
            minecraft(), READY, worlds.l2_advertisement(), worlds.l2_status("games/minecraft", holder),
            speakers=("shed", "loft"), states=states,
        )  # fmt: skip
        assert ids(one(snapshot)) == {"vip-ghost"}


def test_two_status_objects_are_a_conflict() -> None:
    item = one(
        classic(
            minecraft(), READY, worlds.l2_advertisement(), worlds.l2_status("games/minecraft", "loft", suffix="a"),
            worlds.l2_status("games/minecraft", "shed", suffix="b"),
        )
    )  # fmt: skip
    assert "two-announcers" in ids(item)


def test_metallb_serves_only_its_class() -> None:
    parts = worlds.metallb()
    parts[1]["spec"]["template"]["spec"]["containers"][0]["args"] = ["--lb-class=metallb"]
    base = (worlds.k3s_nodes(*CLASSIC), parts, worlds.metallb_pool("lan", "192.168.7.0/24"))
    served = worlds.make_snapshot(*base, worlds.service("a", "x", spec={"loadBalancerClass": "metallb"}))
    assert "no event says why" in one(ip_map(served)).pending
    other = worlds.make_snapshot(*base, worlds.service("a", "x"))
    assert "serves only class metallb" in one(ip_map(other)).pending


def test_the_annotation_of_the_pool_wins_over_the_range() -> None:
    notes = {"metallb.io/ip-allocated-from-pool": "second"}
    item = one(
        classic(
            minecraft(annotations=notes), READY, worlds.l2_advertisement(), worlds.metallb_pool("second", f"{VIP}/32")
        )
    )
    assert item.pool == "second"
    old = {"metallb.universe.tf/ip-allocated-from-pool": "second"}
    item = one(classic(minecraft(annotations=old), READY, worlds.metallb_pool("second", f"{VIP}/32")))
    assert item.pool == "second"


# -- MetalLB, BGP -----------------------------------------------------------------------------------------------------
def bgp_advertisement() -> dict[str, Any]:
    return worlds.l2_advertisement() | {"kind": "BGPAdvertisement"}


def test_bgp_is_announced_by_every_node_that_may() -> None:
    item = one(classic(minecraft(), READY, bgp_advertisement()))
    assert (item.kind, sorted(nodes(item))) == (IpKind.METALLB_BGP, sorted(worlds.NODES))
    assert all(announcer.evidence is Evidence.PREDICTED for announcer in item.announcers)
    assert item.problems == ()
    status = worlds.l2_status("games/minecraft", "loft") | {"kind": "ServiceBGPStatus"}
    item = one(classic(minecraft(), READY, bgp_advertisement(), status))
    assert [(a.node, a.evidence) for a in item.announcers] == [("loft", Evidence.STATUS)]


def test_bgp_sessions_of_frr_k8s_and_of_cilium() -> None:
    frr = {
        "apiVersion": "frrk8s.metallb.io/v1beta1", "kind": "BGPSessionState",
        "metadata": {"name": "s", "namespace": "frr-k8s-system"},
        "status": {"bgpStatus": "Established", "node": "shed", "peer": "192.168.7.1"},
    }  # fmt: skip
    config = {
        "apiVersion": "cilium.io/v2", "kind": "CiliumBGPNodeConfig", "metadata": {"name": "loft"},
        "status": {"bgpInstances": [{"peers": [
            {"peerAddress": "192.168.7.1", "peerASN": 64512, "peeringState": "active",
             "routeCount": [{"afi": "ipv4", "received": 3, "advertised": 4}, {"afi": "ipv6", "received": 1}]}]}]},
    }  # fmt: skip
    found = ip_map(worlds.make_snapshot(frr, config)).bgp
    assert [(s.node, s.peer, s.state, s.advertised, s.received) for s in found] == [
        ("loft", "192.168.7.1", "active", 4, 4), ("shed", "192.168.7.1", "established", None, None),
    ]  # fmt: skip
    peer = {"apiVersion": "metallb.io/v1beta2", "kind": "BGPPeer", "metadata": {"name": "r", "namespace": "m"},
            "spec": {"peerAddress": "10.0.0.1", "peerASN": 64500}}  # fmt: skip
    (unknown,) = ip_map(worlds.make_snapshot(peer)).bgp
    assert (unknown.state, unknown.node) == (None, None)


# -- Cilium -----------------------------------------------------------------------------------------------------------
def test_the_lease_says_it() -> None:
    item = one(cilium(minecraft(), READY, worlds.l2_policy(), worlds.l2_lease("games/minecraft", "loft")))
    assert (item.kind, item.pool, nodes(item)) == (IpKind.CILIUM_L2, "lan", ["loft"])
    assert item.announcers[0].evidence is Evidence.LEASE
    assert item.announcers[0].since == worlds.NOW - 7200
    assert item.moves_last_hour == 0
    assert item.problems == ()


def test_a_lease_name_with_dashes_is_looked_up_not_split() -> None:
    """Namespace a-b, service c and namespace a, service b-c share one lease name: a fact, not ours to mend."""
    both = [worlds.service("c", "a-b", ips=["192.168.7.101"]), worlds.service("b-c", "a", ips=["192.168.7.102"])]
    found = cilium(both, worlds.l2_policy(), worlds.l2_lease("a-b/c", "loft"))
    assert [nodes(item) for item in found.items] == [["loft"], ["loft"]]


@pytest.mark.parametrize(
    ("extra", "config", "words"),
    [
        ((), {"enable-l2-announcements": "false"}, "switched off"),
        ((), {}, "there is none"),
        ((worlds.l2_policy(loadBalancerIPs=False),), {}, "no CiliumL2AnnouncementPolicy"),
        ((worlds.l2_policy(serviceSelector={"matchLabels": {"a": "b"}}),), {}, "no CiliumL2AnnouncementPolicy"),
        ((worlds.l2_policy(nodeSelector={"matchLabels": {"a": "b"}}),), {}, "matches no node"),
        ((worlds.l2_policy(),), {}, "no agent has taken it"),
        ((worlds.l2_policy(), worlds.l2_lease("games/minecraft", "")), {}, "has no holder"),
    ],
)
def test_why_nobody_holds_the_lease(extra: tuple[Any, ...], config: dict[str, str], words: str) -> None:
    item = one(cilium(minecraft(), READY, *extra, config=config, serves=["ciliuml2announcementpolicies"]))
    assert nodes(item) == []
    (problem,) = item.problems
    assert problem.id == "ip-not-announced"
    assert words in problem.text


def test_the_pseudo_labels_select_a_service() -> None:
    selector = {"matchLabels": {"io.kubernetes.service.namespace": "games", "io.kubernetes.service.name": "minecraft"}}
    item = one(cilium(minecraft(), READY, worlds.l2_policy(serviceSelector=selector)))
    assert "no agent has taken it" in item.problems[0].text


def test_a_placeholder_endpoint_with_policy_local_takes_no_lease() -> None:
    placeholder = worlds.endpoints("minecraft", "games", ["x"])
    placeholder["endpoints"] = [{"addresses": ["192.192.192.192"], "conditions": {"ready": True}}]
    item = one(cilium(minecraft(spec={"externalTrafficPolicy": "Local"}), placeholder, worlds.l2_policy()))
    assert "placeholder" in item.problems[0].text


def test_the_holder_of_a_lease_may_be_the_wrong_one() -> None:
    gone = one(cilium(minecraft(), READY, worlds.l2_policy(), worlds.l2_lease("games/minecraft", "attic")))
    assert ids(gone) == {"l2-lease-holder-gone"}
    picky = worlds.l2_policy(nodeSelector={"matchLabels": {"kubernetes.io/hostname": "shed"}})
    outside = one(cilium(minecraft(), READY, picky, worlds.l2_lease("games/minecraft", "loft")))
    assert ids(outside) == {"l2-lease-holder-gone"}
    local = minecraft(spec={"externalTrafficPolicy": "Local"})
    elsewhere = one(cilium(local, READY, worlds.l2_policy(), worlds.l2_lease("games/minecraft", "shed")))
    assert ids(elsewhere) == {"l2-local-without-endpoint"}


def test_a_lease_that_nobody_renews_is_a_ghost_on_a_live_cluster_only() -> None:
    stale = worlds.l2_lease("games/minecraft", "loft", renewed=1500)
    base = (minecraft(), READY, worlds.l2_policy())
    item = one(cilium(*base, stale))
    assert ids(item) == {"vip-ghost"}
    assert "25m" in item.problems[0].text
    assert ids(one(cilium(*base, worlds.l2_lease("games/minecraft", "loft", renewed=40)))) == set()
    assert ids(one(cilium(*base, stale, cluster=Cluster("files", origin="manifests")))) == set()
    assert ids(one(cilium(*base, stale, states={"leases": State.STALE}))) == set()


def test_an_agent_that_is_not_ready_does_not_answer() -> None:
    agents = [
        worlds.pod(f"cilium-{name}", "kube-system", name, labels={"k8s-app": "cilium"}, ready=name != "loft")
        for name in worlds.NODES
    ]
    item = one(cilium(minecraft(), READY, agents, worlds.l2_policy(), worlds.l2_lease("games/minecraft", "loft")))
    assert ids(item) == {"vip-ghost"}


def test_a_lease_that_changes_hands_all_the_time() -> None:
    base = (minecraft(), READY, worlds.l2_policy())

    def lease(since: float, transitions: int, made: float) -> dict[str, Any]:
        doc = worlds.l2_lease("games/minecraft", "loft", since=since, transitions=transitions)
        doc["metadata"]["creationTimestamp"] = worlds.ago(made)
        return doc

    assert ids(one(cilium(*base, lease(22, 2317, 41 * 86400)))) == {"l2-lease-flapping"}
    assert ids(one(cilium(*base, lease(7200, 2317, 41 * 86400)))) == set()  # quiet for two hours
    assert ids(one(cilium(*base, lease(22, 12, 41 * 86400)))) == set()  # a dozen in six weeks is no flapping


def test_two_services_of_one_address_need_one_node() -> None:
    pair = [worlds.service(name, "dns", ips=["192.168.7.101"]) for name in ("tcp", "udp")]
    base = (pair, worlds.l2_policy(), worlds.l2_lease("dns/tcp", "shed"))
    together = cilium(*base, worlds.l2_lease("dns/udp", "shed"))
    assert all("two-announcers" not in ids(item) for item in together.items)
    assert [len(item.shared_with) for item in together.items] == [1, 1]
    apart = cilium(*base, worlds.l2_lease("dns/udp", "loft"))
    assert all("two-announcers" in ids(item) for item in apart.items)


def test_cilium_bgp_is_announced_where_a_session_stands() -> None:
    advert = {
        "apiVersion": "cilium.io/v2", "kind": "CiliumBGPAdvertisement", "metadata": {"name": "a"},
        "spec": {"advertisements": [{"advertisementType": "Service", "service": {"addresses": ["LoadBalancerIP"]},
                                     "selector": {"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["y"]}]}}]},
    }  # fmt: skip
    config = {
        "apiVersion": "cilium.io/v2", "kind": "CiliumBGPNodeConfig", "metadata": {"name": "loft"},
        "status": {"bgpInstances": [{"peers": [
            {"peerAddress": "192.168.7.1", "peeringState": "established", "establishedTime": worlds.ago(99)}]}]},
    }  # fmt: skip
    on = {"enable-bgp-control-plane": "true", "enable-l2-announcements": "false"}
    item = one(cilium(minecraft(), READY, advert, config, config=on))
    assert (item.kind, nodes(item), item.announcers[0].since) == (IpKind.CILIUM_BGP, ["loft"], worlds.NOW - 99)
    assert item.problems == ()
    config["status"]["bgpInstances"][0]["peers"][0]["peeringState"] = "active"  # type: ignore[index]
    item = one(cilium(minecraft(), READY, advert, config, config=on))
    assert ids(item) == {"ip-not-announced"}


# -- both at once -----------------------------------------------------------------------------------------------------
def test_metallb_gives_and_cilium_announces() -> None:
    notes = {"metallb.io/ip-allocated-from-pool": "lan"}
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(*CLASSIC), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), worlds.cilium(),
        worlds.l2_policy(), worlds.l2_lease("games/minecraft", "loft"), minecraft(annotations=notes), READY,
        serves=["l2advertisements", "bgpadvertisements"],
    )  # fmt: skip
    found = ip_map(snapshot)
    item = one(found)
    assert (item.kind, item.pool, item.problems) == (IpKind.CILIUM_L2, "lan", ())
    assert [problem.severity for problem in found.pools[0].problems] == ["info"]


def test_both_answer() -> None:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(*CLASSIC), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), worlds.cilium(),
        worlds.l2_policy(), worlds.l2_lease("games/minecraft", "loft"), worlds.l2_status("games/minecraft", "shed"),
        worlds.l2_advertisement(), minecraft(), READY,
    )  # fmt: skip
    item = one(ip_map(snapshot))
    (problem,) = item.problems
    assert problem.id == "two-announcers"
    assert "loft" in problem.text
    assert "shed" in problem.text


def test_leftovers_of_a_stack_that_is_gone_do_not_decide() -> None:
    """A MetalLB pool and a status object are still there, but Cilium runs and holds the lease."""
    item = one(
        cilium(
            minecraft(), READY, worlds.l2_policy(), worlds.l2_lease("games/minecraft", "loft"),
            worlds.metallb_pool("old", "192.168.7.0/24"), worlds.l2_status("games/minecraft", "shed"),
        )
    )  # fmt: skip
    assert (item.kind, nodes(item), item.problems) == (IpKind.CILIUM_L2, ["loft"], ())


# -- the others -------------------------------------------------------------------------------------------------------
def svclb(ready: tuple[str, ...]) -> list[dict[str, Any]]:
    labels = {"svccontroller.k3s.cattle.io/svcname": "minecraft", "svccontroller.k3s.cattle.io/svcnamespace": "games"}
    return [
        worlds.daemonset("svclb-minecraft-1", "kube-system", "rancher/klipper-lb:v0.4.13", {"app": "svclb"},
                         own_labels=labels),
        *(worlds.pod(f"svclb-{name}", "kube-system", name, labels=labels, ready=name in ready) for name in worlds.NODES),
    ]  # fmt: skip


def test_servicelb_serves_each_nodes_own_address() -> None:
    service = worlds.service("minecraft", "games", ips=["192.168.7.11", "192.168.7.12"])
    found = ip_map(worlds.make_snapshot(worlds.k3s_nodes(), svclb(("shed",)), service, READY))
    assert [(item.ip, item.kind, nodes(item), ids(item)) for item in found.items] == [
        ("192.168.7.11", IpKind.SERVICELB, ["shed"], set()),
        ("192.168.7.12", IpKind.SERVICELB, [], {"ip-not-announced"}),
    ]


def test_kube_vip_by_annotation_and_by_lease() -> None:
    vip = worlds.daemonset("kube-vip-ds", "kube-system", "ghcr.io/kube-vip/kube-vip:v1.0.1", {"a": "b"},
                           env={"svc_enable": "true"})  # fmt: skip
    base = (worlds.k3s_nodes(*CLASSIC), vip, READY)
    noted = minecraft(annotations={"kube-vip.io/vipHost": "loft", "kube-vip.io/loadbalancerIPs": VIP})
    item = one(ip_map(worlds.make_snapshot(*base, noted)))
    assert (item.kind, nodes(item), item.wanted) == (IpKind.KUBE_VIP, ["loft"], (VIP,))
    lease = worlds.l2_lease("games/minecraft", "shed")
    lease["metadata"] = {"name": "plndr-svcs-lock", "namespace": "kube-system"}
    plain = minecraft(annotations={"kube-vip.io/loadbalancerIPs": VIP})
    item = one(ip_map(worlds.make_snapshot(*base, plain, lease)))
    assert (item.announcers[0].node, item.announcers[0].evidence) == ("shed", Evidence.LEASE)


def test_kube_vip_as_static_pods_with_a_lease_of_another_name() -> None:
    pod = worlds.pod("kube-vip-shed", "kube-system", "shed", image="ghcr.io/kube-vip/kube-vip:v1.0.1")
    pod["metadata"]["ownerReferences"] = [{"kind": "Node", "name": "shed", "uid": "u", "controller": True}]
    pod["spec"]["containers"][0]["env"] = [
        {"name": "svc_enable", "value": "true"}, {"name": "svc_leasename", "value": "my-lock"},
    ]  # fmt: skip
    lease = worlds.l2_lease("games/minecraft", "shed")
    lease["metadata"] = {"name": "my-lock", "namespace": "kube-system"}
    asked = minecraft(annotations={"kube-vip.io/loadbalancerIPs": VIP})
    snapshot = worlds.make_snapshot(worlds.k3s_nodes(*CLASSIC), pod, lease, asked, READY)
    item = one(ip_map(snapshot))
    assert (item.kind, nodes(item), item.announcers[0].source) == (
        IpKind.KUBE_VIP, ["shed"], "Lease kube-system/my-lock",
    )  # fmt: skip
    (row,) = (row for row in detect(snapshot).components if row.role is Role.LOAD_BALANCER)
    assert (row.name, row.version, row.health, row.wanted) == ("kube-vip", "1.0.1", Health.OK, 1)
    pod["spec"]["containers"][0]["env"][0]["value"] = "false"  # for the control plane's address only
    snapshot = worlds.make_snapshot(worlds.k3s_nodes(*CLASSIC), pod)
    assert all(row.name is None for row in detect(snapshot).components if row.role is Role.LOAD_BALANCER)


def test_node_ipam_and_external_ips() -> None:
    of_node = worlds.service("a", "x", ips=["192.168.7.12"], spec={"loadBalancerClass": "io.cilium/node"})
    external = worlds.service("b", "x", type="ClusterIP", spec={"externalIPs": ["192.168.7.13", "203.0.113.7"]})
    found = ip_map(worlds.make_snapshot(worlds.k3s_nodes(*CLASSIC), worlds.cilium(), of_node, external))
    assert [(item.ip, item.kind, nodes(item)) for item in found.items] == [
        ("192.168.7.12", IpKind.NODE_IPAM, ["loft"]),
        ("192.168.7.13", IpKind.EXTERNAL_IP, ["closet"]),
        ("203.0.113.7", IpKind.EXTERNAL_IP, []),
    ]
    assert "external-ip-unrouted" in ids(found.items[2])


def test_an_address_that_nothing_claims_is_unknown() -> None:
    item = one(ip_map(worlds.make_snapshot(worlds.k3s_nodes(*CLASSIC), minecraft(), READY)))
    assert (item.kind, nodes(item), ids(item)) == (IpKind.UNKNOWN, [], {"ip-unclaimed"})
    text = one(ip_map(worlds.make_snapshot(minecraft(), states={"daemonsets": State.FORBIDDEN}))).problems[0].text
    assert "cannot tell" in text


def test_an_address_whose_giver_may_not_be_read_is_not_called_unclaimed() -> None:
    hidden = dict.fromkeys((CILIUMPOOLS.id, CILIUML2POLICIES.id, LEASES.id), State.FORBIDDEN)
    item = one(ip_map(worlds.make_snapshot(worlds.k3s_nodes(), worlds.cilium(), minecraft(), states=hidden)))
    assert item.kind is IpKind.UNKNOWN
    assert "cannot tell who gave this address: ciliumloadbalancerippools.cilium.io" in item.problems[0].text
    hidden = dict.fromkeys((L2ADVERTISEMENTS.id, BGPADVERTISEMENTS.id, SERVICEL2STATUSES.id), State.FORBIDDEN)
    noted = minecraft()
    noted["metadata"]["annotations"] = {"metallb.io/ip-allocated-from-pool": "lan"}
    item = one(ip_map(worlds.make_snapshot(worlds.k3s_nodes(), worlds.metallb(), noted, states=hidden)))
    assert (item.kind, item.pool) == (IpKind.UNKNOWN, "lan")  # MetalLB gave it; how it is announced is hidden


def test_a_hostname_is_no_address_and_not_pending() -> None:
    service = minecraft()
    service["status"]["loadBalancer"]["ingress"] = [{"hostname": "lb.example"}]
    item = one(ip_map(worlds.make_snapshot(service)))
    assert (item.ip, item.hostname, item.pending, item.problems) == (None, "lb.example", "", ())


def test_the_order_is_by_number_with_pending_last() -> None:
    ips = ["192.168.7.20", "192.168.7.3", "fd00::1"]
    services = [worlds.service(f"s{index}", "x", ips=[ip]) for index, ip in enumerate(ips)]
    found = ip_map(worlds.make_snapshot(worlds.service("a", "x"), services))
    assert [item.ip for item in found.items] == ["192.168.7.3", "192.168.7.20", "fd00::1", None]


def test_what_was_watched_counts_moves() -> None:
    watched = [Observation(VIP, node, "lease", worlds.NOW - ago) for node, ago in
               (("shed", 9000), ("loft", 3000), ("shed", 2000), ("loft", 1000))]  # fmt: skip
    lease = worlds.l2_lease("games/minecraft", "loft", since=1000)
    item = one(cilium(minecraft(), READY, worlds.l2_policy(), lease, observed=watched))
    assert item.moves_last_hour == 3
    assert [(one.id, one.severity) for one in item.problems] == [("l2-lease-flapping", "warn")]
    more = [Observation(VIP, ("shed", "loft")[at % 2], "lease", worlds.NOW - 3500 + at * 200) for at in range(14)]
    often = one(cilium(minecraft(), READY, worlds.l2_policy(), lease, observed=[watched[0], *more]))
    assert [(one.id, one.severity) for one in often.problems] == [("l2-lease-flapping", "error")]
    item = one(cilium(minecraft(), READY, worlds.l2_policy(), lease))
    assert item.moves_last_hour is None  # taken within the hour, and nobody watched


@pytest.mark.parametrize("variant", ["classic", "cilium"])
def test_the_healthy_demo_has_no_problem(variant: Any) -> None:
    found = ip_map(scenarios.store_of(variant).snapshot())
    assert [problem for item in found.items for problem in item.problems] == []
    assert [problem for pool in found.pools for problem in pool.problems] == []
    assert all(len(item.announcers) == 1 for item in found.items)
    assert found.unknown == ""
    traefik = next(item for item in found.items if item.service.path == "kube-system/traefik")
    assert "https://films.home.example" in traefik.urls


# -- what is configured and reports nothing -------------------------------------------------------------------------------
def test_a_session_that_nobody_reports_is_unknown_not_down() -> None:
    config = {
        "apiVersion": "cilium.io/v2", "kind": "CiliumBGPNodeConfig", "metadata": {"name": "shed"},
        "spec": {"bgpInstances": [{"name": "a", "peers": [
            {"name": "router", "peerAddress": "192.168.7.1", "peerASN": 64512},
            {"name": "second", "peerAddress": "192.168.7.2", "peerASN": 64512},
        ]}]},
        "status": {"bgpInstances": [{"name": "a", "peers": [
            {"name": "router", "peerAddress": "192.168.7.1", "peerASN": 64512, "peeringState": "established"},
        ]}]},
    }  # fmt: skip
    first, second = ip_map(worlds.make_snapshot(config)).bgp
    assert (first.peer, first.state) == ("192.168.7.1", "established")
    assert (second.peer, second.state) == ("192.168.7.2", None)
    assert "nothing is reported of this session" in second.detail
    config["status"] = {"bgpInstances": [{"name": "a", "peers": [{"name": "router", "peeringState": "unknown"}]}]}
    assert {item.state for item in ip_map(worlds.make_snapshot(config)).bgp} == {None}


def test_a_peer_of_metallb_that_no_session_state_names_is_there() -> None:
    peers = [
        {"apiVersion": "metallb.io/v1beta2", "kind": "BGPPeer", "metadata": {"name": name, "namespace": "metallb-system"},
         "spec": {"peerAddress": ip, "peerASN": 64512, "myASN": 64513}}
        for name, ip in (("one", "192.168.7.1"), ("two", "192.168.7.2"))
    ]  # fmt: skip
    frr = {
        "apiVersion": "frrk8s.metallb.io/v1beta1", "kind": "BGPSessionState",
        "metadata": {"name": "shed-x", "namespace": "frr-k8s-system"},
        "status": {"bgpStatus": "Established", "node": "shed", "peer": "192.168.7.1"},
    }  # fmt: skip
    found = {item.peer: item for item in ip_map(worlds.make_snapshot(frr, *peers)).bgp}
    assert found["192.168.7.1"].state == "established"
    assert found["192.168.7.2"].state is None
    assert "no BGPSessionState reports" in found["192.168.7.2"].detail


# -- kube-vip -------------------------------------------------------------------------------------------------------------
def _kube_vip(*parts: Any, notes: dict[str, str]) -> Any:
    image = "ghcr.io/kube-vip/kube-vip:v1.0.1"
    daemon = worlds.daemonset("kube-vip", "kube-system", image, {"app": "kube-vip"}, env={"svc_enable": "true"})
    web = worlds.service("web", "media", ips=["192.168.7.104"], annotations=notes)
    (item,) = ip_map(
        worlds.make_snapshot(
            worlds.k3s_nodes("--disable=servicelb"), daemon, web, worlds.endpoints("web", "media", ["loft"]), *parts
        )
    ).items
    return item


def _vip_lease(name: str, holder: str, namespace: str = "media") -> dict[str, Any]:
    lease = worlds.l2_lease("media/web", holder)
    lease["metadata"] = {"name": name, "namespace": namespace}
    return lease


def test_the_lease_of_kube_vip_says_since_when_and_wins_over_an_old_annotation() -> None:
    notes = {"kube-vip.io/vipHost": "shed", "kube-vip.io/loadbalancerIPs": "192.168.7.104"}
    item = _kube_vip(_vip_lease("kubevip-web", "loft"), notes=notes)
    (announcer,) = item.announcers
    assert (announcer.node, announcer.evidence, announcer.since) == ("loft", Evidence.LEASE, worlds.NOW - 7200)
    assert [problem.id for problem in item.problems] == ["two-announcers"]
    assert _kube_vip(notes=notes).announcers[0].node == "shed"


def test_the_lease_of_kube_vip_may_have_another_name_or_be_for_all_services() -> None:
    notes = {"kube-vip.io/leaseName": "shared", "kube-vip.io/loadbalancerIPs": "192.168.7.104"}
    assert _kube_vip(_vip_lease("shared", "closet"), notes=notes).announcers[0].node == "closet"
    wanted = {"kube-vip.io/loadbalancerIPs": "192.168.7.104"}
    item = _kube_vip(_vip_lease("plndr-svcs-lock", "shed", "kube-system"), notes=wanted)
    assert item.announcers[0].node == "shed"
    gone = _kube_vip(_vip_lease("kubevip-web", "attic"), notes=wanted)
    assert [problem.id for problem in gone.problems] == ["vip-ghost"]
    assert _kube_vip(notes={**wanted, "kube-vip.io/ignore": "true"}).kind.value == "unknown"


def test_names_with_dashes_do_not_lead_to_anothers_lease() -> None:
    """Namespace ``a-b`` service ``c`` and namespace ``a`` service ``b-c`` have leases of the same name in Cilium: whoever
    holds it announces both, so both say so."""
    parts = [
        worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium(), worlds.l2_policy(),
        worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"}),
        worlds.service("c", "a-b", ips=["192.168.7.101"]), worlds.service("b-c", "a", ips=["192.168.7.102"]),
        worlds.endpoints("c", "a-b", ["loft"]), worlds.endpoints("b-c", "a", ["loft"]),
    ]  # fmt: skip
    found = ip_map(worlds.make_snapshot(*parts, worlds.l2_lease("a/b-c", "loft"))).items
    assert [item.announcers[0].source for item in found] == ["Lease kube-system/cilium-l2announce-a-b-c"] * 2
    assert all("a-b-c is the lease of" in " ".join(one.text for one in item.problems) for item in found)
