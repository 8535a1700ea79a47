"""What can go wrong on the way to the flows; each says which step failed and what would mend it."""

from __future__ import annotations

from pointsman.tui.sources.errors import KubeError


class HubbleError(KubeError):
    """Base. ``step`` is find, reach, tls or stream."""

    step = "stream"
    final = False
    """Trying again will not help."""


class NoRelayError(HubbleError):
    """There is no Relay in the cluster, or none that may be seen."""

    step = "find"


class RelayDownError(HubbleError):
    """There is one, and none of its pods is ready."""

    step = "find"


class ReachError(HubbleError):
    """The port-forward or the address does not lead there."""

    step = "reach"


class RelayTlsError(HubbleError):
    """Plaintext where TLS is expected or the other way round, a certificate, a name."""

    step = "tls"


class RefusedError(HubbleError):
    """Relay does not accept the request (a filter, a method)."""

    final = True


class MaskError(HubbleError):
    """Relay does not know a field of the mask."""


class BrokenError(HubbleError):
    """The stream broke off."""
