"""Flows: who talks to whom, what is dropped and why; live, and standing still as soon as one reads.

Four views of the same traffic take turns: the lines as they come, edges, top talkers and top drops. The lines are fed at the
tick from the store's ring (:mod:`~pointsman.tui.screens.flowstail`); the tables are made from the snapshot's edges once a
second, and only while they are on screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from pointsman.tui.answers.flows.filterline import MOST_SEEN, complete
from pointsman.tui.answers.flows.judged import Judged, judged
from pointsman.tui.answers.policies.index import compile_index
from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import Command
from pointsman.tui.model.flows import Flow
from pointsman.tui.model.traffic import Edge
from pointsman.tui.screens.behind import Behind
from pointsman.tui.screens.flowstail import FlowTail
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.explain import Told
from pointsman.tui.views.flowabsence import flows_absence
from pointsman.tui.views.flowedges import (
    DROP_COLUMNS,
    EDGE_COLUMNS,
    TALKER_COLUMNS,
    EdgeRow,
    Row,
    TalkerRow,
    drop_rows,
    edge_rows,
    edges_in,
    flow_of,
    row_text,
    talker_rows,
)
from pointsman.tui.views.flowedges import is_problem as is_row_problem
from pointsman.tui.views.flowfilter import PLACEHOLDER, reader
from pointsman.tui.views.flowrelated import choices, object_of
from pointsman.tui.views.flows import NOISE_BY_ID, Pair, drops_only, in_namespace, of_pair, pair_of, quiet
from pointsman.tui.views.flowsaving import EXTENSIONS, as_document, as_line, filter_help, writer
from pointsman.tui.views.flowtell import tell_edge, tell_flow, tell_talker
from pointsman.tui.views.flowtitle import VIEWS, Standing, foot, lines_title, node_words, table_title
from pointsman.widgets.cells import CellLike
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.filtering import FilterError
from pointsman.widgets.suggest import Completion

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

BUSY = 100.0
"""Flows a second above which the tables are made every second second: all their rows change each time."""
LOST_LATELY = 10.0
"""Seconds a loss at the server stays lit."""
PATIENCE = 0.03
"""Seconds the policies' answer is waited for, so that a homelab's is there in the drawer's first frame."""


class FlowsScreen(ListPane):
    place = "flows"
    CSS_PATH: ClassVar = "flows.tcss"
    AUTO_FOCUS = "#lines"
    main = "lines"

    def __init__(self) -> None:
        super().__init__()
        self.view = "lines"
        self._pair: Pair | None = None
        self._narrowed = ""
        self._judged: tuple[Flow, Judged] | None = None
        self._asking: Flow | None = None
        self._judge: Behind[tuple[Flow, Judged]] = Behind(self, "flows", self._take_judged)

    def body(self) -> ComposeResult:
        yield FlowTail(self.host.session.store.flows.capacity, id="lines", empty=self._nothing)
        tables = (("edges", EDGE_COLUMNS), ("talkers", TALKER_COLUMNS), ("drops", DROP_COLUMNS))
        for name, columns in tables:
            yield Panel[Any](
                columns,
                id=name,
                key=lambda row: row.key,
                empty=self._nothing,
                show_header=True,
                search=row_text,
                reader=reader(flow_of),
            )

    def filter_bar(self) -> FilterBar:
        return FilterBar(id="filter", placeholder=PLACEHOLDER, suggester=Completion(self._complete))

    def on_mount(self) -> None:
        self.add_class(f"-{self.view}")

    def on_unmount(self) -> None:
        self._judge.stop()

    @property
    def tail(self) -> FlowTail:
        return self.query_one(FlowTail)

    @property
    def panel_here(self) -> Panel[Any]:
        return self.panel(self.view)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Beside what every pane does: the stream, which has a pace of its own."""
        super().show(snapshot)
        if self.is_ready and self.view == "lines" and not self.has_class("-nothing-yet"):
            self._stream(snapshot)

    def _stream(self, snapshot: Snapshot) -> None:
        if self.tail.take(self.host.session.store.flows):
            self._title(snapshot)

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        if self.host.view.namespace != self._narrowed:
            self._narrowed = self.host.view.namespace
            self.tail.set_predicate(in_namespace(self._narrowed), "namespace")
        if self.view != "lines":
            if changed or snapshot.traffic.rates.flows < BUSY or int(snapshot.now) % 2 == 0:
                self._fill(snapshot)
        elif not self.tail.model.total:
            self.tail.changed()  # the note on why it is empty may be another now
        self._title(snapshot)
        self.refresh_drawer()

    def _fill(self, snapshot: Snapshot) -> None:
        hidden = self.host.view.of(self.place).hidden
        edges: list[Edge] = edges_in(snapshot.traffic, self.host.view.namespace, hidden, self._pair)
        rows: Sequence[Row]
        if self.view == "edges":
            rows = edge_rows(edges, snapshot.now)
        elif self.view == "talkers":
            rows = talker_rows(edges, snapshot.now)
        else:
            rows = drop_rows(edges, snapshot.now)
        self.panel_here.show_rows(rows)

    def _title(self, snapshot: Snapshot) -> None:
        store, panel, state = self.host.session.store.flows, self.panel_here, self.host.view.of(self.place)
        rates = snapshot.traffic.rates
        if self.view == "lines":
            counts, model, tail = store.counts, panel.model, self.tail
            standing = Standing(
                shown=len(model),
                kept=model.total,
                received=counts.received,
                evicted=counts.evicted,
                lost=counts.lost_total,
                lost_lately=store.lost_at is not None and snapshot.now - store.lost_at < LOST_LATELY,
                newer=None if tail.following else tail.newer,
            )
            panel.set_title(*lines_title(standing, rates, self.size.width, problems=state.problems, pair=self._pair))
        else:
            model = panel.model
            panel.set_title(
                *table_title(self.view, len(model), model.total, rates, problems=state.problems, pair=self._pair)
            )
        away = node_words(list(store.nodes.items()))
        key = self.host.keymap.label("flows.view")
        panel.set_note(*foot(self.view, key, state.hidden, self.size.width, away))

    # -- views, pause, noise, pairs -----------------------------------------------------------------------------------

    def cmd_flows_view(self) -> None:
        """The next view."""
        order = tuple(VIEWS)
        self.show_view(order[(order.index(self.view) + 1) % len(order)])

    def show_view(self, view: str) -> None:
        """One of ``lines``, ``edges``, ``talkers``, ``drops``; the filter goes along."""
        if view == self.view or view not in VIEWS:
            return
        self.close_drawer()
        words = self.panel_here.model.filter_text
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        self.view = view
        if self.panel_here.model.filter_text != words:
            try:
                self.panel_here.set_filter(words)
            except FilterError:
                self.panel_here.set_filter("")
        self.host.view.of(self.place).view = "" if view == next(iter(VIEWS)) else view
        self.host.remember()
        self.panel_here.focus()
        self._attach_filter()
        self.again()

    def cmd_flows_pause(self) -> None:
        if self.view != "lines":
            self.host.say("Only the lines can stand still; v goes there.", seconds=3)
        elif self.tail.following:
            self.tail.pause()
            self.again()
        else:
            self.cmd_bottom()

    def cmd_bottom(self) -> None:
        super().cmd_bottom()
        if self.view == "lines":
            self.again()

    def family_flows(self, rest: str) -> None:
        """``flows.noise.dns``: leave out or show a kind of noise."""
        noise = NOISE_BY_ID[rest.rpartition(".")[2]]
        state = self.host.view.of(self.place)
        on = noise.id not in state.hidden
        state.hidden = (*state.hidden, noise.id) if on else tuple(id for id in state.hidden if id != noise.id)
        self._apply_noise()
        self.host.remember()
        self.host.say(f"{noise.word} {'left out' if on else 'shown'}.", seconds=2)

    def _apply_noise(self) -> None:
        self.tail.set_predicate(quiet(self.host.view.of(self.place).hidden), "noise")
        self.again()

    def cmd_flows_pair(self) -> None:
        """Only the two ends of the row, or all again."""
        if self._pair is not None:
            self._set_pair(None)
            return
        row = self.selected_row
        if isinstance(row, Flow):
            self._set_pair(pair_of(row))
        elif isinstance(row, EdgeRow):
            self._set_pair(frozenset((row.edge.source.text, row.edge.destination.text)))
        elif isinstance(row, TalkerRow):
            self.host.say("That is one end; edges and lines have two.", seconds=3)
        else:
            self.host.say("There is no row here.", severity="warning")

    def _set_pair(self, pair: Pair | None) -> None:
        self._pair = pair
        self.tail.set_predicate(of_pair(pair), "pair")
        self.again()

    def show_pair(self, one: str, other: str, view: str = "lines") -> None:
        """For other panes: only what is between two ends, named as :attr:`~pointsman.tui.model.traffic.End.text` does."""
        self.show_view(view)
        self._set_pair(frozenset((one, other)))

    def _apply_problems(self, on: bool) -> None:
        super()._apply_problems(on)
        if not self.is_ready:
            return
        self._title(self.host.snapshot())

    def family_sort(self, rest: str) -> None:
        column = rest.partition(".")[2]
        panel = self.panel_here
        if self.view == "lines":
            self.host.say("Lines are in the order they came; v goes to the tables, which sort.", seconds=3)
        elif any(one.key == column and one.value is not None for one in panel.model.columns):
            panel.sort_by(column)
        else:
            self.host.say("This table has no such column.", seconds=3)

    def cmd_flows_filter_help(self) -> None:
        self.host.open_text("filter words", "filter", filter_help())

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        return object_of(row, self.host.snapshot())

    def is_problem(self, row: Any) -> bool:
        return drops_only(row) if isinstance(row, Flow) else is_row_problem(row)

    def why_not(self, command: Command) -> str:
        if not self.is_ready:
            return ""
        row = self.selected_row
        if command.id == "yaml":
            return "" if isinstance(row, Flow) else "A flow's JSON is read in the lines; v goes there."
        if command.id == "flows.pause" and self.view != "lines":
            return "Only the lines can stand still; v goes there."
        if command.id == "related":
            return "" if row is not None else "There is no row here."
        return super().why_not(command)

    def copied(self, row: Any) -> str:
        """A flow copies its line in the hubble CLI's compact form, masked."""
        return as_line(row) if isinstance(row, Flow) else super().copied(row)

    def cmd_yaml(self) -> None:
        """The flow as JSON, with what is secret in it masked."""
        row = self.selected_row
        if isinstance(row, Flow):
            self.host.open_text(as_line(row), "flow", as_document(row))

    def cmd_related(self) -> None:
        row = self.selected_row
        if row is not None:
            self.host.choose_related(
                "the flow" if isinstance(row, Flow) else "the row", choices(row, self.host.snapshot())
            )

    def cmd_save(self) -> None:
        panel = self.panel_here
        rows = [panel.model.item_at(index) for index in range(len(panel.model))]
        if self.view == "lines":
            self.host.save_as(self.place, writer(panel.model.columns, rows), EXTENSIONS)
        else:
            self.host.save_view(self.place, panel.model.columns, rows)

    # -- explain ----------------------------------------------------------------------------------------------------

    def cmd_explain(self) -> None:
        """The row in words; the stream stands still for it."""
        if self.view == "lines" and self.tail.following and not self.drawer.is_open:
            self.tail.pause()
        super().cmd_explain()

    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        if isinstance(row, EdgeRow):
            return tell_edge(row, snapshot)
        if isinstance(row, TalkerRow):
            return tell_talker(row, snapshot)
        flow: Flow = row
        if self._judged is None or self._judged[0] is not flow:
            self._ask(flow, snapshot)
        found = self._judged[1] if self._judged is not None and self._judged[0] is flow else None
        return tell_flow(flow, snapshot, found)

    def _ask(self, flow: Flow, snapshot: Snapshot) -> None:
        if self._asking is flow:
            return
        self._asking = flow
        self._judge.start(lambda _going_on: (flow, judged(flow, snapshot, compile_index(snapshot))), PATIENCE)

    def _take_judged(self, found: tuple[Flow, Judged]) -> None:
        self._judged = found
        if self._asking is found[0]:
            self._asking = None
        if self.is_ready and self.drawer.is_open:
            self.call_later(self.refresh_drawer)

    # -- filter -----------------------------------------------------------------------------------------------------

    def _complete(self, text: str) -> str | None:
        ring = self.host.session.store.flows.newest(MOST_SEEN)
        return complete(text, ring)

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:  # noqa: ARG002
        """Flows have no object of their own: the filter that came along is what is meant."""
        self._arrived = True
        self.narrow(text or f"namespace {ref.namespace}" if ref.namespace else text)

    # -- back and remembered ------------------------------------------------------------------------------------------

    def cmd_back(self) -> None:
        """Also out of the pair, and back to following."""
        if not self.query_one(FilterBar).has_focus_within and not self.drawer.is_open:
            if self._pair is not None and not self._arrived:
                self._set_pair(None)
                return
            if self.view == "lines" and not self.tail.following and not self.panel_here.model.filter_text:
                self.cmd_bottom()
                return
        super().cmd_back()

    def restore(self) -> None:
        super().restore()
        state = self.host.view.of(self.place)
        state.hidden = tuple(id for id in state.hidden if id in NOISE_BY_ID)
        self._apply_noise()
        if state.view:
            self.show_view(state.view)

    def forget(self) -> None:
        super().forget()
        self._pair = None
        self._judged = self._asking = None
        self._judge.forget()
        for name in ("pair", "noise", "namespace"):
            self.tail.set_predicate(None, name)
        self._narrowed = ""
        self.show_view("lines")

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _nothing(self) -> Sequence[CellLike]:
        summary = self.summary
        snapshot = self.host.snapshot()
        if self.view != "lines" and self.host.session.store.flows.sequence:
            if self.view == "drops":
                return ("nothing was dropped in the last five minutes",)
            return ("no traffic in the last half hour",)
        return flows_absence(snapshot, summary.report if summary else None, self.host.keymap)
