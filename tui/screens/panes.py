"""Which screen each pane is. A pane that is ready is one line here: ``"flows": "pointsman.tui.screens.flows:FlowsScreen"``.

Until then the pane opens a note on what it will show and what to use meanwhile.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.tui.commands import PANES

if TYPE_CHECKING:
    from pointsman.tui.screens.base import PaneScreen

SCREENS: dict[str, str] = {
    "overview": "pointsman.tui.screens.overview:OverviewScreen",
    "flows": "pointsman.tui.screens.flows:FlowsScreen",
    "map": "pointsman.tui.screens.map:MapScreen",
    "ips": "pointsman.tui.screens.ips:IpsScreen",
    "policies": "pointsman.tui.screens.policies:PoliciesScreen",
    "routes": "pointsman.tui.screens.routes:RoutesScreen",
    "log": "pointsman.tui.screens.log:LogScreen",
}

_HERE = Path(__file__).resolve().parent  # as the toolkit names them
STYLES: tuple[Path, ...] = (
    _HERE / "frame.tcss", *sorted(path for path in _HERE.rglob("*.tcss") if path.name != "frame.tcss"),
)  # fmt: skip
"""The styles of all screens, the frame's first. All are read at the start: the toolkit parses everything anew for each
file it meets later, which is felt when a pane is first opened."""


def screen_class(pane: str) -> type[PaneScreen]:
    """The class of a pane's screen, imported now."""
    module, _, name = SCREENS[pane].partition(":")
    found: type[PaneScreen] = getattr(importlib.import_module(module), name)
    return found


def pane_factory(pane: str) -> Callable[[], PaneScreen]:
    """What makes the pane's screen; its module is imported when the pane is first opened."""

    def make() -> PaneScreen:
        where = SCREENS.get(pane)
        if where is None:
            from pointsman.tui.screens.coming import ComingScreen

            return ComingScreen(pane)
        screen = screen_class(pane)()
        # It is styled as it is composed, by the styles as they are now: else the toolkit would parse them all twice.
        screen._css_update_count = screen.app._css_update_count
        return screen

    return make


FACTORIES: dict[str, Callable[[], PaneScreen]] = {pane.id: pane_factory(pane.id) for pane in PANES}
