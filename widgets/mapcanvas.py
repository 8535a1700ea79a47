"""The canvas of a map: scrolls over a plan that is larger than the screen, with a cursor that walks from box to link to box.

Only lines on screen are formatted, and of those only the ones that changed are painted again. The screen owns the keys;
every movement is an ``action_*`` method. Over 300 lines for the walking, which needs the plan that is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pointsman.widgets.cells import Cell, CellLike, as_cell
from pointsman.widgets.drawing import Pen, draw_cell
from pointsman.widgets.mapdraw import Face, Ink, Picture, Words, draw_row
from pointsman.widgets.mapmodel import Link, Rect
from pointsman.widgets.maproute import Plan
from pointsman.widgets.text import clean, width
from pointsman.widgets.theming import tokens_of

MARGIN = 1
"""Cells kept free around the map."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """Where the cursor is: on a box, or on a link (``box`` is then the end it was reached from)."""

    box: str = ""
    link: Link | None = None


class MapCanvas(ScrollView, can_focus=True, inherit_bindings=False):
    """Boxes and the lines between them."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"mapcanvas--cursor"}
    DEFAULT_CSS = """
    MapCanvas {
        height: 1fr;
        overflow-x: auto;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        & > .mapcanvas--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: bold;
        }
        &:focus > .mapcanvas--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        &:nocolor > .mapcanvas--cursor { text-style: reverse; }
    }
    """

    stale: reactive[bool] = reactive(False, repaint=False, init=False)
    """Draw everything dimmed: the data is old."""

    class _MapMessage(Message):
        def __init__(self, canvas: MapCanvas, at: Spotted) -> None:
            self.canvas, self.at = canvas, at
            super().__init__()

        @property
        def control(self) -> MapCanvas:
            """The canvas it came from."""
            return self.canvas

    class Moved(_MapMessage):
        """The cursor is on something else."""

    class Chosen(_MapMessage):
        """A double click."""

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._picture: Picture | None = None
        self._at = Spotted()
        self._note: tuple[Cell, ...] = ()
        self._strips: dict[int, Strip] = {}
        self.formatted = 0
        """Lines formatted so far: what a test counts."""

    # -- data -------------------------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan | None:
        return self._picture.plan if self._picture is not None else None

    @property
    def picture(self) -> Picture | None:
        """What is drawn, with the cursor's light."""
        return self._picture

    @property
    def at(self) -> Spotted:
        """Where the cursor is."""
        return self._at

    def show_map(self, plan: Plan, faces: Mapping[str, Face], inks: Mapping[Link, Ink], words: Words) -> None:
        """Draw a plan; with the plan that is shown already only what looks different is painted again."""
        before = self._picture
        same = before is not None and before.plan is plan
        at = self._at if self._still_there(plan, self._at) else Spotted(self._first(plan))
        moved, self._at = at != self._at, at
        self._picture = self._lit(Picture(plan, faces, inks, words))
        if not same:
            self._strips.clear()
            self.virtual_size = Size(plan.width + 2 * MARGIN, plan.height + 2 * MARGIN)
            self.refresh()
            if before is None or moved:
                self.call_after_refresh(self._reveal)
        elif before is not None:
            self._repaint(self._differing(before, self._picture))
        if moved:
            self.post_message(self.Moved(self, self._at))

    def show_note(self, lines: Sequence[CellLike]) -> None:
        """What is said in place of a map."""
        fresh = tuple(as_cell(line) for line in lines)
        if self._picture is not None or fresh != self._note:
            self._picture, self._note, self._at = None, fresh, Spotted()
            self._strips.clear()
            self.virtual_size = Size(0, 0)
            self.refresh()

    def _still_there(self, plan: Plan, at: Spotted) -> bool:
        if at.link is not None:
            return at.link in plan.ways
        return at.box in plan.boxes

    def _first(self, plan: Plan) -> str:
        """The box where the cursor starts: the one at the left, in the middle."""
        if not plan.boxes:
            return ""
        left = min(rect.x for rect in plan.boxes.values())
        return min(
            (key for key, rect in plan.boxes.items() if rect.x == left), key=lambda key: (plan.boxes[key].y, key)
        )

    def _lit(self, picture: Picture) -> Picture:
        """The picture with the light of the cursor."""
        at, plan = self._at, picture.plan
        if at.link is not None:
            lit, near, cursor = frozenset((at.link,)), frozenset(at.link), ""
        else:
            lit = frozenset(link for link in plan.ways if at.box in link)
            near = frozenset(key for link in lit for key in link) - {at.box}
            cursor = at.box
        return Picture(plan, picture.faces, picture.inks, picture.words, lit, cursor, near)

    def _differing(self, one: Picture, other: Picture) -> set[int]:
        """The lines of the map that two pictures of the same plan draw differently."""
        plan, rows = other.plan, set[int]()
        boxes = {key for key in plan.boxes if one.faces.get(key) != other.faces.get(key)}
        boxes |= one.near ^ other.near
        boxes |= {one.cursor, other.cursor} if one.cursor != other.cursor else set()
        for key in boxes & plan.boxes.keys():
            rect = plan.boxes[key]
            rows.update(range(rect.y, rect.y + rect.height))
        links = {link for link in plan.ways if one.inks.get(link) != other.inks.get(link)} | (one.lit ^ other.lit)
        for link in links:
            before, after = one.inks.get(link), other.inks.get(link)
            way = plan.ways[link]
            shape = before is None or after is None or (before.stroke, before.style) != (after.stroke, after.style)
            if shape or (link in one.lit) != (link in other.lit):
                for (_, y), (_, to_y) in zip(way.points, way.points[1:], strict=False):
                    rows.update(range(min(y, to_y), max(y, to_y) + 1))
            rows.add(way.arrow[1])
        return rows

    def _repaint(self, rows: set[int]) -> None:
        top, room = self.scroll_offset.y, self.scrollable_content_region.size
        for row in rows:
            self._strips.pop(row, None)
            y = row + MARGIN - top
            if 0 <= y < room.height:
                self.refresh(Region(0, y, room.width, 1))

    # -- moving -----------------------------------------------------------------------------------------------------

    def go(self, at: Spotted) -> bool:
        """Put the cursor somewhere and bring it into view; False if that is not on the map."""
        picture = self._picture
        if picture is None or not self._still_there(picture.plan, at):
            return False
        if at != self._at:
            self._at = at
            fresh = self._lit(picture)
            rows = self._differing(picture, fresh)
            self._picture = fresh
            self._repaint(rows)
            self.post_message(self.Moved(self, at))
        self._reveal()
        return True

    def _reveal(self) -> None:
        plan = self.plan
        if plan is None:
            return
        room = self.scrollable_content_region.size
        if self._at.link is not None:
            # The arrow and what is before it first; then as much of the two boxes as there is room for.
            x, y = plan.ways[self._at.link].arrow
            region = Region(x - 10, y - 1, 12, 3)
            for key in (self._at.link[1], self._at.link[0]):
                rect = plan.boxes[key]
                both = region.union(Region(rect.x, rect.y, rect.width, rect.height))
                if both.width + 2 * MARGIN <= room.width and both.height + 2 * MARGIN <= room.height:
                    region = both
        elif self._at.box in plan.boxes:
            rect = plan.boxes[self._at.box]
            region = Region(rect.x, rect.y - 1, rect.width, rect.height + 1)
        else:
            return
        region = Region(region.x, region.y, region.width + 2 * MARGIN, region.height + 2 * MARGIN)
        self.scroll_to_region(region, animate=False, force=True)

    def links_of(self, key: str, *, right: bool) -> list[Link]:
        """The links at one side of a box, from top to bottom as their other ends stand."""
        plan = self.plan
        if plan is None:
            return []
        here = plan.boxes[key]

        def side(link: Link) -> bool:
            way = plan.ways[link]
            x = way.points[0][0] if link[0] == key else way.arrow[0]
            return (x >= here.right) is right

        def other(link: Link) -> tuple[int, int, str]:
            rect = plan.boxes[link[1] if link[0] == key else link[0]]
            return rect.y, rect.x, link[0] + link[1]

        return sorted((link for link in plan.ways if key in link and side(link)), key=other)

    def _sideways(self, *, right: bool) -> None:
        plan, at = self.plan, self._at
        if plan is None:
            return
        if at.link is None:
            links = self.links_of(at.box, right=right) if at.box in plan.boxes else []
            if links:
                self.go(
                    Spotted(at.box, min(links, key=lambda link: self._far(plan, at.box, self._beyond(link, at.box))))
                )
            else:
                self._next_column(right=right)
            return
        home = at.box if at.box in at.link else at.link[0]
        goes_right = at.link in self.links_of(home, right=True)
        self.go(Spotted(self._beyond(at.link, home) if goes_right is right else home))

    @staticmethod
    def _far(plan: Plan, one: str, other: str) -> int:
        """How far apart two boxes seem: a column is as far as a few lines."""
        here, there = plan.boxes[one], plan.boxes[other]
        return abs(there.y - here.y) + abs(there.x - here.x) // 6

    @staticmethod
    def _beyond(link: Link, key: str) -> str:
        return link[1] if link[0] == key else link[0]

    def _next_column(self, *, right: bool) -> None:
        """With no link that way: the nearest box in the next column."""
        plan = self.plan
        if plan is None or self._at.box not in plan.boxes:
            return
        here = plan.boxes[self._at.box]
        found = [
            (abs(rect.x - here.x), abs(rect.y - here.y), key)
            for key, rect in plan.boxes.items()
            if (rect.x > here.x if right else rect.x < here.x)
        ]
        if found:
            self.go(Spotted(min(found)[2]))

    def _upright(self, step: int) -> None:
        plan, at = self.plan, self._at
        if plan is None:
            return
        if at.link is not None:
            home = at.box if at.box in at.link else at.link[0]
            links = self.links_of(home, right=at.link in self.links_of(home, right=True))
            where = links.index(at.link) + step
            if 0 <= where < len(links):
                self.go(Spotted(home, links[where]))
            return
        if at.box not in plan.boxes:
            return
        here = plan.boxes[at.box]
        found = [(rect.y * step, key) for key, rect in plan.boxes.items()
                 if rect.x == here.x and rect.y * step > here.y * step]  # fmt: skip
        if found:
            self.go(Spotted(min(found)[1]))

    def action_side_right(self) -> None:
        """Onto a link that leaves to the right, and on to its other end."""
        self._sideways(right=True)

    def action_side_left(self) -> None:
        self._sideways(right=False)

    def action_cursor_down(self) -> None:
        """The next box below, or the next link of the same side."""
        self._upright(1)

    def action_cursor_up(self) -> None:
        self._upright(-1)

    def action_page_down(self) -> None:
        self.scroll_to(y=self.scroll_offset.y + max(1, self.size.height - 2), animate=False, force=True)

    def action_page_up(self) -> None:
        self.scroll_to(y=self.scroll_offset.y - max(1, self.size.height - 2), animate=False, force=True)

    def action_pan_right(self) -> None:
        self.scroll_to(x=self.scroll_offset.x + max(8, self.size.width // 2), animate=False, force=True)

    def action_pan_left(self) -> None:
        self.scroll_to(x=self.scroll_offset.x - max(8, self.size.width // 2), animate=False, force=True)

    def action_top(self) -> None:
        self._end(first=True)

    def action_bottom(self) -> None:
        self._end(first=False)

    def _end(self, *, first: bool) -> None:
        plan = self.plan
        if plan is None or not plan.boxes:
            return
        ends = sorted(plan.boxes, key=lambda key: (plan.boxes[key].x, plan.boxes[key].y, key))
        self.go(Spotted(ends[0] if first else ends[-1]))

    # -- drawing ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        room, base = self.scrollable_content_region.width, self.rich_style
        picture = self._picture
        if picture is None:
            return self._note_line(y, room, base)
        offset = self.scroll_offset
        row = y + offset.y - MARGIN
        if not 0 <= row < picture.plan.height:
            return Strip.blank(room, base)
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strips[row] = self._format(picture, row, base)
        left = offset.x - MARGIN
        if left < 0:
            strip = Strip([*Strip.blank(-left, base), *strip])
            left = 0
        return strip.crop_extend(left, left + room, base)

    def _format(self, picture: Picture, row: int, base: Style) -> Strip:
        self.formatted += 1
        tokens = tokens_of(self.app)
        cursor = base + self.get_component_rich_style("mapcanvas--cursor", partial=True)
        pen = Pen(base)
        for text, style in draw_row(picture, row):
            if style == "cursor":
                pen.write(text, cursor)
            elif self.stale:
                pen.write(text, base + tokens.style("muted"))
            else:
                pen.write(text, base + tokens.style(style) if style else base)
        return Strip(pen.segments(), picture.plan.width)

    def _note_line(self, y: int, room: int, base: Style) -> Strip:
        number = y - max(0, (self.size.height - len(self._note)) // 2)
        if not 0 <= number < len(self._note):
            return Strip.blank(room, base)
        said = self._note[number]
        margin = " " * max(0, (room - width(clean(said.plain))) // 2)
        return draw_cell(Cell.join((margin, ""), said), room, base, tokens_of(self.app), how="end")

    def _forget(self) -> None:
        self._strips.clear()
        self.refresh()

    def watch_stale(self) -> None:
        if self.is_attached:
            self._forget()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self.refresh()

    def on_focus(self) -> None:
        self._forget()

    def on_blur(self) -> None:
        self._forget()

    def on_resize(self) -> None:
        self._forget()
        self.call_after_refresh(self._reveal)

    # -- mouse ------------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        plan = self.plan
        if offset is None or plan is None:
            return
        x, y = offset.x + self.scroll_offset.x - MARGIN, offset.y + self.scroll_offset.y - MARGIN
        found = next((key for key, rect in plan.boxes.items() if _holds(rect, x, y)), None)
        cell = plan.rows.get(y, {}).get(x)
        if found is not None:
            self.go(Spotted(found))
        elif cell is not None:
            self.go(Spotted(cell.links[0][0], cell.links[0]))
        else:
            return
        event.stop()
        if event.chain == 2:
            self.post_message(self.Chosen(self, self._at))


def _holds(rect: Rect, x: int, y: int) -> bool:
    return rect.x <= x < rect.right and rect.y <= y < rect.y + rect.height
