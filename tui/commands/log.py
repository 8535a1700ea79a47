"""The Log pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

COMMANDS: tuple[Command, ...] = (
    *sort_commands(
        "log",
        {
            "time": ("T", "time"),
            "kind": ("K", "kind"),
            "object": ("O", "object"),
            "result": ("S", "result, the worst first"),
            "who": ("W", "who"),
        },
    ),
)
