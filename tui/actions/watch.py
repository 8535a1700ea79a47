"""What a guard does: wait for the time, look, switch on, and try again until it is on."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pointsman.tui.actions.arming import disarm, journalled
from pointsman.tui.actions.change import Change, Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.guard import Post
from pointsman.tui.actions.pipeline import Status, execute
from pointsman.tui.actions.plan import Wish, prepare
from pointsman.tui.actions.toggle import OFF, ON, operation_of, switched_on, was_switched
from pointsman.tui.actions.undo import change_of
from pointsman.tui.actions.write import read_object
from pointsman.tui.answers.ref import Ref
from pointsman.tui.disk.journal import Journal, JournalError, State, Write
from pointsman.tui.model.kinds import NAMESPACES
from pointsman.tui.model.meta import dig_str
from pointsman.tui.sources.errors import ConfigError, KubeError
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.targets import find_target
from pointsman.tui.store.snapshot import Cluster, Snapshot

LOOK = 5.0
"""Seconds between two looks at the clock and the journal; neither asks the cluster."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """One try. ``over``: there is nothing left to do. ``text`` says what happened."""

    over: bool
    text: str


def watch(duty: Post, log: Log) -> int:
    """Wait until the time has come and switch the policy on. Returns the exit code: 0 when nothing is left to do."""
    journal = Journal(duty.uid)
    stamp: tuple[int, int] | None = None
    while time.time() < duty.until:
        now = journal.stamp()
        if now != stamp:
            stamp = now
            reason = needless(journal, duty.op)
            if reason:
                log(f"{duty.op}: ends: {reason}")
                return 0
        time.sleep(max(0.05, min(LOOK, duty.until - time.time())))
    pause = FIRST_PAUSE
    said = ""
    while True:
        tried = asyncio.run(attempt(duty, journal))
        if tried.over or tried.text != said:
            log(f"{duty.op}: {tried.text}")
            said = tried.text
        if tried.over:
            return 0
        if duty.demo and _gone(duty):
            log(f"{duty.op}: ends: the demo homelab is gone")
            return 0
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def needless(journal: Journal, op: str) -> str:
    """Why there is nothing to wait for, by the journal; empty if there is, or if it cannot be told."""
    try:
        reading = journal.read()
    except JournalError:
        return ""
    write = reading.get(op)
    if write is None or journal.under_way(op):
        return ""
    if write.state is State.FAILED and write.certain:
        return "nothing was written"
    if write.state is State.UNDONE:
        return "it was switched on already"
    ref = change_of(write).ref
    for later in reading.writes[reading.writes.index(write) + 1 :]:
        if later.state is State.DONE and later.intent.action in (OFF, ON) and change_of(later).ref == ref:
            return f"operation {later.op} has taken over"
    return ""


def _gone(duty: Post) -> bool:
    paths = [duty.kubeconfig] if duty.kubeconfig else os.environ.get("KUBECONFIG", "").split(os.pathsep)
    return not any(path and Path(path).exists() for path in paths)


async def attempt(duty: Post, journal: Journal) -> Tried:
    """Look at the object and switch it on if it is still ours to switch. Never raises for what the cluster does."""
    client: KubeClient | None = None
    try:
        target = find_target(duty.kubeconfig or None, duty.context or None)
        client = KubeClient(Connection(target))
        await client.connection.prepare()
        strange = await _stranger(client, duty)
        if strange:
            return Tried(False, strange)
        return await _switch(client, duty, journal)
    except ConfigError as error:
        return Tried(False, f"will try again: {error.sentence}")
    except (KubeError, ActionError, JournalError) as error:
        return Tried(False, f"will try again: {error.sentence}")
    finally:
        if client is not None:
            await client.close()


async def _stranger(client: KubeClient, duty: Post) -> str:
    """Why this is not the cluster that the toggle was made on; empty if it is."""
    if duty.uid.startswith("at-"):
        return (
            "" if client.server == duty.server else f"will not touch {client.server}: the toggle was on {duty.server}"
        )
    body = await client.get(NAMESPACES.url(name="kube-system"), what="get namespace kube-system", total=10.0)
    try:
        uid = dig_str(msgspec.json.decode(body), "metadata", "uid")
    except (msgspec.DecodeError, UnicodeDecodeError):
        uid = ""
    return (
        "" if uid == duty.uid else f"will not touch {client.server}: it is another cluster than the toggle was made on"
    )


async def _switch(client: KubeClient, duty: Post, journal: Journal) -> Tried:
    ref = Ref(duty.kind, duty.namespace, duty.name)
    live = await read_object(client, Change(ref, None, None, duty.version))
    write = _write(journal, duty.op)
    kept: Doc | None = None
    if live is None:
        if write is None or write.intent.verb != "delete" or write.state is State.FAILED:
            return Tried(True, f"{ref.title} is gone; there is nothing to switch on")
        kept = change_of(write).before
    elif not was_switched(live):
        await _tidy(client, journal, write)
        return Tried(True, f"{ref.title} is on")
    elif operation_of(live) != duty.op:
        return Tried(True, f"{ref.title} was switched off by another operation meanwhile; that one's timer holds")

    def make(now: Doc | None) -> Doc | None:
        if now is not None and was_switched(now) and operation_of(now) != duty.op:
            raise ActionError("Another operation has switched it off meanwhile.")
        return switched_on(now, kept)

    wish = Wish(ON, f"switch on {ref.title}", ref, make, undoes=duty.op)
    cluster = Cluster(duty.context, client.server, duty.uid)
    plan = await prepare(client, Snapshot(cluster=cluster), wish, version=duty.version)
    result = await execute(client, journal, plan)
    if result.status in (Status.DONE, Status.NOTHING):
        await _tidy(client, journal, write)
        return Tried(True, f"switched on {ref.title}")
    return Tried(False, f"will try again: {result.text}")


async def _tidy(client: KubeClient, journal: Journal, write: Write | None) -> None:
    """Remove the dead-man in the cluster, if there was one beside this guard."""
    names = journalled(write) if write is not None else ()
    if write is not None and names:
        await disarm(client, journal, write.op, names, "the policy is on again")


def _write(journal: Journal, op: str) -> Write | None:
    try:
        return journal.read().get(op)
    except JournalError:
        return None
