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

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
NODE_FILES: tuple[tuple[str, str], ...] = (
    ("/etc/rancher/k3s/k3s.yaml", "k3s"),
    ("/etc/rancher/rke2/rke2.yaml", "rke2"),
    ("/etc/kubernetes/admin.conf", "kubeadm"),
    ("/var/lib/k0s/pki/admin.conf", "k0s"),
    ("/var/snap/microk8s/current/credentials/client.config", "microk8s"),
)
"""What the distributions leave on a node: path, distribution."""

DEMO_HINT = "pointsman --demo opens a practice cluster that needs nothing."


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


@dataclass(frozen=True, slots=True)
class Target:
    """One cluster and who we are there. ``origin`` says in words where this was found."""

    context: str
    cluster: ClusterEntry
    user: UserEntry
    namespace: str = ""
    origin: str = ""
    warnings: tuple[str, ...] = ()


def config_files(kubeconfig: str | None = None, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The kubeconfig files that exist, in order of precedence.

    Raises ConfigError if ``kubeconfig`` is given and is not there; a list in ``KUBECONFIG`` may name missing files.
    """
    if kubeconfig:
        path = Path(kubeconfig).expanduser()
        if not _exists(path):
            raise ConfigError(f"There is no kubeconfig at {path}.", "Check the path given to --kubeconfig.")
        return [path]
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if not listed:
        listed = [str(Path(environ.get("HOME") or Path.home()) / ".kube" / "config")]
    found: list[Path] = []
    for part in listed:
        path = Path(part).expanduser()
        if path not in found and _exists(path):
            found.append(path)
    return found


def _exists(path: Path) -> bool:
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


def find_target(
    kubeconfig: str | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    node_files: Iterable[tuple[str, str]] = NODE_FILES,
    service_account: Path = SERVICE_ACCOUNT,
) -> Target:
    """The cluster to connect to: kubeconfig, else the pod's service account, else what a distribution left on this node.

    Raises ConfigError with what to do when there is none of them.
    """
    paths = config_files(kubeconfig, environ)
    config = read_config(paths)
    if config.contexts or config.clusters or kubeconfig or context:
        return choose(config, context)
    pod = in_cluster(environ, service_account)
    if pod is not None:
        return pod
    unreadable: list[tuple[str, str]] = []
    for path, distribution in node_files:
        if not _exists(Path(path)):
            continue
        if not os.access(path, os.R_OK):
            unreadable.append((path, distribution))
            continue
        target = choose(read_config([Path(path)]), None)
        origin = f"{path}, which {distribution} left on this node"
        return Target(target.context, target.cluster, target.user, target.namespace, origin)
    if unreadable:
        path, distribution = unreadable[0]
        raise ConfigError(
            f"There is no kubeconfig, but {distribution} left one on this node at {path}; only root may read it.",
            copy_command(path),
        )
    looked = ", ".join(str(path) for path in paths) or environ.get("KUBECONFIG") or "~/.kube/config"
    what = "is empty" if paths else "is not there"
    raise ConfigError(
        f"No cluster is configured: the kubeconfig ({looked}) {what}, and no distribution left one on this machine.",
        f"Copy the cluster's kubeconfig to ~/.kube/config, or try it without a cluster: {DEMO_HINT}",
    )


def copy_command(path: str) -> str:
    """The shell command that gives this user a private copy of a file only root can read."""
    return f'mkdir -p ~/.kube && sudo install -m 600 -o "$(id -u)" -g "$(id -g)" {shlex.quote(path)} ~/.kube/config'


def choose(config: KubeConfig, context: str | None) -> Target:
    """The named (or current) context with its cluster and user; raises ConfigError with the names there are."""
    files = ", ".join(config.files) or "the kubeconfig"
    known = ", ".join(config.contexts) or "none"
    name = context or config.current
    if not name:
        raise ConfigError(
            f"The kubeconfig ({files}) has no current-context.",
            f"Choose one with --context NAME or kubectl config use-context NAME; there are: {known}.",
        )
    entry = config.contexts.get(name)
    if entry is None:
        which = "context" if context else "current-context"
        raise ConfigError(f'The {which} "{name}" is not in {files}.', f"There are: {known}.")
    cluster = config.clusters.get(entry.cluster)
    if cluster is None:
        missing = f'cluster "{entry.cluster}"' if entry.cluster else "cluster (it names none)"
        raise ConfigError(f'The {missing} of context "{name}" is not in {files}.', "Add it, or choose another context.")
    if not cluster.server:
        raise ConfigError(f'Cluster "{cluster.name}" in {files} names no server.', "Add its server: https://host:6443.")
    user = config.users.get(entry.user, UserEntry()) if entry.user else UserEntry()
    if entry.user and entry.user not in config.users:
        raise ConfigError(
            f'The user "{entry.user}" of context "{name}" is not in {files}.', "Add it, or choose another."
        )
    if user.auth_provider:
        raise ConfigError(
            f'User "{user.name}" signs in with the auth provider "{user.auth_provider}", which Pointsman does not speak.',
            "Use an exec credential plugin in its place (for OIDC: kubelogin), or a token.",
        )
    if bool(user.certificate) != bool(user.key):
        has, lacks = ("client-certificate", "client-key") if user.certificate else ("client-key", "client-certificate")
        raise ConfigError(f'User "{user.name}" in {files} has a {has} but no {lacks}.', f"Add the {lacks}.")
    if (user.token or user.token_file) and user.username:
        raise ConfigError(f'User "{user.name}" in {files} has both a token and a password.', "Keep one of them.")
    return Target(name, cluster, user, entry.namespace, files)


def in_cluster(environ: Mapping[str, str] = os.environ, folder: Path = SERVICE_ACCOUNT) -> Target | None:
    """The pod's own service account; None outside a pod. Its token is in a file that the kubelet renews."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port or not (folder / "token").is_file():
        return None
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    try:
        namespace = (folder / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    return Target(
        "in-cluster",
        ClusterEntry("in-cluster", server, ca=Blob(file=str(folder / "ca.crt"))),
        UserEntry("service account", token_file=str(folder / "token")),
        namespace,
        "the service account of this pod",
    )
