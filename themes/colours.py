"""Colour arithmetic on the strings of a theme: parsing, mixing, and the contrast ratio of WCAG 2.1."""

from __future__ import annotations

import re

Rgb = tuple[int, int, int]

ANSI_NAMES = (
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright_black",
    "bright_red",
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "bright_magenta",
    "bright_cyan",
    "bright_white",
)
"""The sixteen colours of a terminal by number; a theme writes them as `ansi_red`, and the terminal's own as `ansi_default`."""

XTERM: tuple[Rgb, ...] = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
"""xterm's default values of the sixteen colours."""

VGA: tuple[Rgb, ...] = (
    (0, 0, 0),
    (170, 0, 0),
    (0, 170, 0),
    (170, 85, 0),
    (0, 0, 170),
    (170, 0, 170),
    (0, 170, 170),
    (170, 170, 170),
    (85, 85, 85),
    (255, 85, 85),
    (85, 255, 85),
    (255, 255, 85),
    (85, 85, 255),
    (255, 85, 255),
    (85, 255, 255),
    (255, 255, 255),
)
"""The sixteen colours of the Linux console."""

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def is_colour(text: str) -> bool:
    """Whether a theme may say this: `#rgb`, `#rrggbb`, `ansi_<name>`, `ansi_default` or `transparent`."""
    if text in ("ansi_default", "transparent"):
        return True
    if text.startswith("ansi_"):
        return text[5:] in ANSI_NAMES
    return _HEX.fullmatch(text) is not None


def rgb(colour: str, palette: tuple[Rgb, ...] = XTERM) -> Rgb | None:
    """Red, green, blue of a colour; `None` for what only the terminal knows (`ansi_default`, `transparent`)."""
    if colour.startswith("#"):
        digits = colour[1:]
        if len(digits) == 3:
            digits = "".join(digit * 2 for digit in digits)
        return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    name = colour.removeprefix("ansi_")
    return palette[ANSI_NAMES.index(name)] if name in ANSI_NAMES else None


def mix(one: str, other: str, share: float) -> str:
    """`share` of `one` (0 to 1) over `other`, as `#rrggbb`; `one` unchanged where either is not a fixed colour."""
    if not (one.startswith("#") and other.startswith("#")):
        return one
    front, back = rgb(one), rgb(other)
    assert front is not None
    assert back is not None
    return "#" + "".join(f"{round(f * share + b * (1 - share)):02x}" for f, b in zip(front, back, strict=True))


def luminance(value: Rgb) -> float:
    """Relative luminance, 0 (black) to 1 (white) (WCAG 2.1, definition of relative luminance)."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, value)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio from 1 to 21 (WCAG 2.1, definition of contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
