"""Policies: every policy in words, what holds for each pod, who may reach whom, and one question at a time.

Three views of the same snapshot take turns: the list of policies, the list of pods, and the matrix, which is in
:mod:`~pointsman.tui.screens.policymatrix`. All are made behind the app's thread and drawn from what is there.

A little over 400 lines, because the views share one drawer, one line for questions and one way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult

from pointsman.tui.answers.policies.index import POLICY_KINDS
from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import Command
from pointsman.tui.screens.behind import Behind
from pointsman.tui.screens.panel import Panel
from pointsman.tui.screens.policymatrix import MatrixPart
from pointsman.tui.screens.policynew import NewPart
from pointsman.tui.screens.policytoggle import TogglePart
from pointsman.tui.screens.question import QuestionBar
from pointsman.tui.views.explain import Told
from pointsman.tui.views.policies import (
    POD_COLUMNS,
    POLICY_COLUMNS,
    Board,
    ListedPolicy,
    PodRow,
    is_pod_problem,
    is_problem,
    listed_policies,
    make_board,
    pod_search,
    pods_in,
    policy_search,
    versions,
)
from pointsman.tui.views.policyabsence import no_pods, no_policies
from pointsman.tui.views.policytell import Answered, answer, tell_pod, tell_policy
from pointsman.tui.views.policytitle import VIEWS, list_title, pods_title
from pointsman.tui.views.states import is_stale
from pointsman.tui.views.viewswitch import switch
from pointsman.widgets.cells import CellLike, as_cell
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.grid import Grid

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

PAUSE = 1.0
"""Seconds between two boards at least, where pods come and go all the time."""
PATIENCE = 0.012
"""Seconds the first board is waited for, so that a homelab's is there in the first frame."""
_POD_SORTS = {"policy": "pod", "kind": "workload", "state": "ingress", "ways": "egress", "selects": "count"}


class PoliciesScreen(MatrixPart, TogglePart, NewPart):
    place = "policies"
    CSS_PATH: ClassVar = "policies.tcss"
    AUTO_FOCUS = "#policies"
    main = "policies"

    def __init__(self) -> None:
        self.view = "list"
        super().__init__()
        self.add_class("-list")
        self._board: Board | None = None
        self._made = 0.0
        self._boards: Behind[Board] = Behind(self, "policies", self._take_board)
        self._answered: Answered | None = None
        self._answer_key: object = None
        self._pointing: tuple[Ref, str, bool, str] | None = None

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield QuestionBar(self._ends, id="question")

    def body(self) -> ComposeResult:
        yield Panel[ListedPolicy](
            POLICY_COLUMNS, id="policies", key=lambda row: row.key, empty=self._no_policies, show_header=True,
            search=policy_search,
        )  # fmt: skip
        yield Panel[PodRow](
            POD_COLUMNS, id="pods", key=lambda row: row.key, empty=self._no_pods, show_header=True, search=pod_search
        )
        yield self.make_matrix()

    def on_unmount(self) -> None:
        self._boards.stop()
        self.stop_matrix()

    # -- drawing ----------------------------------------------------------------------------------------------------

    @property
    def board(self) -> Board | None:
        return self._board

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:  # noqa: ARG002
        self.show_stale(snapshot)
        self.matrix.stale = is_stale(snapshot)
        self._want(snapshot)
        self._fill(snapshot)

    def _want(self, snapshot: Snapshot) -> None:
        """Have a board made if the one at hand is of older objects."""
        board = self._board
        if self._boards.busy or (board is not None and board.versions == versions(snapshot)):
            return
        if board is not None and monotonic() - self._made < PAUSE:
            return
        self._boards.start(lambda going_on: make_board(snapshot, going_on), 0.0 if board else PATIENCE)

    def _take_board(self, board: Board) -> None:
        self._board, self._made = board, monotonic()
        if not self.is_ready:
            return
        self._fill(self.host.snapshot())
        pointing, self._pointing = self._pointing, None
        if pointing is not None:
            ref, text, explain, prefer = pointing
            self.point_at(ref, text, explain=explain, prefer=prefer)

    def _fill(self, snapshot: Snapshot) -> None:
        board, namespace = self._board, self.host.view.namespace
        policies, pods = self.panel("policies"), self.panel("pods")
        policies.show_rows(listed_policies(board.policies, snapshot.now, namespace) if board else ())
        pods.show_rows(pods_in(board.pods, namespace) if board else ())
        problems = self.host.view.of(self.place).problems
        policies.set_title(*list_title(board, len(policies.model), policies.model.total, problems=problems))
        pods.set_title(*pods_title(board, len(pods.model), pods.model.total, problems=problems))
        for panel in (policies, pods):
            panel.set_note(*switch(VIEWS, self.view, self.host.keymap.label("policies.view"), self.size.width))
        self.draw_matrix(board)
        self.refresh_drawer()

    # -- the three views --------------------------------------------------------------------------------------------

    def cmd_policies_view(self) -> None:
        """The next view."""
        order = tuple(VIEWS)
        self.show_view(order[(order.index(self.view) + 1) % len(order)])

    def show_view(self, view: str) -> None:
        if view == self.view:
            return
        self.close_drawer()
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        self.view = view
        self.focus_view()
        self._attach_filter()
        self.again()

    def focus_view(self) -> None:
        if self.view == "matrix":
            self.matrix.focus()
        else:
            self.panel_here.focus()

    @property
    def panel_here(self) -> Panel[Any]:
        return self.panel("pods" if self.view == "pods" else "policies")

    @property
    def selected_row(self) -> Any:
        return self.cell_here if self.view == "matrix" else super().selected_row

    def why_not(self, command: Command) -> str:
        if not self.is_ready:
            return ""
        if self.view == "matrix" and (why := self.why_not_in_matrix(command)):
            return why
        if command.id == "logs" and isinstance(self.selected_row, ListedPolicy):
            return "A policy has no logs; the pods' view has its pods'."
        if command.id == "toggle" and not isinstance(self.selected_row, ListedPolicy):
            return "Policies are switched in their list; v goes there."
        return super().why_not(command)

    def _move(self, *names: str) -> None:
        if self.view == "matrix" and not self.drawer.has_focus:
            self.move_in_matrix(*names)
        else:
            super()._move(*names)

    def family_sort(self, rest: str) -> None:
        column = rest.partition(".")[2]
        if self.view == "pods":
            if column not in _POD_SORTS:
                self.host.say("Pods are not sorted by that.", seconds=3)
                return
            column = _POD_SORTS[column]
        self.panel_here.sort_by(column)
        self.panel_here.focus()

    def forget(self) -> None:
        self._boards.forget()
        self._board = None
        self._pointing = None
        self.forget_matrix()
        if self.is_ready:
            self.query_one(QuestionBar).close()
        super().forget()

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        match row:
            case ListedPolicy():
                return row.policy.ref
            case PodRow():
                return row.ref
        return None

    def is_problem(self, row: Any) -> bool:
        match row:
            case ListedPolicy():
                return is_problem(row)
            case PodRow():
                return is_pod_problem(row)
        return True

    def tell(self, row: Any, snapshot: Snapshot) -> Told:  # noqa: ARG002
        if self._answered is not None:
            if self._answer_key == self.panel_here.selected_key:
                return self._answered.told
            self._drop_answer()
        board = self._board
        assert board is not None  # there is a row, so it was made of one
        if isinstance(row, PodRow):
            return tell_pod(row, board.index)
        return tell_policy(row, board.index)

    def copied(self, row: Any) -> str:
        """The answer while there is one, a cell of the matrix in its words, a policy by its sentence."""
        if self._answered is not None:
            return self.said
        if self.view == "matrix":
            return self.matrix_words
        if isinstance(row, ListedPolicy):
            return f"{row.policy.ref.title}: {row.policy.summary}"
        return super().copied(row)

    @property
    def said(self) -> str:
        """What the drawer says first."""
        explanation = self.drawer.explanation
        return as_cell(explanation.headline).plain if explanation is not None else ""

    def cmd_save(self) -> None:
        if self.view == "matrix":
            self.save_matrix()
        else:
            super().cmd_save()

    def cmd_explain(self) -> None:
        if self.view == "matrix":
            self.explain_cell()
        elif self._answered is not None and self.drawer.is_open:
            # The answer gives way to the policy that decided it.
            self._drop_answer()
            if self.selected_row is not None:
                self.explain(self.selected_row)
            else:
                self.close_drawer()
        else:
            super().cmd_explain()

    def point_at(self, ref: Ref, text: str, *, explain: bool = False, prefer: str = "") -> None:
        if self._board is None:
            self._pointing = (ref, text, explain, prefer)
            return
        self.show_view("pods" if ref.kind not in {kind.id for kind in POLICY_KINDS} else "list")
        super().point_at(ref, text, explain=explain, prefer=prefer)
        self.panel_here.focus()

    # -- questions --------------------------------------------------------------------------------------------------

    def cmd_reach(self, words: str = "") -> None:
        """Ask: with words at once, else in the line, which starts with what is selected."""
        bar = self.query_one(QuestionBar)
        if words:
            bar.open(words)
            self.ask(words)
            return
        start = bar.text or None
        row = self.selected_row
        if start is None and isinstance(row, PodRow):
            start = f"{row.ref.path} → "
        elif start is None and self.view == "matrix":
            start = self.matrix_question()
        bar.open(start)

    @on(QuestionBar.Asked)
    def _asked(self, event: QuestionBar.Asked) -> None:
        event.stop()
        self.ask(event.text)

    def ask(self, text: str) -> None:
        """Answer a question: in the line, in the drawer, and the cursor goes to the policy that decides."""
        board = self._board
        if board is None:
            self.host.say("The policies are still being read.", severity="warning")
            return
        found = answer(self.host.snapshot(), text, self.host.view.namespace, board.index)
        self.query_one(QuestionBar).say(found.word)
        if found.decides is not None:
            self.show_view("list")
            self._show_policy(found.decides)
        elif self.view == "matrix":
            self.show_view("list")
        self._answered, self._answer_key = found, self.panel_here.selected_key
        self.show_told(found.told)
        self.panel_here.focus()

    def _show_policy(self, ref: Ref) -> None:
        """The cursor on the policy; what hides it gives way."""
        panel = self.panel("policies")
        if not panel.select(ref):
            panel.set_predicate(None, "problems")
            self.host.view.of(self.place).problems = False
            panel.set_filter("")
            self._attach_filter()
            panel.select(ref)

    def show_told(self, told: Told) -> None:
        """Open the drawer on words that are not a row's own."""
        opened = not self.drawer.is_open
        self._explained = self.panel_here.selected_key
        self.drawer.explain(self._explanation(told))
        if opened:
            self.call_after_refresh(self.again)

    def _drop_answer(self) -> None:
        self._answered = None
        bar = self.query_one(QuestionBar)
        if not bar.has_focus_within:
            bar.close()

    def close_drawer(self) -> bool:
        closed = super().close_drawer()
        if self._answered is not None:
            self._drop_answer()
        return closed

    def refresh_drawer(self) -> None:
        if not self.drawer.is_open:
            return
        if self.view == "matrix":
            self.refresh_cell()
        elif self._answered is None:
            super().refresh_drawer()

    @on(Grid.RowSelected)
    def _row_selected(self, event: Grid.RowSelected) -> None:
        """A list that is not in view has no say in the drawer, and an answer stays although the list became empty."""
        answered = self._answered is not None and event.key == self._answer_key
        if event.grid is not self.panel_here or self.view == "matrix" or answered:
            event.prevent_default()

    def _ends(self) -> Iterable[str]:
        """Names that a question may hold: workloads, then namespaces."""
        if self._board is None:
            return ()
        owners = sorted({end.owner.path for end in self._board.index.ends if end.owner is not None})
        spaces = sorted({f"ns/{end.owner.namespace}" for end in self._board.index.ends if end.owner is not None})
        return (*owners, *spaces, "world")

    # -- back -------------------------------------------------------------------------------------------------------

    def cmd_back(self) -> None:
        bar = self.query_one(QuestionBar)
        if bar.has_focus_within:
            self._drop_answer()
            bar.close()
            self.close_drawer()
            self.focus_view()
        elif self.drawer.is_open or self.view == "list":
            super().cmd_back()
        elif self.view == "matrix":
            if not self.leave_cell():
                self.show_view("list")
        elif self.panel_here.model.filter_text or self.host.view.of(self.place).problems or self._filtering:
            super().cmd_back()
        else:
            self.show_view("list")

    @property
    def _filtering(self) -> bool:
        return self.query_one(FilterBar).has_focus_within

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _no_policies(self) -> Sequence[CellLike]:
        return no_policies(self.host.snapshot(), self._board, self.host.view.namespace)

    def _no_pods(self) -> Sequence[CellLike]:
        return no_pods(self.host.snapshot(), self._board, self.host.view.namespace)
