"""What can go wrong between here and an API server, each with one sentence for people and a hint that would mend it.

::

    KubeError
    ├── ConfigError            kubeconfig: missing, unparsable, context or user not there, credential plugin failed
    ├── ReadOnlyError          refused here, nothing was sent
    ├── ConnectError           no usable answer
    │   ├── UnreachableError   refused, unknown host, no route, connection lost
    │   ├── TimedOutError      nothing came in time
    │   ├── TlsError           the certificate or the handshake
    │   └── NotKubernetesError something answered that is no Kubernetes API (a proxy's HTML page)
    └── StatusError            the API server said no; ``code``, ``reason``, ``message`` are its own
        ├── AuthError          401: it does not know who we are
        ├── ForbiddenError     403: it knows, and does not allow it
        ├── NotFoundError      404
        ├── ConflictError      409: changed meanwhile, already there, or fields of another manager
        ├── ExpiredError       410: the resource version is too old, list again
        ├── InvalidError       400, 415 or 422: the object or the request is not acceptable
        ├── ThrottledError     429; ``retry_after`` in seconds, None if it did not say
        └── ServerError        5xx; ``retry_after`` as above

``str(error)`` is the sentence. Neither sentence nor hint holds a credential.
"""

from __future__ import annotations


class KubeError(Exception):
    """Base. ``sentence`` says what is wrong, ``hint`` (may be empty) what would mend it."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class ConfigError(KubeError):
    """The kubeconfig or its credential plugin; found before anything is sent."""


class ReadOnlyError(KubeError):
    """A write in read-only mode; nothing was sent."""


class ConnectError(KubeError):
    """No usable answer came from the address."""


class UnreachableError(ConnectError):
    """Refused, unknown host, no route, or the connection broke."""


class TimedOutError(ConnectError):
    """The server took the connection or not, but no answer came in time."""


class TlsError(ConnectError):
    """The certificate or the handshake."""


class NotKubernetesError(ConnectError):
    """Something answered that is no Kubernetes API."""


class StatusError(KubeError):
    """The API server's own refusal."""

    def __init__(
        self,
        sentence: str,
        hint: str = "",
        *,
        code: int,
        reason: str = "",
        message: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, hint)
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after = retry_after


class AuthError(StatusError):
    """401."""


class ForbiddenError(StatusError):
    """403. ``verb``, ``resource`` and ``namespace`` are what was asked for."""

    verb: str = ""
    resource: str = ""
    namespace: str = ""


class NotFoundError(StatusError):
    """404."""


class ConflictError(StatusError):
    """409."""


class ExpiredError(StatusError):
    """410."""


class InvalidError(StatusError):
    """400, 415, 422."""


class ThrottledError(StatusError):
    """429."""


class ServerError(StatusError):
    """5xx."""
