"""IPv4 and IPv6 addresses as numbers on one line: IPv6 begins at :data:`V6`."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from pointsman.tui.answers.policies.spans import Spans, spans, subtract

V6 = 1 << 129
IPV4: Spans = ((0, (1 << 32) - 1),)
IPV6: Spans = ((V6, V6 + (1 << 128) - 1),)
WORLD: Spans = (*IPV4, *IPV6)


class AddressError(ValueError):
    """Not an address or CIDR; the text is a sentence without its full stop."""


@lru_cache(maxsize=4096)
def address(text: str) -> int:
    """One IP address as a number. Raises AddressError."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise AddressError(f"{text!r} is not an IP address") from None
    return int(found) + (V6 if found.version == 6 else 0)


@lru_cache(maxsize=8192)
def cidr(text: str) -> Spans:
    """The addresses of a CIDR (host bits are masked, as Go's net.ParseCIDR does) or of a single address."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise AddressError(f"{text!r} is not a CIDR") from None
    base = V6 if found.version == 6 else 0
    return ((int(found.network_address) + base, int(found.broadcast_address) + base),)


def has_host_bits(text: str) -> bool:
    """Whether a CIDR names more than its network, as in ``10.0.0.7/24``."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return "/" in text
    return False


def address_text(number: int) -> str:
    return str(ipaddress.IPv6Address(number - V6) if number >= V6 else ipaddress.IPv4Address(number))


def range_text(low: int, high: int) -> str:
    """``10.0.0.0-10.255.255.255``; both ends even where they are one address."""
    return f"{address_text(low)}-{address_text(high)}"


def range_words(low: int, high: int) -> str:
    """For people: a CIDR where the range is one, else the range."""
    if low == high:
        return address_text(low)
    size = high - low + 1
    if size & (size - 1) == 0 and (low - (V6 if low >= V6 else 0)) % size == 0:
        width = 128 if low >= V6 else 32
        return f"{address_text(low)}/{width - size.bit_length() + 1}"
    return range_text(low, high)


def _without(whole: Spans, *texts: str) -> Spans:
    return subtract(whole, spans(item for text in texts for item in cidr(text)))


INTERNET: Spans = (
    *_without(
        IPV4, "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",
    ),
    *cidr("2000::/3"),
)  # fmt: skip
"""What ``world`` asks about: the public Internet, without private, shared, documentation and multicast ranges."""


PRIVATE: Spans = spans(
    item for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16") for item in cidr(text)
)
"""Where a pod that is not there yet will get its address from, as far as IPv4 goes."""
