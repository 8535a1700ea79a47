"""Editing on a live API: the text arrives as typed, errors find their line, nobody is overwritten, nothing typed is lost."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from writekit import NP, SPEC, Relay, desk_at, ref, rehearses, writes

from pointsman.tui.actions.desk import Desk
from pointsman.tui.actions.edit import OURS, Edit, editable
from pointsman.tui.actions.editing import Outcome, carry_out
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.pipeline import Conflict, Status
from pointsman.tui.actions.plan import Plan
from pointsman.tui.actions.source import SourceError, Trouble
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.yaml_text import LAST_APPLIED
from pointsman.tui.disk import drafts
from pointsman.tui.disk.journal import State

T = TypeVar("T")
Typing = Callable[[str], str | None]


def swap(old: str, new: str) -> Typing:
    """One change in the page, which must be there to make."""

    def change(page: str) -> str:
        assert old in page, page
        return page.replace(old, new)

    return change


class Typist:
    """Types one thing for each time the editor comes (None: it does not save), and agrees to all."""

    def __init__(self, *typing: Typing, agree: bool = True, again: bool = True) -> None:
        self._typing = list(typing)
        self._agree, self._again = agree, again
        self.pages: list[str] = []
        self.lines: list[int] = []
        self.plans: list[Plan] = []
        self.conflicts: list[Conflict] = []
        self.before_agreeing: Callable[[], None] = lambda: None

    async def type(self, path: Path, line: int) -> None:
        page = path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        self.pages.append(page)
        self.lines.append(line)
        text = self._typing.pop(0)(page)
        if text is not None:
            await asyncio.to_thread(path.write_text, text)

    async def wait(self, work: Awaitable[T]) -> T:
        return await work

    async def agree(self, plan: Plan) -> tuple[Plan | None, bool]:
        self.plans.append(plan)
        await asyncio.to_thread(self.before_agreeing)
        return (plan if self._agree else None), False

    async def start_again(self, title: str, conflict: Conflict) -> bool:
        self.conflicts.append(conflict)
        return self._again

    def refused(self, edit: Edit) -> bool:
        return bool(self._typing)


async def edited(desk: Desk, name: str, *typing: Typing, **more: Any) -> tuple[Outcome, Typist]:
    hand = Typist(*typing, **more)
    return await carry_out(desk, await desk.open_edit(ref(name)), hand), hand


def line_at(page: str, number: int) -> str:
    return page.split("\n")[number - 1].strip()


def kept() -> list[Path]:
    return sorted(drafts.folder().glob("*.yaml"))


async def test_what_was_typed_arrives_as_it_was_typed(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, swap("port: 5432", "port:   5433   # was: the wrong one\n      "))
        assert (outcome.exit_code, outcome.written) == (0, True)
        (page,) = hand.pages
        assert OURS in page
        for hidden in ("uid:", "resourceVersion", "managedFields", "creationTimestamp", "status:"):
            assert hidden not in page
        body = next(body for method, body in reversed(relay.sent) if method == "PUT").decode()
        assert "port:   5433   # was: the wrong one" in body
        assert OURS not in body
        assert relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5433
        (plan,) = hand.plans
        assert plan.access.verb == "update"
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.intent.action) == (State.DONE, "edit")
        assert "# was: the wrong one" in write.intent.source
        assert kept() == []
        undo = await desk.plan_undo(plan.op)
        assert (await desk.execute(undo))[0].status is Status.DONE
        assert relay.read(name)["spec"] == {**SPEC, "ingress": relay.read(name)["spec"]["ingress"]}
        assert relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5432


async def test_what_the_server_does_not_know_comes_back_at_its_line(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        outcome, hand = await edited(
            desk, name,
            swap("policyTypes:", "policyTypez:"),
            swap("policyTypez:", "policyTypes: # so\n  podSelector: {}\n  policyTypes:"),
            lambda page: page,
        )  # fmt: skip
        _, second, third = hand.pages
        assert 'unknown field "spec.policyTypez"' in second
        assert line_at(second, hand.lines[1]) == "policyTypez:"
        assert f"line {hand.lines[1]}: unknown field" in second
        assert line_at(third, hand.lines[2]) == "podSelector: {}", third
        assert (outcome.exit_code, outcome.written) == (2, False)
        assert "still the text that was refused" in outcome.text
        (path,) = kept()
        assert str(path) in outcome.text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "policyTypes: # so" in path.read_text()
        assert OURS not in path.read_text()
    assert relay.read(name)["spec"]["podSelector"] == SPEC["podSelector"]


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("spec:", "spec: [", "no YAML", None),
        ("port: 5432", "port: 99999", "Invalid value", "port: 99999"),
        ("app: db", "app: [1]", "app", None),
        ("name: play", "name: other", "another object", "name: other"),
        ("namespace: default", "namespace: kube-system", "another object", "namespace: kube-system"),
        ("kind: NetworkPolicy", "kind: Service", "another object", "kind: Service"),
        ("networking.k8s.io/v1", "networking.k8s.io/v9", "another object", "apiVersion: networking.k8s.io/v9"),
        ("  namespace: default\n", "", "missing now", "metadata:"),
        ("metadata:\n", "metadata:\n  uid: mine\n", "kept by the server", "uid: mine"),
        ("spec:", "status: {}\nspec:", "kept by the server", "status: {}"),
        ("spec:", "---\nspec:", "second object", "spec:"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_is_written(
    relay: Relay, name: str, old: str, new: str, said: str, line: str | None
) -> None:
    relay.make(name)
    before = relay.read(name)
    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, swap(old, new), lambda page: page)
        assert said in hand.pages[1]
        if line is not None:
            assert line_at(hand.pages[1], hand.lines[1]).startswith(line)
        assert new.strip("\n") in hand.pages[1], "the text is intact"
        assert outcome.exit_code == 2
        assert desk.journal.read().writes == ()
    assert relay.read(name) == before


@pytest.mark.parametrize(
    ("typing", "said"),
    [
        (lambda page: None, "nothing was changed"),
        (lambda page: page, "nothing was changed"),
        (lambda page: "", "emptied"),
        (lambda page: "# only\n\n---\n", "emptied"),
        (swap("spec:", "spec: # a word"), "has it like this already"),
        (swap("    - protocol: TCP\n      port: 5432", "    - port: 5432"), "has it like this already"),
    ],
)
async def test_what_means_no_change_writes_nothing(relay: Relay, name: str, typing: Typing, said: str) -> None:
    relay.make(name)
    before = relay.read(name)
    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, typing)
        assert said in outcome.text
        assert (outcome.exit_code, hand.plans) == (1, [])
        assert desk.journal.read().writes == ()
    assert relay.read(name) == before


async def test_whoever_says_no_keeps_the_text(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        outcome, _ = await edited(desk, name, swap("5432", "5433"), agree=False)
        assert outcome.exit_code == 1
        (path,) = kept()
        assert str(path) in outcome.text
        assert "5433" in path.read_text()
    assert relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5432


async def test_an_editor_that_fails_keeps_the_text(relay: Relay, name: str) -> None:
    relay.make(name)

    class Crashing(Typist):
        async def type(self, path: Path, line: int) -> None:
            await super().type(path, line)
            raise ActionError("The editor was ended by SIGSEGV.")

    async with desk_at(relay) as desk:
        hand = Crashing(swap("5432", "5433"))
        outcome = await carry_out(desk, await desk.open_edit(ref(name)), hand)
        assert "SIGSEGV" in outcome.text
        (path,) = kept()
        assert "5433" in path.read_text()


async def test_a_change_made_while_typing_is_shown_and_put_together(relay: Relay, name: str) -> None:
    relay.make(name)

    def meanwhile(page: str) -> str:
        relay.change(name, {"metadata": {"labels": {"team": "blue"}}}, manager="flux")
        return page.replace("port: 5432", "port: 5433 # mine")

    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, meanwhile, lambda page: page)
        (conflict,) = hand.conflicts
        assert conflict.manager == "flux"
        assert "blue" in conflict.theirs[1]
        assert "blue" not in conflict.theirs[0] + conflict.mine[0] + conflict.mine[1]
        assert "5433 # mine" in conflict.mine[1]
        assert "5433 # mine" in hand.pages[1]
        assert "team: blue" in hand.pages[1]
        assert outcome.written
    now = relay.read(name)
    assert now["metadata"]["labels"] == {"team": "blue"}
    assert now["spec"]["ingress"][0]["ports"][0]["port"] == 5433


async def test_both_at_the_same_place_is_for_the_user_to_settle(relay: Relay, name: str) -> None:
    relay.make(name)

    def meanwhile(page: str) -> str:
        relay.change(name, {"spec": {"ingress": [{"ports": [{"port": 80, "protocol": "TCP"}]}]}}, manager="flux")
        return page.replace("port: 5432", "port: 5433")

    def settle(page: str) -> str:
        assert "<<<<<<<" in page
        lines = [line for line in page.split("\n") if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]
        head = next(number for number, line in enumerate(lines) if line.startswith("  ingress:"))
        return "\n".join([*lines[:head], "  ingress:", "  - ports:", "    - port: 5433", ""])

    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, meanwhile, lambda page: page, settle)
        assert "still marked" in hand.pages[2]
        assert line_at(hand.pages[2], hand.lines[2]).startswith("<<<<<<<")
        assert outcome.written
    assert relay.read(name)["spec"]["ingress"] == [{"ports": [{"port": 5433, "protocol": "TCP"}]}]


async def test_a_change_made_while_asking_is_never_overwritten(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        hand = Typist(swap("5432", "5433"), again=False)
        hand.before_agreeing = lambda: relay.change(name, {"metadata": {"labels": {"team": "blue"}}}, manager="flux")
        outcome = await carry_out(desk, await desk.open_edit(ref(name)), hand)
        assert outcome.result is not None
        assert outcome.result.status is Status.CONFLICT
        assert "blue" in hand.conflicts[0].theirs[1]
        assert "5433" in kept()[0].read_text()
    assert relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5432


async def test_deleted_while_typing_is_said(relay: Relay, name: str) -> None:
    relay.make(name)

    def meanwhile(page: str) -> str:
        relay.ask("DELETE", f"{NP}/{name}")
        return page.replace("5432", "5433")

    async with desk_at(relay) as desk:
        outcome, _ = await edited(desk, name, meanwhile)
        assert "was deleted while you edited it" in outcome.text
        assert "5433" in kept()[0].read_text()
        assert outcome.exit_code == 2
    assert relay.ask("GET", f"{NP}/{name}")[0] == 404


async def test_a_status_that_changes_is_no_conflict(relay: Relay, name: str) -> None:
    services = "/api/v1/namespaces/default/services"
    doc = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "x"}},
    }  # fmt: skip
    assert relay.ask("POST", services, doc)[0] == 201
    number = iter(range(7, 99))

    def status() -> None:
        found = {"status": {"loadBalancer": {"ingress": [{"ip": f"192.168.7.{next(number)}"}]}}}
        assert relay.ask("PATCH", f"{services}/{name}/status", found, "application/merge-patch+json")[0] == 200

    def meanwhile(page: str) -> str:
        assert "status" not in page.split("kind: Service")[1]
        status()
        return page.replace("app: x", "app: y1")

    async with desk_at(relay) as desk:
        hand = Typist(meanwhile)
        hand.before_agreeing = status
        outcome = await carry_out(desk, await desk.open_edit(Ref("services", "default", name)), hand)
        assert outcome.written, outcome.text
    now = relay.read(name, services)
    assert now["spec"]["selector"] == {"app": "y1"}
    assert now["status"]["loadBalancer"]["ingress"], "the status is its controller's"
    relay.ask("DELETE", f"{services}/{name}")


async def test_what_kubectl_applied_last_stays_noted(relay: Relay, name: str) -> None:
    relay.make(name)
    relay.change(name, {"metadata": {"annotations": {LAST_APPLIED: '{"a":\n"b"}'}}}, manager="kubectl")
    async with desk_at(relay) as desk:
        outcome, hand = await edited(desk, name, swap("5432", "5433"))
        assert outcome.written
        assert LAST_APPLIED not in hand.pages[0]
        assert LAST_APPLIED not in "".join(hand.plans[0].texts)
    assert relay.read(name)["metadata"]["annotations"] == {LAST_APPLIED: '{"a":\n"b"}'}


@pytest.mark.parametrize("after", [True, False])
async def test_a_connection_cut_in_mid_write_is_read_back(relay: Relay, name: str, after: bool) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        hand = Typist(swap("5432", "5433"), lambda page: page)
        # A transport may send a PUT again on a fresh connection; here the line is dead for both.
        hand.before_agreeing = lambda: relay.cut(writes, after=after, times=1 if after else 2)
        outcome = await carry_out(desk, await desk.open_edit(ref(name)), hand)
        landed = relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5433
        assert landed is after
        assert outcome.written is after
        if not after:
            assert "unchanged" in hand.pages[1]
            assert "5433" in kept()[0].read_text()
        else:
            write = desk.writes().get(hand.plans[0].op)
            assert write is not None
            assert write.state is State.DONE, "ours, although the second sending met a conflict with the first"


async def test_two_at_once_one_wins_and_the_other_sees_it(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as one, desk_at(relay) as two:
        hands = [Typist(swap("5432", "5433"), again=False), Typist(swap("5432", "5434"), again=False)]
        edits = [await one.open_edit(ref(name)), await two.open_edit(ref(name))]
        found = await asyncio.gather(
            *(carry_out(desk, edit, hand) for desk, edit, hand in zip((one, two), edits, hands, strict=True))
        )
        assert sorted(outcome.written for outcome in found) == [False, True]
        loser = hands[[outcome.written for outcome in found].index(False)]
        assert loser.conflicts
        assert loser.conflicts[0].manager == "pointsman"


async def test_a_disk_that_takes_nothing_stops_before_anything_is_typed(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    (tmp_path / "file").touch()
    async with desk_at(relay) as desk:
        edit = await desk.open_edit(ref(name))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
        hand = Typist()
        outcome = await carry_out(desk, edit, hand)
        assert (outcome.exit_code, hand.pages) == (2, [])
        assert "cannot be written" in outcome.text


async def test_what_may_not_be_edited_is_said_before_anything_is_typed(relay: Relay, name: str) -> None:
    relay.make(name)
    async with desk_at(relay) as desk:
        with pytest.raises(ActionError, match="Secrets are never shown"):
            await desk.open_edit(Ref("secrets", "default", name))
        with pytest.raises(ActionError, match="not there any more"):
            await desk.open_edit(ref(f"{name}-no"))
    async with desk_at(relay, read_only=True) as desk:
        with pytest.raises(ActionError, match="read-only"):
            await desk.open_edit(ref(name))
        with pytest.raises(ActionError, match="read-only"):
            desk.open_new("")


async def test_a_new_one_is_made_of_the_text_and_undone(relay: Relay, name: str) -> None:
    text = f"# mine\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\nspec: {{}}\n"
    namespace = swap("metadata:\n", "metadata:\n  namespace: default\n")
    async with desk_at(relay) as desk:
        hand = Typist(lambda page: page, namespace, swap("spec: {}", "spec:\n  podSelector: {}\n"))
        outcome = await carry_out(desk, desk.open_new(text), hand)
        assert "metadata.namespace is missing" in hand.pages[1]
        assert outcome.written, outcome.text
        body = next(body for method, body in reversed(relay.sent) if method == "POST" and b"# mine" in body)
        assert b"# mine" in body
        assert relay.read(name)["metadata"]["name"] == name
        again = Typist(lambda page: page.replace("spec: {}", "spec: {podSelector: {}}"), lambda page: page)
        refused = await carry_out(desk, desk.open_new(text.replace("metadata:\n", "metadata:\n  namespace: default\n")), again)  # fmt: skip
        assert refused.exit_code == 2
        assert "already" in again.pages[1]
        assert line_at(again.pages[1], again.lines[1]) == f"name: {name}"
        assert outcome.result is not None
        undo = await desk.plan_undo(outcome.result.op)
        assert (await desk.execute(undo))[0].status is Status.DONE
    assert relay.ask("GET", f"{NP}/{name}")[0] == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: default}\n", "Secret"),
        ("apiVersion: v1\nkind: Nonsense\nmetadata: {name: a, namespace: default}\n", "Nonsense"),
        ("apiVersion: v1\nkind: Service\nmetadata: {namespace: default}\n", "metadata.name is missing"),
        ("kind: 7\nmetadata: {name: [a]}\n", "not made here"),
    ],
)
def test_what_is_not_made_here(text: str, said: str) -> None:
    edit = Edit(None, "")
    edit.take(text)
    with pytest.raises(SourceError, match=said):
        edit.wish()


@pytest.mark.parametrize("where", ["page", "error"])
def test_hostile_words_are_only_words(where: str) -> None:
    evil = "\x1b[31m[red]\u202e\nkind: Secret"
    doc = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b", "labels": {"x": evil}}}
    edit = Edit(doc, editable(doc), ref=Ref("services", "b", "a"), place=evil)
    if where == "error":
        edit.take(edit.page().replace("kind: Service", "kind: Service "))
        edit.refuse([Trouble(evil, 1)])
    page = edit.page()
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert edit.take(page + "\n# more\n") == ""
    assert "Secret" not in edit.text.split("labels:")[0]


async def test_an_object_that_moves_during_the_rehearsal_is_looked_at_again(relay: Relay, name: str) -> None:
    relay.make(name)
    stop = relay.hold(rehearses)

    def between() -> None:
        assert stop.reached.wait(20)
        # What the API server keeps by itself is no part of the change: only the version is another one now.
        relay.change(name, {"metadata": {"labels": {"a": "b"}}})
        relay.change(name, {"metadata": {"labels": None}})
        stop.go.set()

    async with desk_at(relay) as desk:
        hand = Typist(swap("5432", "5433"))
        other = asyncio.get_running_loop().run_in_executor(None, between)
        outcome = await carry_out(desk, await desk.open_edit(ref(name)), hand)
        await other
        assert outcome.written, outcome.text
    assert relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"] == 5433
