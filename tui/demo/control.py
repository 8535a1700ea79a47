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
from pointsman.tui.demo.kube.objects import micro_timestamp

if TYPE_CHECKING:
    from pointsman.tui.demo.homelab import Homelab

PREFIX = "/_demo/"
MAX_STEP_SECONDS = 7 * 86400.0


class Control:
    """The handlers of one homelab."""

    def __init__(self, homelab: Homelab) -> None:
        self._homelab = homelab

    async def handle(self, request: web.BaseRequest, _user: User) -> web.StreamResponse:
        """`GET state`; `POST step {seconds}`; `POST compact`; `POST cut`. Raises 400 and 404."""
        match request.method, request.path.removeprefix(PREFIX):
            case "GET", "state":
                pass
            case "POST", "step":
                sent, _ = bodies.decode_object(await request.read() or b"{}", request.content_type)
                seconds = sent.get("seconds", 1)
                if (
                    not isinstance(seconds, (int, float))
                    or isinstance(seconds, bool)
                    or not 0 <= seconds <= MAX_STEP_SECONDS
                ):
                    raise bad_request(f"seconds has to be a number from 0 to {MAX_STEP_SECONDS:.0f}")
                self._homelab.step(float(seconds))
            case "POST", "compact":
                self._homelab.storage.compact()
                if self._homelab.server is not None:
                    self._homelab.server.snapshots.clear()
            case "POST", "cut":
                self._homelab.storage.cut()
            case _:
                raise no_such_path()
        return document(self.state())

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
        }
