"""Every detector, one line each. The order is the order of rows within a role.

A detector is a function of the gathered facts and the snapshot that yields rows; a new component is one file with such a
function and one line here. Those that can tell what they left behind also stand in :data:`LEFTOVERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.stack import (
    cilium,
    flannel,
    gateway,
    ingress,
    kubeproxy,
    kubevip,
    metallb,
    netpol,
    othercni,
    servicelb,
    traefik,
)
from pointsman.tui.answers.stack.facts import Facts
from pointsman.tui.answers.stack.model import Component
from pointsman.tui.store.snapshot import Snapshot

Detector = Callable[[Facts, Snapshot], Iterator[Component]]

DETECTORS: tuple[Detector, ...] = (
    cilium.detect,
    flannel.detect,
    othercni.detect,
    kubeproxy.detect,
    metallb.detect,
    servicelb.detect,
    kubevip.detect,
    traefik.detect,
    ingress.detect,
    gateway.detect,
    netpol.detect,
)
LEFTOVERS: tuple[Callable[[Facts, Snapshot], Iterator[str]], ...] = (
    cilium.leftovers,
    flannel.leftovers,
    metallb.leftovers,
    gateway.leftovers,
)
