"""Draw the pictures of the README: the app on the demo homelab's objects at a fixed time, as SVG and PNG.

``make screenshots`` draws all; words on the command line draw those whose name holds one of them. Objects, names and the
clock are fixed, so a picture changes only when the drawing does; tests/app/test_pictures.py compares the words on some.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = ((80, 24), (120, 40), (200, 60))
VARIANTS = ("classic", "cilium", "broken")
THEMES = {"dark": "pointsman-dark", "light": "pointsman-light", "16": "pointsman-16"}
FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
)


@dataclass(frozen=True)
class Shot:
    """One picture: the demo's variant, the terminal's size, the theme, and the keys pressed before it is taken."""

    pane: str
    variant: str
    size: tuple[int, int]
    theme: str = "dark"
    keys: tuple[str, ...] = ()
    dialog: str = ""
    """One that no key opens without a server (tests/dialogkit.py)."""

    traffic: bool = False
    """Whether the talks of the homelab were counted, as if Hubble told of them."""

    @property
    def name(self) -> str:
        columns, lines = self.size
        return f"{self.pane}-{self.variant}-{columns}x{lines}-{self.theme}"


def shots() -> Iterator[Shot]:
    for variant in VARIANTS:
        for size in SIZES:
            yield Shot("overview", variant, size)
            yield Shot("ips", variant, size, keys=("4",))
        yield Shot("overview", variant, (120, 40), "light")
        yield Shot("ips", variant, (120, 40), "light", keys=("4",))
    for size in SIZES:
        yield Shot("ips-explain", "broken", size, keys=("4", "j", "j", "j", "j", "enter"))
    yield Shot("ips-explain", "broken", (120, 40), "light", keys=("4", "j", "j", "j", "j", "enter"))
    for size in SIZES:
        yield Shot("ips-act", "classic", size, keys=("4", "j", "j", "j", "x"))
    yield Shot("ips-pin", "classic", (120, 40), "light", keys=("4", "j", "j", "j", "p"))
    yield Shot("overview", "broken", (120, 40), "16")
    for size in SIZES:
        yield Shot("finding", "broken", size, keys=("shift+tab", "j", "enter"))
    yield Shot("finding", "broken", (120, 40), "light", keys=("shift+tab", "j", "enter"))
    yield Shot("ips", "classic", (120, 40), "16", keys=("4",))
    for size in SIZES:
        yield Shot("policies", "classic", size, keys=("5",))
    yield Shot("policies", "broken", (120, 40), "light", keys=("5",))
    for size in SIZES:
        yield Shot("confirm", "classic", size, keys=("5",), dialog="confirm")
    yield Shot("confirm", "classic", (120, 40), "light", keys=("5",), dialog="confirm")
    for size in SIZES:
        yield Shot("deadman", "classic", size, keys=("5",), dialog="deadman")
    yield Shot("conflict", "classic", (80, 24), keys=("5",), dialog="conflict")
    yield Shot("conflict", "classic", (120, 40), keys=("5",), dialog="conflict")
    yield Shot("policies-explain", "classic", (120, 40), keys=("5", "enter"))
    yield Shot("policies-matrix", "classic", (120, 40), keys=("5", "v", "v"))
    for size in SIZES:
        yield Shot("routes", "broken", size, keys=("6",))
    yield Shot("routes", "classic", (120, 40), "light", keys=("6",))
    yield Shot("routes-explain", "broken", (120, 40), keys=("6", "j", "j", "j", "j", "enter"))
    yield Shot("middlewares", "broken", (120, 40), keys=("6", "v"))
    yield Shot("trace", "broken", (120, 40), keys=("6", "j", "j", "j", "j", "t"))
    yield Shot("log", "broken", (120, 40), keys=("8",))
    yield Shot("help", "classic", (120, 40), keys=("4", "question_mark"))
    yield Shot("palette", "classic", (120, 40), keys=("colon", *"minecraft"))
    yield Shot("yaml", "classic", (120, 40), keys=("4", "y"))
    for size in SIZES:
        yield Shot("map", "cilium", size, keys=("3",), traffic=True)
    yield Shot("map", "cilium", (120, 40), "light", keys=("3", "j", "l", "l"), traffic=True)
    yield Shot("map", "cilium", (120, 40), "16", keys=("3",), traffic=True)
    yield Shot(
        "map-explain",
        "cilium",
        (120, 40),
        keys=("3", "slash", *"postgres", "enter", "G", "h", "j", "j", "enter"),
        traffic=True,
    )
    yield Shot("map-declared", "classic", (120, 40), keys=("3",))
    for size in SIZES:
        yield Shot("flows", "cilium", size, keys=("2",))
        yield Shot("flows", "classic", size, keys=("2",))
    yield Shot("flows", "cilium", (120, 40), "light", keys=("2",))
    for size in SIZES:
        yield Shot("flows-explain", "cilium", size, keys=("2", "ctrl+z", "k", "k", "enter"))
    yield Shot("flows-explain", "cilium", (120, 40), "light", keys=("2", "ctrl+z", "k", "k", "enter"))
    yield Shot("flows-edges", "cilium", (120, 40), keys=("2", "v"))
    yield Shot("flows-edges", "cilium", (200, 60), keys=("2", "v"))
    yield Shot("flows-talkers", "cilium", (120, 40), keys=("2", "v", "v"))
    yield Shot("flows-drops", "cilium", (120, 40), keys=("2", "v", "v", "v"))


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    from appkit import NOW, make_app
    from traffickit import fill_flows

    from pointsman.tui.answers.routes.request import Resolution
    from pointsman.tui.options import Options
    from pointsman.tui.sources import dns

    # A trace asks this machine's resolver, which knows nothing of the demo's names; at home it would say this.
    dns.ask_here = lambda _host, _seconds: Resolution(("192.168.7.100",), "this machine's resolver")
    app = make_app(shot.variant, Options(theme=THEMES[shot.theme]))
    if shot.traffic:
        fill_flows(app.session.store, NOW.timestamp())
    if shot.pane.startswith("flows"):
        from homeflows import fill_with_traffic

        fill_with_traffic(app.session.store, shot.variant, NOW.timestamp())
    async with app.run_test(size=shot.size) as pilot:
        await pilot.pause(0.3)
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        if shot.dialog:
            from dialogkit import dialog

            app.push_screen(dialog(app, shot.dialog))
        await pilot.pause(0.4)
        drawn: str = app.export_screenshot(title=f"pointsman --demo {shot.variant}")
    return own_fonts(drawn)


def own_fonts(svg: str) -> str:
    """The picture without fonts from elsewhere: a README must not fetch anything."""
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {FONT};", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def to_png(svg: str) -> bytes | None:
    """The picture as PNG; None where the font is missing (a picture in another font would not be ours)."""
    import resvg_py

    fonts = [path for path in FONTS if Path(path).exists()]
    if not fonts:
        return None
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.replace(FONT, "DejaVu Sans Mono"), skip_system_fonts=True, font_files=fonts, zoom=1
        )
    )


def main(words: list[str]) -> int:
    sys.path.insert(0, str(HERE.parent / "tests"))
    with tempfile.TemporaryDirectory() as home:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            os.environ[name] = home
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        os.environ["TZ"] = "UTC"
        time.tzset()
        for variable in ("NO_COLOR", "KUBECONFIG"):
            os.environ.pop(variable, None)
        without_font = False
        for shot in shots():
            if words and not any(word in shot.name for word in words):
                continue
            svg = asyncio.run(take(shot))
            (HERE / f"{shot.name}.svg").write_text(svg, encoding="utf-8")
            png = to_png(svg)
            if png is None:
                without_font = True
            else:
                (HERE / f"{shot.name}.png").write_bytes(png)
            print(shot.name)
    if without_font:
        print("no PNG was drawn: install DejaVu Sans Mono (Debian: fonts-dejavu-core)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
