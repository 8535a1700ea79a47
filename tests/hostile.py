"""Objects as an attacker or a broken controller writes them: fields gone, of another type, or with words that bite."""

from __future__ import annotations

import random
from typing import Any

JUNK: tuple[Any, ...] = (
    None, "", 0, -1, 10**30, True, 1.5, [], {}, [None], [{}], ["x", 1], {"a": {"b": []}}, "\x1b[31m[red]x[/red]", "‮evil",
    "192.168.7.999", "999999-1", "0.0.0.0/0", "2027-13-45T99:99:99Z", "9999-12-31T23:59:59Z", "🂡" * 50, "x" * 5000,
)  # fmt: skip


def mutate(value: Any, dice: random.Random, chance: float) -> Any:
    """The same document with some of its fields gone or replaced."""
    if isinstance(value, dict):
        result = {}
        for key, item in value.items():
            if dice.random() < chance:
                if dice.random() < 0.5:
                    continue
                result[key] = dice.choice(JUNK)
            else:
                result[key] = mutate(item, dice, chance)
        return result
    if isinstance(value, list):
        return [mutate(item, dice, chance) for item in value if dice.random() > chance]
    return value
