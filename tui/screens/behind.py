"""Work that takes longer than a frame, done in a thread: the app's own thread only takes up what was found."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from time import sleep
from typing import Generic, TypeVar

from textual.message_pump import MessagePump

T = TypeVar("T")


class Behind(Generic[T]):
    """One piece of work at a time. A newer one makes the older one give up: it is told by the function it is given."""

    def __init__(self, owner: MessagePump, name: str, take: Callable[[T], None]) -> None:
        """``take`` is called in the app's thread with what the work gave, unless it was overtaken."""
        self._owner = owner
        self._take = take
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._turn = 0
        self._busy: Future[T | None] | None = None

    @property
    def busy(self) -> bool:
        return self._busy is not None

    def start(self, work: Callable[[Callable[[], bool]], T | None], patience: float = 0.0) -> None:
        """Start work on immutable things only; it asks its argument now and then whether to go on.

        With ``patience`` (seconds) what is found that soon is taken before this returns, which spares a frame that
        would only say "wait".
        """
        self._turn += 1
        turn = self._turn

        def going_on() -> bool:
            sleep(0)  # whoever waits for the interpreter comes first
            return self._turn == turn

        future = self._busy = self._pool.submit(lambda: work(going_on))
        if patience:
            try:
                future.result(patience)
            except TimeoutError:
                pass
            else:
                self._done(turn, future)
                return
        future.add_done_callback(lambda done: self._owner.call_later(self._done, turn, done))

    def _done(self, turn: int, future: Future[T | None]) -> None:
        if turn != self._turn:
            return
        self._busy = None
        try:
            found = future.result()
        except CancelledError:
            return
        if found is not None:
            self._take(found)

    def forget(self) -> None:
        """What is under way is not wanted any more."""
        self._turn += 1
        self._busy = None

    def stop(self) -> None:
        """For good."""
        self.forget()
        self._pool.shutdown(wait=False, cancel_futures=True)
