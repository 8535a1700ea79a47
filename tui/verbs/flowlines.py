"""Flows to lines on stdout, and lines of a file to flows: what the verbs on flows share.

A hundred thousand lines must not take seconds: rows are written in blocks (following, each leaves at once), a line that is
the hubble CLI's already is written as it was read, and the collector is kept from walking what cannot be garbage.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from pointsman.tui.model.flows import HUBBLE

if TYPE_CHECKING:
    from pointsman.tui.answers.flows.request import Selection
    from pointsman.tui.model.flows import Event

BLOCK = 500
"""Lines that are written together when nobody waits for the single one."""


class Lines:
    """Lines on stdout (or ``stream``), notes on stderr. Following, each line leaves at once, or with those of the next
    ``patience`` seconds; a reader that has gone raises BrokenPipeError. ``form`` empty is ``compact`` with what is
    sensitive masked. ``count`` is how many lines were written."""

    def __init__(
        self,
        form: str,
        *,
        node: bool = False,
        numeric: bool = False,
        follow: bool = False,
        stream: IO[bytes] | None = None,
        patience: float = 0.0,
    ) -> None:
        from pointsman.tui.answers.flows.compact import compact_line
        from pointsman.tui.answers.flows.document import flow_line
        from pointsman.tui.answers.flows.jsonpb import jsonpb
        from pointsman.tui.model.flows import Flow, NodeStatus
        from pointsman.tui.wire.canonical import canonical
        from pointsman.tui.wire.hubbleflow import answer_of

        self._verbatim = form in ("compact", "jsonpb")
        """Only a form that was asked for by name shows what is masked elsewhere."""
        self._node = node
        self._numeric = numeric
        self._follow = follow
        self._stream: IO[bytes] = stream or sys.stdout.buffer
        self._patience = patience
        self._flushed = 0.0
        self._foreign = 0
        self.count = 0
        self._block: list[bytes] = []
        self._kept: list[Event] = []
        self._flow, self._status = Flow, NodeStatus
        self._compact, self._document, self._jsonpb = compact_line, flow_line, jsonpb
        self._canonical, self._answer = canonical, answer_of
        self.write: Callable[[Event], None] = {
            "compact": self._as_compact,
            "json": self._as_json,
            "jsonpb": self._as_jsonpb,
            "table": self._kept.append,
        }[form or "compact"]
        self._form = form or "compact"

    def finish(self) -> None:
        """Write what is left; of a table all of it, as it has to know its widths."""
        if self._form == "table":
            from pointsman.tui.answers.flows.compact import table_lines

            for line in table_lines(self._kept, node=self._node):
                self._line(line.encode("utf-8", "replace"))
        self._out()
        self._stream.flush()
        if self._foreign:
            self._note(f"{self._foreign:,} flows of Traefik's access log have no jsonpb form; take -o json")

    def _line(self, text: bytes) -> None:
        self.count += 1
        if self._follow:
            self._stream.write(text + b"\n")
            if not self._patience or (now := time.monotonic()) - self._flushed >= self._patience:
                self._stream.flush()
                self._flushed = now if self._patience else 0.0
            return
        self._block.append(text)
        if len(self._block) >= BLOCK:
            self._out()

    def _out(self) -> None:
        block, self._block = self._block, []
        if block:
            block.append(b"")
            self._stream.write(b"\n".join(block))

    def _note(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def _as_compact(self, event: Event) -> None:
        text = self._compact(event, node=self._node, numeric=self._numeric, verbatim=self._verbatim)
        if text is None:
            return
        if isinstance(event, self._status):
            self._note(text)
        else:
            self._line(text.encode("utf-8", "replace"))

    def _as_json(self, event: Event) -> None:
        if isinstance(event, self._flow):
            self._line(self._document(event))
        elif (text := self._compact(event)) is not None:
            self._note(text)

    def _as_jsonpb(self, event: Event) -> None:
        raw = event.raw
        if raw.startswith(b'{"flow"') and self._canonical(raw):
            self._line(raw)
            return
        if isinstance(event, self._flow) and event.origin != HUBBLE:
            self._foreign += 1
            return
        text = self._jsonpb(self._answer(event))
        if not isinstance(event, self._status):
            self._line(text.encode("utf-8", "replace"))
        elif event.state in ("NODE_UNAVAILABLE", "NODE_ERROR"):
            self._note(text)


def print_file(name: str, chosen: Selection, allow: list[Any], deny: list[Any], out: Lines) -> int:
    """Print a file's flows; the exit code."""
    from pointsman.tui.sources.flowfile import Reading
    from pointsman.tui.verbs.reading import complain

    calm()
    reading = Reading(name)
    for event in chosen.of(reading.events(), allow, deny):
        out.write(event)
    out.finish()
    for text in reading.told():
        complain(text)
    return 2 if reading.problem else 0


def calm() -> None:
    """Rows hold no cycles, and what was imported stays: spare the collector its walks."""
    gc.freeze()
    gc.disable()
