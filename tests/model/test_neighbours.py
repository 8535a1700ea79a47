"""Neighbour tables of Linux, macOS and routers, read by one reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.model.neighbours import Neighbour, normal_mac, parse_neighbours

PROC = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.7.1      0x1         0x2         00:00:5e:00:53:01     *        eth0
192.168.7.104    0x1         0x0         00:00:00:00:00:00     *        eth0
"""
IP_NEIGH = """\
192.168.7.1 dev eth0 lladdr 00:00:5e:00:53:01 router REACHABLE
192.168.7.104 dev eth0 FAILED
192.168.7.105 dev eth0 lladdr 00:00:5e:00:53:05 STALE
192.168.7.106 dev eth0  INCOMPLETE
fd00:7::104 dev eth0 lladdr 00:00:5e:00:53:04 PROBE
fe80::1 dev eth0 lladdr 00:00:5e:00:53:01 router DELAY
"""
MACOS = """\
? (192.168.7.1) at 0:0:5e:0:53:1 on en0 ifscope [ethernet]
? (192.168.7.104) at (incomplete) on en0 ifscope [ethernet]
"""
ARP_N = """\
Address                  HWtype  HWaddress           Flags Mask            Iface
192.168.7.1              ether   00:00:5e:00:53:01   C                     eth0
192.168.7.104                    (incomplete)                              eth0
"""
CISCO = "Internet  192.168.7.1             12   0000.5e00.5301  ARPA   GigabitEthernet0/0\n"
MIKROTIK = " 0 DC 192.168.7.1     00:00:5E:00:53:01 bridge\n"


@pytest.mark.parametrize("text", [PROC, IP_NEIGH, MACOS, ARP_N, CISCO, MIKROTIK])
def test_the_router_is_found_in_every_table(text: str) -> None:
    found = {item.ip: item for item in parse_neighbours(text)}
    assert found["192.168.7.1"].mac == "00:00:5e:00:53:01"
    assert found.get("192.168.7.104", Neighbour("", "", "")).mac == ""


def test_states_and_devices() -> None:
    found = {item.ip: item for item in parse_neighbours(IP_NEIGH)}
    assert (found["192.168.7.1"].state, found["192.168.7.1"].device) == ("reachable", "eth0")
    assert [found[f"192.168.7.{n}"].state for n in (104, 105, 106)] == ["failed", "stale", "incomplete"]
    assert found["fd00:7::104"] == Neighbour("fd00:7::104", "00:00:5e:00:53:04", "probe", "eth0")
    assert {item.ip: item for item in parse_neighbours(PROC)}["192.168.7.104"].state == "incomplete"
    assert {item.ip: item for item in parse_neighbours(MACOS)}["192.168.7.1"].device == "en0"


def test_of_two_interfaces_the_one_that_knows_wins() -> None:
    text = "10.0.0.9 dev a lladdr 00:00:5e:00:53:09 STALE\n10.0.0.9 dev b FAILED\n"
    assert parse_neighbours(text) == (Neighbour("10.0.0.9", "00:00:5e:00:53:09", "stale", "a"),)


def test_macs_are_written_one_way() -> None:
    assert {normal_mac(text) for text in ("0:1B:2:3:4:5", "00-1b-02-03-04-05", "001b.0203.0405")} == {
        "00:1b:02:03:04:05"
    }


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for item in parse_neighbours(text):
        assert item.ip
        assert item.mac == "" or len(item.mac) == 17
