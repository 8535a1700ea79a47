"""Tell Python's garbage collector, and the C library, that many objects are about to be kept."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from typing import Final

_M_ARENA_MAX: Final = -8


def expect_many_objects() -> None:
    """Collect less often, for the rest of the process. Call it before a cluster is read.

    With the default thresholds each full collection walks everything that was read so far, so the cost of reading grows
    faster than the cluster: 10,000 pods cost 13 times the processor time of 1,000, and 12 times with these.
    """
    gc.set_threshold(50_000, 20, 50)


def keep_one_heap() -> None:
    """Let all threads of a long-lived process share one heap, for good. Call it before threads are started.

    glibc gives each thread that allocates a heap of its own and returns little of it: what one thread frees (the flows let
    go, the pages of a list) another cannot use. Elsewhere than on glibc this does nothing.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what the start has freed; nothing elsewhere than on glibc."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
