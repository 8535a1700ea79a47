"""What a request that was really sent got, against what the trace foretold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pointsman.tui.answers.routes.hops import BROKEN, UNKNOWN
from pointsman.tui.answers.routes.names import covers
from pointsman.tui.answers.routes.trace import Trace
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Certificate
from pointsman.tui.model.times import age, epoch

NO_ROUTER = "404 page not found"
"""The body with which Traefik answers where no router matches."""
UPSTREAM = {502: "the proxy got no answer from the service", 503: "the proxy has no server to send it to",
            504: "the service did not answer the proxy in time"}  # fmt: skip
SAME_SECOND = 2.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one request, sent once to ``address``. ``problem`` says why there is none.

    ``trusted`` is None without TLS; ``distrust`` says why it is False.
    """

    address: str
    status: int | None = None
    location: str = ""
    body_start: str = ""
    certificate: Certificate | None = None
    trusted: bool | None = None
    distrust: str = ""
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. ``agrees`` is None where nothing was foretold, or it cannot be compared."""

    what: str
    expected: str
    found: str
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that was sent, or (``refused``) the reason why it was not."""

    answered: Answered | None
    checks: tuple[Check, ...] = field(default_factory=tuple)
    refused: str = ""

    @property
    def agrees(self) -> bool | None:
        """False if anything differs from what was foretold."""
        said = {check.agrees for check in self.checks}
        return False if False in said else True if True in said else None


def check(trace: Trace, said: Answered, now: float) -> Checked:
    return Checked(said, tuple(_checks(trace, said, now)))


def _checks(trace: Trace, said: Answered, now: float) -> Iterator[Check]:
    before = next((hop for hop in trace.hops if hop.state == BROKEN and hop.kind in ("announcer", "service")), None)
    if said.problem:
        hop = trace.broken
        expected = f"broken at the {hop.kind}" if hop is not None else "an answer"
        # A fault before the proxy, or a stream that nobody takes, is just what was foretold.
        foretold = before is not None or (hop is not None and not trace.request.http)
        yield Check("answer", expected, said.problem, foretold)
        return
    took = f"{said.seconds * 1000:.0f} ms"
    yield Check("answer", f"none: broken at the {before.kind}" if before is not None else "an answer",
                f"from {said.address} in {took}", before is None)  # fmt: skip
    if trace.request.http:
        yield _status(trace, said)
        goal = trace.answer[1] if trace.answer is not None else ""
        if goal or said.location:
            agrees = None if not goal else _same_url(goal, said.location)
            yield Check("redirect", goal or "nothing foretold", said.location or "none", agrees)
    if said.certificate is not None:
        yield from _certificate(trace, said, said.certificate, now)


def _status(trace: Trace, said: Answered) -> Check:
    found = f"{said.status}"
    if any(hop.kind == "router" and hop.state == UNKNOWN for hop in trace.hops):
        return Check("status", "which router wins is not certain", found, None)
    if trace.answer is not None:
        code = trace.answer[0]
        return Check("status", f"{code} from the proxy", found, said.status == code)
    if any(hop.kind == "middleware" and hop.detail.startswith("forwardAuth:") for hop in trace.hops):
        return Check("status", "what the service asked for leave says, or the service", found, None)
    if said.status in UPSTREAM:
        dead = any(hop.state == BROKEN and hop.kind in ("backend", "endpoint", "pod", "policy") for hop in trace.hops)
        expected = "an error: there is nobody behind" if dead else "the service's own answer"
        return Check("status", expected, f"{found}: {UPSTREAM[said.status]}", dead)
    if trace.broken is not None and trace.broken.kind == "router":
        alike = said.status == 404
        return Check("status", "404: no router takes it", found, alike)
    if said.status == 404 and said.body_start.strip() == NO_ROUTER:
        return Check(
            "status", "the service's own answer", "404 page not found, as Traefik says where no router matches", False
        )
    return Check("status", "the service's own answer", found, None if trace.broken is not None else True)


def _same_url(one: str, other: str) -> bool:
    """Ports that the scheme implies do not count."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    for scheme, port in (("http://", ":80"), ("https://", ":443")):
        if text.startswith(scheme):
            host, slash, rest = text.removeprefix(scheme).partition("/")
            return f"{scheme}{host.removesuffix(port).lower()}/{rest if slash else ''}"
    return text


def _certificate(trace: Trace, said: Answered, held: Certificate, now: float) -> Iterator[Check]:
    host = trace.request.sni or trace.request.host
    names = list(held.dns_names) or [held.subject]
    yield Check("certificate", f"one for {host}", f"for {listed(names)}", any(covers(name, host) for name in names))
    ends = epoch(held.not_after)
    if ends is not None:
        left = ends - now
        words = f"ended {age(-left)} ago" if left <= 0 else f"ends in {age(left)}"
        yield Check("its end", "in the future", words, left > 0)
    tls = trace.route.tls if trace.route is not None else None
    if tls is not None and tls.not_after is not None and ends is not None and not tls.passthrough:
        where = f"Secret {tls.secret.path}" if tls.secret is not None else "the default store"
        same = abs(tls.not_after - ends) < SAME_SECOND
        yield Check("its origin", where, "the same" if same else "another certificate", same)
    if said.trusted is not None:
        yield Check("its chain", "any", "trusted here" if said.trusted else f"not trusted here: {said.distrust}", None)
