"""The semantic names a theme gives colours to, each with what stands in when a theme leaves it out.

A fall-back is another name (`$warning`), or two names and a share: `$foreground 60% $background` is 60 % of the first
over the second. Following them always ends at one of the base colours, which every theme has.
"""

from __future__ import annotations

BASE = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "warning",
    "error",
    "success",
)
"""The colours every theme must give; Textual derives the colours of its own widgets from them."""

TEXT: dict[str, str] = {
    # words and signs
    "ok": "$success",
    "warn": "$warning",
    "info": "$secondary",
    "muted": "$foreground 65% $background",
    "dim": "$muted",
    "brand": "$secondary",
    "key": "$accent",
    "header": "$muted",
    "match": "$accent",
    "unknown": "$muted",
    "predicted": "$info",
    # sources
    "source-live": "$ok",
    "source-stale": "$warn",
    "source-absent": "$muted",
    "source-down": "$error",
    "source-forbidden": "$warn",
    # stacks
    "stack-cilium": "$secondary",
    "stack-classic": "$info",
    "stack-mixed": "$warn",
    "stack-other": "$muted",
    "stack-none": "$muted",
    "stack-unknown": "$muted",
    # verdicts of flows and policies
    "verdict-forwarded": "$ok",
    "verdict-dropped": "$error",
    "verdict-audit": "$warn",
    "verdict-error": "$error",
    "verdict-redirected": "$info",
    "verdict-unknown": "$muted",
    # reading YAML, logs and diffs
    "diff-add": "$ok",
    "diff-remove": "$error",
    "diff-hunk": "$info",
    "yaml-key": "$accent",
    "yaml-string": "$foreground",
    "yaml-number": "$info",
    "yaml-bool": "$warn",
    "yaml-comment": "$muted",
    "yaml-anchor": "$secondary",
}
"""Tokens that colour text; the contrast test wants 4.5 of them on every background of their theme."""

GRAPHIC: dict[str, str] = {
    "bar-used": "$accent",
    "bar-warn": "$warn",
    "bar-full": "$error",
    "spark": "$accent",
    "spark-bad": "$error",
    "node-1": "$accent",
    "node-2": "$secondary",
    "node-3": "$info",
    "node-4": "$success",
    "node-5": "$warning",
    "node-6": "$error",
    "node-7": "$primary",
    "node-8": "$foreground",
    "node-9": "$muted",
    "frame": "$muted",
    "frame-focus": "$accent",
}
"""Tokens of bars, ribbons and borders; at least 3.0."""

FAINT: dict[str, str] = {
    "bar-free": "$foreground 35% $background",
    "rule": "$foreground 25% $background",
    "track": "$foreground 20% $background",
}
"""Tokens of what only fills space: nothing is lost if it is not seen."""

BACKGROUND: dict[str, str] = {
    "selection": "$primary 25% $background",
    "selection-blurred": "$primary 14% $background",
    "flash": "$warning 28% $background",
    "flash-fading": "$warning 14% $background",
    "mark": "$secondary 22% $background",
    "raised": "$panel",
}
"""Tokens that are drawn under text."""

BADGES: dict[str, tuple[str, str]] = {
    "demo": ("$background", "$secondary"),
    "ro": ("$background", "$info"),
    "rw": ("$foreground", "$panel"),
    "danger": ("$background", "$error"),
    "warning": ("$background", "$warning"),
}
"""Badges as (text, ground); a theme may set `badge-demo-text` and `badge-demo-ground`. Text on ground has 4.5."""


def fallbacks() -> dict[str, str]:
    """Every token with its fall-back."""
    found = {**TEXT, **GRAPHIC, **FAINT, **BACKGROUND}
    for name, (text, ground) in BADGES.items():
        found[f"badge-{name}-text"] = text
        found[f"badge-{name}-ground"] = ground
    return found
