"""What the palette lists for what is typed: commands by their words and titles, and the cluster's objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.tui.commands import WORDS, Command, Keymap, key_label
from pointsman.tui.views.opening import Opening

_LOOKS_LIKE_OBJECT = re.compile(r"[\d.:/-]*\d[\d.:/-]*|.*[./].*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a command (with an argument, or a filter for a pane) or an object to open."""

    key: str
    title: str
    detail: str
    hint: str = ""
    command: str = ""
    argument: str = ""
    filter: str = ""
    opening: Opening | None = None
    why_not: str = ""


def entries(
    text: str,
    commands: Sequence[Command],
    keymap: Keymap,
    why_not: Callable[[Command], str],
    find: Callable[[str], Sequence[Opening]],
) -> list[Entry]:
    """Best first. Objects come before commands when the words look like an address, host or URL."""
    words = text.strip().removeprefix(":").strip()
    known = _commands(words, commands, keymap, why_not)
    found = [
        Entry(f"object/{item.ref.slug}/{item.pane}/{number}", item.title, item.ref.slug, item.pane, opening=item)
        for number, item in enumerate(find(words))
    ]
    head, _, rest = words.partition(" ")
    exact = head.lower() in WORDS
    if found and not exact and ((_LOOKS_LIKE_OBJECT.fullmatch(head) and not rest) or not known):
        return [*found, *known]
    return [*known, *found]


def _commands(
    words: str, commands: Sequence[Command], keymap: Keymap, why_not: Callable[[Command], str]
) -> list[Entry]:
    head, _, rest = words.partition(" ")
    head, rest = head.lower(), rest.strip()
    scored: list[tuple[int, int, Entry]] = []
    for number, command in enumerate(commands):
        if not command.palette:
            continue
        score = _score(command, words.lower(), head, bool(rest))
        if score is None:
            continue
        argument = rest if command.argument and head in command.words else ""
        narrowed = rest.removeprefix("/") if command.id.startswith("pane.") and head in command.words and rest else ""
        title = command.title
        if argument:
            title = f"{title}: {argument}"
        elif narrowed:
            title = f"{title}, filtered by {narrowed}"
        keys = [key_label(key) for key in keymap.of(command.id)[:2]]
        hint = " ".join([*keys, *(f":{word}" for word in command.words[:1])])
        scored.append(
            (score, number, Entry(f"command/{command.id}", title, command.help, hint, command.id, argument, narrowed,
                                  why_not=why_not(command)))
        )  # fmt: skip
    return [entry for _, _, entry in sorted(scored, key=lambda item: item[:2])]


def _score(command: Command, words: str, head: str, has_rest: bool) -> int | None:
    """How well a command fits, 0 best; None not at all."""
    if not words:
        return 5
    if head in command.words and (not has_rest or command.argument or command.id.startswith("pane.")):
        return 0
    title = command.title.lower()
    if any(word.startswith(words) for word in command.words):
        return 1
    if title.startswith(words):
        return 2
    parts = words.split()
    if all(part in title for part in parts):
        return 3
    if all(part in f"{title} {command.help.lower()}" for part in parts):
        return 4
    return None
