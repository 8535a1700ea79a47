"""Writing from the app: the desk of the cluster that is connected, the one dialog, and what is due by itself.

Every pane asks through :meth:`Writer.begin`, so there is never more than one dialog. :meth:`Writer.tend` runs once a
second: at the start of a connection it has writes without a known outcome read back, and it switches on again what this
machine switched off when its time is over and no guard process did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from textual.worker import Worker

    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.pipeline import Result
    from pointsman.tui.actions.plan import Plan
    from pointsman.tui.actions.timers import Timer
    from pointsman.tui.answers.ref import Ref
    from pointsman.tui.disk.journal import Write
    from pointsman.tui.screens.editing import OpenEdit
    from pointsman.tui.screens.host import Host

T = TypeVar("T")
MakePlan = Callable[["Desk"], Awaitable["Plan"]]
MakeAgain = Callable[["Desk", float | None], Awaitable["Plan"]]
"""Plans for another time, in seconds."""


SLOW_SECONDS = 1.0
"""After that long it is said that the server is being asked."""


class Writer:
    """Bound to the app; the desk in it changes with the connection."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._desk: Desk | None = None
        self._asking: Worker[None] | None = None
        self._planning = False
        self._busy = False
        """Whether the cluster is asked for something nobody waits for: reading back, a switch that is due."""
        self._recovered: Desk | None = None
        self._told: set[str] = set()

    def desk(self) -> Desk | None:
        """The desk of the cluster that is connected now, None without a connection."""
        host = self._host
        client = host.session.client
        if client is None:
            return None
        from pointsman.tui.actions.desk import Desk, identity

        client.read_only = client.read_only or host.session.read_only
        desk = self._desk
        if desk is None or desk.client is not client or desk.journal.uid != identity(host.snapshot().cluster):
            path = getattr(host.session.source, "kubeconfig", "") or host.options.kubeconfig or ""
            desk = self._desk = Desk(
                client,
                host.snapshot,
                kubeconfig=path,
                image=host.config.deadman_image,
                home=host.config.deadman_namespace,
            )
        return desk

    def timers(self) -> tuple[Timer, ...]:
        """Every policy that is off; the one that comes back first at the head."""
        desk = self.desk()
        if desk is not None:
            return desk.timers()
        from pointsman.tui.actions.timers import parked_timers

        return parked_timers(self._host.snapshot())

    def forget(self) -> None:
        """The context is left: no dialog and no notice of it survives."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._planning = False
        self._desk = self._recovered = None
        self._told.clear()

    # -- asked for ----------------------------------------------------------------------------------------------------

    def begin(
        self,
        make: MakePlan,
        again: MakeAgain | None = None,
        clustered: MakeAgain | None = None,
        *,
        done: Callable[[], object] | None = None,
    ) -> None:
        """Plan, show the dialog, write what is agreed to, and say what became of it. ``again`` plans for another time,
        ``clustered`` the same with a dead-man in the cluster; ``done`` is called when it is written."""
        self.begin_each([make], again, clustered, done=done)

    def begin_each(
        self,
        makes: Sequence[MakePlan],
        again: MakeAgain | None = None,
        clustered: MakeAgain | None = None,
        *,
        done: Callable[[], object] | None = None,
    ) -> None:
        """Several writes, one dialog after the other; the rest is left out as soon as one is not agreed to or fails.
        ``done`` is called when all are written."""

        async def work(desk: Desk) -> None:
            for make in makes:
                if not await self._ask(desk, make, again, clustered):
                    return
            if done is not None:
                self._host.call_later(done)

        self._start_asking(work)

    def edit(self, open_edit: OpenEdit) -> None:
        """Edit in the user's editor, then as :meth:`begin`."""

        async def work(desk: Desk) -> None:
            from pointsman.tui.screens.editing import Editing

            await Editing(self._host, self, desk).run(open_edit)

        self._start_asking(work)

    def _start_asking(self, work: Callable[[Desk], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                desk = self.desk()
                if desk is None:
                    self._host.say("There is no connection to write over.", severity="warning")
                else:
                    await work(desk)
            finally:
                if self._asking is worker:  # else the context was left, and another question may be open
                    self._asking = None

        if self._asking is None:
            worker = self._asking = self._host.run_worker(run(), group="write", exit_on_error=True)

    @property
    def is_planning(self) -> bool:
        """Whether the server is being asked for what a dialog will show: keys that come now are for no pane."""
        return self._planning

    def stop_planning(self) -> None:
        """Do not wait for the server's answer."""
        if self._planning and self._asking is not None:
            self._asking.cancel()
            self._host.say("Left; nothing was written.", seconds=3)

    async def planning(self, work: Awaitable[T]) -> T:
        """Wait for the server before a dialog. Says so if it takes long."""
        self._planning = True
        slow = self._host.set_timer(
            SLOW_SECONDS, lambda: self._host.say("Asking the server; esc leaves it.", seconds=2)
        )
        try:
            return await work
        finally:
            self._planning = False
            slow.stop()

    async def ask(
        self,
        desk: Desk,
        plan: Plan,
        again: MakeAgain | None = None,
        clustered: MakeAgain | None = None,
        *,
        edit: bool = False,
    ) -> tuple[Plan | None, bool]:
        """The one dialog: the plan that was agreed to, with its timer starting now, and whether to edit again instead.
        Nothing is agreed to once the context was left."""
        from pointsman.tui.screens.modals.confirm import ConfirmScreen

        async def replan(seconds: float | None, in_cluster: bool) -> Plan:
            wanted = clustered if in_cluster else again
            assert wanted is not None
            return await wanted(desk, seconds)

        screen = ConfirmScreen(
            plan, replan=replan if again is not None else None, cluster=clustered is not None, edit=edit
        )
        agreed = await self._host.push_screen_wait(screen)
        if agreed is None or desk is not self.desk():
            return None, screen.reedit
        return desk.started(agreed), False

    def undo_last(self) -> None:
        """Take back the last write that was not itself taking something back."""
        write = self.last()
        if write is None:
            self._host.say("There is nothing to undo: no write of this program to this cluster stands.")
        else:
            self.undo(write.op)

    def undo(self, op: str) -> None:
        """Ask whether to take a write back."""
        self.begin(lambda desk: desk.plan_undo(op))

    def last(self) -> Write | None:
        """The newest write that stands and that nothing but this program's user asked for."""
        from pointsman.tui.disk.journal import JournalError
        from pointsman.tui.disk.journal import State as Outcome

        desk = self.desk()
        try:
            writes = desk.writes().writes if desk is not None else ()
        except JournalError:
            return None
        found = [write for write in writes if write.state is Outcome.DONE and not write.intent.undoes]
        return found[-1] if found else None

    def switch_on(self, ref: Ref) -> None:
        """Ask whether to switch a policy on."""
        self.begin(lambda desk: desk.plan_on(ref))

    def setup(self) -> None:
        """Ask for what lets more be seen of Traefik, one question after the other: its access log, its API."""
        from pointsman.tui.actions.exposing import expose_api, offer
        from pointsman.tui.actions.traefik import ACCESS_LOG_ON, access_log_on

        snapshot = self._host.snapshot()
        log = access_log_on(snapshot)
        makes: list[MakePlan] = []
        if offer(snapshot) is not None:
            makes.append(lambda desk: desk.plan(expose_api(desk.snapshot())))
        if log is False:
            # Last: only this starts Traefik anew.
            makes.append(lambda desk: desk.plan_traefik([ACCESS_LOG_ON]))
        if makes:
            self.begin_each(makes)
        elif log is None:
            self._host.say("There is no Traefik here to set up.")
        else:
            self._host.say("Traefik's access log is on, and its API can be read as far as that is possible.")

    def access_log(self, on: bool | None = None) -> None:
        """Ask whether to switch Traefik's access log on or off (None: the other way than it is)."""
        from pointsman.tui.actions.traefik import ACCESS_LOG_OFF, ACCESS_LOG_ON, access_log_on

        wanted = on if on is not None else not access_log_on(self._host.snapshot())
        self.begin(lambda desk: desk.plan_traefik([ACCESS_LOG_ON if wanted else ACCESS_LOG_OFF]))

    async def _ask(
        self, desk: Desk, make: MakePlan, again: MakeAgain | None, clustered: MakeAgain | None = None
    ) -> bool:
        """Whether it is written, or was so already."""
        from pointsman.tui.actions.errors import ActionError
        from pointsman.tui.actions.pipeline import Status
        from pointsman.tui.disk.journal import JournalError
        from pointsman.tui.sources.errors import KubeError

        host, screen = self._host, self._host.screen
        try:
            while True:
                plan = await self.planning(make(desk))
                if desk is not self.desk() or host.screen is not screen:
                    return False  # the context or the pane was left while the server was asked
                agreed, _ = await self.ask(desk, plan, again, clustered)
                if agreed is None:
                    return False
                result, _ = await desk.execute(agreed, tell=lambda text: host.say(text, seconds=6))
                if result.status is not Status.CONFLICT or not await self._plan_again(result):
                    break
        except (ActionError, KubeError, JournalError) as error:
            hint = getattr(error, "hint", "")
            host.say(f"{error.sentence} {hint}".strip(), severity="warning", seconds=10)
            return False
        fine = result.exit_code == 0
        host.say(
            f"{result.text} {result.trouble}".strip(),
            severity="information" if fine and not result.trouble else "warning",
            seconds=5 if fine else 12,
        )
        return fine

    async def _plan_again(self, result: Result) -> bool:
        """Show what the others changed beside what was wanted; whether to ask anew on what is there now."""
        from pointsman.tui.screens.modals.conflict import ConflictScreen

        if result.conflict is None:
            return False
        screen = ConflictScreen(result.text, result.conflict, self._host.snapshot().now)
        return await self._host.push_screen_wait(screen)

    # -- by itself ----------------------------------------------------------------------------------------------------

    def tend(self) -> None:
        """Once a second. Cheap while nothing is due."""
        if self._busy:
            return
        link = self._host.snapshot().links.get("kube")
        if link is None or link.state is not State.LIVE:
            return  # before that the cluster has not said who it is
        desk = self.desk()
        if desk is None:
            return
        if self._recovered is not desk:
            self._recovered = desk
            if not desk.client.read_only:
                self._start(self._recover(desk))
                return
        if not desk.client.read_only and desk.deadmen.waiting():
            self._start(self._tidy(desk))
            return
        for man in desk.deadmen.lost():
            if f"{man.op} lost" not in self._told:
                self._told.add(f"{man.op} lost")
                text = f"The dead-man {man.path} does not watch over {man.ref.title} any more: {man.text}."
                self._host.say(text, severity="warning", seconds=15)
        overdue = desk.overdue()
        for timer in overdue:
            self._tell_overdue(desk, timer)
        if overdue and not desk.client.read_only:
            self._start(self._revert(desk))

    def _start(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            finally:
                self._busy = False

        self._busy = True
        self._host.run_worker(run(), group="due", exit_on_error=True)

    async def _recover(self, desk: Desk) -> None:
        """Writes of a program that died, or whose answer was lost: what a look at the objects tells."""
        from pointsman.tui.actions.recovery import Recovered
        from pointsman.tui.disk.journal import JournalError
        from pointsman.tui.disk.journal import State as Outcome

        found: list[Recovered] = []
        try:
            found = await desk.recover()
        except JournalError as error:
            self._host.say(f"{error.sentence} {error.hint}".strip(), severity="warning", seconds=12)
        for item in found:
            unknown = item.state is Outcome.UNKNOWN
            if unknown or item.state is not item.write.state:
                self._host.say(
                    f"Earlier write {item.write.op}: {item.text}.",
                    severity="warning" if unknown else "information",
                    seconds=15,
                )

    def _tell_overdue(self, desk: Desk, timer: Timer) -> None:
        """That another machine's timer ran out without anybody switching on; said once, the footer goes on saying it."""
        if timer.op in self._told or desk.mine(timer):
            return
        self._told.add(timer.op)
        key = self._host.keymap.label("revert")
        offer = f" {key} switches it on." if key and not desk.client.read_only else ""
        by = f" by {timer.by}" if timer.by else ""
        self._host.say(
            f"{timer.ref.title} was switched off{by}, and its time is over.{offer}", severity="warning", seconds=15
        )

    async def _tidy(self, desk: Desk) -> None:
        """Dead-men that nobody needs any more, of whichever program."""
        for text in await desk.deadmen.tidy():
            if text not in self._told:
                self._told.add(text)
                self._host.say(f"An old dead-man could not be removed: {text}", severity="warning", seconds=12)

    async def _revert(self, desk: Desk) -> None:
        from pointsman.tui.actions.pipeline import Status

        for timer, result in await desk.tick():
            if result.status is Status.DONE:
                self._host.say(f"{timer.ref.title} is on again: its time was over.", seconds=8)
            elif result.status is not Status.NOTHING and f"{timer.op} {result.text}" not in self._told:
                self._told.add(f"{timer.op} {result.text}")
                self._host.say(
                    f"{timer.ref.title} could not be switched on, it is tried again: {result.text}",
                    severity="warning",
                    seconds=12,
                )
