"""A text over the whole screen: YAML, a description. Searches, wraps, copies, saves; follows the object while it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from pointsman.tui.commands import Command, footer
from pointsman.tui.screens.keys import KeyScreen
from pointsman.tui.screens.lines import LineWidget
from pointsman.tui.views.colours import colour_description
from pointsman.tui.views.frame import Line, Part, fill_line, footer_line
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.textview import TextView

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot


class Reader(KeyScreen[None]):
    """What all readers share: title line, text, search, keys."""

    CSS_PATH: ClassVar = "reader.tcss"
    AUTO_FOCUS = "TextView"

    def __init__(self, title: str, what: str) -> None:
        super().__init__()
        self._title, self._what = title, what

    def compose(self) -> ComposeResult:
        yield LineWidget(id="reader-title")
        yield TextView(id="text", empty=self.empty_note())
        yield FilterBar(id="search", placeholder="words to search for")
        yield LineWidget(id="footer")

    def empty_note(self) -> str:
        return "nothing to show"

    @property
    def view(self) -> TextView:
        return self.query_one(TextView)

    def on_mount(self) -> None:
        self.draw_lines()

    def on_resize(self) -> None:
        self.draw_lines()

    def title_parts(self) -> Line:
        """What stands at the right of the title."""
        return ()

    def draw_lines(self) -> None:
        columns = self.size.width
        left = (Part(" "), Part(self._what, "accent bold"), Part("  "), Part(self._title, "bold"))
        self.query_one("#reader-title", LineWidget).set_line(fill_line(left, self.title_parts(), columns))
        close = Part(f"{self.host.keymap.label('back')} back ", "muted", "back")
        unable = [command.id for command in footer(self.place, self.host.keymap) if self.why_not(command)]
        keys = footer_line(self.place, self.host.keymap, columns, right=(close,), unable=unable)
        self.query_one("#footer", LineWidget).set_line(keys)

    @on(LineWidget.Clicked)
    def _clicked(self, event: LineWidget.Clicked) -> None:
        event.stop()
        self.host.run_command(event.command, event.argument)

    # -- moving -----------------------------------------------------------------------------------------------------

    def cmd_down(self) -> None:
        self.view.action_line_down()

    def cmd_up(self) -> None:
        self.view.action_line_up()

    def cmd_page_down(self) -> None:
        self.view.action_page_down()

    def cmd_page_up(self) -> None:
        self.view.action_page_up()

    def cmd_top(self) -> None:
        self.view.action_top()

    def cmd_bottom(self) -> None:
        self.view.action_bottom()

    def cmd_left(self) -> None:
        self.view.action_side_left()

    def cmd_right(self) -> None:
        self.view.action_side_right()

    def cmd_wrap(self) -> None:
        self.view.action_toggle_wrap()

    # -- searching --------------------------------------------------------------------------------------------------

    def cmd_search(self) -> None:
        self.query_one(FilterBar).open()

    @on(FilterBar.Changed)
    def _search(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.view.search(event.text)

    @on(FilterBar.Closed)
    def _searched(self, event: FilterBar.Closed) -> None:
        event.stop()
        self.view.focus()

    @on(TextView.Searched)
    def _found(self, event: TextView.Searched) -> None:
        event.stop()
        bar = self.query_one(FilterBar)
        if bar.text:
            bar.show_count(event.current, event.total)

    def cmd_match_next(self) -> None:
        self.view.action_next_match()

    def cmd_match_previous(self) -> None:
        self.view.action_previous_match()

    # -- taking along -----------------------------------------------------------------------------------------------

    def whole_text(self) -> str:
        buffer = self.view.buffer
        return "\n".join(buffer.line(number) for number in range(buffer.first, buffer.end)) + "\n"

    def cmd_copy(self) -> None:
        self.host.copy(self.whole_text())

    def cmd_save(self) -> None:
        self.host.save_text(self._what, self._title, self.whole_text())

    # -- leaving ----------------------------------------------------------------------------------------------------

    def cmd_back(self) -> None:
        bar = self.query_one(FilterBar)
        if bar.has_focus_within or bar.text:
            bar.escape()
            if not bar.text and not bar.has_focus_within:
                bar.close()
        else:
            self.cmd_close()

    def cmd_close(self) -> None:
        self.dismiss(None)


class ObjectReader(Reader):
    """An object as YAML or described. ``make`` gives the text for a snapshot; None if the object is gone."""

    place = "text"

    def __init__(
        self,
        title: str,
        what: str,
        make: Callable[[Snapshot, bool], str | None],
        *,
        yaml: bool,
    ) -> None:
        super().__init__(title, what)
        self._make = make
        self._yaml = yaml
        self._folded = True
        self._text: str | None = None
        self._gone = False
        self._version = 0

    def on_mount(self) -> None:
        self.show(self.host.snapshot())
        super().on_mount()

    def show(self, snapshot: Snapshot) -> None:
        """The object may have changed: show it as it is now, at the same place."""
        if snapshot.version == self._version:
            return
        self._version = snapshot.version
        text = self._make(snapshot, self._folded)
        if text is None:
            if not self._gone:
                self._gone = True
                self.draw_lines()
            return
        gone, self._gone = self._gone, False
        if text != self._text:
            keep = self._text is not None
            self._text = text
            if self._yaml:
                self.view.show_yaml(text, keep_place=keep)
            else:
                self.view.show_text(text, colour_description, keep_place=keep)
        if gone:
            self.draw_lines()

    def title_parts(self) -> Line:
        if self._gone:
            return (Part("it is gone; this is how it was last ", "warn"),)
        return ()

    def whole_text(self) -> str:
        return self._text or ""

    def why_not(self, command: Command) -> str:
        if command.id == "fold" and not self._yaml:
            return "Nothing is folded away here; y shows the YAML."
        return ""

    def cmd_fold(self) -> None:
        self._folded = not self._folded
        self._version = 0
        self.show(self.host.snapshot())
