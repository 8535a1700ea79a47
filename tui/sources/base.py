"""What every source is: something that runs until it is cancelled and writes what it learns into the store."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """One origin of data (``kube``, ``manifests``; later ``hubble``, ``traefik``)."""

    name: str

    async def run(self) -> None:
        """Fill the store until cancelled. What the cluster does is never raised: it becomes the state of a link."""
        ...
