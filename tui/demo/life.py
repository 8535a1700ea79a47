"""The demo lives: controllers follow what users change, leases renew, now and then something restarts or moves.

    life = Life(storage, scenario, clock)
    life.step(1.0)

Time passes in steps. Everything that falls due within a step happens at its own time and in order, so ten steps of a
second and one step of ten come to the same, and the same seed to the same story. With a clock that runs by itself call
`step()` from time to time; it only catches up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from pointsman.tui.demo.clock import Clock
from pointsman.tui.demo.controllers import logs as voices
from pointsman.tui.demo.controllers.cilium import Cilium
from pointsman.tui.demo.controllers.cron import CronJobs
from pointsman.tui.demo.controllers.deployments import Deployments
from pointsman.tui.demo.controllers.endpoints import Endpoints, Ingresses, Namespaces
from pointsman.tui.demo.controllers.helm import Helm
from pointsman.tui.demo.controllers.kubelet import Kubelet
from pointsman.tui.demo.controllers.manager import Changes, Manager, Obj
from pointsman.tui.demo.controllers.metallb import MetalLB
from pointsman.tui.demo.controllers.mishaps import Mishaps
from pointsman.tui.demo.controllers.sets import Sets
from pointsman.tui.demo.controllers.visitors import Visitors
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.logs import Line, PodLogs
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.scenario.variants import Scenario

ROUNDS = 25  # controllers answer one another; a story that has not settled by then goes on in the next step


class Controller(Protocol):
    def reconcile(self, changes: Changes) -> None: ...


class Life:
    """See the module. `rate` scales how often something happens by itself (0: never); leases renew at any rate."""

    def __init__(
        self,
        storage: Storage,
        scenario: Scenario,
        clock: Clock,
        *,
        seed: int | None = None,
        rate: float = 1.0,
        logs: PodLogs | None = None,
    ) -> None:
        self._clock = clock
        self._m = Manager(storage, scenario, clock, scenario.seed if seed is None else seed)
        self._logs = logs
        self._said: dict[tuple[str, str, str], datetime] = {}
        self._busy: voices.Busy = {"traefik": Visitors(self._m)}
        self._kubelet = Kubelet(self._m, gone=self._gone, restarted=self._restarted)
        cilium = Cilium(self._m)
        self._controllers: tuple[Controller, ...] = (
            Namespaces(self._m),
            Deployments(self._m),
            Sets(self._m),
            self._kubelet,
            Endpoints(self._m),
            Ingresses(self._m),
            MetalLB(self._m),
            cilium,
            Helm(self._m),
        )
        CronJobs(self._m)
        Mishaps(self._m, self._kubelet, cilium, rate)

    def step(self, seconds: float = 0.0) -> None:
        """Let `seconds` pass (none: only catch up with a clock that runs)."""
        started = self._clock.now()
        if seconds:
            self._clock.advance(seconds)
        until = self._clock.now()
        try:
            self._clock.hold(started)
            self._settle()
            while (due := self._m.next_due(until)) is not None:
                at, action = due
                self._clock.hold(max(at, started))
                self._guarded(action)
                self._settle()
        finally:
            self._clock.release()
        self._speak()

    def restart(self, namespace: str, pod: str, down: float = 20.0) -> None:
        """End a pod's first container; it starts anew at once and is ready after `down` seconds.

        With a MetalLB speaker or a Cilium agent this makes its addresses move. Nothing happens if there is no such pod.
        """
        found = self._m.peek("pods", namespace, pod)
        if found is not None:
            self._kubelet.restart(found, down=down)

    def resync(self) -> None:
        """Have the controllers look at everything again, as real ones do from time to time; the next step acts on it."""
        self._m.resync()

    def _settle(self) -> None:
        """Run the controllers until they have nothing left to say."""
        for _ in range(ROUNDS):
            changes = self._m.changes()
            if not changes:
                return
            for controller in self._controllers:
                self._guarded(partial(controller.reconcile, changes))

    def _guarded(self, action: Callable[[], None]) -> None:
        """One strange object that somebody applied must not stop the others' life."""
        try:
            action()
        except ApiError as error:
            # The API's own refusal, of a kind whose CRD somebody deleted, say: the real ones note it and try again.
            logging.getLogger(__name__).info("a controller of the demo was refused: %s", error)
        except Exception:
            logging.getLogger(__name__).exception("a controller of the demo gave up")

    # -- logs ---------------------------------------------------------------------------------------------------------
    def log(self, namespace: str, pod: str, container: str) -> list[Line]:
        """What a container has written so far: the `fallback` of `PodLogs`."""
        self._said[namespace, pod, container] = now = self._clock.now()
        found = self._m.peek("pods", namespace, pod)
        if found is None:
            return []
        if self._logs is not None and (earlier := list(voices.previous(found, container, more=self._busy))):
            for at, text in earlier:
                self._logs.write(namespace, pod, container, Line(at, text))
            self._logs.restart(namespace, pod, container)
        return [Line(at, text) for at, text in voices.lines(found, container, None, now, self._busy)]

    def log_before(self, namespace: str, pod: str, container: str) -> list[Line]:
        """What a container wrote before its last restart: the `earlier` of `PodLogs`."""
        found = self._m.peek("pods", namespace, pod)
        return [Line(at, text) for at, text in voices.previous(found or {}, container, more=self._busy)]

    def _speak(self) -> None:
        """New lines for the logs that somebody has read."""
        if self._logs is None:
            return
        now = self._clock.now()
        for (namespace, name, container), since in list(self._said.items()):
            pod = self._m.peek("pods", namespace, name)
            if pod is None:
                continue
            for at, text in voices.lines(pod, container, since, now, self._busy):
                self._logs.write(namespace, name, container, Line(at, text))
            self._said[namespace, name, container] = now

    def _gone(self, namespace: str, name: str) -> None:
        for key in [key for key in self._said if key[:2] == (namespace, name)]:
            del self._said[key]
        if self._logs is not None:
            self._logs.forget(namespace, name)

    def _restarted(self, pod: Obj, container: str) -> None:
        if self._logs is not None:
            meta = pod["metadata"]
            self._logs.restart(meta["namespace"], meta["name"], container)
