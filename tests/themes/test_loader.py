"""A theme file is used as it is meant, or refused in one sentence that says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.themes import tokens
from pointsman.themes.colours import is_colour, mix
from pointsman.themes.loader import BUNDLED, HERE, ThemeError, available, load_theme

BASE = "\n".join(f'{name} = "#{number:02x}{number:02x}{number:02x}"' for number, name in enumerate(tokens.BASE, 10))
WHOLE = f'name = "mine"\n[base]\n{BASE}\n'


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_themes_are_whole(name: str) -> None:
    spec = load_theme(name)
    assert spec.name == name
    assert set(spec.base) == set(tokens.BASE)
    assert set(tokens.fallbacks()) <= set(spec.variables)
    assert all(is_colour(value) for value in spec.base.values())
    assert all(is_colour(spec.variables[token]) for token in tokens.fallbacks())
    assert spec.ansi == (name == "pointsman-16")
    assert spec.description


def test_every_toml_file_here_is_listed() -> None:
    assert {path.stem for path in HERE.glob("*.toml")} == set(BUNDLED)


def test_missing_tokens_fall_back(tmp_path: Path) -> None:
    spec = load_theme(write(tmp_path, WHOLE))
    assert spec.variables["ok"] == spec.base["success"]
    assert spec.variables["source-live"] == spec.base["success"]
    assert (
        spec.variables["dim"] == spec.variables["muted"] == mix(spec.base["foreground"], spec.base["background"], 0.65)
    )
    assert spec.colour("error") == spec.base["error"]
    assert spec.dark is True


def test_a_theme_may_extend_a_bundled_one(tmp_path: Path) -> None:
    spec = load_theme(
        write(tmp_path, 'extends = "pointsman-light"\n[base]\naccent = "#123456"\n[tokens]\nok = "$accent"\n')
    )
    light = load_theme("pointsman-light")
    assert spec.name == "mine"
    assert spec.dark is False
    assert spec.variables["ok"] == "#123456"
    assert spec.variables["warn"] == light.variables["warn"]
    assert spec.variables["scrollbar"] == light.variables["scrollbar"]


def test_names_and_shares_are_followed(tmp_path: Path) -> None:
    spec = load_theme(write(tmp_path, WHOLE + '[tokens]\nok = "$info"\ninfo = "#ABC"\nwarn = "#ffffff 50% #000000"\n'))
    assert spec.variables["ok"] == "#abc"
    assert spec.variables["warn"] == "#808080"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (WHOLE + '[tokens]\nvedict-dropped = "#fff"\n', "tokens.vedict-dropped", "did you mean verdict-dropped?"),
        (WHOLE + '[tokens]\nok = "greenish"\n', "tokens.ok", "'greenish' is not a colour"),
        (WHOLE + "[tokens]\nok = 5\n", "tokens.ok", "must be a colour in quotes"),
        (WHOLE + '[tokens]\nok = "$inof"\n', "tokens.ok", "names $inof, which is not there; did you mean info?"),
        (WHOLE + '[tokens]\nok = "$warn"\nwarn = "$ok"\n', "tokens.ok", "goes round in a circle"),
        (WHOLE + '[textual]\nscrollbar = "no colour!"\n', "textual.scrollbar", "is not a colour"),
        ('[base]\nbackground = "#000"\n', "base.primary", "is missing"),
        ('extends = "pointsman-drak"\n', "extends", "did you mean pointsman-dark?"),
        ('dark = "yes"\n' + WHOLE, "dark", "true or false"),
        ('colour = "x"\n' + WHOLE, "colour", "is not a key of a theme"),
        ('name = "A B"\n', "name", "lower-case"),
        ("tokens = 3\n" + WHOLE, "tokens", "must be a table"),
        ("= = =", "", "is not TOML"),
    ],
)
def test_a_bad_theme_is_refused_in_one_sentence(tmp_path: Path, text: str, key: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ThemeError) as caught:
        load_theme(path)
    error = caught.value
    assert error.file == str(path)
    assert error.key == key
    assert says in str(error)
    assert "\n" not in str(error)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ThemeError, match="is not UTF-8"):
        load_theme(binary)
    with pytest.raises(ThemeError, match="cannot be read: No such file"):
        load_theme(tmp_path / "missing.toml")
    with pytest.raises(ThemeError, match="cannot be read"):
        load_theme(str(tmp_path) + "/")
    huge = write(tmp_path, "#" * 300_000, "h.toml")
    with pytest.raises(ThemeError, match="no theme is over"):
        load_theme(huge)
    deep = write(tmp_path, "a = " + "[" * 100_000, "d.toml")
    with pytest.raises(ThemeError, match="is not TOML"):
        load_theme(deep)


def test_the_users_themes_are_listed_and_win(tmp_path: Path) -> None:
    write(tmp_path, WHOLE, "harbour.toml")
    write(tmp_path, 'extends = "pointsman-dark"\ndescription = "mine"\n', "pointsman-dark.toml")
    assert list(available(tmp_path)) == [*BUNDLED, "harbour"]
    assert load_theme("pointsman-dark", tmp_path).description == "mine"
    assert load_theme("harbour", tmp_path).name == "mine"
    assert list(available(tmp_path / "nowhere")) == list(BUNDLED)
    with pytest.raises(ThemeError, match="did you mean harbour"):
        load_theme("habour", tmp_path)


def test_themes_load_without_textual() -> None:
    import subprocess
    import sys

    code = "import sys, pointsman.themes.loader as l; l.load_theme('pointsman-dark'); print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "False"
