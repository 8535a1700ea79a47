"""Moves with their probable causes, renewals by arrival, and what the program did not see."""

from __future__ import annotations

from typing import Any

import worlds

from pointsman.tui.answers.ips import Evidence, changes, explain, ip_map, observe, with_causes
from pointsman.tui.answers.ips.causes import probable
from pointsman.tui.answers.ips.renewals import missed, renewals, silence, usual
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import LEASES, NODES
from pointsman.tui.store.history import GLANCE, History, Observation, joined
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.store import Store
from pointsman.tui.watch import Watch, recalled

VIP = "192.168.7.104"
NOW = worlds.NOW
KEY = ("kube-system", "cilium-l2announce-games-minecraft")


def cilium_world(*parts: Any, lease: Any = None, local: bool = False, ready: tuple[str, ...] = ("loft",)) -> list[Any]:
    spec = {"externalTrafficPolicy": "Local"} if local else {}
    service = worlds.service("minecraft", "games", ips=[VIP])
    service["spec"].update(spec)
    agents = [worlds.pod(f"cilium-{node}", "kube-system", node, labels={"k8s-app": "cilium"}) for node in worlds.NODES]
    return [
        worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium(), agents, worlds.l2_policy(),
        worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"}), service, worlds.endpoints("minecraft", "games", ready),
        lease or worlds.l2_lease("games/minecraft", "loft", since=60), *parts,
    ]  # fmt: skip


def cause(snapshot: Snapshot, before: str, after: str, at: float = NOW - 30) -> str:
    found = probable(snapshot, ip_map(snapshot).items[0], before, after, at)
    return found.text if found is not None else ""


# -- causes -----------------------------------------------------------------------------------------------------------
def test_a_dead_node_explains_a_move() -> None:
    parts = cilium_world()
    parts[0] = worlds.k3s_nodes("--flannel-backend=none")
    for doc in parts[0]:
        if doc["metadata"]["name"] == "shed":
            doc["status"]["conditions"][0] |= {"status": "Unknown", "lastTransitionTime": worlds.ago(50)}
    picture = worlds.make_snapshot(*parts)
    assert cause(picture, "shed", "loft") == "node shed became not ready 20s before"
    assert cause(picture, "ghost", "loft") == "ghost is no longer a node of the cluster"
    assert cause(picture, "closet", "loft") == ""


def test_a_restarted_agent_explains_a_move() -> None:
    parts = cilium_world()
    for doc in parts[2]:
        if doc["spec"]["nodeName"] == "shed":
            doc["status"]["containerStatuses"] = [
                {
                    "name": "cilium-agent", "ready": True, "restartCount": 1, "state": {"running": {}},
                    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": worlds.ago(45)}},
                }
            ]  # fmt: skip
    picture = worlds.make_snapshot(*parts)
    found = probable(picture, ip_map(picture).items[0], "shed", "loft", NOW - 30)
    assert found is not None
    assert found.text == "the Cilium agent on shed ended 15s before (OOMKilled) and was started again"
    assert "cilium-shed" in found.proof


def test_an_endpoint_that_went_explains_a_move_only_with_the_local_policy() -> None:
    words = "shed has no ready endpoint any more, and externalTrafficPolicy is Local"
    assert cause(worlds.make_snapshot(*cilium_world(local=True)), "shed", "loft") == words
    assert cause(worlds.make_snapshot(*cilium_world()), "shed", "loft") == ""


def test_an_edited_pool_explains_a_move_and_an_old_edit_does_not() -> None:
    for seconds, expected in ((50, "CiliumLoadBalancerIPPool lan was edited 20s before"), (5000, "")):
        pool = worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"})
        pool["metadata"]["managedFields"] = [
            {"manager": "kubectl-edit", "operation": "Update", "time": worlds.ago(seconds)},
            {"manager": "cilium", "operation": "Update", "time": worlds.ago(40), "subresource": "status"},
        ]
        parts = cilium_world()
        parts[4] = pool
        assert cause(worlds.make_snapshot(*parts), "shed", "loft") == expected


def test_late_renewals_explain_a_move_when_nothing_better_does() -> None:
    store = worlds.make_store(*cilium_world())
    lease = store.snapshot().get(LEASES, *KEY)
    assert lease is not None
    from pointsman.tui.store.history import Beats

    store.set_beats({KEY: Beats("x", NOW - 600, NOW, (2.0,), ((NOW - 30, 22.0),))}, (NOW - 40,))
    words = cause(store.snapshot(), "shed", "loft")
    assert "did not renew the lease for 22s (it lasts 15s)" in words
    assert "throttled" in words


def test_metallb_takes_an_address_back_when_the_node_it_prefers_is_there_again() -> None:
    nodes = worlds.k3s_nodes("--disable=servicelb")
    for doc in nodes:
        if doc["metadata"]["name"] == "loft":
            doc["status"]["conditions"][0]["lastTransitionTime"] = worlds.ago(45)
    picture = worlds.make_snapshot(
        nodes, worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), worlds.l2_advertisement("lan", "lan"),
        worlds.service("web", "media", ips=[VIP]), worlds.endpoints("web", "media", ["shed"]),
        worlds.l2_status("media/web", "loft", since=30),
    )  # fmt: skip
    assert cause(picture, "shed", "loft") == (
        "loft became ready 15s before, and MetalLB's election prefers it for this address"
    )


def test_the_cause_is_kept_with_the_observation_and_told_with_the_change() -> None:
    clock = [NOW]
    store = worlds.make_store(*cilium_world(lease=worlds.l2_lease("games/minecraft", "shed", since=7200)))
    store._clock = lambda: clock[0]  # type: ignore[method-assign]
    before = ip_map(store.snapshot())
    store.observe(observe(store.snapshot()))
    node = store.snapshot().get(NODES, "", "shed")
    assert node is not None
    dead = node.doc()
    dead["status"]["conditions"][0] |= {"status": "Unknown", "lastTransitionTime": worlds.ago(-5)}
    clock[0] += 20
    store.change(NODES, [from_doc(dead, NODES)])
    store.change(LEASES, [from_doc(worlds.l2_lease("games/minecraft", "loft", since=-20, renewed=-20), LEASES)])
    picture = store.snapshot()
    store.observe(observe(picture))
    (move,) = store.snapshot().history.moves_of(VIP)
    assert (move.before, move.after) == ("shed", "loft")
    assert move.cause.startswith("node shed became not ready")
    told = with_causes(changes(before, ip_map(picture)), store.snapshot().history)
    assert [one.cause for one in told if one.event == "moved"] == [move.cause]
    said = explain(ip_map(store.snapshot()).items[0], store.snapshot()).evidence
    (line,) = [(text, source) for text, source in said if text.startswith("moved from")]
    assert "probably node shed became not ready" in line[0]
    assert line[1] == "condition Ready of Node shed"


# -- renewals ---------------------------------------------------------------------------------------------------------
def _renewing(gaps: list[float], others: list[float]) -> Store:
    """A lease renewed after each gap, with news of another lease at the times of ``others``."""
    clock = [NOW]
    store = worlds.make_store(*cilium_world())
    store._clock = lambda: clock[0]  # type: ignore[method-assign]
    store.set_beats(*renewals(store.snapshot()))
    times = sorted(
        [(NOW + sum(gaps[: n + 1]), "mine") for n in range(len(gaps))] + [(NOW + at, "other") for at in others]
    )
    for at, whose in times:
        clock[0] = at
        name = "games/minecraft" if whose == "mine" else "media/other"
        store.change(LEASES, [from_doc(worlds.l2_lease(name, "loft", renewed=NOW - at), LEASES)])
        store.set_beats(*renewals(store.snapshot()))
    return store


def test_renewals_are_judged_by_when_they_arrive() -> None:
    store = _renewing([2.0, 2.0, 2.1, 2.0], [])
    beats = store.snapshot().history.beats[KEY]
    assert usual(beats) == 2.0
    assert beats.late == ()


def test_a_pause_counts_only_while_other_leases_brought_news() -> None:
    seen = _renewing([2.0, 20.0], [5.0, 9.0, 15.0]).snapshot()
    (late,) = seen.history.beats[KEY].late
    assert late == (NOW + 22.0, 20.0)
    assert missed(seen.history.beats[KEY], NOW, 15.0) == 1
    deaf = _renewing([2.0, 20.0], []).snapshot()
    assert deaf.history.beats[KEY].late == ()


def test_a_lease_that_falls_silent_is_told_by_arrival_not_by_clocks() -> None:
    # The node's clock is five minutes slow: its renewals look old, but they arrive.
    store = _renewing([2.0] * 40, [])
    assert not any(problem.id == "vip-ghost" for problem in ip_map(store.snapshot()).items[0].problems)
    silent = _renewing([2.0], [float(at) for at in range(4, 120, 2)]).snapshot()
    assert silence(silent.history.beats[KEY], silent.history, silent.now) is not None
    (problem,) = [one for one in ip_map(silent).items[0].problems if one.id == "vip-ghost"]
    assert "has not renewed it for" in problem.text


# -- what was watched -------------------------------------------------------------------------------------------------
def test_looking_often_is_watching_and_a_pause_is_a_hole() -> None:
    past = History(started=NOW)
    for second in range(0, 60, 5):
        past = past.looked(NOW + second)
    past = past.looked(NOW + 55 + GLANCE * 4)
    assert past.watched == ((NOW, NOW + 55), (NOW + 55 + GLANCE * 4, NOW + 55 + GLANCE * 4))
    assert past.unwatched(NOW, NOW + 55 + GLANCE * 4) == GLANCE * 4
    assert joined([(5, 9), (1, 2), (8, 30)]) == ((1, 30),)


def test_an_hour_with_a_hole_in_it_is_no_hour_without_moves() -> None:
    steady = (Observation(VIP, "loft", "event", NOW - 7200),)
    whole = History({VIP: steady}, NOW, ((NOW - 7200, NOW),))
    holed = History({VIP: steady}, NOW, ((NOW - 7200, NOW - 1800), (NOW - 60, NOW)))
    from pointsman.tui.answers.ips.model import Announcer
    from pointsman.tui.answers.ips.moves import moves_last_hour

    one = (Announcer("loft", None, Evidence.EVENT),)
    assert moves_last_hour(VIP, one, [], whole, NOW) == 0
    assert moves_last_hour(VIP, one, [], holed, NOW) is None


def test_a_move_that_happened_while_nobody_watched_says_so() -> None:
    items = (Observation(VIP, "loft", "lease", NOW - 7200), Observation(VIP, "shed", "lease", NOW - 100))
    past = History({VIP: items}, NOW, ((NOW - 7200, NOW - 3600), (NOW - 100, NOW)))
    (move,) = past.moves_of(VIP)
    assert not move.watched
    (move,) = History({VIP: items}, NOW, ((NOW - 7200, NOW),)).moves_of(VIP)
    assert move.watched


# -- the watch and the disk -------------------------------------------------------------------------------------------
def test_what_one_program_watched_the_next_one_knows() -> None:
    clock = [NOW]

    def start() -> Store:
        store = worlds.make_store(*cilium_world(lease=worlds.l2_lease("games/minecraft", "shed", since=7200)))
        store._clock = lambda: clock[0]  # type: ignore[method-assign]
        return store

    first = start()
    watch = Watch(first)
    for _ in range(4):
        watch.look(first.snapshot())
        clock[0] += 5
    watch.end()
    clock[0] += 600
    second = start()
    second.change(LEASES, [from_doc(worlds.l2_lease("games/minecraft", "loft", since=-500), LEASES)])
    again = Watch(second)
    again.look(second.snapshot())
    again.end()
    history = second.snapshot().history
    (move,) = history.moves_of(VIP)
    assert (move.before, move.after, move.watched) == ("shed", "loft", False)
    assert history.unwatched(NOW, clock[0]) > 590
    third = start()
    recalled(third)
    assert third.snapshot().history.moves(VIP, 0) == 1


def test_the_demo_and_files_leave_nothing_on_disk() -> None:
    from dataclasses import replace

    from pointsman.tui.disk.history import folder

    for change in ({"demo": "cilium"}, {"origin": "manifests"}):
        store = worlds.make_store(*cilium_world())
        store.set_cluster(replace(store.cluster, **change))
        watch = Watch(store)
        watch.look(store.snapshot())
        watch.end()
    assert not folder().exists()


def test_news_tells_the_moves_of_a_day_with_their_causes() -> None:
    from pointsman.tui.answers.changes import what_changed

    items = [
        Observation(VIP, "loft", "lease", NOW - 5 * 86400),
        Observation(VIP, "shed", "lease", NOW - 4 * 86400),
        Observation(VIP, "loft", "lease", NOW - 600, "node shed became not ready", "Node shed"),
    ]
    told = [
        item.text for item in what_changed(worlds.make_snapshot(*cilium_world(), observed=items)) if item.subject == VIP
    ]
    moves = [text for text in told if text.startswith("moved")]
    assert moves == ["moved from shed to loft (probably node shed became not ready)"]
