"""The LAN check: what is asked, how long, how often; nothing here leaves the machine."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
import worlds

from pointsman.tui.sources import neighbours
from pointsman.tui.sources.neighbours import LanCheck, LanError, lan_check, on_link6, provoke, read_from
from pointsman.tui.store.store import Store

VIP, NODE = "192.0.2.104", "192.0.2.11"
NODES = {NODE: "shed"}


class Line:
    """A line to the LAN that is made of words: a table for each look, the last one stays."""

    def __init__(self, *tables: str) -> None:
        self.tables = list(tables)
        self.sent: list[str] = []
        self.waited = 0.0
        self.reads = 0

    async def read(self) -> str:
        self.reads += 1
        return self.tables.pop(0) if len(self.tables) > 1 else self.tables[0]

    def send(self, ip: str) -> str:
        self.sent.append(ip)
        return ""

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds

    def check(self, store: Store) -> LanCheck:
        return LanCheck(store, self.read, self.send, "test", sleep=self.sleep)


def entry(ip: str, mac: str = "00:00:5e:00:53:12", state: str = "REACHABLE") -> str:
    return (
        f"{ip} dev eth0 lladdr {mac} {state}\n" if state not in ("FAILED", "INCOMPLETE") else f"{ip} dev eth0 {state}\n"
    )


@pytest.fixture
def store() -> Store:
    return worlds.make_store(worlds.k3s_nodes())


async def test_the_address_and_the_nodes_are_asked_for(store: Store) -> None:
    line = Line(entry(VIP) + entry(NODE, "00:00:5e:00:53:11"))
    assert await line.check(store).check([VIP], NODES) == 1
    assert set(line.sent) == {VIP, NODE}
    reading = store.snapshot().lan[VIP]
    assert reading.macs == ("00:00:5e:00:53:12",)
    assert reading.sure
    assert reading.hosts[NODE] == "00:00:5e:00:53:11"
    assert line.waited == neighbours.SETTLE


async def test_nobody_is_waited_for_as_long_as_a_kernel_asks(store: Store) -> None:
    line = Line(entry(VIP, state="INCOMPLETE"), entry(VIP, state="FAILED"))
    await line.check(store).check([VIP], NODES)
    assert store.snapshot().lan[VIP].macs == ()
    assert line.waited == neighbours.NOBODY_AFTER


async def test_an_old_entry_is_waited_for_until_it_is_confirmed_or_given_up(store: Store) -> None:
    line = Line(*[entry(VIP, state="DELAY")] * 21, entry(VIP))
    await line.check(store).check([VIP], NODES)
    assert store.snapshot().lan[VIP].sure
    assert 5 <= line.waited <= 5.5
    ghost = Line(*[entry(VIP, state="DELAY")] * 20, *[entry(VIP, state="PROBE")] * 12, entry(VIP, state="FAILED"))
    await ghost.check(worlds_store := worlds.make_store(worlds.k3s_nodes())).check([VIP], NODES)
    assert worlds_store.snapshot().lan[VIP].macs == ()
    stuck = Line(entry(VIP, state="STALE"))
    await stuck.check(other := worlds.make_store(worlds.k3s_nodes())).check([VIP], NODES)
    assert not other.snapshot().lan[VIP].sure
    assert stuck.waited <= neighbours.UNSURE_AFTER + 1


async def test_two_that_take_turns_are_both_seen(store: Store) -> None:
    line = Line(entry(VIP), entry(VIP, "00:00:5e:00:53:66"), entry(VIP))
    await line.check(store).check([VIP], NODES)
    assert store.snapshot().lan[VIP].macs == ("00:00:5e:00:53:12", "00:00:5e:00:53:66", "00:00:5e:00:53:12")


async def test_an_address_is_asked_for_at_most_once_in_ten_seconds() -> None:
    clock = [worlds.NOW]
    store = Store(clock=lambda: clock[0])
    line = Line(entry(VIP))
    check = line.check(store)
    assert await check.check([VIP], NODES) == 1
    sent = len(line.sent)
    clock[0] += 9
    assert await check.check([VIP], NODES) == 0
    assert len(line.sent) == sent
    clock[0] += 1.5
    assert await check.check([VIP, VIP], NODES) == 1
    assert store.snapshot().lan[VIP].earlier == ((worlds.NOW, "00:00:5e:00:53:12"),)


async def test_a_table_that_cannot_be_read_is_a_reason(store: Store) -> None:
    async def broken() -> str:
        raise LanError("ssh gave 255 (no route to host)")

    await LanCheck(store, broken, lambda _: "", "ssh").check([VIP], NODES)
    assert store.snapshot().lan[VIP].blocked == "ssh gave 255 (no route to host)"


async def test_files_and_commands(tmp_path: Path, store: Store) -> None:
    table = tmp_path / "table"
    table.write_text(entry(VIP))
    assert await read_from(str(table))() == entry(VIP)
    assert VIP in await read_from(f"cat {table}")()
    for bad, words in (
        ("false", "false gave 1"),
        ("no-such-program-here", "cannot be started"),
        ("'", "neither a file"),
    ):
        with pytest.raises(LanError, match=words):
            await read_from(bad)()
    await lan_check(store, lambda: None, str(table)).check([VIP], NODES)
    assert store.snapshot().lan[VIP].macs


@pytest.mark.parametrize(("text", "words"), [
    (entry("10.0.0.1"), "says nothing of it"), ("", "holds no neighbour table"), ("hello world\n", "holds no neighbour table"),
])  # fmt: skip
async def test_a_file_without_the_address_tells_nothing_of_it(
    tmp_path: Path, store: Store, text: str, words: str
) -> None:
    """Nobody was asked, so that it is not there does not mean that nobody answers."""
    table = tmp_path / "table"
    table.write_text(text)
    await lan_check(store, lambda: None, str(table)).check([VIP], NODES)
    assert store.snapshot().lan[VIP].blocked == f"{table} {words}"
    table.write_text(f"{VIP} dev eth0 FAILED\n")
    await lan_check(store, lambda: None, str(table)).check([VIP], NODES)
    assert (store.snapshot().lan[VIP].blocked, store.snapshot().lan[VIP].macs) == ("", ())


async def test_a_table_that_is_named_is_judged_by_in_the_demo_too_and_nothing_is_sent(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setattr(neighbours.socket, "socket", lambda *_: pytest.fail("something was sent"))
    monkeypatch.setattr(neighbours, "NOBODY_AFTER", 0.0)
    monkeypatch.setattr(neighbours, "SETTLE", 0.0)
    store.set_cluster(replace(store.cluster, demo="classic"))
    table = tmp_path / "table"
    table.write_text(entry(VIP))
    for named in (str(table), f"cat {table}"):
        await lan_check(store, lambda: None, named).check([VIP], NODES)
        seen = store.snapshot().lan[VIP]
        assert (seen.source, seen.macs) == (named, ("00:00:5e:00:53:12",))


async def test_the_demo_asks_its_own_table_and_never_the_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr(neighbours.socket, "socket", lambda *_: pytest.fail("something was sent"))

    class Client:
        async def get(self, path: str, **_: object) -> bytes:
            assert path == "/_demo/neighbours"
            return b'{"neighbours": "' + entry(VIP).strip().encode() + b'"}'

    store.set_cluster(replace(store.cluster, demo="cilium"))
    await lan_check(store, lambda: Client()).check([VIP], NODES)  # type: ignore[arg-type, return-value]
    assert store.snapshot().lan[VIP].macs == ("00:00:5e:00:53:12",)


def test_what_this_machine_holds_itself_is_not_asked_for() -> None:
    assert "holds the address itself" in provoke("127.0.0.1")


def test_the_networks_of_ipv6_are_read_from_the_routes() -> None:
    routes = (
        "fd000007000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 "
        "00000100 00000001 00000000 00000001 eth0\n"
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 "
        "00000400 00000001 00000000 00000003 eth0\n"
    )
    assert on_link6(ipaddress.ip_address("fd00:7::104"), routes)
    assert not on_link6(ipaddress.ip_address("2001:db8::1"), routes)
    assert not on_link6(ipaddress.ip_address("2001:db8::1"), "")


async def test_a_command_is_run_a_few_times_only(store: Store, tmp_path: Path) -> None:
    line = Line(entry(VIP, state="FAILED"))
    check = LanCheck(store, line.read, line.send, "ssh", sleep=line.sleep, every=neighbours.COMMAND_EVERY)
    await check.check([VIP], NODES)
    assert line.reads == 3
    counted = tmp_path / "count"
    made = lan_check(store, lambda: None, f"sh -c 'echo x >> {counted}; echo {entry(VIP).strip()}'")
    made._send = lambda _ip: ""
    made._sleep = line.sleep
    await made.check(["192.0.2.9"], NODES)
    assert counted.read_text().count("x") <= 3


async def test_two_programs_together_ask_at_most_once_in_ten_seconds() -> None:
    from pointsman.tui.disk.stamp import Stamp

    clock = [worlds.NOW]

    def program() -> tuple[Line, LanCheck, Store]:
        store, line = Store(clock=lambda: clock[0]), Line(entry(VIP))
        check = LanCheck(store, line.read, line.send, "test", sleep=line.sleep, stamp=Stamp("lan", "uid-1"))
        return line, check, store

    first, second = program(), program()
    await first[1].check([VIP], NODES)
    clock[0] += 3
    await second[1].check([VIP], NODES)
    assert second[0].sent == []
    assert second[2].snapshot().lan[VIP].blocked.endswith("again in 7 s")
    clock[0] += 8
    await second[1].check([VIP], NODES)
    assert second[2].snapshot().lan[VIP].macs
    clock[0] += 11
    await first[1].check([VIP], NODES)
    assert first[2].snapshot().lan[VIP].macs
