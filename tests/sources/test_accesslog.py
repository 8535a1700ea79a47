"""A Traefik pod's log followed: breaks, rotation, restarts; nothing told twice, nothing left out; and how the link stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.answers.flows.traefiklog import Log, Writer, writers
from pointsman.tui.model.flows import Flow
from pointsman.tui.sources.accesslog import follower as module
from pointsman.tui.sources.accesslog.follower import Follower, Told, split
from pointsman.tui.sources.accesslog.source import OFF, AccessLogSource, read_past, standing
from pointsman.tui.sources.errors import ForbiddenError, KubeError, NotFoundError, UnreachableError
from pointsman.tui.store.snapshot import State

WRITER = Writer("kube-system", "traefik-0", "traefik", "shed", Log.ON, "json")


def line(number: int, second: int, nanos: int = 0) -> bytes:
    """A log line as the kubelet gives it, with its stamp."""
    text = {"RequestMethod": "GET", "RequestPath": f"/{number}", "ClientAddr": "192.168.7.9:5", "OriginStatus": 200,
            "DownstreamStatus": 200, "ServiceAddr": "10.42.0.7:80"}  # fmt: skip
    return f"2026-09-21T14:13:{second:02d}.{nanos:09d}Z {json.dumps(text)}".encode()


class Kubelet:
    """A container's log; each request gets what ``since`` leaves, then what the script says happens."""

    def __init__(self, *scripts: list[bytes | Exception | Callable[[], None]]) -> None:
        self.kept: list[bytes] = []
        self.before: list[bytes] = []
        self.asked: list[dict[str, Any]] = []
        self.scripts = list(scripts)
        self.idle = asyncio.Event()
        self.often = asyncio.Event()
        """Set once it was asked four times."""

    async def logs(self, *_: str, **how: Any) -> AsyncIterator[bytes]:
        self.asked.append(how)
        if len(self.asked) == 4:
            self.often.set()
        source = self.before if how.get("previous") else self.kept
        kept = [item for item in source if item[:19] >= how["since_time"][:19].encode()]
        if how.get("tail") is not None:
            kept = kept[len(kept) - how["tail"] :] if how["tail"] < len(kept) else kept
        for item in kept:
            yield item
        if not how.get("follow"):
            return
        if not self.scripts:
            self.idle.set()
            await asyncio.Event().wait()
        for step in self.scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
            else:
                self.kept.append(step)
                yield step


async def told(kubelet: Kubelet, monkeypatch: pytest.MonkeyPatch, **how: Any) -> tuple[list[str], Follower]:
    monkeypatch.setattr(module, "FIRST_WAIT", 0.0)
    found: list[str] = []
    follower = Follower(lambda: kubelet, WRITER, lambda flow, _: found.append(flow.l7.url if flow.l7 else ""), **how)  # type: ignore[arg-type,return-value]
    task = asyncio.create_task(follower.run())
    await kubelet.idle.wait()
    task.cancel()
    return found, follower


async def test_after_a_break_it_goes_on_and_tells_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = UnreachableError("cut")
    kubelet = Kubelet(
        [line(1, 10), line(2, 10, 5), lost],
        [line(3, 10, 5), b"2026-09-21T14:13:10.000000006Z level=info of the general log", lost],
        [line(4, 12), line(4, 12)],
    )
    found, follower = await told(kubelet, monkeypatch)
    assert found == ["/1", "/2", "/3", "/4"]
    assert [how["since_time"] for how in kubelet.asked if how.get("follow")] == [
        "", "2026-09-21T14:13:10Z", "2026-09-21T14:13:10Z", "2026-09-21T14:13:12Z",
    ]  # fmt: skip
    assert follower.state is State.LIVE


async def test_what_the_run_before_a_restart_wrote_last_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    kubelet = Kubelet([line(1, 10), UnreachableError("cut")], [line(3, 20)])

    def restart(follower: Follower) -> None:
        kubelet.before = [line(1, 10), line(2, 11)]
        kubelet.kept = []
        follower.writer = module.Writer(*WRITER.key, "shed", Log.ON, "json", restarts=1)

    kubelet.scripts[0].insert(1, lambda: restart(made[0]))
    made: list[Follower] = []
    monkeypatch.setattr(module, "FIRST_WAIT", 0.0)
    found: list[str] = []
    made.append(Follower(lambda: kubelet, WRITER, lambda flow, _: found.append(flow.l7.url)))  # type: ignore[arg-type,return-value,union-attr,func-returns-value]
    task = asyncio.create_task(made[0].run())
    await kubelet.idle.wait()
    task.cancel()
    assert found == ["/1", "/2", "/3"]


async def test_a_silent_log_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.01)
    kubelet = Kubelet()
    monkeypatch.setattr(module, "FIRST_WAIT", 0.0)
    follower = Follower(lambda: kubelet, WRITER, lambda *_: None)  # type: ignore[arg-type,return-value]
    task = asyncio.create_task(follower.run())
    await kubelet.often.wait()
    task.cancel()
    assert follower.state in (State.LIVE, State.CONNECTING)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ForbiddenError("no", code=403), State.FORBIDDEN),
        (UnreachableError("gone"), State.DOWN),
        (NotFoundError("no such pod", code=404), State.ABSENT),
    ],
)
async def test_what_goes_wrong_is_said(error: KubeError, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        async def logs(self, *_: str, **how: Any) -> AsyncIterator[bytes]:
            raise error
            yield b""

    settled = asyncio.Event()
    follower = Follower(lambda: Refusing(), WRITER, lambda *_: None, settled=settled.set)  # type: ignore[arg-type,return-value]
    task = asyncio.create_task(follower.run())
    if state is State.ABSENT:
        await task
    else:
        await settled.wait()
    task.cancel()
    assert follower.state is state
    assert follower.detail


LINES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 3)), max_size=30)


@given(LINES, st.lists(st.integers(0, 30), max_size=4))
def test_however_often_it_breaks_each_line_is_told_once(stamps: list[tuple[int, int, int]], cuts: list[int]) -> None:
    log = [split(line(text, second, nanos)) for second, nanos, text in sorted(stamps)]
    memory = Told()
    found = []
    start = 0
    for cut in [*sorted(cuts), len(log)]:
        since = memory.second[:19]
        for at, (stamp, text) in enumerate(log[:cut]):
            if stamp[:19] >= since and (start == 0 or at >= 0) and memory.fresh(stamp, text):
                found.append((stamp, text))
        start = cut
    assert found == list(dict.fromkeys(log))


POD = """
apiVersion: v1
kind: Pod
metadata: {name: traefik-0, namespace: edge, labels: {app.kubernetes.io/name: traefik}}
spec:
  nodeName: shed
  containers: [{name: traefik, image: docker.io/library/traefik:v3.7, args: [%s]}]
status:
  phase: Running
  containerStatuses: [{name: traefik, restartCount: 2, state: {running: {startedAt: "2027-01-15T07:00:00Z"}}}]
"""


@pytest.mark.parametrize(
    ("args", "log"),
    [
        ('"--accesslog"', Log.ON), ('"--accessLog=true", "--accesslog.format=JSON"', Log.ON),
        ('"--accesslog.format=json"', Log.ON), ('"--accesslog=false", "--accesslog.format=json"', Log.OFF),
        ('"--ping"', Log.OFF), ('"--accesslog.filepath=/data/a.log"', Log.FILE),
        ('"--configFile=/t.yml"', Log.UNKNOWN), ("", Log.UNKNOWN), ('"--accesslog.filepath=/dev/stdout"', Log.ON),
    ],
)  # fmt: skip
def test_what_a_pods_arguments_say(args: str, log: Log) -> None:
    (found,) = writers(worlds.make_store(POD % args).snapshot())
    assert (found.log, found.running, found.restarts, found.node) == (log, True, 2, "shed")


def test_how_the_link_stands() -> None:
    def said(text: str, *followers: Follower, **more: Any) -> tuple[State, str, str]:
        snapshot = worlds.make_store(text, **more).snapshot()
        return standing(snapshot, writers(snapshot), list(followers))

    on = POD % '"--accesslog"'
    live = Follower(lambda: None, WRITER, lambda *_: None)
    live.state = State.LIVE
    refused = Follower(lambda: None, WRITER, lambda *_: None)
    refused.state, refused.detail = State.FORBIDDEN, "may not"
    assert said("")[0] is State.ABSENT
    assert said("", states={"pods": State.FORBIDDEN})[0] is State.FORBIDDEN
    assert said("", states={"pods": State.CONNECTING})[0] is State.CONNECTING
    assert said(POD % '"--ping"')[:2] == (State.ABSENT, OFF)
    assert "/data/a.log" in said(POD % '"--accesslog.filepath=/data/a.log"')[1]
    assert said(on)[0] is State.CONNECTING
    assert said(on, live) == (State.LIVE, "1 pod", "")
    assert said(on, refused)[:2] == (State.FORBIDDEN, "may not")
    live.writer = module.Writer(*WRITER.key, "shed", Log.UNKNOWN)
    assert "no line of an access log came yet" in said(POD % "", live)[1]


async def test_pods_come_and_go() -> None:
    store = worlds.make_store(POD % '"--accesslog"')
    kubelet = Kubelet()
    kubelet.kept = [line(1, 10)]
    flows: list[Flow] = []
    said: list[State] = []
    source = AccessLogSource(
        lambda: kubelet,  # type: ignore[arg-type,return-value]
        store.snapshot, lambda flow, _: flows.append(flow), lambda state, *_: said.append(state),
    )  # fmt: skip
    source.look()
    await kubelet.idle.wait()
    source.look()
    assert (source.settled.is_set(), said[-1], len(flows)) == (True, State.LIVE, 1)
    assert (flows[0].source.identity, flows[0].destination.port) == (2, 80)
    store.replace(worlds.KINDS["pods"], [])
    source.look()
    assert (source.followers, said[-1]) == ({}, State.ABSENT)


async def test_the_past_of_all_pods_by_time() -> None:
    kubelet = Kubelet()
    kubelet.kept = [line(2, 12), line(1, 10)]
    snapshot = worlds.make_store(POD % '"--accesslog"').snapshot()
    found, whole = await read_past(kubelet, snapshot, tail=1)  # type: ignore[arg-type]
    assert ([flow.l7.url for flow in found if flow.l7], whole) == (["/1"], False)
    _, whole = await read_past(kubelet, snapshot, tail=9)  # type: ignore[arg-type]
    assert whole
