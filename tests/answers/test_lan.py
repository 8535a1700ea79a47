"""Does the LAN agree: every verdict from what answered ARP, and nothing else."""

from __future__ import annotations

from typing import Any

import worlds

from pointsman.tui.answers.ips import Lan, explain, ip_map
from pointsman.tui.answers.ips.lan import askable
from pointsman.tui.model.neighbours import LanReading
from pointsman.tui.store.snapshot import Snapshot

VIP = "192.168.7.104"
SHED, LOFT, CLOSET = ("00:00:5e:00:53:11", "00:00:5e:00:53:12", "00:00:5e:00:53:13")
HOSTS = {"192.168.7.11": SHED, "192.168.7.12": LOFT, "192.168.7.13": CLOSET, "192.168.7.20": "00:00:5e:00:53:20"}


def picture(reading: LanReading | None, *, since: float = 7200, bgp: bool = False) -> Snapshot:
    holder = worlds.NODES[1]
    store = worlds.make_store(
        worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium(), worlds.l2_policy(),
        worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"}), worlds.service("minecraft", "games", ips=[VIP]),
        worlds.endpoints("minecraft", "games", [holder]), worlds.l2_lease("games/minecraft", holder, since=since),
    )  # fmt: skip
    if reading is not None:
        store.set_lan([reading])
    return store.snapshot()


def read(*macs: str, **more: Any) -> LanReading:
    return LanReading(VIP, worlds.NOW, macs, hosts={**HOSTS, **({VIP: macs[-1]} if macs else {})}, **more)


def lan(reading: LanReading | None, **more: Any) -> Lan:
    (item,) = ip_map(picture(reading, **more)).items
    return item.lan


def problems(reading: LanReading, **more: Any) -> list[str]:
    (item,) = ip_map(picture(reading, **more)).items
    return [problem.id for problem in item.problems]


def test_unasked_is_not_checked() -> None:
    assert (lan(None).state, lan(None).checked) == ("not-checked", False)


def test_the_announcer_answers() -> None:
    said = lan(read(LOFT))
    assert (said.state, said.checked, said.mac, said.node) == ("agrees", True, LOFT, "loft")
    assert problems(read(LOFT)) == []
    assert "not asked anew" in lan(read(LOFT, sure=False)).why


def test_nobody_answers_while_the_nodes_do() -> None:
    said = lan(read())
    assert (said.state, said.mac) == ("ghost", None)
    assert said.why == "nobody answers for it, while closet, loft and shed answer"
    assert problems(read()) == ["lan-ghost"]
    shot = picture(read())
    assert explain(ip_map(shot).items[0], shot).headline == (
        f"Nobody on the local network answers for {VIP} (games/minecraft)."
    )


def test_without_any_node_nothing_is_said_about_the_address() -> None:
    said = lan(LanReading(VIP, worlds.NOW, (), hosts={"192.168.7.20": "00:00:5e:00:53:20"}))
    assert said.state == "unreachable"
    assert problems(LanReading(VIP, worlds.NOW, ())) == []


def test_another_node_answers_than_the_lease_says() -> None:
    said = lan(read(SHED))
    assert (said.state, said.node) == ("conflict", "shed")
    assert "shed answers, but Lease kube-system/cilium-l2announce-games-minecraft says loft" in said.why
    assert "may not have heard of it yet" not in said.why
    assert "may not have heard of it yet" in lan(read(SHED), since=20).why


def test_another_host_answers() -> None:
    said = lan(read("00:00:5e:00:53:20"))
    assert (said.state, said.node) == ("conflict", None)
    assert said.why.startswith("192.168.7.20 answers for it")


def test_two_take_turns_within_a_check() -> None:
    said = lan(read(LOFT, "00:00:5e:00:53:20", LOFT))
    assert said.state == "conflict"
    assert f"{LOFT} (loft) and 00:00:5e:00:53:20 (192.168.7.20)" in said.why


def test_two_take_turns_from_check_to_check() -> None:
    earlier = ((worlds.NOW - 40, LOFT), (worlds.NOW - 20, SHED))
    assert lan(read(LOFT, earlier=earlier)).state == "conflict"
    # The address moved in between: that is no conflict but a move.
    assert lan(read(LOFT, earlier=earlier), since=10).state == "agrees"
    # A card that was replaced changes once and stays.
    assert lan(read(LOFT, earlier=((worlds.NOW - 40, SHED), (worlds.NOW - 20, LOFT)))).state == "agrees"


def test_a_move_while_it_is_asked_is_no_conflict() -> None:
    assert lan(read(SHED, LOFT), since=5).state == "agrees"


def test_a_mac_that_nobody_knows() -> None:
    said = lan(read("00:00:5e:00:53:99"))
    assert said.state == "unknown-mac"
    assert "another network card of a node" in said.why
    hosts = {"192.168.7.11": SHED}
    said = lan(LanReading(VIP, worlds.NOW, ("00:00:5e:00:53:99",), hosts=hosts))
    assert said.why == "00:00:5e:00:53:99 answers; which MAC loft has is not known here"


def test_what_could_not_be_asked_says_why() -> None:
    assert lan(LanReading(VIP, worlds.NOW, blocked="no route")) == Lan("not-checked", why="no route")
    assert problems(LanReading(VIP, worlds.NOW, blocked="no route")) == []
    assert lan(LanReading(VIP, worlds.NOW, asking=True)).state == "not-checked"


def test_a_card_that_answers_for_many_services_is_no_stranger() -> None:
    hosts = {"192.168.7.11": SHED, "192.168.7.105": "00:00:5e:00:53:12"}
    store = worlds.make_store(
        worlds.k3s_nodes(), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), worlds.l2_advertisement(),
        worlds.service("a", "x", ips=[VIP]), worlds.service("b", "x", ips=["192.168.7.105"]),
        worlds.endpoints("a", "x", ["loft"]), worlds.l2_status("x/a", "loft"),
    )  # fmt: skip
    store.set_lan([LanReading(VIP, worlds.NOW, (LOFT,), hosts=hosts)])
    (one, _) = ip_map(store.snapshot()).items
    assert one.lan.state == "unknown-mac"
    assert askable(one)


def test_an_answer_from_before_a_move_or_from_long_ago_says_nothing_of_now() -> None:
    before = LanReading(VIP, worlds.NOW - 100, (SHED,), hosts={**HOSTS, VIP: SHED})
    said = lan(before, since=60)
    assert (said.state, said.checked) == ("not-checked", False)
    assert said.why == "it moved after the local network was asked (100s ago); ask again"
    assert problems(before, since=60) == []
    old = LanReading(VIP, worlds.NOW - 700, (), hosts=HOSTS)
    assert "too long ago" in lan(old).why
    assert problems(old) == []
