"""The LAN check on real ARP, in network namespaces of its own: a switch, three hosts and a machine that asks.

Needs root, ``ip`` and the right to make namespaces; elsewhere it is skipped with the reason. Nothing leaves the namespaces.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import worlds

from pointsman.tui.answers.ips import Lan, ip_map
from pointsman.tui.model.neighbours import LanReading

GOOD, GHOST, TAKEN, TURNS = (f"192.0.2.{number}" for number in (100, 101, 102, 103))
NODES = {"192.0.2.11": "shed", "192.0.2.12": "loft", "192.0.2.13": "closet"}
MACS = {
    "asker": "02:00:00:00:00:01",
    "shed": "02:00:00:00:00:11",
    "loft": "02:00:00:00:00:12",
    "printer": "02:00:00:00:00:20",
}

ASK = """
import asyncio, json, sys
from dataclasses import asdict
from pointsman.tui.sources.neighbours import LanCheck, provoke, read_local
from pointsman.tui.store.store import Store
store = Store()
ips, nodes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
asyncio.run(LanCheck(store, read_local, provoke, "ip neigh").check(ips, nodes))
print(json.dumps({ip: asdict(item) for ip, item in store.snapshot().lan.items()}))
"""

CLAIM = """
import socket, sys, time
mac, ip = bytes.fromhex(sys.argv[1].replace(":", "")), socket.inet_aton(sys.argv[2])
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
line.bind(("eth0", 0))
body = bytes.fromhex("0001080006040002") + mac + ip + b"\\xff" * 6 + ip
end = time.monotonic() + 8
time.sleep(float(sys.argv[3]))
while time.monotonic() < end:
    line.send(b"\\xff" * 6 + mac + b"\\x08\\x06" + body)
    time.sleep(0.8)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@dataclass
class Lab:
    """Namespaces with a common prefix; ``enter`` gives the words that run a program in one."""

    prefix: str
    claims: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def name(self, host: str) -> str:
        return f"{self.prefix}-{host}"

    def enter(self, host: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", self.name(host), *words]

    def build(self) -> None:
        ip("netns", "add", self.name("switch"))
        ip("-n", self.name("switch"), "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        ip("-n", self.name("switch"), "link", "set", "br0", "up")
        for number, (host, mac) in enumerate(MACS.items()):
            ip("netns", "add", self.name(host))
            ip("link", "add", f"{self.prefix}{number}", "netns", self.name("switch"), "type", "veth", "peer", "name", "eth0",
               "netns", self.name(host))  # fmt: skip
            ip("-n", self.name("switch"), "link", "set", f"{self.prefix}{number}", "master", "br0", "up")
            ip("-n", self.name(host), "link", "set", "eth0", "address", mac, "up")
            ip("-n", self.name(host), "link", "set", "lo", "up")
        for host, addresses in {
            "asker": ["192.0.2.50"], "shed": ["192.0.2.11"], "loft": ["192.0.2.12", GOOD], "printer": ["192.0.2.20", TAKEN],
        }.items():  # fmt: skip
            for address in addresses:
                ip("-n", self.name(host), "addr", "add", f"{address}/24", "dev", "eth0")
        # The asker takes every word for it at once, as a table that is asked more rarely would see it.
        subprocess.run(
            self.enter("asker", "sh", "-c", "echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime"), check=True, timeout=10
        )

    def claim(self, host: str, address: str, after: float) -> None:
        words = self.enter(host, sys.executable, "-c", CLAIM, MACS[host], address, str(after))
        self.claims.append(subprocess.Popen(words))

    def ask(self, *ips: str) -> dict[str, LanReading]:
        words = self.enter("asker", sys.executable, "-c", ASK, json.dumps(ips), json.dumps(NODES))
        done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=40)
        found = json.loads(done.stdout)
        return {
            key: LanReading(**{**item, "at": worlds.NOW, "macs": tuple(item["macs"]), "earlier": ()}) for key, item in found.items()
        }  # fmt: skip

    def end(self) -> None:
        for process in self.claims:
            process.kill()
            process.wait()
        for host in (*MACS, "switch"):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", self.name(host))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("making network namespaces needs Linux, root and ip")
    found = Lab(f"pm{os.getpid() % 100000}")
    try:
        try:
            found.build()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces cannot be made here ({error.stderr.decode()[:200]})")
        yield found
    finally:
        found.end()


@pytest.fixture(scope="module")
def verdicts(lab: Lab) -> dict[str, Lan]:
    """All at once, as the pane asks."""
    lab.ask("192.0.2.20")  # the printer is known from before, as a printer is
    lab.claim("loft", TURNS, 0.0)
    lab.claim("printer", TURNS, 0.4)
    found = lab.ask(GOOD, GHOST, TAKEN, TURNS)
    nodes = [worlds.node(name, address) for address, name in NODES.items()]
    services = [worlds.service(f"s{number}", "x", ips=[vip]) for number, vip in enumerate(found)]
    leases = [worlds.l2_lease(f"x/s{number}", "loft") for number in range(len(found))]
    backends = [worlds.endpoints(f"s{number}", "x", ["loft"]) for number in range(len(found))]
    pool = worlds.cilium_pool("lan", {"cidr": "192.0.2.0/24"})
    store = worlds.make_store(nodes, worlds.cilium(), worlds.l2_policy(), pool, services, leases, backends)
    store.set_lan(found.values())
    return {item.ip or "": item.lan for item in ip_map(store.snapshot()).items}


def test_a_healthy_address_agrees(verdicts: dict[str, Lan]) -> None:
    assert (verdicts[GOOD].state, verdicts[GOOD].node, verdicts[GOOD].mac) == ("agrees", "loft", MACS["loft"])


def test_a_ghost_is_a_ghost_although_a_node_is_silent_too(verdicts: dict[str, Lan]) -> None:
    """closet does not exist on this wire; shed and loft prove that the wire works."""
    assert verdicts[GHOST].state == "ghost"
    assert "loft and shed answer" in verdicts[GHOST].why


def test_an_address_that_a_printer_has_is_a_conflict(verdicts: dict[str, Lan]) -> None:
    assert (verdicts[TAKEN].state, verdicts[TAKEN].mac) == ("conflict", MACS["printer"])
    assert verdicts[TAKEN].why.startswith("192.0.2.20 answers")


def test_two_hosts_that_take_turns_are_a_conflict(verdicts: dict[str, Lan]) -> None:
    assert verdicts[TURNS].state == "conflict"
    assert "more than one host" in verdicts[TURNS].why


def test_without_a_route_nothing_is_asked(lab: Lab) -> None:
    (reading,) = lab.ask("198.51.100.7").values()
    assert "no on-link route" in reading.blocked


def test_on_a_node_nothing_is_asked(lab: Lab) -> None:
    words = lab.enter("shed", sys.executable, "-c", ASK, json.dumps([GOOD]), json.dumps(NODES))
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True, timeout=40).stdout)
    assert "this machine is node shed" in found[GOOD]["blocked"]
