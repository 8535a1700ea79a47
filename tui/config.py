"""The user's settings: one TOML file, checked on reading.

A wrong setting is never a crash: it becomes one sentence in :attr:`Config.problems` (file, setting, nearest right name)
and its default is used. What is typed on the command line wins over the file.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pointsman.tui.commands import BY_ID, resolve
from pointsman.tui.options import HubbleOptions, TraefikOptions

LIMIT = 1 << 20
"""Bytes of a settings file that are read; a longer one is no settings file."""


@dataclass(frozen=True, slots=True)
class ContextConfig:
    """``[contexts."name"]``: settings of one kubeconfig context."""

    read_only: bool | None = None
    hubble: HubbleOptions | None = None
    """How Hubble is reached in this context, in place of the file's ``[hubble]``."""
    traefik: TraefikOptions | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting with its default."""

    theme: str = ""
    """A bundled theme or one in the ``themes`` folder beside this file; empty: chosen by the terminal's colours."""
    read_only: bool = False
    """Refuse every write, in every context."""
    ascii: bool = False
    """Draw nothing beyond ASCII."""
    mouse: bool = True
    """Take the mouse; off leaves it to the terminal (marking text, a dropped SSH line)."""
    clock: bool = True
    """Show the time of day in the header."""
    slow_link: bool = False
    """Draw less and at most twice a second, as ``--slow-link`` does."""
    refresh: int = 10
    """Pictures per second at most, 1 to 10; the terminal's own speed may make it fewer."""
    flows_kept: int = 20_000
    """How many of the last flows are kept to scroll back through; some 1 KB each."""
    record_megabytes: int = 64
    """How much of the disk the flight recorder may take for the last flows of a cluster; 0 switches it off."""
    record_hours: int = 24
    """How old what it keeps may get."""
    hubble: HubbleOptions = field(default_factory=HubbleOptions)
    """``[hubble]``: ``server``, ``tls``, ``tls_ca_cert_files``, ``tls_client_cert_file``, ``tls_client_key_file``,
    ``tls_server_name``, as the options of these names."""
    traefik: TraefikOptions = field(default_factory=TraefikOptions)
    """``[traefik]``: ``url``, ``ca_file``, ``auth_file``, as the options ``--traefik-url`` and so on."""
    neighbours: str = ""
    """The neighbour table that the LAN check judges by, a file or a command (``ssh router ip neigh``); empty: this
    machine's own."""
    deadman_image: str = ""
    """The image of a dead-man in the cluster: a shell and kubectl; empty: the one that is known to do."""
    deadman_namespace: str = ""
    """Where dead-men run; empty: beside their policy, or in kube-system if the API server cannot be reached from there."""
    contexts: Mapping[str, ContextConfig] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command id → its keys, in place of the default ones; an empty list takes the key away."""
    problems: tuple[str, ...] = ()

    def is_read_only(self, context: str) -> bool:
        """Whether writes are refused in this context. A context may be stricter or laxer than the rest of the file."""
        own = self.contexts.get(context, ContextConfig()).read_only
        return self.read_only if own is None else own

    def hubble_in(self, context: str, given: HubbleOptions) -> HubbleOptions:
        """How Hubble is reached in this context: the command line's word wins, then the context's, then the file's."""
        own = self.contexts.get(context, ContextConfig()).hubble or self.hubble
        if given.server and given.server != own.server:
            return given  # certificates of another server are of no use
        return replace(
            own, **{item.name: said for item in fields(given) if (said := getattr(given, item.name)) not in ("", None)}
        )

    def traefik_in(self, context: str, given: TraefikOptions) -> TraefikOptions:
        """How Traefik's API is reached in this context, by the same order."""
        own = self.contexts.get(context, ContextConfig()).traefik or self.traefik
        if given.url and given.url != own.url:
            return given  # a password is for one address only
        return TraefikOptions(own.url, given.ca_file or own.ca_file, given.auth_file or own.auth_file)


_TABLES = ("contexts", "keys", "hubble", "traefik")
_PLAIN = {item.name: item for item in fields(Config) if item.name not in (*_TABLES, "problems")}
_RANGES: dict[str, tuple[int, int]] = {
    "refresh": (1, 10),
    "flows_kept": (1_000, 500_000),
    "record_megabytes": (0, 100_000),
    "record_hours": (1, 8_760),
}
_HUBBLE = {
    "server": "server",
    "tls": "tls",
    "tls_ca_cert_files": "ca_file",
    "tls_client_cert_file": "certificate_file",
    "tls_client_key_file": "key_file",
    "tls_server_name": "server_name",
}
"""Settings of ``[hubble]`` → fields of :class:`HubbleOptions`."""
_TRAEFIK = {name: name for name in ("url", "ca_file", "auth_file")}
_OWN = ("read_only", "hubble", "traefik")
"""Settings of a context."""


def load_config(path: Path) -> Config:
    """Read the file; a missing one is all defaults. Never raises for what the file holds."""
    name = path.name
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        return Config(problems=(f"{path} cannot be read ({error.strerror}); the defaults are used",))
    if len(raw) > LIMIT:
        return Config(problems=(f"{path} is larger than {LIMIT >> 20} MB; the defaults are used",))
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Config(problems=(f"{path} is no UTF-8 text; the defaults are used",))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Config(problems=(f"{path} is no TOML ({error}); the defaults are used",))
    return _Reader(name).read(data)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []

    def read(self, data: Mapping[str, Any]) -> Config:
        values: dict[str, Any] = {}
        for key, value in data.items():
            if key == "contexts":
                values["contexts"] = self._contexts(value)
            elif key == "keys":
                values["keys"] = self._keys(value)
            elif key == "hubble":
                values["hubble"] = HubbleOptions(**self._reach("hubble", value, _HUBBLE))
            elif key == "traefik":
                values["traefik"] = TraefikOptions(**self._reach("traefik", value, _TRAEFIK))
            elif key in _PLAIN:
                checked = self._plain(key, value)
                if checked is not None:
                    values[key] = checked
            else:
                self._unknown(key, key, (*_PLAIN, *_TABLES))
        return Config(**values, problems=tuple(self.problems))

    def _say(self, key: str, what: str) -> None:
        self.problems.append(f"{self.file}: {key} {what}; the default is used")

    def _unknown(self, shown: str, key: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        self.problems.append(f"{self.file}: there is no setting {shown[:60]!r}{hint}")

    def _plain(self, key: str, value: Any) -> Any:
        default = getattr(Config(), key)
        if isinstance(default, bool):
            if not isinstance(value, bool):
                self._say(key, "must be true or false")
                return None
        elif isinstance(default, int):
            least, most = _RANGES[key]
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                self._say(key, f"must be a number from {least} to {most}")
                return None
        elif not isinstance(value, str):
            self._say(key, "must be a text in quotes")
            return None
        return value

    def _contexts(self, value: Any) -> dict[str, ContextConfig]:
        found: dict[str, ContextConfig] = {}
        if not isinstance(value, dict):
            self._say("contexts", 'must be tables, such as [contexts."shed"]')
            return found
        for name, table in value.items():
            shown = f'contexts."{name}"'
            if not isinstance(table, dict):
                self._say(shown, "must be a table")
                continue
            for key in table:
                if key not in _OWN:
                    self._unknown(f"{shown}.{key}", key, _OWN)
            own = ContextConfig()
            if "hubble" in table:
                own = replace(own, hubble=HubbleOptions(**self._reach(f"{shown}.hubble", table["hubble"], _HUBBLE)))
            if "traefik" in table:
                own = replace(
                    own, traefik=TraefikOptions(**self._reach(f"{shown}.traefik", table["traefik"], _TRAEFIK))
                )
            found[name] = own
            if "read_only" in table:
                if isinstance(table["read_only"], bool):
                    found[name] = replace(own, read_only=table["read_only"])
                else:
                    # The careful reading of a setting that is meant to protect: what cannot be read protects.
                    found[name] = replace(own, read_only=True)
                    self.problems.append(
                        f"{self.file}: {shown}.read_only must be true or false; it is taken as true to be safe"
                    )
        return found

    def _reach(self, shown: str, value: Any, names: Mapping[str, str]) -> dict[str, Any]:
        """How something is reached: a table of texts (``tls`` is true or false), by the names of the fields."""
        if not isinstance(value, dict):
            self._say(shown, "must be a table")
            return {}
        given: dict[str, Any] = {}
        for key, said in value.items():
            if key not in names:
                self._unknown(f"{shown}.{key}", key, names)
            elif key == "tls" and not isinstance(said, bool):
                self._say(f"{shown}.{key}", "must be true or false")
            elif key != "tls" and not isinstance(said, str):
                self._say(f"{shown}.{key}", "must be a text in quotes")
            else:
                given[names[key]] = said
        return given

    def _keys(self, value: Any) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        if not isinstance(value, dict):
            self._say("keys", "must be a table of command = key")
            return found
        for command, given in _flat(value):
            if command not in BY_ID:
                self._unknown(f"keys.{command}", command, BY_ID)
                continue
            keys = [given] if isinstance(given, str) else given
            if not isinstance(keys, list) or not all(isinstance(key, str) and _is_key(key) for key in keys):
                self._say(f"keys.{command}", 'must be a key such as "x", "ctrl+x", "g x", or a list of keys')
                continue
            found[command] = tuple(keys)
        keymap = resolve(found)
        self.problems += [f"{self.file}: {problem}" for problem in keymap.problems]
        return {command: keys for command, keys in found.items() if command in keymap.changed}


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """``pane.ips = "i"`` is a nested table to TOML and one id to us."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


_NAMED = frozenset(
    (
        "enter",
        "escape",
        "space",
        "tab",
        "backspace",
        "delete",
        "insert",
        "home",
        "end",
        "pageup",
        "pagedown",
        "up",
        "down",
        "left",
        "right",
    )
) | {f"f{number}" for number in range(1, 25)}
_MODIFIERS = ("ctrl", "shift", "alt", "super")


def _is_key(text: str) -> bool:
    """Whether a text names one key or two in a row. ``,`` cannot be bound: it separates keys inside the toolkit."""
    parts = text.split(" ")
    if len(parts) > 2 or not all(parts):
        return False
    for part in parts:
        *modifiers, key = part.split("+") if len(part) > 1 else [part]
        if any(modifier not in _MODIFIERS for modifier in modifiers):
            return False
        if key not in _NAMED and not (len(key) == 1 and key.isprintable() and key not in ", "):
            return False
    return True
