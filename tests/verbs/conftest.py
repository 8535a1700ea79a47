"""The demo homelab behind a relay, for the verbs that write."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from demohome import Demo, demo_homelab
from writekit import Relay, demo_relay, no_guards_left

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def writing_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_homelab(tmp_path_factory.mktemp("demo"), "classic") as demo:
        yield demo


@pytest.fixture
def relay(writing_demo: Demo, tmp_path: Path, own_home: Path) -> Iterator[Relay]:
    with no_guards_left(), demo_relay(tmp_path, writing_demo) as relay:
        yield relay
        relay.stops.clear()
        relay.sweep()


@pytest.fixture
def name() -> str:
    """A policy's name that no other test has used."""
    return f"verb-{next(_NUMBERS)}"
