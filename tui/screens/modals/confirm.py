"""The one dialog before every write: what changes, what the server says to it, what is risky, where it goes.

Cancel has the focus, and no key counts before the dialog can be seen. A risky write wants the object's name typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Plan
from pointsman.tui.actions.toggle import duration_words
from pointsman.tui.screens.modals.seen import Acknowledge, Choice, SeenScreen
from pointsman.tui.screens.panel import content_of
from pointsman.tui.sources.errors import KubeError
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, wrap_cell
from pointsman.widgets.diffview import DiffView
from pointsman.widgets.lines import Lines

Replan = Callable[[float | None, bool], Awaitable[Plan]]

TIMES: tuple[float | None, ...] = (300.0, 600.0, 1800.0, 3600.0, 8 * 3600.0, None)
"""What may be chosen for a timer, in seconds; None is for good."""
BESIDES = 6
"""Lines of the dialog that are always there: its border, the buttons, the margins of the diff."""
LEAST_DIFF, MOST_DIFF = 3, 30
WIDTH = 100
"""Of the dialog, where the terminal is wide enough."""


class ConfirmScreen(SeenScreen[Plan | None]):
    """Gives the plan that was agreed to, or None; :attr:`reedit` says whether that None asks for the editor again.

    Args:
        plan: What would be written.
        replan: Makes the plan anew for another time; without it no time can be chosen.
        edit: Whether the text that this comes from can be edited again.
        acknowledge: As of :class:`SeenScreen`.
    """

    BINDINGS: ClassVar = [
        ("escape", "cancel", "Cancel"),
        ("n", "cancel", "Cancel"),
        ("y", "agree", "Go ahead"),
        ("e", "edit", "Edit again"),
        ("left", "move(-1)", "Left"),
        ("right", "move(1)", "Right"),
        ("minus", "time(-1)", "Shorter"),
        ("plus", "time(1)", "Longer"),
        ("c", "cluster", "With a Job in the cluster, or without"),
    ]

    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        & > #confirm {
            width: 100; max-width: 96%; height: auto; max-height: 100%; padding: 0 1;
            border: round $border; background: $surface; border-subtitle-color: $text-muted;
            &.-grave { border: round $error; }
        }
        & #confirm-facts, & #confirm-risks, & #confirm-time, & #confirm-note { height: auto; }
        & DiffView { height: auto; margin: 1 0; }
        & #confirm-ask { height: auto; }
        & Input { border: none; height: 1; padding: 0; background: $panel; &:focus { border: none; } }
        & #confirm-buttons { height: 1; align-horizontal: right; }
    }
    """

    def __init__(
        self,
        plan: Plan,
        *,
        replan: Replan | None = None,
        cluster: bool = False,
        edit: bool = False,
        acknowledge: Acknowledge | None = None,
    ) -> None:
        super().__init__(acknowledge)
        self._plan = plan
        self._replan = replan
        self._cluster = cluster
        self._edit = edit
        self._asking = False
        self.reedit = False

    @property
    def plan(self) -> Plan:
        """What would be written if it were agreed to now."""
        return self._plan

    def compose(self) -> ComposeResult:
        with Vertical(id="confirm"):
            yield Lines(id="confirm-facts")
            yield Lines(id="confirm-risks")
            yield Lines(id="confirm-time")
            yield DiffView(id="confirm-diff")
            with Vertical(id="confirm-ask"):
                yield Lines(id="confirm-note")
                yield Input(id="confirm-name", compact=True, disabled=True)
            with Horizontal(id="confirm-buttons"):
                yield Choice("Cancel", id="confirm-cancel", disabled=True)
                if self._edit:
                    yield Choice("e  Edit again", id="confirm-edit", disabled=True)
                yield Choice("Go ahead", id="confirm-agree", disabled=True)

    def on_mount(self) -> None:
        # What was said before would lie on the buttons of a dialog as high as the terminal.
        self.app.clear_notifications()
        self._show()
        super().on_mount()

    def now_seen(self) -> None:
        self._enable()
        self.query_one("#confirm-cancel", Choice).focus()

    # -- what is shown ----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        plan = self._plan
        box = self.query_one("#confirm", Vertical)
        box.set_class(plan.grave and not plan.refusal, "-grave")
        box.border_title = content_of(((sentence(plan.title), "bold"),))
        box.border_subtitle = content_of(((self._keys(), ""),))
        self.query_one("#confirm-time", Lines).set_lines(self._times())
        self.query_one("#confirm-diff", DiffView).show_diff(*plan.texts)
        self.query_one("#confirm-ask").display = plan.grave and not plan.refusal
        self.query_one("#confirm-note", Lines).set_lines(
            [Cell.join(("this is risky: type ", "warn"), (plan.wish.ref.name, "bold"), (" to go ahead", "warn"))]
        )
        agree = "Go ahead" if plan.grave or plan.refusal else "y  Go ahead"
        self.query_one("#confirm-agree", Choice).update(content_of(((agree, ""),)))
        self._enable()
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """The diff takes the room that the rest leaves; a long one is scrolled."""
        plan = self._plan
        besides = len(self._times()) + BESIDES + (2 if plan.grave and not plan.refusal else 0)
        room = min(WIDTH, self.size.width * 24 // 25) - 4
        told, warned = facts(plan), risks(plan)
        whole = [[line for cell in part for line in wrap_cell(cell, room, 2)] for part in (told, warned)]
        if sum(map(len, whole)) + besides + LEAST_DIFF <= self.size.height:
            told, warned = whole  # else each is one line, shortened: the buttons must be on the screen
        self.query_one("#confirm-facts", Lines).set_lines(told)
        self.query_one("#confirm-risks", Lines).set_lines(warned)
        taken = len(told) + len(warned) + besides
        diff = self.query_one("#confirm-diff", DiffView)
        diff.styles.max_height = max(LEAST_DIFF, min(MOST_DIFF, self.size.height - taken))

    def _keys(self) -> str:
        words = ["esc cancels"]
        if not self._plan.refusal and not self._plan.grave:
            words.insert(0, "y goes ahead")
        if self._can_choose:
            words.append("+ - time")
        if self._can_choose and self._cluster:
            words.append("c cluster")
        if self._edit:
            words.append("e edits again")
        return "  ".join(words)

    def _times(self) -> Sequence[Cell]:
        if not self._can_choose:
            return []
        parts: list[tuple[str, str]] = [("for  ", "muted")]
        for seconds in self._choices:
            words = "for good" if seconds is None else duration_words(seconds)
            chosen = seconds == self._plan.wish.seconds
            parts.append((f"[{words}]" if chosen else f" {words} ", "accent bold" if chosen else "muted"))
        by = [("by   ", "muted"), ("[this machine] ", "accent bold"), (" and ", "muted")]
        if self._plan.deadman is not None:
            by.append(("[a Job in the cluster]", "accent bold"))
        else:
            by.append((" a Job in the cluster ", "muted"))
        if self._asking:
            parts.append(("  asking the server", "muted"))
        return [Cell.join(*parts), *([Cell.join(*by)] if self._cluster else [])]

    @property
    def _can_choose(self) -> bool:
        return self._replan is not None and self._plan.wish.action == "policy-off"

    @property
    def _choices(self) -> tuple[float | None, ...]:
        """The times, with the one that was asked for in its place if it is none of them."""
        now = self._plan.wish.seconds
        if now in TIMES:
            return TIMES
        known = sorted([*(time for time in TIMES if time is not None), *([now] if now is not None else [])])
        return (*known, None)

    def _enable(self) -> None:
        ready = self.seen
        self.query_one("#confirm-cancel", Choice).disabled = not ready
        for choice in self.query("#confirm-edit"):
            choice.disabled = not ready
        self.query_one("#confirm-name", Input).disabled = not ready
        self.query_one("#confirm-agree", Choice).disabled = not (ready and self._may_agree())

    def _may_agree(self) -> bool:
        plan = self._plan
        if plan.refusal or plan.nothing or self._asking:
            return False
        return not plan.grave or self.query_one("#confirm-name", Input).value.strip() == plan.wish.ref.name

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_agree(self) -> None:
        if self.seen and self._may_agree():
            self.dismiss(self._plan)

    def action_edit(self) -> None:
        if self.seen and self._edit:
            self.reedit = True
            self.dismiss(None)

    def action_move(self, step: int) -> None:
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_time(self, step: int) -> None:
        """Choose another time; the plan is made anew, dry run included, because what is written changes."""
        if not self._can_choose or self._asking:
            return
        choices = self._choices
        at = choices.index(self._plan.wish.seconds) + step
        if 0 <= at < len(choices):
            self._choose(choices[at], self._plan.deadman is not None and choices[at] is not None)

    def action_cluster(self) -> None:
        """With a dead-man in the cluster, or without; for good there is nothing to do for one."""
        if not self._can_choose or not self._cluster or self._asking:
            return
        seconds = self._plan.wish.seconds
        if seconds is None:
            self.app.notify("For good nobody switches it on again: choose a time first.", markup=False)
            return
        self._choose(seconds, self._plan.deadman is None)

    @work(exclusive=True)
    async def _choose(self, seconds: float | None, in_cluster: bool) -> None:
        assert self._replan is not None
        self._asking = True
        self.query_one("#confirm-time", Lines).set_lines(self._times())
        self._enable()
        try:
            self._plan = await self._replan(seconds, in_cluster)
        except (ActionError, KubeError) as error:
            self.app.notify(f"{error.sentence} {error.hint}".strip(), severity="warning", markup=False, timeout=10)
        finally:
            self._asking = False
        self._show()

    @on(Choice.Chosen, "#confirm-cancel")
    def _cancelled(self) -> None:
        self.action_cancel()

    @on(Choice.Chosen, "#confirm-edit")
    def _edited(self) -> None:
        self.action_edit()

    @on(Choice.Chosen, "#confirm-agree")
    def _agreed(self) -> None:
        self.action_agree()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._enable()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_agree()


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def facts(plan: Plan) -> list[Cell]:
    """Where it goes, what the server says, who would take it back, what is good to know."""
    where = [(plan.place, "bold")]
    if plan.cluster.demo:
        where.append(("  DEMO", "accent"))
    if plan.refusal:
        return [Cell.join(*where), Cell(plan.refusal, "error")]
    style = {True: "ok", False: "error", None: "unknown"}[plan.dry_run.accepted]
    lines = [Cell.join(*where), Cell.join(("dry run: ", "muted"), (plan.dry_run.text, style))]
    lines += [Cell.join(("the server warns: ", "warn"), text) for text in plan.dry_run.warnings]
    if plan.access.allowed is None:
        lines.append(Cell(f"whether it is allowed could not be asked: {plan.access.why}", "unknown"))
    if plan.reverts:
        lines.append(Cell(plan.reverts, "warn"))
    elif plan.owner.kind != "unknown":
        lines.append(Cell.join(("owner: ", "muted"), plan.owner.text))
    lines += [Cell(text, "muted") for text in plan.wish.notes]
    if plan.nothing:
        lines.append(Cell("It is so already: there is nothing to write.", "ok"))
    return lines


def risks(plan: Plan) -> list[Cell]:
    """What is risky, the grave ones first; then what opens and closes."""
    sign = glyphs.current.ascii
    effect = [Cell(text, "warn" if text.startswith("opens") else "muted") for text in plan.wish.effect]
    return [
        Cell.join(
            ("! " if sign or risk.grave else "· ", "error" if risk.grave else "warn"),
            (risk.text, "error" if risk.grave else "warn"),
        )
        for risk in plan.risks
    ] + effect
