"""What may be typed into a filter bar, and the test it becomes.

=============  =====================================================================
typed          keeps the rows
=============  =====================================================================
`loft tcp`     with both words somewhere (case does not matter)
`loft|shed`    with either word
`"a b"`        with the phrase
`!loft`        without the word
`pool:lan`     whose column `pool` (key or title) has the word (`!pool:lan`: has it not)
`/^web\\d/`    where the regular expression is found in a cell (`!/…/`: nowhere)
`-f jlyf`      with these letters in this order within one cell
`-l app=web`   a word registered by the screen, see `Words`
=============  =====================================================================

The prefixes are those of k9s; an unfinished `!` or `"` keeps everything rather than nothing while it is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Words = Mapping[str, Callable[[str], Callable[[Any], bool]]]
"""Extra prefixes of a screen, `{"-l": compile}`: `compile(argument)` gives a test of a row or raises `FilterError`."""


class FilterError(ValueError):
    """A filter that cannot be understood; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `kind` is word, regex, fuzzy or flag; `column` limits a word to one column."""

    kind: str
    needle: str
    negate: bool = False
    column: str = ""
    pattern: re.Pattern[str] | None = None
    test: Callable[[Any], bool] | None = field(default=None, compare=False)

    def found(self, haystack: str) -> bool:
        """Whether the text (lower case, one cell a line) has what the term looks for; `negate` is not applied."""
        if self.kind == "word":
            return self.needle in haystack
        return self.pattern is not None and self.pattern.search(haystack) is not None


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed filter; falsy when it keeps every row."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def narrows(self, other: Query) -> bool:
        """Whether every row this keeps is certainly kept by `other`, so only its rows need a second look."""
        return all(any(_implies(new, old) for new in self.terms) for old in other.terms)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the searched words are in a cell, as `[start, end)`, for highlighting."""
        found: list[tuple[int, int]] = []
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters change length; better no mark than a wrong one
            return found
        for term in self.terms:
            if term.negate:
                continue
            if term.kind == "word" and term.needle:
                start = lowered.find(term.needle)
                while start >= 0:
                    found.append((start, start + len(term.needle)))
                    start = lowered.find(term.needle, start + len(term.needle))
            elif term.kind == "regex" and term.pattern is not None:
                found.extend(match.span() for match in term.pattern.finditer(text) if match.end() > match.start())
        return sorted(found)


def _implies(new: Term, old: Term) -> bool:
    if new == old and new.kind != "flag":
        return True
    if new.kind != "word" or old.kind != "word" or new.negate != old.negate or new.column != old.column:
        return False
    return new.needle in old.needle if new.negate else old.needle in new.needle


_TOKEN = re.compile(r'\s*(!?(?:[\w.-]+:)?"[^"]*"?|\S+)')


def parse(text: str, columns: Sequence[str] = (), words: Words | None = None) -> Query:
    """Read what was typed.

    `columns` are the names, in lower case, that may stand before a colon. Raises `FilterError` for a regular expression or a
    registered word that cannot be understood.
    """
    terms: list[Term] = []
    words = words or {}
    at = 0
    stripped = text.strip()
    while at < len(stripped):
        rest = stripped[at:].lstrip()
        at = len(stripped) - len(rest)
        body = rest[1:] if rest.startswith("!") else rest
        if body.startswith("/"):
            end = _regex_end(body)
            terms.append(_regex(body[1:end], negate=body is not rest))
            at += len(rest) - len(body) + end + 1
            continue
        if rest == "-f" or rest.startswith("-f "):
            terms.extend(_fuzzy(rest[2:].strip()))
            break
        match = _TOKEN.match(rest)
        if match is None:
            break
        token = match.group(1)
        at += match.end()
        if token in words:
            argument = _TOKEN.match(stripped, at)
            if argument is None:
                break  # still being typed
            at = argument.end()
            terms.append(Term("flag", f"{token} {argument.group(1)}", test=words[token](argument.group(1).strip('"'))))
            continue
        term = _word(token, columns)
        if term is not None:
            terms.append(term)
    return Query(stripped, tuple(terms))


def _regex_end(body: str) -> int:
    """Index of the closing slash of `/…/`, or the end of the text while it is still open."""
    at = 1
    while at < len(body):
        if body[at] == "\\":
            at += 2
            continue
        if body[at] == "/" and (at + 1 == len(body) or body[at + 1] == " "):
            return at
        at += 1
    return len(body)


def _regex(source: str, *, negate: bool) -> Term:
    try:
        pattern = re.compile(source, re.IGNORECASE | re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterError(f"not a regular expression: {error}") from None
    return Term("regex" if source else "word", source, negate and bool(source), pattern=pattern if source else None)


def _fuzzy(letters: str) -> list[Term]:
    wanted = letters.replace(" ", "")
    if not wanted:
        return []
    # The last possible start is skipped fast: every gap excludes the letter that ends it, so there is no backtracking.
    source = "".join(f"[^\n{re.escape(letter)}]*{re.escape(letter)}" for letter in wanted.lower())
    return [Term("fuzzy", wanted, pattern=re.compile(source, re.IGNORECASE))]


def _word(token: str, columns: Sequence[str]) -> Term | None:
    negate = token.startswith("!")
    if negate:
        token = token[1:]
    column = ""
    head, colon, tail = token.partition(":")
    if colon and head.lower() in columns:
        column, token = head.lower(), tail
    if "|" in token and not token.startswith('"'):
        either = [re.escape(part) for part in token.split("|") if part]
        if not either:
            return None
        return Term("regex", token, negate, column, re.compile("|".join(either), re.IGNORECASE))
    needle = token.strip('"').lower() if token.startswith('"') else token.lower()
    if not needle:
        return None
    return Term("word", needle, negate, column)
