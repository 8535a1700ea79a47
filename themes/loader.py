"""Read a theme from TOML and check it; no Textual.

A theme file::

    name = "harbour"
    dark = true
    # extends = "pointsman-dark"       # optional: take what is not said here from a bundled theme

    [base]                             # all ten of tokens.BASE, unless the theme extends another
    background = "#101418"

    [tokens]                           # any of tokens.fallbacks(); what is missing falls back
    ok = "#86c67c"
    node-1 = "$accent"                 # a name of [base] or [tokens]

    [textual]                          # optional: CSS variables of Textual's own widgets
    footer-background = "$panel"

A file that cannot be used raises `ThemeError`, whose text is one sentence with file, key, what is wrong and, for a
misspelt name, the nearest right one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pointsman.themes import tokens
from pointsman.themes.colours import is_colour, mix

HERE = Path(__file__).parent
BUNDLED = ("pointsman-dark", "pointsman-light", "pointsman-16")
DEFAULT = "pointsman-dark"

_TOP = ("name", "dark", "ansi", "extends", "description", "base", "tokens", "textual")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHARE = re.compile(r"(\S+)\s+(\d{1,3})%\s+(\S+)")
_MAX_BYTES = 256_000


class ThemeError(ValueError):
    """A theme that cannot be used. `str()` is one sentence for the user."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        self.file, self.key, self.problem = file, key, problem
        where = f"{file}: {key}" if key else file
        super().__init__(f"theme {where}: {problem}")


@dataclass(frozen=True)
class ThemeSpec:
    """A checked theme: every base colour and every token has a colour."""

    name: str
    dark: bool
    base: Mapping[str, str]
    variables: Mapping[str, str]
    """Semantic tokens, and Textual's own variables where the theme sets them."""
    ansi: bool = False
    """Whether the theme uses the terminal's sixteen colours as they are."""
    description: str = ""
    source: str = field(default="", compare=False)

    def colour(self, name: str) -> str:
        """The colour of a base name or token; `KeyError` if there is no such name."""
        return self.base[name] if name in self.base else self.variables[name]


def load_theme(source: str | Path, user_dir: Path | None = None) -> ThemeSpec:
    """Load a theme by path, or by name from `user_dir` or the bundled ones (a user's file wins)."""
    path = _find(source, user_dir)
    return _build(_read(path), path, user_dir, ())


def available(user_dir: Path | None = None) -> dict[str, Path]:
    """Theme names with their files: the bundled ones first, then the user's by name. Nothing is opened."""
    found = {name: HERE / f"{name}.toml" for name in BUNDLED}
    if user_dir is not None and user_dir.is_dir():
        found.update((path.stem, path) for path in sorted(user_dir.glob("*.toml")))
    return found


def _find(source: str | Path, user_dir: Path | None) -> Path:
    text = str(source)
    if isinstance(source, Path) or "/" in text or text.endswith(".toml"):
        return Path(source).expanduser()
    known = available(user_dir)
    if text not in known:
        raise ThemeError(text, "", f"there is no theme of this name{_nearest(text, known)}")
    return known[text]


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ThemeError(str(path), "", f"cannot be read: {error.strerror or error}") from None
    if len(raw) > _MAX_BYTES:
        raise ThemeError(str(path), "", f"is {len(raw):,} bytes; no theme is over {_MAX_BYTES:,}")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ThemeError(str(path), "", f"is not UTF-8 text (byte {error.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ThemeError(str(path), "", f"is not TOML: {error}") from None


def _build(data: dict[str, Any], path: Path, user_dir: Path | None, seen: tuple[str, ...]) -> ThemeSpec:
    file = str(path)
    for key in data:
        if key not in _TOP:
            raise ThemeError(file, key, f"is not a key of a theme{_nearest(key, _TOP)}")
    parent = _parent(data, file, user_dir, (*seen, path.stem))
    name = data.get("name", path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ThemeError(file, "name", "must be lower-case letters, digits, dots, dashes")
    dark = _flag(data, "dark", file, parent.dark if parent else True)
    ansi = _flag(data, "ansi", file, parent.ansi if parent else False)
    description = data.get("description", parent.description if parent else "")
    if not isinstance(description, str):
        raise ThemeError(file, "description", "must be a text")

    known = tokens.fallbacks()
    raw_base = _table(data, "base", file, tokens.BASE)
    raw_tokens = _table(data, "tokens", file, (*known, "error"))
    raw_textual = _table(data, "textual", file, None)
    if parent is None:
        for key in tokens.BASE:
            if key not in raw_base:
                raise ThemeError(
                    file, f"base.{key}", "is missing; a theme that extends no other gives all base colours"
                )
    inherited = {**parent.base, **parent.variables} if parent else {}
    given = {**raw_base, **raw_tokens}
    resolver = _Resolver(file, given, inherited, known)
    base = {key: resolver.colour(key) for key in tokens.BASE}
    variables = {key: resolver.colour(key) for key in known}
    if parent is not None:
        variables.update((key, value) for key, value in parent.variables.items() if key not in known)
    for key, value in raw_textual.items():
        variables[key] = resolver.value(value, f"textual.{key}", free=True)
    variables["error"] = base["error"]
    return ThemeSpec(name, dark, MappingProxyType(base), MappingProxyType(variables), ansi, description, file)


def _parent(data: dict[str, Any], file: str, user_dir: Path | None, seen: tuple[str, ...]) -> ThemeSpec | None:
    extends = data.get("extends")
    if extends is None:
        return None
    if not isinstance(extends, str) or extends not in BUNDLED:
        hint = _nearest(extends, BUNDLED) if isinstance(extends, str) else ""
        raise ThemeError(file, "extends", f"must be one of {', '.join(BUNDLED)}{hint}")
    path = HERE / f"{extends}.toml"  # a bundled theme extends none, so this ends here
    return _build(_read(path), path, user_dir, seen)


def _flag(data: dict[str, Any], key: str, file: str, default: bool) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise ThemeError(file, key, "must be true or false")
    return value


def _table(data: dict[str, Any], name: str, file: str, known: Iterable[str] | None) -> dict[str, str]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise ThemeError(file, name, "must be a table")
    names = None if known is None else tuple(known)
    for key, value in table.items():
        if names is not None and key not in names:
            raise ThemeError(file, f"{name}.{key}", f"is not a name a theme can set{_nearest(key, names)}")
        if not isinstance(value, str):
            raise ThemeError(file, f"{name}.{key}", 'must be a colour in quotes, such as "#86c67c"')
    return table


@dataclass
class _Resolver:
    """Follows names to colours: what the file gives, else what its parent has, else the fall-back of the token."""

    file: str
    given: Mapping[str, str]
    inherited: Mapping[str, str]
    known: Mapping[str, str]
    _busy: list[str] = field(default_factory=list)

    def colour(self, name: str) -> str:
        section = "base" if name in tokens.BASE else "tokens"
        if name in self.given:
            text = self.given[name]
        elif name in self.inherited:
            return self.inherited[name]
        else:
            text = self.known[name]
        if name in self._busy:
            raise ThemeError(
                self.file, f"{section}.{name}", f"goes round in a circle: {' → '.join((*self._busy, name))}"
            )
        self._busy.append(name)
        try:
            return self.value(text, f"{section}.{name}")
        finally:
            self._busy.pop()

    def value(self, text: str, key: str, *, free: bool = False) -> str:
        """A colour, a `$name`, or `ONE 40% OTHER`; `free` lets a Textual variable be something else (a text style)."""
        share = _SHARE.fullmatch(text.strip())
        if share is not None:
            one, percent, other = share.groups()
            return mix(self.value(one, key), self.value(other, key), min(100, int(percent)) / 100)
        if text.startswith("$"):
            name = text[1:]
            if name not in tokens.BASE and name not in self.known:
                raise ThemeError(
                    self.file, key, f"names ${name}, which is not there{_nearest(name, (*tokens.BASE, *self.known))}"
                )
            return self.colour(name)
        if is_colour(text):
            return text.lower()
        if free and re.fullmatch(r"[a-z][a-z -]*", text):
            return text
        raise ThemeError(self.file, key, f"{text[:40]!r} is not a colour; write #rgb, #rrggbb, ansi_red or $name")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
