"""A wrong settings file is one clear sentence and the default, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.tui.config import Config, load_config
from pointsman.tui.options import HubbleOptions, TraefikOptions


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.toml") == Config()


def test_every_setting_is_read(tmp_path: Path) -> None:
    config = load_config(
        written(
            tmp_path,
            """
            theme = "pointsman-light"
            read_only = true
            ascii = true
            mouse = false
            clock = false
            slow_link = true
            refresh = 4
            [contexts."shed"]
            read_only = false
            [keys]
            yaml = "Y"
            logs = ["L", "ctrl+l l"]
            related = []
            pane.ips = "i"
            """,
        )
    )
    assert config.problems == ()
    assert (config.theme, config.refresh, config.mouse) == ("pointsman-light", 4, False)
    assert config.is_read_only("other")
    assert not config.is_read_only("shed")
    assert config.keys == {"yaml": ("Y",), "logs": ("L", "ctrl+l l"), "related": (), "pane.ips": ("i",)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("thme = 'x'", "config.toml: there is no setting 'thme'; did you mean theme?"),
        ("read_only = 1", "config.toml: read_only must be true or false; the default is used"),
        ("refresh = 60", "config.toml: refresh must be a number from 1 to 10; the default is used"),
        ("theme = 3", "config.toml: theme must be a text in quotes; the default is used"),
        ("[keys]\nymal = 'y'", "config.toml: there is no setting 'keys.ymal'; did you mean yaml?"),
        ("[keys]\nyaml = 'd'", 'config.toml: keys.yaml = "d": that key already means Describe; the default is used'),
        (
            "[keys]\nyaml = 'control-y'",
            'config.toml: keys.yaml must be a key such as "x", "ctrl+x", "g x", or a list of keys; the default is used',
        ),
        (
            "[contexts.a]\nreadonly = true",
            "config.toml: there is no setting 'contexts.\"a\".readonly'; did you mean read_only?",
        ),
        ("keys = 3", "config.toml: keys must be a table of command = key; the default is used"),
    ],
)
def test_one_sentence_for_each_mistake(tmp_path: Path, text: str, sentence: str) -> None:
    config = load_config(written(tmp_path, text))
    assert config.problems == (sentence,)
    assert (config.theme, config.refresh) == ("", 10)


def test_a_protection_that_cannot_be_read_protects(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, '[contexts.prod]\nread_only = "yes"'))
    assert config.is_read_only("prod")
    assert len(config.problems) == 1


@pytest.mark.parametrize("raw", [b"theme = [", b"\xff\xfe\x00", b"a" * (1 << 21), b"[[keys]]\n", b"[keys\n"])
def test_rubbish_is_ignored_with_a_sentence(tmp_path: Path, raw: bytes) -> None:
    config = load_config(written(tmp_path, raw))
    assert len(config.problems) == 1
    assert (config.theme, dict(config.keys)) == ("", {})


def test_a_folder_in_its_place_is_ignored_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert "cannot be read" in load_config(tmp_path / "config.toml").problems[0]


def test_how_hubble_is_reached(tmp_path: Path) -> None:
    config = load_config(
        written(
            tmp_path,
            """
            flows_kept = 5000
            [hubble]
            server = "tls://relay.home:443"
            tls_ca_cert_files = "/etc/ca.pem"
            colour = "blue"
            [contexts."shed".hubble]
            server = "10.0.0.7:4245"
            tls = "no"
            """,
        )
    )
    assert config.flows_kept == 5000
    assert config.hubble == HubbleOptions(server="tls://relay.home:443", ca_file="/etc/ca.pem")
    assert config.hubble_in("loft", HubbleOptions()) == config.hubble
    assert config.hubble_in("loft", HubbleOptions(server_name="relay")).server_name == "relay"
    assert config.hubble_in("loft", HubbleOptions(server="127.0.0.1:1")) == HubbleOptions(server="127.0.0.1:1")
    assert config.hubble_in("shed", HubbleOptions()) == HubbleOptions(server="10.0.0.7:4245")
    assert [problem.partition(": ")[2] for problem in config.problems] == [
        "there is no setting 'hubble.colour'",
        'contexts."shed".hubble.tls must be true or false; the default is used',
    ]


def test_a_ring_of_a_size_that_cannot_be(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "flows_kept = 3"))
    assert config.flows_kept == Config().flows_kept
    assert "from 1000 to 500000" in config.problems[0]


def test_how_traefik_is_reached(tmp_path: Path) -> None:
    text = """
[traefik]
url = "https://traefik.lab"
auth_file = "/a"
nonsense = 1
[contexts."far".traefik]
url = "https://traefik.far"
ca_file = 3
"""
    config = load_config(written(tmp_path, text))
    assert config.traefik_in("near", TraefikOptions()) == TraefikOptions("https://traefik.lab", "", "/a")
    assert config.traefik_in("far", TraefikOptions()) == TraefikOptions("https://traefik.far")
    other = TraefikOptions("https://other")
    assert config.traefik_in("near", other) == other, "the password is for one address only"
    assert config.traefik_in("near", TraefikOptions(ca_file="/ca")) == TraefikOptions(
        "https://traefik.lab", "/ca", "/a"
    )
    assert len(config.problems) == 2
