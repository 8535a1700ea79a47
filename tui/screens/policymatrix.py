"""The matrix of the Policies pane: namespaces by namespaces, enter for the workloads of a cell, enter again for the rule."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from time import monotonic

from textual import on

from pointsman.tui.answers.policies.matrix import Mark, Place, Tally
from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import Command
from pointsman.tui.screens.behind import Behind
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.screens.panel import Parts, content_of
from pointsman.tui.views.explain import Told
from pointsman.tui.views.policies import Board
from pointsman.tui.views.policymatrix import PAIR_COLUMNS, Picture, cells, legend, make_picture, meaning, nothing, pairs
from pointsman.tui.views.policytell import tell_pair
from pointsman.tui.views.policytitle import VIEWS, matrix_title
from pointsman.tui.views.viewswitch import switch
from pointsman.widgets.matrix import Matrix

SHOWN = 0.1
"""Seconds between two pictures of a matrix that is being judged."""
PATIENCE = 0.01
_LISTS_ONLY = ("filter", "match.next", "match.previous", "problems", "wide")
_ROWS_ONLY = ("yaml", "describe", "logs", "related")


@dataclass(frozen=True, slots=True)
class CellHere:
    """The cell under the cursor; ``tally`` is None while it is not judged yet."""

    source: Place
    target: Place
    tally: Tally | None

    @property
    def leaf(self) -> bool:
        """Two workloads, or one and the Internet."""
        return all(place.name or place.is_world for place in (self.source, self.target))


class MatrixPart(ListPane):
    """What the pane does while the matrix is in view."""

    view: str

    def __init__(self) -> None:
        super().__init__()
        self._pictures: Behind[Picture] = Behind(self, "matrix", self._take_picture)
        self._picture: Picture | None = None
        self._kept: dict[tuple[Place, Place] | None, Picture] = {}
        self._spots: dict[tuple[Place, Place] | None, tuple[int, int]] = {}
        self._path: tuple[Place, Place] | None = None
        self._pictured: tuple[Board, tuple[Place, Place] | None] | None = None
        self._matrix_title: Parts = ()
        self._matrix_foot: Parts = ()
        self._cell_told: CellHere | None = None

    @property
    @abstractmethod
    def board(self) -> Board | None:
        """What the matrix is of."""

    @abstractmethod
    def show_told(self, told: Told) -> None:
        """Open the drawer on words that are not a row's own."""

    @abstractmethod
    def show_view(self, view: str) -> None:
        """Another view."""

    def make_matrix(self) -> Matrix:
        return Matrix("from ↓  to →", id="matrix", classes="panel")

    @property
    def matrix(self) -> Matrix:
        return self.query_one("#matrix", Matrix)

    def stop_matrix(self) -> None:
        self._pictures.stop()

    def forget_matrix(self) -> None:
        self._pictures.forget()
        self._picture = self._pictured = self._path = self._cell_told = None
        self._kept.clear()
        self._spots.clear()
        if self.is_ready:
            self.matrix.set_axes((), ())

    # -- drawing ----------------------------------------------------------------------------------------------------

    def draw_matrix(self, board: Board | None) -> None:
        """Draw what there is, and have the rest judged, while the matrix is in view."""
        if self.view != "matrix":
            return
        wanted = (board, self._path) if board is not None else None
        if wanted is not None and (self._pictured is None or wanted != self._pictured) and not self._pictures.busy:
            self._judge(wanted[0])
        self._words()

    def _judge(self, board: Board) -> None:
        path, old = self._path, self._kept.get(self._path)
        self._pictured = (board, path)
        shown = [monotonic()]

        def show(picture: Picture) -> None:
            if monotonic() - shown[0] >= SHOWN:
                shown[0] = monotonic()
                self.call_later(self._part_of, picture)

        self._pictures.start(
            lambda going_on: make_picture(board.index, board.standing, path, old, going_on, show),
            0.0 if old else PATIENCE,
        )

    def _part_of(self, picture: Picture) -> None:
        """Some rows of a matrix that is still being judged."""
        if self._pictures.busy and picture.path == self._path:
            self._show_picture(picture)

    def _take_picture(self, picture: Picture) -> None:
        self._kept = {None: self._kept[None]} if None in self._kept else {}
        self._kept[picture.path] = picture
        if self.is_ready and picture.path == self._path:
            self._show_picture(picture)

    def _show_picture(self, picture: Picture) -> None:
        before, self._picture = self._picture, picture
        matrix = self.matrix
        if before is None or before.axes != picture.axes or before.path != picture.path:
            matrix.set_axes(
                [place.label for place in picture.axes.rows],
                [place.label for place in picture.axes.columns],
                self._spots.get(picture.path, self._start(picture)),
            )
        matrix.set_cells(cells(picture))
        self._words()
        self.draw_footer()
        self.refresh_drawer()

    def _start(self, picture: Picture) -> tuple[int, int]:
        """Where the cursor starts: at the namespace that is shown elsewhere."""
        names = [place.label for place in picture.axes.columns]
        at = names.index(self.host.view.namespace) if self.host.view.namespace in names else 0
        return (0, at)

    def _words(self) -> None:
        """Title, the sentence on the cell, the legend."""
        matrix, picture, board = self.matrix, self._picture, self.board
        title = matrix_title(board, self._path, self._pictures.busy, picture)
        if title != self._matrix_title:
            self._matrix_title = title
            matrix.border_title = content_of(title)
        foot = switch(VIEWS, "matrix", self.host.keymap.label("policies.view"), self.size.width)
        if foot != self._matrix_foot:
            self._matrix_foot = foot
            matrix.border_subtitle = content_of(foot)
        if board is None or picture is None or not picture.axes.rows:
            matrix.set_note(["judging …"] if board is None or picture is None else nothing(board.index))
            matrix.set_foot(())
            return
        if len(picture.axes.rows) < 2 and picture.path is None:
            matrix.set_axes((), ())
            matrix.set_note(nothing(picture.crowd.index))
            return
        matrix.set_foot([meaning(picture, *matrix.at), legend()])

    # -- the cursor -------------------------------------------------------------------------------------------------

    @property
    def cell_here(self) -> CellHere | None:
        picture = self._picture
        if picture is None:
            return None
        row, column = self.matrix.at
        if row >= len(picture.axes.rows) or column >= len(picture.axes.columns):
            return None
        return CellHere(picture.axes.rows[row], picture.axes.columns[column], picture.at(row, column))

    @property
    def matrix_words(self) -> str:
        return meaning(self._picture, *self.matrix.at).plain if self._picture is not None else ""

    def matrix_question(self) -> str | None:
        """The cell as a question, where it is one."""
        cell = self.cell_here
        if cell is None:
            return None
        words = [_word(place) for place in (cell.source, cell.target)]
        return " → ".join(words) + " "

    def move_in_matrix(self, *names: str) -> None:
        for name in names:
            action = getattr(self.matrix, f"action_{name}", None)
            if action is not None:
                action()
                return

    @on(Matrix.CellSelected)
    def _cell_selected(self, event: Matrix.CellSelected) -> None:
        event.stop()
        self._spots[self._path] = (event.row, event.column)
        self._words()
        self.refresh_drawer()

    @on(Matrix.CellChosen)
    def _cell_chosen(self, event: Matrix.CellChosen) -> None:
        event.stop()
        self.host.run_command("explain")

    def why_not_in_matrix(self, command: Command) -> str:
        if command.id in _LISTS_ONLY or command.id.startswith("sort."):
            return "The matrix has no rows for that; v goes to the lists."
        if command.id in _ROWS_ONLY:
            return "There is no object behind a cell."
        return ""

    # -- into a cell and out again ------------------------------------------------------------------------------------

    def explain_cell(self) -> None:
        """Namespaces open into their workloads; two workloads are explained by the rule that decides."""
        cell = self.cell_here
        if cell is None:
            return
        if cell.leaf and not (cell.source.is_world and cell.target.is_world):
            if self.drawer.is_open and self._cell_told == cell:
                self.close_drawer()
            else:
                self._tell_cell(cell)
        elif cell.source.is_world and cell.target.is_world:
            self.host.say("What the Internet does among itself is not this cluster's affair.", seconds=3)
        else:
            self._go((cell.source, cell.target))

    def leave_cell(self) -> bool:
        """From the workloads back to the namespaces; False where these are in view."""
        if self._path is None:
            return False
        self._go(None)
        return True

    def _go(self, path: tuple[Place, Place] | None) -> None:
        self.close_drawer()
        self._pictures.forget()
        self._path, self._pictured = path, None
        kept = self._kept.get(path)
        if kept is not None:
            self._show_picture(kept)
        self.draw_matrix(self.board)

    def _tell_cell(self, cell: CellHere) -> None:
        if self._picture is None:
            return
        self._cell_told = cell
        told, _ = tell_pair(self._picture.crowd, cell.source, cell.target)
        self.show_told(told)

    def refresh_cell(self) -> None:
        """The drawer follows the cursor while it is on workloads."""
        cell = self.cell_here
        if cell is None or not cell.leaf:
            self.close_drawer()
        else:
            self._tell_cell(cell)

    def cell_policy(self) -> Ref | None:
        """The policy that decides the cell under the cursor."""
        cell = self.cell_here
        if self._picture is None or cell is None or not cell.leaf or cell.tally is None or cell.tally.mark is Mark.SELF:
            return None
        return tell_pair(self._picture.crowd, cell.source, cell.target)[1]

    def save_matrix(self) -> None:
        if self._picture is not None:
            self.host.save_view(f"{self.place}-matrix", PAIR_COLUMNS, pairs(self._picture))


def _word(place: Place) -> str:
    if place.is_world:
        return "world"
    return place.text if place.name else f"ns/{place.namespace}"
