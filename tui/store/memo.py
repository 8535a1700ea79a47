"""Keep an answer until one of the kinds it reads has changed."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from pointsman.tui.model.kinds import Kind
from pointsman.tui.store.snapshot import Snapshot

R = TypeVar("R")
P = ParamSpec("P")


def memoized(
    *kinds: Kind[Any], keep: int = 4, also: Callable[[Snapshot], Hashable] | None = None
) -> Callable[[Callable[[Snapshot], R]], Callable[[Snapshot], R]]:
    """Decorate a pure ``answer(snapshot)`` that reads only these kinds (and neither ``now`` nor ``history``).

    The result is kept by the versions of the kinds, which are unique in the process, and by the cluster's identity. It
    must be immutable. ``also`` gives a further part of the key: for a kind whose objects change all the time in fields the
    answer does not read, what it does read of them.
    """

    def wrap(answer: Callable[[Snapshot], R]) -> Callable[[Snapshot], R]:
        cache: OrderedDict[Any, R] = OrderedDict()
        lock = Lock()  # a pane may have an answer made in a thread of its own

        @functools.wraps(answer)
        def remembered(snapshot: Snapshot) -> R:
            versions = snapshot.versions(*kinds)
            if not any(versions):
                return answer(snapshot)  # a hand-made snapshot without versions: nothing to tell two apart by
            key = (versions, snapshot.cluster, also(snapshot) if also else None)
            with lock:
                if key in cache:
                    cache.move_to_end(key)
                    return cache[key]
            result = answer(snapshot)
            with lock:
                cache[key] = result
                while len(cache) > keep:
                    cache.popitem(last=False)
            return result

        return remembered

    return wrap
