"""How much of something is used, as a bar and in numbers; plain data for a cell, no Textual."""

from __future__ import annotations

from typing import Literal

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell


def usage_bar(
    used: float,
    total: float | None,
    width: int = 10,
    *,
    label: Literal["count", "percent", "none"] = "count",
    warn_at: float = 0.8,
) -> Cell:
    """`▇▇▁▁▁▁▁▁▁▁ 9/151`: amber from `warn_at`, red when nothing is left.

    A bar with anything in it shows at least one full cell, one with anything left at least one free cell. A total that is
    not known gives the number used and a dash.
    """
    if total is None or total < 0:
        return Cell.join(_number(used), ("/?", "dim"))
    share = 1.0 if total == 0 else max(0.0, min(1.0, used / total))
    filled = round(share * width)
    if used > 0:
        filled = max(1, filled)
    if used < total:
        filled = min(width - 1, filled)
    style = "bar-full" if used >= total else "bar-warn" if share >= warn_at else "bar-used"
    words = "error" if used >= total else "warn" if share >= warn_at else ""
    parts = [(glyphs.current.bar_used * filled, style), (glyphs.current.bar_free * (width - filled), "bar-free")]
    if label == "count":
        parts.append((f" {_number(used)}/{_number(total)}", words))
    elif label == "percent":
        parts.append((f" {share * 100:3.0f} %", words))
    return Cell(parts=tuple(part for part in parts if part[0]))


def _number(value: float) -> str:
    return f"{value:,.0f}"
