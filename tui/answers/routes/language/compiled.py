"""A rule that is ready to match. Rules are kept by their text: a trace over thousands of routers reads each once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.routes.language import legacy, matchers
from pointsman.tui.answers.routes.language.matchers import ClientUnknownError
from pointsman.tui.answers.routes.language.parse import MATCH, MOST_TERMS, Names, RuleError, Term, parse, spellings
from pointsman.tui.answers.routes.language.requests import Asked, Connection

__all__ = ["MOST_TERMS", "Rule", "checked_rule", "compile_rule"]

Table = dict[str, tuple[tuple[int, ...], Callable[..., Callable[[Any], bool]]]]
TABLES: dict[tuple[str, str], Table] = {
    ("http", "v3"): matchers.HTTP,
    ("http", "v2"): legacy.HTTP,
    ("tcp", "v3"): matchers.TCP,
    ("tcp", "v2"): legacy.TCP,
}
NAMES: dict[tuple[str, str], Names] = {key: spellings(tuple(table)) for key, table in TABLES.items()}
HOSTS = {"http": ("Host", "HostHeader"), "tcp": ("HostSNI",)}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """``hosts`` are the names in ``Host`` or ``HostSNI``, negated ones included (Traefik takes those for its TLS choice);
    ``priority`` is what Traefik computes where a router names none: the length in bytes, or -1 for ``HostSNI(`*`)``."""

    text: str
    protocol: str
    syntax: str
    terms: tuple[Term, ...]
    hosts: tuple[str, ...]
    priority: int
    _tests: tuple[Callable[[Any], bool], ...]
    _yes: tuple[int, ...]
    _no: tuple[int, ...]

    def matches(self, asked: Asked | Connection) -> bool | None:
        """None where the answer depends on the client's address and that is not known."""
        at = 0
        tests, yes, no = self._tests, self._yes, self._no
        try:
            while at >= 0:
                at = yes[at] if tests[at](asked) else no[at]
        except ClientUnknownError:
            return self._either(asked)
        return at == MATCH

    def _either(self, asked: Asked | Connection) -> bool | None:
        """Both ways at every term that asks for the client."""
        seen: set[int] = set()
        work = [0]
        while work:
            at = work.pop()
            if at in seen:
                continue
            seen.add(at)
            if at < 0:
                continue
            try:
                work.append(self._yes[at] if self._tests[at](asked) else self._no[at])
            except ClientUnknownError:
                work += (self._yes[at], self._no[at])
        ends = {at == MATCH for at in seen if at < 0}
        return ends.pop() if len(ends) == 1 else None

    def why_not(self, asked: Asked | Connection) -> Term | None:
        """The term at which the rule was given up; None if it matches or cannot be told."""
        at, last = 0, 0
        try:
            while at >= 0:
                last = at
                at = self._yes[at] if self._tests[at](asked) else self._no[at]
        except ClientUnknownError:
            return None
        return None if at == MATCH else self.terms[last]

    @property
    def catches_all(self) -> bool:
        return len(self.terms) == 1 and self.terms[0].name == "HostSNI" and self.terms[0].values == ("*",)


def compile_rule(text: str, protocol: str = "http", syntax: str = "v3") -> Rule:
    """Read a rule; ``protocol`` is http or tcp. A syntax that is not known counts as v3, as it does for Traefik. Raises
    RuleError."""
    rule, error = checked_rule(text, protocol, syntax)
    if rule is None:
        raise error or RuleError("cannot be read")
    return rule


@functools.lru_cache(maxsize=16384)
def checked_rule(text: str, protocol: str = "http", syntax: str = "v3") -> tuple[Rule | None, RuleError | None]:
    """The rule or what is wrong with it."""
    try:
        return _compile(text, protocol, "v2" if syntax == "v2" else "v3"), None
    except RuleError as error:
        return None, error


def _compile(text: str, protocol: str, syntax: str) -> Rule:
    table = TABLES[protocol, syntax]
    code = parse(text, NAMES[protocol, syntax])
    tests = tuple(_test(term, table) for term in code.terms)
    wanted = HOSTS[protocol]
    hosts = tuple(dict.fromkeys(value.lower() for term in code.terms if term.name in wanted for value in term.values))
    priority = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    rule = Rule(text, protocol, syntax, code.terms, hosts, priority, tests, code.yes, code.no)
    if protocol == "tcp" and rule.catches_all:
        return Rule(text, protocol, syntax, code.terms, hosts, -1, tests, code.yes, code.no)
    return rule


def _test(term: Term, table: Table) -> Callable[[Any], bool]:
    counts, build = table[term.name]
    values = term.values
    if not values:
        raise RuleError(f"{term.name} has no value", term.position)
    if "" in values:
        raise RuleError(f"{term.name} has an empty value", term.position)
    if counts and len(values) not in counts:
        wanted = " or ".join(map(str, counts))
        hint = f"; write {term.name}(…) || {term.name}(…)" if counts == (1,) else ""
        raise RuleError(f"{term.name} takes {wanted} value{'s' if counts != (1,) else ''}, not {len(values)}{hint}",
                        term.position)  # fmt: skip
    try:
        return build(values)
    except RuleError as error:
        if error.position:
            raise
        raise RuleError(error.text, term.position) from None
