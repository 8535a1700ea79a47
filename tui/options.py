"""What the command line asked for, before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass

DEMO_VARIANTS = ("classic", "cilium", "broken")


@dataclass(frozen=True, slots=True)
class Options:
    """The common options; they stand before or after the verb. Empty means: not given, the default applies."""

    context: str = ""
    kubeconfig: str = ""
    namespace: str = ""
    manifests: tuple[str, ...] = ()
    """Files, folders or ``-`` to read in place of a cluster."""
    demo: str = ""
    """A variant of the demo homelab to start and connect to."""
    read_only: bool = False
    output: str = ""
    no_color: bool = False
    ascii: bool = False
    slow_link: bool = False
    theme: str = ""
    no_mouse: bool = False
    target: str = ""
    """An address, URL or name to open the app at."""
