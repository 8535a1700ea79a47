"""The signs the program draws, in two sets: Unicode, and plain ASCII for terminals and fonts that have no more.

Every sign is one cell wide in every terminal we know (no emoji, no variation selectors) and stands beside a word,
never alone.
`use` is called once at start, before the first widget draws; widgets read `glyphs.current` when they draw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class GlyphSet:
    """One set of signs. `spark` and `eighths` run from empty to full; `braille` says whether dots may be used."""

    ascii: bool
    ok: str
    warn: str
    error: str
    info: str
    live: str
    stale: str
    absent: str
    down: str
    forbidden: str
    unknown: str
    running: str
    paused: str
    done: str
    ellipsis: str
    arrow: str
    arrow_left: str
    both_ways: str
    chain: str
    up: str
    down_arrow: str
    more_left: str
    more_right: str
    cursor: str
    mark: str
    bullet: str
    dash: str
    fold: str
    loop: str
    added: str
    removed: str
    prompt: str
    spark: str
    bar_used: str
    bar_free: str
    ribbon: str
    ribbon_gap: str
    ribbon_told: str
    ribbon_mixed: str
    ribbon_unseen: str
    braille: bool
    rule: str
    rule_down: str
    border: str
    """Textual border style that fits this set."""


UNICODE = GlyphSet(
    ascii=False,
    ok="●",
    warn="▲",
    error="✖",
    info="·",
    live="●",
    stale="◐",
    absent="○",
    down="✖",
    forbidden="⊘",
    unknown="?",
    running="▶",
    paused="‖",
    done="✔",
    ellipsis="…",
    arrow="→",
    arrow_left="←",
    both_ways="⇄",
    chain="▸",
    up="↑",
    down_arrow="↓",
    more_left="‹",
    more_right="›",
    cursor="▌",
    mark="◆",
    bullet="·",
    dash="–",
    fold="┄",
    loop="↺",
    added="+",
    removed="-",
    prompt="/",
    spark="▁▂▃▄▅▆▇█",
    bar_used="▇",
    bar_free="▁",
    ribbon="▆",
    ribbon_gap="▁",
    ribbon_told="─",
    ribbon_mixed="▚",
    ribbon_unseen="·",
    braille=True,
    rule="─",
    rule_down="│",
    border="round",
)

ASCII = GlyphSet(
    ascii=True,
    ok="*",
    warn="!",
    error="x",
    info=".",
    live="*",
    stale="~",
    absent="o",
    down="x",
    forbidden="#",
    unknown="?",
    running=">",
    paused="=",
    done="v",
    ellipsis="~",
    arrow=">",
    arrow_left="<",
    both_ways="%",
    chain=">",
    up="^",
    down_arrow="v",
    more_left="<",
    more_right=">",
    cursor=">",
    mark="*",
    bullet="-",
    dash="-",
    fold=".",
    loop="@",
    added="+",
    removed="-",
    prompt="/",
    spark="_.:-=+*#",
    bar_used="#",
    bar_free=".",
    ribbon="123456789",
    ribbon_gap="_",
    ribbon_told="-",
    ribbon_mixed="X",
    ribbon_unseen=".",
    braille=False,
    rule="-",
    rule_down="|",
    border="ascii",
)

_PUNCTUATION = {
    "–": "-",
    "—": "-",
    "−": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "•": "-",
    "×": "x",
    "✗": "x",
    "✓": "v",
}
_STROKES = {
    "─": "-",
    "━": "-",
    "│": "|",
    "┃": "|",
    "┌": "+",
    "┐": "+",
    "└": "+",
    "┘": "+",
    "├": "+",
    "┤": "+",
    "┼": "+",
}


def _signs() -> dict[int, str]:
    """Every sign of the Unicode set to its ASCII one, so that a sign written out in a sentence is read too."""
    table: dict[int, str] = {}
    for name in GlyphSet.__slots__:
        one, other = getattr(UNICODE, name), getattr(ASCII, name)
        if isinstance(one, str) and name != "border" and len(one) == len(other):
            # The first field that has a sign decides: `●` stands for ok before it stands for live.
            for sign, plain in zip(one, other, strict=True):
                table.setdefault(ord(sign), plain)
    for sign, plain in {**_PUNCTUATION, **_STROKES}.items():
        table.setdefault(ord(sign), plain)
    return table


TO_ASCII = _signs()

current: GlyphSet = UNICODE
"""The set in use. Read it as `glyphs.current.ok` so that the choice made at start is seen."""


def use(*, ascii: bool = False, colour: bool = True) -> None:
    """Choose the set for the whole program.

    Without colour the ribbon's shades are told apart by their texture.
    """
    global current
    current = ASCII if ascii else UNICODE if colour else replace(UNICODE, ribbon="█▓▒░")
