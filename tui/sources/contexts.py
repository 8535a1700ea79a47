"""The contexts a person can pick from. Reads files only: cheap, and no network library is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.kubeconfig import ClusterEntry, config_files, read_config


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One context; ``server`` is empty if its cluster is not in the file."""

    name: str
    cluster: str
    namespace: str
    user: str
    server: str
    current: bool


@dataclass(frozen=True, slots=True)
class ContextList:
    """The contexts in the order of the files; ``problem`` (a sentence) and ``hint`` where they could not be read."""

    items: tuple[ContextItem, ...] = ()
    problem: str = ""
    hint: str = ""


def list_contexts(kubeconfig: str | None = None) -> ContextList:
    """Every context of the kubeconfig files. Never raises: what is wrong with them is in ``problem``."""
    try:
        paths = config_files(kubeconfig)
        config = read_config(paths)
    except ConfigError as error:
        return ContextList((), error.sentence, error.hint)
    if not config.contexts:
        return ContextList((), "There is no kubeconfig with a context in it.", "")
    return ContextList(
        tuple(
            ContextItem(
                entry.name,
                entry.cluster,
                entry.namespace,
                entry.user,
                config.clusters.get(entry.cluster, ClusterEntry()).server,
                entry.name == config.current,
            )
            for entry in config.contexts.values()
        )
    )
