"""Label selectors, by the rules of apimachinery (labels.Selector): an empty selector matches everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pointsman.tui.model.core import LabelSelector


class SelectorError(ValueError):
    """A selector that the API server would refuse; the text is a sentence."""


def matches_expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One ``matchExpressions`` entry. ``NotIn`` and ``DoesNotExist`` match where the key is missing."""
    if not isinstance(expression, Mapping):
        raise SelectorError("a matchExpressions entry is an object with key and operator")
    key = expression.get("key")
    operator = expression.get("operator")
    values = expression.get("values") or []
    if not isinstance(key, str) or not isinstance(operator, str) or not isinstance(values, list):
        raise SelectorError("a matchExpressions entry needs key and operator")
    match operator:
        case "In":
            return labels.get(key) in values if key in labels else False
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            raise SelectorError(f"{operator!r} is not a selector operator (In, NotIn, Exists, DoesNotExist)")


def matches(selector: LabelSelector | Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector (typed, or the plain object as on the wire) selects these labels.

    An empty selector selects everything. What a *missing* selector means is the field's own rule, so that case is the
    caller's. Raises SelectorError for an operator the API server would refuse.
    """
    if isinstance(selector, LabelSelector):
        wanted: Mapping[str, Any] = selector.match_labels
        expressions: Any = selector.match_expressions
    else:
        wanted = selector.get("matchLabels") or {}
        expressions = selector.get("matchExpressions") or []
        if not isinstance(wanted, Mapping) or not isinstance(expressions, list):
            raise SelectorError("a label selector holds matchLabels (an object) and matchExpressions (a list)")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(matches_expression(item, labels) for item in expressions)
