"""What switching a route off or on comes to: who handles its URLs then, and what is lost on the way. Pure.

The same request is traced on the objects as they are and as they would be, so the answer is the one a trace gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pointsman.tui.actions.plan import Risk, graver
from pointsman.tui.actions.toggle import restored
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.guards import guards
from pointsman.tui.answers.routes.live import LINK
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.routes.parking import ROUTE_KINDS, doc_of
from pointsman.tui.answers.routes.places import request_of
from pointsman.tui.answers.routes.request import RequestError, parse_request
from pointsman.tui.answers.routes.trace import Trace, trace
from pointsman.tui.answers.words import listed
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import DEPLOYMENTS, KINDS
from pointsman.tui.model.proxies import NOBODY
from pointsman.tui.store.snapshot import Snapshot, Table

ROUTE_IDS = frozenset(kind.id for kind in ROUTE_KINDS)
_versions = itertools.count(1)
MOST_URLS = 6
"""URLs that are traced, one for each host of a rule."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One URL: the route that handles it now and the one that does then (None: nobody, or the proxy itself)."""

    url: str
    now: Route | None
    then: Route | None
    certain: bool = True
    lost: tuple[str, ...] = ()
    """Middlewares that keep somebody out now, where nothing does then."""


def turns(snapshot: Snapshot, ref: Ref, *, off: bool) -> tuple[Turn, ...]:
    """What becomes of the object's URLs. Empty where the object is not there."""
    kind = KINDS[ref.kind]
    obj = snapshot.get(kind, *ref.key)
    if obj is None:
        return ()
    table = snapshot.table(kind)
    objects = dict(table.objects)
    if off:
        del objects[ref.key]
    else:
        objects[ref.key] = from_doc(restored(doc_of(obj)), kind)
    # A version of its own, so that what is kept of one picture is never taken for the other's.
    then = Table(objects, -next(_versions), table.link)
    # What Traefik says of itself is about the objects as they are: neither picture may have it.
    links = {name: link for name, link in snapshot.links.items() if name != LINK}
    snapshot = replace(snapshot, traefik=NOBODY, links=links)
    other = replace(snapshot, tables={**snapshot.tables, ref.kind: then})
    return tuple(_turn(snapshot, other, url) for url in _urls(snapshot if off else other, ref))


def _urls(snapshot: Snapshot, ref: Ref) -> list[str]:
    found: dict[str, None] = {}
    for route in route_list(snapshot).items:
        if route.ref != ref:
            continue
        for host in route.hosts or ("",):
            one = replace(route, hosts=(host,) if host else ())
            if url := request_of(one, snapshot):
                found[url] = None
    return list(found)[:MOST_URLS]


def _turn(before: Snapshot, after: Snapshot, url: str) -> Turn:
    try:
        request = parse_request(url)
    except RequestError:
        return Turn(url, None, None, certain=False)
    now, then = trace(before, request), trace(after, request)
    old, new = _winner(before, now), _winner(after, then)
    kept = guards(before, old) if old is not None else ()
    still = guards(after, new) if new is not None else ()
    lost = kept if new is not None and kept and not still else ()
    return Turn(url, old, new, not any(hop.kind == "router" and hop.state == "unknown" for hop in then.hops), lost)


def _winner(snapshot: Snapshot, found: Trace) -> Route | None:
    winner = found.winner
    if winner is None:
        return None
    for route in route_list(snapshot).items:
        same = (route.ref.namespace, route.ref.name, route.rule_index) == (
            winner.namespace, winner.name, winner.rule_index,
        )  # fmt: skip
        if same and route.kind == winner.kind:
            return route
    return None


def route_words(snapshot: Snapshot, ref: Ref, *, off: bool) -> tuple[str, ...]:
    """``https://films.home.example/: nobody handles it then (404)``, one line for each URL."""
    lines = []
    for turn in turns(snapshot, ref, off=off):
        if not turn.certain:
            lines.append(f"{turn.url}: who handles it then cannot be told")
        elif turn.then is None:
            nobody = "404" if turn.url.startswith("http") else "the connection is closed"
            lines.append(f"{turn.url}: nobody handles it then ({nobody})")
        elif turn.then.ref == ref and not off:
            lines.append(f"{turn.url}: is handled by it again")
        elif turn.now is not None and turn.then.ref == turn.now.ref:
            lines.append(f"{turn.url}: stays with {turn.then.ref.title}")
        else:
            lines.append(f"{turn.url}: {turn.then.ref.title} handles it then")
    return tuple(lines) or ("no URL of it can be told, so neither who handles it then",)


def route_risks(snapshot: Snapshot, ref: Ref, *, off: bool) -> tuple[Risk, ...]:
    """Grave: traffic that falls to a route which keeps nobody out. Where the object is not known nothing is said."""
    return graver(_risks(snapshot, ref, off=off))


def _risks(snapshot: Snapshot, ref: Ref, *, off: bool) -> Iterator[Risk]:
    for turn in turns(snapshot, ref, off=off):
        if turn.lost and turn.then is not None:
            where = f"{turn.url} falls to {turn.then.ref.title}, which has none of {listed(turn.lost)}"
            yield Risk(f"less protected: {where}")
        if off and not turn.certain:
            yield Risk(f"who handles {turn.url} then cannot be told", grave=False)
    rules = {route.rule_index for route in route_list(snapshot).items if route.ref == ref}
    if off and len(rules) > 1:
        yield Risk(f"all of its {len(rules)} rules go", grave=False)
    if off and (name := _external_dns(snapshot)):
        yield Risk(
            f"{name} may take the DNS records of its hosts away while it is off, and needs a while to bring them back",
            grave=False,
        )


def _external_dns(snapshot: Snapshot) -> str:
    """The Deployment of external-dns, if there is one."""
    for obj in snapshot.all(DEPLOYMENTS):
        if any("external-dns" in box.image for box in obj.body.spec.template.spec.containers):
            return f"Deployment {obj.path}"
    return ""
