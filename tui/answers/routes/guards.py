"""What keeps somebody out on the way through a route: users, addresses, another service's word."""

from __future__ import annotations

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.middlewares import GUARDS, chained
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.snapshot import Snapshot

DEPTH = 8


def guards(snapshot: Snapshot, route: Route) -> tuple[str, ...]:
    """``Middleware media/auth (basicAuth)`` for each, members of chains included; what cannot be seen is left out."""
    found: dict[str, None] = {}
    for use in route.middlewares:
        if use.ref is not None:
            _gather(snapshot, use.ref, found, 0)
    return tuple(found)


def is_guard(snapshot: Snapshot, ref: Ref) -> bool:
    """Whether a middleware, or a member of a chain, keeps somebody out."""
    found: dict[str, None] = {}
    _gather(snapshot, ref, found, 0)
    return bool(found)


def _gather(snapshot: Snapshot, ref: Ref, found: dict[str, None], depth: int) -> None:
    obj = snapshot.get(KINDS[ref.kind], *ref.key)
    if obj is None or depth > DEPTH or not isinstance(obj.body.spec, dict):
        return
    for kind in obj.body.spec:
        if kind in GUARDS:
            found[f"{ref.title} ({kind})"] = None
    for member in chained(obj):
        _gather(snapshot, member, found, depth + 1)
