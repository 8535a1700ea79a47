"""The README's pictures show what the program draws: their words are compared with a fresh drawing."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
CHECKED = (
    "overview-classic-120x40-dark",
    "overview-broken-80x24-dark",
    "ips-cilium-120x40-dark",
    "ips-explain-broken-120x40-light",
)


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pointsman_pictures", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def in_utc() -> Iterator[None]:
    """The clock on the pictures is UTC wherever they are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def words(svg: str) -> list[str]:
    return html.unescape(re.sub(r"<[^>]+>", " ", svg.split("</style>")[-1])).split()


@pytest.mark.parametrize("name", CHECKED)
async def test_the_pictures_are_fresh(make: ModuleType, name: str, in_utc: None) -> None:
    (shot,) = (shot for shot in make.shots() if shot.name == name)
    drawn = words(await make.take(shot))
    kept = words((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    assert drawn == kept, "run `make screenshots` and look at what changed"


def test_the_readme_shows_pictures_that_exist(make: ModuleType) -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(screenshots/([^)]+)\)", readme)
    assert shown
    for name in shown:
        assert (FOLDER / name).is_file(), name


def test_no_picture_is_left_of_what_is_no_longer_drawn(make: ModuleType) -> None:
    drawn = {shot.name for shot in make.shots()}
    assert {path.stem for path in FOLDER.glob("*.svg")} == drawn


def test_pictures_fetch_nothing() -> None:
    for path in FOLDER.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "@font-face" not in text, path.name
        assert not re.search(r"https?://(?!www\.w3\.org|[\w.-]*home\.example)", text.split("</style>")[0]), path.name
