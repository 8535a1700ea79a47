"""faults"""

from __future__ import annotations

from pointsman.tui.demo.scenario.world import World


def plant(world: World) -> None:
    raise NotImplementedError
