"""A recording that runs does not grow old in the header."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pointsman.tui.screens.taping import LINK, Taping
from pointsman.tui.store.store import Store


def test_a_recording_that_runs_is_confirmed(tmp_path: Path) -> None:
    now = 100.0
    store = Store(clock=lambda: now)
    host: Any = SimpleNamespace(session=SimpleNamespace(store=store), say=lambda *_words, **_more: None)
    taping = Taping(cast(Any, host))
    taping.toggle(str(tmp_path / "a.json"))
    now = 160.0
    taping.tend()
    assert store.snapshot().links[LINK].last_ok == 160.0
    taping.stop()
