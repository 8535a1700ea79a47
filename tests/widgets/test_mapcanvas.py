"""The canvas of a map: what it draws, where the cursor walks, and how little it draws again."""

from __future__ import annotations

import pytest
from widgetbench import Bench, widget_text

from pointsman.widgets import glyphs
from pointsman.widgets.mapcanvas import MapCanvas, Spotted
from pointsman.widgets.mapdraw import Face, Ink, Picture, Stroke, Words, draw_row, text_of
from pointsman.widgets.maplayout import settle
from pointsman.widgets.mapmodel import Link, Metrics, Spot
from pointsman.widgets.maproute import Plan, route
from pointsman.widgets.text import width

ROOMY = Metrics()
CLOSE = Metrics(height=1, foot=1, gap=0, label=6, step=1)
LINKS: list[Link] = [("world", "door"), ("door", "app"), ("door", "other"), ("app", "db"), ("other", "db")]
SPOTS = [
    Spot("world", "outside", 5, "left"), Spot("door", "ingress", 4), Spot("app", "web", 3), Spot("other", "web", 5),
    Spot("db", "data", 2),
]  # fmt: skip


class Rates(Words):
    def __call__(self, amount: float, bad: float) -> tuple[str, str]:
        return (f"{amount:g}/s" if amount else ""), ("error" if bad else "")


def plan_of(metrics: Metrics = ROOMY, spots: list[Spot] = SPOTS, links: list[Link] = LINKS) -> Plan:
    return route(settle(spots, links, metrics), links, metrics)


def inks(**more: Ink) -> dict[Link, Ink]:
    found = {link: Ink(amount=2.0) for link in LINKS}
    found["app", "db"] = more.get("db", Ink(Stroke.DASHED, "error", "error", 0.0, 1.0, stops=True))
    found["door", "app"] = Ink(Stroke.DOUBLE, "muted", "ok", more["app"].amount if "app" in more else 9.0)
    return found


def faces(plan: Plan) -> dict[str, Face]:
    return {key: Face(key) for key in plan.boxes}


def picture(plan: Plan) -> Picture:
    return Picture(plan, faces(plan), inks(), Rates())


def shown(canvas: MapCanvas, plan: Plan, which: dict[Link, Ink] | None = None) -> None:
    canvas.show_map(plan, faces(plan), which or inks(), Rates())


PICTURES = {
    (ROOMY, False): """
                                                 web                   data
                                                ╭───────╮             ╭───────╮
                                    ╔═══════9/s▶│ app   ├╌┬───────2/s▶│ db    │
 outside                ingress     ║           ╰───────╯ │           ╰───────╯
╭──────────╮           ╭──────────╮ ║           ╭───────╮ │
│ world    ├───────2/s▶│ door     ├─┴───────2/s▶│ other ├─╯
╰──────────╯           ╰──────────╯             ╰───────╯
""",
    (CLOSE, False): """
                                           ╭ web ──╮          ╭ data ─╮
╭ outside ─╮         ╭ ingress ─╮ ╔════9/s▶│ app   ├╌┬────2/s▶│ db    │
│ world    ├─────2/s▶│ door     ├─┴────2/s▶│ other ├─╯        ╰───────╯
╰──────────╯         ╰──────────╯          ╰───────╯
""",
    (CLOSE, True): """
                                           + web --+          + data -+
+ outside -+         + ingress -+ +====9/s>| app   |.+----2/s>| db    |
| world    |-----2/s>| door     |-+----2/s>| other |-+        +-------+
+----------+         +----------+          +-------+
""",
}


@pytest.mark.parametrize(("metrics", "ascii"), PICTURES)
def test_a_picture_in_full(metrics: Metrics, ascii: bool) -> None:
    glyphs.use(ascii=ascii)
    assert "\n" + text_of(picture(plan_of(metrics))) == PICTURES[metrics, ascii]


@pytest.mark.parametrize("metrics", [ROOMY, CLOSE])
@pytest.mark.parametrize("ascii", [False, True])
def test_every_line_is_as_wide_as_the_map(metrics: Metrics, ascii: bool) -> None:
    glyphs.use(ascii=ascii)
    plan = plan_of(metrics)
    for y in range(plan.height):
        line = "".join(text for text, _ in draw_row(picture(plan), y))
        assert width(line) == plan.width
        assert not ascii or line.isascii()


def test_signs_say_what_the_colours_say() -> None:
    text = text_of(picture(plan_of()))
    assert "═" in text  # requests
    assert "╌" in text  # dropped
    assert "▶" in text
    assert "9/s▶" in text
    alone = plan_of(ROOMY, SPOTS[:2], [("world", "door")])
    dropped = Picture(
        alone, faces(alone), {("world", "door"): Ink(Stroke.DASHED, "error", "error", stops=True)}, Rates()
    )
    assert "╌✖" in text_of(dropped)


def test_lines_that_only_cross_have_no_corner_there() -> None:
    """b0 → c1 and b1 → c0 must cross; the upright line goes over the other."""
    spots = [Spot(key, key, 3) for key in ("b0", "b1", "c0", "c1")]
    links = [("b0", "c0"), ("b0", "c1"), ("b1", "c0"), ("b1", "c1")]
    plan = plan_of(ROOMY, spots, links)
    for row in plan.rows.values():
        for cell in row.values():
            assert cell.mask != 15 or cell.bends or all(mask in (5, 10) for mask in cell.masks)


HOSTILE = [
    "[red]x[/]",
    "\x1b[31mred",
    "ا\u202eevil",
    "漢字漢字漢字",
    "a" * 100_000,
    "",
    "é\u0301\u0301\u0301\u0301\u0301\u0301",
    "a\nb\tc",
    "\x00",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("metrics", [ROOMY, CLOSE])
def test_hostile_names_stay_in_their_box(name: str, metrics: Metrics) -> None:
    spots = [Spot("a", name, width(name[:50])), Spot("b", "g", 3)]
    plan = route(settle(spots, [("a", "b")], metrics), [("a", "b")], metrics)
    drawn = Picture(plan, {"a": Face(name, name, sign=name), "b": Face("b")}, {("a", "b"): Ink(amount=1.0)}, Rates())
    for y in range(plan.height):
        line = "".join(text for text, _ in draw_row(drawn, y))
        assert width(line) == plan.width
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert "\n" not in line


async def test_the_cursor_walks_the_graph() -> None:
    canvas = MapCanvas()
    app = Bench(canvas)
    async with app.run_test(size=(100, 30)) as pilot:
        shown(canvas, plan_of())
        await pilot.pause()
        assert canvas.at == Spotted("world")
        canvas.action_side_right()
        assert canvas.at == Spotted("world", ("world", "door"))
        canvas.action_side_right()
        assert canvas.at == Spotted("door")
        canvas.action_side_right()
        first = canvas.at.link
        assert first in (("door", "app"), ("door", "other"))
        links = canvas.links_of("door", right=True)
        for _ in links:
            canvas.action_cursor_down()
        assert canvas.at.link == links[-1]
        canvas.action_side_left()
        assert canvas.at == Spotted("door")
        canvas.action_side_left()
        canvas.action_side_left()
        assert canvas.at == Spotted("world")
        canvas.action_bottom()
        assert canvas.at == Spotted("db")
        canvas.action_side_left()
        assert canvas.at.link in (("app", "db"), ("other", "db"))
        canvas.action_top()
        assert canvas.at == Spotted("world")
        canvas.action_side_left()  # nothing is there
        canvas.action_cursor_up()
        assert canvas.at == Spotted("world")


async def test_a_plan_without_the_cursors_box_starts_anew() -> None:
    canvas = MapCanvas()
    async with Bench(canvas).run_test(size=(100, 30)):
        shown(canvas, plan_of())
        canvas.go(Spotted("db"))
        fewer = plan_of(ROOMY, SPOTS[:3], LINKS[:2])
        canvas.show_map(fewer, faces(fewer), {}, Rates())
        assert canvas.at == Spotted("world")
        assert not canvas.go(Spotted("db"))
        canvas.show_note(["nothing here"])
        assert canvas.plan is None
        assert not canvas.go(Spotted("world"))
        canvas.action_side_right()
        canvas.action_cursor_down()
        canvas.action_top()


async def test_only_lines_that_changed_are_formatted_again() -> None:
    canvas = MapCanvas()
    app = Bench(canvas)
    async with app.run_test(size=(60, 12)) as pilot:
        spots = [Spot(f"k{number:02}", f"g{number}", 4) for number in range(40)]
        links = [("k00", spot.key) for spot in spots[1:]]
        plan = route(settle(spots, links, ROOMY), links, ROOMY)
        at_rest = {link: Ink(amount=1.0) for link in links}
        canvas.show_map(plan, faces(plan), at_rest, Rates())
        await pilot.pause()
        assert canvas.formatted <= 2 * 12, "only what is on screen, before and after it scrolled to the cursor"
        assert plan.height > 100
        before = canvas.formatted
        canvas.show_map(plan, faces(plan), dict(at_rest), Rates())
        await pilot.pause()
        assert canvas.formatted == before, "the same again costs nothing"
        far = max(links, key=lambda link: plan.boxes[link[1]].y)
        canvas.show_map(plan, faces(plan), at_rest | {far: Ink(amount=5.0)}, Rates())
        await pilot.pause()
        assert canvas.formatted == before, "what is not on screen is not formatted"
        top = canvas.scroll_offset.y
        near = next(link for link in links if top + 2 < plan.boxes[link[1]].y + 1 < top + 8)
        canvas.show_map(plan, faces(plan), at_rest | {near: Ink(amount=5.0)}, Rates())
        await pilot.pause()
        assert 1 <= canvas.formatted - before <= 2, "one number at one arrow is one line"


async def test_it_scrolls_to_the_cursor_and_keeps_its_width() -> None:
    canvas = MapCanvas()
    app = Bench(canvas)
    async with app.run_test(size=(40, 8)) as pilot:
        shown(canvas, plan_of())
        await pilot.pause()
        canvas.go(Spotted("db"))
        await pilot.pause()
        assert any("db" in line for line in widget_text(canvas))
        canvas.action_pan_left()
        canvas.action_page_down()
        canvas.action_page_up()
        canvas.action_pan_right()
        await pilot.pause()
        assert all(len(line) == 40 for line in widget_text(canvas))


async def test_a_click_selects_and_a_second_one_opens() -> None:
    canvas = MapCanvas()
    app = Bench(canvas)
    async with app.run_test(size=(100, 30)) as pilot:
        plan = plan_of()
        shown(canvas, plan)
        await pilot.pause()
        rect = plan.boxes["door"]
        await pilot.click(MapCanvas, offset=(rect.x + 3, rect.y + 2))
        assert canvas.at == Spotted("door")
        x, y = plan.ways["world", "door"].points[0]
        await pilot.click(MapCanvas, offset=(x + 2, y + 1))
        assert canvas.at.link == ("world", "door")
        await pilot.click(MapCanvas, offset=(rect.x + 3, rect.y + 2), times=2)
        assert app.heard_of(MapCanvas.Chosen)
