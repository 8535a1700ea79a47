"""What is installed is `pointsman` and nothing else, with every file in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tui", "widgets", "themes")
PACKAGED = (".py", ".tcss", ".toml", ".yaml", ".sh")


def expected() -> set[str]:
    return {
        f"pointsman/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in PACKAGED and "__pycache__" not in path.parts
    }


def build(target: str, source: Path, out: Path) -> Path:
    """Build with the backend itself: `python -m build` would fetch it again into a fresh environment."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


def test_the_wheel_holds_pointsman_only_and_all_of_it(tmp_path: Path) -> None:
    names = contents(build("wheel", ROOT, tmp_path))
    assert {name.split("/")[0] for name in names} == {"pointsman"}
    assert names == expected()


def test_a_wheel_made_from_the_sdist_is_the_same(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        # Debian 12's Python 3.11.2 does not know the filter yet; the archive was made by ourselves a moment ago.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path / "src", **safely)
    (source,) = (tmp_path / "src").iterdir()
    assert contents(build("wheel", source, tmp_path / "out")) == expected()


def test_the_sdist_can_be_tested(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"pyproject.toml", "Makefile", "LICENSE", "README.md", "tests/conftest.py", ".dev/constraints.txt"} <= names
    assert not any(name.startswith((".venv", ".git/", "dist/")) for name in names)


def test_no_file_of_the_tree_names_a_host_of_packages_or_this_machine() -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed: nothing lists the files that would be published")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0 or not listed.stdout:
        pytest.skip("not a git checkout: nothing lists the files that would be published")
    wheelhouse = "python" + "hosted"
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.is_symlink() or path.suffix in (".png", ".gz"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert wheelhouse not in text, name
        assert str(ROOT) + "/" not in text, name
    constraints = (ROOT / ".dev" / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in constraints
    assert "@" not in constraints


def test_the_symlinks_of_the_editable_install_point_at_the_folders() -> None:
    dev = ROOT / ".dev" / "pointsman"
    if not dev.is_dir():
        pytest.skip("an unpacked sdist has no .dev/pointsman: it is for editable installs of a checkout")
    assert {path.name: path.resolve() for path in dev.iterdir()} == {name: ROOT / name for name in FOLDERS}
