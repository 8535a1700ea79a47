"""The grammar of rules. Traefik reads a rule as an expression of the Go language, so Go's words and line ends count:
back-quoted or double-quoted strings, ``&&`` before ``||``, ``!``, brackets, comments, a comma after the last argument, and
a line may only end where an expression cannot.

The result is no tree of objects but jumping code: for each term where to go on if it matches and if it does not. Neither
reading nor matching recurses, so neither depth nor length of a rule can hurt.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MATCH, MISS = -1, -2
"""Where a rule ends: it matches, or it does not."""
MOST_TERMS = 10_000
"""Terms after which a rule is refused: nobody writes such a rule, and a screen could not show it."""


class RuleError(ValueError):
    """A rule that Traefik refuses. ``position`` counts characters from 1; 0 where the whole rule is meant."""

    def __init__(self, text: str, position: int = 0) -> None:
        super().__init__(f"{text} (at character {position})" if position else text)
        self.text = text
        self.position = position


class Term(NamedTuple):
    """One matcher with its arguments, as written; ``name`` is in the case of the manual."""

    name: str
    values: tuple[str, ...]
    position: int


class Code(NamedTuple):
    """Terms in the order of the text. ``yes[i]`` and ``no[i]`` are the next term after term ``i``, or MATCH or MISS."""

    terms: tuple[Term, ...]
    yes: tuple[int, ...]
    no: tuple[int, ...]


TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|//[^\n]*)
      |(?P<line>\n)
      |(?P<name>[^\W\d]\w*)
      |(?P<string>`[^`]*`|"(?:[^"\\\n]|\\.)*")
      |(?P<op>&&|\|\||!(?!=)|[(),]|\.\.\.)""",
    re.VERBOSE,
)
ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\\"])|(.?))", re.DOTALL
)
SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
PLAIN = re.compile(r"""[ \t]*([A-Za-z]+)\((?:`([^`]*)`|"([^"\\]*)")\)[ \t]*(&&|\|\||$)""")
"""One term of the rules that most people write: one value each, no brackets, one kind of operator."""

Names = dict[str, str]
"""Every accepted spelling → the matcher's name."""


def spellings(names: tuple[str, ...]) -> Names:
    """Traefik accepts a matcher as in the manual, in lower case, in upper case, and with one capital letter."""
    found: Names = {}
    for name in names:
        for form in (name, name.lower(), name.upper(), name.lower().capitalize()):
            found[form] = name
    return found


def parse(rule: str, names: Names) -> Code:
    """Read a rule. Raises RuleError."""
    return _plain(rule, names) or _Reader(rule, names).read()


def _plain(rule: str, names: Names) -> Code | None:
    """A rule of plain terms, read four times as fast; None for any other."""
    if "\n" in rule or "\r" in rule:
        return None
    terms: list[Term] = []
    sign, at = "", 0
    while (match := PLAIN.match(rule, at)) is not None:
        word, first, second, found = match.groups()
        name = names.get(word)
        if name is None or (sign and found and found != sign) or len(terms) == MOST_TERMS:
            return None
        terms.append(Term(name, (second if first is None else first,), match.start(1) + 1))
        if not found:
            count = len(terms)
            onward, end = (*range(1, count), MATCH), (MISS,) * count
            if sign == "||":
                onward, end = (MATCH,) * count, (*range(1, count), MISS)
            return Code(tuple(terms), onward, end)
        sign, at = found, match.end()
    return None


def unquoted(text: str, position: int) -> str:
    """The value of a string literal of Go."""
    if text[0] == "`":
        return text[1:-1].replace("\r", "")
    body = text[1:-1]
    if "\\" not in body:
        return body

    def value(match: re.Match[str]) -> str:
        for group, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
            if match[group] is not None:
                number = int(match[group], base)
                if number > 0x10FFFF or 0xD800 <= number < 0xE000 or (group == 4 and number > 255):
                    raise RuleError("an escape in a string stands for no character", position)
                return chr(number)
        if match[5] is not None:
            return SIMPLE[match[5]]
        raise RuleError(f"unknown escape \\{match[6]} in a string; write regular expressions in back quotes", position)

    return ESCAPE.sub(value, body)


# A node of the expression: (first term, end of terms, negated, operator, children). A term has no operator.
_Node = tuple[int, int, bool, str, tuple["_Node", ...]]


class _Reader:
    """Two stacks: operators that wait for their right side, and the expressions that are complete."""

    def __init__(self, rule: str, names: Names) -> None:
        self.rule = rule
        self.names = names
        self.terms: list[Term] = []
        self.nodes: list[_Node] = []
        self.waiting: list[tuple[str, int]] = []
        self.tokens = self._tokens()
        self.at = 0

    def _tokens(self) -> list[tuple[str, str, int]]:
        """Kind, text and position. Go ends a statement at a line's end after a name, a string or a closing bracket; only
        at the very end of the rule that does no harm."""
        found: list[tuple[str, str, int]] = []
        rule, at, size = self.rule, 0, len(self.rule)
        while at < size:
            match = TOKEN.match(rule, at)
            if match is None:
                raise RuleError(self._stranger(at), at + 1)
            kind, text = match.lastgroup or "", match[0]
            if kind == "line" or (kind == "space" and text[0] == "/" and "\n" in text):
                if found and (found[-1][0] in ("name", "string") or found[-1][1] in (")", "...")):
                    found.append(("end", "the end of the line", at + 1))
            elif kind != "space":
                found.append((kind, text, at + 1))
            at = match.end()
        if found and found[-1][0] == "end":
            found.pop()
        found.append(("", "the end of the rule", size + 1))
        return found

    def _stranger(self, at: int) -> str:
        sign = self.rule[at]
        if sign in '`"':
            return "a string that is not closed"
        if sign == "'":
            return "single quotes are no quotes here; use back quotes"
        if sign in "&|":
            return f"{sign} stands alone; write {sign * 2}"
        return f"unexpected {sign!r}"

    def read(self) -> Code:
        if not self.rule.strip():
            raise RuleError("the rule is empty")
        while True:
            self._operand()
            while self._next() == ")":
                self._close()
                self.at += 1
            kind, text, position = self.tokens[self.at]
            if not kind:
                break
            if text not in ("&&", "||"):
                raise RuleError(f"expected && or || before {text}", position)
            if text == "||":
                self._join("&&")
            self.waiting.append((text, position))
            self.at += 1
        self._join("&&")
        self._join("||")
        if self.waiting:
            raise RuleError("a bracket is not closed", self.waiting[-1][1])
        return self._code(self.nodes.pop())

    def _next(self) -> str:
        return self.tokens[self.at][1] if self.tokens[self.at][0] == "op" else ""

    def _operand(self) -> None:
        while (sign := self._next()) in ("!", "("):
            self.waiting.append((sign, self.tokens[self.at][2]))
            self.at += 1
        kind, text, position = self.tokens[self.at]
        if kind != "name":
            raise RuleError(f"expected a matcher, found {text}", position)
        name = self.names.get(text)
        if name is None:
            raise RuleError(f"unsupported function: {text}{self._meant(text)}", position)
        self.at += 1
        if self._next() != "(":
            raise RuleError(f"expected ( after {text}", self.tokens[self.at][2])
        self.at += 1
        values = self._values()
        index = len(self.terms)
        if index >= MOST_TERMS:
            raise RuleError(f"more than {MOST_TERMS:,} terms; this rule is not read", position)
        self.terms.append(Term(name, values, position))
        self.nodes.append((index, index + 1, False, "", ()))
        self._negate()

    def _meant(self, text: str) -> str:
        near = next((name for form, name in self.names.items() if form.lower() == text.lower()), "")
        if not near:
            import difflib

            near = next(iter(difflib.get_close_matches(text, sorted(set(self.names.values())), 1)), "")
        return f", did you mean {near}?" if near else ""

    def _values(self) -> tuple[str, ...]:
        found: list[str] = []
        while True:
            kind, text, position = self.tokens[self.at]
            if text == ")" and kind == "op":
                self.at += 1
                return tuple(found)
            if kind != "string":
                raise RuleError(f"expected a string in quotes, found {text}", position)
            found.append(unquoted(text, position))
            self.at += 1
            if self._next() == "...":
                self.at += 1
            if self._next() == ",":
                self.at += 1
            elif self._next() != ")":
                kind, text, position = self.tokens[self.at]
                raise RuleError(f"expected , or ) before {text}", position)

    def _negate(self) -> None:
        """Apply the ``!`` that wait for the expression just completed."""
        while self.waiting and self.waiting[-1][0] == "!":
            self.waiting.pop()
            first, end, negated, operator, children = self.nodes.pop()
            self.nodes.append((first, end, not negated, operator, children))

    def _close(self) -> None:
        position = self.tokens[self.at][2]
        self._join("&&")
        self._join("||")
        if not self.waiting or self.waiting[-1][0] != "(":
            raise RuleError("a ) without its (", position)
        self.waiting.pop()
        self._negate()

    def _join(self, sign: str) -> None:
        """Join the run of one operator that ends here, if there is one, into one node."""
        count = 0
        while self.waiting and self.waiting[-1][0] == sign:
            self.waiting.pop()
            count += 1
        if count:
            parts = tuple(self.nodes[-count - 1 :])
            del self.nodes[-count - 1 :]
            self.nodes.append((parts[0][0], parts[-1][1], False, sign, parts))

    def _code(self, root: _Node) -> Code:
        yes = [MISS] * len(self.terms)
        no = [MISS] * len(self.terms)
        work = [(root, MATCH, MISS)]
        while work:
            (first, _, negated, operator, children), then, otherwise = work.pop()
            if negated:
                then, otherwise = otherwise, then
            if not operator:
                yes[first], no[first] = then, otherwise
                continue
            last = len(children) - 1
            for number, child in enumerate(children):
                if number == last:
                    work.append((child, then, otherwise))
                elif operator == "&&":
                    work.append((child, children[number + 1][0], otherwise))
                else:
                    work.append((child, then, children[number + 1][0]))
        return Code(tuple(self.terms), tuple(yes), tuple(no))
