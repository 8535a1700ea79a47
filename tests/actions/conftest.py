"""Every test of a write runs on the demo homelab and, where there is one, on a real API server; through a relay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from apiserver import real_apiserver
from demohome import demo_homelab
from writekit import Relay, demo_relay, no_guards_left, real_relay

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session", params=["demo", pytest.param("real", marks=pytest.mark.realcluster)])
def cluster_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    home = tmp_path_factory.mktemp("cluster")
    if request.param == "demo":
        with demo_homelab(home, "classic") as demo:
            yield lambda folder: demo_relay(folder, demo)
    else:
        with real_apiserver(home / "real") as cluster:
            yield lambda folder: real_relay(folder, cluster)


@pytest.fixture
def relay(cluster_of: object, tmp_path: Path, own_home: Path) -> Iterator[Relay]:
    with ExitStack() as stack:
        made = cluster_of(tmp_path)  # type: ignore[operator]
        stack.enter_context(no_guards_left())
        relay: Relay = stack.enter_context(made)
        yield relay
        relay.stops.clear()
        relay.sweep()


@pytest.fixture
def name() -> str:
    """A policy's name that no other test has used."""
    return f"play-{next(_NUMBERS)}"
