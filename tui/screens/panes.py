"""Which screen each pane is. A pane that is ready is one line here: ``"flows": "pointsman.tui.screens.flows:FlowsScreen"``.

Until then the pane opens a note on what it will show and what to use meanwhile.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
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


def pane_factory(pane: str) -> Callable[[], PaneScreen]:
    """What makes the pane's screen; its module is imported when the pane is first opened."""

    def make() -> PaneScreen:
        where = SCREENS.get(pane)
        if where is None:
            from pointsman.tui.screens.coming import ComingScreen

            return ComingScreen(pane)
        module, _, name = where.partition(":")
        screen: PaneScreen = getattr(importlib.import_module(module), name)()
        return screen

    return make


FACTORIES: dict[str, Callable[[], PaneScreen]] = {pane.id: pane_factory(pane.id) for pane in PANES}
