"""All writing to one cluster in one place: what the app and the verbs hold. Bound to one client; never outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pointsman.tui.actions.access import may
from pointsman.tui.actions.change import Change, api_version
from pointsman.tui.actions.deadman import DEFAULT_IMAGE
from pointsman.tui.actions.deadman_state import Deadman, deadman_of
from pointsman.tui.actions.deadmen import Deadmen
from pointsman.tui.actions.edit import Edit, editable
from pointsman.tui.actions.effects import change_words, toggle_words
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.guard import Armed, Post, guard_alive, post
from pointsman.tui.actions.pipeline import Result, Status, execute
from pointsman.tui.actions.plan import Plan, Risk, Wish, graver, prepare, started
from pointsman.tui.actions.policies import off_wish, on_wish, wish_for
from pointsman.tui.actions.recovery import Recovered, recover
from pointsman.tui.actions.risks import edit_risks
from pointsman.tui.actions.source import SourceError
from pointsman.tui.actions.timers import Timer, timers
from pointsman.tui.actions.toggle import DEFAULT_SECONDS, OFF, ON, operation_of
from pointsman.tui.actions.traefik import Setting, settings_wish
from pointsman.tui.actions.undo import change_of, undo_wish
from pointsman.tui.actions.write import read_object
from pointsman.tui.answers.ref import Ref
from pointsman.tui.disk.journal import Journal, JournalError, Reading, State, Write
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.meta import dig_str
from pointsman.tui.sources.errors import KubeError
from pointsman.tui.store.snapshot import Cluster, Snapshot

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

GRACE = 3.0
"""Seconds that a living guard gets before this program reverts a due toggle itself."""
RETRY = 15.0


def who() -> str:
    """``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def identity(cluster: Cluster) -> str:
    """What the journal is kept under: the uid of the cluster, or, for a user who may not read it, of its address."""
    return cluster.identity


def _unheard(_: str) -> None:
    """For those who do not want to hear how far it is."""


class Desk:
    """Plans, does and takes back writes; keeps the timers. ``snapshot`` gives the picture now.

    ``kubeconfig`` is the path given by the user (empty: the usual places), for the guard, which reads it again.
    ``image`` and ``home`` are the user's image and namespace for dead-men in the cluster (empty: the default ones).
    """

    def __init__(
        self,
        client: KubeClient,
        snapshot: Callable[[], Snapshot],
        *,
        kubeconfig: str = "",
        image: str = "",
        home: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.client = client
        self.snapshot = snapshot
        self.kubeconfig = kubeconfig
        self.image = image or DEFAULT_IMAGE
        self._clock = clock
        self.journal = Journal(identity(snapshot().cluster), clock=clock)
        self._reading = Reading()
        self._read_at: tuple[int, int] | None = None
        self._tried: dict[str, float] = {}
        self.deadmen = Deadmen(client, self.journal, snapshot, self.writes, clock, home)

    # -- planning --------------------------------------------------------------------------------------------------

    async def plan(self, wish: Wish) -> Plan:
        """Raises ActionError or KubeError when there is nothing to ask the user."""
        return await prepare(self.client, self.snapshot(), wish)

    async def plan_off(
        self, ref: Ref, seconds: float | None = DEFAULT_SECONDS, *, in_cluster: bool = False, image: str = ""
    ) -> Plan:
        """Switch a policy off; None is for good. ``in_cluster``: with a dead-man in the cluster, of this image."""
        if in_cluster and seconds is None:
            raise ActionError("A dead-man needs a time at which to act; for good there is none.")
        plan = await self._toggle(
            off_wish(self.snapshot(), ref, by=who(), seconds=seconds, now=self._clock()), off=True
        )
        return await self.deadmen.planned(plan, image or self.image) if in_cluster else plan

    async def plan_on(self, ref: Ref) -> Plan:
        """Switch a policy on, whoever switched it off."""
        timer = next((item for item in self.timers() if item.ref == ref), None)
        kept = self.writes().get(timer.op) if timer is not None and timer.deleted else None
        wish = on_wish(self.snapshot(), ref, undoes=timer.op if timer else "", kept=kept)
        return await self._toggle(wish, off=False)

    async def _toggle(self, wish: Wish, *, off: bool) -> Plan:
        """With what it opens and closes, found in a thread while the server is asked."""
        words = functools.partial(toggle_words, self.snapshot(), wish.ref, off=off)
        plan, effect = await asyncio.gather(self.plan(wish), asyncio.to_thread(words))
        return replace(plan, wish=replace(plan.wish, effect=effect))

    async def open_edit(self, ref: Ref) -> Edit:
        """An object as text to edit, read anew. Raises ActionError, before anything is typed, where that is no use."""
        kind = KINDS[ref.kind]
        if kind.secret:
            raise ActionError(
                "Secrets are never shown, so they cannot be edited here.", "kubectl edit secret does that."
            )
        if self.client.read_only:
            raise ActionError("This is read-only: nothing is edited.")
        known = self.snapshot().get(kind, *ref.key)
        version = api_version(known.doc()) if known is not None else ""
        access, live = await asyncio.gather(
            may(self.client, "update", kind, ref.namespace, ref.name),
            read_object(self.client, Change(ref, None, None, version)),
        )
        if access.missing:
            raise ActionError(f"Not allowed: this {access.missing}.")
        if live is None:
            raise ActionError(f"{ref.title} is not there any more.")
        if dig_str(live, "metadata", "deletionTimestamp"):
            raise ActionError(f"{ref.title} is being deleted.")
        text = await asyncio.to_thread(editable, live)
        return Edit(live, text, ref=ref, place=self._place(), version=version or api_version(live))

    def open_new(self, text: str) -> Edit:
        """A new object from a text to start with."""
        if self.client.read_only:
            raise ActionError("This is read-only: nothing is made.")
        return Edit(None, text, place=self._place())

    def _place(self) -> str:
        cluster = self.snapshot().cluster
        return f"{f'context {cluster.context} at ' if cluster.context else ''}{cluster.server}"

    async def plan_edit(self, edit: Edit) -> Plan:
        """What the text asks for, planned. Raises SourceError with what is wrong with it, also by the server's word;
        MovedError where somebody changed the object meanwhile; ActionError or KubeError as :meth:`plan`."""
        wish = await asyncio.to_thread(edit.wish)
        snapshot, doc = self.snapshot(), edit.doc
        words = functools.partial(change_words, snapshot, wish.ref, doc)
        risks = functools.partial(edit_risks, snapshot, wish.ref, edit.base, doc)
        plan, effect, found = await asyncio.gather(
            prepare(self.client, snapshot, wish, version=edit.version),
            asyncio.to_thread(words),
            asyncio.to_thread(risks),
        )
        if plan.dry_run.message and not plan.access.missing:
            await asyncio.to_thread(edit.refused, plan, plan.dry_run.message)
            raise SourceError(*edit.troubles)
        if "status" in (plan.change.before or {}) and "status" not in (plan.dry_run.result or {"status": None}):
            found = (*found, Risk("its status goes: this kind keeps it in the object itself"))
        return replace(plan, wish=replace(plan.wish, effect=effect), risks=graver(found))

    async def plan_traefik(self, settings: Sequence[Setting], which: Ref | None = None) -> Plan:
        """Change how Traefik runs, several settings at once; ``which`` of several. Raises ActionError or KubeError."""
        return await self.plan(settings_wish(self.snapshot(), settings, which))

    async def plan_undo(self, op: str) -> Plan:
        """Take a write back, by its id or the beginning of it. Raises ActionError, JournalError or KubeError."""
        found = self.writes().matching(op)
        if not found:
            raise ActionError(f"There is no operation {op} in this cluster's journal.", "pointsman journal lists them.")
        if len(found) > 1:
            raise ActionError(
                f"{op} is the beginning of several operations.", "", tuple(f"{w.op}  {w.intent.title}" for w in found)
            )
        write = found[0]
        if self.journal.under_way(write.op):
            raise ActionError(f"Operation {write.op} is under way in another program.")
        if write.intent.action == ON and write.state is State.DONE:
            # Its own deadline may be long past: switched off again it gets a new one.
            ref = change_of(write).ref
            wish = off_wish(self.snapshot(), ref, by=who(), now=self._clock())
            return await self._toggle(replace(wish, undoes=write.op), off=True)
        live = await read_object(self.client, change_of(write))
        plan = await self.plan(undo_wish(write, live))
        if plan.nothing:
            return plan
        effect = await asyncio.to_thread(change_words, self.snapshot(), plan.wish.ref, plan.change.after)
        return replace(plan, wish=replace(plan.wish, effect=effect))

    def started(self, plan: Plan) -> Plan:
        """The plan with its timer starting now. Call it when the answer is given."""
        return started(plan, self._clock())

    # -- doing -----------------------------------------------------------------------------------------------------

    async def execute(
        self, plan: Plan, *, guard: bool = True, tell: Callable[[str], None] | None = None
    ) -> tuple[Result, Armed | None]:
        """Do what was confirmed. A toggle with a deadline gets a guard process first, unless ``guard`` is False, and
        before that its dead-man, if it is to have one; if one of them cannot be had nothing is written. ``tell`` hears
        how far that is."""
        armed: list[Armed] = []
        begun = [plan]
        arm: Callable[[], Awaitable[Plan | None]] | None = None
        if guard and plan.wish.action == OFF and plan.wish.until is not None:

            async def start() -> Plan | None:
                fresh = None
                if plan.deadman is not None:
                    await self.deadmen.arm(plan, tell or _unheard)
                    fresh = self.started(plan)
                    begun.append(fresh)
                armed.append(await asyncio.to_thread(functools.partial(post, self._post(fresh or plan))))
                return fresh

            arm = start
        result = await execute(self.client, self.journal, plan, arm=arm)
        result = replace(await self._settle(plan, result), until=begun[-1].wish.until)
        return result, armed[0] if armed else None

    async def _settle(self, plan: Plan, result: Result) -> Result:
        """Remove the dead-men that this write has made needless. What cannot be removed is said, and tried again."""
        left: list[str] = []
        done = result.status in (Status.DONE, Status.NOTHING)
        if plan.deadman is not None and result.status not in (Status.DONE, Status.UNKNOWN):
            left = await self.deadmen.drop(plan, "nothing was switched off")
        elif done and plan.wish.undoes:
            left = await self.deadmen.drop_of(plan.wish.undoes, plan.wish.ref)
        elif done and plan.wish.action == OFF and (earlier := operation_of(plan.change.before or {})):
            left = await self.deadmen.drop_of(earlier, plan.wish.ref)
        if not left:
            return result
        return replace(result, trouble=f"{result.trouble} Its dead-man could not be removed: {left[0]}".strip())

    def _post(self, plan: Plan) -> Post:
        assert plan.wish.until is not None
        cluster = plan.cluster
        return Post(
            uid=self.journal.uid,
            op=plan.op,
            kind=plan.change.ref.kind,
            namespace=plan.change.ref.namespace,
            name=plan.change.ref.name,
            version=plan.change.version,
            until=plan.wish.until,
            kubeconfig=self.kubeconfig,
            context=cluster.context,
            server=cluster.server,
            demo=bool(cluster.demo),
        )

    # -- the journal -----------------------------------------------------------------------------------------------

    def writes(self) -> Reading:
        """The journal; read again only when it has grown. Raises JournalError."""
        stamp = self.journal.stamp()
        if stamp != self._read_at:
            self._reading = self.journal.read()
            self._read_at = stamp
        return self._reading

    async def recover(self) -> list[Recovered]:
        """At the start: read back what has no known outcome. Raises JournalError."""
        return await recover(self.client, self.journal, self._clock())

    # -- timers ----------------------------------------------------------------------------------------------------

    def timers(self) -> tuple[Timer, ...]:
        """Every policy that is off, on whichever machine that was done. Cheap enough for a tick."""
        writes: tuple[Write, ...] = ()
        # Without the journal the objects themselves still say nearly everything.
        with contextlib.suppress(JournalError):
            writes = self.writes().writes
        return timers(self.snapshot(), writes)

    def guarded(self, timer: Timer) -> bool:
        """Whether a guard process on this machine watches over it."""
        return bool(timer.op) and guard_alive(self.journal.uid, timer.op)

    def deadman(self, timer: Timer) -> Deadman | None:
        """The dead-man in the cluster that watches over it, as far as Jobs can be read."""
        return deadman_of(self.snapshot(), timer.op)

    def mine(self, timer: Timer) -> bool:
        """Whether this machine's journal knows the operation."""
        try:
            return self.writes().get(timer.op) is not None
        except JournalError:
            return False

    def overdue(self) -> tuple[Timer, ...]:
        """Toggles whose time has passed: what a start offers to revert first thing."""
        now = self._clock()
        return tuple(timer for timer in self.timers() if timer.due(now))

    async def tick(self) -> list[tuple[Timer, Result]]:
        """Revert what this machine switched off and is due, unless a guard does. For the app, once a second or so; a
        failed try is repeated after a pause. Never raises."""
        if self.client.read_only:
            return []
        now = self._clock()
        done = []
        for timer in self.timers():
            left = timer.left(now)
            if left is None or left > 0 or not self.mine(timer):
                continue
            if left > -GRACE and self.guarded(timer):
                continue
            if now - self._tried.get(timer.op, float("-inf")) < RETRY:
                continue
            self._tried[timer.op] = now
            done.append((timer, await self.revert(timer)))
        return done

    async def revert(self, timer: Timer) -> Result:
        """Switch on what a timer holds off, without asking: that was asked when the timer was set. Never raises."""
        try:
            kept = self.writes().get(timer.op) if timer.deleted else None
            plan = await self.plan(wish_for(timer, self.snapshot(), kept))
            return (await self.execute(plan))[0]
        except (ActionError, KubeError, JournalError) as error:
            return Result(Status.REFUSED, error.sentence, timer.op)
