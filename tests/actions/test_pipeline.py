"""Writes on a live API: the happy way, conflicts, lost answers, refusals, two programs, a disk that refuses."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from writekit import NP, SPEC, Relay, desk_at, ref, rehearses, writes

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.operation import Found, Operation
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.plan import Wish
from pointsman.tui.actions.toggle import is_parked, restored, was_switched
from pointsman.tui.actions.write import ObjectWrite
from pointsman.tui.answers.policies.toggles import OFF_UNTIL, PARKED
from pointsman.tui.disk.journal import State


def describe(name: str, text: str) -> Wish:
    """A plain edit: an annotation."""

    def make(live: Any) -> Any:
        if live is None:
            raise ActionError("gone")
        notes = {**live["metadata"].get("annotations", {}), "example.org/text": text}
        return {**live, "metadata": {**live["metadata"], "annotations": notes}}

    return Wish("edit", f"describe {name}", ref(name), make)


async def test_off_and_on_again_is_the_same_json(relay: Relay, name: str) -> None:
    relay.make(name)
    before = relay.read(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 600)
        assert (plan.refusal, plan.dry_run.accepted, plan.access.allowed) == ("", True, True)
        assert not was_switched(relay.read(name)), "planning writes nothing"
        assert PARKED in "".join(plan.texts)
        assert plan.wish.effect, "it is said what opens and closes, or that nothing does"
        assert relay.server.removeprefix("https://") not in plan.place  # the address in use is the relay's
        assert plan.cluster.server in plan.place
        result, armed = await desk.execute(plan)
        assert (result.status, result.exit_code) == (Status.DONE, 0)
        assert armed is not None
        off = relay.read(name)
        assert is_parked(off)
        assert any(entry["manager"] == "pointsman" for entry in off["metadata"]["managedFields"])
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.intent.verb) == (State.DONE, "update")
        assert [entry.event for entry in write.events] == ["intent", "applied", "verified"]
    async with desk_at(relay) as desk:
        (timer,) = [item for item in desk.timers() if item.ref.name == name]
        assert (timer.op, timer.until) == (plan.op, plan.wish.until)
        assert desk.guarded(timer)
        on = await desk.plan_on(ref(name))
        result, _ = await desk.execute(on)
        assert result.status is Status.DONE
        after = relay.read(name)
        assert json.dumps(after["spec"]) == json.dumps(before["spec"])
        assert "annotations" not in after["metadata"]
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.undone_by) == (State.UNDONE, on.op)
        again = await desk.plan_on(ref(name))
        assert again.nothing
        assert (await desk.execute(again))[0].status is Status.NOTHING


async def test_a_change_made_meanwhile_is_not_overwritten_but_shown(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.change(name, {"spec": {"ingress": [{"ports": [{"port": 80}]}]}}, manager="flux")
        result, _ = await desk.execute(plan)
        assert (result.status, result.exit_code) == (Status.CONFLICT, 2)
        assert "flux" in result.text
        assert result.conflict is not None
        assert result.conflict.manager == "flux"
        assert "5432" in result.conflict.theirs[0]
        assert "5432" not in result.conflict.theirs[1]
        assert PARKED in result.conflict.mine[1]
        now = relay.read(name)
        assert not was_switched(now)
        assert now["spec"]["ingress"][0]["ports"][0]["port"] == 80
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.certain) == (State.FAILED, True)


async def test_who_only_took_away_leaves_no_sign(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.change(name, {"spec": {"ingress": None}}, manager="flux")
        result, _ = await desk.execute(plan)
        assert result.status is Status.CONFLICT
        assert "kubectl" not in result.text, "a guess is not shown as a fact"


async def test_an_object_of_the_same_name_made_anew_is_another_object(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.ask("DELETE", f"{NP}/{name}")
        result, _ = await desk.execute(plan)
        assert result.status is Status.CONFLICT
        assert "not there any more" in result.text
        plan = None  # type: ignore[assignment]
        relay.make(name)
        plan = await desk.plan_off(ref(name), None)
        relay.ask("DELETE", f"{NP}/{name}")
        relay.make(name)
        result, _ = await desk.execute(plan)
        assert result.status is Status.CONFLICT
        assert not was_switched(relay.read(name))


async def test_an_answer_that_is_lost_is_read_back_as_done(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.cut(writes, after=True)
        result, _ = await desk.execute(plan)
        assert result.status is Status.DONE
        assert "read back" in result.text
        assert is_parked(relay.read(name))
        assert desk.writes().get(plan.op).state is State.DONE  # type: ignore[union-attr]


async def test_a_request_that_is_lost_is_read_back_as_not_written(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.cut(writes, after=False)
        result, _ = await desk.execute(plan)
        assert (result.status, result.exit_code) == (Status.REFUSED, 2)
        assert "unchanged" in result.text
        assert not was_switched(relay.read(name))
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.certain) == (State.FAILED, False)


@pytest.mark.parametrize("landed", [True, False])
async def test_what_cannot_be_read_back_stays_unknown_until_the_next_start(
    relay: Relay, name: str, landed: bool
) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), None)
        relay.cut(writes, after=landed)
        relay.cut(lambda request: request.method == "GET" and request.path.endswith(name), after=False, times=99)
        result, _ = await desk.execute(plan)
        assert (result.status, result.exit_code) == (Status.UNKNOWN, 2)
        assert desk.writes().get(plan.op).state is State.UNKNOWN  # type: ignore[union-attr]
        (found,) = await desk.recover()
        assert found.state is State.UNKNOWN
    relay.stops.clear()
    async with desk_at(relay) as desk:
        (found,) = await desk.recover()
        assert found.state is (State.DONE if landed else State.FAILED)
        assert desk.writes().get(plan.op).state is found.state  # type: ignore[union-attr]
        assert is_parked(relay.read(name)) is landed
        assert [item.state for item in await desk.recover()] == ([] if landed else [State.FAILED])


async def test_a_request_that_lands_late_is_noticed(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan(describe(name, "late"))
        stop = relay.hold(writes)
        task = asyncio.ensure_future(desk.execute(plan))
        await asyncio.to_thread(stop.reached.wait, 10)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert desk.writes().get(plan.op).state is State.UNKNOWN  # type: ignore[union-attr]
        (found,) = await desk.recover()
        assert found.state is State.FAILED
        stop.go.set()
        for _ in range(100):
            if "annotations" in relay.read(name)["metadata"]:
                break
            await asyncio.sleep(0.05)
        (found,) = await desk.recover()
        assert found.state is State.DONE
        assert await desk.recover() == []


async def test_two_programs_at_once_one_wins(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as one, desk_at(relay) as two:
        plans = [await one.plan_off(ref(name), None), await two.plan_off(ref(name), 3600)]
        results = await asyncio.gather(one.execute(plans[0]), two.execute(plans[1]))
        found = sorted(result.status.value for result, _ in results)
        assert found == ["conflict", "done"]
        winner = next(result for result, _ in results if result.status is Status.DONE)
        assert relay.read(name)["metadata"]["annotations"]["pointsman.dev/off-operation"] == winner.op


async def test_forbidden_is_said_before_anything_is_asked(
    relay: Relay, name: str, cluster_of: Any, tmp_path: Path
) -> None:
    relay.make(name)
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": f"read-{name}"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}],
    }  # fmt: skip
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    assert relay.ask("POST", f"{rbac}/clusterroles", role)[0] == 201
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": f"reader-{name}"}}
    assert relay.ask("POST", "/api/v1/namespaces/default/serviceaccounts", account)[0] == 201
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": f"read-{name}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"read-{name}"},
        "subjects": [{"kind": "ServiceAccount", "name": f"reader-{name}", "namespace": "default"}],
    }  # fmt: skip
    assert relay.ask("POST", f"{rbac}/clusterrolebindings", binding)[0] == 201
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    status, answer = relay.ask("POST", f"/api/v1/namespaces/default/serviceaccounts/reader-{name}/token", request)
    if status != 201:
        pytest.skip("this API gives no tokens for service accounts")
    (tmp_path / "reader").mkdir()
    with Relay(tmp_path / "reader", relay.server, answer["status"]["token"], relay.ca) as reader:
        async with desk_at(reader) as desk:
            plan = await desk.plan_off(ref(name), None)
            assert plan.access.missing == "needs patch networkpolicies.networking.k8s.io in default"
            assert plan.access.missing in plan.refusal
            result, _ = await desk.execute(plan)
            assert result.status is Status.REFUSED
            assert desk.journal.read().writes == ()


async def test_read_only_sends_nothing_but_reads(relay: Relay, name: str) -> None:
    relay.make(name)
    relay.seen.clear()
    async with desk_at(relay, read_only=True) as desk:
        plan = await desk.plan_off(ref(name), 600)
        assert "read-only" in plan.refusal
        result, armed = await desk.execute(plan)
        assert (result.status, armed) == (Status.REFUSED, None)
        assert await desk.tick() == []
    sent = {line.split()[0] for line in relay.seen if "selfsubjectaccessreviews" not in line}
    assert sent == {"GET"}
    assert not was_switched(relay.read(name))


async def test_the_dry_run_comes_first_and_refuses_unknown_fields(relay: Relay, name: str) -> None:
    relay.make(name)
    wish = Wish("edit", "misspelt", ref(name), lambda live: {**(live or {}), "spec": {**SPEC, "podSelektor": {}}})
    async with desk_at(relay) as desk:
        plan = await desk.plan(wish)
        assert plan.dry_run.accepted is False
        assert "podSelektor" in plan.refusal
        result, _ = await desk.execute(plan)
        assert result.status is Status.REFUSED
        assert desk.journal.read().writes == ()
    assert relay.read(name)["spec"] == relay.read(name)["spec"]


async def test_a_journal_that_cannot_be_written_stops_the_write(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))  # nobody can make folders there, not even root
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 600)
        relay.seen.clear()
        result, armed = await desk.execute(plan)
        assert (result.status, armed) == (Status.REFUSED, None)
        assert "Nothing was written" in result.text
        assert "journal" in result.text
    assert relay.seen == []
    assert not was_switched(relay.read(name))


async def test_undo_takes_back_what_is_still_there_and_says_the_rest(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan(describe(name, "first"))
        assert (await desk.execute(plan))[0].status is Status.DONE
        relay.change(name, {"spec": {"ingress": []}, "metadata": {"labels": {"theirs": "yes"}}})
        undo = await desk.plan_undo(plan.op[:6])
        assert undo.risks == ()
        result, _ = await desk.execute(undo)
        assert result.status is Status.DONE
        now = relay.read(name)
        assert "annotations" not in now["metadata"]
        assert now["metadata"]["labels"] == {"theirs": "yes"}
        assert not now["spec"].get("ingress")
        assert desk.writes().get(plan.op).state is State.UNDONE  # type: ignore[union-attr]
        with pytest.raises(ActionError, match="undone already"):
            await desk.plan_undo(plan.op)
        # An undo is a write like any other: it can be taken back too.
        redo = await desk.plan_undo(undo.op)
        assert (await desk.execute(redo))[0].status is Status.DONE
        assert relay.read(name)["metadata"]["annotations"] == {"example.org/text": "first"}
        relay.change(name, {"metadata": {"annotations": {"example.org/text": "theirs"}}})
        with pytest.raises(ActionError, match="nothing left to put back") as caught:
            await desk.plan_undo(redo.op)
        assert "theirs" in caught.value.lines[0]


async def test_undo_of_an_object_that_was_made_deletes_that_very_object(relay: Relay, name: str) -> None:
    doc = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": SPEC,
    }
    async with desk_at(relay) as desk:
        plan = await desk.plan(Wish("new", "make one", ref(name), lambda live: doc))
        assert plan.change.verb == "create"
        assert (await desk.execute(plan))[0].status is Status.DONE
        undo = await desk.plan_undo(plan.op)
        assert undo.change.verb == "delete"
        assert (await desk.execute(undo))[0].status is Status.DONE
        assert relay.ask("GET", f"{NP}/{name}")[0] == 404
        back = await desk.plan_undo(undo.op)
        assert (await desk.execute(back))[0].status is Status.DONE
        assert relay.read(name)["spec"]["ingress"] == SPEC["ingress"]


async def test_undoing_a_revert_starts_a_new_timer(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        await desk.execute(await desk.plan_off(ref(name), None))
        on = await desk.plan_on(ref(name))
        await desk.execute(on)
        undo = await desk.plan_undo(on.op)
        asked_for = undo.wish.until
        await asyncio.sleep(1.1)
        undo = desk.started(undo)
        assert asked_for is not None
        assert undo.wish.until is not None
        assert undo.wish.until > asked_for, "the timer starts with the answer"
        result, armed = await desk.execute(undo)
        assert result.status is Status.DONE
        assert armed is not None
        assert relay.read(name)["metadata"]["annotations"][OFF_UNTIL] != "permanent"
        assert desk.writes().get(on.op).undone_by == undo.op  # type: ignore[union-attr]


async def test_an_overdue_toggle_of_this_machine_is_reverted_by_the_tick(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan_off(ref(name), 1)
        assert (await desk.execute(plan, guard=False))[0].status is Status.DONE
    await asyncio.sleep(2.1)
    async with desk_at(relay) as desk:
        assert [timer.ref.name for timer in desk.overdue()] == [name]
        ((timer, result),) = await desk.tick()
        assert (timer.op, result.status) == (plan.op, Status.DONE)
    assert restored(relay.read(name)) == relay.read(name)
    assert not was_switched(relay.read(name))


async def test_an_overdue_toggle_of_another_machine_is_offered_not_reverted(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        await desk.execute(await desk.plan_off(ref(name), 1), guard=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    await asyncio.sleep(2.1)
    async with desk_at(relay) as desk:
        (timer,) = desk.overdue()
        assert not desk.mine(timer)
        assert await desk.tick() == []
        assert is_parked(relay.read(name))
        assert (await desk.revert(timer)).status is Status.DONE
    assert not was_switched(relay.read(name))


async def test_a_write_is_an_operation(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        plan = await desk.plan(describe(name, "x"))
        write = ObjectWrite(desk.client, plan.change)
        operation: Operation = write
        assert await operation.probe() is Found.BEFORE
        await operation.apply()
        assert await operation.verify() is Found.DONE
        relay.change(name, {"metadata": {"labels": {"theirs": "yes"}}})
        assert await operation.probe() is Found.DONE
        await operation.undo()
        assert write.lost == ()
        assert "annotations" not in relay.read(name)["metadata"]
        assert relay.read(name)["metadata"]["labels"] == {"theirs": "yes"}
        relay.change(name, {"metadata": {"annotations": {"example.org/text": "y"}}})
        assert await operation.probe() is Found.OTHER
        relay.cut(lambda request: request.method == "GET", after=False, times=9)
        assert await operation.probe() is Found.UNKNOWN


async def test_the_dry_run_is_asked_with_strict_validation_and_our_name(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        relay.seen.clear()
        plan = await desk.plan_off(ref(name), None)
        await desk.execute(plan)
    patches = [line for line in relay.seen if line.startswith("PATCH")]
    assert len(patches) == 2
    assert "dryRun=All" in patches[0]
    assert "dryRun" not in patches[1]
    assert all("fieldManager=pointsman" in line and "fieldValidation=Strict" in line for line in patches)
    assert rehearses is not writes
