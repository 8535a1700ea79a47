"""A new policy from the Policies pane: choose a template, finish it in the editor, then as every edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pointsman.tui.screens.listpane import ListPane

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.edit import Edit


class NewPart(ListPane):
    """What ``a`` does."""

    def cmd_policies_new(self) -> None:
        """Offer the templates, those first that somebody enforces here."""
        from pointsman.tui.actions.templates import Offer, filled, offers
        from pointsman.widgets.cells import Cell
        from pointsman.widgets.picker import Choice, PickerScreen

        snapshot = self.host.snapshot()
        choices = [
            Choice(offer, offer.template.title, Cell(offer.note, "muted" if offer.rank == 0 else "warn"), why_not=offer.why_not)
            for offer in offers(snapshot)
        ]  # fmt: skip

        def chosen(offer: object) -> None:
            if isinstance(offer, Offer):
                text = filled(offer.template, snapshot, self._namespace_here)

                async def begin(desk: Desk) -> Edit:
                    return desk.open_new(text)

                self.host.writer.edit(begin)

        self.host.push_screen(PickerScreen("a new policy", choices), chosen)

    @property
    def _namespace_here(self) -> str:
        """The one that is shown, or that of the row under the cursor."""
        row = self.selected_row
        ref = self.ref_of(row) if row is not None else None
        return self.host.view.namespace or (ref.namespace if ref is not None else "")
