"""The Flows pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

FLOWS = ("flows",)
COMMANDS: tuple[Command, ...] = (
    Command(
        "flows.view",
        "Next view",
        "Lines as they come, edges (one row for who asks whom), top talkers, or top drops.",
        ("v",),
        "Look",
        FLOWS,
        footer=2,
        label="view",
    ),
    Command(
        "flows.pause",
        "Pause or follow",
        "Let the lines stand still, to read and scroll back; again (or G) follows the newest.",
        ("space", "p"),
        "Look",
        FLOWS,
        footer=2,
        label="pause",
    ),
    Command(
        "flows.pair",
        "This pair only",
        "Only flows between the two ends of the row; again shows all.",
        ("f",),
        "Narrow",
        FLOWS,
        footer=2,
        label="pair",
        words=("pair",),
    ),
    Command(
        "flows.filter-help",
        "Filter words",
        "The hubble CLI's words for the filter line, with what each keeps.",
        ("F",),
        "Narrow",
        FLOWS,
    ),
    Command("flows.noise.dns", "Show or hide DNS", "Leave DNS out, or show it.", ("D",), "Narrow", FLOWS),
    Command(
        "flows.noise.health",
        "Show or hide health checks",
        "Leave health checks out, or show them.",
        ("H",),
        "Narrow",
        FLOWS,
    ),
    Command(
        "flows.noise.host",
        "Show or hide nodes",
        "Leave out what nodes and the API server say, or show it.",
        ("O",),
        "Narrow",
        FLOWS,
    ),
    Command("flows.noise.replies", "Show or hide replies", "Leave replies out, or show them.", ("K",), "Narrow", FLOWS),
    Command(
        "flows.noise.established",
        "Show or hide established",
        "Leave out packets of connections that stand already, or show them.",
        ("E",),
        "Narrow",
        FLOWS,
    ),
    *sort_commands(
        "flows",
        {
            "source": ("S", "source (tables)"),
            "destination": ("W", "destination (tables)"),
            "port": ("P", "port (tables)"),
            "rate": ("A", "rate (tables)"),
            "drops": ("X", "drops (tables)"),
            "seen": ("T", "last seen (tables)"),
            "bytes": ("B", "bytes (tables)"),
        },
    ),
)
