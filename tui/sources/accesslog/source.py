"""All Traefik pods at once: one follower each, pods that come and go, and how the link stands in words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pointsman.tui.answers.flows.placing import placed, places
from pointsman.tui.answers.flows.traefiklog import Log, Writer, writers
from pointsman.tui.answers.words import plural
from pointsman.tui.model.flows import Flow
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, NODES, PODS, REPLICASETS, SERVICES, STATEFULSETS
from pointsman.tui.sources.accesslog.follower import FIRST_LINES, Follower, Take, past
from pointsman.tui.store.snapshot import Snapshot, State

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

LOOK_SECONDS: Final = 1.0
"""How often the pods are looked at; nothing is asked of the cluster for it."""
KINDS_READ: Final = (PODS, NODES, SERVICES, REPLICASETS, DEPLOYMENTS, DAEMONSETS, STATEFULSETS)
"""What is needed to find the pods and to name the ends."""
OFF: Final = "Traefik's access log is off."
OFF_HINT: Final = (
    "`:access-log`, or `pointsman access-log on`, shows what would change and switches it on; Traefik starts anew once."
)
NONE: Final = "No Traefik runs here, so there is no access log."

Report = Callable[[State, str, str], None]


class AccessLogSource:
    """``sink`` gets every flow with its ends named, and whether it is of the past; ``report`` the state of the link.

    ``first`` and ``since`` say where to begin, as of :class:`Follower`. ``settled`` is set once every pod's past was told
    (or could not be).
    """

    def __init__(
        self,
        client: Callable[[], KubeClient | None],
        snapshot: Callable[[], Snapshot],
        sink: Take,
        report: Report,
        *,
        first: int = FIRST_LINES,
        since: str = "",
    ) -> None:
        self._client = client
        self._snapshot = snapshot
        self._sink = sink
        self._report = report
        self._first = first
        self._since = since
        self._said: tuple[State, str, str] | None = None
        self.settled = asyncio.Event()
        self.followers: dict[tuple[str, str, str], tuple[Follower, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            tasks = [task for _, task in self.followers.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def look(self) -> None:
        """Start and stop followers by the pods there are now, and say how the link stands."""
        snapshot = self._snapshot()
        found = writers(snapshot)
        wanted = {item.key: item for item in found if item.readable and item.running}
        if self._client() is not None:
            for key, item in wanted.items():
                if key in self.followers:
                    self.followers[key][0].writer = item
                else:
                    # Pods that come later are told from their first line on.
                    begin = FIRST_LINES if self.settled.is_set() else self._first
                    follower = Follower(
                        self._client, item, self._take, first=begin, since=self._since, settled=self._settle
                    )
                    task = asyncio.create_task(follower.run(), name=f"log of {item.namespace}/{item.pod}")
                    self.followers[key] = (follower, task)
        there = {item.key for item in found}
        for key, (_, task) in list(self.followers.items()):
            # One whose container starts anew is kept: it knows what was told. One that ended has read to the end.
            if key not in there or task.done():
                task.cancel()
                del self.followers[key]
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error  # what takes the flows has failed: a reader that has gone, say
        self._tell(snapshot, found)

    def _take(self, flow: Flow, past: bool) -> None:
        self._sink(placed(flow, places(self._snapshot())), past)

    def _settle(self) -> None:
        if all(item.caught_up or item.state is not State.CONNECTING for item, _ in self.followers.values()):
            self.settled.set()

    def _tell(self, snapshot: Snapshot, found: tuple[Writer, ...]) -> None:
        said = standing(snapshot, found, [follower for follower, _ in self.followers.values()])
        if said != self._said or said[0] is State.LIVE:
            self._said = said
            self._report(*said)


def standing(snapshot: Snapshot, found: tuple[Writer, ...], followers: list[Follower]) -> tuple[State, str, str]:
    """How the link stands: its state, a sentence, and what would mend it."""
    seen = snapshot.state(PODS)
    if not found:
        if seen is State.FORBIDDEN:
            return State.FORBIDDEN, "Pods may not be listed, so no Traefik can be found.", "It needs list on pods."
        if seen in (State.LIVE, State.STALE):
            return State.ABSENT, NONE, "Traefik's access log, or Hubble, would tell who talks to whom."
        return State.CONNECTING, "", ""
    readable = [item for item in found if item.readable]
    if not readable:
        file = next((item for item in found if item.log is Log.FILE), None)
        if file is not None:
            text = f"Traefik writes its access log to {file.path} in its pod, which cannot be read from here."
            return State.ABSENT, text, "Without accesslog.filepath it goes to the pod's log."
        return State.ABSENT, OFF, OFF_HINT
    live = [item for item in followers if item.state is State.LIVE]
    if live:
        text = plural(len(live), "pod")
        if (missing := len(readable) - len(live)) > 0:
            text += f", {missing} not read"
        silent = [item for item in live if item.writer.log is Log.UNKNOWN and not item.flows]
        if len(silent) == len(live):
            text += "; its configuration is in a file, and no line of an access log came yet"
        return State.LIVE, text, ""
    for state in (State.FORBIDDEN, State.DOWN):
        for item in followers:
            if item.state is state:
                return state, item.detail, item.hint
    if not any(item.running for item in readable):
        return State.DOWN, "No Traefik pod runs at the moment.", ""
    return State.CONNECTING, "", ""


async def read_past(
    client: KubeClient, snapshot: Snapshot, *, tail: int | None = None, since: str = ""
) -> tuple[list[Flow], bool]:
    """What all pods have written, by time, and whether that is everything there is.

    ``tail`` lines of each pod. Raises KubeError if no pod's log can be read.
    """
    where = places(snapshot)
    found: list[Flow] = []
    whole = True
    problem: Exception | None = None
    read = 0
    for item in writers(snapshot):
        if not item.readable:
            continue
        count = 0
        try:
            async with contextlib.aclosing(past(client, item, tail=tail, since=since)) as lines:
                async for flow in lines:
                    count += 1
                    if flow is not None:
                        found.append(placed(flow, where))
        except Exception as error:
            problem = error
            continue
        read += 1
        whole = whole and (tail is None or count < tail)
    if problem is not None and not read:
        raise problem
    found.sort(key=lambda flow: flow.ns or 0)
    return found, whole
