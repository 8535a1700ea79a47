"""Routes: every route with what is wrong on its way, every middleware, and the trace of one request from name to pod."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult

from pointsman.tui.actions.routeuses import KINDS_WITH_USES
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.middlewares import middleware_list
from pointsman.tui.answers.routes.model import CILIUM
from pointsman.tui.answers.routes.places import request_of
from pointsman.tui.answers.routes.request import RequestError, Resolution
from pointsman.tui.answers.routes.trace import Trace, trace
from pointsman.tui.commands import Command
from pointsman.tui.model.kinds import MIDDLEWARES, MIDDLEWARETCPS, SERVICES
from pointsman.tui.screens.panel import Panel
from pointsman.tui.screens.question import QuestionBar
from pointsman.tui.screens.routenew import NewRoutePart
from pointsman.tui.screens.routeuses import RouteMiddlewares
from pointsman.tui.views.explain import Told
from pointsman.tui.views.middlewares import (
    MIDDLEWARE_COLUMNS,
    MiddlewareRow,
    is_middleware_problem,
    middleware_rows,
    middleware_search,
    middlewares_title,
)
from pointsman.tui.views.routes import (
    ROUTE_COLUMNS,
    VIEWS,
    RouteRow,
    is_route_problem,
    route_rows,
    route_search,
    routes_title,
)
from pointsman.tui.views.routetell import tell_middleware, tell_route
from pointsman.tui.views.states import absence
from pointsman.tui.views.traceview import (
    EXAMPLE,
    HOP_COLUMNS,
    Asking,
    HopRow,
    hop_rows,
    is_hop_problem,
    parse_asking,
    tell_hop,
    trace_title,
    verdict_words,
)
from pointsman.tui.views.viewswitch import switch
from pointsman.widgets.cells import Cell, CellLike, wrap_cell
from pointsman.widgets.grid import Grid
from pointsman.widgets.lines import Lines

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

DNS_SECONDS = 2.0


class RoutesScreen(NewRoutePart):
    place = "routes"
    CSS_PATH: ClassVar = "routes.tcss"
    AUTO_FOCUS = "#routes"
    main = "routes"

    def __init__(self) -> None:
        self.view = "list"
        super().__init__()
        self._came_from = "list"
        self._asking: Asking | None = None
        self._resolution: Resolution | None = None
        self._trace: Trace | None = None
        self._traced_at: tuple[int, int] | None = None

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield QuestionBar(self._urls, label="trace", example=EXAMPLE, id="question")

    def body(self) -> ComposeResult:
        yield Panel[RouteRow](
            ROUTE_COLUMNS, id="routes", key=lambda row: row.key, empty=self._no_routes, show_header=True,
            search=route_search,
        )  # fmt: skip
        yield Panel[MiddlewareRow](
            MIDDLEWARE_COLUMNS, id="middlewares", key=lambda row: row.key, empty=self._no_middlewares,
            show_header=True, search=middleware_search,
        )  # fmt: skip
        yield Panel[HopRow](HOP_COLUMNS, id="hops", key=lambda row: row.key, empty=self._no_hops, show_header=True)
        yield Lines(id="hop-words", compose_lines=self._hop_words)

    def on_mount(self) -> None:
        self.add_class("-list")

    # -- drawing ----------------------------------------------------------------------------------------------------

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        self.show_stale(snapshot)
        found, middlewares = route_list(snapshot), middleware_list(snapshot)
        namespace, problems = self.host.view.namespace, self.host.view.of(self.place).problems
        rows = route_rows(found, snapshot.now, namespace)
        routes, listed = self.panel("routes"), self.panel("middlewares")
        routes.show_rows(rows)
        routes.set_title(*routes_title(found, rows, len(routes.model), routes.model.total, problems=problems))
        if changed or not listed.model.total:
            listed.show_rows(middleware_rows(middlewares, namespace))
        items = middleware_rows(middlewares, namespace)
        listed.set_title(
            *middlewares_title(middlewares, items, len(listed.model), listed.model.total, problems=problems)
        )
        for panel in (routes, listed):
            panel.set_note(*switch(VIEWS, self.view, self.host.keymap.label("routes.view"), self.size.width))
        self.look_at_awaited(found, snapshot)
        if self.view == "trace":
            self._draw_trace(snapshot)
        self.refresh_drawer()

    def _draw_trace(self, snapshot: Snapshot) -> None:
        """Walk again where the objects changed, at most once a second."""
        hops = self.panel("hops")
        now = (snapshot.version, int(snapshot.now))
        stale = self._traced_at is None or (self._traced_at[0] != now[0] and self._traced_at[1] != now[1])
        if self._asking is not None and self._resolution is not None and stale:
            self._trace, self._traced_at = trace(snapshot, self._asking.request, self._resolution), now
            hops.show_rows(hop_rows(self._trace))
            self.query_one(QuestionBar).say(Cell(verdict_words(self._trace), _STYLES[self._trace.verdict]))
            self.query_one("#hop-words", Lines).update_lines()
        hops.set_title(*trace_title(self._asking, self._trace))

    # -- the views --------------------------------------------------------------------------------------------------

    def cmd_routes_view(self) -> None:
        """The next view; out of a trace back to the list."""
        order = tuple(VIEWS)
        self.show_view("list" if self.view == "trace" else order[(order.index(self.view) + 1) % len(order)])

    def show_view(self, view: str) -> None:
        if view == self.view:
            return
        self.close_drawer()
        if view == "trace":
            self._came_from = self.view
        else:
            self.query_one(QuestionBar).close()
        for name in (*VIEWS, "trace"):
            self.set_class(name == view, f"-{name}")
        self.view = view
        self.panel_here.focus()
        self._attach_filter()
        self.again()

    @property
    def panel_here(self) -> Panel[Any]:
        return self.panel({"list": "routes", "trace": "hops"}.get(self.view, self.view))

    def why_not(self, command: Command) -> str:
        if self.is_ready and command.id == "logs" and not isinstance(self.selected_row, RouteRow):
            return "Only routes have pods behind them."
        if self.is_ready and command.id == "routes.middlewares":
            row = self.selected_row
            if not isinstance(row, RouteRow):
                return "Middlewares are put at a route; v goes to their list."
            if row.route.ref.kind not in KINDS_WITH_USES or row.route.controller == CILIUM:
                return f"{row.route.ref.title} takes no middlewares."
        if self.is_ready and command.id == "routes.new" and self.host.session.options.manifests:
            return "Files are read in place of a cluster; there is nothing to write to."
        if self.is_ready and command.id == "toggle":
            if not isinstance(self.selected_row, RouteRow):
                return "Routes are switched in their list."
            if self.selected_row.route.ref.kind == SERVICES.id:
                return "A service without a route has no switch: without its type it would lose its address."
        return super().why_not(command)

    def family_sort(self, rest: str) -> None:
        column = _SORTS.get((self.view, rest.partition(".")[2]), rest.partition(".")[2])
        if self.view == "trace" or all(one.key != column for one in self.panel_here.model.columns):
            self.host.say("This list is not sorted by that.", seconds=3)
            return
        self.panel_here.sort_by(column)
        self.panel_here.focus()

    def forget(self) -> None:
        self._asking = self._resolution = self._trace = self._traced_at = None
        if self.is_ready:
            self.query_one(QuestionBar).close()
            self.show_view("list")
        super().forget()

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        match row:
            case RouteRow():
                return row.route.ref
            case MiddlewareRow():
                return row.item.ref if row.item.exists else None
            case HopRow():
                return row.ref
        return None

    def is_problem(self, row: Any) -> bool:
        match row:
            case RouteRow():
                return is_route_problem(row)
            case MiddlewareRow():
                return is_middleware_problem(row)
            case HopRow():
                return is_hop_problem(row)
        return True

    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        match row:
            case RouteRow():
                return tell_route(row, middleware_list(snapshot), snapshot.now)
            case MiddlewareRow():
                return tell_middleware(row)
        assert self._trace is not None  # there is a hop, so it is one of a trace
        return tell_hop(row, self._trace)

    def copied(self, row: Any) -> str:
        """A route copies the URL it answers."""
        if isinstance(row, RouteRow) and (url := request_of(row.route, self.host.snapshot())):
            return url
        if isinstance(row, HopRow):
            return f"{row.hop.kind} {row.hop.name}: {row.hop.detail}"
        return super().copied(row)

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:
        self.show_view("middlewares" if ref.kind in (MIDDLEWARES.id, MIDDLEWARETCPS.id) else "list")
        super().point_at(ref, text, explain=explain, prefer=prefer)
        self.panel_here.focus()

    # -- writing ----------------------------------------------------------------------------------------------------

    def cmd_toggle(self) -> None:
        """Off for ten minutes if it is on, on if it is off; asks before anything is written."""
        row = self.selected_row
        if not isinstance(row, RouteRow) or row.route.ref.kind == SERVICES.id:
            return
        ref = row.route.ref
        if row.route.off is not None:
            self.host.writer.switch_on(ref)
        else:
            self.host.writer.begin(lambda desk: desk.plan_off(ref), lambda desk, seconds: desk.plan_off(ref, seconds))

    def cmd_routes_middlewares(self) -> None:
        """Put the middlewares of the route's rule in order, take some out, add some; asks before anything is written."""
        row = self.selected_row
        if isinstance(row, RouteRow):
            ref = row.route.ref
            RouteMiddlewares(self.host, row.route, lambda: self.watch_live(ref)).begin()

    # -- traces -----------------------------------------------------------------------------------------------------

    def cmd_trace(self, words: str = "") -> None:
        """Trace these words, or what the row stands for; in a trace, change its words."""
        bar = self.query_one(QuestionBar)
        if words:
            self.ask(words)
        elif self.view == "trace":
            bar.open()
        elif isinstance(self.selected_row, RouteRow) and (
            url := request_of(self.selected_row.route, self.host.snapshot())
        ):
            self.ask(url)
        else:
            bar.open("")

    @on(QuestionBar.Asked)
    def _asked(self, event: QuestionBar.Asked) -> None:
        event.stop()
        self.ask(event.text)

    def ask(self, text: str) -> None:
        """Walk a request; its name is asked for in a thread, so the hops come a moment later."""
        bar = self.query_one(QuestionBar)
        bar.open(text)
        try:
            asking = parse_asking(text)
        except RequestError as error:
            bar.say(Cell(str(error), "error"))
            return
        bar.say("")
        self.show_view("trace")
        self._asking, self._resolution, self._trace, self._traced_at = asking, None, None, None
        self.panel("hops").show_rows(())
        self.panel_here.focus()
        self.run_worker(self._resolve(asking), group="trace", exclusive=True, exit_on_error=True)
        self.again()

    async def _resolve(self, asking: Asking) -> None:
        host = asking.request.host
        resolution = await asyncio.to_thread(_resolved, host, asking.resolve, asking.dns)
        if asking is self._asking:
            self._resolution = resolution
            self.again()
            hops = self.panel("hops")
            if self._trace is not None and (broken := self._trace.broken) is not None:
                at = next((row for row in hop_rows(self._trace) if row.hop is broken), None)
                if at is not None:
                    hops.select(at.key)

    def _hop_words(self, cells: int) -> list[CellLike]:
        """The hop under the cursor with all of its words: the list has room for one line of them."""
        row = self.panel("hops").selected_item if self.is_ready else None
        if row is None or self._trace is None:
            return []
        return list(wrap_cell(tell_hop(row, self._trace).headline, cells))

    @on(Grid.RowSelected)
    def _hop_selected(self, event: Grid.RowSelected) -> None:
        if event.grid.id == "hops":
            self.query_one("#hop-words", Lines).update_lines()

    def _urls(self) -> Iterable[str]:
        """URLs that a question may begin with: those of the routes."""
        snapshot = self.host.snapshot()
        return dict.fromkeys(url for route in route_list(snapshot).items if (url := request_of(route, snapshot)))

    # -- back -------------------------------------------------------------------------------------------------------

    def cmd_back(self) -> None:
        bar = self.query_one(QuestionBar)
        if bar.has_focus_within:
            if self.view == "trace":
                self.panel_here.focus()
            else:
                bar.close()
                self.panel_here.focus()
        elif self.drawer.is_open:
            super().cmd_back()
        elif self.view == "trace":
            self.show_view(self._came_from)
        elif self.view == "middlewares" and not (
            self._arrived or self.panel_here.model.filter_text or self.host.view.of(self.place).problems
        ):
            self.show_view("list")
        else:
            super().cmd_back()

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _no_routes(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "routes")

    def _no_middlewares(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "middlewares")

    def _no_hops(self) -> Sequence[CellLike]:
        return [Cell("asking DNS for the name", "muted")] if self._asking is not None else []


_STYLES = {"ok": "ok", "broken": "error", "unknown": "unknown"}
_SORTS = {("middlewares", "route"): "middleware", ("middlewares", "kind"): "what"}
"""Columns of the other list that a key of the first stands for."""


def _resolved(host: str, given: str, server: str) -> Resolution:
    """What DNS says of the host: the given address, a named server, or this machine's resolver. Blocks."""
    from pointsman.tui.sources.dns import resolve

    return resolve(host, given, server, DNS_SECONDS)
