"""The IPs pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

COMMANDS: tuple[Command, ...] = (
    *sort_commands(
        "ips",
        {
            "address": ("A", "address"),
            "kind": ("K", "kind"),
            "pool": ("P", "pool"),
            "announcer": ("W", "announcer (who)"),
            "since": ("T", "since when"),
            "moves": ("M", "moves"),
            "service": ("S", "service"),
            "problems": ("X", "problems"),
        },
    ),
)
