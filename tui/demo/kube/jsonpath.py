"""The JSONPath of printer columns: kubectl's dialect without its outer braces.

Supported: fields (`.a`, `['a']`, dots escaped as `\\.`), `[n]`, `[-1]`, `[a:b]`, `[*]`, `.*`, unions of indices and names,
filters of one comparison (`[?(@.type=="Ready")]`), and recursive descent (`..a`). Missing keys give no result, never an
error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

Json: TypeAlias = Any
_Step: TypeAlias = Callable[[Json], Iterator[Json]]

_NAME = re.compile(r"(?:\\.|[^.\[\]\s])+")
_FILTER = re.compile(r"\(\s*@(?P<path>.*?)\s*(?:(?P<op>==|!=|<=|>=|<|>)\s*(?P<literal>.+?)\s*)?\)\Z", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def find(path: str, document: Json) -> list[Json]:
    """Every value at `path`, in document order. Raises ValueError for a path that cannot be read."""
    found = [document]
    for step in _parse(path):
        found = [value for each in found for value in step(each)]
    return found


@lru_cache(maxsize=1024)
def _parse(path: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        if path.startswith("..", at):
            steps.append(_descend)
            at += 1
        elif path[at] == ".":
            at = at + 1 if path.startswith(".[", at) else _field(path, at + 1, steps)
        elif path[at] == "[":
            end = _closing(path, at)
            steps.append(_bracket(path[at + 1 : end].strip()))
            at = end + 1
        elif at == 0:
            at = _field(path, at, steps)
        else:
            raise ValueError(f"cannot read the JSONPath {path!r} at {path[at:]!r}")
    return tuple(steps)


def _field(path: str, at: int, steps: list[_Step]) -> int:
    match = _NAME.match(path, at)
    if match is None:
        raise ValueError(f"a field name is missing in the JSONPath {path!r}")
    name = match.group()
    steps.append(_children if name == "*" else _key(re.sub(r"\\(.)", r"\1", name)))
    return match.end()


def _closing(path: str, start: int) -> int:
    """Where the bracket opened at `start` closes; quoted text may hold brackets."""
    depth, quote = 0, ""
    for at in range(start, len(path)):
        char = path[at]
        if quote:
            quote = "" if char == quote and path[at - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                return at
    raise ValueError(f"a bracket stays open in the JSONPath {path!r}")


def _bracket(inside: str) -> _Step:
    if inside == "*":
        return _children
    if inside.startswith("?"):
        return _filter(inside[1:].strip())
    if inside[:1] in ("'", '"'):
        names = [part.strip() for part in re.findall(r"'[^']*'|\"[^\"]*\"", inside)]
        return _any_of([_key(name[1:-1]) for name in names])
    if "," in inside:
        return _any_of([_slice(part.strip()) for part in inside.split(",")])
    return _slice(inside)


def _slice(text: str) -> _Step:
    parts = text.split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"-?[0-9]{1,9}|", part.strip()) for part in parts):
        raise ValueError(f"{text!r} is no list index")
    if len(parts) == 1:
        if not parts[0]:
            raise ValueError("an empty list index")
        index = int(parts[0])
        return lambda value: iter(value[index : index + 1 or None] if isinstance(value, list) else [])
    bounds = slice(*(int(part) if part.strip() else None for part in parts))
    if bounds.step == 0:
        raise ValueError("a slice step of 0")
    return lambda value: iter(value[bounds] if isinstance(value, list) else [])


def _key(name: str) -> _Step:
    return lambda value: iter([value[name]] if isinstance(value, dict) and name in value else [])


def _any_of(steps: list[_Step]) -> _Step:
    return lambda value: (found for step in steps for found in step(value))


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Json) -> Iterator[Json]:
    yield value
    for child in _children(value):
        yield from _descend(child)


def _filter(text: str) -> _Step:
    match = _FILTER.match(text)
    if match is None:
        raise ValueError(f"cannot read the filter {text!r}")
    path, compare = match["path"], _COMPARE.get(match["op"] or "")
    literal = _literal(match["literal"]) if match["literal"] else None

    def holds(item: Json) -> bool:
        found = find(path, item)
        if compare is None:
            return bool(found)
        try:
            return bool(found) and compare(found[0], literal)
        except TypeError:
            return False

    return lambda value: (item for item in _children(value) if holds(item))


def _literal(text: str) -> Json:
    if text[:1] in ("'", '"') and text[-1:] == text[:1]:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError as error:
            raise ValueError(f"cannot read the literal {text!r} of a filter") from error
