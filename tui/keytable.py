"""The README's key table, made from the registry. ``python -m pointsman.tui.keytable README.md`` writes it in place."""

from __future__ import annotations

import sys
from pathlib import Path

from pointsman.tui.commands import APP, COMMANDS, GROUPS, PANES, Command, key_label

KEYS_BEGIN = "<!-- keys -->"
KEYS_END = "<!-- /keys -->"


def key_table_markdown() -> str:
    """The README's key table, between its two markers (they are included)."""

    def keys_of(command: Command) -> str:
        spelled = [f"`{key_label(key)}`" for key in command.keys]
        spelled += [f"`:{word}{' ' + command.argument if command.argument else ''}`" for word in command.words[:1]]
        return " ".join(spelled)

    lines = [KEYS_BEGIN, "", "| keys | does | where |", "| --- | --- | --- |"]
    for group in GROUPS:
        for command in COMMANDS:
            if command.group != group or not (command.keys or command.words):
                continue
            if command.id.startswith("sort."):
                continue
            where = "everywhere" if APP in command.scope else ", ".join(_titles(command.scope))
            lines.append(f"| {keys_of(command)} | {command.help.replace('|', chr(92) + '|')} | {where} |")
    for pane in PANES:
        sorts = [command for command in COMMANDS if command.id.startswith(f"sort.{pane.id}.")]
        if sorts:
            spelled = ", ".join(f"`{command.keys[0]}` {command.title.removeprefix('Sort by ')}" for command in sorts)
            lines.append(f"| shift+letter | Sort: {spelled}; again turns the order around. | {pane.title} |")
    return "\n".join([*lines, "", KEYS_END])


def _titles(scope: tuple[str, ...]) -> list[str]:
    titles = {pane.id: pane.title for pane in PANES} | {"text": "readers", "logs": "logs", "help": "help"}
    return [titles[place] for place in scope]


def renewed(text: str) -> str:
    """The text with a fresh table between its markers; ValueError if it has none."""
    start = text.index(KEYS_BEGIN)
    end = text.index(KEYS_END, start) + len(KEYS_END)
    return text[:start] + key_table_markdown() + text[end:]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
