"""Asking the local network who answers for an address: provoke the question, then read the neighbour table.

A datagram to the address makes this machine's own kernel ask for its MAC; no privileges, and what comes back from the
address does not matter. The table is this machine's, or one that is read elsewhere (a file, ``ssh router ip neigh``), or
the demo homelab's simulated one, for which nothing is ever sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import shlex
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.tui.disk.stamp import Stamp
from pointsman.tui.model.neighbours import MOST, NOBODY, UNSURE, LanReading, Neighbour, parse_neighbours
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient
    from pointsman.tui.store.store import Store

DISCARD = 9
LOOK_EVERY = 0.25
COMMAND_EVERY = 2.0
"""Seconds between two looks at a table that a command prints: ssh takes its time, and a router has better to do."""
SETTLE = 2.0
"""Seconds a check lasts at least, so that two who take turns are both seen."""
NOBODY_AFTER = 4.0
"""Seconds after which nobody answers: a kernel asks three times, a second apart."""
UNSURE_AFTER = 9.0
"""Seconds after which an old entry that nobody confirms stays what it is: a kernel waits 5 s before it asks again."""
AGAIN = 10.0
"""Seconds between two checks of one address at least."""
EARLIER = 12
COMMAND_SECONDS = 15.0

FOREIGN = "this machine is not in the address's network (no on-link route), so it cannot ask who has it"

Read = Callable[[], Awaitable[str]]
Provoke = Callable[[str], str]


class LanError(Exception):
    """The table cannot be read; the sentence says why."""


# -- reading tables ---------------------------------------------------------------------------------------------------
async def _run(words: list[str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise LanError(f"{words[0]} cannot be started ({error.strerror})") from error
    try:
        out, complaint = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        raise LanError(f"{words[0]} did not end within {COMMAND_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        said = complaint.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise LanError(f"{words[0]} gave {process.returncode}" + (f" ({said[0][:200]})" if said else ""))
    return out[:MOST].decode("utf-8", "replace")


async def read_local() -> str:
    """This machine's own table, both families."""
    if shutil.which("ip"):
        return await _run(["ip", "neigh", "show"])
    arp = Path("/proc/net/arp")
    if arp.exists():
        return arp.read_text("utf-8", "replace")[:MOST]
    if shutil.which("arp"):
        text = await _run(["arp", "-an"])
        return text + (await _run(["ndp", "-an"]) if shutil.which("ndp") else "")
    raise LanError("there is no neighbour table to read: neither ip nor arp is installed")


def read_from(text: str) -> Read:
    """What ``--neighbours`` names: a file, or else a command, which is not given to a shell."""

    async def read() -> str:
        path = Path(text).expanduser()
        with contextlib.suppress(OSError):
            if path.is_file():
                return path.read_text("utf-8", "replace")[:MOST]
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise LanError(f"{text} is neither a file nor a command ({error})") from error
        if not words:
            raise LanError("--neighbours names neither a file nor a command")
        return await _run(words)

    return read


def read_demo(connected: Callable[[], KubeClient | None]) -> Read:
    """The demo homelab's simulated table."""

    async def read() -> str:
        client = connected()
        if client is None:
            raise LanError("there is no connection to the demo homelab")
        try:
            answer = json.loads(
                await client.get("/_demo/neighbours", what="read the demo's neighbour table", total=5.0)
            )
        except (KubeError, ValueError) as error:
            raise LanError("the demo homelab does not show its neighbour table") from error
        return str(answer.get("neighbours", "")) if isinstance(answer, dict) else ""

    return read


# -- provoking --------------------------------------------------------------------------------------------------------
def provoke(ip: str) -> str:
    """Have this machine's kernel ask who has ``ip``; the reason if it never will. Only to a network this machine is in."""
    address = ipaddress.ip_address(ip)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        if address.version == 6 and not on_link6(address):
            return FOREIGN
        try:
            sock.connect((ip, DISCARD))
            own = str(sock.getsockname()[0]).partition("%")[0]
            if ipaddress.ip_address(own) == address:
                return "this machine holds the address itself, so it does not ask the network"
            sock.send(b"")
        except BlockingIOError:
            return ""
        except OSError as error:
            if isinstance(error, ConnectionRefusedError):
                return ""  # the answer to an earlier datagram, which is no matter here
            return FOREIGN
    return ""


def on_link6(address: ipaddress.IPv4Address | ipaddress.IPv6Address, table: str | None = None) -> bool:
    """Whether an IPv6 address is in a network of this machine: SO_DONTROUTE says nothing of IPv6, the routes do. True
    where there is no table to tell (``/proc/net/ipv6_route``: prefix, its length, …, next hop at the fifth place)."""
    if table is None:
        try:
            table = Path("/proc/net/ipv6_route").read_text("ascii", "replace")
        except OSError:
            return True
    best, direct = -1, False
    for line in table.splitlines():
        words = line.split()
        if len(words) < 10 or words[9] == "lo":
            continue
        try:
            network = ipaddress.IPv6Network((int(words[0], 16), int(words[1], 16)))
        except ValueError:
            continue
        if address in network and network.prefixlen > best:
            best, direct = network.prefixlen, int(words[4], 16) == 0
    return direct


def provoke_anyhow(ip: str) -> str:
    """For a table that is read elsewhere: whoever routes the datagram has to ask."""
    address = ipaddress.ip_address(ip)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.sendto(b"", (ip, DISCARD))
    return ""


def provoke_nothing(_ip: str) -> str:
    """For a table that is simulated, or a file."""
    return ""


# -- the check --------------------------------------------------------------------------------------------------------
class LanCheck:
    """Checks addresses and puts what was seen into the store. One object for the life of a connection: it remembers when
    each address was asked last."""

    def __init__(
        self,
        store: Store,
        read: Read,
        send: Provoke,
        source: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patient: bool = True,
        every: float = LOOK_EVERY,
        stamp: Stamp | None = None,
    ) -> None:
        self._store = store
        self._read = read
        self._send = send
        self._source = source
        self._sleep = sleep
        self._patient = patient
        """Whether waiting makes the table better; a file stays as it is."""
        self._every = every
        self._stamp = stamp
        """When any program on this machine asked last."""
        self._asked: dict[str, float] = {}
        self._earlier: dict[str, tuple[tuple[float, str], ...]] = {}

    async def check(self, ips: Iterable[str], nodes: Mapping[str, str]) -> int:
        """Ask for these addresses (and for the nodes' own, address → node); how many were asked. Those that were asked a
        moment ago keep what was seen then. Never raises."""
        now = self._store.snapshot().now
        due = [ip for ip in dict.fromkeys(ips) if now - self._asked.get(ip, float("-inf")) >= AGAIN]
        if not due:
            return 0
        if (wait := self._elsewhere(now)) > 0:
            why = f"another program on this machine asked a moment ago; again in {wait:.0f} s"
            self._store.set_lan([LanReading(ip, now, source=self._source, blocked=why) for ip in due])
            return len(due)
        if self._stamp is not None:
            self._stamp.set(now)
        self._asked.update(dict.fromkeys(due, now))
        self._store.set_lan([LanReading(ip, now, source=self._source, asking=True) for ip in due])
        try:
            found = await self._look(due, nodes)
        except LanError as error:
            found = [LanReading(ip, now, source=self._source, blocked=str(error)) for ip in due]
        except asyncio.CancelledError:
            self._store.set_lan(
                [LanReading(ip, now, source=self._source, blocked="the check was broken off") for ip in due]
            )
            raise
        self._store.set_lan(found)
        return len(due)

    def _elsewhere(self, now: float) -> float:
        """Seconds until it may be asked again because another program has just asked; 0 if none has."""
        at = self._stamp.at() if self._stamp is not None else None
        mine = max(self._asked.values(), default=float("-inf"))
        if at is None or at <= mine + 0.01 or at > now:
            return 0.0
        return max(0.0, AGAIN - (now - at))

    async def _look(self, ips: list[str], nodes: Mapping[str, str]) -> list[LanReading]:
        blocked = self._on_a_node(nodes)
        reasons = {ip: blocked or self._send(ip) for ip in ips}
        asked = [ip for ip in ips if not reasons[ip]]
        if asked:
            for ip in nodes:
                self._send(ip)
        seen: dict[str, list[str]] = {ip: [] for ip in asked}
        table: dict[str, Neighbour] = {}
        waited = 0.0
        while asked:
            table = {item.ip: item for item in parse_neighbours(await self._read())}
            for ip in asked:
                mac = table[ip].mac if ip in table else ""
                if mac and seen[ip][-1:] != [mac]:
                    seen[ip].append(mac)
            if not self._patient or waited >= UNSURE_AFTER or self._settled(asked, table, waited):
                break
            await self._sleep(self._every)
            waited += self._every
            if waited % 1.0 < self._every:
                for ip in asked:
                    self._send(ip)
        now = self._store.snapshot().now
        hosts = {item.ip: item.mac for item in table.values() if item.mac}
        result = []
        for ip in ips:
            if reasons[ip]:
                result.append(LanReading(ip, now, source=self._source, blocked=reasons[ip]))
                continue
            if ip not in table and self._send is provoke_nothing:
                why = f"{self._source} says nothing of it" if table else f"{self._source} holds no neighbour table"
                result.append(LanReading(ip, now, source=self._source, blocked=why))
                continue
            state = table[ip].state if ip in table else "none"
            macs = tuple(seen[ip]) if state not in NOBODY else ()
            sure = state not in UNSURE
            earlier = self._earlier.get(ip, ())
            result.append(LanReading(ip, now, macs, sure, hosts, self._source, earlier=earlier))
            self._earlier[ip] = (*earlier, (now, macs[-1] if macs else ""))[-EARLIER:]
        return result

    @staticmethod
    def _settled(asked: list[str], table: Mapping[str, Neighbour], waited: float) -> bool:
        states = {ip: table[ip].state if ip in table else "none" for ip in asked}
        if waited < SETTLE:
            return False
        if any(state in UNSURE for state in states.values()):
            return False
        return waited >= NOBODY_AFTER or not any(state in NOBODY for state in states.values())

    def _on_a_node(self, nodes: Mapping[str, str]) -> str:
        if self._send is not provoke:
            return ""
        for ip, node in nodes.items():
            with contextlib.suppress(OSError, ValueError), socket.socket(
                socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM
            ) as sock:  # fmt: skip
                sock.connect((ip, DISCARD))
                if str(sock.getsockname()[0]).partition("%")[0] == ip:
                    return (
                        f"this machine is node {node}, where service addresses are answered without asking the network"
                    )
        return ""


def lan_check(store: Store, connected: Callable[[], KubeClient | None], neighbours: str = "") -> LanCheck:
    """The check that fits: of what ``neighbours`` names that, of the demo homelab its own table, else this machine's. For
    the demo nothing is sent in any case."""
    if store.cluster.demo and not neighbours:
        return LanCheck(store, read_demo(connected), provoke_nothing, "the demo's simulated table", patient=False)
    if neighbours:
        path = Path(neighbours).expanduser()
        with contextlib.suppress(OSError):
            if path.is_file():
                return LanCheck(store, read_from(neighbours), provoke_nothing, neighbours, patient=False)
        send = provoke_nothing if store.cluster.demo else provoke_anyhow
        return LanCheck(store, read_from(neighbours), send, neighbours, every=COMMAND_EVERY,
                        stamp=Stamp("lan", store.cluster.identity))  # fmt: skip
    table = "ip neigh" if shutil.which("ip") else "/proc/net/arp" if sys.platform == "linux" else "arp -an"
    return LanCheck(store, read_local, provoke, table, stamp=Stamp("lan", store.cluster.identity))
