"""`pointsman status` and `pointsman ips` as a user runs them: output, exit codes, interruption, a reader that goes away."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import worlds
import yaml

from pointsman.tui.cli import dispatch
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import LEASES
from pointsman.tui.sources import open as opening
from pointsman.tui.sources.errors import UnreachableError
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store
from pointsman.tui.verbs import ips


@pytest.fixture
def files(tmp_path: Path) -> Path:
    docs = [
        *worlds.k3s_nodes("--disable=servicelb"), *worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.0/24"),
        worlds.l2_advertisement(), worlds.service("jellyfin", "media", ips=["192.168.7.103"], ports=[(8096, "TCP")]),
        worlds.endpoints("jellyfin", "media", ["loft"]), worlds.l2_status("media/jellyfin", "loft"),
        worlds.service("minio", "backup"),
    ]  # fmt: skip
    path = tmp_path / "a folder"
    path.mkdir()
    (path / "all.yaml").write_text(yaml.safe_dump_all(docs))
    return path


def test_status_of_files(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["status", "--manifests", str(files)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"load-balancer +MetalLB +0\.16\.1 +● ok +4/4", out)
    assert "\x1b" not in out
    assert dispatch(["status", "--manifests", str(files), "-o", "json"]) == 0
    doc = json.loads(capsys.readouterr().out)
    assert (doc["stack"], doc["distribution"], doc["counts"]["services"]) == ("classic", "k3s", 2)
    assert dispatch(["-n", "media", "status", "--manifests", str(files), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["services"] == 1


def test_ips_of_files(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["ips", "--manifests", str(files)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"● +192\.168\.7\.103 +MetalLB L2 +lan +loft +\S+ +\S* *media/jellyfin +8096", out)
    assert "backup/minio: no address:" in out
    assert dispatch(["ips", "--manifests", str(files), "-o", "json", "-n", "media"]) == 0
    doc = json.loads(capsys.readouterr().out)
    assert [item["service"] for item in doc["items"]] == ["media/jellyfin"]
    assert doc["items"][0]["announcers"][0]["node"] == "loft"
    assert dispatch(["ips", "--manifests", str(files), "--ascii"]) == 0
    assert capsys.readouterr().out.isascii()


@pytest.mark.parametrize("verb", ["status", "ips"])
def test_what_cannot_be_read_is_one_sentence_and_exit_code_2(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch([verb, "--manifests", str(tmp_path / "missing")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pointsman: ")
    assert err.count("\n") == 1
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: a, user: {token: x}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    )
    started = time.monotonic()
    assert dispatch([verb, "--kubeconfig", str(config)]) == 2
    assert time.monotonic() - started < 6
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pointsman: ")
    assert "Traceback" not in err


def test_ips_without_the_right_to_read_services(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "open_source", lambda store, _options: Forbidden(store))
    assert dispatch(["ips", "-o", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["items"] == []
    assert err == "pointsman: cannot tell: services may not be read by this user\n"


class Forbidden:
    manifests = None

    def __init__(self, store: Store) -> None:
        self.store = store

    async def load(self) -> None:
        from pointsman.tui.model.kinds import SERVICES

        self.store.set_link("kube", State.LIVE)
        self.store.set_kind_link(SERVICES, State.FORBIDDEN)

    async def close(self) -> None:
        pass


# -- ips watch --------------------------------------------------------------------------------------------------------
class Playing:
    """A source that fills the store from a hand-made cluster and then moves a lease at each step."""

    hopeless = False

    def __init__(self, store: Store, holders: list[str], error: Exception | None = None) -> None:
        self.store = store
        self.holders = holders
        self.error = error

    async def run(self) -> None:
        if self.error is not None:
            raise self.error
        self.store.set_link("kube", State.DOWN, "the API server refuses connections", "Is it running?")
        await asyncio.sleep(0.02)
        made = worlds.make_store(
            worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium(), worlds.l2_policy(),
            worlds.cilium_pool("lan", {"cidr": "192.168.7.0/24"}),
            worlds.service("minecraft", "games", ips=["192.168.7.104"]), worlds.service("z", "x", ips=["192.168.7.9"]),
            worlds.l2_lease("games/minecraft", self.holders[0], since=500), worlds.l2_lease("x/z", "shed", since=500),
        )  # fmt: skip
        from pointsman.tui.model.kinds import KINDS

        for kind in KINDS.values():
            table = made.snapshot().table(kind)
            self.store.replace(kind, table.objects.values())
            self.store.set_kind_link(kind, table.link.state)
        self.store.set_link("kube", State.LIVE)
        await asyncio.sleep(0.06)
        for holder in self.holders[1:]:
            leases = [from_doc(worlds.l2_lease(path, holder, since=400), LEASES) for path in ("games/minecraft", "x/z")]
            self.store.change(LEASES, leases)
            await asyncio.sleep(0.06)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ips, "TICK", 0.01)


def play(monkeypatch: pytest.MonkeyPatch, *words: str, holders: list[str], error: Exception | None = None) -> int:
    monkeypatch.setattr(opening, "open_source", lambda store, _options: Playing(store, holders, error))
    return dispatch(["ips", "watch", *words])


def test_watch_prints_a_line_for_each_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    assert play(monkeypatch, "-n", "games", holders=["loft", "shed", "", "loft"]) == 0
    out, err = capsys.readouterr()
    lines = [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in out.splitlines()]
    assert lines == [
        "moved      192.168.7.104 (games/minecraft) moved from loft to shed",
        "withdrawn  192.168.7.104 (games/minecraft) is announced by nobody; it was shed",
        "announced  192.168.7.104 (games/minecraft) is announced by loft",
    ]
    assert err == "pointsman: the API server refuses connections (Is it running?)\n"


def test_watch_says_that_the_connection_was_lost_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    class Losing(Playing):
        async def run(self) -> None:
            for state in (State.LIVE, State.STALE, State.STALE, State.LIVE, State.STALE):
                self.store.set_link("kube", state, "" if state is State.LIVE else "the API server went away")
                await asyncio.sleep(0.05)

    monkeypatch.setattr(opening, "open_source", lambda store, _options: Losing(store, []))
    assert dispatch(["ips", "watch"]) == 0
    assert capsys.readouterr() == ("", "pointsman: the API server went away\n" * 2)


def test_watch_prints_json_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    assert play(monkeypatch, "-o", "json", holders=["loft", "shed"]) == 0
    docs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(doc["event"], doc["ip"], doc["before"], doc["after"]) for doc in docs] == [
        ("moved", "192.168.7.104", ["loft"], ["shed"])
    ]
    assert docs[0]["apiVersion"] == "pointsman/v1"
    assert docs[0]["service"] == "games/minecraft"


def test_watch_that_cannot_even_begin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    error: Any = UnreachableError("nobody answers at 10.0.0.1", "Is the VPN up?")
    assert play(monkeypatch, holders=["loft"], error=error) == 2
    assert capsys.readouterr().err == "pointsman: nobody answers at 10.0.0.1 (Is the VPN up?)\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kubeconfig", "missing"], "There is no kubeconfig at missing"),
        (["--kubeconfig", "junk"], "The kubeconfig junk cannot be parsed"),
        (["--manifests", "missing"], "missing: is not there"),
    ],
)
def test_watch_does_not_wait_for_what_cannot_come(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("junk").write_text("{a: [")
    assert dispatch(["ips", "watch", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def start(*words: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pointsman.tui", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": ""}, **options,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_quietly_when_interrupted(files: Path, number: signal.Signals) -> None:
    process = start("ips", "watch", "--manifests", str(files))
    time.sleep(1.0)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_reader_that_goes_away_is_no_error(files: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "pointsman.tui", "ips", "--manifests", str(files)],
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=20, check=False,
    )  # fmt: skip
    os.close(writer)
    assert process.stderr == ""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">&-", 2, "pointsman: there is no standard output to write to\n"),
        (">/dev/full", 2, "pointsman: the output cannot be written: No space left on device\n"),
        ("<&- >/dev/null", 0, ""),
        ("--manifests - <&-", 2, "pointsman: stdin: cannot be read: it is closed"),
        ("--context nothing --manifests '' 2>&-", 2, ""),
        ("--manifests missing >/dev/null 2>/dev/full", 0, ""),
        ("--nonsense 2>/dev/full", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full(files: Path, redirection: str, code: int, said: str) -> None:
    source = "" if redirection.startswith("--manifests -") or "''" in redirection else f"--manifests '{files}'"
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m pointsman.tui ips {source} {redirection}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=20, check=False, cwd=files,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == (1 if said else 0)


def test_the_verbs_take_no_other_form() -> None:
    for words in (["status", "-o", "yaml"], ["ips", "watch", "-o", "yaml"], ["ips", "follow"]):
        with pytest.raises(SystemExit) as stop:
            dispatch(words)
        assert stop.value.code == 2
