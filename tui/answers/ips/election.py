"""Who wins MetalLB's layer 2 election for an address.

MetalLB elects without talk and without memory: every speaker sorts the eligible nodes by SHA-256 of ``node#ip`` and the
first one announces (``speaker/layer2_controller.go``). The same calculation here predicts the announcer where no status
object and no event tells; it stays a prediction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def ranking(nodes: Iterable[str], ip: str) -> list[str]:
    """The nodes in the order in which they would announce ``ip`` (in the spelling MetalLB uses, Go's ``net.IP.String``)."""
    return sorted(nodes, key=lambda node: hashlib.sha256(f"{node}#{ip}".encode()).digest())
