"""Choosing the middlewares of a route: the box with their order, then the one dialog."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from pointsman.tui.actions.routeuses import Named, named, read_uses, resolved, uses_wish
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.guards import is_guard
from pointsman.tui.answers.routes.middlewares import Middleware, middleware_list
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.model.kinds import HTTPROUTES, INGRESSROUTETCPS, KINDS, MIDDLEWARES, MIDDLEWARETCPS
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.ordering import OrderScreen
from pointsman.widgets.picker import Choice

if TYPE_CHECKING:
    from pointsman.tui.screens.host import Host


class RouteMiddlewares:
    """One change of one rule's middlewares, from what is known of it now."""

    def __init__(self, host: Host, route: Route, done: Callable[[], object]) -> None:
        """``done`` is called when it is written."""
        self._host, self._route, self._done = host, route, done
        self._snapshot = host.snapshot()

    def begin(self) -> None:
        """Open the box."""
        route, snapshot = self._route, self._snapshot
        obj = snapshot.get(KINDS[route.ref.kind], *route.ref.key)
        if obj is None:
            self._host.say(f"{route.ref.title} is not there any more.", severity="warning")
            return
        before = resolved(read_uses(route.ref.kind, obj.doc(), route.rule_index, route.ref.namespace), snapshot)
        items = {item.ref: item for item in middleware_list(snapshot).items if item.exists}
        # The same one may stand in it twice, so that the place is part of a key.
        chosen: dict[Hashable, Named] = {(number, use.title): use for number, use in enumerate(before)}
        others: dict[Hashable, Named] = {
            (-1, item.ref.path): named(item.ref) for item in items.values() if self._fits(item)
        }
        uses = {**others, **chosen}

        def choice(key: Hashable) -> Choice:
            use = uses[key]
            return Choice(key, use.title, self._detail(use, items))

        def says(order: Sequence[Hashable]) -> Sequence[CellLike]:
            kept = {uses[key].title for key in order}
            gone = [use for use in before if use.title not in kept and use.ref is not None]
            return [
                Cell(f"{use.title} keeps somebody out: without it more people get in.", "warn")
                for use in gone
                if use.ref is not None and is_guard(snapshot, use.ref)
            ]

        def done(order: tuple[Hashable, ...] | None) -> None:
            if order is not None:
                self._write(before, [uses[key] for key in order])

        there = {use.title for use in before}
        left = [key for key, use in others.items() if use.title not in there]
        screen = OrderScreen(
            f"middlewares of {route.ref.title}",
            [choice(key) for key in chosen],
            [choice(key) for key in left],
            empty="none: requests go straight to the service; a adds one",
            says=says,
        )
        self._host.push_screen(screen, done)

    def _fits(self, item: Middleware) -> bool:
        """Whether the route may name it: of its kind, and of its namespace where it can name no other."""
        route = self._route
        wanted = MIDDLEWARETCPS if route.ref.kind == INGRESSROUTETCPS.id else MIDDLEWARES
        if item.ref.kind != wanted.id or not item.kind:
            return False
        return route.ref.kind != HTTPROUTES.id or item.ref.namespace == route.ref.namespace

    def _detail(self, use: Named, items: dict[Ref, Middleware]) -> CellLike:
        item = items.get(use.ref) if use.ref is not None else None
        if item is not None:
            return Cell(f"{item.kind}: {item.text}", "muted")
        return Cell("does not exist" if use.ref is not None else "of another provider", "error" if use.ref else "muted")

    def _write(self, before: Sequence[Named], wanted: Sequence[Named]) -> None:
        route = self._route
        if [use.title for use in before] == [use.title for use in wanted]:
            self._host.say("Nothing was changed.", seconds=3)
            return
        wish = uses_wish(self._snapshot, route.ref, route.rule_index, before, wanted)
        self._host.writer.begin(lambda desk: desk.plan(wish), done=self._done)
