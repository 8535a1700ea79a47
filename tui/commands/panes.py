"""Going to a pane."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.tui.commands.model import PANES, Command


def _pane_commands() -> Iterable[Command]:
    for pane in PANES:
        yield Command(
            f"pane.{pane.id}", pane.title, f"Open {pane.title}: {pane.shows}.", (pane.key,), "Panes", words=(pane.id,)
        )


COMMANDS: tuple[Command, ...] = (
    *_pane_commands(),
    Command("pane.last", "Last pane", "Go back to the pane you came from.", ("-",), "Panes"),
)
