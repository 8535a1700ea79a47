"""Writing to whatever object is behind a row, and taking back what was written."""

from __future__ import annotations

from pointsman.tui.commands.model import LISTS, PANES, Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "edit",
        "Edit",
        "The object in your editor (KUBE_EDITOR, VISUAL, EDITOR); shows the change and asks before anything is written.",
        ("e",),
        "Act",
        LISTS,
        footer=5,
        footer_not=("overview", "flows", "map", "log"),
        label="edit",
        words=("edit",),
        dangerous=True,
    ),
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
        "setup",
        "Set up Traefik",
        "What lets more be seen of Traefik: its API, its access log; shows each change and asks first.",
        group="Act",
        words=("setup",),
        dangerous=True,
    ),
    Command(
        "access-log",
        "Traefik's access log",
        "Switch Traefik's access log on (or off), which tells who asks for what; shows the change and asks first.",
        group="Act",
        words=("access-log",),
        argument="on or off",
        dangerous=True,
    ),
    Command(
        "revert",
        "Switch on again",
        "Switch on the policy or route whose time is over, or ends first, without waiting; shows the change and asks first.",
        ("R",),
        "Act",
        label="switch on",
        words=("revert",),
        dangerous=True,
    ),
)
