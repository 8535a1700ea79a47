"""The keys of a pane, made from the keymap that is in force."""

from __future__ import annotations

from pointsman.tui.commands import COMMANDS, PANES, Keymap, help_groups, key_label
from pointsman.tui.screens.modals.reader import Reader
from pointsman.tui.views.colours import colour_help
from pointsman.tui.views.frame import Line, Part
from pointsman.widgets.text import fit, width


def help_lines(place: str, keymap: Keymap, why_not: dict[str, str]) -> list[str]:
    """Lines of text: group, then keys, title and what the command does."""
    groups = help_groups(place, keymap)
    spelled = {
        command.id: "  ".join(
            [*(key_label(key) for key in keymap.of(command.id)), *(f":{word}" for word in command.words[:1])]
        )
        for _, group in groups
        for command in group
    }
    wide = max((width(text) for text in spelled.values()), default=8)
    lines: list[str] = []
    for group, commands in groups:
        lines += ["", f"{group.upper()}"]
        for command in commands:
            reason = why_not.get(command.id, "")
            said = f"{command.help} ({reason})" if reason else command.help
            lines.append(f"  {fit(spelled[command.id], wide)}   {said}")
    lines += ["", "WORDS AFTER :"]
    for command in COMMANDS:
        if command.words and not command.id.startswith("pane."):
            words = " ".join(f":{word}" for word in command.words)
            lines.append(f"  {fit(words, wide)}   {command.title}{f' {command.argument}' if command.argument else ''}")
    lines.append(f"  {fit(':ips /words', wide)}   A pane and what to filter it by; an address, URL or name opens it")
    return lines[1:]


class HelpScreen(Reader):
    place = "help"

    def __init__(self, where: str) -> None:
        title = next((pane.title for pane in PANES if pane.id == where), where or "pointsman")
        super().__init__(title, "keys of")
        self._where = where

    def on_mount(self) -> None:
        host = self.host
        lines = help_lines(self._where, host.keymap, {})
        self.view.show_text("\n".join(lines), colour_help)
        super().on_mount()

    def title_parts(self) -> Line:
        return (Part("change keys under [keys] in config.toml ", "muted"),)

    def cmd_help(self) -> None:
        self.cmd_close()
