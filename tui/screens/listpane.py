"""What panes made of lists have in common: moving, filter, sort, problems only, explain, copy, save, readers.

Longer than most modules: each command is a few lines, and a pane gets all of them by deriving from one class.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from pointsman.tui.commands import BY_ID, Command
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.screens.base import PaneScreen
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.states import is_stale
from pointsman.widgets.drawer import Action, Drawer, Evidence, Explanation
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.filtering import FilterError
from pointsman.widgets.grid import Grid

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref
    from pointsman.tui.store.snapshot import Snapshot
    from pointsman.tui.views.explain import Told

_NEED_ROW = frozenset(("explain", "copy"))
_NEED_OBJECT = frozenset(("yaml", "describe", "logs", "related", "edit"))


class ListPane(PaneScreen):
    """Subclasses say what their rows stand for and how a row is explained."""

    main: ClassVar[str] = ""
    """The list that a filter from elsewhere is meant for."""

    def __init__(self) -> None:
        super().__init__()
        self._active = ""
        self._explained: Any = None
        self._arrived = False

    def compose_body(self) -> ComposeResult:
        with Container(id="split"):
            with Container(id="lists"):
                yield from self.body()
            yield Drawer(id="drawer")
        yield self.filter_bar()

    def filter_bar(self) -> FilterBar:
        """The line where the filter is typed."""
        return FilterBar(id="filter")

    # -- what the rows are ------------------------------------------------------------------------------------------

    @abstractmethod
    def ref_of(self, row: Any) -> Ref | None:
        """The object behind a row, if there is one."""

    @abstractmethod
    def is_problem(self, row: Any) -> bool:
        """Whether the row stays under problems only."""

    @abstractmethod
    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        """The row in words, for the drawer."""

    def copied(self, row: Any) -> str:
        """What ``c`` copies of a row: its words, unless there is something better."""
        model = self.panel_here.model
        cells = [column.cell(row).plain.strip() for column in model.columns]
        return "  ".join(cell for cell in cells if cell)

    # -- panels -----------------------------------------------------------------------------------------------------

    def panel(self, id: str) -> Panel[Any]:
        return self.query_one(f"#{id}", Panel)

    @property
    def panel_here(self) -> Panel[Any]:
        """The list that keys act on: the focused one, or the one that had the focus last."""
        focused = self.focused
        if isinstance(focused, Panel):
            return focused
        if self._active:
            return self.panel(self._active)
        return self.query(Panel).first()

    @property
    def selected_row(self) -> Any:
        return self.panel_here.selected_item

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Panel) and event.widget.id != self._active:
            self._active = event.widget.id or ""
            self._attach_filter()

    def _attach_filter(self) -> None:
        self.query_one(FilterBar).attach(self.panel_here)

    def show_stale(self, snapshot: Snapshot) -> None:
        stale = is_stale(snapshot)
        for panel in self.query(Panel):
            panel.stale = stale

    def why_not(self, command: Command) -> str:
        if not self.is_ready:
            return ""
        if command.id in _NEED_ROW and self.selected_row is None:
            return "There is no row here."
        if command.id in _NEED_OBJECT:
            row = self.selected_row
            ref = self.ref_of(row) if row is not None else None
            if ref is None or ref.kind not in KINDS:
                return "There is no object behind this row." if row is not None else "There is no row here."
        if command.id == "logs" and self.host.session.options.manifests:
            return "Files have no logs."
        if command.id == "edit":
            return self._why_not_edit(self.ref_of(self.selected_row))
        return ""

    def _why_not_edit(self, ref: Ref | None) -> str:
        assert ref is not None  # the row has an object, that was looked at first
        kind = KINDS.get(ref.kind)
        if kind is None:
            return "This version does not know the kind."
        if kind.secret:
            return "Secrets are never shown, so they cannot be edited here."
        return self.host.rights.missing("update", ref)

    # -- moving -----------------------------------------------------------------------------------------------------

    def _move(self, *names: str) -> None:
        """Move what has the focus: the drawer while it has it, else the list; each has one of the names."""
        mover = self.drawer if self.drawer.has_focus else self.panel_here
        for name in names:
            action = getattr(mover, f"action_{name}", None)
            if action is not None:
                action()
                return

    def cmd_down(self) -> None:
        self._move("cursor_down", "scroll_down")

    def cmd_up(self) -> None:
        self._move("cursor_up", "scroll_up")

    def cmd_page_down(self) -> None:
        self._move("page_down")

    def cmd_page_up(self) -> None:
        self._move("page_up")

    def cmd_top(self) -> None:
        self._move("top", "scroll_home")

    def cmd_bottom(self) -> None:
        self._move("bottom", "scroll_end")

    def cmd_left(self) -> None:
        self._move("side_left")

    def cmd_right(self) -> None:
        self._move("side_right")

    def cmd_panel_next(self) -> None:
        self.focus_next()

    def cmd_panel_previous(self) -> None:
        self.focus_previous()

    # -- narrowing --------------------------------------------------------------------------------------------------

    def cmd_filter(self) -> None:
        bar = self.query_one(FilterBar)
        bar.attach(self.panel_here)
        bar.open()

    def narrow(self, words: str) -> None:
        """Filter the main list by these words, as if they had been typed."""
        panel = self.panel(self.main) if self.main else self.panel_here
        try:
            panel.set_filter(words)
        except FilterError as error:
            self.host.say(str(error), severity="warning")
        self._attach_filter()

    def arrive(self, words: str) -> None:
        """Filter by words that a jump from elsewhere brings along; they go with the way back."""
        self.narrow(words)
        self._arrived = True

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._arrived = False
        state = self.host.view.of(self._state_name)
        state.filter = event.text.strip()
        self.host.remember()

    @property
    def _state_name(self) -> str:
        """Under which name the list here is remembered."""
        panel = self.panel_here.id or ""
        return self.place if panel == "ips" and self.place == "ips" else f"{self.place}.{panel}"

    def _match(self, step: int) -> None:
        panel = self.panel_here
        index = panel.model.next_match(step)
        if index is None:
            self.host.say("No match." if panel.model.last_query else "There is nothing to search for; / filters.")
        else:
            panel.select(panel.model.key_at(index))

    def cmd_match_next(self) -> None:
        self._match(1)

    def cmd_match_previous(self) -> None:
        self._match(-1)

    def cmd_problems(self) -> None:
        state = self.host.view.of(self.place)
        state.problems = not state.problems
        self._apply_problems(state.problems)
        self.host.remember()
        self.host.say("Only rows with a problem." if state.problems else "All rows.", seconds=2)

    def _apply_problems(self, on: bool) -> None:
        for panel in self.query(Panel):
            panel.set_predicate(self.is_problem if on else None, "problems")
        self.set_class(on, "-problems")
        self.again()

    def cmd_wide(self) -> None:
        """The whole table, to be scrolled sideways, or only what fits."""
        state = self.host.view.of(self.place)
        state.wide = not state.wide
        self._apply_wide(state.wide)
        self.host.remember()

    def _apply_wide(self, on: bool) -> None:
        for panel in self.query(Panel):
            panel.wide = on

    def family_sort(self, rest: str) -> None:
        """``sort.ips.address`` → the column ``address`` of the list that has it."""
        _, _, column = rest.partition(".")
        for panel in (self.panel_here, *self.query(Panel)):
            if any(one.key == column for one in panel.model.columns):
                panel.sort_by(column)
                panel.focus()
                return

    @on(Grid.SortChanged)
    def _sorted(self, event: Grid.SortChanged) -> None:
        event.stop()
        state = self.host.view.of(self._state_name)
        state.sort, state.reverse = event.column or "", event.reverse
        self.host.remember()

    def restore(self) -> None:
        """Take up the filter, sort and narrowing that are remembered of this cluster."""
        for panel in self.query(Panel):
            name = self.place if panel.id == "ips" and self.place == "ips" else f"{self.place}.{panel.id}"
            state = self.host.view.panes.get(name)
            if state is None:
                continue
            if state.sort in {column.key for column in panel.model.columns}:
                panel.sort_by(state.sort, state.reverse)
            if state.filter:
                try:
                    panel.set_filter(state.filter)
                except FilterError:
                    state.filter = ""
        self._apply_problems(self.host.view.of(self.place).problems)
        self._apply_wide(self.host.view.of(self.place).wide)
        self._attach_filter()

    def forget(self) -> None:
        super().forget()
        self.close_drawer()
        for panel in self.query(Panel):
            panel.set_predicate(None, "problems")
            panel.set_filter("")
            panel.show_rows(())
        self.remove_class("-problems")
        self._attach_filter()

    # -- explain ----------------------------------------------------------------------------------------------------

    @property
    def drawer(self) -> Drawer:
        return self.query_one(Drawer)

    def cmd_explain(self) -> None:
        if self.drawer.is_open and self._explained == self.panel_here.selected_key:
            self.close_drawer()
        else:
            self.explain(self.selected_row)

    def explain(self, row: Any) -> None:
        """Open the drawer on a row, or show another row in it."""
        told = self.tell(row, self.host.snapshot())
        self._explained = self.panel_here.selected_key
        opened = not self.drawer.is_open
        self.drawer.explain(self._explanation(told))
        if opened:
            self.call_after_refresh(self.again)

    def _explanation(self, told: Told) -> Explanation:
        host = self.host
        actions = []
        for id in (*told.actions, "back"):
            command = BY_ID[id]
            if host.keymap.of(id):
                actions.append(
                    Action(host.keymap.label(id), command.label or command.title.lower(), id, host.why_not(command))
                )
        steps = [Evidence(text, state="running") for text in told.following]
        evidence = [Evidence(text, source, state) for text, source, state in told.evidence]
        return Explanation(told.headline, [*evidence, *steps], actions, told.facts, told.title)

    def close_drawer(self) -> bool:
        """False if it was closed already."""
        drawer = self.drawer
        if not drawer.is_open:
            return False
        had_focus = drawer.has_focus
        drawer.close()
        self._explained = None
        self.call_after_refresh(self.again)
        if had_focus:
            self.panel_here.focus()
        return True

    @on(Drawer.ActionChosen)
    def _action(self, event: Drawer.ActionChosen) -> None:
        event.stop()
        self.host.run_command(event.action.id)

    @on(Grid.RowSelected)
    def _selected(self, event: Grid.RowSelected) -> None:
        """The drawer follows the cursor."""
        event.stop()
        if self.drawer.is_open and event.grid is self.panel_here:
            if event.item is None:
                self.close_drawer()
            else:
                self.explain(event.item)
        self.draw_footer()

    @on(Grid.RowChosen)
    def _chosen(self, event: Grid.RowChosen) -> None:
        event.stop()
        self.host.run_command("explain")

    def refresh_drawer(self) -> None:
        """New data: say again what the drawer says, if it is open."""
        row = self.selected_row
        if row is not None and self.drawer.is_open and self._explained == self.panel_here.selected_key:
            self.explain(row)

    # -- back -------------------------------------------------------------------------------------------------------

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:
        """Put the cursor on the object's row, after filtering by ``text``; a filter that hides it gives way."""
        self._arrived = bool(text)
        if text:
            self.narrow(text)
        found = any(self._point(panel, ref, prefer) for panel in self.query(Panel))
        if not found and not text:
            for panel in self.query(Panel):
                panel.set_predicate(None, "problems")
                panel.set_filter("")
            self.host.view.of(self.place).problems = False
            self._attach_filter()
            found = any(self._point(panel, ref, prefer) for panel in self.query(Panel))
        if found and explain:
            self.explain(self.selected_row)

    def _point(self, panel: Panel[Any], ref: Ref, prefer: str) -> bool:
        """Select the row of an object; of several the first whose words have ``prefer``."""
        model = panel.model
        found = [index for index in range(len(model)) if self.ref_of(model.item_at(index)) == ref]
        if not found:
            return False
        best = next((at for at in found if any(prefer in cell.plain for cell in model.cells_at(at))), found[0])
        panel.focus()
        panel.select(model.key_at(best))
        return True

    def cmd_back(self) -> None:
        """Out of the filter, the drawer, the filter's words, problems only; then to where one came from."""
        bar = self.query_one(FilterBar)
        if bar.has_focus_within:
            bar.escape()
        elif self.close_drawer():
            pass
        elif self._arrived:
            # The filter came with the jump from a related object, so it goes with the way back.
            self._arrived = False
            self.narrow("")
            self.host.go_back()
        elif self.panel_here.model.filter_text:
            bar.attach(self.panel_here)
            bar.escape()
            bar.close()
        elif self.host.view.of(self.place).problems:
            self.cmd_problems()
        else:
            self.host.go_back()

    # -- taking along -----------------------------------------------------------------------------------------------

    def cmd_copy(self) -> None:
        text = self.copied(self.selected_row)
        self.host.copy(text)

    def cmd_save(self) -> None:
        panel = self.panel_here
        rows = [panel.model.item_at(index) for index in range(len(panel.model))]
        self.host.save_view(f"{self.place}", panel.model.columns, rows)

    # -- acting -----------------------------------------------------------------------------------------------------

    def cmd_edit(self) -> None:
        """The object in the user's editor; asks before anything is written."""
        if (ref := self.ref_of(self.selected_row)) is not None:
            self.host.writer.edit(lambda desk: desk.open_edit(ref))

    # -- readers ----------------------------------------------------------------------------------------------------

    def cmd_yaml(self) -> None:
        if (ref := self.ref_of(self.selected_row)) is not None:
            self.host.open_yaml(ref)

    def cmd_describe(self) -> None:
        if (ref := self.ref_of(self.selected_row)) is not None:
            self.host.open_describe(ref)

    def cmd_logs(self) -> None:
        if (ref := self.ref_of(self.selected_row)) is not None:
            self.host.open_logs(ref)

    def cmd_related(self) -> None:
        if (ref := self.ref_of(self.selected_row)) is not None:
            self.host.open_related(ref)
