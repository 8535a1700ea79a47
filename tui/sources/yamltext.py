"""YAML as Kubernetes reads it.

``kubectl`` goes through Go's yaml.v2, which is YAML 1.1 with corners of its own: ``on`` and ``y`` are booleans, ``0755``
is octal, ``1e3`` is a number, but ``22:22`` is text (for PyYAML it is the number 1342) and so is a date. Keys that are no
text become text. Documents are split at ``---`` before they are parsed, so one that is broken does not hide the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from pointsman.tui.model.goyaml import FALSE, FLOAT, INT, TRUE

MOST_NODES = 2_000_000
"""Nodes one document may grow to: an anchor repeated inside anchors can make a few lines fill the memory."""
DEEPEST = 200
TOO_LARGE = "it grows too large when its anchors are filled in, or nests too deep"

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


class YamlError(ValueError):
    """A document that cannot be read; ``line`` counts from 1 in the whole text."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _GoLoader(_Base):  # type: ignore[misc]
    """PyYAML's C loader with the scalars of Go's yaml.v2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own class attribute)
    merged = 0

    def flatten_mapping(self, node: Any) -> None:
        """Merge keys (``<<``), each mapping once, and no more of them than a document may have nodes: merges of merges
        double at each step."""
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > MOST_NODES:
            raise YamlError(TOO_LARGE, 0)


_GoLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_GoLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(f"(?:{'|'.join(sorted(TRUE | FALSE, key=len))})$"), list("yYnNtTfFoO")
)
_GoLoader.add_implicit_resolver("tag:yaml.org,2002:int", INT, list("-+0123456789"))
_GoLoader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
_GoLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<$"), ["<"])


def _bool(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node) in TRUE


def _int(loader: Any, node: Any) -> Any:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-")
    try:
        if len(text) > 1 and text[0] == "0" and text[1] not in "xXbBoO":
            return sign * int(text, 8)
        return sign * int(text, 0)
    except ValueError:
        return text


def _float(loader: Any, node: Any) -> Any:
    text = str(loader.construct_scalar(node))
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


_GoLoader.add_constructor("tag:yaml.org,2002:bool", _bool)
_GoLoader.add_constructor("tag:yaml.org,2002:int", _int)
_GoLoader.add_constructor("tag:yaml.org,2002:float", _float)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: plain data as JSON would hold it, and the line (from 1) where it begins. ``error`` if unreadable."""

    value: Any
    line: int
    error: str = ""
    item_lines: tuple[int, ...] = ()
    """Where each entry of a top-level ``items`` begins, for a document that is a List; empty if not known."""


def documents(text: str) -> Iterator[Document]:
    """Every document of a YAML or JSON text; empty ones are left out. Never raises: see ``Document.error``."""
    if text.lstrip()[:1] in ("{", "["):
        found = _json(text)
        if found is not None:
            yield from found
            return
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start())]
    offset = 0
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        part = text[start:end]
        if number:
            offset += text.count("\n", starts[number - 1], start)
        if all(not line or line[0] in "#%" for line in map(str.strip, part.splitlines())):
            continue  # comments and directives before the first separator are no document
        yield from _yaml(part, offset)


def _yaml(part: str, offset: int) -> Iterator[Document]:
    line = offset + 1
    try:
        if _looks_deep(part) and _depth(part) > DEEPEST:
            yield Document(None, line, f"nests deeper than {DEEPEST} levels")
            return
        loader = _GoLoader(part)
    except yaml.YAMLError as error:
        yield Document(None, line, _words(error))
        return
    try:
        while loader.check_node():
            node = loader.get_node()
            line = offset + node.start_mark.line + 1
            value = _plain(loader.construct_document(node), [MOST_NODES], 0)
            if value is not None:
                yield Document(value, line, item_lines=_item_lines(node, offset))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        # What is never closed is noticed only behind the last line.
        last = offset + max(1, len(part.rstrip().splitlines()))
        yield Document(None, min(offset + mark.line + 1, last) if mark is not None else line, _words(error))
    except YamlError as error:
        yield Document(None, line, str(error))
    except RecursionError:
        yield Document(None, line, "nests too deep")
    except (ValueError, TypeError, AttributeError, LookupError):
        # PyYAML's constructors raise whatever comes of a value that is not what its tag says (`!!timestamp x`).
        yield Document(None, line, "cannot be read: a value is not what its tag says")
    finally:
        loader.dispose()


def _looks_deep(text: str) -> bool:
    """Whether the nesting may be deep; cheap, and wrong only on the safe side.

    PyYAML's C composer recurses on the C stack and takes the process down at some ten thousand levels.
    """
    flow = text.count("[") + text.count("{") > DEEPEST
    return flow or "- " * 20 in text or "? " * 20 in text or " " * (DEEPEST * 2) in text


def _depth(text: str) -> int:
    """The nesting as the parser sees it, event by event."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


def _item_lines(node: Any, offset: int) -> tuple[int, ...]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == "items" and isinstance(value, yaml.SequenceNode):
                return tuple(offset + item.start_mark.line + 1 for item in value.value)
    return ()


def _words(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")


def _json(text: str) -> list[Document] | None:
    """JSON values one after another; None if it is not JSON after all (YAML's flow style looks alike)."""
    decoder = json.JSONDecoder()
    found: list[Document] = []
    at = counted = 0
    line = 1
    while True:
        while at < len(text) and text[at] in " \t\r\n\ufeff":
            at += 1
        if at >= len(text):
            return found
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if not found and text.lstrip()[:1] == "{" and not re.match(r'\{\s*("|\})', text[at:]):
                return None
            where = getattr(error, "lineno", line)
            found.append(Document(None, where, f"not JSON: {getattr(error, 'msg', type(error).__name__)}"))
            return found
        found.append(Document(_whole(value) if _HALF.search(text) else value, line))


def _whole(value: Any) -> Any:
    """The value without halves of surrogate pairs, which JSON may spell and UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    """The value with text for keys, and only what JSON knows; counts nodes, shared ones again each time."""
    budget[0] -= 1
    if budget[0] < 0 or depth > DEEPEST:
        raise YamlError(TOO_LARGE, 0)
    if isinstance(value, dict):
        return {_key(key): _plain(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, budget, depth + 1) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)
