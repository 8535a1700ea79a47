"""The program itself."""

from __future__ import annotations

from pointsman.tui.commands.model import APP, DIALOGS, Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "palette",
        "Command palette",
        "Run a command by its name, or open an address, host, URL, service or pod: type or paste it.",
        (":", "ctrl+p"),
        footer=7,
        label="command",
        palette=False,
    ),
    Command("help", "Help", "The keys of this pane.", ("?", "f1"), footer=8, label="help", words=("help",)),
    Command(
        "context",
        "Context",
        "Switch to another context of the kubeconfig.",
        (),
        words=("ctx", "context"),
        argument="NAME",
    ),
    Command("theme", "Theme", "Choose how the program looks.", (), words=("theme",), argument="NAME"),
    Command("header", "Header", "Hide or show the header line, for one more row.", ("ctrl+e",)),
    Command(
        "record",
        "Record flows",
        "Write the flows from now on into a file (`.gz` compresses), masked; said again it ends. `pointsman replay` shows it.",
        words=("record",),
        argument="FILE",
    ),
    Command("refresh", "Draw again", "Draw the whole screen again; the data is always current.", ("ctrl+r", "ctrl+l")),
    Command("aliases", "All words", "The words that may be typed after `:`.", ("ctrl+a",), palette=False),
    Command(
        "delete",
        "Delete",
        "Deletes nothing: says where deleting is done. Half a page is ctrl+f and ctrl+b.",
        ("ctrl+d",),
        palette=False,
    ),
    Command(
        "back",
        "Back",
        "Close the drawer, clear the filter, go back to where you came from. Never quits.",
        ("escape",),
        scope=(APP, *DIALOGS),
        palette=False,
    ),
    Command("quit", "Quit", "Leave the program.", ("q", "ctrl+c", "ctrl+q"), words=("q", "quit", "exit")),
)
