"""Label selectors as flow filters take them: Kubernetes' text form, each key with an optional source (``k8s:app in (a)``).

Without a source a key matches a label of any source. A label is ``source:key=value``; ``reserved:world`` has no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

_TERM = re.compile(
    r"\s*(?P<not>!)?\s*(?P<key>[^\s=!,()<>]+)\s*(?:(?P<op>==|=|!=|<|>|\bin\b|\bnotin\b)\s*(?P<rest>\(.*\)|[^,()]*))?\s*",
    re.DOTALL,
)
MOST_TERMS: Final = 64

Labels = frozenset[str]
Selector = Callable[[Iterable[str]], bool]


class LabelError(ValueError):
    """A selector that cannot be read; the text is a sentence."""


def selector(text: str) -> Selector:
    """A predicate on a flow's labels. Raises LabelError."""
    terms = [_term(part, text) for part in _parts(text)]

    def matches(labels: Iterable[str]) -> bool:
        known = [_label(label) for label in labels]
        return all(term(known) for term in terms)

    return matches


def _parts(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    if depth or len(parts) > MOST_TERMS or not text.strip():
        raise LabelError(f"{text!r} is not a label selector (app=web, k8s:app in (a,b), !canary, reserved:world).")
    return parts


def _label(text: str) -> tuple[str, str, str]:
    """Source, key and value."""
    head, _, value = text.partition("=")
    source, colon, key = head.partition(":")
    return (source, key, value) if colon else ("", head, value)


_Term = Callable[[list[tuple[str, str, str]]], bool]


def _term(part: str, text: str) -> _Term:
    found = _TERM.fullmatch(part)
    if found is None or (found["not"] and found["op"]):
        raise LabelError(f"{part.strip()!r} in the label selector {text!r} cannot be read.")
    source, colon, key = found["key"].partition(":")
    if not colon:
        source, key = "", found["key"]
    if source == "any":
        source = ""

    def values(known: list[tuple[str, str, str]]) -> list[str]:
        return [value for of, name, value in known if name == key and (not source or of == source)]

    op, rest = found["op"], (found["rest"] or "").strip()
    if op is None:
        wanted = not found["not"]
        return lambda known: bool(values(known)) is wanted
    if op in ("in", "notin"):
        if not (rest.startswith("(") and rest.endswith(")")):
            raise LabelError(f"{part.strip()!r} needs its values in brackets: {key} {op} (a,b).")
        choice = {item.strip() for item in rest[1:-1].split(",")}
        if op == "in":
            return lambda known: any(value in choice for value in values(known))
        return lambda known: not any(value in choice for value in values(known))
    if rest.startswith("("):
        raise LabelError(f"{part.strip()!r} compares with one value, not a list; use `in`.")
    if op in ("<", ">"):
        if not re.fullmatch(r"-?\d+", rest):
            raise LabelError(f"{part.strip()!r} compares with a whole number.")
        limit = int(rest)
        above = op == ">"
        return lambda known: any(
            (int(value) > limit if above else int(value) < limit)
            for value in values(known)
            if re.fullmatch(r"-?\d{1,19}", value)
        )
    if op == "!=":
        return lambda known: rest not in values(known)
    return lambda known: rest in values(known)
