"""What printers share: reading objects without trusting them, ages, labels, selectors, and the Column and Printer types.

Objects come from whoever wrote them, so every reader here answers with an empty value when a field is absent or has
another type than the API says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

Doc: TypeAlias = dict[str, Any]
Cell: TypeAlias = str | int | float | bool | None

NONE = "<none>"
UNSET = "<unset>"
UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; `priority` 0 is always shown, 1 with `-o wide` only."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind and the function that fills a row: object and now (epoch seconds) to its cells."""

    columns: tuple[Column, ...]
    cells: Callable[[Doc, float], list[Cell]]
    conditions: Callable[[Doc], list[Doc]] | None = None

    def row(self, obj: Doc, now: float) -> Doc:
        """The row of `obj`, still without its object."""
        row: Doc = {"cells": self.cells(obj, now)}
        conditions = self.conditions(obj) if self.conditions else []
        if conditions:
            row["conditions"] = conditions
        return row


def columns(spec: str) -> tuple[Column, ...]:
    """Columns from one line: names parted by `|`, `+` before those of `-o wide`, `#` before integers, `?` before booleans.

    The column called Name has the format `name`, which tells kubectl where to put the kind's prefix.
    """
    result = []
    for part in spec.split("|"):
        name = part.strip()
        priority = 1 if name.startswith("+") else 0
        name = name.lstrip("+")
        type_ = {"#": "integer", "?": "boolean"}.get(name[:1], "string")
        name = name.lstrip("#?")
        result.append(Column(name, type_, "name" if name == "Name" else "", priority))
    return tuple(result)


def dig(obj: Any, *path: str) -> Any:
    """The value at a path of keys, None when any is missing."""
    for key in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(key)
    return obj


def text(obj: Any, *path: str) -> str:
    value = dig(obj, *path)
    return value if isinstance(value, str) else ""


def number(obj: Any, *path: str) -> int:
    value = dig(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def mapping(obj: Any, *path: str) -> Doc:
    value = dig(obj, *path)
    return value if isinstance(value, dict) else {}


def items(obj: Any, *path: str) -> list[Doc]:
    """The objects of a list."""
    value = dig(obj, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(obj: Any, *path: str) -> list[str]:
    value = dig(obj, *path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def name_of(obj: Doc) -> str:
    return text(obj, "metadata", "name")


def seconds_of(timestamp: str) -> float | None:
    """An RFC 3339 time as seconds since the epoch, None when it is none."""
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def human_duration(seconds: float) -> str:
    """A duration with two or three significant figures: `119s`, `2m5s`, `3h4m`, `3d4h`, `2y1d`.

    The steps are those of apimachinery's HumanDuration. Up to two seconds of clock difference count as now.
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if whole < 120:
        return f"{whole}s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    years = days // 365
    if days < 365 * 8 and days % 365:
        return f"{years}y{days % 365}d"
    return f"{years}y"


def since(timestamp: Any, now: float) -> str:
    """How long ago an RFC 3339 time was, `<unknown>` without one."""
    at = seconds_of(timestamp) if isinstance(timestamp, str) else None
    return UNKNOWN if at is None else human_duration(now - at)


def age(obj: Doc, now: float) -> str:
    """Time since the object was made."""
    return since(dig(obj, "metadata", "creationTimestamp"), now)


def labels(pairs: Mapping[str, Any]) -> str:
    """`a=b,c=d` in order of keys, `<none>` when empty."""
    return ",".join(f"{key}={pairs[key]}" for key in sorted(pairs)) or NONE


def selector(value: Any) -> str:
    """A LabelSelector as text, `<none>` when it selects everything, also when absent."""
    matched = mapping(value, "matchLabels")
    terms = [(key, f"{key}={matched[key]}") for key in matched]
    for expression in items(value, "matchExpressions"):
        key, operator = text(expression, "key"), text(expression, "operator")
        listed = f"({','.join(sorted(strings(expression, 'values')))})"
        form = {
            "In": f"{key} in {listed}",
            "NotIn": f"{key} notin {listed}",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }.get(operator)
        if form is None:
            return "<error>"
        terms.append((key, form))
    return ",".join(term for _, term in sorted(terms, key=lambda pair: pair[0])) or NONE


def containers(pod_spec: Any) -> list[Cell]:
    """Names and images of a pod template's containers: the two cells of every workload's wide output."""
    listed = items(pod_spec, "containers")
    return [",".join(text(c, "name") for c in listed), ",".join(text(c, "image") for c in listed)]


def condition(obj: Any, kind: str) -> Doc:
    """The status condition of that type, empty when there is none."""
    return next((c for c in items(obj, "status", "conditions") if c.get("type") == kind), {})


def some_of(listed: Sequence[str], total: int, limit: int = 3) -> str:
    """At most `limit` entries, then how many more of `total` there are."""
    shown = ",".join(listed[:limit])
    return f"{shown} + {total - limit} more..." if len(listed) > limit else shown
