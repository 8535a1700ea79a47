"""The IPs pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

COMMANDS: tuple[Command, ...] = (
    Command(
        "ips.span",
        "Hour or day",
        "Show who announced each address in the last hour, or in the last day.",
        ("v",),
        "Look",
        ("ips",),
        label="hour/day",
    ),
    Command(
        "ips.lan",
        "Ask the LAN",
        "Ask the local network which host answers for each address, and compare that with what the cluster says.",
        ("a",),
        "Look",
        ("ips",),
        footer=3,
        label="ask LAN",
        words=("lan",),
    ),
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
