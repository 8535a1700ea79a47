"""The registry: what it says of keys is what runs, and the README says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.tui.commands import (
    BY_ID,
    COMMANDS,
    DEFAULT_KEYS,
    DIALOGS,
    PLACES,
    WORDS,
    clashes,
    footer,
    help_groups,
    key_label,
    resolve,
)
from pointsman.tui.config import _is_key
from pointsman.tui.keytable import renewed

ROOT = Path(__file__).parents[2]


def test_ids_and_words_are_unique() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert len(WORDS) == sum(len(command.words) for command in COMMANDS)


def test_no_key_means_two_things_in_one_place() -> None:
    assert clashes(DEFAULT_KEYS) == []


def test_every_scope_is_a_place_and_every_key_can_be_bound() -> None:
    for command in COMMANDS:
        assert set(command.scope) <= {*PLACES, "app"}, command.id
        assert command.title
        assert command.help.endswith((".", "`")), command.id
        for key in command.keys:
            assert _is_key(key), (command.id, key)


def test_keys_of_k9s_keep_their_meaning() -> None:
    here = DEFAULT_KEYS.at("ips")
    wanted = {
        ":": "palette", "/": "filter", "?": "help", "escape": "back", "0": "namespace.all", "d": "describe", "y": "yaml",
        "l": "logs", "c": "copy", "ctrl+s": "save", "ctrl+z": "problems", "ctrl+c": "quit", "ctrl+r": "refresh",
        "j": "down", "k": "up", "G": "bottom", "g g": "top", "ctrl+f": "page-down", "ctrl+b": "page-up",
        "n": "match.next", "N": "match.previous", "-": "pane.last", "ctrl+w": "wide", "ctrl+e": "header",
        "enter": "explain", "q": "quit", "g": "related", "ctrl+d": "delete", "ctrl+p": "palette",
    }  # fmt: skip
    assert {key: here[key] for key in wanted} == wanted


def test_escape_never_quits() -> None:
    for place in PLACES:
        assert DEFAULT_KEYS.at(place)["escape"] == "back"


@pytest.mark.parametrize("place", PLACES)
def test_footers_are_short_and_lead_to_help(place: str) -> None:
    shown = footer(place)
    assert len(shown) <= 8
    if place not in DIALOGS:
        assert shown[-1].id == "help"


def test_a_remapped_key_moves_everywhere() -> None:
    keymap = resolve({"yaml": ("Y",)})
    assert keymap.at("ips")["Y"] == "yaml"
    assert "y" not in keymap.at("ips")
    assert any(command.id == "yaml" for _, group in help_groups("ips", keymap) for command in group)


def test_two_commands_may_swap_their_keys() -> None:
    keymap = resolve({"yaml": ("d",), "describe": ("y",)})
    assert keymap.problems == ()
    assert (keymap.at("ips")["d"], keymap.at("ips")["y"]) == ("yaml", "describe")


def test_a_key_that_is_taken_is_refused_with_a_sentence() -> None:
    keymap = resolve({"yaml": ("d",)})
    assert keymap.of("yaml") == ("y",)
    assert keymap.problems == ('keys.yaml = "d": that key already means Describe; the default is used',)
    assert clashes(keymap) == []


def test_a_command_can_lose_its_key() -> None:
    keymap = resolve({"logs": ()})
    assert "l" not in keymap.at("ips")
    assert all(command.id != "logs" for command in footer("ips", keymap))


def test_labels() -> None:
    assert [key_label(key) for key in ("g g", "escape", "ctrl+f", "down", "G")] == ["gg", "esc", "ctrl+f", "↓", "G"]
    assert key_label("down", ascii=True) == "down"


def test_the_key_table_of_the_readme_is_fresh() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert renewed(readme) == readme, "stale: python -m pointsman.tui.keytable README.md"
