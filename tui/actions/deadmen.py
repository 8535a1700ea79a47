"""The dead-men of one cluster: planned, armed, removed when they are needed no more. The desk's right hand for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pointsman.tui.actions import arming
from pointsman.tui.actions.change import Change, Doc, api_version
from pointsman.tui.actions.deadman import ARM_SECONDS, Place, all_names, lines, parts
from pointsman.tui.actions.deadman_state import SETTLED, Deadman, Life, deadman_of, deadmen, needless
from pointsman.tui.actions.deadman_way import choose_place
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.pipeline import note
from pointsman.tui.actions.plan import Plan
from pointsman.tui.actions.toggle import OFF, operation_of
from pointsman.tui.actions.write import read_object
from pointsman.tui.answers.policies.enforcement import ALL_KINDS
from pointsman.tui.answers.ref import Ref
from pointsman.tui.disk.journal import Journal, JournalError, Reading, State, Write
from pointsman.tui.model.kinds import JOBS, KINDS
from pointsman.tui.sources.errors import KubeError
from pointsman.tui.store.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

RETRY = 15.0
"""Seconds until what could not be removed is tried again."""


class Deadmen:
    """``writes`` reads the journal; ``home`` is the namespace that the user wants them in (empty: where it fits)."""

    def __init__(
        self,
        client: KubeClient,
        journal: Journal,
        snapshot: Callable[[], Snapshot],
        writes: Callable[[], Reading],
        clock: Callable[[], float],
        home: str = "",
    ) -> None:
        self._client = client
        self._journal = journal
        self._snapshot = snapshot
        self._writes = writes
        self._clock = clock
        self._home = home
        self._tried: dict[str, float] = {}
        self._known: tuple[tuple[Write, ...], dict[str, Write]] = ((), {})

    # -- before the toggle ---------------------------------------------------------------------------------------------

    async def planned(self, plan: Plan, image: str) -> Plan:
        """The plan with its dead-man: where it can run, what the server says of its objects, what it does not survive.
        Raises ActionError if there can be none."""
        ref = plan.wish.ref
        if ref.kind not in ALL_KINDS:
            raise ActionError("A dead-man in the cluster is for policies only.")
        place = await asyncio.to_thread(choose_place, self._snapshot(), ref, plan.op, image, self._home)
        said = arming.Rehearsed()
        if not plan.refusal and not plan.nothing:
            said = await arming.rehearse(self._client, self._parts(plan, place))
        warnings = tuple(dict.fromkeys((*plan.dry_run.warnings, *said.warnings)))
        return replace(
            plan,
            wish=replace(plan.wish, notes=(*plan.wish.notes, *lines(plan.op, ref, place))),
            dry_run=replace(plan.dry_run, warnings=warnings),
            refusal=plan.refusal or said.refusal,
            deadman=place,
        )

    def _parts(self, plan: Plan, place: Place) -> tuple[Doc, ...]:
        assert plan.wish.until is not None
        return parts(plan.change, plan.op, place, plan.wish.until + ARM_SECONDS, self._clock())

    async def arm(self, plan: Plan, tell: arming.Tell) -> None:
        """Make the plan's dead-man and wait until it is armed. Raises ActionError if it is not, and leaves nothing."""
        assert plan.deadman is not None
        await arming.arm(self._client, self._journal, plan.op, self._parts(plan, plan.deadman), tell=tell)

    # -- after it ------------------------------------------------------------------------------------------------------

    async def drop(self, plan: Plan, why: str) -> list[str]:
        """Remove a plan's dead-man. Sentences for what could not be removed; it is tried again later."""
        assert plan.deadman is not None
        with contextlib.suppress(JournalError):
            write = self._writes().get(plan.op)
            if write is None or not arming.journalled(write):
                return []  # it was never begun, or is gone already
        return await self._remove(plan.op, all_names(plan.op, plan.wish.ref, plan.deadman.namespace), why)

    async def drop_of(self, op: str, ref: Ref) -> list[str]:
        """Remove the dead-man of an operation, if there is one by the cluster or by the journal."""
        man = deadman_of(self._snapshot(), op)
        names: arming.Names = man.names if man is not None and man.ref == ref else ()
        if not names:
            with contextlib.suppress(JournalError):
                write = self._writes().get(op)
                names = arming.journalled(write) if write is not None else ()
        return await self._remove(op, names, "the policy is on again") if names else []

    async def _remove(self, op: str, names: arming.Names, why: str) -> list[str]:
        self._tried[op] = self._clock()
        return await arming.disarm(self._client, self._journal, op, names, why)

    def leftovers(self) -> tuple[tuple[str, arming.Names], ...]:
        """Those that nobody needs any more: id of the operation and objects. Cheap enough for a tick."""
        snapshot, now = self._snapshot(), self._clock()
        writes: tuple[Write, ...] = ()
        with contextlib.suppress(JournalError):
            writes = self._writes().writes
        known = self._with_parts(writes)
        men = {man.op: man for man in deadmen(snapshot)}
        found: dict[str, arming.Names] = {}
        for op, man in men.items():
            if needless(snapshot, man, now, settled=self._settled(known.get(op))):
                found[op] = man.names
        for op, write in known.items():
            # What a Job could not own is told by the journal alone when the cluster has removed the Job.
            names = arming.journalled(write) if op not in men and self._settled(write) else ()
            if names and not self._still_off(snapshot, write):
                found[op] = names
        return tuple(found.items())

    def _with_parts(self, writes: tuple[Write, ...]) -> dict[str, Write]:
        """The writes that had a dead-man; looked for once in each reading of the journal."""
        if self._known[0] is not writes:
            self._known = (writes, {write.op: write for write in writes if write.has_parts})
        return self._known[1]

    def lost(self) -> tuple[Deadman, ...]:
        """Those that a policy which is off counts on, and that do not do their work (any more)."""
        snapshot, now = self._snapshot(), self._clock()

        def idle(man: Deadman) -> bool:
            waits = man.life is Life.STARTING and man.since is not None and now - man.since > SETTLED
            return waits or man.life in (Life.LOST, Life.FAILED)

        return tuple(
            man
            for man in deadmen(snapshot)
            if idle(man)
            and (obj := snapshot.get(KINDS[man.ref.kind], *man.ref.key)) is not None
            and operation_of(obj.doc()) == man.op
        )

    def _settled(self, write: Write | None) -> bool:
        """Whether the journal says that the toggle is not being prepared any more, and the picture has had time to show
        what became of it."""
        if write is None or write.state is State.PENDING or self._journal.under_way(write.op):
            return False
        sent = any(entry.event == "restated" for entry in write.events)  # else nobody ever asked for the toggle
        if write.state is State.UNDONE or (write.state is State.FAILED and (write.certain or not sent)):
            return True
        return self._clock() - (write.ended or write.intent.at) > RETRY

    @staticmethod
    def _still_off(snapshot: Snapshot, write: Write) -> bool:
        """Whether a policy is off by this operation, or that cannot be told."""
        kind = KINDS.get(write.intent.kind)
        if kind is None or not snapshot.known(kind) or not snapshot.known(JOBS):
            return True
        obj = snapshot.get(kind, write.intent.namespace, write.intent.name)
        return obj is not None and operation_of(obj.doc()) == write.op

    def waiting(self) -> bool:
        """Whether :meth:`tidy` has something to do now."""
        now = self._clock()
        return any(now - self._tried.get(op, float("-inf")) >= RETRY for op, _ in self.leftovers())

    async def tidy(self) -> list[str]:
        """Remove those that nobody needs any more; sentences for what could not be removed. A failed try is repeated
        after a pause. Never raises for what the cluster does."""
        if self._client.read_only:
            return []
        troubles: list[str] = []
        for op, names in self.leftovers():
            if self._clock() - self._tried.get(op, float("-inf")) < RETRY:
                continue
            if not await self._over_by_itself(op):
                continue
            left = await self._remove(op, names, "nobody needs it any more")
            troubles += left
            if not left:
                self._over(op)
        return troubles

    async def _over_by_itself(self, op: str) -> bool:
        """Whether the policy, as it is this moment, is not off by the operation: the picture may be behind."""
        self._tried[op] = self._clock()
        man = deadman_of(self._snapshot(), op)
        ref = man.ref if man is not None else None
        if ref is None:
            with contextlib.suppress(JournalError):
                write = self._writes().get(op)
                ref = Ref(write.intent.kind, write.intent.namespace, write.intent.name) if write is not None else None
        if ref is None:
            return False
        known = self._snapshot().get(KINDS[ref.kind], *ref.key)
        version = api_version(known.doc()) if known is not None else ""
        try:
            live = await read_object(self._client, Change(ref, None, None, version))
        except KubeError:
            return False
        return live is None or operation_of(live) != op

    def _over(self, op: str) -> None:
        """Journal that a toggle is over that this machine's journal still has as done: its dead-man switched the policy
        on, or a person did."""
        with contextlib.suppress(JournalError):
            write = self._writes().get(op)
            if write is not None and write.state is State.DONE and write.intent.action == OFF:
                note(self._journal, op, "undone", "found on again: its dead-man or somebody else switched it on")
