"""The real app on this terminal, on a filled store, with a stream of flows: ``python tests/flowapp.py RATE [PODS]``.

Everything but the network is as it is in the program: flows are decoded, batched and counted in the reader's thread.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from appkit import make_app
from flowstream import Stream

from pointsman.tui.config import Config
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import PODS
from pointsman.tui.options import Options
from pointsman.tui.sources.hubble.feed import Intake
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store


def many_pods(store: Store, number: int) -> None:
    """Copies of the pods there are, until there are so many."""
    there = [pod.doc() for pod in store.snapshot().all(PODS)]
    made = []
    for at in range(max(0, number - len(there))):
        doc = there[at % len(there)]
        meta = {**doc["metadata"], "name": f"{doc['metadata']['name']}-{at}", "uid": f"copy-{at}"}
        made.append(from_doc({**doc, "metadata": meta}, PODS))
    store.change(PODS, made)


def main() -> None:
    rate, pods = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    app = make_app("cilium", Options(slow_link="--slow-link" in sys.argv), Config(), clock=time.time)
    store = app.session.store
    many_pods(store, pods)
    store.set_link("hubble", State.LIVE, "version 1.20.2, 3 nodes")
    intake = Intake(store)
    intake.begin()
    with Stream(intake.take, rate):
        app.run()


if __name__ == "__main__":
    main()
