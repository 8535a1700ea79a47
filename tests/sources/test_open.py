"""The options of the command line lead to the right source; the demo homelab is a cluster like any other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from fakekube import fake_kube

from pointsman.tui.model.kinds import KINDS, PODS, SERVICES
from pointsman.tui.options import DEMO_VARIANTS, Options
from pointsman.tui.sources.demo_child import start_demo
from pointsman.tui.sources.errors import AuthError, ConfigError, ReadOnlyError
from pointsman.tui.sources.kube import KubeOptions, KubeSource
from pointsman.tui.sources.open import Opened, open_source
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store


@contextlib.asynccontextmanager
async def opened(**options: object) -> AsyncIterator[Opened]:
    found = open_source(Store(), Options(**options))  # type: ignore[arg-type]
    try:
        yield found
    finally:
        await found.close()


def test_opening_reads_and_imports_nothing() -> None:
    code = (
        "import sys; from pointsman.tui.options import Options; from pointsman.tui.store.store import Store;"
        "from pointsman.tui.sources.open import open_source; open_source(Store(), Options(kubeconfig='/nowhere'));"
        "print([m for m in ('aiohttp', 'kubernetes', 'textual', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


async def test_files_in_place_of_a_cluster(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    async with opened(manifests=(str(file),)) as source:
        await source.load()
        snapshot = source.store.snapshot()
        assert snapshot.count(SERVICES) == 1
        assert snapshot.links["kube"].state is State.ABSENT
        assert snapshot.links["manifests"].state is State.LIVE
        assert source.kube is None
    async with opened(manifests=(str(tmp_path / "missing"),)) as source:
        with pytest.raises(ConfigError, match="is not there"):
            await source.load()


async def test_no_kubeconfig_is_a_state_and_not_an_exception(tmp_path: Path) -> None:
    async with opened(kubeconfig=str(tmp_path / "missing")) as source:
        with pytest.raises(ConfigError):
            await source.load()
        task = asyncio.create_task(source.run())
        await asyncio.sleep(0.3)
        link = source.store.snapshot().links["kube"]
        assert (link.state, "no kubeconfig at" in link.detail) == (State.DOWN, True)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_cluster_by_its_kubeconfig_read_only(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, opened(kubeconfig=fake.kubeconfig(tmp_path), read_only=True) as source:
        await source.load()
        assert source.kube is not None
        client = source.kube.client
        assert client is not None
        with pytest.raises(ReadOnlyError):
            await client.delete("/api/v1/namespaces/a/pods/b")


@pytest.mark.parametrize("variant", DEMO_VARIANTS)
async def test_the_demo_homelab(variant: str) -> None:
    async with opened(demo=variant) as source:
        started = time.monotonic()
        await source.load(10.0)
        took = time.monotonic() - started
        snapshot = source.store.snapshot()
        assert snapshot.cluster.demo == variant
        assert snapshot.cluster.uid
        assert not snapshot.cluster.insecure
        assert 30 <= snapshot.count(PODS) <= 100
        states = {kind.id: snapshot.state(kind) for kind in KINDS.values()}
        assert set(states.values()) <= {State.LIVE, State.ABSENT}, states
        problems = [obj.problem for table in snapshot.tables.values() for obj in table.objects.values() if obj.problem]
        assert problems == []
        assert took < 10
        # Every object is complete: YAML needs kind and apiVersion, which lists leave out.
        for table in snapshot.tables.values():
            for obj in table.objects.values():
                assert obj.doc().get("kind"), (table.link.name, obj.path)


async def test_each_demo_is_a_cluster_of_its_own_and_leaves_nothing() -> None:
    uids = set()
    for _ in range(2):
        child = await start_demo("classic")
        folder = Path(child.kubeconfig).parent
        source = KubeSource(Store(), KubeOptions(kubeconfig=child.kubeconfig))
        await source.load(10.0, kinds=[SERVICES])
        uids.add(source.store.cluster.uid)
        await source.close()
        await child.stop()
        await child.stop()
        assert not folder.exists()
        with pytest.raises(ProcessLookupError):
            os.kill(child.process.pid, 0)
    assert len(uids) == 2


async def test_what_lies_in_the_folder_one_stands_in_is_no_part_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("html.py", "ssl.py", "pointsman.py"):
        (tmp_path / name).write_text("raise SystemExit('a stranger was imported')\n")
    monkeypatch.chdir(tmp_path)
    async with opened(demo="classic") as found:
        await found.load(10.0)
        assert found.store.cluster.demo == "classic"


async def test_a_demo_that_does_not_start_says_why() -> None:
    with pytest.raises(ConfigError, match="did not start"):
        await start_demo("no-such-variant")


async def test_the_demos_restricted_user_and_a_wrong_token(tmp_path: Path) -> None:
    child = await start_demo("classic")
    try:
        text = Path(child.kubeconfig).read_text()
        contexts = yaml.safe_load(text)["contexts"]
        limited = next(item["name"] for item in contexts if "restricted" in item["name"])
        source = KubeSource(Store(), KubeOptions(kubeconfig=child.kubeconfig, context=limited))
        await source.load(10.0)
        snapshot = source.store.snapshot()
        states = {snapshot.state(kind) for kind in KINDS.values()}
        assert State.FORBIDDEN in states
        assert snapshot.links["kube"].state is State.LIVE
        assert "not allowed to read" in snapshot.links["kube"].detail
        await source.close()

        wrong = tmp_path / "kubeconfig"
        wrong.write_text(re.sub(r"token: \S+", "token: wrong", text))
        source = KubeSource(Store(), KubeOptions(kubeconfig=str(wrong)))
        with pytest.raises(AuthError):
            await source.load()
        await source.close()
    finally:
        await child.stop()


async def test_the_demo_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    code = (
        "import asyncio\n"
        "from pointsman.tui.sources.demo_child import start_demo\n"
        "async def main():\n"
        "    child = await start_demo('classic')\n"
        "    print(child.process.pid, child.kubeconfig, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    pid, kubeconfig = (await process.stdout.readline()).decode().split()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() and not Path(kubeconfig).exists():
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("the demo homelab outlived its program")


async def test_at_rest_on_the_demo_there_are_watches_only() -> None:
    found = open_source(Store(), Options(demo="classic"))
    task = asyncio.create_task(found.run())
    try:
        for _ in range(400):
            links = found.store.snapshot().links
            if "kube" in links and links["kube"].state is State.LIVE:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(2.0)
        assert found.kube is not None
        before = found.kube.requests
        await asyncio.sleep(5.0)
        assert found.kube.requests - before == 0
        assert found.store.snapshot().links["kube"].state is State.LIVE
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
