"""Small helpers for tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results in order. If one fails the others are cancelled and over before its error is raised.

    ``gather`` lets them run on, and a request that outlives its failed sibling would open the closed session again; a
    TaskGroup wraps the one error in a group.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
