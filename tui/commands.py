"""Every command once: what it is called, what it does, on which keys, where.

Bindings, footer, palette, help screen, the README's key table and the remapping by ``[keys]`` of the settings file are
made from :data:`COMMANDS`; nothing else in the program names a key. Pure data: no Textual here.

A command runs by its id: a screen that has a method ``cmd_<id>`` (dots and dashes as ``_``) handles it, else the app.

Keys are written as people write them: ``:``, ``?``, ``G``, ``ctrl+f``, ``space``; two keys one after the other are
``g g``. The first of such a pair may be a command of its own: it then runs when no second key follows.

Over 400 lines because it is the one table: most of them are one command each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class PaneName(NamedTuple):
    """A pane as people know it. ``key`` is its number."""

    id: str
    key: str
    title: str
    shows: str


PANES: tuple[PaneName, ...] = (
    PaneName("overview", "1", "Overview", "the stack, nodes, findings, addresses and what changed"),
    PaneName("flows", "2", "Flows", "who talks to whom, what is dropped and why"),
    PaneName("map", "3", "Map", "workloads and the traffic between them"),
    PaneName("ips", "4", "IPs", "who answers for each service address, from which pool, since when"),
    PaneName("policies", "5", "Policies", "every network policy with its state"),
    PaneName("routes", "6", "Routes", "which rule handles which URL"),
    PaneName("stack", "7", "Stack", "both stacks side by side, and the way from one to the other"),
    PaneName("log", "8", "Log", "what the program wrote, and events that matter to the network"),
)

APP = "app"
"""The scope of commands that every pane has."""
LISTS = ("overview", "ips", "policies", "log")
"""Panes that are made of rows."""
DIALOGS = ("text", "logs", "help")
"""Full-screen readers: YAML and describe, pod logs, this help."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the program can do.

    ``scope`` names panes or dialogs, or :data:`APP`. ``footer`` is the place in the footer (1 first, 0 not there).
    ``words`` may be typed after ``:``; a command without a title in the palette has none and ``palette`` False.
    ``dangerous`` commands write to the cluster: read-only mode drops their keys and dims them in palette and help.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...] = ()
    group: str = "Program"
    scope: tuple[str, ...] = (APP,)
    footer: int = 0
    footer_not: tuple[str, ...] = ()
    """Places whose footer has no room for it."""
    label: str = ""
    """One or two words for the footer; the title if empty."""
    words: tuple[str, ...] = ()
    argument: str = ""
    """What a word may be followed by, for the palette: ``NAME``, ``NAMESPACE``."""
    palette: bool = True
    dangerous: bool = False

    def applies(self, place: str) -> bool:
        """Whether the command exists in this pane or dialog."""
        return place in self.scope or (APP in self.scope and place not in DIALOGS)


def _pane_commands() -> Iterable[Command]:
    for pane in PANES:
        yield Command(
            f"pane.{pane.id}", pane.title, f"Open {pane.title}: {pane.shows}.", (pane.key,), "Panes", words=(pane.id,)
        )


def _sort_commands(pane: str, columns: Mapping[str, tuple[str, str]]) -> Iterable[Command]:
    for column, (key, title) in columns.items():
        yield Command(
            f"sort.{pane}.{column}",
            f"Sort by {title}",
            f"Sort the list by {title}; again turns the order around.",
            (key,),
            "Sort",
            (pane,),
        )


COMMANDS: tuple[Command, ...] = (
    *_pane_commands(),
    Command("pane.last", "Last pane", "Go back to the pane you came from.", ("-",), "Panes"),
    # -- moving ---------------------------------------------------------------------------------------------------
    Command("down", "Down", "Next row or line.", ("j", "down"), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("up", "Up", "Previous row or line.", ("k", "up"), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("left", "Left", "Scroll to the left.", ("left",), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("right", "Right", "Scroll to the right.", ("right",), "Move", (*LISTS, *DIALOGS), palette=False),
    Command(
        "page-down",
        "Page down",
        "A page down.",
        ("ctrl+f", "pagedown"),
        "Move",
        (*LISTS, *DIALOGS),
        palette=False,
    ),
    Command("page-up", "Page up", "A page up.", ("ctrl+b", "pageup"), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("top", "Top", "The first row.", ("g g", "home"), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("bottom", "Bottom", "The last row.", ("G", "end"), "Move", (*LISTS, *DIALOGS), palette=False),
    Command("panel.next", "Next panel", "Go to the next panel of the pane.", ("tab",), "Move", LISTS),
    Command("panel.previous", "Previous panel", "Go to the panel before.", ("shift+tab",), "Move", LISTS),
    # -- looking --------------------------------------------------------------------------------------------------
    Command(
        "explain",
        "Explain",
        "Explain the row in words, with the evidence. In Overview: open the row's pane at the object.",
        ("enter",),
        "Look",
        LISTS,
        footer=1,
        label="explain",
    ),
    Command(
        "yaml",
        "YAML",
        "The object's YAML.",
        ("y",),
        "Look",
        LISTS,
        footer=3,
        footer_not=("policies",),
        label="yaml",
    ),
    Command(
        "describe",
        "Describe",
        "The object in plain text with its events.",
        ("d",),
        "Look",
        LISTS,
        footer=4,
        footer_not=("policies",),
        label="describe",
    ),
    Command(
        "logs",
        "Logs",
        "The logs of a pod behind the row; asks which.",
        ("l",),
        "Look",
        LISTS,
        footer=5,
        footer_not=("policies", "log"),
        label="logs",
    ),
    Command(
        "related",
        "Related objects",
        "What is related to the row; choosing one opens its pane filtered to it.",
        ("g",),
        "Look",
        LISTS,
        footer=6,
        label="related",
    ),
    Command(
        "copy", "Copy", "Copy the row to the clipboard by way of the terminal.", ("c",), "Look", (*LISTS, *DIALOGS)
    ),
    Command(
        "save",
        "Save view",
        "Save what is shown to a file: CSV, JSON or text by its extension.",
        ("ctrl+s",),
        "Look",
        (*LISTS, *DIALOGS),
    ),
    # -- narrowing ------------------------------------------------------------------------------------------------
    Command(
        "filter",
        "Filter",
        'Keep the rows with these words; `!word` without, `column:word`, `/regex/`, `-f fuzzy`, `"a phrase"`.',
        ("/",),
        "Narrow",
        LISTS,
        footer=2,
        label="filter",
    ),
    Command(
        "policies.view",
        "Next view",
        "The list of policies, what holds for each pod, or the matrix of who may reach whom.",
        ("v",),
        "Look",
        ("policies",),
        footer=2,
        label="view",
    ),
    Command(
        "reach",
        "May A reach B?",
        "Ask a question: `media/jellyfin db/postgres 5432`; the policy that decides is opened.",
        ("r",),
        "Look",
        ("policies",),
        footer=2,
        label="reach",
        words=("reach",),
        argument="FROM TO PORT",
    ),
    Command(
        "toggle",
        "Off or on",
        "Switch a policy off for ten minutes (or as long as you choose), or on again; shows the change and asks first.",
        ("x",),
        "Act",
        ("policies",),
        footer=2,
        label="off/on",
        dangerous=True,
    ),
    Command(
        "undo",
        "Undo",
        "Take back the write that is selected in the Log, elsewhere the last one; shows the change and asks first.",
        ("z",),
        "Act",
        footer=2,
        footer_not=tuple(pane.id for pane in PANES if pane.id != "log"),
        label="undo",
        words=("undo",),
        dangerous=True,
    ),
    Command(
        "revert",
        "Switch on again",
        "Switch on the policy whose time is over, or ends first, without waiting; shows the change and asks first.",
        ("R",),
        "Act",
        label="switch on",
        words=("revert",),
        dangerous=True,
    ),
    Command("search", "Search", "Find words in the text.", ("/",), "Narrow", DIALOGS, footer=2, label="search"),
    Command("match.next", "Next match", "The next row the filter finds.", ("n",), "Narrow", (*LISTS, *DIALOGS)),
    Command("match.previous", "Previous match", "The match before.", ("N",), "Narrow", (*LISTS, *DIALOGS)),
    Command("problems", "Problems only", "Show only rows with a problem, or all again.", ("ctrl+z",), "Narrow", LISTS),
    Command(
        "wide",
        "Wide columns",
        "Show columns that are hidden for want of room.",
        ("ctrl+w",),
        "Narrow",
        ("ips", "policies", "log"),
    ),
    Command("namespace.all", "All namespaces", "Show all namespaces.", ("0",), "Narrow"),
    Command(
        "namespace",
        "Namespace",
        "Choose a namespace.",
        (),
        "Narrow",
        words=("ns", "namespace"),
        argument="NAMESPACE",
    ),
    *_sort_commands(
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
    *_sort_commands(
        "policies",
        {
            "policy": ("P", "policy or pod"),
            "kind": ("K", "kind or workload"),
            "state": ("S", "state, the worst first"),
            "selects": ("W", "how many it selects (who)"),
            "ways": ("D", "direction"),
            "owner": ("O", "owner"),
            "enforced": ("E", "who enforces it"),
        },
    ),
    *_sort_commands(
        "log",
        {
            "time": ("T", "time"),
            "kind": ("K", "kind"),
            "object": ("O", "object"),
            "result": ("S", "result, the worst first"),
            "who": ("W", "who"),
        },
    ),
    # -- the program ----------------------------------------------------------------------------------------------
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
    # -- readers --------------------------------------------------------------------------------------------------
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
