"""The words of the command line: options before or after the verb, targets, mistakes in one sentence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pointsman.tui import cli
from pointsman.tui.options import HubbleOptions, Options
from pointsman.tui.verbs import VERBS, Verb


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Options, argparse.Namespace]]:
    """A verb `probe` with a positional and an option, and an app that only records how it was opened."""
    calls: list[tuple[Options, argparse.Namespace]] = []
    module = ModuleType("pointsman.tui.verbs.probe")
    module.__doc__ = "A probe."
    vars(module)["OUTPUTS"] = ("table", "json")

    def configure(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("word", nargs="?", default="")
        parser.add_argument("--for", dest="time", default="")

    def run(options: Options, args: argparse.Namespace) -> int:
        calls.append((options, args))
        return 1

    vars(module).update(configure=configure, run=run)
    app = ModuleType("pointsman.tui.app")
    vars(app)["run"] = lambda options: calls.append((options, argparse.Namespace())) or 0
    monkeypatch.setitem(VERBS, "probe", Verb("probe", "records"))
    monkeypatch.setitem(sys.modules, "pointsman.tui.verbs.probe", module)
    monkeypatch.setitem(sys.modules, "pointsman.tui.app", app)
    return calls


@pytest.mark.parametrize(
    "words",
    [
        ["--context", "home", "-n", "dns", "probe", "x", "--for", "5m", "-o", "json"],
        ["probe", "x", "--for", "5m", "-o", "json", "--context", "home", "-n", "dns"],
        ["-o", "json", "probe", "--context=home", "x", "-ndns", "--for=5m"],
    ],
)
def test_common_options_stand_before_or_after_the_verb(
    probe: list[tuple[Options, argparse.Namespace]], words: list[str]
) -> None:
    assert cli.main(words) == 1
    ((options, args),) = probe
    assert (options.context, options.namespace, options.output) == ("home", "dns", "json")
    assert (args.word, args.time) == ("x", "5m")


def test_a_context_may_be_called_as_a_verb(probe: list[tuple[Options, argparse.Namespace]]) -> None:
    assert cli.main(["--context", "probe", "probe", "status"]) == 1
    ((options, args),) = probe
    assert options.context == "probe"
    assert args.word == "status"


@pytest.mark.parametrize(
    ("words", "demo", "target"),
    [
        (["--demo"], "classic", ""),
        (["--demo", "cilium"], "cilium", ""),
        (["--demo=broken", "192.168.7.104"], "broken", "192.168.7.104"),
        (["https://films.home.example/a?b=c"], "", "https://films.home.example/a?b=c"),
        ([], "", ""),
    ],
)
def test_without_a_verb_the_app_opens(
    probe: list[tuple[Options, argparse.Namespace]], words: list[str], demo: str, target: str
) -> None:
    assert cli.main(words) == 0
    ((options, _),) = probe
    assert (options.demo, options.target) == (demo, target)


def test_demo_takes_no_verb_for_a_variant(probe: list[tuple[Options, argparse.Namespace]]) -> None:
    assert cli.main(["--demo", "probe"]) == 1
    assert probe[0][0].demo == "classic"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nonsense"], "--nonsense is not an option"),
        (["one", "two"], "'one' is not a verb"),
        (["--demo=fancy"], "invalid choice: 'fancy'"),
        (["--demo", "--manifests", "x"], "two places to look"),
        (["--demo", "--context", "x"], "its own kubeconfig"),
        (["--context"], "expected one argument"),
        (["probe", "-o", "xml"], "-o xml is not a form of probe: table, json"),
        (["probe", "--wat"], "unrecognized arguments: --wat"),
        (["probe", "--cont", "x"], "unrecognized arguments"),
    ],
)
def test_a_mistake_is_one_sentence_and_two(
    probe: list[tuple[Options, argparse.Namespace]], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.startswith("pointsman: ")
    assert err.count("\n") == 1
    assert not probe


def test_how_hubble_is_reached_may_be_said_anywhere(
    probe: list[tuple[Options, argparse.Namespace]], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--hubble-server", "tls://relay.home:443", "--tls-ca-cert-files", "ca.pem"]
    monkeypatch.setenv("HUBBLE_SERVER", "other:4245")
    assert cli.main([*words, "probe", "x"]) == 1
    assert cli.main(["probe", "x", "--no-tls"]) == 1
    assert cli.main(words) == 0
    first, second, app = (options.hubble for options, _ in probe)
    assert first == app == HubbleOptions("tls://relay.home:443", None, "ca.pem")
    assert second == HubbleOptions("other:4245", False)


def test_no_color_comes_from_the_environment_too(
    probe: list[tuple[Options, argparse.Namespace]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    cli.main(["probe"])
    assert probe[0][0].no_color


def test_an_internal_error_is_a_sentence_and_a_report_without_secrets(
    probe: list[tuple[Options, argparse.Namespace]], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: Options, args: argparse.Namespace) -> int:
        raise RuntimeError("Authorization: Bearer abc.def.ghi failed")

    vars(sys.modules["pointsman.tui.verbs.probe"])["run"] = fail
    assert cli.main(["probe"]) == 2
    err = capsys.readouterr().err
    assert "RuntimeError" in err
    assert "Traceback" not in err
    path = err.split("the report is in ")[1].strip().rstrip(")")
    report = Path(path)
    assert report.stat().st_mode & 0o077 == 0
    text = report.read_text(encoding="utf-8")
    assert "RuntimeError" in text
    assert "abc.def" not in text


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in VERBS:
        assert f"\n  {name} " in out
