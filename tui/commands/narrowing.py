"""Seeing less: matches, problems, a namespace; or more: wide columns."""

from __future__ import annotations

from pointsman.tui.commands.model import DIALOGS, LISTS, Command

COMMANDS: tuple[Command, ...] = (
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
        ("flows", "map", "ips", "policies", "routes", "log"),
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
)
