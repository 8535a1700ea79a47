"""The guard and the end of programs: SIGKILL at every point of a write, a lost terminal, servers that are away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from writekit import SPEC, Relay, desk_at, pointsman, ref, rehearses, run, until, writes

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.guard import Post, folder, guard_alive, lock_path, log_file, post, take
from pointsman.tui.actions.toggle import OFF_OPERATION, is_parked, was_switched
from pointsman.tui.disk.journal import Journal, State, clusters


def log() -> str:
    return log_file().read_text() if log_file().exists() else ""


def guards() -> list[Path]:
    return list(folder().glob("*.lock"))


def guard_pid() -> int:
    (path,) = guards()
    return int(path.read_text())


def journal() -> Journal:
    (path,) = clusters()
    return Journal(path.stem)


def looks_at(name: str) -> Any:
    return lambda request: request.method == "GET" and request.path.endswith(f"/{name}")


def test_the_verb_returns_and_the_guard_switches_on(relay: Relay, name: str) -> None:
    relay.make(name)
    before = relay.read(name)
    code, out, _ = run(relay, "policy", "off", f"default/{name}", "--for", "3s", "--yes", "-o", "json")
    doc = json.loads(out)
    assert (code, doc["status"], doc["object"]["name"]) == (0, "done", name)
    assert is_parked(relay.read(name))
    pid = doc["guard"]["pid"]
    assert pid == guard_pid()
    assert os.getsid(pid) not in (pid, os.getsid(0)), "a session of its own, of which it is not the leader"
    os.kill(pid, signal.SIGHUP)  # what a lost terminal sends
    os.kill(pid, signal.SIGINT)
    until(lambda: not was_switched(relay.read(name)))
    after = relay.read(name)
    assert json.dumps(after["spec"]) == json.dumps(before["spec"])
    assert "annotations" not in after["metadata"]
    until(lambda: not guards())
    assert f"switched on NetworkPolicy default/{name}" in log()
    assert {write.state for write in journal().read().writes} == {State.UNDONE, State.DONE}


POINTS = {
    "live object": (lambda name: looks_at(name), False, False),
    "dry run": (lambda name: rehearses, False, False),
    "request not sent": (lambda name: writes, False, False),
    "answer not come": (lambda name: writes, True, True),
}


@pytest.mark.parametrize("point", [*POINTS, "request lands after the end", "read back"])
def test_sigkill_at_every_point_of_a_write(relay: Relay, name: str, point: str) -> None:
    relay.make(name)
    before = json.dumps(relay.read(name)["spec"])
    child_words = ("policy", "off", f"default/{name}", "--for", "4s", "--yes")
    if point == "read back":
        # The first look is for the plan; the one after the write is held.
        seen = {"written": False}

        def after_the_write(request: web.Request) -> bool:
            seen["written"] |= writes(request)
            return seen["written"] and looks_at(name)(request)

        stop, landed = relay.hold(after_the_write, then="cut"), True
    elif point == "request lands after the end":
        stop, landed = relay.hold(writes, then="pass"), True
    else:
        rule, after, landed = POINTS[point]
        stop = relay.hold(rule(name), after=after, then="cut")
    child = pointsman(relay, *child_words)
    assert stop.reached.wait(20)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=10)
    stop.go.set()
    if landed:
        until(lambda: is_parked(relay.read(name)), 5)
    assert was_switched(relay.read(name)) is landed

    code, out, err = run(relay, "journal", "-o", "json")
    items = json.loads(out)["items"]
    if point in ("live object", "dry run"):
        assert items == [], "nothing was sent, nothing was promised"
        assert guards() == []
        return
    (item,) = items
    assert item["state"] == ("done" if landed else "failed"), (item, err)
    assert code == 0
    # The guard was there before the request: the policy comes back although nobody is left who remembers.
    until(lambda: not was_switched(relay.read(name)))
    assert json.dumps(relay.read(name)["spec"]) == before
    until(lambda: not guards())
    if landed:
        assert [write.state for write in journal().read().writes] == [State.UNDONE, State.DONE]


def test_switching_on_ends_the_guard(relay: Relay, name: str) -> None:
    relay.make(name)
    assert run(relay, "policy", "off", f"default/{name}", "--yes")[0] == 0
    pid = guard_pid()
    assert run(relay, "policy", "on", f"default/{name}", "--yes")[0] == 0
    until(lambda: not guards(), 12)
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert "it was switched on already" in log()


def test_a_refused_write_leaves_no_guard(relay: Relay, name: str) -> None:
    relay.make(name)
    stop = relay.hold(writes)
    child = pointsman(relay, "policy", "off", f"default/{name}", "--yes")
    assert stop.reached.wait(20)
    relay.change(name, {"metadata": {"labels": {"theirs": "yes"}}})
    stop.go.set()
    out, err = child.communicate(timeout=30)
    assert child.returncode == 2, (out, err)
    assert "changed meanwhile by somebody" in err
    assert "theirs" in err
    until(lambda: not guards(), 12)
    assert "nothing was written" in log()
    assert not was_switched(relay.read(name))


def test_a_second_toggle_takes_over_and_the_first_guard_goes(relay: Relay, name: str) -> None:
    relay.make(name)
    assert run(relay, "policy", "off", f"default/{name}", "--for", "2m", "--yes")[0] == 0
    assert run(relay, "policy", "off", f"default/{name}", "--for", "9s", "--yes")[0] == 0
    until(lambda: len(guards()) == 1, 8)
    assert "has taken over" in log()
    until(lambda: not was_switched(relay.read(name)))


def test_the_cluster_may_be_away_when_the_time_has_come(relay: Relay, name: str) -> None:
    relay.make(name)
    assert run(relay, "policy", "off", f"default/{name}", "--for", "2s", "--yes")[0] == 0
    relay.refusing = True
    until(lambda: "will try again" in log())
    assert guards()
    relay.refusing = False
    until(lambda: not was_switched(relay.read(name)))


def test_the_kubeconfig_is_read_again_for_each_try(relay: Relay, name: str) -> None:
    relay.make(name)
    assert run(relay, "policy", "off", f"default/{name}", "--for", "2s", "--yes")[0] == 0
    good = relay.kubeconfig.read_text()
    relay.kubeconfig.write_text("not: [yaml")
    until(lambda: "will try again" in log())
    relay.kubeconfig.write_text(good)
    until(lambda: not was_switched(relay.read(name)))


def duty(relay: Relay, name: str, **more: Any) -> Post:
    uid = relay.ask("GET", "/api/v1/namespaces/kube-system")[1]["metadata"]["uid"]
    fields: dict[str, Any] = {
        "uid": uid, "op": "feed1234", "kind": "networkpolicies", "namespace": "default", "name": name, "version": "v1",
        "until": time.time(), "kubeconfig": str(relay.kubeconfig), "context": "relay", "server": "",
    }  # fmt: skip
    return Post(**{**fields, **more})


def switch_off(relay: Relay, name: str, op: str) -> None:
    from pointsman.tui.actions.toggle import parked

    doc = parked(relay.read(name), op=op, until=time.time(), by="me")
    relay.change(name, {"spec": doc["spec"], "metadata": {"annotations": doc["metadata"]["annotations"]}})


def test_another_cluster_at_the_same_address_is_not_touched(relay: Relay, name: str) -> None:
    relay.make(name)
    switch_off(relay, name, "feed1234")
    post(duty(relay, name, uid="00000000-1111-2222-3333-444444444444"))
    until(lambda: "another cluster" in log())
    assert is_parked(relay.read(name))
    assert guards(), "it waits for its own cluster"


def test_a_toggle_of_another_operation_is_left_to_its_own_timer(relay: Relay, name: str) -> None:
    relay.make(name)
    switch_off(relay, name, "0ther000")
    post(duty(relay, name))
    until(lambda: "another operation" in log())
    until(lambda: not guards())
    assert relay.read(name)["metadata"]["annotations"][OFF_OPERATION] == "0ther000"
    assert is_parked(relay.read(name))


def test_there_is_one_guard_for_a_toggle(relay: Relay, name: str) -> None:
    relay.make(name)
    first = duty(relay, name, until=time.time() + 60)
    armed = post(first)
    assert armed.pid == guard_pid()
    assert guard_alive(first.uid, first.op)
    with pytest.raises(ActionError, match="another guard"):
        post(first)
    os.kill(armed.pid, signal.SIGKILL)
    until(lambda: not guard_alive(first.uid, first.op))
    handle = take(lock_path(first.uid, first.op))
    assert handle is not None
    os.close(handle)


def test_a_policy_that_is_gone_or_on_needs_no_guard(relay: Relay, name: str) -> None:
    post(duty(relay, name))
    until(lambda: "is gone" in log())
    relay.make(name)
    post(duty(relay, name, op="feed5678"))
    until(lambda: "is on" in log())
    until(lambda: not guards())


async def test_without_a_guard_nothing_is_written(relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 600)
        monkeypatch.setattr("sys.executable", "/nonexistent/python")
        result, armed = await desk.execute(plan)
        assert armed is None
        assert "guard process could not be started" in result.text
        assert desk.writes().get(plan.op).state is State.FAILED  # type: ignore[union-attr]
    assert not was_switched(relay.read(name))


async def test_app_and_guard_at_once_do_not_fight(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 3)
        assert (await desk.execute(plan))[0].exit_code == 0
        timer = next(item for item in desk.timers() or (await _seen(relay, name),) if item.ref.name == name)
        assert plan.wish.until is not None
        await asyncio.sleep(max(0.0, plan.wish.until - time.time()))
        results = [await desk.revert(timer) for _ in range(3)]
        await asyncio.to_thread(until, lambda: not guards())
        assert not was_switched(relay.read(name))
        assert results[-1].exit_code == 0
        restores = [write for write in journal().read().writes if write.intent.action == "policy-on"]
        assert sum(write.state is State.DONE for write in restores) == 1


async def _seen(relay: Relay, name: str) -> Any:
    async with desk_at(relay) as desk:
        return next(item for item in desk.timers() if item.ref.name == name)


def test_wait_stays_and_an_interruption_switches_on(relay: Relay, name: str) -> None:
    relay.make(name)
    child = pointsman(relay, "policy", "off", f"default/{name}", "--for", "5m", "--yes", "--wait")
    until(lambda: is_parked(relay.read(name)))
    time.sleep(0.7)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 0, err
    assert not was_switched(relay.read(name))


def test_what_cannot_be_parked_is_deleted_and_made_again(relay: Relay, name: str) -> None:
    """A custom resource whose schema lets a rule without a subject through."""
    group = "cilium.io"
    path = f"/apis/{group}/v2/namespaces/default/ciliumnetworkpolicies"
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"ciliumnetworkpolicies.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": "ciliumnetworkpolicies", "kind": "CiliumNetworkPolicy"},
            "versions": [{"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": loose}}],
        },
    }  # fmt: skip
    status, answer = relay.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    assert status in (201, 409), answer
    until(lambda: relay.ask("GET", path)[0] == 200)
    specs = [{"endpointSelector": {}, "ingress": [{}]}, {"description": "no subject", "egress": []}]
    time.sleep(1)
    relay.make(name, specs, path, f"{group}/v2 CiliumNetworkPolicy")
    code, _, err = run(relay, "policy", "off", f"cnp/default/{name}", "--for", "3s", f"--yes={name}")
    assert code == 0, err
    assert "cannot be parked: it is deleted" in err
    assert relay.ask("GET", f"{path}/{name}")[0] == 404
    code, out, _ = run(relay, "policy", "status", "-o", "json")
    assert [(item["name"], item["deleted"]) for item in json.loads(out)["items"]] == [(name, True)]
    until(lambda: relay.ask("GET", f"{path}/{name}")[0] == 200)
    assert json.dumps(relay.read(name, path)["specs"]) == json.dumps(specs)
    assert SPEC is not specs
