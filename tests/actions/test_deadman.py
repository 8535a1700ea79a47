"""The dead-man in the cluster: armed first, back at the deadline, nothing left; on the demo's nodes and, on a real API
server, its container's very command with its account's rights."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deadmankit import JOBS, Container, kubelet
from writekit import NP, SPEC, Relay, desk_at, pointsman, ref, run, until, writes

from pointsman.tui.actions import arming
from pointsman.tui.actions.change import Change
from pointsman.tui.actions.deadman import LABEL, Place, parts, path_of
from pointsman.tui.actions.guard import folder as guards
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.toggle import OFF_OPERATION, is_parked, parked, was_switched
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.disk.journal import Journal, State, clusters
from pointsman.tui.paths import config_file

IMAGE = "docker.io/alpine/kubectl:1.35.0"


@pytest.fixture
def nodes(relay: Relay, tmp_path: Path) -> Iterator[None]:
    with kubelet(relay, tmp_path / "pods"):
        yield
        for kind in ("Job", "ServiceAccount", "Role", "RoleBinding"):
            for space in ("default", "kube-system"):
                for name in names(relay, kind, space):
                    relay.ask("DELETE", path_of(kind, space, name), {"propagationPolicy": "Background"})


def names(relay: Relay, kind: str, space: str) -> list[str]:
    status, answer = relay.ask("GET", f"{path_of(kind, space)}?labelSelector={LABEL}")
    assert status == 200, answer
    return [item["metadata"]["name"] for item in answer["items"]]


def left(relay: Relay) -> list[str]:
    """What of any dead-man is in the cluster."""
    return [
        f"{kind} {space}/{name}"
        for kind in ("Job", "ServiceAccount", "Role", "RoleBinding")
        for space in ("default", "kube-system")
        for name in names(relay, kind, space)
    ]


def off(relay: Relay, name: str, seconds: str, *more: str) -> tuple[int, dict[str, Any], str]:
    words = ("policy", "off", f"default/{name}", "--for", seconds, "--in-cluster", "--yes", "-o", "json", *more)
    code, out, err = run(relay, *words)
    return code, json.loads(out) if out else {}, err


def journal() -> Journal:
    (path,) = clusters()
    return Journal(path.stem)


def end_guard() -> None:
    for path in guards().glob("*.lock"):
        with contextlib.suppress(ValueError, ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


# -- the whole life ----------------------------------------------------------------------------------------------------


def test_it_switches_on_when_nobody_else_does(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    before = relay.read(name)
    code, doc, err = off(relay, name, "8s")
    assert (code, doc["status"]) == (0, "done"), err
    assert doc["job"] == {"namespace": "default", "name": f"pointsman-deadman-{doc['id']}", "image": IMAGE}
    assert is_parked(relay.read(name))
    assert left(relay) == [
        f"{kind} default/{doc['job']['name']}" for kind in ("Job", "ServiceAccount", "Role", "RoleBinding")
    ]
    end_guard()
    until(lambda: not was_switched(relay.read(name)), 40)
    after = relay.read(name)
    assert json.dumps(after["spec"]) == json.dumps(before["spec"])
    assert "annotations" not in after["metadata"]
    # The next start finds what is left, and says in the journal that the toggle is over.
    async_tidy(relay, later=60.0)
    assert left(relay) == []
    (write,) = journal().read().writes
    assert write.state is State.UNDONE
    assert "dead-man" in write.text


def async_tidy(relay: Relay, later: float = 0.0) -> None:
    """As a start of the program does, some seconds from now."""

    async def work() -> None:
        async with desk_at(relay) as desk:
            desk.deadmen._clock = lambda: time.time() + later
            assert await desk.deadmen.tidy() == []

    asyncio.run(work())


def test_the_guard_is_first_and_removes_it(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    code, doc, err = off(relay, name, "3s")
    assert code == 0, err
    until(lambda: not was_switched(relay.read(name)), 30)
    until(lambda: left(relay) == [], 10)
    write = journal().read().get(doc["id"])
    assert write is not None
    texts = [entry.text for entry in write.events if entry.event == arming.PART]
    assert [text.split()[:2] for text in texts[:4]] == [
        ["makes", "ServiceAccount"], ["makes", "Job"], ["makes", "Role"], ["makes", "RoleBinding"],
    ]  # fmt: skip
    assert "the policy is on again" in texts[-1]


def test_switching_on_by_hand_removes_it_and_status_names_it(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    assert off(relay, name, "5m")[0] == 0
    (item,) = json.loads(run(relay, "policy", "status", "-o", "json")[1])["items"]
    assert (item["watched"], item["job"]["state"], item["job"]["namespace"]) == ("guard", "armed", "default")
    assert "a guard process here; a Job in the cluster" in run(relay, "policy", "status")[1]
    assert run(relay, "policy", "on", f"default/{name}", "--yes")[0] == 0
    assert left(relay) == []
    assert not was_switched(relay.read(name))


def test_a_second_toggle_without_one_removes_the_first_ones(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    _, first, _ = off(relay, name, "5m")
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--for", "4m", "--yes")
    assert code == 0, err
    assert relay.read(name)["metadata"]["annotations"][OFF_OPERATION] != first["id"]
    assert left(relay) == []
    assert is_parked(relay.read(name))


def test_an_image_that_cannot_be_pulled_switches_nothing_off(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    before = relay.read(name)
    code, doc, err = off(relay, name, "5m", "--image", "registry.invalid/kubectl:1")
    assert (code, doc["status"]) == (2, "refused")
    assert "not armed: its image registry.invalid/kubectl:1 cannot be pulled (ImagePullBackOff" in doc["text"]
    assert "Ask again" in doc["text"]
    assert "All that was made for it is removed" in err
    assert relay.read(name)["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert left(relay) == []
    assert list(guards().glob("*.lock")) == [] if guards().exists() else True
    (write,) = journal().read().writes
    assert (write.state, write.certain) == (State.FAILED, True)
    assert arming.journalled(write) == ()


async def test_one_that_is_not_ready_in_time_is_not_armed(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No node takes it (a real server without nodes), or its pod needs longer."""
    relay.make(name)
    plain = arming.arm
    monkeypatch.setattr(arming, "arm", lambda *words, **more: plain(*words, **more, seconds=0.8))
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 600, in_cluster=True)
        result, armed = await desk.execute(plan)
    assert (result.status, armed) == (Status.REFUSED, None)
    assert "not ready within 1 s" in result.text
    assert left(relay) == []
    assert not was_switched(relay.read(name))


async def test_leaving_while_it_is_being_armed_leaves_nothing(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 600, in_cluster=True)
        made = asyncio.Event()
        task = asyncio.create_task(desk.execute(plan, tell=lambda text: made.set()))
        await asyncio.wait_for(made.wait(), 20)
        assert left(relay) != []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, arming.journalled(write)) == (State.FAILED, ())
    assert left(relay) == []
    assert not was_switched(relay.read(name))


def test_a_policy_that_was_changed_meanwhile_removes_what_was_armed(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    stop = relay.hold(lambda request: writes(request) and request.path.endswith(f"networkpolicies/{name}"))
    child = pointsman(relay, "policy", "off", f"default/{name}", "--in-cluster", "--yes")
    assert stop.reached.wait(30)
    assert len(left(relay)) == 4
    relay.change(name, {"metadata": {"labels": {"theirs": "yes"}}})
    stop.go.set()
    _, err = child.communicate(timeout=40)
    assert child.returncode == 2, err
    assert left(relay) == []


# -- SIGKILL -----------------------------------------------------------------------------------------------------------


def makes(plural: str) -> Any:
    return lambda request: writes(request) and request.method == "POST" and request.path.endswith(f"/{plural}")


def toggles(name: str) -> Any:
    return lambda request: writes(request) and request.path.endswith(f"/networkpolicies/{name}")


POINTS = {
    "before the account": (makes("serviceaccounts"), False),
    "account made": (makes("serviceaccounts"), True),
    "job made": (makes("jobs"), True),
    "role made": (makes("roles"), True),
    "before the policy": ("policy", False),
    "policy written": ("policy", True),
}


@pytest.mark.parametrize("point", POINTS)
def test_sigkill_at_every_point(relay: Relay, nodes: None, name: str, point: str) -> None:
    relay.make(name)
    before = json.dumps(relay.read(name)["spec"])
    rule, after = POINTS[point]
    landed = point == "policy written"
    stop = relay.hold(toggles(name) if rule == "policy" else rule, after=after, then="cut")
    child = pointsman(relay, "policy", "off", f"default/{name}", "--for", "8s", "--in-cluster", "--yes")
    assert stop.reached.wait(30)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=10)
    end_guard()  # as if the machine were gone
    stop.go.set()
    assert was_switched(relay.read(name)) is landed
    if landed:
        until(lambda: not was_switched(relay.read(name)), 40)
    assert json.dumps(relay.read(name)["spec"]) == before
    assert "annotations" not in relay.read(name)["metadata"]
    # A later start finds what the dead program has left.
    code, out, err = run(relay, "policy", "off", f"default/{name}", "--permanent", f"--yes={name}")
    assert code == 0, (out, err)
    if point == "before the policy":
        # The write may have been on its way: its dead-man stays for a moment.
        assert len(left(relay)) == 4
        async_tidy(relay, later=60.0)
    assert left(relay) == []


# -- its rights and its command ----------------------------------------------------------------------------------------


class Stage:
    """A policy that is off, with the account, role and binding of its dead-man, and the Job as it would be made."""

    def __init__(self, relay: Relay, name: str, *, op: str = "feed1234", seconds: float = 0.0) -> None:
        self.relay, self.name = relay, name
        relay.make(name)
        self.before = relay.read(name)
        end = time.time() + seconds
        after = parked(self.before, op=op, until=end, by="me")
        change = Change(ref(name), self.before, after, "v1")
        account, self.job, role, binding = parts(change, op, Place("default", IMAGE), end + 60, time.time())
        for doc in (account, role, binding):
            status, answer = relay.ask("POST", path_of(doc["kind"], "default"), doc)
            assert status == 201, answer
        self.after = after

    def switch_off(self) -> None:
        self.relay.change(
            self.name,
            {"spec": self.after["spec"], "metadata": {"annotations": self.after["metadata"]["annotations"]}},
        )


@contextlib.contextmanager
def acting(stage: Stage, folder: Path) -> Iterator[Container]:
    container = Container(stage.relay, stage.job, folder)
    try:
        yield container
    finally:
        container.stop()
        for kind in ("ServiceAccount", "Role", "RoleBinding"):
            for found in names(stage.relay, kind, "default"):
                stage.relay.ask("DELETE", path_of(kind, "default", found))


def test_the_command_itself_is_armed_and_switches_on(relay: Relay, tmp_path: Path, name: str) -> None:
    stage = Stage(relay, name)
    with acting(stage, tmp_path / "c") as container:
        until(lambda: container.ready, 30)
        assert "armed: it has read" in container.said
        stage.switch_off()
        until(lambda: container.process.poll() is not None, 30)
        assert (container.process.returncode, "switched on" in container.said) == (0, True), container.said
    after = relay.read(name)
    assert json.dumps(after["spec"]) == json.dumps(stage.before["spec"])
    assert "annotations" not in after["metadata"]


def test_its_account_may_do_nothing_else(relay: Relay, tmp_path: Path, name: str) -> None:
    other = f"{name}-other"
    stage = Stage(relay, name, seconds=600)
    relay.make(other)
    with acting(stage, tmp_path / "c") as container:
        until(lambda: container.ready, 30)
        patch = ("--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}')
        assert container.kubectl("-n", "default", "patch", "netpol", name, *patch).returncode == 0
        forbidden = (
            ("-n", "default", "patch", "netpol", other, *patch),
            ("-n", "default", "get", "netpol", other),
            ("-n", "default", "get", "netpol"),
            ("-n", "default", "delete", "netpol", name),
            ("-n", "kube-system", "get", "netpol", name),
            ("-n", "default", "get", "secrets"),
            ("-n", "default", "get", "pods"),
            ("get", "nodes"),
        )
        for words in forbidden:
            done = container.kubectl(*words)
            assert done.returncode != 0, words
            assert "Forbidden" in done.stderr or "forbidden" in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("who", ["on by hand", "another operation", "gone"])
def test_it_does_nothing_when_it_is_not_its_turn(relay: Relay, tmp_path: Path, name: str, who: str) -> None:
    stage = Stage(relay, name)
    stage.switch_off()
    if who == "on by hand":
        stage.relay.change(name, {"metadata": {"annotations": {OFF_OPERATION: None}}})
        said = "never switched off"
        stage.job["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {**item, "value": "20200101000000"} if item["name"] == "LATEST" else item
            for item in stage.job["spec"]["template"]["spec"]["containers"][0]["env"]
        ]
    elif who == "another operation":
        stage.relay.change(name, {"metadata": {"annotations": {OFF_OPERATION: "0ther000"}}})
        said = "never switched off"
        stage.job["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {**item, "value": "20200101000000"} if item["name"] == "LATEST" else item
            for item in stage.job["spec"]["template"]["spec"]["containers"][0]["env"]
        ]
    else:
        assert relay.ask("DELETE", f"{NP}/{name}")[0] == 200
        said = "it is gone"
    with acting(stage, tmp_path / "c") as container:
        until(lambda: container.process.poll() is not None, 30)
        assert (container.process.returncode, said in container.said) == (0, True), container.said
    if who != "gone":
        assert is_parked(relay.read(name))


def test_a_selector_that_somebody_changed_keeps_the_change(relay: Relay, tmp_path: Path, name: str) -> None:
    stage = Stage(relay, name, seconds=3)
    stage.switch_off()
    relay.change(name, {"spec": {"podSelector": {"matchLabels": {"tier": "back"}}}})
    with acting(stage, tmp_path / "c") as container:
        until(lambda: container.process.poll() is not None, 30)
        assert container.process.returncode == 0, container.said
    found = relay.read(name)
    assert found["spec"]["podSelector"] == {"matchLabels": {"app": "db", "tier": "back"}}
    assert "annotations" not in found["metadata"]
    assert found["spec"]["ingress"] == SPEC["ingress"]


def test_a_server_that_is_away_at_the_deadline_is_tried_again(relay: Relay, tmp_path: Path, name: str) -> None:
    stage = Stage(relay, name, seconds=1)
    stage.switch_off()
    with acting(stage, tmp_path / "c") as container:
        config = tmp_path / "c" / "kubeconfig"
        good = config.read_text()
        config.write_text(good.replace("127.0.0.1:", "127.0.0.1:1").replace("localhost:", "localhost:1"))
        until(lambda: "cannot read it" in container.said, 30)
        assert not container.ready or "armed" in container.said
        config.write_text(good)
        until(lambda: container.process.poll() is not None, 40)
        assert "switched on" in container.said
    assert not was_switched(relay.read(name))


def test_a_job_is_what_a_strict_namespace_takes(relay: Relay, name: str) -> None:
    """Pod security "restricted" and strict field validation: the dry run of the server itself."""
    stage = Stage(relay, name, seconds=60)
    status, answer = relay.ask(
        "POST", f"{JOBS.format('default')}?dryRun=All&fieldValidation=Strict", stage.job
    )  # fmt: skip
    assert status == 201, answer
    for kind in ("ServiceAccount", "Role", "RoleBinding"):
        for found in names(relay, kind, "default"):
            relay.ask("DELETE", path_of(kind, "default", found))


# -- elsewhere, and together -------------------------------------------------------------------------------------------


def test_in_another_namespace_than_its_policy(relay: Relay, nodes: None, name: str, own_home: Path) -> None:
    """Its role stays with the policy, its pod runs elsewhere: what its Job cannot own is removed all the same."""
    settings = config_file()
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('deadman_namespace = "kube-system"\n')
    relay.make(name)
    code, doc, err = off(relay, name, "8s")
    assert code == 0, err
    job = f"pointsman-deadman-{doc['id']}"
    assert doc["job"]["namespace"] == "kube-system"
    assert left(relay) == [
        f"Job kube-system/{job}", f"ServiceAccount kube-system/{job}", f"Role default/{job}", f"RoleBinding default/{job}",
    ]  # fmt: skip
    assert "a Role and RoleBinding in default" in err
    end_guard()
    until(lambda: not was_switched(relay.read(name)), 40)
    # Even when the cluster has removed the Job, the journal knows what it could not own.
    relay.ask("DELETE", path_of("Job", "kube-system", job), {"propagationPolicy": "Background"})
    async_tidy(relay, later=60.0)
    assert left(relay) == []


async def test_two_programs_at_once_remove_it_once_and_do_not_fight(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as first:
        plan = await first.plan_off(ref(name), 600, in_cluster=True)
        result, armed = await first.execute(plan)
        assert (result.status, armed is not None) == (Status.DONE, True)
        async with desk_at(relay) as second, desk_at(relay) as third:
            assert second.deadmen.leftovers() == ()
            on = await second.plan_on(ref(name))
            other = await third.plan_on(ref(name))
            results = await asyncio.gather(second.execute(on), third.execute(other))
            assert {found.status for found, _ in results} <= {Status.DONE, Status.NOTHING}
            assert all(not found.trouble for found, _ in results)
    assert left(relay) == []
    assert not was_switched(relay.read(name))


def test_one_that_was_never_needed_ends_and_is_found(relay: Relay, nodes: None, name: str) -> None:
    """Switched on with kubectl while this machine sleeps: its pod ends by itself, and the next start removes the rest."""
    relay.make(name)
    code, _, err = off(relay, name, "5m")
    assert code == 0, err
    end_guard()
    before = relay.read(name)
    annotations = dict.fromkeys(key for key in before["metadata"]["annotations"] if key.startswith("pointsman.dev/"))
    relay.change(
        name, {"spec": {"podSelector": {"matchLabels": {PARKED: None}}}, "metadata": {"annotations": annotations}}
    )
    async_tidy(relay, later=60.0)
    assert left(relay) == []
    (write,) = journal().read().writes
    assert write.state is State.UNDONE


def test_read_only_makes_and_removes_nothing(relay: Relay, nodes: None, name: str) -> None:
    relay.make(name)
    assert off(relay, name, "5m")[0] == 0
    there = left(relay)
    code, _, err = off(relay, name, "5m", "--read-only")
    assert code == 2
    assert "read-only" in err.lower()
    assert run(relay, "policy", "status", "--read-only")[0] == 0
    assert left(relay) == there
