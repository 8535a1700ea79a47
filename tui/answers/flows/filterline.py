"""The hubble CLI's filter words in a line of text, without their dashes: ``verdict dropped port 5432 not namespace db``.

What is left over are ordinary words to search for. Words about one field are alternatives, different fields must all match,
``not`` turns around the word that follows: as on the command line, whose dashes are taken too. A lone ``|`` between two words
is for the eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pointsman.tui.answers.flows.predicates import FilterError, Predicate, matcher
from pointsman.tui.answers.flows.words import FLAGS, HELP, FilterWords
from pointsman.tui.model.flows import Flow, Peer
from pointsman.tui.wire import hubble

UPPER: Final = frozenset(("verdict", "drop-reason-desc"))
"""Words whose values are names in capitals; here small letters do."""
WORDS: Final = tuple(word for word in HELP if word != "cel-expression")
"""All but the expression that only a server can judge."""
_PIECE: Final = re.compile(r'\s*((?:-{0,2}[\w-]+=)?"[^"]*"?|\S+)')
MOST_SEEN: Final = 2_000
"""Of the last flows, how many are looked at for completions."""


@dataclass(frozen=True, slots=True)
class FilterLine:
    """``test`` is None without a word of the CLI's; ``rest`` is the text without them."""

    test: Predicate | None
    words: tuple[tuple[str, str], ...]
    """Word and value, ``not`` included, in their order."""
    rest: str


def pieces(text: str) -> Iterator[str]:
    """The text cut at spaces; what is in quotes stays together."""
    at = 0
    while (match := _PIECE.match(text, at)) is not None:
        at = match.end()
        yield match[1]


def read_line(text: str) -> FilterLine:
    """Raises FilterError, whose text is a sentence. A word whose value has not been typed yet counts for nothing."""
    found: list[tuple[str, str]] = []
    rest: list[str] = []
    waiting = list(pieces(text))
    negated = False
    while waiting:
        piece = waiting.pop(0)
        dashes = piece.startswith("--")
        name, equals, value = piece.removeprefix("--").partition("=")
        if piece == "|":
            continue
        if name == "not" and not equals:
            if negated:
                rest.append("not")
            negated = True
            continue
        if name in WORDS and (not equals or name not in FLAGS):
            if name not in FLAGS and not equals:
                while waiting and waiting[0] == "|":
                    waiting.pop(0)
                if not waiting:
                    break  # still being typed
                value = waiting.pop(0)
            if negated:
                found.append(("not", ""))
                negated = False
            value = value.strip('"')
            found.append((name, value.upper() if name in UPPER else value))
            continue
        if dashes and name and not equals and name.replace("-", "").isalpha():
            raise FilterError(f"{name!r} is not a filter word; ? lists them.")
        if negated:
            rest.append("not")
            negated = False
        rest.append(piece)
    return FilterLine(_test(found) if found else None, tuple(found), " ".join(rest))


def _test(found: Iterable[tuple[str, str]]) -> Predicate:
    words = FilterWords()
    for word, value in found:
        words.add(word, value)
    return matcher(*words.filters())


# -- completion -----------------------------------------------------------------------------------------------------------

_FIXED: Final[dict[str, tuple[str, ...]]] = {
    "verdict": tuple(name.lower() for name in hubble.VERDICTS.values() if name != "VERDICT_UNKNOWN"),
    "protocol": ("tcp", "udp", "http", "dns", "icmp", "icmpv4", "icmpv6", "sctp", "kafka", "vrrp", "igmp"),
    "traffic-direction": ("ingress", "egress"),
    "type": tuple(hubble.EVENT_TYPES),
    "ip-version": ("v4", "v6", "none"),
    "http-method": ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"),
    "http-status": ("404", "4+", "5+", "500", "503"),
}
_BARE: Final = ("namespace", "pod", "ip", "port", "fqdn", "service", "workload", "identity", "label", "cluster")


def complete(text: str, flows: Iterable[Flow]) -> str | None:
    """The text with its last word completed: a word of the CLI's, or a value that was seen in ``flows``, the newest last."""
    head, _, last = text.rpartition(" ")
    if not last:
        return None
    before = head.split()
    word = before[-1].removeprefix("--") if before else ""
    if word in WORDS and word not in FLAGS:
        choices: Iterable[str] = values(word, flows)
    else:
        choices = sorted(
            (*WORDS, *(() if word == "not" else ("not",))),
            key=lambda name: (name.startswith(("from-", "to-")), len(name), name),
        )
    lower = last.lower()
    for choice in choices:
        if choice.lower().startswith(lower) and len(choice) > len(last):
            return f"{head} {choice}" if head else choice
    return None


def values(word: str, flows: Iterable[Flow]) -> list[str]:
    """What may stand after a word, the most frequent first."""
    if word in _FIXED:
        return list(_FIXED[word])
    side, dash, bare = word.partition("-")
    if side not in ("from", "to") or not dash:
        side, bare = "", word
    seen: dict[str, int] = {}
    for flow in flows:
        for found in _of_flow(word, side, bare, flow):
            if found:
                seen[found] = seen.get(found, 0) + 1
    return sorted(seen, key=lambda text: -seen[text])


def _of_flow(word: str, side: str, bare: str, flow: Flow) -> Iterator[str]:
    if bare in _BARE:
        if side != "to":
            yield from _of_peer(bare, flow.source)
        if side != "from":
            yield from _of_peer(bare, flow.destination)
    elif word == "node-name":
        yield flow.node.rpartition("/")[2]
    elif word == "drop-reason-desc":
        yield flow.drop_reason.lower()
    elif word == "uuid":
        yield flow.uuid
    elif flow.l7 is not None and word == "dns-query":
        yield flow.l7.query
    elif flow.l7 is not None and word in ("http-url", "http-path"):
        yield flow.l7.url.partition("?")[0]


def _of_peer(bare: str, peer: Peer) -> Iterator[str]:
    match bare:
        case "namespace":
            yield peer.namespace
        case "pod":
            if peer.pod:
                yield f"{peer.namespace}/{peer.workload.rpartition('/')[2] or peer.pod}"
        case "ip":
            yield peer.ip
        case "port":
            if peer.port:
                yield str(peer.port)
        case "fqdn":
            yield from peer.names
        case "service":
            if peer.service:
                yield f"{peer.service_namespace}/{peer.service}"
        case "workload":
            yield peer.workload
        case "identity":
            if peer.identity is not None and 0 < peer.identity < len(hubble.IDENTITIES):
                yield hubble.IDENTITIES[peer.identity]
