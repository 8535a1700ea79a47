"""Which flows are asked for: how many, from when to when, and the filters; for a server or for a file."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pointsman.tui.answers.flows.predicates import FilterError, matcher
from pointsman.tui.model.flows import Event, Flow
from pointsman.tui.wire.hubble import GetFlowsRequest

DEFAULT_LAST: Final = 20
ALL: Final = 2**64 - 1
_UNITS: Final = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_SPAN: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_TIME: Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:T(?P<clock>\d{2}(?::\d{2}(?::\d{2})?)?)(?:\.(?P<part>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2}))?"
)
_MAIL: Final = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Selection:
    """``last`` and ``first`` are numbers or None; ``since`` and ``until`` nanoseconds since the epoch or None."""

    follow: bool = False
    last: int | None = None
    first: int | None = None
    everything: bool = False
    since: int | None = None
    until: int | None = None

    def check(self) -> None:
        """Raises FilterError for what cannot stand together."""
        pairs = {"--first": bool(self.first), "--last": bool(self.last), "--all": self.everything}
        given = [name for name, there in pairs.items() if there]
        if len(given) > 1:
            raise FilterError(f"{given[0]} and {given[1]} cannot be combined.")
        if self.first and self.follow:
            raise FilterError("--first and --follow cannot be combined.")

    def request(self, allow: Iterable[Any], deny: Iterable[Any]) -> Any:
        """The GetFlowsRequest of the hubble CLI for the same words."""
        self.check()
        request = GetFlowsRequest(follow=self.follow, first=bool(self.first), whitelist=allow, blacklist=deny)
        until = None if self.follow else self.until
        request.number = self.first or self.last or 0
        if self.since is None and until is None and not self.first:
            if self.everything:
                request.number = ALL
            elif not self.last and not self.follow:
                request.number = DEFAULT_LAST
        for name, ns in (("since", self.since), ("until", until)):
            if ns is not None:
                stamp = getattr(request, name)
                stamp.seconds, stamp.nanos = divmod(ns, 10**9)
        return request

    def of(self, events: Iterable[Event], allow: list[Any], deny: list[Any]) -> Iterator[Event]:
        """The same choice among events of a file, in their order; the whole file if nothing limits it."""
        self.check()
        keep = matcher(allow, deny)
        filtered = bool(allow or deny)
        since, until = self.since, self.until

        def chosen() -> Iterator[Event]:
            for event in events:
                if since is not None and (event.ns or 0) < since:
                    continue
                if until is not None and (event.ns or 0) > until:
                    continue
                if not filtered or (isinstance(event, Flow) and keep(event)):
                    yield event

        if self.last:
            yield from deque(chosen(), maxlen=min(self.last, 1_000_000))
            return
        for number, event in enumerate(chosen(), start=1):
            yield event
            if self.first and number >= self.first:
                return


def moment(text: str, now: float) -> int:
    """``5m``, ``1h30m`` ago, a day, or a time with its zone, as nanoseconds. Raises FilterError."""
    at, total = 0, 0.0
    while found := _SPAN.match(text, at):
        total += float(found[1]) * _UNITS[found[2]]
        at = found.end()
    if at and at == len(text):
        return int(now * 1e9) - int(total)
    try:
        if found := _TIME.fullmatch(text):
            clock = found["clock"] or "00"
            clock += ":00" * (2 - clock.count(":"))
            zone = "+00:00" if found["zone"] in (None, "Z") else found["zone"]
            whole = datetime.fromisoformat(f"{found['day']}T{clock}{zone}")
            return int(whole.timestamp()) * 10**9 + int((found["part"] or "0").ljust(9, "0"))
        if _MAIL.fullmatch(text):
            return int(datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z").astimezone(UTC).timestamp()) * 10**9
    except (ValueError, OverflowError):
        pass
    raise FilterError(f"{text!r} is not a time (5m, 1h30m, 2026-09-20, 2026-09-20T10:11:12Z).")
