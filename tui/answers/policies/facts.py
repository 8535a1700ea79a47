"""What selectors look at: one flat mapping of facts for each end, and selectors compiled to requirements on them.

Keys of facts: ``l:KEY`` a pod's label, ``n:KEY`` a label of its namespace, ``h:KEY`` a node's label, ``r:NAME`` one of
Cilium's reserved identities, and ``@ns``, ``@sa``, ``@cluster``, ``@node`` for namespace, service account, cluster and
node name. A selector asks for all of its requirements. On a :class:`Universe` of ends it is a bit set, found without
looking at each end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pointsman.tui.model.selectors import SelectorError

Facts = Mapping[str, str]
NO_VALUES: frozenset[str] = frozenset()
MOST_VALUES = 5
"""Values of one requirement that are written out."""
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class Requirement:
    """``op`` is one of OPERATORS; NotIn and DoesNotExist hold where the key is missing, as in apimachinery."""

    key: str
    op: str
    values: frozenset[str] = NO_VALUES

    def holds(self, facts: Facts) -> bool:
        value = facts.get(self.key)
        match self.op:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case _:
                return value is None


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements must hold; none at all selects everything. ``text`` is how people read it."""

    requirements: tuple[Requirement, ...] = ()
    text: str = field(default="", compare=False)

    def matches(self, facts: Facts) -> bool:
        return all(item.holds(facts) for item in self.requirements)

    def also(self, *more: Requirement) -> Selector:
        return Selector((*self.requirements, *more), self.text)

    def asks(self, key: str) -> bool:
        return any(item.key == key for item in self.requirements)


class Universe:
    """Ends by number, with a bit set for each fact. Bit sets are plain ints; the answer for a selector is kept."""

    def __init__(self, ends: Sequence[Facts]) -> None:
        self.size = len(ends)
        self.all = (1 << len(ends)) - 1
        self._values: dict[tuple[str, str], int] = {}
        self._keys: dict[str, int] = {}
        self._kept: dict[Selector, int] = {}
        values: dict[tuple[str, str], bytearray] = {}
        width = (len(ends) + 7) // 8
        for index, facts in enumerate(ends):
            byte, bit = index >> 3, 1 << (index & 7)
            for item in facts.items():
                row = values.get(item)
                if row is None:
                    row = values[item] = bytearray(width)
                row[byte] |= bit
        for (key, value), row in values.items():
            number = int.from_bytes(row, "little")
            self._values[(key, value)] = number
            self._keys[key] = self._keys.get(key, 0) | number

    def _requirement(self, item: Requirement) -> int:
        if item.op == "Exists":
            return self._keys.get(item.key, 0)
        if item.op == "DoesNotExist":
            return self.all & ~self._keys.get(item.key, 0)
        found = 0
        for value in item.values:
            found |= self._values.get((item.key, value), 0)
        return found if item.op == "In" else self.all & ~found

    def select(self, selector: Selector) -> int:
        """The ends a selector matches, as bits."""
        kept = self._kept.get(selector)
        if kept is None:
            kept = self.all
            for item in selector.requirements:
                kept &= self._requirement(item)
                if not kept:
                    break
            self._kept[selector] = kept
        return kept


def indexes(bits: int) -> list[int]:
    """The numbers of the bits that are set, lowest first."""
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found


def requirement(key: str, op: object, values: object) -> Requirement:
    """One ``matchExpressions`` entry after its key was translated. Raises SelectorError as the API server refuses."""
    if op not in OPERATORS:
        raise SelectorError(f"{op!r} is not a selector operator ({', '.join(OPERATORS)})")
    listed = [] if values is None else values
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise SelectorError(f"the values of {key[2:]!r} are not a list of texts")
    if op in ("In", "NotIn"):
        if not listed:
            raise SelectorError(f"{op} on {key[2:]!r} needs at least one value")
        return Requirement(key, str(op), frozenset(listed))
    if listed:
        raise SelectorError(f"{op} on {key[2:]!r} takes no values")
    return Requirement(key, str(op))


def known_fields(item: Mapping[str, Any], fields: Iterable[str], what: str) -> None:
    """Raise SelectorError for a field that is not of the API: a typing error would else widen a rule without a word."""
    for key in item:
        if key not in fields:
            raise SelectorError(f"{what} has no field {key!r}")


def parts(selector: Any, what: str) -> tuple[dict[str, str], list[tuple[str, Any, Any]]]:
    """matchLabels and matchExpressions (key, operator, values) of a label selector. Raises SelectorError."""
    if not isinstance(selector, dict):
        raise SelectorError(f"{what} is not a label selector")
    known_fields(selector, ("matchLabels", "matchExpressions"), what)
    labels = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    if not isinstance(labels, dict) or not isinstance(expressions, list):
        raise SelectorError(f"{what} needs matchLabels as an object and matchExpressions as a list")
    for key, value in labels.items():
        if not isinstance(value, str):
            raise SelectorError(f"the label {key!r} in {what} is not text")
    found = []
    for item in expressions:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str) or not item["key"]:
            raise SelectorError(f"a matchExpressions entry in {what} has no key")
        found.append((item["key"], item.get("operator"), item.get("values")))
    return labels, found


def label_selector(selector: Any, prefix: str, what: str) -> Selector:
    """A plain Kubernetes label selector on facts of one prefix (``l:``, ``n:``, ``h:``)."""
    labels, expressions = parts(selector, what)
    found = [Requirement(prefix + key, "In", frozenset((value,))) for key, value in labels.items()]
    found += [requirement(prefix + key, op, values) for key, op, values in expressions]
    return Selector(tuple(found), selector_words(labels, expressions))


def selector_words(labels: Mapping[str, str], expressions: Iterable[tuple[str, Any, Any]]) -> str:
    """``app=db, tier in (a, b)``; empty for a selector of everything."""
    words = [f"{key}={value}" for key, value in labels.items()]
    for key, op, values in expressions:
        given = [str(item) for item in values or ()]
        listed = ", ".join(given[:MOST_VALUES]) + (
            f" and {len(given) - MOST_VALUES} more" if given[MOST_VALUES:] else ""
        )
        match op:
            case "In":
                words.append(f"{key} in ({listed})" if len(values or ()) != 1 else f"{key}={listed}")
            case "NotIn":
                words.append(f"{key} not in ({listed})" if len(values or ()) != 1 else f"{key}!={listed}")
            case "Exists":
                words.append(f"{key} set")
            case _:
                words.append(f"{key} not set")
    return ", ".join(words)
