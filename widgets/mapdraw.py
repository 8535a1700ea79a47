"""A line of a map as styled parts: boxes, titles, lines with their words, in Unicode or ASCII. Pure; texts are cleaned."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pointsman.widgets import glyphs
from pointsman.widgets.mapcells import DOWN, LEFT, RIGHT, UP, Crossing
from pointsman.widgets.mapmodel import Link, Rect
from pointsman.widgets.maproute import Plan
from pointsman.widgets.text import clean, fit, shorten_middle, width


class Stroke(enum.IntEnum):
    """How a line is drawn. Where several share a way, all that is not dashed comes first."""

    DASHED = 0
    PLAIN = 1
    DOUBLE = 2
    HEAVY = 3


@dataclass(frozen=True, slots=True)
class Face:
    """What is written on a box. ``note`` stands in the lower frame, ``sign`` is shown where there is none (low boxes)."""

    text: str
    note: str = ""
    style: str = ""
    note_style: str = "muted"
    frame: str = "frame"
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a link is drawn. ``amount`` adds up where links arrive by one arrow, written by ``Picture.words``; ``bad`` is the
    part of it that is counted apart. ``stops`` draws a cross in place of the arrow."""

    stroke: Stroke = Stroke.PLAIN
    style: str = "muted"
    arrow: str = ""
    amount: float = 0.0
    bad: float = 0.0
    stops: bool = False


class Words:
    """What is written at an arrow for the sums of what arrives by it: ``(text, style)``, or nothing."""

    def __call__(self, amount: float, bad: float) -> tuple[str, str]:  # noqa: ARG002
        return "", ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A plan with its colours. ``lit`` links stand out (and only they count at shared arrows); ``cursor`` is the box that
    is selected, ``near`` the boxes its links lead to."""

    plan: Plan
    faces: Mapping[str, Face] = field(default_factory=dict)
    inks: Mapping[Link, Ink] = field(default_factory=dict)
    words: Words = field(default_factory=Words)
    lit: frozenset[Link] = frozenset()
    cursor: str = ""
    near: frozenset[str] = frozenset()


_PLAIN_INK = Ink()
_CORNERS = (UP | RIGHT, RIGHT | DOWN, DOWN | LEFT, LEFT | UP)
_MASKS = (
    LEFT | RIGHT,
    UP | DOWN,
    *_CORNERS,
    UP | RIGHT | DOWN,
    UP | LEFT | DOWN,
    LEFT | RIGHT | DOWN,
    LEFT | RIGHT | UP,
    15,
)


def _set(signs: str) -> dict[int, str]:
    table = dict(zip(_MASKS, signs, strict=True))
    return {0: " ", UP: signs[1], DOWN: signs[1], LEFT: signs[0], RIGHT: signs[0], **table}


LINES = {
    Stroke.PLAIN: _set("─│╰╭╮╯├┤┬┴┼"),
    Stroke.DASHED: _set("╌╎╰╭╮╯├┤┬┴┼"),
    Stroke.HEAVY: _set("━┃┗┏┓┛┣┫┳┻╋"),
    Stroke.DOUBLE: _set("═║╚╔╗╝╠╣╦╩╬"),
}
ASCII_LINES = {
    Stroke.PLAIN: _set("-|+++++++++"),
    Stroke.DASHED: _set(".:+++++++++"),
    Stroke.HEAVY: _set("#|+++++++++"),
    Stroke.DOUBLE: _set("=|+++++++++"),
}
_PORTS = {
    (RIGHT, Stroke.PLAIN): "├", (RIGHT, Stroke.DASHED): "├", (RIGHT, Stroke.HEAVY): "┝", (RIGHT, Stroke.DOUBLE): "╞",
    (LEFT, Stroke.PLAIN): "┤", (LEFT, Stroke.DASHED): "┤", (LEFT, Stroke.HEAVY): "┥", (LEFT, Stroke.DOUBLE): "╡",
}  # fmt: skip


def lines_table() -> dict[Stroke, dict[int, str]]:
    return ASCII_LINES if glyphs.current.ascii else LINES


def draw_row(picture: Picture, y: int) -> list[tuple[str, str]]:
    """The line as parts of equal style, exactly ``plan.width`` cells."""
    plan = picture.plan
    pen = _Row(plan.width)
    table = lines_table()
    for x, cell in plan.rows.get(y, {}).items():
        ink_style, stroke = _look(picture, cell.links)
        mask = cell.mask
        if mask == 15 and not cell.bends:
            upright = [link for link, own in zip(cell.links, cell.masks, strict=True) if own == UP | DOWN]
            ink_style, stroke = _look(picture, upright)
            mask = UP | DOWN
        pen.put(x, table[stroke][mask], ink_style)
    for head in plan.heads:
        if head.y == y or (plan.metrics.foot and head.foot == y):
            _head(pen, head.group, Rect(head.x, head.y, head.width, 1), plan.metrics.foot, top=head.y == y)
        elif plan.metrics.foot and head.y < y < head.foot:
            # Where a box has gone its place is kept free, inside the frame.
            for x in (head.x, head.x + head.width - 1):
                pen.write(x, "|" if glyphs.current.ascii else "│", "frame")
    for key in plan.boxes_on(y):
        _box(pen, picture, key, y - plan.boxes[key].y)
    for (x, at), (side, leaving) in plan.ports.items():
        if at == y:
            _port(pen, picture, x, side, leaving, frame_row=plan.metrics.height > 1)
    arrivals: dict[tuple[int, int], list[Link]] = {}
    for link, way in plan.ways.items():
        if way.arrow[1] == y:
            arrivals.setdefault(way.arrow, []).append(link)
    for (x, _), links in arrivals.items():
        _arrow(pen, picture, x, y, links)
    return pen.parts()


class _Row:
    """Cells of one line: a text that is one cell wide (or two, and then an empty one) and its style."""

    def __init__(self, room: int) -> None:
        self.texts = [" "] * room
        self.styles = [""] * room

    def put(self, x: int, text: str, style: str) -> None:
        if 0 <= x < len(self.texts):
            self.texts[x], self.styles[x] = text, style

    def write(self, x: int, text: str, style: str) -> None:
        """A clean text of any width, as far as there is room; combining marks go with their letter."""
        at = x
        for letter in text:
            size = width(letter)
            if size == 0:
                if 0 < at <= len(self.texts):
                    self.texts[at - 1] += letter
                continue
            if at + size > len(self.texts):
                return
            self.put(at, letter, style)
            if size == 2:
                self.put(at + 1, "", style)
            at += size

    def parts(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        start = 0
        for at in range(1, len(self.texts) + 1):
            if at == len(self.texts) or self.styles[at] != self.styles[start]:
                found.append(("".join(self.texts[start:at]), self.styles[start]))
                start = at
        return found if self.texts else []


def _of(picture: Picture, link: Link) -> Ink:
    return picture.inks.get(link, _PLAIN_INK)


def _count(picture: Picture, links: Sequence[Link]) -> tuple[list[Link], bool]:
    """The links that say how something shared is drawn: the lit ones if there are any."""
    lit = [link for link in links if link in picture.lit]
    return (lit, True) if lit else (list(links), False)


def _look(picture: Picture, links: Sequence[Link]) -> tuple[str, Stroke]:
    """Style and stroke of a cell that links share."""
    which, lit = _count(picture, links)
    inks = [_of(picture, link) for link in which]
    whole = [ink for ink in inks if ink.stroke is not Stroke.DASHED] or inks
    strokes = {ink.stroke for ink in whole}
    stroke = strokes.pop() if len(strokes) == 1 else Stroke.HEAVY if Stroke.HEAVY in strokes else Stroke.PLAIN
    style = whole[0].style if whole else ""
    if lit:
        style = f"{'accent' if style == 'muted' else style} bold"
    return style, stroke


def _head(pen: _Row, group: str, rect: Rect, framed: int, *, top: bool) -> None:
    name = clean(group, 200)
    plain = glyphs.current.ascii
    if not framed:
        pen.write(rect.x + 1, shorten_middle(name, rect.width - 2), "header bold")
        return
    rule, corners = ("-", "++++") if plain else ("─", "╭╮╰╯")
    left, right = (corners[0], corners[1]) if top else (corners[2], corners[3])
    pen.write(rect.x, left + rule * (rect.width - 2) + right, "frame")
    if top:
        pen.write(rect.x + 1, f" {shorten_middle(name, rect.width - 4)} ", "header bold")


def _box(pen: _Row, picture: Picture, key: str, row: int) -> None:
    plan = picture.plan
    rect = plan.boxes[key]
    face = picture.faces.get(key, Face(key))
    chosen, near = key == picture.cursor, key in picture.near
    plain = glyphs.current.ascii
    rule, side, corners = ("-", "|", "++++") if plain else ("─", "│", "╭╮╰╯")
    if chosen and not plain:
        rule, side, corners = "━", "┃", "┏┓┗┛"
    frame = "accent bold" if chosen else "accent" if near else face.frame
    inner = rect.width - 2
    if row == rect.height // 2:
        pen.write(rect.x, side, frame)
        pen.write(rect.right - 1, side, frame)
        sign = clean(face.sign, 8) if rect.height == 1 else ""
        room = inner - 2 - (width(sign) + 1 if sign else 0)
        style = f"{face.style} bold".strip() if near else face.style
        if chosen:
            style = "cursor"
        pen.write(rect.x + 1, f" {fit(clean(face.text, 200), room)} ", style)
        if sign:
            pen.write(rect.x + 2 + room, " ", style)
            pen.write(rect.x + 3 + room, sign, "cursor" if chosen else face.note_style)
            pen.write(rect.right - 2, " ", style)
        return
    left, right = (corners[0], corners[1]) if row == 0 else (corners[2], corners[3])
    pen.write(rect.x, left + rule * inner + right, frame)
    if row == rect.height - 1 and face.note:
        note = shorten_middle(clean(face.note, 60), inner - 3)
        pen.write(rect.right - 2 - width(note) - 2, f" {note} ", face.note_style)


def _port(pen: _Row, picture: Picture, x: int, side: int, links: Sequence[Link], *, frame_row: bool) -> None:
    if not 0 <= x < len(pen.texts) or glyphs.current.ascii:
        return
    here = pen.texts[x]
    if here in "╰╯┗┛" and frame_row:
        pen.texts[x] = "┴" if here in "╰╯" else "┻"
    elif here in "│┃":
        _, stroke = _look(picture, links)
        pen.texts[x] = _PORTS[side, stroke] if here == "│" else "┣" if side == RIGHT else "┫"


def _arrow(pen: _Row, picture: Picture, x: int, y: int, links: Sequence[Link]) -> None:
    which, lit = _count(picture, links)
    inks = [_of(picture, link) for link in which]
    back = picture.plan.ways[links[0]].back
    plain = glyphs.current.ascii
    stops = all(ink.stops for ink in inks)
    head = ("x" if plain else "✖") if stops else ("<" if plain else "◀") if back else (">" if plain else "▶")
    style = next((ink.arrow for ink in inks if not ink.stops or stops), "")
    pen.put(x, head, f"{style} bold" if lit else style)
    if back:
        return
    text, tone = picture.words(sum(ink.amount for ink in inks), sum(ink.bad for ink in inks))
    text = clean(text, 20)
    if not text:
        return
    need = width(text)
    row = picture.plan.rows.get(y, {})
    # Free is a straight stretch that belongs to nobody but what arrives here.
    free = 0
    while free <= need and _is_free(row.get(x - 1 - free), links):
        free += 1
    if free > need:
        pen.write(x - need, text, f"{tone} bold" if lit else tone)


def _is_free(cell: Crossing | None, links: Sequence[Link]) -> bool:
    return (
        cell is not None
        and cell.mask == LEFT | RIGHT
        and len(cell.links) == len(links)
        and all(link in links for link in cell.links)
    )


def text_of(picture: Picture) -> str:
    """The whole map as plain lines, for a file."""
    return "".join(
        "".join(text for text, _ in draw_row(picture, y)).rstrip() + "\n" for y in range(picture.plan.height)
    )
