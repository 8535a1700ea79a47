"""Ranges of pools: the forms, the counts, the lookups."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.answers.ranges import (
    Lookup,
    Range,
    between,
    buggy,
    is_buggy,
    merged,
    overlaps,
    parse_ip,
    parse_range,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("192.168.7.100-192.168.7.120", 21),
        (" 192.168.7.100 - 192.168.7.120 ", 21),
        ("192.168.7.0/24", 256),
        ("192.168.7.5/24", 256),
        ("192.168.7.5", 1),
        ("192.168.7.5/32", 1),
        ("fd00::/64", 2**64),
        ("fd00::1-fd00::ff", 255),
    ],
)
def test_forms(text: str, size: int) -> None:
    found = parse_range(text)
    assert found is not None
    assert found.size == size


@pytest.mark.parametrize(
    "text", ["", "x", "10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.0/33", "10.0.0.1-", "-", "/", "1.2.3"]
)
def test_what_is_no_range(text: str) -> None:
    assert parse_range(text) is None


def test_addresses_are_compared_by_value() -> None:
    assert parse_ip("fd00:0:0::1") == parse_ip("FD00::1")
    assert parse_ip("::ffff:192.168.7.1") == parse_ip("192.168.7.1")
    assert parse_ip("192.168.007.1") is None


v4 = st.integers(0, 2**32 - 1)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_buggy_addresses_are_counted_as_they_are_told_apart(first: int, length: int) -> None:
    low = ipaddress.ip_address("10.0.0.0") + first
    found = between(str(low), str(low + length))
    assert found is not None
    assert buggy(found) == sum(is_buggy(low + step) for step in range(length + 1))


@given(st.lists(st.tuples(v4, st.integers(0, 5000)), max_size=8))
def test_merging_counts_no_address_twice(spans: list[tuple[int, int]]) -> None:
    ranges = [Range(4, first % 20000, first % 20000 + length) for first, length in spans]
    numbers = {number for item in ranges for number in range(item.first, item.last + 1)}
    assert sum(item.size for item in merged(ranges)) == len(numbers)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=12), st.integers(0, 400))
def test_lookup_finds_what_a_search_through_all_would(spans: list[tuple[int, int]], wanted: int) -> None:
    entries = [(Range(4, first, first + length), f"p{index}") for index, (first, length) in enumerate(spans)]
    address = ipaddress.ip_address("0.0.0.0") + wanted
    assert set(Lookup(entries).names(address)) == {name for item, name in entries if item.holds(address)}
    assert Lookup(entries).names(ipaddress.ip_address("::1")) == []


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=10))
def test_overlaps_are_told_if_and_only_if_there_are_any(spans: list[tuple[int, int]]) -> None:
    entries = [
        (Range(4, first, first + length, f"r{index}"), f"p{index}") for index, (first, length) in enumerate(spans)
    ]
    there = any(one.overlaps(other) for index, (one, _) in enumerate(entries) for other, _ in entries[index + 1 :])
    told = overlaps(entries)
    assert bool(told) is there
    by_name = {name: item for item, name in entries}
    assert all(by_name[one].overlaps(by_name[other]) for _, one, _, other in told)
