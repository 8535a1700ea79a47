"""What can be wrong with an answer of Traefik's API, each with its sentence and hint, as KubeErrors are."""

from __future__ import annotations

from pointsman.tui.sources.errors import KubeError
from pointsman.tui.store.snapshot import State


class TraefikError(KubeError):
    """Base: the API gave no usable answer. ``state`` is what the link is then."""

    state = State.DOWN


class NotExposedError(TraefikError):
    """404: something answers there, but not the API."""

    state = State.ABSENT


class LockedError(TraefikError):
    """401 or 403: it asks who we are."""

    state = State.FORBIDDEN


class NotTraefikError(TraefikError):
    """A web page, a redirect, or anything else that is no answer of this API."""


class SilentError(TraefikError):
    """No connection, or no answer in time."""
