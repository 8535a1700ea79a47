"""What a middleware would do to one request. One function for each kind of middleware, one line each in :data:`EFFECTS`; a
kind that is not there is named and passed over as unknown, never guessed at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pointsman.tui.answers.routes.language import Asked, RuleError
from pointsman.tui.answers.routes.language.matchers import network
from pointsman.tui.answers.routes.language.regex import compiled
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import MIDDLEWARES, MIDDLEWARETCPS
from pointsman.tui.model.meta import dig, dig_dict, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

DEPTH = 8
OK, BROKEN, UNKNOWN = "ok", "broken", "unknown"


@dataclass(frozen=True, slots=True)
class Passing:
    """A request on its way: ``url`` is what redirects are made of, ``asked.path`` what the service will see.

    ``answered`` is the proxy's own answer once a middleware gives one: its code, and where it sends to.
    """

    scheme: str
    host: str
    port: int
    asked: Asked
    answered: tuple[int, str] | None = None

    @property
    def target(self) -> str:
        return self.asked.path + (f"?{self.asked.raw_query}" if self.asked.raw_query else "")

    @property
    def url(self) -> str:
        default = {"http": 80, "https": 443}.get(self.scheme)
        return f"{self.scheme}://{self.host}{'' if self.port == default else f':{self.port}'}{self.target}"


@dataclass(frozen=True, slots=True)
class Effect:
    """``state`` is ok, broken or unknown; ``answers`` says that the request ends here with an answer of the proxy."""

    name: str
    kind: str
    text: str
    state: str = OK
    passing: Passing | None = None
    answers: bool = False


Said = tuple[str, str, Passing, bool]
"""Text, state, the request after it, whether it ends here."""
Doing = Callable[[dict[str, Any], Passing], Said]


def effects(snapshot: Snapshot, namespace: str, name: str, passing: Passing, *, tcp: bool = False) -> list[Effect]:
    """A Middleware, a chain taken apart into its members; the last effect holds the request as it goes on."""
    return _walk(snapshot, namespace, name, passing, tcp, ())


def _walk(
    snapshot: Snapshot, namespace: str, name: str, passing: Passing, tcp: bool, above: tuple[str, ...]
) -> list[Effect]:
    path = f"{namespace}/{name}"
    obj = snapshot.get(MIDDLEWARETCPS if tcp else MIDDLEWARES, namespace, name)
    if obj is None:
        known = snapshot.known(MIDDLEWARES)
        text = "does not exist" if known else "middlewares cannot be read"
        return [Effect(path, "", text, BROKEN if known else UNKNOWN, passing)]
    spec = obj.body.spec
    kinds = sorted(spec)
    if len(kinds) != 1:
        text = f"must have exactly one kind, and has {listed(kinds) or 'none'}: Traefik refuses it"
        return [Effect(path, "", text, BROKEN, passing)]
    kind = kinds[0]
    if kind == "chain":
        if path in above or len(above) >= DEPTH:
            return [Effect(path, kind, "leads to itself: Traefik refuses it", BROKEN, passing)]
        found: list[Effect] = []
        for item in dig_list(spec, "chain", "middlewares"):
            where = dig_str(item, "namespace") or namespace
            if "@" in dig_str(item, "name"):
                found.append(Effect(dig_str(item, "name"), "", "is of a provider that cannot be seen from here", UNKNOWN,
                                    passing))  # fmt: skip
                continue
            found += _walk(snapshot, where, dig_str(item, "name"), passing, tcp, (*above, path))
            passing = found[-1].passing or passing
            if found[-1].answers:
                break
        return found or [Effect(path, kind, "an empty chain does nothing", OK, passing)]
    return [one(path, kind, dig_dict(spec, kind), passing)]


def one(name: str, kind: str, body: dict[str, Any], passing: Passing) -> Effect:
    """One middleware of one kind."""
    doing = EFFECTS.get(kind)
    if doing is None:
        return Effect(name, kind, f"{kind}: what it does is not known here", UNKNOWN, passing)
    try:
        text, state, after, ends = doing(body, passing)
    except RuleError as error:
        return Effect(name, kind, f"{kind}: {error}; Traefik refuses it", BROKEN, passing)
    return Effect(name, kind, f"{kind}: {text}", state, after, ends)


def _redirect_scheme(body: dict[str, Any], passing: Passing) -> Said:
    scheme, port = dig_str(body, "scheme", default="https"), dig_str(body, "port")
    default = {"http": "80", "https": "443"}.get(scheme, "")
    wanted = port or default
    if passing.scheme == scheme and (not port or port == str(passing.port)):
        return f"nothing to do, the request is {scheme} already", OK, passing, False
    number = int(wanted) if wanted.isdigit() else passing.port
    after = replace(passing, scheme=scheme, port=number)
    code = _code(dig(body, "permanent") is True, passing.asked.method)
    return f"answers {code}: go to {after.url}", OK, replace(after, answered=(code, after.url)), True


def _code(permanent: bool, method: str) -> int:
    """Traefik keeps the method of anything but GET."""
    if method == "GET":
        return 301 if permanent else 302
    return 308 if permanent else 307


def _redirect_regex(body: dict[str, Any], passing: Passing) -> Said:
    pattern = compiled(dig_str(body, "regex"))
    if pattern.search(passing.url) is None:
        return "its expression does not match the URL, the request goes on", OK, passing, False
    goal = _replaced(dig_str(body, "regex"), dig_str(body, "replacement"), passing.url)
    if goal == passing.url:
        return "it leads to the same URL, the request goes on", OK, passing, False
    code = _code(dig(body, "permanent") is True, passing.asked.method)
    return f"answers {code}: go to {goal}", OK, replace(passing, answered=(code, goal)), True


def _replaced(pattern: str, replacement: str, text: str) -> str:
    """Go's ReplaceAllString: ``$1`` and ``${1}`` are groups, ``$$`` a dollar sign."""
    found = compiled(pattern)

    def template(match: Any) -> str:
        def group(word: re.Match[str]) -> str:
            name = word[1] or word[2]
            if word[0] == "$$":
                return "$"
            try:
                return str(match.group(int(name) if name.isdigit() else name) or "")
            except (IndexError, KeyError, ValueError):
                return ""

        return re.sub(r"\$(?:\$|\{(\w+)\}|(\w+))", group, replacement)

    return str(found.sub(template, text))  # type: ignore[attr-defined]


def _allow_list(body: dict[str, Any], passing: Passing) -> Said:
    ranges = [word for word in dig_list(body, "sourceRange") if isinstance(word, str)]
    nets = [network(word) for word in ranges]
    client = passing.asked.client
    strategy = dig_dict(body, "ipStrategy")
    if strategy:
        return f"lets in {listed(ranges, 8)}, by X-Forwarded-For: not judged here", UNKNOWN, passing, False
    if client is None:
        return (
            f"lets in only {listed(ranges, 8)}; the client's address is not known (--client-ip)",
            UNKNOWN,
            passing,
            False,
        )
    if any(client.version == net.version and client in net for net in nets):
        return f"lets {client} in (one of {listed(ranges, 8)})", OK, passing, False
    code = dig_str(body, "rejectStatusCode", default="403")
    after = replace(passing, answered=(int(code), "")) if code.isdigit() else passing
    return f"refuses {client} with {code}: it lets in only {listed(ranges, 8)}", BROKEN, after, True


def _strip_prefix(body: dict[str, Any], passing: Passing) -> Said:
    prefixes = [word.strip() for word in dig_list(body, "prefixes") if isinstance(word, str)]
    for prefix in prefixes:
        if passing.asked.path.startswith(prefix):
            rest = passing.asked.path[len(prefix) :]
            path = rest if rest.startswith("/") else f"/{rest}"
            return f"takes {prefix} away: the path becomes {path}", OK, _path(passing, path), False
    return f"the path does not begin with {listed(prefixes, word='or')}: nothing to do", OK, passing, False


def _strip_regex(body: dict[str, Any], passing: Passing) -> Said:
    for word in dig_list(body, "regex"):
        match = compiled(f"^(?:{word})").search(passing.asked.path) if isinstance(word, str) else None
        if match is not None:
            rest = passing.asked.path[match.end() :]  # type: ignore[attr-defined]
            path = rest if rest.startswith("/") else f"/{rest}"
            return f"takes away what {word} matches: the path becomes {path}", OK, _path(passing, path), False
    return "none of its expressions matches the path: nothing to do", OK, passing, False


def _add_prefix(body: dict[str, Any], passing: Passing) -> Said:
    path = dig_str(body, "prefix") + passing.asked.path
    path = path if path.startswith("/") else f"/{path}"
    return f"the path becomes {path}", OK, _path(passing, path), False


def _replace_path(body: dict[str, Any], passing: Passing) -> Said:
    path = dig_str(body, "path")
    return f"the path becomes {path}", OK, _path(passing, path), False


def _replace_path_regex(body: dict[str, Any], passing: Passing) -> Said:
    pattern = dig_str(body, "regex")
    if compiled(pattern).search(passing.asked.path) is None:
        return "its expression does not match the path: nothing to do", OK, passing, False
    path = _replaced(pattern, dig_str(body, "replacement"), passing.asked.path)
    return f"the path becomes {path}", OK, _path(passing, path), False


def _path(passing: Passing, path: str) -> Passing:
    return replace(passing, asked=replace(passing.asked, path=path))


def _auth(_body: dict[str, Any], passing: Passing) -> Said:
    if passing.asked.headers.get("Authorization"):
        return "checks the user and password of the request; they are not judged here", OK, passing, False
    after = replace(passing, answered=passing.answered or (401, ""))
    return "asks for user and password: this request, which has none, gets 401", OK, after, False


def _forward_auth(body: dict[str, Any], passing: Passing) -> Said:
    return f"asks {dig_str(body, 'address')} first; only if it answers 2xx the request goes on", OK, passing, False


def _headers(body: dict[str, Any], passing: Passing) -> Said:
    request = sorted(dig_dict(body, "customRequestHeaders"))
    response = sorted(dig_dict(body, "customResponseHeaders"))
    other = sorted(set(body) - {"customRequestHeaders", "customResponseHeaders"})
    words = []
    if request:
        words.append(f"sets {listed(request, 6)} on the request")
    if response:
        words.append(f"sets {listed(response, 6)} on the answer")
    if other:
        words.append(f"security headers ({listed(other, 6)})")
    return "; ".join(words) or "nothing to do", OK, passing, False


def _rate(body: dict[str, Any], passing: Passing) -> Said:
    average, period = dig_str(body, "average", default="0"), dig_str(body, "period", default="1s")
    if average == "0":
        return "no limit is set", OK, passing, False
    burst = dig_str(body, "burst", default="1")
    return f"at most {average} requests in {period}, bursts of {burst}; beyond that 429", OK, passing, False


def _plain(words: str) -> Doing:
    return lambda _body, passing: (words, OK, passing, False)


def _gateway_redirect(body: dict[str, Any], passing: Passing) -> Said:
    path = dig_str(body, "path", "replaceFullPath") or passing.asked.path
    scheme = dig_str(body, "scheme") or passing.scheme
    port = dig(body, "port") or (
        {"http": 80, "https": 443}[scheme] if dig(body, "scheme") in ("http", "https") else passing.port
    )
    after = replace(_path(passing, path), scheme=scheme, host=dig_str(body, "hostname") or passing.host, port=port)
    code = dig_str(body, "statusCode", default="302")
    answered = (int(code), after.url) if code.isdigit() else None
    return f"answers {code}: go to {after.url}", OK, replace(after, answered=answered), True


def _gateway_rewrite(body: dict[str, Any], passing: Passing) -> Said:
    words, after = [], passing
    if host := dig_str(body, "hostname"):
        words.append(f"the host becomes {host}")
    if path := dig_str(body, "path", "replaceFullPath"):
        words.append(f"the path becomes {path}")
        after = _path(passing, path)
    elif "replacePrefixMatch" in dig_dict(body, "path"):
        words.append(f"the matched prefix becomes {dig_str(body, 'path', 'replacePrefixMatch') or 'nothing'}")
    return "; ".join(words) or "nothing to do", OK, after, False


EFFECTS: dict[str, Doing] = {
    "redirectScheme": _redirect_scheme,
    "redirectRegex": _redirect_regex,
    "ipAllowList": _allow_list,
    "ipWhiteList": _allow_list,
    "stripPrefix": _strip_prefix,
    "stripPrefixRegex": _strip_regex,
    "addPrefix": _add_prefix,
    "replacePath": _replace_path,
    "replacePathRegex": _replace_path_regex,
    "basicAuth": _auth,
    "digestAuth": _auth,
    "forwardAuth": _forward_auth,
    "headers": _headers,
    "rateLimit": _rate,
    "inFlightReq": _plain("limits the requests under way at one time; beyond that 429"),
    "inFlightConn": _plain("limits the connections at one time"),
    "buffering": _plain("holds the request until it is whole, up to a size; beyond that 413"),
    "circuitBreaker": _plain("answers 503 itself while the service fails too often"),
    "compress": _plain("compresses the answer"),
    "contentType": _plain("sets the answer's type where the service sets none"),
    "encodedCharacters": _plain("refuses some encoded characters in the path with 400"),
    "errors": _plain("replaces answers with certain codes by a page of its own"),
    "grpcWeb": _plain("turns gRPC-Web requests into gRPC"),
    "passTLSClientCert": _plain("adds headers about the client's certificate"),
    "retry": _plain("tries again where the service does not answer"),
    "RequestRedirect": _gateway_redirect,
    "URLRewrite": _gateway_rewrite,
    "RequestHeaderModifier": _plain("changes headers of the request"),
    "ResponseHeaderModifier": _plain("changes headers of the answer"),
    "RequestMirror": _plain("sends a copy to another service"),
    "CORS": _plain("answers the browser's questions about other origins"),
}
