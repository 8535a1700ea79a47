"""Hubble's flows into the store while the app runs: wait for a Relay, follow it, come back, say how it stands.

The Relay is looked for among the pods that are watched anyway, so its absence costs no request. Flows are read, decoded and
counted in the reader's thread; the event loop only reports.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from pointsman.tui.model.flows import Event, Flow
from pointsman.tui.model.kinds import DAEMONSETS, PODS
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.sources.errors import ForbiddenError, KubeError
from pointsman.tui.sources.hubble.errors import HubbleError, NoRelayError
from pointsman.tui.sources.hubble.find import CILIUM_LABEL, ENABLE, LABEL
from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from pointsman.tui.model.core import Pod
    from pointsman.tui.sources.hubble.source import HubbleSource
    from pointsman.tui.sources.kube.client import KubeClient
    from pointsman.tui.sources.open import Opened
    from pointsman.tui.store.store import Store

NAME: Final = "hubble"
LOOK_SECONDS: Final = 0.5
"""How often the watched pods are looked at for a Relay; it asks nobody."""
REFUSED_SECONDS: Final = 60.0
"""After a refusal that no repetition mends, or while pods may not be listed everywhere."""
PAST: Final = 500
"""Flows of each node from before the start that are asked for, so that the pane does not open empty."""
BATCH: Final = 256
BATCH_SECONDS: Final = 0.05
_LABEL_KEY, _, _LABEL_VALUE = LABEL.partition("=")
_CILIUM_KEY, _, _CILIUM_VALUE = CILIUM_LABEL.partition("=")


class Intake:
    """Takes events in the reader's thread and gives them to the store in batches.

    Flows from before the stream began are counted at the time they tell, later ones when they come: a node's clock that is
    wrong must not make its traffic old.
    """

    def __init__(self, store: Store) -> None:
        self._flows = store.flows
        self._lock = Lock()
        self._waiting: list[Flow] = []
        self._since = 0.0
        self.began_ns = 0

    def take(self, event: Event) -> None:
        now = time.time()
        if not isinstance(event, Flow):
            self._flows.add(event, now)
            return
        if event.ns is not None and event.ns < self.began_ns:
            self._flows.add_flows((event,), event.ns / 1e9)
            return
        with self._lock:
            waiting = self._waiting
            if not waiting:
                self._since = now
            waiting.append(event)
            if len(waiting) < BATCH and now - self._since < BATCH_SECONDS:
                return
            self._waiting = []
        self._flows.add_flows(waiting, now)

    def flush(self) -> None:
        """What waits for more to come: on a quiet stream nothing else brings it in."""
        now = time.time()
        with self._lock:
            if not self._waiting or now - self._since < BATCH_SECONDS:
                return
            waiting, self._waiting = self._waiting, []
        self._flows.add_flows(waiting, now)

    def begin(self) -> None:
        """A stream begins: what is older than now is of the past."""
        self.began_ns = time.time_ns() - 1_000_000_000


class Feed:
    """One run of the app's Hubble; ``run`` ends only by being cancelled."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._store = opened.store
        self._intake = Intake(opened.store)
        self._source: HubbleSource | None = None
        self._state = State.CONNECTING
        self._detail = self._hint = ""
        self._told: tuple[object, ...] = ()

    async def run(self) -> None:
        flusher = asyncio.create_task(self._tend(), name="hubble flush")
        try:
            while True:
                await self._once()
        finally:
            flusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await flusher

    async def _once(self) -> None:
        while self.client() is None:
            self._report(State.CONNECTING, "waiting for the cluster", "")
            await asyncio.sleep(LOOK_SECONDS)
        options = self._opened.hubble(self._store.cluster.context)
        if not options.server:
            await self._relay()
        # protobuf and grpc cost 45 MB, which only a cluster with a Relay should pay; in a thread, so that the screen goes on.
        source, wire = await asyncio.to_thread(_libraries)
        self._source = source.HubbleSource(options, self.client, self._intake.take, self._report)
        try:
            await self._source.follow(
                wire.GetFlowsRequest(follow=True, number=PAST), pause=self._pause, gives_up=(NoRelayError,)
            )
        except NoRelayError as error:
            # The pods said otherwise, or could not be seen: ask again later.
            self._report(State.ABSENT, error.sentence, error.hint)
            await self._pause(REFUSED_SECONDS)
        except HubbleError as error:
            self._report(State.DOWN, error.sentence, error.hint)
            await asyncio.sleep(REFUSED_SECONDS)

    def client(self) -> KubeClient | None:
        kube = self._opened.kube
        return None if kube is None else kube.client

    # -- finding ------------------------------------------------------------------------------------------------------

    def pods(self) -> list[Obj[Pod]] | None:
        """The Relay's pods among the watched ones; None while or where they are not known."""
        snapshot = self._store.snapshot()
        if snapshot.state(PODS) not in (State.LIVE, State.STALE):
            return None
        return [pod for pod in snapshot.all(PODS) if pod.meta.labels.get(_LABEL_KEY) == _LABEL_VALUE]

    async def _relay(self) -> None:
        """Wait until there is a Relay. Where pods may not be listed, whoever looks for it will say so."""
        version = -1
        while True:
            snapshot = self._store.snapshot()
            state = snapshot.state(PODS)
            if state in (State.FORBIDDEN, State.ABSENT, State.DOWN):
                return
            if snapshot.table(PODS).version != version:
                version = snapshot.table(PODS).version
                pods = self.pods()
                if pods:
                    return
                if pods is not None:
                    self._report(State.ABSENT, *self.why_absent())
            await asyncio.sleep(LOOK_SECONDS)

    def why_absent(self) -> tuple[str, str]:
        snapshot = self._store.snapshot()
        if any(item.meta.labels.get(_CILIUM_KEY) == _CILIUM_VALUE for item in snapshot.all(DAEMONSETS)):
            return "Cilium runs here without a Hubble Relay.", ENABLE
        return "There is no Hubble on this stack: it comes with Cilium.", ""

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; no longer than until the Relay's pods are others, or ready where they were not."""
        before = self._standing()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))
            if self._standing() != before:
                return

    def _standing(self) -> frozenset[tuple[str, bool]]:
        return frozenset((pod.meta.uid, _ready(pod)) for pod in self.pods() or ())

    # -- telling ------------------------------------------------------------------------------------------------------

    def _report(self, state: State, detail: str, hint: str) -> None:
        if state is State.CONNECTING and self._state in (State.DOWN, State.FORBIDDEN):
            return  # trying again is no news; what was wrong stays said until something else is known
        if state is State.LIVE and self._state is not State.LIVE:
            self._intake.begin()
        self._state, self._detail, self._hint = state, detail, hint
        self._tell()

    def _tell(self) -> None:
        """The link's state. It is stamped as confirmed when something came since the last time."""
        flows = self._store.flows
        told = (self._state, self._detail, self._hint, self._nodes(), int(flows.last_at or 0))
        if told == self._told:
            return
        self._told = told
        detail = self._detail
        if self._state is State.LIVE and (nodes := self._nodes()):
            version = self._source.version if self._source is not None else ""
            detail = f"version {version}, {nodes}" if version else nodes
        self._store.set_link(NAME, self._state, detail, self._hint)

    def _nodes(self) -> str:
        """How many nodes report, as the stream itself tells; empty if it does not."""
        nodes = self._store.flows.nodes
        if not nodes:
            return ""
        up = sum(status.state == "NODE_CONNECTED" for status in nodes.values())
        away = sorted(name for name, status in nodes.items() if status.state in ("NODE_UNAVAILABLE", "NODE_ERROR"))
        text = f"{up} node{'' if up == 1 else 's'}"
        return f"{text}, {', '.join(away[:3])}{' …' if len(away) > 3 else ''} unavailable" if away else text

    async def _tend(self) -> None:
        """What nothing else brings about: the rest of a batch, and the age of the link."""
        turn = 0
        while True:
            await asyncio.sleep(BATCH_SECONDS)
            self._intake.flush()
            turn += 1
            if turn % 20 == 0 and self._state is State.LIVE:
                if self._source is not None:
                    self._store.flows.counts.duplicates = self._source.duplicates
                    self._store.flows.counts.undecoded = self._source.undecoded
                self._tell()


async def ask_once(opened: Opened, patience: float = 3.0) -> None:
    """For a verb that tells of the sources: whether Hubble can be reached, tried once."""
    feed = Feed(opened)
    options = opened.hubble(opened.store.cluster.context)
    if not options.server and feed.pods() == []:
        opened.store.set_link(NAME, State.ABSENT, *feed.why_absent())
        return
    source, _ = await asyncio.to_thread(_libraries)
    try:
        async with asyncio.timeout(patience):
            words = await source.HubbleSource(options, feed.client, lambda _event: None).standing()
        opened.store.set_link(NAME, State.LIVE, words)
    except NoRelayError as error:
        opened.store.set_link(NAME, State.ABSENT, error.sentence, error.hint)
    except ForbiddenError as error:
        opened.store.set_link(NAME, State.FORBIDDEN, error.sentence, error.hint)
    except KubeError as error:
        opened.store.set_link(NAME, State.DOWN, error.sentence, error.hint)
    except TimeoutError:
        opened.store.set_link(NAME, State.DOWN, f"Hubble did not answer within {patience:.0f} s.")


def _libraries() -> tuple[Any, Any]:
    return (
        importlib.import_module("pointsman.tui.sources.hubble.source"),
        importlib.import_module("pointsman.tui.wire.hubble"),
    )


def _ready(pod: Obj[Pod]) -> bool:
    found = condition(pod.body.status.conditions, "Ready")
    return found is not None and found.status == "True"


async def run(opened: Opened) -> None:
    """Fill ``store.flows`` until cancelled."""
    await Feed(opened).run()
