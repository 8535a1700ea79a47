"""Turns what a library raised, or what came back, into one error of :mod:`pointsman.tui.sources.errors`."""

from __future__ import annotations

import errno
import re
import socket
import ssl

import aiohttp

from pointsman.tui.model.decode import decode_status
from pointsman.tui.sources import errors

# OpenSSL's X509_V_ERR_* codes (x509_vfy.h), which Python passes on as verify_code.
_EXPIRED = 10
_NOT_YET = 9
_UNTRUSTED = (2, 18, 19, 20, 21, 24, 27, 79)
_WRONG_NAME = (62, 63, 64)


def from_exception(error: BaseException, server: str) -> errors.KubeError:
    """The error for an exception of aiohttp, ssl or the socket layer. ``server`` is what the user calls it."""
    if isinstance(error, errors.KubeError):
        return error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _certificate(error.certificate_error, server)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return errors.UnreachableError(
            f"The proxy for {server} cannot be reached: {_reason(error.os_error)}.",
            "Check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return errors.UnreachableError(
            f"The proxy refused to connect to {server}: it answered {error.status}.",
            "Check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _dns(server)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _tls(error.os_error, server)
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return errors.TimedOutError(
            f"{server} does not answer in time.",
            "Is the node up, and is it really the API server that listens there?",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return _socket(error.os_error, server)
    if isinstance(error, aiohttp.InvalidURL):
        return errors.ConfigError(f'"{server}" is not the address of a server.', "Check server in the kubeconfig.")
    if isinstance(error, aiohttp.ClientResponseError):
        return errors.NotKubernetesError(
            f"What listens at {server} does not speak HTTP as an API server does.",
            "Check the address and port of server in the kubeconfig.",
        )
    if isinstance(error, ssl.SSLError):
        return _tls(error, server)
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        return errors.UnreachableError(f"{server} closed the connection.", "It may be restarting.")
    if isinstance(error, OSError):
        return _socket(error, server)
    return errors.UnreachableError(f"The connection to {server} failed: {type(error).__name__}.")


def _certificate(error: Exception, server: str) -> errors.TlsError:
    code = getattr(error, "verify_code", 0)
    message = str(getattr(error, "verify_message", "") or error)
    if code == _EXPIRED:
        return errors.TlsError(
            f"The certificate of {server} has expired.",
            "Renew it on the control plane (k3s: restart the service; kubeadm: kubeadm certs renew all); check both clocks.",
        )
    if code == _NOT_YET:
        return errors.TlsError(f"The certificate of {server} is not valid yet.", "Check the clocks of both machines.")
    if code in _WRONG_NAME or (isinstance(error, ssl.CertificateError) and "match" in message):
        return errors.TlsError(
            f"The certificate of {server} is for another name: {message.rstrip('.')}.",
            "Use a name or address that is in the certificate, set tls-server-name in the kubeconfig, or add the name to "
            "the certificate (k3s: --tls-san).",
        )
    if code in _UNTRUSTED:
        return errors.TlsError(
            f"The certificate of {server} is signed by an authority that the kubeconfig does not know.",
            "The kubeconfig may be of another or a reinstalled cluster: copy it again from the control plane.",
        )
    return errors.TlsError(f"The certificate of {server} is not accepted: {message.rstrip('.')}.")


def _tls(error: BaseException, server: str) -> errors.ConnectError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, server)
    reason = str(getattr(error, "reason", "") or error).upper().replace(" ", "_")
    if any(word in reason for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER", "PACKET_LENGTH", "HTTP_REQUEST")):
        return errors.TlsError(
            f"What listens at {server} does not speak TLS.",
            "Check the port of server in the kubeconfig (most API servers: 6443), or whether it should be http://.",
        )
    if "CERTIFICATE_EXPIRED" in reason:
        return errors.TlsError(f"{server} says that our client certificate has expired.", "Get a new kubeconfig.")
    if "CERTIFICATE" in reason or "UNKNOWN_CA" in reason:
        return errors.TlsError(f"{server} does not accept our client certificate.", "Get a new kubeconfig.")
    if "EOF" in reason or "SHUTDOWN" in reason:
        return errors.UnreachableError(
            f"{server} closed the connection during the TLS handshake.", "It may be starting."
        )
    return errors.TlsError(f"The TLS handshake with {server} failed: {reason.lower().replace('_', ' ')}.")


def _dns(server: str) -> errors.UnreachableError:
    return errors.UnreachableError(
        f"The host name of {server} is not known.",
        "Check server in the kubeconfig, and the DNS of this machine.",
    )


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    names = {
        errno.ECONNREFUSED: "connection refused",
        errno.EHOSTUNREACH: "no route to the host",
        errno.ENETUNREACH: "the network is unreachable",
        errno.ETIMEDOUT: "no answer",
        errno.ECONNRESET: "connection reset",
        errno.EPIPE: "connection closed",
    }
    return names.get(number or 0) or str(getattr(error, "strerror", None) or type(error).__name__)


def _socket(error: BaseException, server: str) -> errors.ConnectError:
    if isinstance(error, socket.gaierror):
        return _dns(server)
    if isinstance(error, ssl.SSLError):
        return _tls(error, server)
    number = getattr(error, "errno", None)
    # Happy eyeballs reports several addresses as one error without a number.
    if number is None and "Multiple exceptions" in str(error) and "111" in str(error):
        number = errno.ECONNREFUSED
    if number == errno.ECONNREFUSED:
        return errors.UnreachableError(
            f"{server} refuses the connection: nothing listens there.",
            "Is the control plane running (k3s: systemctl status k3s), and is the port right?",
        )
    if number == errno.ETIMEDOUT:
        return errors.TimedOutError(f"{server} does not answer.", "Is the node up and this machine on its network?")
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return errors.UnreachableError(
            f"{server} cannot be reached: {_reason(error)}.", "Is the node up and this machine on its network?"
        )
    if number in (errno.ECONNRESET, errno.EPIPE):
        return errors.UnreachableError(f"{server} broke off the connection.", "It may be restarting.")
    return errors.UnreachableError(f"The connection to {server} failed: {_reason(error)}.")


_CLASSES: dict[int, type[errors.StatusError]] = {
    400: errors.InvalidError,
    401: errors.AuthError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    410: errors.ExpiredError,
    415: errors.InvalidError,
    422: errors.InvalidError,
    429: errors.ThrottledError,
}


def looks_like_html(body: bytes, content_type: str = "") -> bool:
    return "text/html" in content_type.lower() or body[:200].lstrip()[:1] == b"<"


def not_kubernetes(server: str, body: bytes, content_type: str = "") -> errors.NotKubernetesError:
    """The error for an answer that no API server would give."""
    if b"HTTP request to an HTTPS server" in body[:300]:
        return errors.NotKubernetesError(
            f"{server} wants TLS, but the address begins with http://.", "Write https:// in the kubeconfig's server."
        )
    if looks_like_html(body, content_type):
        title = re.search(rb"<title[^>]*>([^<]{1,80})", body[:4000], re.IGNORECASE)
        name = f' ("{title.group(1).decode("utf-8", "replace").strip()}")' if title else ""
        return errors.NotKubernetesError(
            f"{server} answers with a web page{name}, not as a Kubernetes API.",
            "Check address and port in the kubeconfig; a proxy, a login page or a hotspot may answer in its place.",
        )
    return errors.NotKubernetesError(
        f"{server} answers, but not as a Kubernetes API.", "Check address and port of server in the kubeconfig."
    )


def from_status(
    code: int,
    body: bytes,
    server: str,
    *,
    content_type: str = "",
    retry_after: str = "",
    what: str = "",
    user: str = "",
) -> errors.KubeError:
    """The error for an HTTP status of 300 or more. ``what`` is the request in words (``list pods``)."""
    if 300 <= code < 400:
        return errors.NotKubernetesError(
            f"{server} sends us elsewhere (HTTP {code}); an API server never does.",
            "A login page or a hotspot may answer in its place; check server in the kubeconfig.",
        )
    status = decode_status(body)
    message = status.message if status else ""
    reason = status.reason if status else ""
    known = status is not None and bool(status.code or status.reason or status.message)
    if not known and (code not in (401, 429) and code < 500):
        if looks_like_html(body, content_type) or b"HTTP request to an HTTPS server" in body[:300]:
            return not_kubernetes(server, body, content_type)
        message = body[:200].decode("utf-8", "replace").strip()
    pause: float | None = None
    if retry_after.strip().isdigit():
        pause = float(retry_after)
    cls = _CLASSES.get(code) or (errors.ServerError if code >= 500 else errors.StatusError)
    asked = f" ({what})" if what else ""
    who = f' "{user}"' if user else ""
    match code:
        case 401:
            sentence = f"{server} does not accept the credentials of user{who}."
            hint = "They may have expired or belong to another cluster: get a new kubeconfig or sign in again."
        case 403:
            sentence = message or f"{server} does not allow this{asked}."
            hint = "Ask for a role that allows it."
        case 410:
            sentence, hint = f"The list is out of date{asked}.", "It is read again."
        case 429:
            sentence, hint = f"{server} asks us to slow down{asked}.", ""
        case _ if code >= 500:
            said = message if known else f"HTTP {code}"
            sentence, hint = f"{server} has a problem{asked}: {said}.".replace("..", "."), "It may be starting."
        case _:
            sentence, hint = message or f"{server} answered HTTP {code}{asked}.", ""
    return cls(sentence, hint, code=code, reason=reason, message=message, retry_after=pause)
