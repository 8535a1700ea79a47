"""Overview: what can be done about a row from there."""

from __future__ import annotations

from pointsman.tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "overview.open",
        "Open in its pane",
        "Open the pane where the row is at home, at its object.",
        ("o",),
        "Look",
        ("overview",),
        label="open",
    ),
    Command(
        "overview.mend",
        "Mend it",
        "Begin what mends the finding (edit, switch off, logs, restart); whatever writes shows the change and asks first.",
        ("m",),
        "Act",
        ("overview",),
        label="mend",
        words=("mend",),
    ),
)
