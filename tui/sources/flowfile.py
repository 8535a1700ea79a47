"""Flows from files: the hubble CLI's JSON lines, Cilium's exporter's, and the program's own; plain or gzipped.

A line that is no flow is counted and told, and the next one is read.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from pointsman.tui.disk.recorder import files
from pointsman.tui.model.flows import Event
from pointsman.tui.wire.hubbleflow import BadLineError, decode_line

BAD_LINES_TOLD: Final = 3
BUFFER: Final = 1 << 18


class Reading:
    """One reading of a file, of ``-`` (standard input), or of the flight recorder's folder.

    ``bad`` are sentences on lines that are none, the first few; ``bad_count`` is all of them; ``problem`` says why it could
    not be read to the end.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.bad: list[str] = []
        self.bad_count = 0
        self.problem = ""

    def events(self) -> Iterator[Event]:
        """What the lines tell, in their order, as far as they can be read."""
        try:
            names = [str(path) for path in files(Path(self.name))] or [self.name] if self.name != "-" else ["-"]
        except OSError as error:
            self.problem = f"{self.name} cannot be read: {error.strerror or error}"
            return
        for name in names:
            yield from self._events(name)

    def _events(self, name: str) -> Iterator[Event]:
        number = 0
        try:
            for line in _lines(name):
                number += 1
                try:
                    event = decode_line(line)
                except BadLineError as error:
                    if line.isspace():
                        continue
                    self.bad_count += 1
                    if len(self.bad) < BAD_LINES_TOLD:
                        self.bad.append(f"line {number} of {name}: {error}")
                    continue
                if event is not None:
                    yield event
        except BrokenPipeError:
            raise
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            self.problem = f"{name} breaks off: {error}"
        except OSError as error:
            self.problem = f"{name} cannot be read: {error.strerror or error}"

    def told(self) -> list[str]:
        """All there is to complain of, a sentence each."""
        found = list(self.bad)
        if (more := self.bad_count - len(self.bad)) > 0:
            found.append(f"and {more} more lines that are no flows")
        return [*found, self.problem] if self.problem else found


def _lines(name: str) -> Iterator[bytes]:
    with cast(BufferedReader, sys.stdin.buffer if name == "-" else Path(name).open("rb", BUFFER)) as raw:
        if raw.peek(2)[:2] == b"\x1f\x8b":
            with gzip.open(raw) as file:
                yield from file
        else:
            yield from raw
