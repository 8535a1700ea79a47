"""One real request, to one address, on somebody's explicit wish: what answers there, with which certificate.

Only methods that change nothing are sent, redirects are not followed, and of the body only the beginning is read.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from typing import Final

import httpx

from pointsman.tui import __version__
from pointsman.tui.answers.routes.check import Answered
from pointsman.tui.answers.routes.request import Request
from pointsman.tui.model.core import Certificate
from pointsman.tui.model.flows import mask_url
from pointsman.tui.model.secrets import certificate

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
BODY_START: Final = 512


def refusal(request: Request, address: str, *, demo: bool) -> str:
    """Why this request is not sent, as a sentence; empty if it may be."""
    if request.scheme == "udp":
        return "A UDP request is not sent: silence would tell nothing."
    if request.http and request.method not in SAFE_METHODS:
        return f"A {request.method} request is not sent: it may change something. GET, HEAD and OPTIONS are."
    if not address:
        return "The name does not resolve from here; --resolve names an address to ask."
    if demo and not ipaddress.ip_address(address).is_loopback:
        return f"The demo homelab's address {address} is on no network of this machine."
    return ""


def send(request: Request, address: str, seconds: float = 5.0) -> Answered:
    """Send it once. Raises nothing that the network does: ``problem`` says it."""
    begins = time.monotonic()
    try:
        found = _http(request, address, seconds) if request.http else _stream(request, address, seconds)
    except (TimeoutError, httpx.TimeoutException):
        return Answered(address, problem=f"no answer within {seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Answered(address, problem=f"no answer: {_reason(error)}")
    return _timed(found, time.monotonic() - begins)


def _timed(found: Answered, seconds: float) -> Answered:
    from dataclasses import replace

    return replace(found, seconds=seconds)


def _http(request: Request, address: str, seconds: float) -> Answered:
    try:
        return _exchange(request, address, seconds, ssl.create_default_context(), "")
    except httpx.ConnectError as error:
        if request.scheme != "https" or "certificate" not in str(error).lower():
            raise
        # What is there is asked all the same: that it is not trusted here is one of the answers.
        return _exchange(request, address, seconds, _unchecked(), _reason(error))


def _exchange(request: Request, address: str, seconds: float, trust: ssl.SSLContext, distrust: str) -> Answered:
    place = f"[{address}]" if ":" in address else address
    usual = request.port == {"http": 80, "https": 443}[request.scheme]
    headers = {"Host": request.host if usual else f"{request.host}:{request.port}", "User-Agent": f"pointsman/{__version__}",
               "Accept": "*/*"}  # fmt: skip
    query = f"?{request.query}" if request.query else ""
    url = httpx.URL(f"{request.scheme}://{place}:{request.port}{request.path}{query}")
    extensions = {"sni_hostname": request.sni} if request.sni else {}
    with (
        httpx.Client(transport=httpx.HTTPTransport(verify=trust), timeout=seconds, trust_env=False) as client,
        client.stream(
            request.method,
            url,
            headers=[*headers.items(), *request.headers],
            extensions=extensions,
            follow_redirects=False,
        ) as response,
    ):
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        start = b""
        with contextlib.suppress(httpx.HTTPError):
            for chunk in response.iter_raw():
                start += chunk
                if len(start) >= BODY_START:
                    break
        return Answered(
            address,
            response.status_code,
            mask_url(response.headers.get("Location", ""))[:2000],
            start[:BODY_START].decode("utf-8", "replace"),
            _held(tls.getpeercert(True)) if tls is not None else None,
            None if tls is None else not distrust,
            distrust,
        )


def _stream(request: Request, address: str, seconds: float) -> Answered:
    with socket.create_connection((address, request.port), timeout=seconds) as plug:
        if request.sni is None:
            return Answered(address)
        with _unchecked().wrap_socket(plug, server_hostname=request.sni or None) as tls:
            return Answered(address, certificate=_held(tls.getpeercert(True)))


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _held(der: bytes | None) -> Certificate | None:
    if not der:
        return None
    import msgspec

    return msgspec.convert(certificate(ssl.DER_cert_to_PEM_cert(der).encode()), Certificate)


def _reason(error: BaseException) -> str:
    text = mask_url(str(error)).strip().rstrip(".")
    return text if text and len(text) < 200 else type(error).__name__
