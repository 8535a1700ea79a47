"""Ranges of addresses as pools write them: CIDR, ``first-last``, or Cilium's blocks. Counts are plain integers, so an
IPv6 pool of 2^64 addresses costs as little as one of four."""

from __future__ import annotations

import functools
import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@functools.lru_cache(maxsize=4096)
def parse_ip(text: str) -> Address | None:
    """The address, or None for anything else. IPv4 in IPv6 (``::ffff:a.b.c.d``) counts as IPv4."""
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """``first`` and ``last`` inclusive, as numbers; ``family`` is 4 or 6; ``text`` is what the pool says."""

    family: int
    first: int
    last: int
    text: str = ""
    cidr: bool = False

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def holds(self, address: Address) -> bool:
        return self.family == address.version and self.first <= int(address) <= self.last

    def overlaps(self, other: Range) -> bool:
        return self.family == other.family and self.first <= other.last and other.first <= self.last


def parse_range(text: str) -> Range | None:
    """``192.168.7.100-192.168.7.120``, ``10.0.0.0/24`` (host bits are ignored) or one address; None if it is none."""
    words = text.strip()
    if "/" in words:
        try:
            network = ipaddress.ip_network(words, strict=False)
        except ValueError:
            return None
        return Range(network.version, int(network.network_address), int(network.broadcast_address), words, True)
    if "-" in words:
        head, _, tail = words.partition("-")
        return between(head, tail, words)
    return between(words, words, words)


def between(first: str, last: str, text: str = "") -> Range | None:
    """The range from one address to another, None if they are not two addresses of one family in order."""
    low, high = parse_ip(first), parse_ip(last)
    if low is None or high is None or low.version != high.version or int(low) > int(high):
        return None
    return Range(low.version, int(low), int(high), text or f"{first}-{last}")


def buggy(found: Range) -> int:
    """How many IPv4 addresses of the range end in .0 or .255: what ``avoidBuggyIPs`` leaves out."""
    if found.family != 4:
        return 0

    def below(limit: int) -> int:
        """How many numbers under ``limit`` end in 0 or 255 modulo 256."""
        whole, rest = divmod(limit, 256)
        return 2 * whole + (1 if rest > 0 else 0)

    return below(found.last + 1) - below(found.first)


def is_buggy(address: Address) -> bool:
    return address.version == 4 and int(address) % 256 in (0, 255)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The ranges without overlaps, sorted; so that no address counts twice."""
    result: list[Range] = []
    for item in sorted(ranges):
        if result and result[-1].family == item.family and item.first <= result[-1].last + 1:
            if item.last > result[-1].last:
                result[-1] = Range(item.family, result[-1].first, item.last)
            continue
        result.append(item)
    return result


class Lookup:
    """Which of many ranges hold an address, in logarithmic time as long as pools do not overlap much."""

    def __init__(self, entries: Iterable[tuple[Range, str]]) -> None:
        self._entries = sorted(entries, key=lambda entry: (entry[0].family, entry[0].first, entry[0].last, entry[1]))
        self._starts = [(item.family, item.first) for item, _ in self._entries]
        highest: list[tuple[int, int]] = []
        top = (0, -1)
        for item, _ in self._entries:
            top = max(top, (item.family, item.last))
            highest.append(top)
        self._highest = highest

    def names(self, address: Address) -> list[str]:
        """The names of the ranges that hold it, each once, in the order of the ranges."""
        wanted = (address.version, int(address))
        index = bisect_right(self._starts, wanted) - 1
        found: list[str] = []
        while index >= 0 and self._highest[index] >= wanted:
            item, name = self._entries[index]
            if item.holds(address) and name not in found:
                found.append(name)
            index -= 1
        return found[::-1]


def overlaps(entries: Sequence[tuple[Range, str]]) -> list[tuple[str, str, str, str]]:
    """Pairs of differently named ranges that share addresses, as (text, name, other text, other name); by one sweep over
    the sorted ranges, each reported against the widest before it."""
    result: list[tuple[str, str, str, str]] = []
    widest: tuple[Range, str] | None = None
    for item, name in sorted(entries, key=lambda entry: (entry[0].family, entry[0].first, entry[0].last, entry[1])):
        if widest is not None and widest[0].overlaps(item) and widest[1] != name:
            result.append((widest[0].text, widest[1], item.text, name))
        if widest is None or (widest[0].family, widest[0].last) <= (item.family, item.last):
            widest = (item, name)
    return result
