"""A new route or middleware from the Routes pane: by a form, or by a template in the editor; then the dialog of every write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pointsman.tui.screens.routelive import LivePart

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.edit import Edit
    from pointsman.tui.actions.making import Form
    from pointsman.tui.actions.making.form import Check, Values
    from pointsman.tui.actions.making.templates import Template
    from pointsman.tui.actions.plan import Wish
    from pointsman.tui.screens.host import Host
    from pointsman.tui.screens.writer import MakePlan


def _words(title: str) -> tuple[str, str]:
    name, _, words = title.rpartition(": ")
    return f"middleware {name}", f"{words} (template)"


def _checked(host: Host, check: Check | None) -> Callable[[str, Values], str] | None:
    """A form's check against the picture at the time it is asked."""
    return None if check is None else lambda value, values: check(host.snapshot(), value, values)


class NewRoutePart(LivePart):
    """What ``a`` does."""

    def cmd_routes_new(self) -> None:
        """Offer the forms, then the templates."""
        from pointsman.tui.actions.making import FORMS, Form
        from pointsman.tui.actions.making.templates import Template, templates
        from pointsman.widgets.picker import Choice, PickerScreen

        snapshot = self.host.snapshot()
        choices = [Choice(form, form.title, form.detail, why_not=form.why_not(snapshot)) for form in FORMS]
        choices += [Choice(item, *_words(item.title), why_not=item.why_not(snapshot)) for item in templates()]

        def chosen(item: object) -> None:
            if isinstance(item, Form):
                self._fill(item)
            elif isinstance(item, Template):
                self._write(item)

        self.host.push_screen(PickerScreen("a new route or middleware", choices), chosen)

    def _write(self, template: Template) -> None:
        text = template.filled(self.host.snapshot(), self.namespace_here)

        async def begin(desk: Desk) -> Edit:
            return desk.open_new(text)

        self.host.writer.edit(begin)

    def _fill(self, form: Form) -> None:
        from pointsman.widgets.cells import Cell, CellLike
        from pointsman.widgets.form import Field, FormScreen

        host, snapshot = self.host, self.host.snapshot()
        row = self.selected_row
        at = self.ref_of(row) if row is not None else None
        fields = [
            Field(
                spec.key,
                spec.label,
                spec.value,
                spec.placeholder,
                _checked(host, spec.check),
                spec.suggestions,
                spec.secret,
            )
            for spec in form.fields(snapshot, self.namespace_here, at)
        ]

        def says(values: Values) -> Sequence[CellLike]:
            return [Cell(line, "muted") for line in form.says(host.snapshot(), values)]

        def done(values: dict[str, str] | None) -> None:
            if values is not None:
                from pointsman.tui.actions.making.form import wishes

                self._make(wishes(form, host.snapshot(), values))

        host.push_screen(FormScreen(form.title, fields, intro=form.intro, says=says), done)

    def _make(self, wanted: Sequence[Wish]) -> None:
        """One after the other; the next is asked for when the one before it is there."""

        def plan(wish: Wish) -> MakePlan:
            return lambda desk: desk.plan(wish)

        last = wanted[-1].ref
        self.host.writer.begin_each([plan(wish) for wish in wanted], done=lambda: self.watch_live(last))

    @property
    def namespace_here(self) -> str:
        """The one that is shown, or that of the row under the cursor."""
        row = self.selected_row
        ref = self.ref_of(row) if row is not None else None
        return self.host.view.namespace or (ref.namespace if ref is not None else "")
