"""Every Middleware and MiddlewareTCP: what it does in words, who uses it, what is wrong with it; and those that are named and
are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.owners import UNKNOWN, Owner
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.routes.build import READS, base
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.effects import EFFECTS, Passing
from pointsman.tui.answers.routes.language import Asked, RuleError
from pointsman.tui.answers.routes.model import FORBIDDEN, MISSING, Route
from pointsman.tui.answers.words import blind, listed
from pointsman.tui.model.kinds import MIDDLEWARES, MIDDLEWARETCPS
from pointsman.tui.model.meta import Loose, Obj, dig, dig_dict, dig_list, dig_str
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

_NOBODY = Passing("http", "", 80, Asked())
"""A request for those kinds whose words do not depend on one."""
GUARDS = frozenset(("basicAuth", "digestAuth", "forwardAuth", "ipAllowList", "ipWhiteList"))
"""Kinds that keep somebody out: removing one opens something."""


@dataclass(frozen=True, slots=True)
class Middleware:
    """``kind`` is Traefik's word (``basicAuth``), empty where it is not there or not of exactly one kind. ``routes`` are the
    objects that name it, ``chains`` the middlewares of kind chain, ``points`` the entry points whose default it is.

    ``exists`` is False for one that something names and that is not there, or that may not be named from there.
    """

    ref: Ref
    kind: str
    text: str
    routes: tuple[Ref, ...] = ()
    chains: tuple[Ref, ...] = ()
    points: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    owner: Owner = UNKNOWN
    exists: bool = True

    @property
    def used(self) -> bool:
        return bool(self.routes or self.chains or self.points)

    @property
    def guards(self) -> bool:
        """Whether it keeps somebody out."""
        return self.kind in GUARDS


@dataclass(frozen=True, slots=True)
class MiddlewareList:
    """``unknown`` says what could not be read."""

    items: tuple[Middleware, ...]
    unknown: str = ""


@memoized(*READS)
def middleware_list(snapshot: Snapshot) -> MiddlewareList:
    """All of them by namespace and name; those that are missing stand where they would be."""
    found = base(snapshot)
    uses = _Uses(found.context, found.list.items)
    items = [*_there(found.context, uses), *_missing(uses)]
    return MiddlewareList(
        tuple(sorted(items, key=lambda item: (item.ref.key, item.ref.kind, item.exists))),
        blind(snapshot, *(kind for kind in (MIDDLEWARES, MIDDLEWARETCPS) if not snapshot.known(kind))),
    )


class _Uses:
    """Who names which middleware."""

    def __init__(self, ctx: Context, routes: tuple[Route, ...]) -> None:
        self.routes: dict[Ref, dict[Ref, None]] = {}
        self.points: dict[Ref, dict[str, None]] = {}
        self.chains: dict[Ref, dict[Ref, None]] = {}
        self.bad: dict[tuple[Ref, str], dict[Ref, str]] = {}
        for route in routes:
            tcp = route.protocol == "tcp"
            for use in route.middlewares:
                if use.ref is not None:
                    if use.by:
                        self.points.setdefault(use.ref, {})[use.by] = None
                    else:
                        self.routes.setdefault(use.ref, {})[route.ref] = None
                elif use.state in (MISSING, FORBIDDEN):
                    self.bad.setdefault((_target(use.name, tcp), use.state), {})[route.ref] = use.why
        for kind in (MIDDLEWARES, MIDDLEWARETCPS):
            for obj in ctx.snapshot.all(kind):
                for member in chained(obj):
                    known = ctx.snapshot.get(kind, *member.key) is not None
                    if known or not ctx.snapshot.known(kind):
                        self.chains.setdefault(member, {})[ref(obj)] = None
                    else:
                        self.bad.setdefault((member, MISSING), {})[ref(obj)] = f"{member.title} does not exist"


def _target(name: str, tcp: bool) -> Ref:
    namespace, _, word = name.rpartition("/")
    return Ref((MIDDLEWARETCPS if tcp else MIDDLEWARES).id, namespace, word)


def chained(obj: Obj[Loose]) -> Iterator[Ref]:
    """The members of a chain in order; those of other providers are left out."""
    for item in dig_list(obj.body.spec, "chain", "middlewares"):
        name = dig_str(item, "name")
        if name and "@" not in name:
            yield Ref(obj.kind, dig_str(item, "namespace") or obj.namespace, name)


def _there(ctx: Context, uses: _Uses) -> Iterator[Middleware]:
    for kind in (MIDDLEWARES, MIDDLEWARETCPS):
        for obj in ctx.snapshot.all(kind):
            me = ref(obj)
            what, text, problems = read(obj)
            yield Middleware(
                me, what, text, tuple(uses.routes.get(me, ())), tuple(uses.chains.get(me, ())),
                tuple(uses.points.get(me, ())), problems, ctx.owner(obj),
            )  # fmt: skip


def _missing(uses: _Uses) -> Iterator[Middleware]:
    for (target, state), by in uses.bad.items():
        why = next(iter(by.values()))
        text = "may not be used from another namespace" if state == FORBIDDEN else "does not exist"
        chains = tuple(item for item in by if item.kind in (MIDDLEWARES.id, MIDDLEWARETCPS.id))
        routes = tuple(item for item in by if item not in chains)
        yield Middleware(
            target, "", text, routes, chains, (), (Problem("route-missing-middleware", "error", why),), exists=False
        )


# -- what one does --------------------------------------------------------------------------------------------------------
def read(obj: Obj[Loose]) -> tuple[str, str, tuple[Problem, ...]]:
    """Kind, words, and what Traefik would refuse."""
    spec = obj.body.spec if isinstance(obj.body.spec, dict) else {}
    kinds = sorted(spec)
    if len(kinds) != 1:
        text = f"must have exactly one kind, and has {listed(kinds) or 'none'}: Traefik refuses it"
        return "", text, (Problem("middleware-invalid", "error", text),)
    kind = kinds[0]
    body = dig_dict(spec, kind)
    try:
        if kind in EFFECTS:
            EFFECTS[kind](body, _NOBODY)  # a bad expression or range shows when it is used
        return kind, words(kind, body), ()
    except RuleError as error:
        text = f"{error}; Traefik refuses it"
        return kind, text, (Problem("middleware-invalid", "error", f"{kind}: {text}"),)


def words(kind: str, body: dict[str, Any]) -> str:
    """What a middleware does, whatever the request: a clause without a subject. Raises RuleError for a bad expression."""
    if kind in WORDS:
        return WORDS[kind](body)
    doing = EFFECTS.get(kind)
    if doing is None:
        return "what it does is not known here"
    return doing(body, _NOBODY)[0]


def _code(body: dict[str, Any]) -> str:
    return "for good (301)" if dig(body, "permanent") is True else "for now (302)"


def _strings(body: dict[str, Any], key: str) -> list[str]:
    return [word for word in dig_list(body, key) if isinstance(word, str)]


def _allow_list(body: dict[str, Any]) -> str:
    by = ", judged by X-Forwarded-For" if dig_dict(body, "ipStrategy") else ""
    code = dig_str(body, "rejectStatusCode", default="403")
    return f"lets in only {listed(_strings(body, 'sourceRange'), 8) or 'nobody'}{by}; everybody else gets {code}"


def _auth(what: str) -> Callable[[dict[str, Any]], str]:
    def said(body: dict[str, Any]) -> str:
        secret = dig_str(body, "secret")
        return f"asks for {what}{f' (users in Secret {secret})' if secret else ''}; without it 401"

    return said


def _chain(body: dict[str, Any]) -> str:
    names = [dig_str(item, "name") for item in dig_list(body, "middlewares")]
    return f"these in order: {listed(names, 12)}" if names else "an empty chain does nothing"


WORDS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "redirectScheme": lambda body: f"sends everything to {dig_str(body, 'scheme', default='https')}, {_code(body)}",
    "redirectRegex": lambda body: (
        f"sends URLs like {dig_str(body, 'regex')} to {dig_str(body, 'replacement')}, {_code(body)}"
    ),
    "ipAllowList": _allow_list,
    "ipWhiteList": _allow_list,
    "stripPrefix": lambda body: f"takes {listed(_strings(body, 'prefixes'), 6, word='or')} off the path",
    "stripPrefixRegex": lambda body: f"takes what {listed(_strings(body, 'regex'), 6, word='or')} matches off the path",
    "addPrefix": lambda body: f"puts {dig_str(body, 'prefix')} before the path",
    "replacePath": lambda body: f"asks for {dig_str(body, 'path')}, whatever the path was",
    "replacePathRegex": lambda body: f"turns paths like {dig_str(body, 'regex')} into {dig_str(body, 'replacement')}",
    "basicAuth": _auth("user and password"),
    "digestAuth": _auth("user and password (digest)"),
    "chain": _chain,
}
"""Kinds whose words would depend on a request in :data:`~pointsman.tui.answers.routes.effects.EFFECTS`."""
