"""Neighbour tables: which hardware address (MAC) answers for which IP on the local network. Reading their texts; no I/O.

One reader takes what Linux (``/proc/net/arp``, ``ip neigh``), macOS and the BSDs (``arp -an``) and most routers print: a
line with an address and a MAC, or a word that there is none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST = 1 << 20
"""Characters of a table that are read."""
_MAC = re.compile(r"(?<![0-9A-Fa-f:.-])(?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}(?![0-9A-Fa-f:-])")
_CISCO = re.compile(r"(?<![0-9A-Fa-f.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Fa-f.])")
_STATES = ("reachable", "stale", "delay", "probe", "permanent", "noarp", "incomplete", "failed", "none")
NOBODY = frozenset({"incomplete", "failed", "none"})
"""States in which the table knows that nobody answered, or does not know yet."""
UNSURE = frozenset({"stale", "delay", "probe"})
"""States in which the MAC is one from before, not confirmed yet."""
_NULL = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """``mac`` is in lower case with colons, empty if nobody answered. ``state`` is the kernel's word, or ``complete`` where
    a table has none."""

    ip: str
    mac: str
    state: str = "complete"
    device: str = ""


@dataclass(frozen=True, slots=True)
class LanReading:
    """What one check of one address saw. ``macs`` are those that stood in the table for it, in order, each time it changed;
    empty if nobody answered. ``hosts`` is the rest of the table: address → MAC.

    ``blocked`` says why it could not be asked from here. ``earlier`` are the times and MACs of earlier checks.
    """

    ip: str
    at: float
    macs: tuple[str, ...] = ()
    sure: bool = True
    """False if the MAC was there from before and nobody confirmed it while the check lasted."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    blocked: str = ""
    earlier: tuple[tuple[float, str], ...] = ()
    asking: bool = False
    """The check is under way."""


def normal_mac(text: str) -> str:
    """``0:1B:2:..`` (macOS leaves zeros out), ``00-1b-..`` and ``001b.2c3d.4e5f`` as ``00:1b:02:…``."""
    if "." in text:
        digits = text.replace(".", "")
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).lower()
    return ":".join(part.rjust(2, "0") for part in re.split("[:-]", text)).lower()


def normal_ip(text: str) -> str:
    """The address as Python writes it, without zone; empty if it is none."""
    try:
        return str(ipaddress.ip_address(text.strip("()[],;").partition("%")[0]))
    except ValueError:
        return ""


def parse_neighbours(text: str) -> tuple[Neighbour, ...]:
    """Every line that holds an address; of an address that is there twice (two interfaces) one with a MAC wins."""
    found: dict[str, Neighbour] = {}
    for line in text[:MOST].splitlines():
        item = _line(line[:500])
        if item is not None and (item.mac or item.ip not in found):
            found[item.ip] = item
    return tuple(found.values())


def _line(line: str) -> Neighbour | None:
    words = line.split()
    ip = next((address for word in words[:6] if (address := normal_ip(word))), "")
    if not ip:
        return None
    match = _MAC.search(line) or _CISCO.search(line)
    mac = normal_mac(match.group()) if match else ""
    lower = [word.strip("()<>").lower() for word in words]
    state = next((word for word in _STATES if word in lower), "")
    device = next((words[at + 1] for at, word in enumerate(lower[:-1]) if word in ("dev", "on")), "")
    if _proc(words):
        device = words[5]
        state = "" if int(words[2], 16) & 0x2 else "incomplete"
    if mac in ("", _NULL) or state in NOBODY:
        mac, state = "", state if state in NOBODY else "incomplete"
    return Neighbour(ip, mac, state or "complete", device)


def _proc(words: list[str]) -> bool:
    """``192.168.7.1 0x1 0x2 aa:bb:… * eth0``: address, hardware type, flags (0x2: complete), MAC, mask, device."""
    return len(words) == 6 and all(re.fullmatch("0x[0-9a-fA-F]{1,4}", word) for word in words[1:3])
