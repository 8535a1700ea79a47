"""The Textual app: panes as modes, one tick, the theme, the start and end of the session. No domain logic.

Over 400 lines: the toolkit wants its hooks and the program's own commands on one class, and each is a few lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.screen import Screen

from pointsman.themes.loader import ThemeError
from pointsman.tui.answers.words import listed
from pointsman.tui.app import looks
from pointsman.tui.app.typing import KeyFeed
from pointsman.tui.commands import PANES, resolve
from pointsman.tui.config import Config
from pointsman.tui.disk import viewstate
from pointsman.tui.disk.viewstate import ViewState
from pointsman.tui.options import Options, TraefikOptions
from pointsman.tui.screens.base import PaneScreen
from pointsman.tui.screens.host import Host
from pointsman.tui.screens.keys import KeyScreen
from pointsman.tui.screens.panes import FACTORIES, SCREENS, STYLES, screen_class
from pointsman.tui.screens.rights import Rights
from pointsman.tui.screens.taping import Taping
from pointsman.tui.screens.writer import Writer
from pointsman.tui.session import Session
from pointsman.tui.store.memory import give_back
from pointsman.tui.store.snapshot import Snapshot
from pointsman.widgets import glyphs
from pointsman.widgets.pacer import TerminalPacer
from pointsman.widgets.theming import prepare, register, variable_defaults

if TYPE_CHECKING:
    from pointsman.tui.answers.ref import Ref

log = logging.getLogger(__name__)
_LEAVING = frozenset(("escape", "ctrl+c", "ctrl+q"))

TICK = 0.1
ASKING = 5.0
"""Seconds for which a second press of the quitting key is the answer to the question that the first one asked."""
PATIENCE = 1.0
"""Seconds after which a terminal that has never answered anything is taken to have drawn."""
WARM = 1.0
"""Seconds after the first paint at which what the other panes need is loaded."""
LONG_PATIENCE = 10.0
"""The same for one that does answer: its line is slow."""


class Pointsman(Host):
    """The program."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [*STYLES]
    TITLE = "pointsman"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    DEFAULT_MODE = "overview"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {**FACTORIES}

    def __init__(self, options: Options, config: Config | None = None, session: Session | None = None) -> None:
        """``session`` may be given by tests: one whose store is filled by hand and that has no source to start."""
        self.options = options
        self.config = config or Config()
        self.slow = options.slow_link or self.config.slow_link
        # Without colours the toolkit would still send greys, unless it is told that colours are the terminal's own.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        prepare(self, ascii=options.ascii or self.config.ascii)
        self.session = session or Session(options, self.config)
        self._given = session is not None
        self.writer = Writer(self)
        self.taping = Taping(self)
        self.rights = Rights(self)
        self.view = ViewState()
        self._view_of: str | None = None
        self._namespace_chosen = bool(options.namespace)
        self.view.namespace = options.namespace
        self.keymap = resolve(self.config.keys, read_only=self.session.read_only)
        self.crash: BaseException | None = None
        self.last_words = ""
        self._warned: set[str] = set()
        self._trail: list[str] = []
        self._asked_to_quit = False
        self._target = options.target
        self._saving = False
        self._switching = False
        rate = 2.0 if self.slow else float(self.config.refresh)
        self.pacer = TerminalPacer(self._write, rate=rate)
        self._live_frame = False
        self._away = self._ending = False
        self.keys = KeyFeed(self, self._deliver)

    # -- looks ------------------------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(variable_defaults())

    def theme_names(self) -> list[tuple[str, str]]:
        return looks.names()

    def apply_theme(self, name: str, *, remember: bool = True) -> str:
        try:
            spec = looks.find(name)
        except ThemeError as error:
            return str(error)
        register(self, spec)
        self.theme = spec.name
        if remember:
            self.view.theme = spec.name
            self.remember()
        return ""

    def _first_theme(self) -> None:
        fitting = looks.fitting(colours=self.console.color_system)
        if self.no_color:
            self.apply_theme(looks.SIXTEEN, remember=False)
            return
        wanted = self.options.theme or self.config.theme or fitting
        problem = self.apply_theme(wanted, remember=False)
        if problem:
            self.apply_theme(fitting, remember=False)
            self.call_after_refresh(self.say, f"{problem}. {fitting} is used.", severity="warning", seconds=12)

    # -- start and end ----------------------------------------------------------------------------------------------

    def on_load(self) -> None:
        """From Python 3.12 on Textual has tasks run eagerly; a mode's first screen would then be composed before it is on
        its stack, where an Input in it finds no screen. Every Python gets the order that tasks have by default."""
        asyncio.get_running_loop().set_task_factory(None)

    def on_mount(self) -> None:
        self._first_theme()
        self.set_class(self.slow, "-slow")
        self.set_class(glyphs.current.ascii, "-ascii")
        for problem in self.config.problems:
            log.warning("%s", problem)
        for problem in self.config.problems[:3]:
            self.say(problem, severity="warning", seconds=12)
        if len(self.config.problems) > 3:
            more = len(self.config.problems) - 3
            self.say(f"{more} more like this in the log file.", severity="warning", seconds=12)
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread() and not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                loop.add_signal_handler(number, self._signalled, number)
        self.app_resume_signal.subscribe(self, self._resumed)
        self.set_interval(TICK, self._tick, name="tick")
        self.set_interval(1.0, self._tend, name="tend")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first paint: now the sources may be loaded."""
        if not self._given:
            self.session.start()
        if self.options.replay:
            self.open_pane("flows")
        self.set_timer(WARM, self._warm)
        self.set_timer(3.0, self._settle)

    def _warm(self) -> None:
        """Load the other panes' modules in a thread, so that opening one for the first time does not stop the app."""

        def load() -> None:
            for pane in SCREENS:
                with contextlib.suppress(Exception):  # opening it will say what is wrong
                    screen_class(pane)

        threading.Thread(target=load, name="warm", daemon=True).start()

    def _settle(self) -> None:
        """What was loaded at the start stays for good: keep the collector from walking it again and again."""
        gc.collect()
        gc.freeze()
        give_back()

    def _resumed(self, _app: object) -> None:
        """Stopped and continued (kill -TSTP, fg): nothing that was drawn before is on the terminal any more."""
        self.pacer.reset()
        self.screen.refresh(layout=True)

    def _signalled(self, number: int) -> None:
        """End as if the user had asked. If the terminal is gone the normal way may hang, so there is a limit."""
        if self._away and number == signal.SIGINT:
            return  # ctrl+c in the editor is the editor's
        log.info("ended by signal %s", signal.Signals(number).name)
        self._ending = True
        late = threading.Timer(4.0, os._exit, (128 + number,))
        late.daemon = True
        late.start()
        self.exit(128 + number, return_code=128 + number)

    async def on_unmount(self) -> None:
        self._save_now()
        self.taping.stop()
        await self.session.stop()

    def _handle_exception(self, error: Exception) -> None:
        """Keep the error for the report in place of printing it with every local value, which may be a cluster's."""
        if self.crash is None:
            self.crash = error
            log.error("crashed", exc_info=error)
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._return_code = 2
        self._close_messages_no_wait()

    # -- keys -------------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.keys.put(event)
            return
        await super().on_event(event)

    async def _deliver(self, event: events.Key) -> None:
        """One key: a command of the screen on top, or the focused widget's."""
        screen = self.screen
        if self.writer.is_planning and event.key not in _LEAVING:
            return  # it was typed for a dialog that is not there yet
        if self.writer.is_planning and event.key == "escape":
            self.writer.stop_planning()
            return
        if isinstance(screen, KeyScreen) and screen.take_key(event):
            return
        await super().on_event(event)

    # -- the tick ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return self.session.snapshot()

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        event.stop()
        self.pacer.answered((event.x, event.y))

    def post_display_hook(self) -> None:
        """After a frame: if the tick caused it, wait for the terminal before the next one of that kind."""
        if self._live_frame and self._driver is not None and not self.is_headless:
            self._live_frame = False
            self.pacer.frame_written()

    def acknowledge(self, call: Callable[[], None]) -> None:
        if self.is_headless:
            self.set_timer(PATIENCE, call)
            return
        self.pacer.acknowledge(call)
        self.set_timer(LONG_PATIENCE if self.pacer.heard else PATIENCE, call)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Nothing may be drawn meanwhile: what is written then waits in a queue that nobody empties, and then blocks."""
        if self.is_headless:
            yield
            return
        self._away = True
        failed: BaseException | None = None
        try:
            with self.batch_update(), self.suspend():
                # The toolkit takes the terminal back only if nothing was raised.
                try:
                    yield
                except BaseException as error:
                    if self._ending:
                        raise  # and then it is left as it is: in order, and the shell's
                    failed = error
        finally:
            self._away = False
        if failed is not None:
            raise failed

    def _write(self, text: str) -> None:
        if self._driver is not None and not self._away:
            self._driver.write(text)
            self._driver.flush()

    def _tick(self) -> None:
        """Show what is new, if anything is. A screen that draws must not be late: one tick draws one screen."""
        self._live_frame = False
        if self._switching or self._away or not self._running:
            return
        screen = self.screen
        self.session.look(self.current_mode, str(getattr(screen, "looks_at", "")))
        show = getattr(screen, "show", None)
        if show is None or not self.pacer.may_draw():
            return
        self._live_frame = True
        snapshot = self.session.snapshot()
        self.session.observe(snapshot)
        if self.session.store.version != snapshot.version:
            snapshot = self.session.snapshot()
        self._recognize(snapshot)
        self._warn(snapshot)
        show(snapshot)
        if self._target and snapshot.cluster.uid is not None:
            self._open_target(snapshot)

    def _tend(self) -> None:
        """What is due by itself, whatever is on screen."""
        if not self._switching and self._running:
            self.session.observe(self.session.snapshot())
            self.writer.tend()
            self.taping.tend()

    def _warn(self, snapshot: Snapshot) -> None:
        """Say what is wrong with the input as a whole, once: documents that could not be read, an insecure connection."""
        fresh = [text for text in snapshot.cluster.warnings if text not in self._warned]
        if not fresh:
            return
        self._warned.update(fresh)
        for text in fresh:
            log.warning("%s", text)
        for text in fresh[:3]:
            self.say(text, severity="warning", seconds=10)
        if len(fresh) > 3:
            self.say(f"{len(fresh) - 3} more problems like this are in the log file.", severity="warning", seconds=10)

    def _recognize(self, snapshot: Snapshot) -> None:
        """Once the cluster says who it is, take up what is remembered of it."""
        uid = snapshot.cluster.uid
        if uid is None or uid == self._view_of:
            return
        self._view_of = uid
        if snapshot.cluster.demo:
            return  # every start is a new cluster, and a stranger's first look should not depend on the last one
        kept, problem = viewstate.load(uid)
        if problem:
            self.say(problem, severity="warning", seconds=8)
        if self._namespace_chosen:
            kept.namespace = self.view.namespace
        self.view = kept
        if kept.theme and not self.options.theme and not self.no_color:
            self.apply_theme(kept.theme, remember=False)
        if isinstance(self.screen, PaneScreen):
            self.screen.when_ready(self.screen.restore)
        if kept.pane in FACTORIES and self.current_mode == self.DEFAULT_MODE and not self._trail:
            self.open_pane(kept.pane)

    def _open_target(self, snapshot: Snapshot) -> None:
        """``pointsman 192.168.7.104``: open it as the palette would, once the first lists are in."""
        from pointsman.tui.views.opening import open_text

        found = open_text(snapshot, self._target)
        if found is None and snapshot.now - snapshot.history.started < 10:
            return
        target, self._target = self._target, ""
        if found is None:
            self.say(f"Nothing here is called {target}.", severity="warning", seconds=8)
        else:
            self.open_object(found.ref, pane=found.pane, explain=True, prefer=found.text)

    # -- panes ------------------------------------------------------------------------------------------------------

    def open_pane(self, pane: str) -> None:
        if pane == self.current_mode:
            return
        self._trail = [*self._trail[-20:], self.current_mode]
        self.switch_mode(pane)
        self.view.pane = pane
        self.remember()

    def open_object(self, ref: Ref, *, pane: str = "", text: str = "", explain: bool = False, prefer: str = "") -> None:
        from pointsman.tui.views.opening import pane_of

        pane = pane or pane_of(ref)
        if pane not in SCREENS:
            self.open_describe(ref)  # its pane is not here yet, but the object can be read
            return
        self.open_pane(pane)
        screen = self.screen
        if isinstance(screen, PaneScreen):
            screen.when_ready(lambda: screen.point_at(ref, text, explain=explain, prefer=prefer))

    def family_pane(self, pane: str) -> None:
        if pane in FACTORIES:
            self.open_pane(pane)

    def cmd_pane_last(self) -> None:
        if self._trail:
            self.open_pane(self._trail[-1])

    def go_back(self) -> bool:
        """Back to the pane one came from; False at the start of the trail."""
        if not self._trail:
            return False
        pane = self._trail.pop()
        self.switch_mode(pane)
        self.view.pane = pane
        return True

    # -- what is remembered -----------------------------------------------------------------------------------------

    def remember(self) -> None:
        if not self._saving:
            self._saving = True
            self.set_timer(1.0, self._save_now)

    def _save_now(self) -> None:
        self._saving = False
        if self._view_of and not self.session.store.cluster.demo:
            viewstate.save(self._view_of, self.view)

    # -- commands of the program ------------------------------------------------------------------------------------

    def set_namespace(self, namespace: str) -> None:
        self.view.namespace = namespace
        self.remember()
        if isinstance(self.screen, PaneScreen):
            self.screen.again()

    def cmd_namespace_all(self) -> None:
        self.set_namespace("")

    def cmd_quit(self) -> None:
        """Asks once while something is switched off for a while: the second press is the answer."""
        if self._still_off() and not self._asked_to_quit:
            self._asked_to_quit = True
            self.set_timer(ASKING, self._not_asked)
            key = self.keymap.label("quit")
            self.say(f"{self._still_off()} {key} again quits.", severity="warning", seconds=ASKING)
            return
        self.exit(0)

    def _not_asked(self) -> None:
        self._asked_to_quit = False

    def _still_off(self) -> str:
        """What is switched off for a while now, as a sentence; empty if nothing is, or if it is nobody's here to see to."""
        if self.session.read_only:
            return ""
        now = self.snapshot().now
        paths = [timer.ref.path for timer in self.writer.timers() if (timer.left(now) or 0) > 0]
        return f"{listed(paths, most=2)} {'is' if len(paths) == 1 else 'are'} still switched off." if paths else ""

    def cmd_refresh(self) -> None:
        self.screen.refresh(layout=True)

    def cmd_header(self) -> None:
        self.toggle_class("-no-header")
        for screen in self.screen_stack:
            screen.set_class(self.has_class("-no-header"), "-no-header")

    def cmd_delete(self) -> None:
        self.say("Nothing is deleted here. Half a page is ctrl+f and ctrl+b; delete with kubectl.", seconds=5)

    def switch_context(self, context: str) -> None:
        self.run_worker(self._switch(context), group="context", exclusive=True, exit_on_error=True)

    async def _switch(self, context: str) -> None:
        """Leave the cluster. No dialog, filter or row of it survives."""
        self._switching = True
        try:
            self._save_now()
            self.writer.forget()
            self.taping.stop()
            self.rights.forget()
            while len(self.screen_stack) > 1:
                await self.pop_screen()
            await self.session.stop()
            # An address of Traefik's is of the cluster that is left.
            self.options = replace(self.options, context=context, namespace="", traefik=TraefikOptions())
            self.session = Session(self.options, self.config)
            self.view = ViewState(theme=self.view.theme)
            self._view_of = None
            self._warned.clear()
            self._trail.clear()
            self.keymap = resolve(self.config.keys, read_only=self.session.read_only)
            for pane in PANES:
                for screen in self._screen_stacks.get(pane.id, ()):
                    if isinstance(screen, PaneScreen):
                        screen.forget()
            self.session.start()
        finally:
            self._switching = False
        if isinstance(self.screen, PaneScreen):
            self.screen.again()
