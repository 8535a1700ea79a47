"""Times, ages, selectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.model.core import LabelSelector
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.model.times import age, epoch, rfc3339, since


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10.0),
        ("1970-01-01T01:00:10+01:00", 10.0),
        ("1970-01-01T00:00:10.5Z", 10.5),
        ("1970-01-01T00:00:10.123456789Z", 10.123456),
        ("1970-01-01T00:00:10.25+00:00", 10.25),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_times(text: str | None, seconds: float | None) -> None:
    assert epoch(text) == (pytest.approx(seconds) if seconds is not None else None)


@given(st.integers(0, 4_000_000_000))
def test_a_time_survives_the_round_trip(seconds: int) -> None:
    assert epoch(rfc3339(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7199, "119m"),
        (7200, "2h"),
        (172800, "2d"),
        (-5, "0s"),
        (None, "?"),
        (1e8, "3y"),
    ],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


def test_since() -> None:
    assert since("1970-01-01T00:00:10Z", 15) == 5
    assert since("", 15) is None


@pytest.mark.parametrize(
    ("expression", "labels", "wanted"),
    [
        ({"key": "a", "operator": "In", "values": ["1", "2"]}, {"a": "2"}, True),
        ({"key": "a", "operator": "In", "values": ["1"]}, {}, False),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, {}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, {"a": "1"}, False),
        ({"key": "a", "operator": "Exists"}, {"a": ""}, True),
        ({"key": "a", "operator": "DoesNotExist"}, {"a": ""}, False),
    ],
)
def test_expressions(expression: dict[str, object], labels: dict[str, str], wanted: bool) -> None:
    assert matches({"matchExpressions": [expression]}, labels) is wanted
    assert matches(LabelSelector(match_expressions=[expression]), labels) is wanted


def test_an_empty_selector_selects_everything() -> None:
    assert matches({}, {"a": "b"})
    assert matches(LabelSelector(), {})


@pytest.mark.parametrize(
    "selector",
    [{"matchExpressions": [{"key": "a", "operator": "Like"}]}, {"matchLabels": []}, {"matchExpressions": "x"}],
)
def test_what_the_server_would_refuse_is_an_error(selector: dict[str, object]) -> None:
    if selector.get("matchLabels") == []:
        assert matches(selector, {})  # an empty list is Go's empty map
        return
    with pytest.raises(SelectorError):
        matches(selector, {"a": "b"})
