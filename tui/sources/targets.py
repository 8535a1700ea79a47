"""Which cluster to connect to, and as whom: a context of the kubeconfig, the pod's service account, a node's own file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.kubeconfig import (
    Blob,
    ClusterEntry,
    KubeConfig,
    UserEntry,
    config_files,
    copy_command,
    read_config,
    there_is,
)

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
class Target:
    """One cluster and who we are there. ``origin`` says in words where this was found."""

    context: str
    cluster: ClusterEntry
    user: UserEntry
    namespace: str = ""
    origin: str = ""
    on_node: bool = False
    """Whether nobody configured this: a distribution left the file on this node."""


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
        if not there_is(Path(path)):
            continue
        if not os.access(path, os.R_OK):
            unreadable.append((path, distribution))
            continue
        target = choose(read_config([Path(path)]), None)
        origin = f"{path}, which {distribution} left on this node"
        return Target(target.context, target.cluster, target.user, target.namespace, origin, on_node=True)
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
    """The pod's own service account, as the official client reads it; None outside a pod.

    Only the paths are taken over: the token's file is read again as the kubelet renews it. Raises ConfigError for a pod
    whose service account is incomplete.
    """
    token, authority = folder / "token", folder / "ca.crt"
    if not environ.get("KUBERNETES_SERVICE_HOST") or not environ.get("KUBERNETES_SERVICE_PORT") or not token.is_file():
        return None
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.config.config_exception import ConfigException
    from kubernetes.aio.config.incluster_config import InClusterConfigLoader

    found = Configuration()
    loader: Any = InClusterConfigLoader  # untyped in the client
    try:
        loader(str(token), str(authority), environ=dict(environ)).load_and_set(found)
    except (ConfigException, OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"This pod's service account cannot be used: {error}",
            f"Look at what is mounted in {folder} (automountServiceAccountToken), or give a --kubeconfig.",
        ) from None
    try:
        namespace = (folder / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    return Target(
        "in-cluster",
        ClusterEntry("in-cluster", found.host, ca=Blob(file=found.ssl_ca_cert or "")),
        UserEntry("service account", token_file=str(token)),
        namespace,
        "the service account of this pod",
    )
