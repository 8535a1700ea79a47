"""Switching a policy off for a while, or on again, from the Policies pane: one dialog, then what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from pointsman.tui.answers.policies.state import State
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.views.policies import ListedPolicy

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.plan import Plan


class TogglePart(ListPane):
    """What ``x`` does. All that is written goes through the desk: diff, dry run, dialog, journal, reading back."""

    def __init__(self) -> None:
        super().__init__()
        self._desk: Desk | None = None
        self._planning = False
        self._writing = False

    def forget(self) -> None:
        """A question that was under way belongs to the cluster that is left; a write that was agreed to goes on."""
        if self._planning and not self._writing:
            self.workers.cancel_group(self, "toggle")
        self._desk = None
        super().forget()

    def desk(self) -> Desk | None:
        """The desk of the cluster that is connected now, None without a connection."""
        from pointsman.tui.actions.desk import Desk

        session = self.host.session
        client = session.client
        if client is None:
            return None
        client.read_only = client.read_only or session.read_only
        if self._desk is None or self._desk.client is not client:
            path = getattr(session.source, "kubeconfig", "") or self.host.options.kubeconfig or ""
            self._desk = Desk(client, self.host.snapshot, kubeconfig=path)
        return self._desk

    def cmd_toggle(self) -> None:
        """Off for ten minutes if it is on, on if it is off; asks before anything is written."""
        row = self.selected_row
        if isinstance(row, ListedPolicy) and not self._planning:
            self._toggle(row)

    @work(group="toggle", exit_on_error=True)
    async def _toggle(self, row: ListedPolicy) -> None:
        from pointsman.tui.actions.errors import ActionError
        from pointsman.tui.disk.journal import JournalError
        from pointsman.tui.screens.modals.confirm import ConfirmScreen
        from pointsman.tui.sources.errors import KubeError

        ref = row.policy.ref
        off = row.policy.state in (State.OFF, State.OFF_UNTIL)
        self._planning = True
        try:
            desk = self.desk()
            if desk is None:
                self.host.say("There is no connection to write over.", severity="warning")
                return
            plan = await (desk.plan_on(ref) if off else desk.plan_off(ref))

            async def again(seconds: float | None) -> Plan:
                return await desk.plan_off(ref, seconds)

            if desk is not self.desk() or not self.is_current:
                return  # the context or the pane was left while the server was asked
            agreed = await self.app.push_screen_wait(ConfirmScreen(plan, replan=None if off else again))
            if agreed is None or desk is not self.desk():
                return
            self._writing = True
            result, _ = await desk.execute(desk.started(agreed))
        except (ActionError, KubeError, JournalError) as error:
            hint = getattr(error, "hint", "")
            self.host.say(f"{error.sentence} {hint}".strip(), severity="warning", seconds=10)
            return
        finally:
            self._planning = self._writing = False
        fine = result.exit_code == 0
        self.host.say(
            f"{result.text} {result.trouble}".strip(),
            severity="information" if fine and not result.trouble else "warning",
            seconds=5 if fine else 12,
        )
