"""Tell Python's garbage collector that many objects are about to be kept."""

from __future__ import annotations

import gc


def expect_many_objects() -> None:
    """Collect less often, for the rest of the process. Call it before a cluster is read.

    With the default thresholds each full collection walks everything that was read so far, so the cost of reading grows
    faster than the cluster: 10,000 pods cost 13 times the processor time of 1,000, and 12 times with these.
    """
    gc.set_threshold(50_000, 20, 50)
