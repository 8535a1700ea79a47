"""The full-screen readers."""

from __future__ import annotations

from pointsman.tui.commands.model import DIALOGS, Command

COMMANDS: tuple[Command, ...] = (
    Command("close", "Close", "Back to the pane.", ("q", "ctrl+c"), "Reader", DIALOGS, palette=False),
    Command("wrap", "Wrap", "Wrap long lines, or cut them.", ("w",), "Reader", ("text", "logs"), 3, label="wrap"),
    Command(
        "fold", "All of it", "Show the fields that were folded away.", ("f",), "Reader", ("text",), 4, label="unfold"
    ),
    Command("logs.follow", "Follow", "Follow new lines, or stop.", ("s",), "Reader", ("logs",), 4, label="follow"),
    Command(
        "logs.previous",
        "Previous container",
        "The log of the container before its last restart.",
        ("p",),
        "Reader",
        ("logs",),
        5,
        label="previous",
    ),
    Command(
        "logs.pick",
        "Other container",
        "Choose another pod or container.",
        ("l",),
        "Reader",
        ("logs",),
        6,
        label="other",
    ),
)
