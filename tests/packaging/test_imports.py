"""What each start loads, counted in a fresh process: milliseconds differ by machine, modules do not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "textual",
    "grpc",
    "kubernetes",
    "aiohttp",
    "httpx",
    "msgspec",
    "rich",
    "google.protobuf",
    "cryptography",
    "yaml",
)


def loaded_after(code: str) -> set[str]:
    """The modules in memory after the code ran in a process of its own."""
    probe = f"{code}\nimport json, sys\nsys.stderr.write('\\n@@' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stderr.rsplit("@@", 1)[1])
    return set(found)


def tops(modules: set[str]) -> set[str]:
    return {name for name in HEAVY if name in modules}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--no-such-option"], ["two", "words"]])
def test_help_and_mistakes_load_nothing_heavy(words: list[str]) -> None:
    modules = loaded_after(f"from pointsman.tui.cli import main\nmain({words!r})")
    assert not tops(modules)
    assert len(modules) < 200


@pytest.mark.parametrize("verb", ["status", "ips", "map", "snapshot", "demo"])
def test_a_verbs_help_loads_no_network_library_and_no_textual(verb: str) -> None:
    modules = loaded_after(f"from pointsman.tui.cli import main\nmain([{verb!r}, '--help'])")
    assert not tops(modules) & {"textual", "grpc", "kubernetes", "aiohttp", "httpx"}


def test_the_apps_own_modules_load_no_network_library() -> None:
    modules = loaded_after("import pointsman.tui.app")
    assert not tops(modules) & {"grpc", "kubernetes", "aiohttp", "httpx", "google.protobuf", "cryptography", "yaml"}


def test_answers_need_no_terminal_and_no_network() -> None:
    modules = loaded_after(
        "import importlib, pkgutil\n"
        "import pointsman.tui.answers as a, pointsman.tui.views as v\n"
        "for p in (a, v):\n"
        "    for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'): importlib.import_module(m.name)"
    )
    assert not tops(modules) & {"textual", "grpc", "kubernetes", "aiohttp", "httpx"}
