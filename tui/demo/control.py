"""`/_demo/`: what only a test or the demo's own app may ask: the state, time that passes at once, faults, cut watches.

Only the admin's token is let in. Answers are JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from pointsman.tui.demo.kube import bodies
from pointsman.tui.demo.kube.authz import User
from pointsman.tui.demo.kube.call import document
from pointsman.tui.demo.kube.errors import bad_request, no_such_path
from pointsman.tui.demo.kube.objects import Object, micro_timestamp
from pointsman.tui.demo.kube.server import FAULTS
from pointsman.tui.demo.lan import neighbours

if TYPE_CHECKING:
    from pointsman.tui.demo.homelab import Homelab

PREFIX = "/_demo/"
MAX_STEP_SECONDS = 86400.0
RELAY_FAULTS = ("node-unavailable", "lost-events", "stream-abort", "restart", "port-forward-cut")


class Control:
    """The handlers of one homelab."""

    def __init__(self, homelab: Homelab) -> None:
        self._homelab = homelab

    async def handle(self, request: web.BaseRequest, _user: User) -> web.StreamResponse:
        """`GET state`, `neighbours`; `POST step {seconds}`, `fault {name, on}`, `compact`, `cut`, `rate {flows}`,
        `relay {fault, ...}`. Raises 400 and 404.
        """
        sent, _ = bodies.decode_object(await request.read() or b"{}", "application/json")
        homelab = self._homelab
        match request.method, request.path.removeprefix(PREFIX):
            case "GET", "state":
                pass
            case "GET", "neighbours":
                return document({"neighbours": neighbours(homelab.storage)})
            case "POST", "step":
                await homelab.step(_seconds(sent))
            case "POST", "fault":
                self._fault(sent)
            case "POST", "compact":
                homelab.storage.compact()
                if homelab.server is not None:
                    homelab.server.snapshots.clear()
            case "POST", "cut":
                homelab.storage.cut()
            case "POST", "rate":
                await self._rate(sent)
            case "POST", "relay":
                await self._relay(sent)
            case _:
                raise no_such_path()
        return document(self.state())

    def _fault(self, sent: Object) -> None:
        name, on = sent.get("name"), sent.get("on", True)
        if name not in FAULTS or not isinstance(on, bool):
            raise bad_request(f"a fault has a name ({', '.join(FAULTS)}) and is on or not (true, false)")
        if self._homelab.server is not None:
            self._homelab.server.fault(name, on)

    async def _rate(self, sent: Object) -> None:
        """Hubble's flows a second from now on."""
        flows = sent.get("flows")
        if not isinstance(flows, (int, float)) or isinstance(flows, bool):
            raise bad_request("flows has to be a number of flows a second")
        observer = await self._homelab.relay.ready()
        try:
            observer.set_rate(float(flows))
        except ValueError as error:
            raise bad_request(str(error)) from None

    async def _relay(self, sent: Object) -> None:
        """A fault of the Relay: `node-unavailable {node, on}`, `lost-events {count}`, `stream-abort`, `restart {seconds}`,
        `port-forward-cut`."""
        relay = self._homelab.relay
        observer = await relay.ready()
        match sent.get("fault"):
            case "node-unavailable":
                try:
                    observer.set_available(str(sent.get("node", "")), sent.get("on", True) is False)
                except ValueError as error:
                    raise bad_request(str(error)) from None
            case "lost-events":
                count = sent.get("count", 1)
                if not isinstance(count, int) or isinstance(count, bool) or not 0 < count < 2**63:
                    raise bad_request("count has to be a number of events")
                observer.lose(count)
            case "stream-abort":
                observer.abort()
            case "restart":
                await relay.restart(_seconds({"seconds": 3, **sent}))
            case "port-forward-cut":
                relay.cut()
            case _:
                raise bad_request(f"a Relay's fault is one of {', '.join(RELAY_FAULTS)}")

    def state(self) -> dict[str, Any]:
        """Where the homelab is: its variant, seed and time, how far its versions are, who reads."""
        homelab = self._homelab
        return {
            "variant": homelab.scenario.variant,
            "seed": homelab.scenario.seed,
            "now": micro_timestamp(homelab.clock.now()),
            "clusterUID": homelab.scenario.cluster_uid,
            "resourceVersion": homelab.storage.version,
            "requests": homelab.server.requests if homelab.server else 0,
            "watches": homelab.storage.readers(),
            "relay": self._relay_state(),
            "faults": sorted(homelab.server.faults) if homelab.server else [],
        }

    def _relay_state(self) -> dict[str, Any] | None:
        """None until somebody asked the Relay."""
        relay = self._homelab.relay
        if relay.observer is None:
            return None
        return {
            "rate": relay.observer.stream.rate,
            "connections": relay.connections,
            "unavailable": sorted(relay.observer.unavailable),
        }


def _seconds(sent: Object) -> float:
    seconds = sent.get("seconds", 1)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds <= MAX_STEP_SECONDS:
        raise bad_request(f"seconds has to be a number from 0 to {MAX_STEP_SECONDS:.0f}")
    return float(seconds)
