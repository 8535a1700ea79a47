"""`:record FILE`: the flows from now on into a file, until it is said again. On screen as a source of its own meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from pointsman.tui.disk.tape import Tape
    from pointsman.tui.screens.host import Host

LINK: Final = "recording"


class Taping:
    """Bound to the app; a recording ends with the connection it is of."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tape: Tape | None = None

    def toggle(self, name: str) -> None:
        """Begin, or end the one that runs."""
        if self._tape is not None:
            self.stop()
            return
        from pointsman.tui.answers.flows.document import flow_line
        from pointsman.tui.disk.tape import Tape

        host, flows = self._host, self._host.session.store.flows
        path = Path(name or time.strftime("flows-%Y%m%d-%H%M%S.json.gz")).expanduser()
        try:
            self._tape = Tape(path, flows.after, flows.sequence, flow_line)
        except FileExistsError:
            host.say(f"{path} is there; a recording replaces no file.", severity="warning")
        except OSError as error:
            host.say(f"{path} cannot be written: {error.strerror or error}.", severity="warning")
        else:
            host.session.store.set_link(LINK, State.LIVE, f"into {path}")
            host.say(f"Recording flows into {path}, masked. :record ends it.")

    def tend(self) -> None:
        """Once a second: a disk that refuses ends it; else it is confirmed, so that its age is not that of its start."""
        if self._tape is None:
            return
        if self._tape.running:
            self._host.session.store.set_link(LINK, State.LIVE, f"into {self._tape.path}")
        else:
            self.stop()

    def stop(self) -> None:
        """End what runs, if anything does, and say what came of it."""
        tape, self._tape = self._tape, None
        if tape is None:
            return
        tape.stop()
        self._host.session.store.set_link(LINK, State.ABSENT)
        missed = f", {tape.missed:,} came too fast" if tape.missed else ""
        text = f"{tape.count:,} flows are in {tape.path}{missed}."
        if tape.problem:
            self._host.say(f"{tape.problem}. {text}", severity="warning", seconds=12)
        else:
            self._host.say(f"{text} pointsman replay shows them.", seconds=8)
