"""The NetworkPolicy controller inside k3s: kube-router's, on unless ``--disable-network-policy``."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.stack.build import builtin
from pointsman.tui.answers.stack.facts import Facts
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.store.snapshot import Snapshot


def detect(found: Facts, _snapshot: Snapshot) -> Iterator[Component]:
    if not found.k3s or not found.nodes:
        return
    if not found.flags.known:
        yield Component(
            Role.POLICY_ENGINE,
            detail="cannot tell: k3s' own is on by default, and its flags are not to be seen",
            standby=True,
        )
    elif not found.flags.on("disable-network-policy"):
        yield builtin(Role.POLICY_ENGINE, "kube-router", "kube-router", found, "NetworkPolicy only, inside k3s")
