"""Map: who talks to whom as boxes and lines, or the same lines as a table; without flows the paths that are declared.

Some 500 lines, since both views share one graph, one cursor, one drawer and one way back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Role
from pointsman.tui.answers.flows.judged import Judged, judged
from pointsman.tui.answers.flows.narrowing import busiest, foldable, in_namespace, kept
from pointsman.tui.answers.policies.index import compile_index
from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import Command
from pointsman.tui.model.flows import TRAEFIK_LOG, Flow
from pointsman.tui.screens.behind import Behind
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.screens.panel import Panel, Parts, content_of
from pointsman.tui.views import map as view
from pointsman.tui.views.explain import Told
from pointsman.tui.views.map import CLOSE, RATES, ROOMY, Looking
from pointsman.tui.views.mapsaving import FORMS, saved
from pointsman.tui.views.maptable import COLUMNS, LineRow, line_rows, row_text
from pointsman.tui.views.maptell import flow_words, question_of, tell_box, tell_line
from pointsman.tui.views.states import is_stale
from pointsman.tui.views.viewswitch import switch
from pointsman.widgets.cells import CellLike
from pointsman.widgets.grid import Grid
from pointsman.widgets.lines import Lines
from pointsman.widgets.mapcanvas import MARGIN, MapCanvas, Spotted
from pointsman.widgets.mapmodel import Metrics, Skeleton
from pointsman.widgets.maproute import Plan

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

PATIENCE = 0.02
"""Seconds that the policies' answer is waited for, so that it is there in the drawer's first frame."""
KEPT = 12
"""Arrangements that are remembered, so that boxes are where they were when one comes back from a focus."""
ZOOMS = ("", "close", "roomy")
ZOOM_WORDS = {"": "as fits the screen", "close": "one line a box", "roomy": "three lines a box"}


class MapScreen(ListPane):
    place = "map"
    CSS_PATH: ClassVar = "map.tcss"
    AUTO_FOCUS = "#map"
    main = "lines"

    def __init__(self) -> None:
        self.view = "map"
        super().__init__()
        self._looking = Looking()
        self._zoom = ""
        self._graph = Graph()
        self._table = Graph()
        """What the table shows: the graph folded and narrowed, before the filter."""
        self._drawn = Graph()
        """What the map shows: of that, what the filter keeps."""
        self._shut: frozenset[str] = frozenset()
        self._made: tuple[object, ...] = ()
        self._plan: Plan | None = None
        self._plan_of: tuple[object, ...] = ()
        self._skeletons: OrderedDict[object, Skeleton] = OrderedDict()
        self._fits: dict[object, Metrics] = {}
        self._map_title: Parts = ()
        self._map_foot: Parts = ()
        self._told_at: Spotted | None = None
        self._asked: tuple[Flow, int] | None = None
        """What the policies were asked last, and by which version of the objects."""
        self._judged: Judged | None = None
        self._judge: Behind[Judged] = Behind(self, "map", self._take_judged)

    def body(self) -> ComposeResult:
        yield MapCanvas(id="map", classes="panel")
        yield Lines(id="map-words")
        yield Panel[LineRow](
            COLUMNS, id="lines", key=lambda row: row.key, empty=self._no_lines, show_header=True, search=row_text
        )

    def on_unmount(self) -> None:
        self._judge.stop()

    @property
    def canvas(self) -> MapCanvas:
        return self.query_one("#map", MapCanvas)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        self.show_stale(snapshot)
        self.canvas.stale = is_stale(snapshot)
        traffic = snapshot.traffic
        told = bool(traffic.edges) and not self._looking.paths
        made = (snapshot.version, self._looking.paths, *((traffic.version, int(snapshot.now)) if told else ()))
        if changed or made != self._made:
            self._made = made
            self._graph = view.make_graph(snapshot, frozenset(self._graph.boxes), paths=self._looking.paths)
        self._narrow(snapshot)

    def _narrow(self, snapshot: Snapshot) -> None:
        """Fold, focus and filter the graph, and show it in both views."""
        state = self.host.view
        kept = state.of(self.place)
        self._looking = replace(
            self._looking, namespace=state.namespace, problems=kept.problems,
            hidden=frozenset(kept.hidden).intersection(view.NOISE),
        )  # fmt: skip
        self._table, self._shut = view.narrowed(self._graph, self._looking)
        panel = self.panel("lines")
        panel.show_rows(line_rows(self._table, snapshot.now))
        self._filtered_map(snapshot)

    def _filtered_map(self, snapshot: Snapshot) -> None:
        """The map of the lines that the filter keeps."""
        panel = self.panel("lines")
        model = panel.model
        if model.filter_text:
            pairs = {model.item_at(index).key for index in range(len(model))}
            self._drawn = kept(self._table, lambda line: line.pair in pairs)
        else:
            self._drawn = self._table
        self._drawn = busiest(self._drawn)
        if self._drawn.boxes:
            plan = self._plan_for(self._drawn)
            self.canvas.show_map(plan, view.faces(self._drawn), view.inks(self._drawn), RATES)
        else:
            self._plan, self._plan_of = None, ()
            self.canvas.show_note(self._why_empty(snapshot))
        self._frame(snapshot)
        self.refresh_drawer()

    def _why_empty(self, snapshot: Snapshot) -> list[CellLike]:
        if self._table.boxes:
            return [f"{len(self._table.lines):,} lines, none matches {self.panel('lines').model.filter_text}",
                    "esc takes the filter away"]  # fmt: skip
        return view.absence(snapshot, self._graph, self._looking)

    def _plan_for(self, graph: Graph) -> Plan:
        """The plan: as it was while boxes and lines are the same ones, else from the arrangement before."""
        mode = (graph.declared, self._looking, self._shut, self.panel("lines").model.filter_text)
        metrics = self._metrics(mode, graph)
        shape = (mode, metrics, frozenset((box.key, box.group) for box in graph.boxes.values()), frozenset(graph.lines))
        if self._plan is None or shape != self._plan_of:
            place = (mode, metrics)
            self._plan = view.lay(graph, metrics, self._skeletons.get(place))
            self._plan_of = shape
            self._skeletons[place] = self._plan.skeleton
            self._skeletons.move_to_end(place)
            while len(self._skeletons) > KEPT:
                self._skeletons.popitem(last=False)
        return self._plan

    def _metrics(self, mode: object, graph: Graph) -> Metrics:
        """Boxes of three lines where all of the map fits, else of one; once chosen it stays until the screen changes."""
        if self._zoom:
            return ROOMY if self._zoom == "roomy" else CLOSE
        room = self.canvas.size
        key = (mode, room)
        if key not in self._fits:
            self._fits = {one: fit for one, fit in self._fits.items() if one[1] == room}  # type: ignore[index]
            plan = view.lay(graph, ROOMY, self._skeletons.get((mode, ROOMY)))
            fits = plan.width + 2 * MARGIN <= room.width and plan.height + 2 * MARGIN <= room.height
            self._fits[key] = ROOMY if fits else CLOSE
        return self._fits[key]

    def _frame(self, snapshot: Snapshot) -> None:
        """The words in the frames, and below the map what the cursor is on."""
        canvas, panel = self.canvas, self.panel("lines")
        rows = len(panel.model) if panel.model.filter_text else None
        title = view.title(self._table, self._drawn, self._shut, self._looking, rows)
        foot = switch(view.VIEWS, self.view, self.host.keymap.label("map.view"), self.size.width, word="the other")
        if title != self._map_title:
            self._map_title = title
            # A border without corners leaves no room around its title.
            canvas.border_title = content_of(((" ", ""), *title, (" ", "")) if self.app.has_class("-slow") else title)
        if foot != self._map_foot:
            self._map_foot = foot
            canvas.border_subtitle = content_of(foot)
        panel.set_title(*title)
        panel.set_note(*foot)
        self._words(snapshot)

    def _words(self, snapshot: Snapshot) -> None:
        lines: list[CellLike] = [view.meaning(self._drawn, self.thing_here)]
        lines.append(view.legend(self._graph))
        if self._graph.declared and self._drawn.boxes and not self._looking.paths:
            lines[1] = (*view.legend(self._graph).segments(), *_joined(view.fills(snapshot)[:1]))
        self.query_one("#map-words", Lines).set_lines(lines)

    def on_resize(self, event: Any) -> None:
        self._fits.clear()
        super().on_resize(event)

    # -- the cursor -------------------------------------------------------------------------------------------------

    @property
    def thing_here(self) -> Box | Line | None:
        """The box or line under the cursor of the view that is shown."""
        if self.view == "table":
            row = self.panel("lines").selected_item
            return row.line if isinstance(row, LineRow) else None
        at = self.canvas.at
        if at.link is not None:
            return self._drawn.lines.get(at.link)
        return self._drawn.boxes.get(at.box)

    @property
    def selected_row(self) -> Any:
        return self.thing_here

    @on(MapCanvas.Moved)
    def _moved(self, event: MapCanvas.Moved) -> None:
        event.stop()
        self._words(self.host.snapshot())
        self.refresh_drawer()
        self.draw_footer()

    @on(MapCanvas.Chosen)
    def _chosen_on_map(self, event: MapCanvas.Chosen) -> None:
        event.stop()
        self.host.run_command("explain")

    def _move(self, *names: str) -> None:
        if self.view == "table" or self.drawer.has_focus:
            super()._move(*names)
            return
        for name in names:
            action = getattr(self.canvas, f"action_{name}", None)
            if action is not None:
                action()
                return

    def cmd_map_left(self) -> None:
        self.cmd_left()

    def cmd_map_right(self) -> None:
        self.cmd_right()

    def cmd_map_pan_left(self) -> None:
        self.canvas.action_pan_left()

    def cmd_map_pan_right(self) -> None:
        self.canvas.action_pan_right()

    def on_descendant_blur(self) -> None:
        """The filter line gives its focus to the table, which may not be in view."""
        self.call_after_refresh(self._focus_map)

    def _focus_map(self) -> None:
        if self.view == "map" and self.focused in (None, self.panel("lines")):
            self.canvas.focus()

    # -- the two views ----------------------------------------------------------------------------------------------

    def cmd_map_view(self) -> None:
        self.close_drawer()
        here = self.thing_here
        self.view = "table" if self.view == "map" else "map"
        self.set_class(self.view == "table", "-table")
        if self.view == "table":
            self.panel("lines").focus()
            if isinstance(here, Line):
                self.panel("lines").select(here.pair)
        else:
            self.canvas.focus()
            if isinstance(here, Line):
                self.canvas.go(Spotted(here.source, here.pair))
        self.again()

    def cmd_map_zoom(self) -> None:
        """One line a box, three, or as fits."""
        self._zoom = ZOOMS[(ZOOMS.index(self._zoom) + 1) % len(ZOOMS)]
        self.host.say(f"Boxes: {ZOOM_WORDS[self._zoom]}.", seconds=2)
        self.again()

    def cmd_map_arrange(self) -> None:
        self._skeletons.clear()
        self._fits.clear()
        self._plan_of = ()
        self.again()

    def _look(self, **changes: Any) -> None:
        self._looking = replace(self._looking, **changes)
        self.again()

    def cmd_map_focus(self) -> None:
        """Around the box under the cursor, or all again."""
        here = self.thing_here
        if self._looking.focus and not (isinstance(here, Box) and here.key != self._looking.focus):
            self._look(focus="")
        elif isinstance(here, (Box, Line)):
            self._look(focus=here.key if isinstance(here, Box) else here.source)
        if isinstance(here, Box):
            self.canvas.go(Spotted(here.key))

    def cmd_map_fold(self) -> None:
        """Fold the namespace of the box, or unfold it."""
        here = self.thing_here
        if not isinstance(here, Box):
            return
        name = here.name if here.role is Role.NAMESPACE else here.group
        opened, closed = self._looking.opened, self._looking.closed
        if here.role is Role.NAMESPACE:
            inside = [box for box in self._graph.boxes.values() if box.group == name]
            self._look(opened=opened | {name}, closed=closed - {name})
            if inside:
                self.canvas.go(Spotted(min(box.key for box in inside)))
        else:
            self._look(opened=opened - {name}, closed=closed | {name})
            self.canvas.go(Spotted(f"namespace//{name}"))

    def _switch_noise(self, name: str) -> None:
        state = self.host.view.of(self.place)
        state.hidden = tuple(sorted(set(state.hidden) ^ {name}))
        self.host.remember()
        self.again()

    def cmd_map_paths(self) -> None:
        """What is declared, or what was seen."""
        self.close_drawer()
        self._look(paths=not self._looking.paths, focus="")

    def cmd_map_noise_dns(self) -> None:
        self._switch_noise("dns")

    def cmd_map_noise_host(self) -> None:
        self._switch_noise("host")

    def cmd_map_fold_all(self) -> None:
        """Every namespace, or none."""
        names = foldable(in_namespace(self._graph, self._looking.namespace))
        if self._shut:
            self._look(opened=names, closed=frozenset())
        else:
            self._look(opened=frozenset(), closed=names)

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        match row:
            case Box():
                return row.ref
            case Line():
                boxes = self._drawn.boxes
                ends = (boxes.get(row.target), boxes.get(row.source))
                return next((box.ref for box in ends if box is not None and box.ref is not None), None)
            case LineRow():
                return row.target.ref or row.source.ref
        return None

    def is_problem(self, row: Any) -> bool:
        return view.is_problem(row.line) if isinstance(row, LineRow) else True

    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        flows = self._has_flows()
        if isinstance(row, Box):
            return tell_box(self._drawn, row, flows=flows)
        line = row.line if isinstance(row, LineRow) else row
        graph = self._table if line.pair in self._table.lines else self._drawn
        question = question_of(graph, line, snapshot.traffic.names)
        return tell_line(graph, line, flows=flows, question=question, judged=self._ask(question, snapshot))

    def _ask(self, flow: Flow | None, snapshot: Snapshot) -> Judged | None:
        """What the policies say of a drop; asked behind, and told when it is known."""
        if flow is None:
            return None
        asked = (flow, snapshot.version)
        if self._asked is None or self._asked[0] != flow:
            self._judged = None
        if asked != self._asked and not (self._judge.busy and self._asked is not None and self._asked[0] == flow):
            self._asked = asked
            self._judge.start(lambda _going_on: judged(flow, snapshot, compile_index(snapshot)), PATIENCE)
        return self._judged

    def _take_judged(self, found: Judged) -> None:
        self._judged = found
        if self.is_ready and self.drawer.is_open:
            self.call_later(self.refresh_drawer)

    def copied(self, row: Any) -> str:
        return view.meaning(self._drawn if self.view == "map" else self._table, row).plain.strip()

    @staticmethod
    def _has_flows() -> bool:
        from pointsman.tui.screens.panes import SCREENS

        return "flows" in SCREENS

    def why_not(self, command: Command) -> str:
        if not self.is_ready:
            return ""
        here = self.thing_here
        if command.id in ("map.fold", "map.focus", "map.flows") and here is None:
            return "There is nothing under the cursor."
        if command.id == "map.fold":
            if not isinstance(here, Box):
                return "Namespaces are folded from one of their boxes on the map."
            if here.role not in (Role.WORKLOAD, Role.SERVICE, Role.ROUTE, Role.NAMESPACE):
                return f"{here.text} is in no namespace that could be folded."
        if command.id == "map.paths" and not self._looking.paths and not self.host.snapshot().traffic.edges:
            return "No flow was seen, so these are the declared paths already."
        if command.id == "map.flows":
            if self._graph.declared:
                return "These are declared paths, not flows."
            if not self._has_flows():
                return "The Flows pane is not here; pointsman flows has the words."
        if self.view == "map" and (
            command.id.startswith("sort.") or command.id in ("match.next", "match.previous", "wide")
        ):
            return "A map has no rows; v shows its lines as a table."
        if self.view == "table" and command.id in ("map.zoom", "map.arrange", "map.pan.left", "map.pan.right"):
            return "That is for the map; v goes there."
        return super().why_not(command)

    def cmd_map_flows(self) -> None:
        """The Flows pane with the flows of what is under the cursor."""
        here = self.thing_here
        words = flow_words(self._drawn if self.view == "map" else self._table, here) if here is not None else ""
        if words or (isinstance(here, Line) and here.origins == (TRAEFIK_LOG,)):
            self.host.open_filtered("flows", words)
        else:
            self.host.say("No filter of the Flows pane can say that.", severity="warning")

    # -- explain ----------------------------------------------------------------------------------------------------

    def cmd_explain(self) -> None:
        if self.view == "table":
            super().cmd_explain()
        elif self.drawer.is_open and self._told_at == self.canvas.at:
            self.close_drawer()
        elif self.thing_here is not None:
            self.explain(self.thing_here)

    def explain(self, row: Any) -> None:
        super().explain(row)
        self._told_at = self.canvas.at

    def refresh_drawer(self) -> None:
        if not self.drawer.is_open:
            return
        if self.view == "table":
            super().refresh_drawer()
        elif self.thing_here is None:
            self.close_drawer()
        else:
            self.explain(self.thing_here)

    def close_drawer(self) -> bool:
        closed = super().close_drawer()
        if closed and self.view == "map":
            self.canvas.focus()
        return closed

    @on(Grid.RowSelected)
    def _row_selected(self, event: Grid.RowSelected) -> None:
        """While the map is in view the table has no say in the drawer."""
        if self.view == "map":
            event.prevent_default()
            event.stop()

    @on(Grid.ViewChanged)
    def _rows_changed(self, event: Grid.ViewChanged) -> None:
        """The filter keeps other lines."""
        event.stop()
        if self.is_ready and self._table.boxes:
            self._filtered_map(self.host.snapshot())

    # -- back, saving -----------------------------------------------------------------------------------------------

    def cmd_back(self) -> None:
        if not self.drawer.is_open and self._looking.focus and not self.focused_elsewhere:
            self._look(focus="")
        else:
            super().cmd_back()

    @property
    def focused_elsewhere(self) -> bool:
        """Whether the keys go to the filter line."""
        return self.focused is not None and self.focused not in (self.canvas, self.panel("lines"), self.drawer)

    def narrow(self, words: str) -> None:
        super().narrow(words)
        if self.is_ready:
            self.again()

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:
        """The box of an object."""
        found = next((box for box in self._drawn.boxes.values() if box.ref == ref), None)
        if found is None:
            super().point_at(ref, text, explain=explain, prefer=prefer)
            return
        self.canvas.go(Spotted(found.key))
        if explain:
            self.explain(found)

    def cmd_save(self) -> None:
        graph, plan = self._drawn, self._plan
        rows = [self.panel("lines").model.item_at(index) for index in range(len(self.panel("lines").model))]
        if plan is None:
            self.host.say("There is no map to save.", severity="warning")
            return
        name = self.host.session.store.cluster.context or "cluster"
        self.host.save_as("map", lambda extension: saved(extension, graph, plan, rows, name), FORMS)

    def forget(self) -> None:
        self._graph = self._table = self._drawn = Graph()
        self._looking, self._made, self._plan, self._plan_of = Looking(), (), None, ()
        self._skeletons.clear()
        self._fits.clear()
        self._judge.forget()
        self._asked = self._judged = None
        super().forget()
        if self.is_ready:
            self.canvas.show_note(())

    def _no_lines(self) -> Sequence[CellLike]:
        return view.absence(self.host.snapshot(), self._graph, self._looking)


def _joined(lines: Sequence[CellLike]) -> tuple[tuple[str, str], ...]:
    from pointsman.widgets.cells import as_cell

    return tuple(part for line in lines for part in as_cell(line).segments())
