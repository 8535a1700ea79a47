"""After a write: wait until the proxy itself says what it makes of a route, and tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.live import LINK
from pointsman.tui.answers.routes.model import CILIUM, ENABLED, RouteList
from pointsman.tui.answers.routes.parking import ROUTE_KINDS
from pointsman.tui.answers.words import listed
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.store.snapshot import Snapshot, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pointsman.tui.answers.routes.model import Route

_IDS = frozenset(kind.id for kind in ROUTE_KINDS)


class LivePart(ListPane):
    """What a pane with routes does when one of them was written."""

    patience: ClassVar[float] = 20.0
    """Seconds that the proxy gets: it is asked every few seconds, and reads the cluster a moment after us."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited: dict[Ref, tuple[float, float]] = {}

    def watch_live(self, ref: Ref) -> None:
        """Say what the proxy makes of an object that was just written, as soon as it says so."""
        if ref.kind in _IDS:
            now = self.host.snapshot().now
            self._awaited[ref] = (now, now + self.patience)

    def look_at_awaited(self, found: RouteList, snapshot: Snapshot) -> None:
        """With every picture. Cheap while nothing is awaited."""
        for ref, (since, end) in list(self._awaited.items()):
            mine = [route for route in found.items if route.ref == ref]
            link = snapshot.links.get(LINK)
            asked = link is not None and link.state is State.LIVE and (link.last_ok or 0.0) > since
            if not mine or any(route.off is not None or route.controller == CILIUM for route in mine):
                if snapshot.now > end:
                    del self._awaited[ref]
                continue
            states = {route.live.state for route in mine}
            if asked and states == {ENABLED}:
                self.host.say(f"Traefik runs {ref.title}.", seconds=6)
            elif snapshot.now <= end:
                continue
            else:
                self.host.say(_words(ref, mine, asked=asked), severity="warning", seconds=15)
            del self._awaited[ref]


def _words(ref: Ref, routes: Iterable[Route], *, asked: bool) -> str:
    errors = [error for route in routes for error in route.live.errors]
    states = sorted({route.live.state for route in routes if route.live.state})
    if not asked:
        why = next((route.live.why for route in routes if route.live.why), "its API was not asked")
        return f"Whether Traefik runs {ref.title} is not known: {why}."
    said = f": {listed(errors, 3)}" if errors else ""
    return f"Traefik does not run {ref.title} as it is: it is {listed(states) or 'not there'}{said}. z takes it back."
