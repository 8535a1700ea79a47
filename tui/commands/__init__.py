"""Every command once: what it is called, what it does, on which keys, where.

Bindings, footer, palette, help screen, the README's key table and the remapping by ``[keys]`` of the settings file are
made from :data:`COMMANDS`; nothing else in the program names a key. Pure data: no Textual here.

A command runs by its id: a screen that has a method ``cmd_<id>`` (dots and dashes as ``_``) handles it, else the app.

Keys are written as people write them: ``:``, ``?``, ``G``, ``ctrl+f``, ``space``; two keys one after the other are
``g g``. The first of such a pair may be a command of its own: it then runs when no second key follows.

One module for each pane; a new command is an entry there, a new pane a module and its place in :data:`COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.tui.commands import (
    flows,
    ips,
    lists,
    log,
    map,
    narrowing,
    overview,
    panes,
    policies,
    program,
    readers,
    routes,
    writes,
)
from pointsman.tui.commands.model import APP, DIALOGS, LISTS, PANES, Command, PaneName

__all__ = [
    "APP",
    "BY_ID",
    "COMMANDS",
    "DEFAULT_KEYS",
    "DIALOGS",
    "GROUPS",
    "LISTS",
    "PANES",
    "PLACES",
    "WORDS",
    "Command",
    "Keymap",
    "PaneName",
    "clashes",
    "footer",
    "help_groups",
    "key_label",
    "resolve",
]

COMMANDS: tuple[Command, ...] = (
    *panes.COMMANDS,
    *lists.COMMANDS,
    *overview.COMMANDS,
    *flows.COMMANDS,
    *policies.COMMANDS,
    *map.COMMANDS,
    *routes.COMMANDS,
    *writes.COMMANDS,
    *narrowing.COMMANDS,
    *ips.COMMANDS,
    *log.COMMANDS,
    *program.COMMANDS,
    *readers.COMMANDS,
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}
WORDS: dict[str, Command] = {word: command for command in COMMANDS for word in command.words}
GROUPS = ("Panes", "Move", "Look", "Act", "Narrow", "Sort", "Reader", "Program")
PLACES = (*(pane.id for pane in PANES), *DIALOGS)
SHIFTED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ~!@#$%^&*()_+{}|:"<>?'


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which keys each command has, after the settings file was heard. ``problems`` are sentences for the user."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    changed: frozenset[str] = field(default_factory=frozenset)

    def of(self, command: str) -> tuple[str, ...]:
        return self.keys.get(command, ())

    def at(self, place: str) -> dict[str, str]:
        """Key → command id in one pane or dialog."""
        return {
            key: command.id for command in COMMANDS if command.applies(place) for key in self.keys.get(command.id, ())
        }

    def label(self, command: str) -> str:
        """The first key as it is shown, or nothing."""
        keys = self.of(command)
        return key_label(keys[0]) if keys else ""


_LABELS = {"escape": "esc", "pagedown": "PgDn", "pageup": "PgUp", "down": "↓", "up": "↑", "left": "←", "right": "→"}
_PLAIN = {"down": "down", "up": "up", "left": "left", "right": "right"}


def key_label(key: str, *, ascii: bool = False) -> str:
    """A key as people see it: ``esc``, ``ctrl+f``, ``gg``."""
    if " " in key:
        return "".join(key_label(part, ascii=ascii) for part in key.split(" "))
    if ascii and key in _PLAIN:
        return _PLAIN[key]
    return _LABELS.get(key, key)


def clashes(keymap: Keymap) -> list[tuple[str, str, str, str]]:
    """Keys that mean two things in one place, as ``(place, key, one id, other id)``.

    A pair ``g g`` clashes with nothing but the same pair: its first key alone is the command that waits.
    """
    found: list[tuple[str, str, str, str]] = []
    for place in PLACES:
        seen: dict[str, str] = {}
        here = [(key, command.id) for command in COMMANDS if command.applies(place) for key in keymap.of(command.id)]
        found += [(place, key, seen[key], id) for key, id in here if seen.setdefault(key, id) != id]
    return found


def resolve(overrides: Mapping[str, tuple[str, ...]] | None = None, *, read_only: bool = False) -> Keymap:
    """The keys of every command with the user's changes.

    A change whose key is already taken in the same place is left out, with a sentence in ``problems``; commands that
    write lose their keys in read-only mode. Ids are checked by the settings file's reader.
    """
    keys = {command.id: command.keys for command in COMMANDS}
    problems: list[str] = []
    changed: set[str] = set()
    wanted = {id: new for id, new in (overrides or {}).items() if id in BY_ID}
    # All at once first, so that two commands may swap their keys; then whatever still clashes goes back.
    keys.update(wanted)
    while True:
        clash = next(
            (entry for entry in clashes(Keymap(keys)) if entry[2] in wanted or entry[3] in wanted),
            None,
        )
        if clash is None:
            break
        _, key, one, other = clash
        loser, winner = (other, one) if other in wanted else (one, other)
        problems.append(f'keys.{loser} = "{key}": that key already means {BY_ID[winner].title}; the default is used')
        keys[loser] = BY_ID[loser].keys
        del wanted[loser]
    changed.update(wanted)
    if read_only:
        keys.update((command.id, ()) for command in COMMANDS if command.dangerous)
    return Keymap(keys, tuple(problems), frozenset(changed))


DEFAULT_KEYS = resolve()


def footer(place: str, keymap: Keymap = DEFAULT_KEYS) -> list[Command]:
    """The commands the footer of a pane or dialog names, in order; those without a key are left out."""
    found = [
        command
        for command in COMMANDS
        if command.footer and command.applies(place) and place not in command.footer_not and keymap.of(command.id)
    ]
    return sorted(found, key=lambda command: command.footer)


def help_groups(place: str, keymap: Keymap = DEFAULT_KEYS) -> list[tuple[str, list[Command]]]:
    """What can be done in a place, by group; commands without a key and a word are left out."""
    grouped: list[tuple[str, list[Command]]] = []
    for group in GROUPS:
        rows = [
            command
            for command in COMMANDS
            if command.group == group and command.applies(place) and (keymap.of(command.id) or command.words)
        ]
        if rows:
            grouped.append((group, rows))
    return grouped
