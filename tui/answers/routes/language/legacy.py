"""The matchers of the v2 form, which a router asks for with ``syntax: v2``: several values in one matcher, ``Headers`` with
an s, ``Query(`a=b`)``, and templates with ``{name:expression}`` in hosts, paths and queries."""

from __future__ import annotations

import re
from collections.abc import Callable

from pointsman.tui.answers.routes.language.matchers import (
    HttpTest,
    TcpTest,
    Values,
    alpn,
    ascii_only,
    client_ip,
    tcp_client_ip,
)
from pointsman.tui.answers.routes.language.parse import RuleError
from pointsman.tui.answers.routes.language.regex import Pattern, compiled, quoted
from pointsman.tui.answers.routes.language.requests import canonical

SNI_OR_IP = re.compile(r"[0-9A-Za-z_.\-:]+")


def template(text: str, default: str, *, prefix: bool = False, ignore_case: bool = False) -> Pattern:
    """``{name}`` is ``default``, ``{name:expression}`` the expression, all else stands for itself. Raises RuleError."""
    parts: list[str] = []
    level = start = end = 0
    for at, sign in enumerate(text):
        if sign == "{":
            level += 1
            if level == 1:
                start = at
        elif sign == "}":
            level -= 1
            if level < 0:
                break
            if level == 0:
                name, colon, pattern = text[start + 1 : at].partition(":")
                if not name or (colon and not pattern):
                    raise RuleError(f"missing name or expression in {text[start : at + 1]!r}")
                expression = pattern if colon else default
                if ignore_case and colon:
                    compiled(f"^{expression}$")
                parts += [quoted(text[end:start]), f"({expression})"]
                end = at + 1
    if level:
        raise RuleError(f"unbalanced braces in {text!r}")
    head = "(?i)^" if ignore_case else "^"
    return compiled(head + "".join(parts) + quoted(text[end:]) + ("" if prefix else "$"))


def host(values: Values) -> HttpTest:
    for value in values:
        ascii_only(value, "Host")
    wanted = {value.lower() for value in values}
    wanted |= {value[:-1] for value in wanted if value.endswith(".")}
    return lambda asked: bool(asked.host) and (asked.host in wanted or asked.host.removesuffix(".") in wanted)


def host_regexp(values: Values) -> HttpTest:
    for value in values:
        ascii_only(value, "HostRegexp")
    patterns = [template(value, "[^.]+", ignore_case=True) for value in values]
    return lambda asked: any(pattern.search(asked.host) for pattern in patterns)


def _paths(values: Values, *, prefix: bool) -> HttpTest:
    for value in values:
        if not value.startswith("/"):
            raise RuleError(f"path must start with a slash, got {value!r}")
    patterns = [template(value, "[^/]+", prefix=prefix) for value in values]
    return lambda asked: any(pattern.search(asked.path) for pattern in patterns)


def path(values: Values) -> HttpTest:
    return _paths(values, prefix=False)


def path_prefix(values: Values) -> HttpTest:
    return _paths(values, prefix=True)


def method(values: Values) -> HttpTest:
    wanted = {value.upper() for value in values}
    return lambda asked: asked.method in wanted


def _pairs(values: Values) -> list[tuple[str, str]]:
    if len(values) % 2:
        raise RuleError(f"number of parameters must be multiple of 2, got {len(values)}")
    return [(canonical(values[at]), values[at + 1]) for at in range(0, len(values), 2)]


def headers(values: Values) -> HttpTest:
    wanted = _pairs(values)
    return lambda asked: all(
        name in asked.headers and (not value or value in asked.headers[name]) for name, value in wanted
    )


def headers_regexp(values: Values) -> HttpTest:
    wanted = [(name, compiled(value)) for name, value in _pairs(values)]
    return lambda asked: all(
        any(pattern.search(value) for value in asked.headers.get(name, ())) for name, pattern in wanted
    )


def query(values: Values) -> HttpTest:
    """``a=b``; each must be there, and of a key given several times only the first value counts."""
    pieces = [piece for value in values for piece in value.split("=", 1)]
    if len(pieces) % 2:
        raise RuleError(f"number of parameters must be multiple of 2, got {len(pieces)}")
    wanted = []
    for at in range(0, len(pieces), 2):
        key, value = pieces[at], pieces[at + 1]
        text = f"{key}={value}"
        wanted.append((key, template(text, ".*", prefix=not value)))
    return lambda asked: all(
        bool(asked.query.get(key)) and pattern.search(f"{key}={asked.query[key][0]}") is not None
        for key, pattern in wanted
    )


def host_sni(values: Values) -> TcpTest:
    for value in values:
        if value != "*" and not SNI_OR_IP.fullmatch(value):
            raise RuleError(f"invalid value for HostSNI, {value!r} is not a valid hostname or IP")
    if "*" in values[:1]:
        return lambda _connection: True
    wanted = {value.lower() for value in values}
    wanted |= {value.removesuffix(".") for value in wanted}
    return lambda connection: bool(connection.sni) and ("*" in wanted or connection.sni in wanted)


def host_sni_regexp(values: Values) -> TcpTest:
    patterns = [template(value, "[^.]+", ignore_case=True) for value in values]
    return lambda connection: any(pattern.search(connection.sni) for pattern in patterns)


HTTP: dict[str, tuple[tuple[int, ...], Callable[[Values], HttpTest]]] = {
    "Host": ((), host),
    "HostHeader": ((), host),
    "HostRegexp": ((), host_regexp),
    "Path": ((), path),
    "PathPrefix": ((), path_prefix),
    "Method": ((), method),
    "Headers": ((), headers),
    "HeadersRegexp": ((), headers_regexp),
    "Query": ((), query),
    "ClientIP": ((), client_ip),
}
TCP: dict[str, tuple[tuple[int, ...], Callable[[Values], TcpTest]]] = {
    "HostSNI": ((), host_sni),
    "HostSNIRegexp": ((), host_sni_regexp),
    "ClientIP": ((), tcp_client_ip),
    "ALPN": ((), alpn),
}
