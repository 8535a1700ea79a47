"""Taking back what was written, from anywhere."""

from __future__ import annotations

from pointsman.tui.commands.model import PANES, Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "undo",
        "Undo",
        "Take back the write that is selected in the Log, elsewhere the last one; shows the change and asks first.",
        ("z",),
        "Act",
        footer=2,
        footer_not=tuple(pane.id for pane in PANES if pane.id != "log"),
        label="undo",
        words=("undo",),
        dangerous=True,
    ),
    Command(
        "revert",
        "Switch on again",
        "Switch on the policy whose time is over, or ends first, without waiting; shows the change and asks first.",
        ("R",),
        "Act",
        label="switch on",
        words=("revert",),
        dangerous=True,
    ),
)
