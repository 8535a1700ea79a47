"""From picture to picture: observations for the history, changes for those who watch."""

from __future__ import annotations

from typing import Any

import pytest
import worlds

from pointsman.tui.answers.ips import changes, ip_map, observe
from pointsman.tui.answers.ips.model import Announcer, Evidence
from pointsman.tui.answers.ips.moves import moves_last_hour
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import LEASES, SERVICES
from pointsman.tui.store.history import History, Observation
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

VIP = "192.168.7.104"


def store(*parts: Any, **options: Any) -> Store:
    return worlds.make_store(
        worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium(), worlds.l2_policy(),
        worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"}), worlds.service("minecraft", "games", ips=[VIP]),
        worlds.endpoints("minecraft", "games", ["loft"]), *parts, **options,
    )  # fmt: skip


def set_lease(target: Store, holder: str, since: float = 100) -> None:
    target.change(LEASES, [from_doc(worlds.l2_lease("games/minecraft", holder, since=since), LEASES)])


def test_observations_are_taken_once_and_dated_by_the_evidence() -> None:
    world = store(worlds.l2_lease("games/minecraft", "loft", since=7200))
    (seen,) = observe(world.snapshot())
    assert seen == Observation(VIP, "loft", "lease", worlds.NOW - 7200)
    world.observe([seen])
    assert observe(world.snapshot()) == []
    set_lease(world, "shed", since=50)
    world.observe(observe(world.snapshot()))
    assert world.snapshot().history.moves(VIP, worlds.NOW - 3600) == 1
    assert ip_map(world.snapshot()).items[0].moves_last_hour == 1


def test_a_loss_is_observed_only_after_an_announcer_and_only_while_live() -> None:
    world = store()
    assert observe(world.snapshot()) == []
    set_lease(world, "loft")
    world.observe(observe(world.snapshot()))
    set_lease(world, "")
    (seen,) = observe(world.snapshot())
    assert (seen.node, seen.at) == ("", worlds.NOW)
    world.set_kind_link(LEASES, State.STALE)
    assert observe(world.snapshot()) == []


def test_a_prediction_is_no_observation() -> None:
    world = worlds.make_store(
        worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"),
        worlds.l2_advertisement(), worlds.service("a", "x", ips=[VIP]), worlds.endpoints("a", "x", ["shed"]),
    )  # fmt: skip
    assert ip_map(world.snapshot()).items[0].announcers
    assert observe(world.snapshot()) == []


def test_changes_in_words() -> None:
    world = store()
    pictures = [ip_map(world.snapshot())]

    def next_change() -> tuple[str, str]:
        pictures.append(ip_map(world.snapshot()))
        (change,) = changes(pictures[-2], pictures[-1])
        return change.event, change.text

    set_lease(world, "loft")
    assert next_change() == ("announced", f"{VIP} (games/minecraft) is announced by loft")
    set_lease(world, "shed")
    assert next_change() == ("moved", f"{VIP} (games/minecraft) moved from loft to shed")
    set_lease(world, "")
    assert next_change() == ("withdrawn", f"{VIP} (games/minecraft) is announced by nobody; it was shed")
    world.change(SERVICES, [from_doc(worlds.service("new", "x", ips=["192.168.7.9"]), SERVICES)])
    assert next_change()[0] == "assigned"
    world.change(SERVICES, deletes=[("x", "new")])
    assert next_change() == ("released", "192.168.7.9 was taken from x/new")
    world.change(SERVICES, [from_doc(worlds.service("wait", "x"), SERVICES)])
    event, text = next_change()
    assert event == "pending"
    assert text.startswith("x/wait waits for an address: ")
    world.change(SERVICES, [from_doc(worlds.service("wait", "x", ips=["192.168.7.9"]), SERVICES)])
    assert next_change()[0] == "assigned"  # and no second line that it waits no more
    assert changes(pictures[-1], pictures[-1]) == []


@pytest.mark.parametrize(
    ("since", "assigned", "watched_for", "history", "expected"),
    [
        (7200, [], 0, [], 0),  # the lease has stood for two hours
        (600, [], 0, [], None),  # taken within the hour, nobody saw how often
        (600, [], 7200, [("shed", 5000), ("loft", 600)], 1),
        (600, [], 7200, [("shed", 3000), ("loft", 2000), ("shed", 1000), ("loft", 600)], 3),
        (600, [], 100, [("loft", 90)], None),  # watched too short a time
        (600, [("loft", 60.0), ("shed", 500.0), ("loft", 900.0)], 0, [], 2),
        (600, [("loft", 60.0)], 0, [], None),  # one event proves nothing
        (600, [("loft", 60.0), ("shed", 5000.0)], 0, [], 1),
        (600, [("loft", None), ("shed", None)], 0, [], None),
        (None, [], 7200, [("loft", 7000)], 0),
    ],
)
def test_moves(
    since: float | None,
    assigned: list[tuple[str, float | None]],
    watched_for: float,
    history: list[tuple[str, float]],
    expected: int | None,
) -> None:
    now = worlds.NOW
    past = History(started=now - watched_for).observed(
        Observation(VIP, node, "lease", now - ago) for node, ago in history
    )
    announcer = Announcer("loft", None if since is None else now - since, Evidence.LEASE)
    events = [(node, None if ago is None else now - ago) for node, ago in assigned]
    assert moves_last_hour(VIP, (announcer,), events, past, now) == expected


def test_two_services_that_share_an_address_and_have_two_holders_are_no_flapping() -> None:
    world = store(
        worlds.service("proxy", "games", ips=[VIP], ports=((80, "TCP"),)), worlds.endpoints("proxy", "games", ["loft"]),
        worlds.l2_lease("games/minecraft", "loft"), worlds.l2_lease("games/proxy", "loft"),
    )  # fmt: skip
    for _ in range(3):
        world.observe(observe(world.snapshot()))
    assert len(world.snapshot().history.by_ip[VIP]) == 1
    world.change(LEASES, [from_doc(worlds.l2_lease("games/proxy", "shed", since=10), LEASES)])
    for _ in range(3):
        world.observe(observe(world.snapshot()))
    assert len(world.snapshot().history.by_ip[VIP]) == 1


def test_what_may_not_be_read_any_more_is_no_withdrawal() -> None:
    world = store(worlds.l2_lease("games/minecraft", "loft"))
    world.observe(observe(world.snapshot()))
    world.replace(LEASES, [])
    world.set_kind_link(LEASES, State.FORBIDDEN)
    assert observe(world.snapshot()) == []
