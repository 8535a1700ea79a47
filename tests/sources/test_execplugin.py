"""Credential plugins are run without a terminal, and what goes wrong with them is one sentence."""

from __future__ import annotations

import base64
import json
import os
import stat
import textwrap
import time
from pathlib import Path

import pytest

from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.kube.execplugin import run_plugin
from pointsman.tui.sources.kubeconfig import ClusterEntry, ExecSpec

V1 = "client.authentication.k8s.io/v1"
CLUSTER = ClusterEntry("c", "https://x:6443", exec_config={"audience": "home"})


def plugin(tmp_path: Path, body: str, **more: object) -> ExecSpec:
    path = tmp_path / "plugin"
    path.write_text("#!/bin/sh\n" + textwrap.dedent(body))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    spec = {"command": "./plugin", "api_version": V1, "folder": str(tmp_path), **more}
    return ExecSpec(**spec)  # type: ignore[arg-type]


def answer(**status: str) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status})


async def test_token_expiry_arguments_and_environment(tmp_path: Path) -> None:
    spec = plugin(
        tmp_path,
        f"""
        [ "$1" = login ] && [ "$WHO" = jane ] || exit 9
        printf '%s' "$KUBERNETES_EXEC_INFO" > info.json
        echo '{answer(token="abc", expirationTimestamp="2030-01-02T03:04:05Z")}'
        """.replace("info.json", str(tmp_path / "info.json")),
        args=("login",),
        env=(("WHO", "jane"),),
        provide_cluster_info=True,
    )
    found = await run_plugin(spec, CLUSTER, b"CA PEM")
    assert found.token == "abc"
    assert found.expires == 1893553445.0
    assert "abc" not in repr(found)
    info = json.loads((tmp_path / "info.json").read_text())
    assert info == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://x:6443",
                "certificate-authority-data": base64.b64encode(b"CA PEM").decode(),
                "config": {"audience": "home"},
            },
        },
    }


async def test_it_has_no_terminal_and_no_input(tmp_path: Path) -> None:
    spec = plugin(
        tmp_path,
        f"""
        read line && exit 7
        (: < /dev/tty) 2>/dev/null && exit 8
        echo "please log in" >&2
        echo '{answer(clientCertificateData="CERT", clientKeyData="KEY")}'
        """,
    )
    found = await run_plugin(spec, CLUSTER)
    assert (found.certificate, found.key, found.token, found.expires) == (b"CERT", b"KEY", "", None)


async def test_what_it_prints_on_stderr_stays_off_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    spec = plugin(tmp_path, "echo first >&2; echo 'token has run out' >&2; exit 3")
    with pytest.raises(ConfigError, match=r"failed \(exit code 3\): token has run out"):
        await run_plugin(spec, CLUSTER)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("echo hello", "not JSON"),
        ("echo '{}'", "no ExecCredential"),
        (f"echo '{answer()}'", "neither a token nor a client certificate"),
        (f"echo '{answer(clientCertificateData='x')}'", "without its key"),
        (
            f"echo '{answer(token='x')}'".replace("/v1", "/v1beta1"),
            'answered in "client.authentication.k8s.io/v1beta1"',
        ),
        (f"echo '{answer(token='x')}'".replace("status", "other"), "without a status"),
    ],
)
async def test_answers_that_are_no_credential(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        await run_plugin(plugin(tmp_path, body), CLUSTER)


async def test_v1beta1_still_works(tmp_path: Path) -> None:
    spec = plugin(
        tmp_path,
        f"echo '{answer(token='old')}'".replace("/v1", "/v1beta1"),
        api_version="client.authentication.k8s.io/v1beta1",
    )
    assert (await run_plugin(spec, CLUSTER)).token == "old"


async def test_refused_before_it_is_run(tmp_path: Path) -> None:
    touch = f"touch {tmp_path / 'ran'}"
    with pytest.raises(ConfigError, match="v1alpha1"):
        await run_plugin(plugin(tmp_path, touch, api_version="client.authentication.k8s.io/v1alpha1"), CLUSTER)
    with pytest.raises(ConfigError, match="wants a terminal"):
        await run_plugin(plugin(tmp_path, touch, interactive_mode="Always"), CLUSTER)
    assert not (tmp_path / "ran").exists()


async def test_a_missing_plugin_shows_the_install_hint() -> None:
    spec = ExecSpec("kubelogin-of-nowhere", api_version=V1, install_hint="Run:\n  brew install it")
    with pytest.raises(ConfigError, match="is not installed") as caught:
        await run_plugin(spec, CLUSTER)
    assert caught.value.hint == "Run: brew install it"


async def test_a_hanging_plugin_is_ended_with_its_children(tmp_path: Path) -> None:
    spec = plugin(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    started = time.monotonic()
    with pytest.raises(ConfigError, match="no answer within"):
        await run_plugin(spec, CLUSTER, timeout=0.5)
    assert time.monotonic() - started < 5
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_text().split()[2]
        except OSError:
            break
        if state == "Z":
            break
        time.sleep(0.02)  # noqa: ASYNC251 (nothing else runs)
    else:
        os.kill(child, 0)
        raise AssertionError("the plugin's child still runs")
