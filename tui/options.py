"""What the command line asked for, before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass

DEMO_VARIANTS = ("classic", "cilium", "broken")


@dataclass(frozen=True, slots=True)
class HubbleOptions:
    """``server`` is ``host:port``, ``tls://host:port`` or ``unix:/path``; empty means the cluster's Relay, by port-forward.

    ``tls`` None: as the address or the Relay's configuration says.
    """

    server: str = ""
    tls: bool | None = None
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class TraefikOptions:
    """``url`` is where Traefik's API is; empty: found by the objects, and reached by port-forward. ``auth_file`` holds
    ``user:password`` or a bearer token for it, ``ca_file`` its CA."""

    url: str = ""
    ca_file: str = ""
    auth_file: str = ""


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
    replay: str = ""
    """A file of recorded flows to show in place of live ones."""
    target: str = ""
    """An address, URL or name to open the app at."""
    hubble: HubbleOptions = HubbleOptions()
    """How Hubble is reached; what is not given here the settings file may say."""
    traefik: TraefikOptions = TraefikOptions()
    """How Traefik's API is reached, likewise."""
