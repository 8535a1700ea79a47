"""A small app to put one widget in, with our themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pointsman.widgets import glyphs


@pytest.fixture(autouse=True)
def unicode_glyphs() -> Iterator[None]:
    """Every test starts and ends with the Unicode set."""
    glyphs.use(ascii=False)
    yield
    glyphs.use(ascii=False)
