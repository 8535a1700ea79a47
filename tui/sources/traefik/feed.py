"""Keep what Traefik's API says current in the store, but only while somebody looks at what is made of it.

Every five seconds one small question: have the counts changed? Everything is asked for again when they have, when objects
that make routers changed, and every half a minute. The lines stay open meanwhile, and a while after nobody looks any more.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from pointsman.tui.model import kinds as k
from pointsman.tui.model.proxies import RESTING
from pointsman.tui.sources.traefik.asker import LINK, Asker
from pointsman.tui.store.snapshot import Snapshot, State

if TYPE_CHECKING:
    from pointsman.tui.sources.open import Opened

LOOKING: Final = frozenset(("overview", "routes", "trace"))
"""What on screen is made from it."""
EVERY: Final = 5.0
WHOLE_EVERY: Final = 30.0
LONGEST_PAUSE: Final = 60.0
GRACE: Final = 15.0
"""Seconds after the last look for which the news count as current."""
KEPT: Final = 120.0
"""Seconds after the last look for which the lines are kept open."""
MAKE_ROUTERS: Final = (
    k.INGRESSROUTES, k.INGRESSROUTETCPS, k.INGRESSROUTEUDPS, k.MIDDLEWARES, k.MIDDLEWARETCPS, k.TRAEFIKSERVICES,
    k.TLSOPTIONS, k.INGRESSES, k.GATEWAYS, k.HTTPROUTES, k.GRPCROUTES, k.TLSROUTES, k.TCPROUTES, k.SERVICES,
)  # fmt: skip


async def run(opened: Opened) -> None:
    """Until cancelled. See :mod:`pointsman.tui.sources.feeds`."""
    asker = asker_of(opened)
    try:
        await _Rhythm(opened, asker).run()
    finally:
        await asker.close()


async def ask_once(opened: Opened, seconds: float = 3.0) -> None:
    """For a verb: everything once. What takes longer is told in the link's state."""
    asker = asker_of(opened)
    try:
        async with asyncio.timeout(seconds):
            await asker.ask()
    except TimeoutError:
        opened.store.set_link(LINK, State.DOWN, f"Traefik's API gave no answer within {seconds:g} s.")
    finally:
        await asker.close()


def asker_of(opened: Opened) -> Asker:
    """The one of this source; who has just changed a route asks it again without waiting for the next round."""
    if opened.traefik is None:
        opened.traefik = Asker(
            opened.store,
            lambda: opened.kube.client if opened.kube is not None else None,
            lambda: opened.traefik_at(opened.store.cluster.context),
        )
    return opened.traefik


class _Rhythm:
    def __init__(self, opened: Opened, asker: Asker) -> None:
        self._store = opened.store
        self._opened = opened
        self._asker = asker
        self._seen: tuple[int, ...] = ()
        self._again = False
        self._whole_at = -WHOLE_EVERY

    async def run(self) -> None:
        audience = self._store.audience
        pause = EVERY
        rested_since: float | None = None
        while True:
            if not audience.any(LOOKING):
                now = time.monotonic()
                rested_since = now if rested_since is None else rested_since
                rested = now - rested_since
                await self._rest(rested)
                await audience.changed(GRACE if rested < KEPT else None)
                continue
            rested_since = None
            if not self._ready():
                await audience.changed(0.5)
                continue
            good = await self._asker.ask(whole=self._whole())
            pause = EVERY if good else min(max(pause, EVERY / 2) * 2, LONGEST_PAUSE)
            await self._wait(pause)

    def _ready(self) -> bool:
        """Whether the cluster has answered and the objects that tell of Traefik were read."""
        kube = self._opened.kube
        snapshot = self._store.snapshot()
        return (
            kube is not None
            and kube.client is not None
            and all(snapshot.known(kind) for kind in (k.DEPLOYMENTS, k.DAEMONSETS))
            and snapshot.state(k.PODS) is not State.CONNECTING
            and snapshot.state(k.INGRESSROUTES) is not State.CONNECTING
        )

    def _whole(self) -> bool:
        """Whether this round asks for everything: objects changed (Traefik takes up to 2 s to follow, so also the next round),
        or it is time."""
        seen = _versions(self._store.snapshot())
        changed, again = seen != self._seen, self._again
        self._seen, self._again = seen, changed
        now = time.monotonic()
        if changed or again or now - self._whole_at >= WHOLE_EVERY:
            self._whole_at = now
            return True
        return False

    async def _wait(self, seconds: float) -> None:
        """Until the next round; sooner when nobody looks any more, or, while it goes badly, when objects have changed."""
        ends = time.monotonic() + seconds
        before = _versions(self._store.snapshot())
        while (left := ends - time.monotonic()) > 0 and self._store.audience.any(LOOKING):
            await self._store.audience.changed(min(left, EVERY))
            if seconds > EVERY and _versions(self._store.snapshot()) != before:
                return

    async def _rest(self, rested: float) -> None:
        """Nobody looks: after a while what is known is of then, and the lines are let go."""
        link = self._store.snapshot().links.get(LINK)
        if link is not None and link.state is State.LIVE and rested >= GRACE:
            self._store.set_link(LINK, State.STALE, f"{link.detail}; {RESTING}", link.hint)
        if rested >= KEPT:
            await self._asker.close()


def _versions(snapshot: Snapshot) -> tuple[int, ...]:
    return snapshot.versions(*MAKE_ROUTERS, k.DEPLOYMENTS, k.DAEMONSETS)
