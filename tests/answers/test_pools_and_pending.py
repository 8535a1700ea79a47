"""Pools: size, use, trouble. Pending services: the reason in words."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.answers.ips import IpKind, Pool, ip_map
from pointsman.tui.answers.stack import detect
from pointsman.tui.store.snapshot import Cluster, State

CLASSIC = ("--disable=servicelb",)
BOTH = ("l2advertisements", "bgpadvertisements")


def pools(*parts: Any, **options: Any) -> dict[str, Pool]:
    found = ip_map(worlds.make_snapshot(worlds.k3s_nodes(*CLASSIC), *parts, serves=BOTH, **options)).pools
    return {pool.name: pool for pool in found}


def ids(pool: Pool) -> set[str]:
    return {problem.id for problem in pool.problems}


def services(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [worlds.service(f"s{n}", "x", ips=[f"10.0.0.{n}"]) for n in range(first, first + count)]


# -- MetalLB ----------------------------------------------------------------------------------------------------------
def test_use_is_counted_where_the_status_does_not_say() -> None:
    base = (worlds.metallb(), worlds.l2_advertisement(), services(3))
    pool = pools(*base, worlds.metallb_pool("lan", "10.0.0.0/30", "10.0.0.3-10.0.0.9"))["lan"]
    assert (pool.total, pool.used, pool.available) == (10, 3, 7)
    told = worlds.metallb_pool("lan", "10.0.0.0/28", status={"assignedIPv4": 5, "availableIPv4": 11, "assignedIPv6": 0})
    pool = pools(*base, told)["lan"]
    assert (pool.total, pool.used, pool.available) == (16, 5, 11)


def test_a_shared_address_is_one_address() -> None:
    pair = [worlds.service(name, "x", ips=["10.0.0.1"]) for name in ("tcp", "udp")]
    pool = pools(worlds.metallb(), worlds.l2_advertisement(), pair, worlds.metallb_pool("lan", "10.0.0.0/29"))["lan"]
    assert pool.used == 1


def test_buggy_addresses_are_left_out() -> None:
    pool = pools(worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/23", avoidBuggyIPs=True))["lan"]
    assert pool.total == 512 - 4


def test_ipv6_pools_are_counted_as_they_are() -> None:
    pool = pools(worlds.metallb(), worlds.metallb_pool("six", "fd00::/64"), worlds.service("a", "x", ips=["fd00::7"]))
    assert (pool["six"].total, pool["six"].used, pool["six"].available) == (2**64, 1, 2**64 - 1)


def test_exhausted_empty_and_unreadable() -> None:
    found = pools(
        worlds.metallb(), worlds.l2_advertisement(), services(2),
        worlds.metallb_pool("full", "10.0.0.1-10.0.0.2"), worlds.metallb_pool("none"), worlds.metallb_pool("odd", "x-y"),
    )  # fmt: skip
    assert ids(found["full"]) == {"pool-exhausted"}
    assert ids(found["none"]) == {"pool-empty"}
    assert ids(found["odd"]) == {"pool-invalid"}
    assert found["odd"].total is None


def test_overlapping_pools_make_metallb_refuse_everything() -> None:
    found = pools(
        worlds.metallb(), worlds.l2_advertisement(),
        worlds.metallb_pool("a", "10.0.0.0/24"), worlds.metallb_pool("b", "10.0.0.200-10.0.1.9"),
        worlds.metallb_pool("c", "10.0.2.0/24"),
    )  # fmt: skip
    assert ids(found["a"]) == ids(found["b"]) == {"pool-overlap"}
    assert "whole configuration" in found["a"].problems[0].text
    assert ids(found["c"]) == set()


def test_a_pool_that_nothing_advertises() -> None:
    base = (worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/24"))
    (problem,) = pools(*base)["lan"].problems
    assert (problem.id, problem.severity) == ("ip-not-announced", "warn")
    (problem,) = pools(*base, services(1), worlds.endpoints("s1", "x", ["shed"]))["lan"].problems
    assert problem.severity == "error"
    assert ids(pools(*base, states={"l2advertisements": State.FORBIDDEN})["lan"]) == set()
    assert pools(*base, worlds.l2_advertisement("main"))["lan"].announced_by == ("L2Advertisement main",)


def test_pools_of_a_metallb_that_is_gone_are_idle() -> None:
    (problem,) = pools(worlds.metallb_pool("lan", "10.0.0.0/24"))["lan"].problems
    assert (problem.id, problem.severity) == ("pool-idle", "info")


# -- Cilium -----------------------------------------------------------------------------------------------------------
def number(kind: str, value: str) -> dict[str, Any]:
    return {"type": f"cilium.io/{kind}", "status": "Unknown", "reason": "noreason", "message": value}


def test_ciliums_numbers_stand_in_messages() -> None:
    huge = str(2**128)
    conditions = [number("IPsTotal", huge), number("IPsAvailable", str(2**128 - 2)), number("IPsUsed", "2")]
    pool = pools(worlds.cilium(), worlds.cilium_pool("p", {"cidr": "::/0"}, conditions=conditions))["p"]
    assert (pool.total, pool.used, pool.available) == (2**128, 2, 2**128 - 2)
    odd = [number("IPsTotal", "many"), number("IPsUsed", "٣")]
    pool = pools(worlds.cilium(), services(1), worlds.cilium_pool("p", {"cidr": "10.0.0.0/24"}, conditions=odd))["p"]
    assert (pool.total, pool.used, pool.available) == (256, 1, 255)


@pytest.mark.parametrize(
    ("block", "allow", "total"),
    [
        ({"cidr": "10.0.0.0/24"}, "", 256),
        ({"cidr": "10.0.0.0/24"}, "Yes", 256),
        ({"cidr": "10.0.0.0/24"}, "No", 254),
        ({"cidr": "10.0.0.0/31"}, "No", 2),
        ({"cidr": "10.0.0.7/32"}, "No", 1),
        ({"start": "10.0.0.1", "stop": "10.0.0.9"}, "No", 9),
        ({"start": "10.0.0.1"}, "", 1),
    ],
)
def test_blocks(block: dict[str, str], allow: str, total: int) -> None:
    pool = pools(worlds.cilium(), worlds.cilium_pool("p", block, allowFirstLastIPs=allow))["p"]
    assert pool.total == total


def test_conflict_disabled_and_switched_off() -> None:
    conflict = {"type": "cilium.io/PoolConflict", "status": "True", "reason": "cidr_overlap", "message": "with pool a"}
    resolved = conflict | {"status": "False"}
    block = {"cidr": "10.0.0.0/24"}
    assert ids(pools(worlds.cilium(), worlds.cilium_pool("p", block, conditions=[conflict]))["p"]) == {"pool-conflict"}
    assert ids(pools(worlds.cilium(), worlds.cilium_pool("p", block, conditions=[resolved]))["p"]) == set()
    assert ids(pools(worlds.cilium(), worlds.cilium_pool("p", block, disabled=True))["p"]) == {"pool-disabled"}
    off = worlds.cilium({"enable-lb-ipam": "false"})
    assert ids(pools(off, worlds.cilium_pool("p", block))["p"]) == {"pool-idle"}


def test_pools_of_two_controllers_clash_only_if_both_give() -> None:
    parts = (worlds.metallb(), worlds.metallb_pool("m", "10.0.0.0/24"), worlds.l2_advertisement(),
             worlds.cilium_pool("c", {"cidr": "10.0.0.128/25"}))  # fmt: skip
    both = pools(*parts, worlds.cilium())
    assert ids(both["m"]) == ids(both["c"]) == {"pool-overlap"}
    assert "pool-overlap" not in ids(pools(*parts, worlds.cilium({"enable-lb-ipam": "false"}))["m"])


def test_of_manifests_alone_pools_are_judged_by_themselves() -> None:
    """A repository rarely holds what its charts install: that nothing runs is not known, that pools overlap is."""
    parts = (worlds.daemonset("kube-proxy", "kube-system", "registry.k8s.io/kube-proxy:v1.34.0", {"k8s-app": "kube-proxy"}),
             worlds.metallb_pool("a", "10.0.0.0/24"), worlds.metallb_pool("b", "10.0.0.200-10.0.1.9"),
             worlds.cilium_pool("c", {"cidr": "10.0.0.128/25"}), worlds.cilium_pool("d", {"cidr": "10.9.0.0/24"}))  # fmt: skip
    files = Cluster("files", origin="manifests")
    alone = {pool.name: pool for pool in ip_map(worlds.make_snapshot(*parts, cluster=files)).pools}
    assert [(name, ids(pool)) for name, pool in sorted(alone.items())] == [
        ("a", {"pool-overlap"}), ("b", {"pool-overlap"}), ("c", set()), ("d", set()),
    ]  # fmt: skip
    told = {pool.name: pool for pool in ip_map(worlds.make_snapshot(worlds.k3s_nodes(), *parts, cluster=files)).pools}
    assert ids(told["a"]) == ids(told["d"]) == {"pool-idle"}


# -- pending ----------------------------------------------------------------------------------------------------------
def reason(*parts: Any, flags: tuple[str, ...] = CLASSIC, **options: Any) -> tuple[IpKind, str | None, str]:
    snapshot = worlds.make_snapshot(worlds.k3s_nodes(*flags), *parts, **options)
    (item,) = (item for item in ip_map(snapshot).items if item.ip is None)
    assert {problem.id for problem in item.problems} == {"ip-pending"}
    return item.kind, item.pool, item.pending


def waiting(**options: Any) -> dict[str, Any]:
    return worlds.service("minio", "backup", **options)


def failed(text: str, seconds_ago: float = 60, why: str = "AllocationFailed") -> dict[str, Any]:
    message = f'Failed to allocate IP for "backup/minio": {text}'
    return worlds.event(why, message, ("Service", "backup", "minio"), seconds_ago=seconds_ago,
                        writer="metallb-controller", type="Warning")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pool", "words"),
    [
        ("no available IPs in pool lan", "lan", "pool lan is exhausted"),
        ('no available IPs in pool "lan"', "lan", "pool lan is exhausted"),
        ("no available IPs", None, "no MetalLB pool that may serve it has a free address"),
        ('unknown pool "wan"', None, "it asks for pool wan, which does not exist"),
        ("port TCP/443 is already in use", None, "MetalLB: port TCP/443 is already in use"),
    ],
)
def test_metallbs_event_says_why(text: str, pool: str | None, words: str) -> None:
    assert reason(worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/24"), waiting(), failed(text)) == (
        IpKind.METALLB_L2, pool, words,
    )  # fmt: skip


def test_an_older_failure_before_a_success_says_nothing() -> None:
    success = worlds.event("IPAllocated", "Assigned IP", ("Service", "backup", "minio"), writer="metallb-controller")
    parts = (worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/24"), waiting(), success)
    assert "no event says why" in reason(*parts, failed("no available IPs", 600))[2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_pool", "no pool that could serve it"),
        ("pool_selector_mismatch", "does not select it"),
        ("out_of_ips", "exhausted"),
        ("already_allocated", "is taken"),
        ("brand_new_reason", "brand_new_reason"),
    ],
)
def test_ciliums_condition_says_why(name: str, words: str) -> None:
    for kind in ("cilium.io/IPAMRequestSatisfied", "io.cilium/lb-ipam-request-satisfied"):
        condition = {"type": kind, "status": "False", "reason": name}
        found = reason(
            worlds.cilium(), worlds.cilium_pool("p", {"cidr": "10.0.0.0/24"}), waiting(conditions=[condition])
        )
        assert found[0] is IpKind.CILIUM_L2
        assert words in found[2]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "nothing in this cluster gives LoadBalancer services an address"),
        (worlds.metallb(), "MetalLB has no IPAddressPool"),
        ([*worlds.metallb()[:1], worlds.metallb_pool("lan", "10.0.0.0/24")], "does not run"),
        ([*worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/24", autoAssign=False)], "autoAssign is off in lan"),
        ([worlds.metallb_pool("lan", "10.0.0.0/24")], "its controller does not run"),
        (worlds.cilium(), "sleeps until there is a CiliumLoadBalancerIPPool"),
        ([*worlds.cilium(), worlds.cilium_pool("p")], "is the Cilium operator running"),
    ],
)
def test_what_is_missing(parts: list[dict[str, Any]], words: str) -> None:
    assert words in reason(parts, waiting(), serves=("ipaddresspools",))[2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("example.com/lb", "is served by nothing that runs here"),
        ("io.cilium/l2-announcer", "belongs to Cilium, which does not run here"),
    ],
)
def test_a_class_that_nobody_serves(name: str, words: str) -> None:
    parts = (worlds.metallb(), worlds.metallb_pool("lan", "10.0.0.0/24"))
    found = reason(*parts, waiting(spec={"loadBalancerClass": name}))
    assert found[0] is IpKind.UNKNOWN
    assert words in found[2]
    unseen = reason(waiting(spec={"loadBalancerClass": name}), states={"deployments": State.FORBIDDEN})
    assert unseen[2].startswith("cannot tell who serves")


def test_a_manifest_as_people_write_it_is_not_pending() -> None:
    files = Cluster("files", origin="manifests")
    written = waiting(annotations={"metallb.io/loadBalancerIPs": "10.0.0.7"})
    del written["status"]
    snapshot = worlds.make_snapshot(written, cluster=files)
    (item,) = ip_map(snapshot).items
    assert item.pending == "the files do not say whether it has an address; it asks for 10.0.0.7"
    assert [problem.severity for problem in item.problems] == ["info"]
    assert detect(snapshot).counts["pending_ips"] == 0
    exported = worlds.make_snapshot(waiting(), cluster=files)
    assert [problem.id for problem in ip_map(exported).items[0].problems] == ["ip-pending"]


def test_servicelb_whose_port_is_taken() -> None:
    labels = {"svccontroller.k3s.cattle.io/svcname": "minio", "svccontroller.k3s.cattle.io/svcnamespace": "backup"}
    pod = worlds.pod("svclb-minio", "kube-system", "", labels=labels, ready=False, phase="Pending")
    found = reason(waiting(), pod, flags=())
    assert found[0] is IpKind.SERVICELB
    assert "host port 443 is taken" in found[2]


def test_what_cannot_be_read_is_not_guessed() -> None:
    assert reason(waiting(), states={"daemonsets": State.FORBIDDEN})[2].startswith("cannot tell why: daemonsets.apps")
    found = reason(worlds.metallb(), waiting(), states={"ipaddresspools": State.FORBIDDEN})
    assert found[2].startswith("cannot tell why: ipaddresspools.metallb.io")


# -- what a pool is kept for, who could serve a service that waits --------------------------------------------------------
def _pool_named(snapshot: Any, name: str) -> Any:
    return next(pool for pool in ip_map(snapshot).pools if pool.name == name)


def test_an_advertisement_that_selects_no_node_announces_nothing() -> None:
    advert = worlds.l2_advertisement("lan", "lan", nodeSelectors=[{"matchLabels": {"rack": "attic"}}])
    base = [worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/28")]
    (problem,) = _pool_named(worlds.make_snapshot(*base, advert), "lan").problems
    assert problem.text == "L2Advertisement lan selects no node to announce from"
    fine = worlds.l2_advertisement("lan", "lan", nodeSelectors=[{"matchLabels": {"kubernetes.io/hostname": "loft"}}])
    assert _pool_named(worlds.make_snapshot(*base, fine), "lan").problems == ()
    assert _pool_named(worlds.make_snapshot(*base, advert, worlds.l2_advertisement("all")), "lan").problems == ()


def test_a_service_that_waits_hears_of_each_pool_why_not() -> None:
    from pointsman.tui.answers.ips import explain

    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(), worlds.l2_advertisement("all"),
        worlds.metallb_pool("full", "192.168.7.10/32"), worlds.service("other", "x", ips=["192.168.7.10"]),
        worlds.metallb_pool("named", "192.168.7.20/30", autoAssign=False),
        worlds.metallb_pool("kept", "192.168.7.30/31", serviceAllocation={"namespaces": ["media"]}),
        worlds.service("web", "x"),
    )  # fmt: skip
    item = next(one for one in ip_map(snapshot).items if one.ip is None)
    told = {source: text for text, source in explain(item, snapshot).evidence}
    assert told["IPAddressPool metallb-system/full"] == "pool full has no free address"
    assert told["IPAddressPool metallb-system/named"] == "pool named serves only those that ask for it"
    assert told["IPAddressPool metallb-system/kept"] == "pool kept is kept for others (media)"


def test_whom_a_pool_is_kept_for() -> None:
    from pointsman.tui.answers.ips.context import Context
    from pointsman.tui.answers.ips.taking import serves

    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(),
        worlds.metallb_pool("kept", "192.168.7.30/31", serviceAllocation={"namespaces": ["media"]}),
        worlds.metallb_pool("idle", "192.168.7.40/31", serviceAllocation={"serviceSelectors": [{"matchLabels": {"a": "b"}}]}),
        worlds.metallb_pool("lan", "192.168.7.50/31"), worlds.service("web", "media"),
    )  # fmt: skip
    ctx = Context(snapshot)
    assert serves(ctx, "metallb", "kept") == "1 service that its selector finds"
    assert serves(ctx, "metallb", "idle").startswith("nobody")
    assert serves(ctx, "metallb", "lan") == ""
