"""Switching a policy off for a while, or on again, from the Policies pane: one dialog, then what became of it."""

from __future__ import annotations

from pointsman.tui.answers.policies.state import State
from pointsman.tui.commands import Command
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.views.policies import ListedPolicy


class TogglePart(ListPane):
    """What ``x`` does. All that is written goes through the desk: diff, dry run, dialog, journal, reading back."""

    def why_not(self, command: Command) -> str:
        row = self.selected_row if self.is_ready and command.id == "toggle" else None
        if isinstance(row, ListedPolicy) and (why := self.host.rights.missing("patch", row.policy.ref)):
            return why
        return super().why_not(command)

    def cmd_toggle(self) -> None:
        """Off for ten minutes if it is on, on if it is off; asks before anything is written."""
        row = self.selected_row
        if not isinstance(row, ListedPolicy):
            return
        ref = row.policy.ref
        if row.policy.state in (State.OFF, State.OFF_UNTIL):
            self.host.writer.switch_on(ref)
        else:
            self.host.writer.begin(
                lambda desk: desk.plan_off(ref),
                lambda desk, seconds: desk.plan_off(ref, seconds),
                lambda desk, seconds: desk.plan_off(ref, seconds, in_cluster=True),
            )
