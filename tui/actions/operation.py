"""The one type for everything that can be done and taken back: a toggle, an edit, a step of a move."""

from __future__ import annotations

import enum
from typing import Protocol


class Found(enum.StrEnum):
    """What a look at the world says about an operation.

    BEFORE: it is not done, and nothing stands in its way. DONE: the world is as the operation wants it. OTHER: neither;
    somebody changed it. UNKNOWN: it could not be looked at.
    """

    BEFORE = "before"
    DONE = "done"
    OTHER = "other"
    UNKNOWN = "unknown"


class Operation(Protocol):
    """``probe`` and ``verify`` only look; ``apply`` does it once; ``undo`` takes back what ``apply`` did.

    ``apply`` and ``undo`` raise KubeError when the world says no. A ConnectError from them says nothing about whether it
    happened: only ``verify`` does.
    """

    async def probe(self) -> Found: ...

    async def apply(self) -> None: ...

    async def verify(self) -> Found: ...

    async def undo(self) -> None: ...
