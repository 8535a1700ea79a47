"""`pointsman flows` where there is no Hubble: Traefik's access log in its place, with the same filters and forms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pointsman.tui.answers.flows.request import Selection
    from pointsman.tui.model.flows import Flow
    from pointsman.tui.sources.kube import KubeSource
    from pointsman.tui.sources.open import Opened

FIRST_TAIL = 400
"""Lines of each pod's log that are read first for the last few flows; more if the filters leave too few."""
NO_JSONPB = "-o jsonpb is Hubble's own form, and Traefik's access log tells less and other things."

Write = Callable[[Any], None]


async def read_pods(opened: Opened) -> KubeSource:
    """The source with what is needed to find Traefik and to name the ends, read once. Raises KubeError."""
    from pointsman.tui.sources.accesslog.source import KINDS_READ

    assert opened.kube is not None
    await opened.kube.load(kinds=KINDS_READ)
    return opened.kube


async def print_log(opened: Opened, chosen: Selection, allow: list[Any], deny: list[Any], write: Write) -> None:
    """The chosen flows; following, until cancelled. Raises KubeError, also where no access log can be read."""
    from pointsman.tui.answers.flows.request import DEFAULT_LAST
    from pointsman.tui.answers.flows.traefiklog import writers
    from pointsman.tui.sources.accesslog.source import read_past, standing
    from pointsman.tui.sources.errors import ConfigError, ForbiddenError
    from pointsman.tui.store.snapshot import State

    kube = await read_pods(opened)
    snapshot = opened.store.snapshot()
    found = writers(snapshot)
    state, sentence, hint = standing(snapshot, found, [])
    if state is not State.CONNECTING:
        error = ForbiddenError(sentence, hint, code=403) if state is State.FORBIDDEN else ConfigError(sentence, hint)
        raise error
    if chosen.follow:
        await _follow(opened, kube, chosen, allow, deny, write)
        return
    client = kube.api
    open_end = chosen.since is None and chosen.until is None and not chosen.first and not chosen.everything
    if open_end and not chosen.last:
        chosen = replace(chosen, last=DEFAULT_LAST)
    tail = max(FIRST_TAIL, 4 * chosen.last) if chosen.last and chosen.since is None else None
    while True:
        past, whole = await read_past(client, snapshot, tail=tail, since=_second(chosen.since))
        kept = list(chosen.of(past, allow, deny))
        if tail is None or whole or len(kept) >= (chosen.last or 0):
            break
        tail *= 8
    for flow in kept:
        write(flow)


def _second(ns: int | None) -> str:
    """The whole second of a time, as the API server takes it."""
    return "" if ns is None else datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _follow(
    opened: Opened, kube: KubeSource, chosen: Selection, allow: list[Any], deny: list[Any], write: Write
) -> None:
    from pointsman.tui.answers.flows.predicates import matcher
    from pointsman.tui.sources.accesslog.source import KINDS_READ, AccessLogSource
    from pointsman.tui.store.snapshot import State
    from pointsman.tui.verbs.reading import complain

    keep = matcher(allow, deny)
    past: list[Flow] | None = []
    told = ""

    def take(flow: Flow, of_the_past: bool) -> None:
        if past is not None and of_the_past:
            past.append(flow)
        elif keep(flow):
            write(flow)

    def report(state: State, detail: str, hint: str) -> None:
        nonlocal told
        if state in (State.DOWN, State.FORBIDDEN, State.ABSENT) and detail != told:
            complain(detail, hint)
        if state is not State.CONNECTING:
            told = detail

    first = 0
    if chosen.last or chosen.everything:
        first = 10**9 if chosen.everything else max(FIRST_TAIL, 4 * (chosen.last or 0))
    source = AccessLogSource(
        lambda: kube.client, opened.store.snapshot, take, report, first=first, since=_second(chosen.since)
    )
    kube.watch_only(KINDS_READ)
    pods = asyncio.create_task(kube.run())
    logs = asyncio.create_task(source.run())
    settled = asyncio.create_task(source.settled.wait())
    try:
        await asyncio.wait((settled, pods, logs), return_when=asyncio.FIRST_COMPLETED)
        begun, past = past, None
        for flow in replace(chosen, follow=False).of(sorted(begun or (), key=lambda item: item.ns or 0), allow, deny):
            write(flow)
        await asyncio.gather(pods, logs)
    finally:
        for task in (pods, logs, settled):
            task.cancel()
        await asyncio.gather(pods, logs, settled, return_exceptions=True)
