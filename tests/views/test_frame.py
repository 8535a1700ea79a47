"""Header, tabs and footer fit any width, and what goes first is what matters least."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.commands import DEFAULT_KEYS, PANES, resolve
from pointsman.tui.model.proxies import RESTING
from pointsman.tui.store.snapshot import Link, State
from pointsman.tui.views.frame import (
    Count,
    Header,
    Part,
    fill_line,
    footer_line,
    header_line,
    line_width,
    state_glyph,
    tab_line,
)
from pointsman.widgets import glyphs
from pointsman.widgets.text import width

LINKS = (
    Link("kube", State.LIVE, 0, 95.0),
    Link("hubble", State.ABSENT),
    Link("traefik", State.STALE, 0, 10.0),
)


def header(**changes: Any) -> Header:
    values: dict[str, Any] = {
        "context": "shed", "distribution": "k3s 1.35", "stack": "classic", "demo": "classic", "sources": LINKS,
        "now": 100.0, "clock": "14:02:11",
    }  # fmt: skip
    return Header(**{**values, **changes})


@given(
    context=st.text(max_size=300),
    namespace=st.text(max_size=80),
    columns=st.integers(60, 300),
    stack=st.sampled_from(["", "cilium", "classic", "mixed", "other", "none", "unknown"]),
    forbidden=st.integers(0, 60),
    read_only=st.booleans(),
)
def test_the_header_fills_any_width_exactly(
    context: str, namespace: str, columns: int, stack: str, forbidden: int, read_only: bool
) -> None:
    made = header(context=context, namespace=namespace, stack=stack, forbidden=forbidden, read_only=read_only)
    fitted = header_line(made, columns)
    assert width(fitted.plain) == columns
    assert (" RO " if read_only else " RW ") in fitted.plain
    assert "\n" not in fitted.plain
    if stack:
        assert stack.upper() in fitted.plain


def test_a_wide_header_says_everything() -> None:
    said = header_line(header(), 160).plain
    for words in ("pointsman", "shed ▸ k3s 1.35 ▸", "CLASSIC", "DEMO", "ns: all", "kube ● 5s", "hubble ○ absent",
                  "traefik ◐ stale 1m", " RW ", "14:02:11"):  # fmt: skip
        assert words in said.replace("90s", "1m")


def test_a_source_that_nobody_looks_at_rests_and_is_no_trouble() -> None:
    resting = Link("traefik", State.STALE, 0, 10.0, f"3.7.15, 1 replica; {RESTING}")
    for link, styles in ((resting, {"dim"}), (Link("traefik", State.STALE, 0, 10.0), {"source-stale"})):
        parts = header_line(header(sources=(link,)), 160).sources
        said = [part for part in parts if "stale" in part.text or glyphs.current.stale in part.text]
        assert {part.style for part in said} == styles
    assert "stale" not in "".join(part.text for part in header_line(header(sources=(resting,)), 160).sources)


def test_a_narrow_header_keeps_signs_stack_and_mode() -> None:
    said = header_line(header(), 80).plain
    for words in ("shed", "CLASSIC", "DEMO", "●", "○", "◐ stale", " RW "):
        assert words in said
    for words in ("14:02", "hubble", "traefik"):
        assert words not in said


def test_a_long_context_is_shortened_in_the_middle() -> None:
    said = header_line(header(context="arn:aws:eks:eu-central-1:123456789012:cluster/very-long-name"), 80).plain
    assert "…" in said
    assert "arn:" in said
    assert "name" in said


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_sign_and_a_style(state: State) -> None:
    sign, style = state_glyph(state)
    assert len(sign) == 1
    assert style.startswith("source-")


@given(columns=st.integers(40, 240), current=st.sampled_from([pane.id for pane in PANES]), count=st.integers(0, 99))
def test_tabs_fit_and_name_the_current_pane(columns: int, current: str, count: int) -> None:
    line = tab_line(current, {"ips": Count(count, "error")}, columns)
    said = "".join(part.text for part in line)
    title = next(pane.title for pane in PANES if pane.id == current)
    assert title in said
    if columns >= 60:
        assert line_width(line) <= columns
    assert (f"✖{count}" in said) is (count > 0)


def test_tabs_can_be_clicked() -> None:
    commands = {part.command for part in tab_line("ips", {}, 120)} - {""}
    assert commands == {f"pane.{pane.id}" for pane in PANES}


@given(columns=st.integers(30, 240), place=st.sampled_from(["overview", "ips", "flows", "text", "logs", "help"]))
def test_the_footer_fits_and_keeps_the_way_to_the_rest(columns: int, place: str) -> None:
    line = footer_line(place, DEFAULT_KEYS, columns, right=(Part("policy off 4:31"),))
    assert line_width(line) <= columns
    said = "".join(part.text for part in line)
    assert said.endswith("policy off 4:31")
    if columns >= 60 and place in ("overview", "ips", "flows"):
        assert "? help" in said
        assert ": command" in said


def test_the_footer_dims_what_cannot_run_and_shows_remapped_keys() -> None:
    line = footer_line("ips", resolve({"related": ("Y",)}), 120, unable=["ips.lan"])
    styles = {part.text.strip(): part.style for part in line}
    assert styles["ask LAN"] == "dim"
    assert styles["related"] == "muted"
    assert "Y" in styles


@given(left=st.text(max_size=200), right=st.text(max_size=40), columns=st.integers(60, 200))
def test_two_ends_of_a_line_never_overlap(left: str, right: str, columns: int) -> None:
    from pointsman.widgets.text import clean

    line = fill_line((Part(" "), Part(left)), (Part(clean(right)),), columns)
    assert line_width(line) == columns
