"""kubeconfig as kubectl reads it, and what stands in when there is none.

Read from files to plain data; nothing here connects, so the context picker can use it before any network library is
loaded. The rules are client-go's (``clientcmd``): ``--kubeconfig`` alone if given, else the files of ``KUBECONFIG`` (one
that is not there is skipped), else ``~/.kube/config``; clusters, users and contexts merge by name and the first file
wins, entry by entry; the first ``current-context`` wins; relative paths start at the file that holds them.

kubernetes.aio.config is not used for this: it lets the *last* current-context win, reads token files once and with
their newline, prefers ``token`` over ``tokenFile``, and puts what is wrong into a log.
"""

from __future__ import annotations

import base64
import binascii
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointsman.tui.sources.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Blob:
    """A PEM text: inline ``data``, or the ``file`` that holds it (read again when it changes). Data wins, as in kubectl."""

    data: bytes = b""
    file: str = ""

    def __bool__(self) -> bool:
        return bool(self.data or self.file)


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """``user.exec``: a credential plugin."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""
    folder: str = ""
    """Where the kubeconfig lies: a command with a slash in it is relative to this."""


@dataclass(frozen=True, slots=True)
class ClusterEntry:
    name: str = ""
    server: str = ""
    tls_server_name: str = ""
    insecure: bool = False
    ca: Blob = Blob()
    proxy_url: str = ""
    disable_compression: bool = False
    exec_config: Any = None
    """The ``client.authentication.k8s.io/exec`` extension, handed to a plugin that asks for cluster information."""


@dataclass(frozen=True, slots=True)
class UserEntry:
    """Credentials. ``repr`` never shows them."""

    name: str = ""
    certificate: Blob = field(default=Blob(), repr=False)
    key: Blob = field(default=Blob(), repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    exec: ExecSpec | None = field(default=None, repr=False)
    auth_provider: str = ""
    impersonate: str = ""
    impersonate_uid: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class ContextEntry:
    name: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class KubeConfig:
    """Everything the files say, merged."""

    files: tuple[str, ...] = ()
    contexts: Mapping[str, ContextEntry] = field(default_factory=dict)
    clusters: Mapping[str, ClusterEntry] = field(default_factory=dict)
    users: Mapping[str, UserEntry] = field(default_factory=dict)
    current: str = ""


def config_files(kubeconfig: str | None = None, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The kubeconfig files that exist, in order of precedence.

    Raises ConfigError if ``kubeconfig`` is given and is not there; a list in ``KUBECONFIG`` may name missing files.
    """
    if kubeconfig:
        path = Path(kubeconfig).expanduser()
        if not there_is(path):
            raise ConfigError(f"There is no kubeconfig at {path}.", "Check the path given to --kubeconfig.")
        return [path]
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if not listed:
        listed = [str(Path(environ.get("HOME") or Path.home()) / ".kube" / "config")]
    found: list[Path] = []
    for part in listed:
        path = Path(part).expanduser()
        if path not in found and there_is(path):
            found.append(path)
    return found


def there_is(path: Path) -> bool:
    """Whether something is there, readable or not."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def read_config(paths: Iterable[Path]) -> KubeConfig:
    """Read and merge kubeconfig files; raises ConfigError naming the file (and line) that cannot be read."""
    files: list[str] = []
    contexts: dict[str, ContextEntry] = {}
    clusters: dict[str, ClusterEntry] = {}
    users: dict[str, UserEntry] = {}
    current = ""
    for path in paths:
        doc = _read_yaml(path)
        files.append(str(path))
        for name, body in _named(doc, "clusters", "cluster", path):
            clusters.setdefault(name, _cluster(name, body, path))
        for name, body in _named(doc, "users", "user", path):
            users.setdefault(name, _user(name, body, path))
        for name, body in _named(doc, "contexts", "context", path):
            entry = ContextEntry(name, _text(body, "cluster"), _text(body, "user"), _text(body, "namespace"))
            contexts.setdefault(name, entry)
        current = current or _text(doc, "current-context")
    return KubeConfig(tuple(files), contexts, clusters, users, current)


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder, not a kubeconfig.", "Name the file itself.") from None
    except PermissionError:
        raise ConfigError(f"The kubeconfig {path} may not be read by this user.", copy_command(str(path))) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no kubeconfig: it is not text.", "Check the path.") from None
    except OSError as error:
        raise ConfigError(f"The kubeconfig {path} cannot be read: {error.strerror or error}.") from None
    try:
        doc = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"The kubeconfig {path} cannot be parsed:{where} {what}.", "Mend that line.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The kubeconfig {path} cannot be parsed: {type(error).__name__}.") from None
    if doc is None:
        return {}
    if not isinstance(doc, dict):
        raise ConfigError(
            f"{path} is no kubeconfig: it holds a {type(doc).__name__}, not a mapping.", "Check the path."
        )
    if doc.get("kind") not in (None, "", "Config"):
        raise ConfigError(
            f"{path} is no kubeconfig: it is a {doc['kind']}.",
            "For a file of Kubernetes objects use --manifests.",
        )
    return doc


def _named(doc: dict[str, Any], plural: str, key: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The named entries of one list; the last of two with the same name in one file wins, as in client-go."""
    items = doc.get(plural)
    if items is None:
        return []
    if not isinstance(items, list):
        raise ConfigError(f"The kubeconfig {path} is broken: {plural} is not a list.")
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, dict) or item.get("name") in (None, ""):
            raise ConfigError(f"The kubeconfig {path} is broken: an entry of {plural} has no name.")
        body = item.get(key)
        if body is not None and not isinstance(body, dict):
            raise ConfigError(f"The kubeconfig {path} is broken: {key} of {item['name']} is not a mapping.")
        found[str(item["name"])] = body or {}
    return list(found.items())


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None or isinstance(value, (dict, list)):
        return ""
    return value if isinstance(value, str) else str(value)


def _path(body: Mapping[str, Any], key: str, home: Path) -> str:
    value = _text(body, key)
    return str((home.parent / value).absolute()) if value else ""


def _blob(body: Mapping[str, Any], key: str, home: Path, owner: str) -> Blob:
    data = b""
    text = _text(body, f"{key}-data")
    if text:
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError(
                f"The kubeconfig {home} is broken: {key}-data of {owner} is not base64.",
                "Get the kubeconfig again from the cluster.",
            ) from None
    return Blob(data, "" if data else _path(body, key, home))


def _cluster(name: str, body: dict[str, Any], home: Path) -> ClusterEntry:
    exec_config: Any = None
    extensions = body.get("extensions")
    for item in extensions if isinstance(extensions, list) else []:
        if isinstance(item, dict) and item.get("name") == "client.authentication.k8s.io/exec":
            exec_config = item.get("extension")
    return ClusterEntry(
        name,
        _text(body, "server").strip(),
        _text(body, "tls-server-name"),
        body.get("insecure-skip-tls-verify") is True,
        _blob(body, "certificate-authority", home, f"cluster {name}"),
        _text(body, "proxy-url"),
        body.get("disable-compression") is True,
        exec_config,
    )


def _user(name: str, body: dict[str, Any], home: Path) -> UserEntry:
    provider = body.get("auth-provider")
    groups = body.get("as-groups")
    extra = body.get("as-user-extra")
    return UserEntry(
        name,
        _blob(body, "client-certificate", home, f"user {name}"),
        _blob(body, "client-key", home, f"user {name}"),
        _text(body, "token").strip(),
        _path(body, "tokenFile", home),
        _text(body, "username"),
        _text(body, "password"),
        _exec(body.get("exec"), name, home),
        _text(provider, "name") if isinstance(provider, dict) else "",
        _text(body, "as"),
        _text(body, "as-uid"),
        tuple(str(item) for item in groups) if isinstance(groups, list) else (),
        tuple(
            (str(key), tuple(str(item) for item in values))
            for key, values in (extra.items() if isinstance(extra, dict) else ())
            if isinstance(values, list)
        ),
    )


def _exec(body: Any, user: str, home: Path) -> ExecSpec | None:
    if body is None:
        return None
    if not isinstance(body, dict) or not _text(body, "command"):
        raise ConfigError(f"The kubeconfig {home} is broken: exec of user {user} names no command.")
    args = body.get("args")
    env = body.get("env")
    return ExecSpec(
        _text(body, "command"),
        tuple(str(item) for item in args) if isinstance(args, list) else (),
        tuple((_text(item, "name"), _text(item, "value")) for item in env if isinstance(item, dict))
        if isinstance(env, list)
        else (),
        _text(body, "apiVersion"),
        _text(body, "installHint"),
        body.get("provideClusterInfo") is True,
        _text(body, "interactiveMode"),
        str(home.parent.absolute()),
    )


def copy_command(path: str) -> str:
    """The shell command that gives this user a private copy of a file only root can read."""
    return f'mkdir -p ~/.kube && sudo install -m 600 -o "$(id -u)" -g "$(id -g)" {shlex.quote(path)} ~/.kube/config'
