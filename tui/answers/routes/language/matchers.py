"""The matchers of v3: one function each, from arguments to a test. Which requests they match was checked against Traefik
3.7 request by request."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

from pointsman.tui.answers.ranges import Address, parse_ip
from pointsman.tui.answers.routes.language.parse import RuleError
from pointsman.tui.answers.routes.language.regex import compiled
from pointsman.tui.answers.routes.language.requests import Asked, Connection, canonical

HttpTest = Callable[[Asked], bool]
TcpTest = Callable[[Connection], bool]
Values = Sequence[str]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_OR_IP = re.compile(r"(\*\.)?[0-9A-Za-z_.\-:]+")
ACME = "acme-tls/1"


class ClientUnknownError(Exception):
    """A rule asks for the client's address, and it is not known."""


def ascii_only(value: str, matcher: str) -> None:
    if not value.isascii():
        raise RuleError(f"invalid value {value!r} for {matcher}, non-ASCII characters are not allowed")


def network(text: str) -> Network:
    """An address or a CIDR, host bits ignored. Raises RuleError."""
    try:
        if "/" not in text:
            found = ipaddress.ip_address(text)
            return ipaddress.ip_network(found)
        if not re.fullmatch(r"[0-9A-Fa-f.:]+/[0-9]{1,3}", text):
            raise ValueError
        net = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise RuleError(f"{text!r} is neither an address nor a CIDR") from None
    return net


def inside(client: Address | None, networks: Sequence[Network]) -> bool:
    if client is None:
        raise ClientUnknownError
    return any(client.version == net.version and client in net for net in networks) or any(
        isinstance(net, ipaddress.IPv6Network)
        and net.network_address.ipv4_mapped is not None
        and parse_ip(str(net.network_address.ipv4_mapped)) == client
        for net in networks
    )


def is_host(name: str, wanted: str) -> bool:
    """A name and an expression, both in lower case; ``*.`` stands for one label."""
    if wanted.startswith("*"):
        _, dot, rest = name.partition(".")
        return f"*{dot}{rest}" == wanted
    return name == wanted


def host(values: Values) -> HttpTest:
    wanted = values[0]
    if wanted == "*":
        return lambda _asked: True
    ascii_only(wanted, "Host")
    wanted = wanted.lower()
    if wanted.startswith("*") or wanted.endswith("."):
        forms = {wanted, wanted.removesuffix(".")}
        return lambda asked: (
            bool(asked.host)
            and any(is_host(asked.host, one) or is_host(asked.host.removesuffix("."), one) for one in forms)
        )
    return lambda asked: asked.host == wanted or asked.host == f"{wanted}."


def host_regexp(values: Values) -> HttpTest:
    ascii_only(values[0], "HostRegexp")
    pattern = compiled(values[0])
    if pattern.search(""):
        # Traefik also tries the flattened name, which is empty unless CNAME flattening is on.
        return lambda _asked: True
    return lambda asked: pattern.search(asked.host) is not None


def rooted(value: str) -> str:
    if not value.startswith("/"):
        raise RuleError(f"path {value!r} does not start with a '/'")
    return value


def path(values: Values) -> HttpTest:
    wanted = rooted(values[0])
    return lambda asked: asked.path == wanted


def path_prefix(values: Values) -> HttpTest:
    wanted = rooted(values[0])
    return lambda asked: asked.path.startswith(wanted)


def path_regexp(values: Values) -> HttpTest:
    pattern = compiled(values[0])
    return lambda asked: pattern.search(asked.path) is not None


def method(values: Values) -> HttpTest:
    wanted = values[0].upper()
    return lambda asked: asked.method == wanted


def header(values: Values) -> HttpTest:
    name, value = canonical(values[0]), values[1]
    return lambda asked: value in asked.headers.get(name, ())


def header_regexp(values: Values) -> HttpTest:
    name, pattern = canonical(values[0]), compiled(values[1])
    return lambda asked: any(pattern.search(value) for value in asked.headers.get(name, ()))


def query(values: Values) -> HttpTest:
    name, value = values[0], values[1] if len(values) == 2 else ""
    return lambda asked: value in asked.query.get(name, ())


def query_regexp(values: Values) -> HttpTest:
    if len(values) == 1:
        return query(values)
    name, pattern = values[0], compiled(values[1])
    return lambda asked: any(pattern.search(value) for value in asked.query.get(name, ()))


def client_ip(values: Values) -> HttpTest:
    networks = [network(value) for value in values]
    return lambda asked: inside(asked.client, networks)


def host_sni(values: Values) -> TcpTest:
    wanted = values[0]
    if wanted == "*":
        return lambda _connection: True
    if not HOST_OR_IP.fullmatch(wanted):
        raise RuleError(f"invalid value for HostSNI, {wanted!r} is not a valid hostname")
    wanted = wanted.lower().removesuffix(".")
    return lambda connection: bool(connection.sni) and is_host(connection.sni, wanted)


def host_sni_regexp(values: Values) -> TcpTest:
    ascii_only(values[0], "HostSNIRegexp")
    pattern = compiled(values[0])
    return lambda connection: pattern.search(connection.sni) is not None


def tcp_client_ip(values: Values) -> TcpTest:
    networks = [network(value) for value in values]
    return lambda connection: inside(connection.client, networks)


def alpn(values: Values) -> TcpTest:
    if ACME in values:
        raise RuleError(f"{ACME} is not allowed for ALPN")
    wanted = frozenset(values)
    return lambda connection: not wanted.isdisjoint(connection.alpn)


# name: (how many arguments, function)
HTTP: dict[str, tuple[tuple[int, ...], Callable[[Values], HttpTest]]] = {
    "Host": ((1,), host),
    "HostRegexp": ((1,), host_regexp),
    "Path": ((1,), path),
    "PathPrefix": ((1,), path_prefix),
    "PathRegexp": ((1,), path_regexp),
    "Method": ((1,), method),
    "Header": ((2,), header),
    "HeaderRegexp": ((2,), header_regexp),
    "Query": ((1, 2), query),
    "QueryRegexp": ((1, 2), query_regexp),
    "ClientIP": ((1,), client_ip),
}
TCP: dict[str, tuple[tuple[int, ...], Callable[[Values], TcpTest]]] = {
    "HostSNI": ((1,), host_sni),
    "HostSNIRegexp": ((1,), host_sni_regexp),
    "ClientIP": ((1,), tcp_client_ip),
    "ALPN": ((1,), alpn),
}
