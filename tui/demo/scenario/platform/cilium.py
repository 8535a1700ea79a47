"""Cilium."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.tui.demo.scenario.world import World


def add_cilium(world: World) -> None:
    raise NotImplementedError


def add_load_balancer(world: World, pools: Sequence[tuple[str, str]]) -> None:
    raise NotImplementedError


def add_endpoints(world: World) -> None:
    raise NotImplementedError


def add_half_way(world: World) -> None:
    raise NotImplementedError


def count_pools(world: World) -> None:
    raise NotImplementedError
