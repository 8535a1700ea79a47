"""What a screen may ask of the app, so that screens need not know the app itself."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from pointsman.tui.commands import BY_ID, COMMANDS, Command, Keymap
from pointsman.tui.config import Config
from pointsman.tui.disk.viewstate import ViewState
from pointsman.tui.options import Options
from pointsman.tui.store.snapshot import Snapshot
from pointsman.widgets.text import clean, shorten_middle

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref
    from pointsman.tui.screens.rights import Rights
    from pointsman.tui.screens.taping import Taping
    from pointsman.tui.screens.writer import Writer
    from pointsman.tui.session import Session
    from pointsman.tui.views.palette import Entry
    from pointsman.widgets.cells import Column

Severity = Literal["information", "warning", "error"]

_NOT_IDENTIFIER = re.compile(r"[^a-z0-9]+")


def handler_name(command: str) -> str:
    """The method that runs a command: ``page-down`` → ``cmd_page_down``."""
    return f"cmd_{_NOT_IDENTIFIER.sub('_', command)}"


class Host(App[int], inherit_bindings=False):
    """The app as its screens see it."""

    session: Session
    options: Options
    config: Config
    keymap: Keymap
    slow: bool
    """A slow line: fewer pictures, borders and colours."""
    view: ViewState
    """What is remembered of this cluster; screens read and change it, the app writes it to disk."""
    writer: Writer
    """All that is written to the cluster goes through it."""
    taping: Taping
    """The recording of flows that the user asked for."""
    rights: Rights
    """What the user may do, as far as it is known."""

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """The picture now."""

    @abstractmethod
    def open_pane(self, pane: str) -> None:
        """Go to a pane."""

    @abstractmethod
    def open_object(self, ref: Ref, *, pane: str = "", text: str = "", explain: bool = False, prefer: str = "") -> None:
        """Open an object in the pane that shows it, on its row, perhaps explained.

        ``text`` filters that pane first; of several rows of the object the one with the words ``prefer`` is meant.
        """

    @abstractmethod
    def set_namespace(self, namespace: str) -> None:
        """Show one namespace, or all (empty)."""

    @abstractmethod
    def switch_context(self, context: str) -> None:
        """Leave this cluster and connect to another context."""

    @abstractmethod
    def apply_theme(self, name: str, *, remember: bool = True) -> str:
        """Change how the program looks; a sentence if the theme cannot be used."""

    @abstractmethod
    def theme_names(self) -> list[tuple[str, str]]:
        """The themes there are, with what is said of each (or what is wrong with it)."""

    @abstractmethod
    def acknowledge(self, call: Callable[[], None]) -> None:
        """Call back once the terminal has drawn what was written until now, or must be taken to have."""

    @abstractmethod
    def suspended(self) -> AbstractContextManager[None]:
        """The terminal is another program's for the length of the block; the sources and what is due go on."""

    @abstractmethod
    def remember(self) -> None:
        """Write what is remembered of this cluster, soon."""

    @abstractmethod
    def go_back(self) -> bool:
        """Go to the pane one came from; False if there is none."""

    def copy(self, text: str) -> None:
        """Copy by way of the terminal (OSC 52), which gives no answer: so that is what is said."""
        self.copy_to_clipboard(text)
        shown = shorten_middle(clean(text), 50)
        self.say(f"Sent to the terminal's clipboard: {shown}", seconds=3)

    def say(self, text: str, *, severity: Severity = "information", seconds: float = 4.0) -> None:
        """A notice for something the user did. The text may come from outside: it is never markup."""
        self.notify(clean(text), severity=severity, timeout=seconds, markup=False)

    def all_commands(self) -> tuple[Command, ...]:
        return COMMANDS

    def why_not_writing(self, command: Command) -> str:
        """Why a command that writes cannot run; empty if it can or does not write."""
        if command.dangerous and self.session.read_only:
            return "Refused: this is read-only."
        return ""

    def why_not(self, command: Command) -> str:
        """Why a command cannot run here and now, as a sentence; empty if it can."""
        if why := self.why_not_writing(command):
            return why
        reason = getattr(self.screen, "why_not", None)
        said: Any = reason(command) if reason is not None else ""
        return str(said)

    def run_command(self, id: str, argument: str = "") -> None:
        """Run a command by its id: the screen on top handles it, else the app."""
        command = BY_ID.get(id)
        if command is None:
            return
        if why := self.why_not(command):
            self.say(why, severity="warning")
            return
        for node in (self.screen, self):
            handler = getattr(node, handler_name(id), None)
            if handler is not None:
                handler(argument) if command.argument else handler()
                return
            family, _, rest = id.partition(".")
            general = getattr(node, f"family_{family}", None)
            if rest and general is not None:
                general(rest)
                return

    # -- readers and dialogs: their modules are loaded when they are first opened -----------------------------------

    def open_yaml(self, ref: Ref) -> None:
        """The object's YAML, kept current."""
        from pointsman.tui.screens.modals.reader import ObjectReader
        from pointsman.tui.views.readers import yaml_of

        self.push_screen(
            ObjectReader(ref.title, "yaml", lambda snapshot, folded: yaml_of(snapshot, ref, folded=folded), yaml=True)
        )

    def open_describe(self, ref: Ref) -> None:
        """The object in plain words with its events, kept current."""
        from pointsman.tui.screens.modals.reader import ObjectReader
        from pointsman.tui.views.readers import description_of

        self.push_screen(
            ObjectReader(ref.title, "describe", lambda snapshot, _folded: description_of(snapshot, ref), yaml=False)
        )

    def open_text(self, title: str, what: str, text: str) -> None:
        """A text that does not change, to read, search, copy and save. It may come from outside."""
        from pointsman.tui.screens.modals.reader import ObjectReader

        self.push_screen(ObjectReader(title, what, lambda _snapshot, _folded: text, yaml=False))

    def open_logs(self, ref: Ref, *, ask: bool = False) -> None:
        """The log of a container behind an object; asks which if there are several."""
        from pointsman.tui.screens.modals.podlogs import LogsScreen
        from pointsman.tui.views.pods import containers, pods_behind

        found = containers(pods_behind(self.snapshot(), ref))
        if not found:
            self.say(f"No pod is behind {ref.title}.", severity="warning")
            return
        if self.session.client is None:
            self.say("There is no connection to read logs over.", severity="warning")
            return
        plain = [container for container in found if not container.init]
        if len(plain) == 1 and not ask:
            self.push_screen(LogsScreen(plain[0], ref, len(found)))
            return
        from pointsman.widgets.picker import Choice, PickerScreen

        choices = [Choice(item, f"{item.pod}  {item.name}", item.detail) for item in found]

        def chosen(item: object) -> None:
            if item is not None:
                self.push_screen(LogsScreen(item, ref, len(found)))  # type: ignore[arg-type]

        self.push_screen(PickerScreen(f"logs of {ref.title}", choices), chosen)

    def open_related(self, ref: Ref) -> None:
        """What is related to an object; choosing one opens it where it is at home."""
        from pointsman.tui.views.readers import related_choices

        found = related_choices(self.snapshot(), ref)
        self.choose_related(ref.title, [(item.ref, item.title, item.detail) for item in found])

    def choose_related(self, what: str, found: Sequence[tuple[Ref, str, str]]) -> None:
        """Choose among objects (with their titles and how they are related) and open one where it is at home."""
        from pointsman.tui.answers.ref import Ref
        from pointsman.tui.views.opening import filter_for
        from pointsman.widgets.picker import Choice, PickerScreen

        choices = [Choice(item, title, detail) for item, title, detail in found]

        def chosen(item: object) -> None:
            if isinstance(item, Ref):
                self.open_object(item, text=filter_for(item))

        self.push_screen(PickerScreen(f"related to {what}", choices, empty="nothing here refers to it"), chosen)

    def save_view(self, name: str, columns: Sequence[Column[Any]], rows: Sequence[Any]) -> None:
        """Ask where to, and write the rows in the format of the file's extension."""
        from pointsman.tui.screens.modals.saveas import SaveScreen
        from pointsman.tui.views.saving import FORMATS, WRITERS

        def text(extension: str) -> str:
            return WRITERS[FORMATS[extension]](columns, rows)

        self.push_screen(SaveScreen(f"pointsman-{name}.csv", text, tuple(FORMATS)))

    def save_as(self, name: str, text: Callable[[str], str], extensions: tuple[str, ...]) -> None:
        """Ask where to, and write what ``text`` gives for the extension."""
        from pointsman.tui.screens.modals.saveas import SaveScreen

        self.push_screen(SaveScreen(f"pointsman-{name}{extensions[0]}", text, extensions))

    def open_filtered(self, pane: str, words: str) -> None:
        """Go to a pane of rows and filter it by these words, until one comes back."""
        self.open_pane(pane)
        screen: Any = self.screen
        if hasattr(screen, "arrive"):
            screen.when_ready(lambda: screen.arrive(words))

    def save_text(self, what: str, title: str, text: str) -> None:
        """Ask where to, and write a text."""
        from pointsman.tui.screens.modals.saveas import SaveScreen

        stem = _NOT_IDENTIFIER.sub("-", title.lower()).strip("-")[:60] or what
        extension = ".yaml" if what == "yaml" else ".txt"
        self.push_screen(SaveScreen(f"{stem}{extension}", lambda _extension: text, ()))

    def cmd_palette(self) -> None:
        from pointsman.tui.screens.modals.palette import PaletteScreen

        self.push_screen(PaletteScreen(), self._run_entry)

    def _run_entry(self, entry: Entry | None) -> None:
        """What was chosen in the palette, once it is closed."""
        if entry is None:
            return
        if entry.opening is not None:
            self.open_object(entry.opening.ref, pane=entry.opening.pane, explain=True, prefer=entry.opening.text)
            return
        self.run_command(entry.command, entry.argument)
        if entry.filter:
            self.call_after_refresh(self._filter_pane, entry.filter)

    def _filter_pane(self, words: str) -> None:
        narrow = getattr(self.screen, "narrow", None)
        if narrow is not None:
            narrow(words)

    def cmd_undo(self) -> None:
        """The last write; the Log pane takes the one that is selected."""
        self.writer.undo_last()

    def cmd_revert(self) -> None:
        """Switch on what comes back next, or should have."""
        timers = self.writer.timers()
        if timers:
            self.writer.switch_on(timers[0].ref)
        else:
            self.say("No policy is switched off.")

    def cmd_record(self, argument: str = "") -> None:
        """Begin to write the flows into a file, or end it."""
        self.taping.toggle(argument.strip())

    def cmd_setup(self) -> None:
        """What lets more be seen."""
        self.writer.setup()

    def cmd_access_log(self, argument: str = "") -> None:
        """Switch Traefik's access log on or off; without a word the other way than it is."""
        if argument not in ("", "on", "off"):
            self.say("Say :access-log on, or :access-log off.", severity="warning")
        else:
            self.writer.access_log({"on": True, "off": False}.get(argument))

    def cmd_aliases(self) -> None:
        self.cmd_help()

    def cmd_help(self) -> None:
        from pointsman.tui.screens.modals.help import HelpScreen

        place = getattr(self.screen, "place", "")
        self.push_screen(HelpScreen(place))

    def cmd_namespace(self, argument: str = "") -> None:
        from pointsman.tui.model.kinds import NAMESPACES, SERVICES
        from pointsman.widgets.picker import Choice, PickerScreen

        snapshot = self.snapshot()
        names = sorted(item.name for item in snapshot.all(NAMESPACES)) or sorted(
            {item.namespace for item in snapshot.all(SERVICES)}
        )
        if argument:
            if argument in ("all", "*"):
                self.set_namespace("")
            elif argument in names or not names:
                self.set_namespace(argument)
            else:
                self.say(f"There is no namespace {argument}.", severity="warning")
            return
        counts: dict[str, int] = {}
        for service in snapshot.all(SERVICES):
            counts[service.namespace] = counts.get(service.namespace, 0) + 1
        now = self.view.namespace
        choices = [Choice("", "all namespaces", "", not now)]
        choices += [
            Choice(
                name,
                name,
                f"{count} service{'s' if count != 1 else ''}" if (count := counts.get(name, 0)) else "",
                name == now,
            )
            for name in names
        ]

        def chosen(name: object) -> None:
            if name is not None:
                self.set_namespace(str(name))

        self.push_screen(PickerScreen("namespace", choices), chosen)

    def cmd_theme(self, argument: str = "") -> None:
        from pointsman.widgets.picker import Choice, PickerScreen

        if argument:
            if problem := self.apply_theme(argument):
                self.say(problem, severity="warning", seconds=8)
            return
        choices = [Choice(name, name, said, name == self.theme) for name, said in self.theme_names()]

        def chosen(name: object) -> None:
            if name is not None and (problem := self.apply_theme(str(name))):
                self.say(problem, severity="warning", seconds=8)

        self.push_screen(PickerScreen("theme", choices), chosen)

    def cmd_context(self, argument: str = "") -> None:
        from pointsman.widgets.picker import Choice, PickerScreen

        listed = self.session.contexts()
        names = [item.name for item in listed.items]
        if argument:
            if argument in names:
                self.switch_context(argument)
            else:
                self.say(f"There is no context {argument}.", severity="warning")
            return
        now = self.session.store.cluster.context
        choices = [
            Choice(
                item.name,
                item.name,
                f"{item.server}{'   read-only' if self.config.is_read_only(item.name) else ''}",
                item.name == now,
            )
            for item in listed.items
        ]

        def chosen(name: object) -> None:
            if name is not None and name != now:
                self.switch_context(str(name))

        self.push_screen(PickerScreen("context", choices, empty=listed.problem or "no contexts"), chosen)
