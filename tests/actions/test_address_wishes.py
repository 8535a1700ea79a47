"""The wishes about addresses and announcers, without a cluster: what is written, what is refused, what is warned of."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.actions.addresses import pin_wish, pool_wish, share_wish
from pointsman.tui.actions.announcers import cordon_wish, is_cordoned, restart_wish
from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.newpool import PoolAsked, pool_wishes, stacks, wrong_dhcp, wrong_name, wrong_range
from pointsman.tui.actions.plan import Wish
from pointsman.tui.answers.ips import IpKind, ip_map
from pointsman.tui.answers.ips.metallb import EXCLUDE
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import KINDS, SERVICES
from pointsman.tui.store.snapshot import Snapshot

WEB = Ref(SERVICES.id, "media", "web")
OTHER = Ref(SERVICES.id, "media", "other")
NOTED = {"metallb.io/ip-allocated-from-pool": "lan"}


def metallb_world(
    *parts: Any, web: Doc | None = None, local: bool = False, ready: tuple[str, ...] = ("shed",)
) -> Snapshot:
    spec = {"externalTrafficPolicy": "Local"} if local else {}
    return worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(),
        worlds.metallb_pool("lan", "192.168.7.100-192.168.7.110"), worlds.metallb_pool("guests", "192.168.7.60-192.168.7.61"),
        worlds.l2_advertisement("all"),
        web or worlds.service("web", "media", ips=["192.168.7.100"], annotations=NOTED, spec=spec),
        worlds.service("other", "media", ips=["192.168.7.101"], annotations=NOTED, ports=((8080, "TCP"),)),
        worlds.endpoints("web", "media", ready), worlds.endpoints("other", "media", ["loft"]),
        worlds.l2_status("media/web", "shed"), *parts,
    )  # fmt: skip


def cilium_world(*parts: Any, policy: Doc | None = None) -> Snapshot:
    agents = [worlds.pod(f"cilium-{node}", "kube-system", node, labels={"k8s-app": "cilium"}) for node in worlds.NODES]
    for pod in agents:
        pod["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "cilium", "uid": "x", "controller": True}]
    return worlds.make_snapshot(
        worlds.k3s_nodes("--flannel-backend=none", "--disable=servicelb"), worlds.cilium(), agents,
        policy or worlds.l2_policy(), worlds.cilium_pool("lan", {"start": "192.168.7.100", "stop": "192.168.7.110"}),
        worlds.cilium_pool("guests", {"cidr": "192.168.7.64/30"}, serviceSelector={"matchLabels": {"guests": "yes"}}),
        worlds.service("web", "media", ips=["192.168.7.100"]),
        worlds.service("other", "db", ips=["192.168.7.101"], ports=((5432, "TCP"),)),
        worlds.endpoints("web", "media", ["loft"]), worlds.l2_lease("media/web", "loft"), *parts,
    )  # fmt: skip


def after(snapshot: Snapshot, wish: Wish) -> Doc:
    live = snapshot.get(KINDS[wish.ref.kind], *wish.ref.key)
    found = wish.make(live.doc() if live is not None else None)
    assert found is not None
    return found


def notes(doc: Doc) -> dict[str, str]:
    return dict(doc["metadata"].get("annotations") or {})


# -- pin --------------------------------------------------------------------------------------------------------------
def test_a_pin_says_it_in_todays_words_and_clears_the_old_ones() -> None:
    web = worlds.service(
        "web", "media", ips=["192.168.7.100"], spec={"loadBalancerIP": "192.168.7.100"},
        annotations={**NOTED, "metallb.universe.tf/loadBalancerIPs": "192.168.7.100"},
    )  # fmt: skip
    picture = metallb_world(web=web)
    wish = pin_wish(picture, WEB, "192.168.7.105")
    doc = after(picture, wish)
    assert notes(doc)["metallb.io/loadBalancerIPs"] == "192.168.7.105"
    assert "metallb.universe.tf/loadBalancerIPs" not in notes(doc)
    assert "loadBalancerIP" not in doc["spec"]
    assert any("old prefix" in note for note in wish.notes)


def test_changing_the_address_warns_that_the_old_one_goes_first() -> None:
    picture = metallb_world()
    (risk,) = [risk for risk in pin_wish(picture, WEB, "192.168.7.105").risks if risk.grave]
    assert risk.text.startswith("MetalLB takes 192.168.7.100 away at once")
    keeping = pin_wish(picture, WEB, "192.168.7.100")
    assert keeping.risks == ()
    assert "keeps it" in keeping.effect[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("192.168.7.300", "is no address"),
        ("10.9.9.9", "it is in no pool"),
        ("192.168.7.101", "belongs to media/other"),
        ("192.168.7.105, 192.168.7.106", "One address of each family"),
    ],
)
def test_what_the_controller_would_refuse_is_refused_before(text: str, why: str) -> None:
    with pytest.raises(ActionError, match=why):
        pin_wish(metallb_world(), WEB, text)


def test_an_address_of_a_node_is_refused() -> None:
    pool = worlds.metallb_pool("all", "192.168.7.0/26")
    with pytest.raises(ActionError, match=r"192\.168\.7\.11 is the address of node shed"):
        pin_wish(metallb_world(pool), WEB, "192.168.7.11")


def test_nothing_typed_asks_for_nothing_any_more() -> None:
    web = worlds.service(
        "web", "media", ips=["192.168.7.100"], annotations={**NOTED, "metallb.io/loadBalancerIPs": "x"}
    )
    picture = metallb_world(web=web)
    wish = pin_wish(picture, WEB, " ")
    assert "metallb.io/loadBalancerIPs" not in notes(after(picture, wish))
    assert wish.risks == ()


def test_cilium_has_words_of_its_own() -> None:
    picture = cilium_world()
    assert notes(after(picture, pin_wish(picture, WEB, "192.168.7.105")))["lbipam.cilium.io/ips"] == "192.168.7.105"
    with pytest.raises(ActionError, match="serviceSelector does not select it"):
        pin_wish(picture, WEB, "192.168.7.65")


def test_a_service_that_nobody_gives_an_address_by_wish_is_told_so() -> None:
    picture = worlds.make_snapshot(worlds.k3s_nodes(), worlds.service("web", "media"))
    with pytest.raises(ActionError, match="ServiceLB gives the nodes' own addresses"):
        pin_wish(picture, WEB, "192.168.7.105")
    inner = worlds.make_snapshot(worlds.service("web", "media", type="ClusterIP"))
    with pytest.raises(ActionError, match="of type ClusterIP"):
        pin_wish(inner, WEB, "192.168.7.105")


# -- another pool -----------------------------------------------------------------------------------------------------
def test_another_pool_of_metallb_is_asked_for_by_name() -> None:
    picture = metallb_world()
    wish = pool_wish(picture, WEB, "guests")
    assert notes(after(picture, wish))["metallb.io/address-pool"] == "guests"
    assert any(risk.grave for risk in wish.risks)
    assert "192.168.7.60 is one" in wish.effect[0]
    with pytest.raises(ActionError, match="already"):
        pool_wish(picture, WEB, "lan")
    with pytest.raises(ActionError, match="no pool attic"):
        pool_wish(picture, WEB, "attic")


def test_a_pool_without_a_free_address_is_refused() -> None:
    full = [worlds.service(f"g{n}", "x", ips=[f"192.168.7.{60 + n}"]) for n in range(2)]
    with pytest.raises(ActionError, match="no free address"):
        pool_wish(metallb_world(*full), WEB, "guests")


def test_another_pool_of_cilium_is_a_free_address_of_it() -> None:
    pool = worlds.cilium_pool("attic", {"cidr": "192.168.7.80/30"})
    picture = cilium_world(pool)
    wish = pool_wish(picture, WEB, "attic")
    assert notes(after(picture, wish))["lbipam.cilium.io/ips"] == "192.168.7.80"
    with pytest.raises(ActionError, match="serviceSelector does not select it"):
        pool_wish(picture, WEB, "guests")


# -- share ------------------------------------------------------------------------------------------------------------
def test_sharing_is_two_steps_where_the_other_has_no_key() -> None:
    picture = metallb_world()
    first = share_wish(picture, WEB, OTHER)
    assert first.ref == OTHER
    assert notes(after(picture, first))["metallb.io/allow-shared-ip"] == "media-other"
    assert first.risks == ()
    keyed = worlds.service(
        "other", "media", ips=["192.168.7.101"], ports=((8080, "TCP"),),
        annotations={**NOTED, "metallb.universe.tf/allow-shared-ip": "k"},
    )  # fmt: skip
    picture = metallb_world(keyed)
    second = share_wish(picture, WEB, OTHER)
    said = notes(after(picture, second))
    assert (second.ref, said["metallb.io/allow-shared-ip"]) == (WEB, "k")
    assert said["metallb.io/loadBalancerIPs"] == "192.168.7.101"


def test_the_same_port_cannot_be_shared() -> None:
    twin = worlds.service("other", "media", ips=["192.168.7.101"], annotations=NOTED)
    with pytest.raises(ActionError, match="both have port 443/tcp"):
        share_wish(metallb_world(twin), WEB, OTHER)


def test_cilium_wants_both_namespaces_to_allow_it() -> None:
    other = Ref(SERVICES.id, "db", "other")
    picture = cilium_world()
    first = after(picture, share_wish(picture, WEB, other))
    assert notes(first)["lbipam.cilium.io/sharing-cross-namespace"] == "media"
    picture = cilium_world(first)
    second = share_wish(picture, WEB, other)
    assert second.ref == WEB
    assert notes(after(picture, second))["lbipam.cilium.io/sharing-cross-namespace"] == "db"


# -- who announces ----------------------------------------------------------------------------------------------------
def test_metallb_leaves_a_node_out_by_its_label() -> None:
    picture = metallb_world()
    item = ip_map(picture).items[0]
    wish = cordon_wish(picture, "shed", item)
    assert after(picture, wish)["metadata"]["labels"][EXCLUDE] == ""
    assert "192.168.7.100 goes to closet or loft" in wish.effect[0]
    assert not any(risk.grave for risk in wish.risks)
    labelled = worlds.node("shed", "192.168.7.11", labels={EXCLUDE: ""})
    back = metallb_world(labelled)
    assert is_cordoned(back, "shed", IpKind.METALLB_L2)
    assert EXCLUDE not in after(back, cordon_wish(back, "shed", item, off=False))["metadata"]["labels"]


def test_the_last_one_that_may_announce_is_a_grave_matter() -> None:
    only = worlds.l2_advertisement("all", nodeSelectors=[{"matchLabels": {"kubernetes.io/hostname": "shed"}}])
    picture = metallb_world(only)
    (risk,) = cordon_wish(picture, "shed", ip_map(picture).items[0]).risks
    assert risk.grave
    assert "no other node may announce" in risk.text


def test_a_local_policy_ties_an_address_to_its_node() -> None:
    picture = metallb_world(local=True)
    risks = cordon_wish(picture, "shed", ip_map(picture).items[0]).risks
    assert any(risk.grave and "externalTrafficPolicy is Local" in risk.text for risk in risks)


def test_cilium_leaves_a_node_out_by_the_policys_selector_and_only_that_is_taken_back() -> None:
    rule = {"key": "zone", "operator": "Exists"}
    nodes = [worlds.node(name, f"192.168.7.{11 + n}", labels={"zone": "a"}) for n, name in enumerate(worlds.NODES)]
    policy = worlds.l2_policy(nodeSelector={"matchExpressions": [rule]})
    picture = cilium_world(*nodes, policy=policy)
    item = ip_map(picture).items[0]
    cordoned = after(picture, cordon_wish(picture, "loft", item))
    out = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["loft"]}
    assert cordoned["spec"]["nodeSelector"]["matchExpressions"] == [rule, out]
    later = cilium_world(*nodes, policy=cordoned)
    assert is_cordoned(later, "loft", IpKind.CILIUM_L2)
    back = after(later, cordon_wish(later, "loft", item, off=False))
    assert back["spec"]["nodeSelector"]["matchExpressions"] == [rule]
    plain = cilium_world()
    once = after(plain, cordon_wish(plain, "loft", item))
    again = cilium_world(policy=once)
    assert "nodeSelector" not in after(again, cordon_wish(again, "loft", item, off=False))["spec"]


def test_a_restart_deletes_the_daemonsets_pod_and_nothing_else() -> None:
    picture = cilium_world()
    wish = restart_wish(picture, "loft", IpKind.CILIUM_L2)
    assert (wish.ref.kind, wish.ref.name) == ("pods", "cilium-loft")
    assert wish.make({"metadata": {}}) is None
    assert any("192.168.7.100 (media/web)" in line for line in wish.effect)
    with pytest.raises(ActionError, match="no Cilium agent on attic"):
        restart_wish(picture, "attic", IpKind.CILIUM_L2)
    with pytest.raises(ActionError, match="belongs to no DaemonSet"):
        restart_wish(metallb_world(), "shed", IpKind.METALLB_L2)
    with pytest.raises(ActionError, match="by no pod of their own"):
        restart_wish(picture, "loft", IpKind.SERVICELB)


# -- a new pool -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("192.168.7.10-192.168.7.20", "is node shed"),
        ("192.168.7.1-192.168.7.9", "is the router"),
        ("192.168.7.105-192.168.7.120", "overlaps with 192.168.7.100-192.168.7.110 of MetalLB's pool lan"),
        ("10.42.0.0/24", "where the pods of shed"),
        ("10.43.0.10", "cluster address of service media/web"),
        ("a-b", "A range is"),
    ],
)
def test_a_range_that_others_have_is_refused(text: str, why: str) -> None:
    nodes = worlds.k3s_nodes("--disable=servicelb")
    nodes[0]["spec"]["podCIDR"] = "10.42.0.0/24"
    web = worlds.service("web", "media", ips=["192.168.7.100"], annotations=NOTED, spec={"clusterIP": "10.43.0.10"})
    picture = metallb_world(*nodes, web=web)
    assert why in wrong_range(picture, text)
    assert wrong_range(picture, "192.168.7.200-192.168.7.209") == ""


def test_the_routers_dhcp_range_is_asked_for() -> None:
    assert "none if it gives none" in wrong_dhcp("192.168.7.200/30", "")
    assert "sooner or later" in wrong_dhcp("192.168.7.200/30", "192.168.7.150-192.168.7.201")
    assert wrong_dhcp("192.168.7.200/30", "192.168.7.150-192.168.7.199") == ""
    assert wrong_dhcp("192.168.7.200/30", "None") == ""


def test_a_pool_of_metallb_comes_with_what_announces_it_unless_all_are() -> None:
    asked = PoolAsked("iot", "192.168.7.200-192.168.7.209", "none")
    (pool,) = pool_wishes(metallb_world(), "metallb", asked)
    assert pool.make(None)["spec"] == {"addresses": ["192.168.7.200-192.168.7.209"]}  # type: ignore[index]
    assert pool.ref.namespace == "metallb-system"
    assert "announces every pool" in pool.effect[1]
    own = metallb_world(worlds.l2_advertisement("all", "lan"))
    pool, advert = pool_wishes(own, "metallb", PoolAsked("iot", "192.168.7.200", "none"))
    assert pool.make(None)["spec"] == {"addresses": ["192.168.7.200/32"]}  # type: ignore[index]
    assert advert.make(None)["spec"] == {"ipAddressPools": ["iot"]}  # type: ignore[index]


def test_a_pool_of_cilium() -> None:
    picture = cilium_world()
    assert stacks(picture) == ("cilium",)
    (pool,) = pool_wishes(picture, "cilium", PoolAsked("iot", "192.168.7.200-192.168.7.209", "none"))
    assert pool.make(None)["spec"]["blocks"] == [{"start": "192.168.7.200", "stop": "192.168.7.209"}]  # type: ignore[index]
    narrow = cilium_world(policy=worlds.l2_policy(serviceSelector={"matchLabels": {"a": "b"}}))
    _, policy = pool_wishes(narrow, "cilium", PoolAsked("iot", "192.168.7.200/29", "none"))
    assert policy.ref.kind == "ciliuml2announcementpolicies"
    assert wrong_name(picture, "cilium", "lan") == "There is a pool lan already."
    assert wrong_name(picture, "cilium", "Lan!") == "A name is small letters, digits and dashes."
    with pytest.raises(ActionError, match="Nothing that runs here"):
        pool_wishes(picture, "metallb", PoolAsked("iot", "192.168.7.200", "none"))
