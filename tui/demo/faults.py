"""`pointsman demo faults`: what is planted in the variant `broken`."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults import FAULTS


def listing() -> list[dict[str, str]]:
    """`name`, `description`, `object` and `finding` of each planted fault, in the order of the registry."""
    return [
        {"name": one.name, "description": one.description, "object": one.object, "finding": one.finding}
        for one in FAULTS
    ]
