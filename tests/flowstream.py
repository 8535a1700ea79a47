"""A stream of encoded flows for load tests: made once, then decoded and stored as the Hubble reader does it, in its own thread."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from flowbytes import answer, fields, flow, stamp

from pointsman.tui.model.flows import Event

VARIETY = 512
"""Different flows; each goes out again and again under another identifier."""


def frames(number: int = VARIETY) -> list[bytes]:
    """Encoded answers of some forty workloads that talk to each other; one in twenty is dropped."""
    made = []
    for at in range(number):
        source, destination = at % 40, (at * 7 + 3) % 40
        dropped = at % 20 == 0
        verdict: dict[str, Any] = {"_2": 2, "_25": 133, "_19": fields(_1=1, _2=133)} if dropped else {}
        made.append(
            answer(
                flow(
                    _1=stamp(int(time.time()) + 1, at * 1_000_000 % 1_000_000_000),
                    _5=fields(_1=f"10.52.0.{source}", _2=f"10.52.1.{destination}", _3=1),
                    _8=fields(
                        _1=1,
                        _2=1000 + source,
                        _3=f"ns-{source % 7}",
                        _5=f"app-{source}-5d-x2",
                        _6=[fields(_1=f"app-{source}", _2="Deployment")],
                    ),
                    _9=fields(
                        _2=2000 + destination,
                        _3=f"ns-{destination % 7}",
                        _5=f"app-{destination}-5d-x2",
                        _6=[fields(_1=f"app-{destination}", _2="Deployment")],
                    ),
                    _34=str(uuid.UUID(int=at)),
                    **verdict,
                )
            )
        )
    return made


class Stream:
    """Sends ``rate`` flows a second to ``take`` from a thread until ``stop``; it never sends more than it owes."""

    def __init__(self, take: Callable[[Event], None], rate: float) -> None:
        from pointsman.tui.wire.hubbleflow import decode

        self.sent = 0
        self._take, self._decode, self._rate = take, decode, rate
        self._frames = frames()
        self._going = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Stream:
        self._going.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going.clear()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while self._going.is_set():
            due = int((time.monotonic() - began) * self._rate) - self.sent
            # A reader that was kept from running takes up what waits for it, in batches as the network gives them.
            for _ in range(min(due, 200)):
                event = self._decode(self._frames[self.sent % len(self._frames)])
                if event is not None:
                    self._take(event)
                self.sent += 1
            time.sleep(0.004)
