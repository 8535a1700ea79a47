"""Where a request goes: the server's address, a proxy on the way, and a socket that notices when the far end is gone."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Any

from yarl import URL

from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.sources.targets import Target


def server_url(target: Target) -> URL:
    """The base address. Without a scheme it is https if anything about TLS is configured, as in client-go."""
    text = target.cluster.server
    if "://" not in text:
        secure = target.cluster.ca or target.cluster.insecure or target.user.certificate
        text = f"{'https' if secure else 'http'}://{text}"
    try:
        url = URL(text.rstrip("/") if text.count("/") > 2 else text)
        usable = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f'The server "{target.cluster.server}" of cluster "{target.cluster.name}" is not an address.',
            "It should look like https://192.168.1.10:6443.",
        )
    return url.with_user(None)


def proxy_for(target: Target, url: URL, environ: Mapping[str, str] = os.environ) -> URL | None:
    """The proxy: the kubeconfig's, else that of the environment by Go's rules (none for loopback; NO_PROXY takes CIDRs).

    Raises ConfigError for a kind of proxy that is not supported.
    """
    text = target.cluster.proxy_url
    if not text:
        text = _environment_proxy(url, environ)
        if not text:
            return None
    if "://" not in text:
        text = f"http://{text}"
    try:
        proxy = URL(text)
    except ValueError:
        raise ConfigError("The proxy address is not a URL.", "Check proxy-url and HTTPS_PROXY.") from None
    if proxy.scheme not in ("http", "https"):
        raise ConfigError(
            f"The cluster is behind a {proxy.scheme} proxy, which Pointsman does not speak (http and https only).",
            "Use ssh -L 6443:host:6443 or an HTTP proxy in its place.",
        )
    return proxy


def _environment_proxy(url: URL, environ: Mapping[str, str]) -> str:
    def variable(name: str) -> str:
        return environ.get(name, "") or environ.get(name.lower(), "")

    text = variable("HTTPS_PROXY") if url.scheme == "https" else variable("HTTP_PROXY")
    host = (url.host or "").lower()
    if not text or host == "localhost":
        return ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        return ""
    for raw in variable("NO_PROXY").split(","):
        item = raw.strip().lower()
        if item == "*":
            return ""
        if not item:
            continue
        name, _, port = item.rpartition(":") if item.count(":") == 1 else (item, "", "")
        if port and port != str(url.port):
            continue
        name = name or item
        if address is not None:
            try:
                if address in ipaddress.ip_network(name, strict=False):
                    return ""
            except (ValueError, TypeError):
                pass
        suffix = name.removeprefix("*").lstrip(".")
        if (host == suffix and not name.startswith(".")) or host.endswith("." + suffix):
            return ""
    return text


def keep_alive(info: Any) -> socket.socket:
    """A socket on which the kernel notices a dead peer within a minute, so that a silent watch needs no polling."""
    made = socket.socket(info[0], info[1], info[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 50_000)):
        option = getattr(socket, name, None)
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
