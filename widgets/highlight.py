"""Colour for text that is read: YAML, log lines, diffs. One line at a time, into semantic tokens; plain Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from pointsman.widgets.cells import Parts

Highlighter: TypeAlias = Callable[[int, str], Parts]
"""Gives the styled parts of a line, by its number and its clean text. The parts joined are the text."""

_KEY = re.compile(
    r"""(\s*(?:-\s+)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:"'\[\]{},&*!|>%@`-][^#:]*?|-?[\w./-]+)(\s*:)(?=\s|$)"""
)
_ITEM = re.compile(r"(\s*(?:-(?:\s+|$))+)")
_BLOCK = re.compile(r"""(?:^|:|-|!\S+|&\S+)\s+[|>][+-]?\d?[+-]?\s*(?:#.*)?$""")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.inf|\.nan|0x[0-9a-fA-F]+|0o[0-7]+)")
_WORD = re.compile(r"(?:true|false|null|yes|no|on|off|~)", re.IGNORECASE)
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")


def plain(_number: int, text: str) -> Parts:
    """No colour."""
    return ((text, ""),)


class YamlHighlighter:
    """Colours YAML. It has to know the whole text to tell what stands inside a block scalar."""

    def __init__(self, lines: Sequence[str], first: int = 0) -> None:
        self._first = first
        self._inside = _block_lines(lines)

    def __call__(self, number: int, text: str) -> Parts:
        index = number - self._first
        if 0 <= index < len(self._inside) and self._inside[index]:
            return ((text, "yaml-string"),)
        return yaml_line(text)


def _block_lines(lines: Sequence[str]) -> bytearray:
    """1 for each line that belongs to a block scalar."""
    inside = bytearray(len(lines))
    indent: int | None = None
    for index, line in enumerate(lines):
        stripped = line.lstrip(" ")
        depth = len(line) - len(stripped)
        if indent is not None:
            if not stripped or depth > indent:
                inside[index] = 1
                continue
            indent = None
        if ("|" in line or ">" in line) and _BLOCK.search(line):
            indent = depth
    return inside


def yaml_line(text: str) -> Parts:
    """One line of YAML outside block scalars."""
    if text.lstrip().startswith("#"):
        return ((text, "yaml-comment"),)
    if text in ("---", "..."):
        return ((text, "dim"),)
    parts: list[tuple[str, str]] = []
    rest = text
    key = _KEY.match(text)
    if key is not None:
        lead, name, colon = key.groups()
        parts.extend([(lead, "dim"), (name, "yaml-key"), (colon, "dim")])
        rest = text[key.end() :]
    else:
        item = _ITEM.match(text)
        if item is not None:
            parts.append((item.group(1), "dim"))
            rest = text[item.end() :]
    parts.extend(_value(rest))
    return tuple(part for part in parts if part[0]) or (("", ""),)


def _value(text: str) -> list[tuple[str, str]]:
    comment = None if _QUOTED.search(text) else _COMMENT.search(text)
    tail: list[tuple[str, str]] = []
    if comment is not None:
        tail = [(text[comment.start() :], "yaml-comment")]
        text = text[: comment.start()]
    body = text.strip()
    if not body:
        return [(text, ""), *tail]
    if body[0] in "&*!":
        style = "yaml-anchor"
    elif body[0] in "|>" and len(body) <= 3:
        style = "dim"
    elif _NUMBER.fullmatch(body):
        style = "yaml-number"
    elif _WORD.fullmatch(body):
        style = "yaml-bool"
    elif body in ("{}", "[]", "[", "]", "{", "}"):
        style = "dim"
    else:
        style = "yaml-string"
    return [(text, style), *tail]


_TIME = re.compile(
    r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?|^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+"
)
_LEVEL = re.compile(
    r"\b(?P<error>error|err|fatal|panic|critical|emerg|alert)\b|\b(?P<warn>warning|warn)\b|\b(?P<dim>debug|trace)\b",
    re.IGNORECASE,
)
_KLOG = {"E": "error", "F": "error", "W": "warn"}


def log_line(_number: int, text: str) -> Parts:
    """A log line: time dim, the first word that names a level in its colour."""
    parts: list[tuple[str, str]] = []
    at = 0
    time = _TIME.match(text)
    if time is not None:
        parts.append((time.group(), _KLOG.get(text[:1], "dim")))
        at = time.end()
    level = _LEVEL.search(text, at, at + 80)
    if level is not None:
        parts.extend([(text[at : level.start()], ""), (level.group(), str(level.lastgroup))])
        at = level.end()
    parts.append((text[at:], ""))
    return tuple(part for part in parts if part[0]) or (("", ""),)


def diff_line(_number: int, text: str) -> Parts:
    """A line of a diff by its first sign."""
    style = {"+": "diff-add", "-": "diff-remove", "@": "diff-hunk"}.get(text[:1], "")
    if text.startswith(("+++", "---")):
        style = "bold"
    return ((text, style),)
