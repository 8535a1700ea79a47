"""Which router takes a request at one entry point: the winner, what would have won but does not exist, and the losers.

Traefik's order: plain TCP routers stand before HTTP; with TLS an HTTPS router that names the host stands before TCP routers,
and TCP routers that name it before the catch-alls. Among HTTP routers the highest priority wins, then the provider's
precedence; equal ones are in no defined order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pointsman.tui.answers.routes.language import Asked, Connection, Rule, checked_rule
from pointsman.tui.answers.routes.model import Route, Router

MOST_LOSERS = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A router that could be asked, with its rule (None for UDP, which has none)."""

    route: Route
    router: Router
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Loser:
    """Why a router that comes near does not take the request."""

    route: Route
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """``lost`` is a route that should have won, but that the controller does not run. ``doubt`` says why the winner is not
    certain."""

    winner: Candidate | None
    losers: tuple[Loser, ...] = ()
    lost: Route | None = None
    doubt: str = ""


def candidates(routes: Iterable[Route], protocol: str, here: Callable[[Router], bool]) -> Iterator[Candidate]:
    for route in routes:
        if route.protocol != protocol:
            continue
        for router in route.routers:
            if not here(router) or (router.error and protocol != "udp"):
                continue
            if protocol == "udp":
                yield Candidate(route, router, None)
                continue
            rule, _ = checked_rule(router.rule, "http" if protocol == "http" else "tcp", router.syntax)
            if rule is not None:
                yield Candidate(route, router, rule)


def choose(found: Iterable[Candidate], asked: Asked | Connection) -> Choice:
    """The first in rank that matches."""
    matching: list[Candidate] = []
    unsure: list[Candidate] = []
    near: list[Loser] = []
    host = asked.host if isinstance(asked, Asked) else asked.sni
    for one in found:
        answer = True if one.rule is None else one.rule.matches(asked)
        if answer:
            matching.append(one)
        elif answer is None:
            unsure.append(one)
        elif one.rule is not None and host and host in one.rule.hosts and len(near) < MOST_LOSERS:
            term = one.rule.why_not(asked)
            words = f"{term.name}({', '.join(term.values)}) does not match" if term is not None else "does not match"
            near.append(Loser(one.route, words))
    matching.sort(key=lambda one: one.router.rank, reverse=True)
    winner = next((one for one in matching if not one.route.dropped), None)
    lost = matching[0].route if matching and matching[0] is not winner else None
    losers: list[Loser] = []
    doubt = ""
    for one in matching:
        if one is winner or (lost is not None and one.route is lost and one.route.dropped and winner is None):
            continue
        if one.route.dropped:
            losers.append(Loser(one.route, f"matches, but does not exist for requests: {one.route.dropped}"))
        elif winner is not None and one.router.rank == winner.router.rank and one.route is not winner.route:
            losers.append(Loser(one.route, f"has the same priority {one.router.priority}: the order is not defined"))
            doubt = f"{one.route.ref.title} has the same priority, and which of them wins is not defined"
        elif winner is not None and one.route is not winner.route:
            losers.append(Loser(one.route, _behind(one, winner)))
    for one in unsure:
        if not one.route.dropped:
            losers.append(Loser(one.route, "asks for the client's address, which is not known"))
            if winner is None or one.router.rank > winner.router.rank:
                doubt = f"{one.route.ref.title} may win: its rule asks for the client's address (--client-ip)"
    return Choice(winner, tuple((losers + near)[:MOST_LOSERS]), lost, doubt)


def _behind(one: Candidate, winner: Candidate) -> str:
    if one.route.controller == "traefik":
        if one.router.priority == winner.router.priority:
            return f"matches with the same priority {one.router.priority}, but its provider comes later"
        return f"matches, but its priority {one.router.priority} is lower than {winner.router.priority}"
    return "matches, but is less specific"
