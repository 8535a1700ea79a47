"""What a command is, and the places it can be used in. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
LISTS = ("overview", "flows", "map", "ips", "policies", "routes", "log")
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


def sort_commands(pane: str, columns: Mapping[str, tuple[str, str]]) -> Iterable[Command]:
    """Shift+letter for each column: ``column -> (key, title)``."""
    for column, (key, title) in columns.items():
        yield Command(
            f"sort.{pane}.{column}",
            f"Sort by {title}",
            f"Sort the list by {title}; again turns the order around.",
            (key,),
            "Sort",
            (pane,),
        )
