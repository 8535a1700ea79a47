"""The demo as a process: its first line, its files, its end, and that nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from demohome import Demo, demo_homelab, first_line, start

PREFIX = "pointsman-demo-"


def left() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*")}


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.02)
    return true()


@pytest.fixture(autouse=True)
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder of its own, with a space and a quote in its name: the first line has to be quoted."""
    folder = tmp_path / "it's tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def test_ready_soon_with_a_private_kubeconfig(tmp_path: Path) -> None:
    began = time.monotonic()
    demo = start(tmp_path, "cilium")
    try:
        assert time.monotonic() - began < 5
        folder = demo.kubeconfig.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(demo.kubeconfig.stat().st_mode) == 0o600
        assert [path.name for path in folder.iterdir()] == ["kubeconfig"]
        assert demo.config["current-context"] == "demo-cilium"
        assert [context["name"] for context in demo.config["contexts"]] == ["demo-cilium", "demo-cilium-restricted"]
        assert demo.server.startswith("https://127.0.0.1:")
        listening = [c.laddr.ip for c in psutil.Process(demo.process.pid).net_connections() if c.status == "LISTEN"]
        assert set(listening) == {"127.0.0.1"}
    finally:
        demo.stop()
    assert left() == set()


def test_the_first_line_can_be_evaluated_by_a_shell(tmp_path: Path) -> None:
    demo = start(tmp_path)
    try:
        line = f"export KUBECONFIG={shlex.quote(str(demo.kubeconfig))}"
        out = subprocess.run(
            ["sh", "-c", f'{line}; printf %s "$KUBECONFIG"'], capture_output=True, text=True, check=True
        )
        assert Path(out.stdout) == demo.kubeconfig
        assert demo.kubeconfig.exists()
    finally:
        demo.stop()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_all_its_streams(tmp_path: Path, signum: signal.Signals) -> None:
    demo = start(tmp_path)
    readers = [
        subprocess.Popen(
            demo.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=demo.environment()
        )
        for words in (
            ("get", "pods", "-A", "-w"),
            ("logs", "-f", "-n", "kube-system", "deploy/traefik"),
            ("port-forward", "-n", "web", "deploy/site", ":8080"),
        )
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline()
        began = time.monotonic()
        demo.process.send_signal(signum)
        assert demo.process.wait(5) == 0
        assert time.monotonic() - began < 2
        assert left() == set()
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
            assert reader.stdout is not None
            reader.stdout.close()
        demo.stop()


PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "pointsman.tui.demo.serve"], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), end="", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(signum: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        pid, _, line = first_line(parent.stdout, 20).partition(" ")
        assert line.startswith("export KUBECONFIG=")
        child = psutil.Process(int(pid))
        assert len(left()) == 1
        parent.send_signal(signum)
        parent.wait()
        assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 3)
        assert left() == set()
    finally:
        parent.kill()
        parent.wait()
        assert parent.stdout is not None
        parent.stdout.close()


def test_a_parent_that_is_gone_already_is_not_waited_for() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "pointsman.tui.demo.serve", "--parent", str(gone.pid)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert left() == set()


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    import threading

    started: list[Demo] = []
    thread = threading.Thread(target=lambda: started.append(start(tmp_path)))
    thread.start()
    thread.join()
    demo = started[0]
    try:
        time.sleep(1)
        assert demo.process.poll() is None
        assert demo.request("/readyz") == (200, "ok")
    finally:
        demo.stop()


def test_what_a_killed_run_left_goes_at_the_next_start(tmp_path: Path) -> None:
    demo = start(tmp_path)
    demo.process.kill()
    demo.process.wait()
    demo.stop()
    assert len(left()) == 1
    second = start(tmp_path)
    try:
        assert left() == {second.kubeconfig.parent.name}
    finally:
        second.stop()
    assert left() == set()


def test_two_run_side_by_side_and_are_two_clusters(tmp_path: Path) -> None:
    with demo_homelab(tmp_path) as one, demo_homelab(tmp_path) as two:
        uids = [demo.request("/api/v1/namespaces/kube-system")[1]["metadata"]["uid"] for demo in (one, two)]
        assert uids[0] != uids[1]
        assert one.server != two.server
        assert one.request("/api", token=two.token())[0] == 401


def test_tokens(tmp_path: Path) -> None:
    with demo_homelab(tmp_path) as demo:
        assert demo.request("/api/v1/secrets")[0] == 200
        for token in ("", "wrong"):
            status, answer = demo.request("/api/v1/pods", token=token)
            assert (status, answer["reason"], answer["message"]) == (401, "Unauthorized", "Unauthorized")
        status, answer = demo.request("/api/v1/secrets", token=demo.token(1))
        assert (status, answer["reason"]) == (403, "Forbidden")
        done = demo.kubectl("get", "pods", "--token=wrong", check=False)
        assert "Unauthorized" in done.stderr or "You must be logged in" in done.stderr


def test_the_control_end_point(tmp_path: Path) -> None:
    with demo_homelab(tmp_path) as demo:

        def control(action: str, body: object = None, method: str = "POST") -> tuple[int, dict[str, object]]:
            return demo.request(f"/_demo/{action}", method=method, body=body)

        before = control("state", method="GET")[1]
        assert (before["variant"], before["seed"], before["faults"]) == ("classic", 1, [])
        after = control("step", {"seconds": 120})[1]
        assert str(after["now"]) > str(before["now"])
        assert int(str(after["resourceVersion"])) > int(str(before["resourceVersion"])) + 10
        leases = demo.request("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/shed")[1]
        assert leases["spec"]["renewTime"] > str(before["now"])
        for name, code in (("unavailable", 503), ("unauthorized", 401)):
            assert control("fault", {"name": name, "on": True})[1]["faults"] == [name]
            assert demo.request("/api/v1/nodes")[0] == code
            assert control("fault", {"name": name, "on": False})[1]["faults"] == []
            assert demo.request("/api/v1/nodes")[0] == 200
        control("fault", {"name": "silent"})
        with pytest.raises(TimeoutError):
            demo.request("/api/v1/nodes", timeout=0.5)
        control("fault", {"name": "silent", "on": False})
        assert demo.request("/api/v1/nodes")[0] == 200
        for action, body in (
            ("step", {"seconds": -1}),
            ("step", {"seconds": "1"}),
            ("fault", {"name": "x"}),
            ("step", "[]"),
        ):
            assert control(action, body)[0] == 400
        assert control("nonsense")[0] == 404
        assert demo.request("/_demo/state", token=demo.token(1))[0] == 403
        assert demo.request("/_demo/state", token="")[0] == 401


def test_what_is_no_request_neither_stops_it_nor_makes_it_complain(tmp_path: Path) -> None:
    with demo_homelab(tmp_path) as demo:
        context = ssl.create_default_context(cadata=demo.ca)
        for junk in (b"", b"garbage\n", b"GET /api HTTP/1.1\r\n\r\n", b"\x16\x03\x01"):
            with socket.create_connection(demo.address, timeout=5) as plain:
                plain.sendall(junk)
        for junk in (b"BREW /api HTTP/1.1\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET /" + b"a" * 200_000, b"\x00" * 99):
            with (
                socket.create_connection(demo.address, timeout=5) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
                contextlib.suppress(OSError),
            ):
                secure.sendall(junk)
                assert secure.recv(100).startswith((b"HTTP/1.", b""))
        with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection(demo.address, timeout=5) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
        selector = ",".join(f"label-number-{number}!=x" for number in range(1000))
        assert demo.request(f"/api/v1/pods?limit=1&labelSelector={selector}")[0] == 200
        assert demo.request("/readyz")[0] == 200


def test_a_wrong_variant_is_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pointsman.tui.demo.serve", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 2
    assert "invalid choice: 'nonsense'" in done.stderr
    assert left() == set()


def test_a_closed_pipe_ends_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pointsman.tui.demo.serve"]
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    _, errors = process.communicate(timeout=15)
    assert "Traceback" not in errors
    assert left() == set()
