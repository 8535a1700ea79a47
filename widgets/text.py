"""Make text from outside safe to draw, and fit it into cells.

Names, URLs, errors and log lines come from a cluster anybody may write to. Whatever reaches the terminal goes
through `clean` once: no control code, no escape sequence, no character that reorders or hides its neighbours
survives, and each of them leaves a visible mark. All widths here are terminal cells, never characters.
"""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import combining, normalize

from rich.cells import cell_len, get_character_cell_size

from pointsman.widgets import glyphs

Shorten = Literal["middle", "end", "none"]

LIMIT = 4096
"""Characters of one string that are looked at; a longer one is cut with an ellipsis. No cell is that wide."""

_MAX_MARKS = 3
"""Combining marks kept on one base character; the rest of a stacked pile is dropped."""

# What never reaches the terminal as it is: C0 and C1 controls, soft hyphen, Arabic letter mark, zero-width
# characters, bidi marks, embeddings, overrides and isolates, line and paragraph separators, invisible operators,
# interlinear annotation, BOM, noncharacters, lone surrogates, and the tag block used to smuggle text.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SELECTORS = re.compile("[\ufe00-\ufe0f]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code == 0x09:
        return " "
    if glyphs.current.ascii:
        return "?"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd"


def _trim_marks(text: str) -> str:
    """Keep at most `_MAX_MARKS` zero-width characters in a row, and none before the first base."""
    sizes = [get_character_cell_size(character) for character in text]
    if 0 not in sizes:
        return text
    kept: list[str] = []
    run = 0
    for character, size in zip(text, sizes, strict=True):
        run = 0 if size else run + 1
        if run <= _MAX_MARKS:
            kept.append(character)
    if sizes[0] == 0:
        # A mark with no base would fall on the cell before it, which belongs to somebody else.
        kept.insert(0, " ")
    return "".join(kept)


def clean(text: str, limit: int = LIMIT) -> str:
    """The text as one line that is safe to draw.

    Control characters become their control pictures (ESC is shown as `␛`), a tab a space, bidi and zero-width
    characters U+FFFD (all of them `?` in the ASCII glyph set). Variation selectors go (terminals disagree about
    their width), piles of combining marks are trimmed. A text over `limit` characters is cut and ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: max(0, limit - 1)] + glyphs.current.ellipsis
    if text.isascii():
        if text.isprintable():
            return text
        return _UNSAFE.sub(_visible, text)
    text = _UNSAFE.sub(_visible, text)
    text = _SELECTORS.sub("", text)
    text = _trim_marks(text)
    return _to_ascii(text) if glyphs.current.ascii else text


def _to_ascii(text: str) -> str:
    """Our own signs by those of the ASCII set, letters without their accents, `?` for the rest."""
    text = text.translate(glyphs.TO_ASCII)
    if not text.isascii():
        text = "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
    return text.encode("ascii", "replace").decode("ascii")


def clean_lines(text: str, limit: int = LIMIT) -> list[str]:
    r"""Split a text from outside at `\n`, `\r\n` and `\r` and clean every line; tabs become four spaces."""
    return [clean(line.replace("\t", "    "), limit) for line in re.split("\r\n|\n|\r", text)]


def width(text: str) -> int:
    """Terminal cells the (clean) text takes."""
    return len(text) if text.isascii() else cell_len(text)


def take_left(text: str, cells: int) -> str:
    """The longest beginning of the text that is at most `cells` wide; never half a wide character."""
    if cells <= 0:
        return ""
    if text.isascii():
        return text[:cells]
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > cells:
            return text[:index]
    return text


def take_right(text: str, cells: int) -> str:
    """The longest ending of the text that is at most `cells` wide; never a mark without its base."""
    if cells <= 0:
        return ""
    if text.isascii():
        return text[-cells:]
    used = 0
    start = len(text)
    for index in range(len(text) - 1, -1, -1):
        size = get_character_cell_size(text[index])
        if used + size > cells:
            break
        used += size
        if size:
            start = index
    return text[start:]


def shorten_middle(text: str, cells: int) -> str:
    """Fit by leaving out the middle: names differ at both ends, and a cut must be seen."""
    if width(text) <= cells:
        return text
    ellipsis = glyphs.current.ellipsis
    room = cells - len(ellipsis)
    if room <= 0:
        return ellipsis[:cells] if cells > 0 else ""
    tail = take_right(text, room // 2)
    return take_left(text, room - width(tail)) + ellipsis + tail


def shorten_end(text: str, cells: int) -> str:
    """Fit by cutting the end, with an ellipsis to show it: for sentences, not for names."""
    if width(text) <= cells:
        return text
    ellipsis = glyphs.current.ellipsis
    room = cells - len(ellipsis)
    if room <= 0:
        return ellipsis[:cells] if cells > 0 else ""
    return take_left(text, room).rstrip() + ellipsis


def shorten(text: str, cells: int, how: Shorten = "middle") -> str:
    """Fit the text into `cells`; `none` cuts without a mark and is only for glyph strips such as bars and ribbons."""
    if how == "middle":
        return shorten_middle(text, cells)
    if how == "end":
        return shorten_end(text, cells)
    return take_left(text, cells)


def fit(text: str, cells: int, align: str = "left", how: Shorten = "middle") -> str:
    """The clean text shortened and padded to exactly `cells` cells."""
    text = shorten(text, cells, how)
    missing = cells - width(text)
    if missing <= 0:
        return text
    if align == "right":
        return " " * missing + text
    if align == "center":
        left = missing // 2
        return " " * left + text + " " * (missing - left)
    return text + " " * missing


def wrap_spans(text: str, cells: int) -> list[tuple[int, int]]:
    """Where the lines of a wrapped text start and end: at spaces where it can, inside a word where it must."""
    if cells <= 0:
        return []
    spans: list[tuple[int, int]] = []
    start = at = 0
    used = 0
    first = True
    for word in text.split(" "):
        size = width(word)
        if not first and used + 1 + size <= cells:
            used += 1 + size
            at += 1 + len(word)
            continue
        if not first:
            spans.append((start, at))
            at += 1
        start = at
        while size > cells:
            head = len(take_left(word, cells)) or 1
            spans.append((start, start + head))
            start += head
            word = word[head:]
            size = width(word)
        at = start + len(word)
        used = size
        first = False
    spans.append((start, at))
    return spans


def wrap(text: str, cells: int) -> list[str]:
    """Break a clean text into lines of at most `cells`, see `wrap_spans`."""
    return [text[start:end] for start, end in wrap_spans(text, cells)]
