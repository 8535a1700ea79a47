"""What changed: the newest first, each thing once, nothing that is older than a day."""

from __future__ import annotations

from typing import Any

import scenarios
import worlds

from pointsman.tui.answers.changes import MOST, Happening, what_changed
from pointsman.tui.model.kinds import EVENTS
from pointsman.tui.store.history import Observation
from pointsman.tui.store.snapshot import State

VIP = "192.168.7.104"


def told(*parts: Any, **options: Any) -> list[tuple[str, str, str]]:
    return [(item.severity, item.subject, item.text) for item in what_changed(worlds.make_snapshot(*parts, **options))]


def classic(*parts: Any) -> list[Any]:
    nodes = worlds.k3s_nodes("--disable=servicelb")
    return [*nodes, *worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"), worlds.l2_advertisement(),
            worlds.service("minecraft", "games", ips=[VIP]), worlds.endpoints("minecraft", "games", ["loft"]), *parts]  # fmt: skip


def assigned(node: str, seconds_ago: float) -> dict[str, Any]:
    return worlds.event("nodeAssigned", f'announcing from node "{node}" with protocol "layer2"',
                        ("Service", "games", "minecraft"), seconds_ago=seconds_ago)  # fmt: skip


def about(entries: list[tuple[str, str, str]], subject: str) -> list[str]:
    return [text for _, name, text in entries if name == subject]


def test_a_status_object_and_its_event_are_one_happening() -> None:
    found = told(classic(worlds.l2_status("games/minecraft", "loft", since=600), assigned("loft", 640)))
    assert about(found, VIP) == ["is announced by loft"]
    found = told(classic(worlds.l2_status("games/minecraft", "loft", since=600), assigned("shed", 4000)))
    assert about(found, VIP) == ["is announced by loft", "is announced by shed"]


def test_every_watched_move_is_told() -> None:
    watched = [Observation(VIP, node, "status", worlds.NOW - ago) for node, ago in
               (("loft", 300), ("shed", 200), ("loft", 160), ("shed", 120), ("", 60), ("loft", 30))]  # fmt: skip
    found = told(classic(worlds.l2_status("games/minecraft", "loft", since=30)), observed=watched)
    assert about(found, VIP) == [
        "is announced by loft", "is announced by nobody; it was shed", "moved from loft to shed",
        "moved from shed to loft", "moved from loft to shed",
    ]  # fmt: skip


def test_nodes_and_restarts_of_the_network() -> None:
    parts = classic()
    parts[1]["status"]["conditions"][0] |= {"status": "False", "message": "gone", "lastTransitionTime": worlds.ago(120)}
    speaker = worlds.pod("speaker-x1", "metallb-system", "loft")
    speaker["status"]["containerStatuses"] = [
        {"name": "speaker", "ready": False, "restartCount": 4,
         "lastState": {"terminated": {"reason": "Error", "exitCode": 2, "finishedAt": worlds.ago(90)}}}
    ]  # fmt: skip
    other = worlds.pod("app-1", "media", "loft")
    other["status"]["containerStatuses"] = speaker["status"]["containerStatuses"]
    found = told(parts, speaker, other)
    assert ("error", "node loft", "is not ready: gone") in found
    assert (
        "warn",
        "pod metallb-system/speaker-x1",
        "speaker ended on loft (Error, exit code 2), for the 4th time",
    ) in found
    assert about(found, "pod media/app-1") == []


def test_new_objects_and_events() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {},
              "metadata": {"name": "deny", "namespace": "media", "creationTimestamp": worlds.ago(3600)}}  # fmt: skip
    old = {**policy, "metadata": {"name": "old", "namespace": "media", "creationTimestamp": worlds.ago(90_000)}}
    events = [
        worlds.event("BackOff", "Back-off restarting failed container", ("Pod", "media", "x"), type="Warning", count=7),
        worlds.event("Pulled", "Container image already present", ("Pod", "media", "x")),
        worlds.event("ScalingReplicaSet", "Scaled up", ("Deployment", "media", "x")),
        worlds.event(
            "NodeNotReady",
            "Node loft status is now: NodeNotReady",
            ("Node", "", "loft"),
            writer="node-controller",
            seconds_ago=70,
        ),
    ]
    assert told(policy, old, events) == [
        ("warn", "pod media/x", "Back-off restarting failed container (7 times)"),
        ("info", "node loft", "Node loft status is now: NodeNotReady"),
        ("info", "NetworkPolicy media/deny", "was made"),
    ]


def test_bounded_ordered_and_not_from_the_future() -> None:
    events = [
        worlds.event("Failed", f"no {n}", ("Pod", "x", f"p{n}"), seconds_ago=float(n), type="Warning")
        for n in range(300)
    ]
    future = worlds.event("Failed", "tomorrow", ("Pod", "x", "p"), seconds_ago=-86400.0, type="Warning")
    found = what_changed(worlds.make_snapshot(events, future))
    assert len(found) == MOST
    assert [item.at for item in found] == sorted((item.at for item in found), reverse=True)
    assert all(item.text != "tomorrow" for item in found)


def test_events_that_may_not_be_read_are_a_line_of_their_own() -> None:
    store = worlds.make_store(classic(worlds.l2_status("games/minecraft", "loft", since=600)))
    store.set_kind_link(EVENTS, State.FORBIDDEN, "needs list events")
    found = what_changed(store.snapshot())
    assert [(item.subject, item.text) for item in found][:2] == [
        ("events", "needs list events"), (VIP, "is announced by loft"),
    ]  # fmt: skip


def test_the_demo_has_something_to_tell() -> None:
    for variant in ("classic", "broken"):
        found = what_changed(scenarios.store_of(variant).snapshot())  # type: ignore[arg-type]
        assert found
        assert all(isinstance(item, Happening) and item.text and item.subject for item in found)
        assert len({item.id for item in found}) == len(found)
