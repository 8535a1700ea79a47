"""The three lines around every pane: header, tabs, footer. Pure: what stands where for a width.

A line is a list of :class:`Part`. Parts that do not fit go by rank, the least important first; nothing is cut silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.tui.commands import PANES, Keymap, footer, key_label
from pointsman.tui.model.proxies import RESTING
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Link, Snapshot, State
from pointsman.widgets import glyphs
from pointsman.widgets.text import clean, shorten_middle, width

COMPACT = 100
"""Below so many columns the short forms are used."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some text in one style; ``command`` runs when it is clicked, with ``argument``."""

    text: str
    style: str = ""
    command: str = ""
    argument: str = ""


Line = tuple[Part, ...]


def line_width(parts: Iterable[Part]) -> int:
    return sum(width(part.text) for part in parts)


STATE_WORDS: dict[State, tuple[str, str]] = {
    State.CONNECTING: ("unknown", "source-absent"),
    State.LIVE: ("live", "source-live"),
    State.STALE: ("stale", "source-stale"),
    State.DOWN: ("down", "source-down"),
    State.ABSENT: ("absent", "source-absent"),
    State.FORBIDDEN: ("forbidden", "source-forbidden"),
}
"""Glyph (a name in the glyph set) and style of each state."""


def state_glyph(state: State) -> tuple[str, str]:
    """The sign of a state and its style."""
    name, style = STATE_WORDS[state]
    sign = glyphs.current.absent if state is State.CONNECTING else str(getattr(glyphs.current, name))
    return sign, style


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says, before it is fitted."""

    context: str
    distribution: str = ""
    stack: str = ""
    demo: str = ""
    origin: str = "cluster"
    replay: bool = False
    """Whether the flows are recorded ones."""
    insecure: bool = False
    namespace: str = ""
    read_only: bool = False
    sources: tuple[Link, ...] = ()
    forbidden: int = 0
    """Kinds this user may not read."""
    now: float = 0.0
    clock: str = ""


SOURCES = ("kube", "hubble", "traefik")
"""The order of the sources in the header."""


def _quiet(link: Link) -> bool:
    """Whether a source is not worth a place in the header: the panes say what is to be said of it. One that was there and
    went is."""
    if link.name == "recording":
        return link.state is State.ABSENT
    if link.name == "recorder":
        return link.state in (State.ABSENT, State.CONNECTING, State.LIVE)
    return link.name == "traefik-log" and link.state in (State.ABSENT, State.CONNECTING) and link.last_ok is None


def header_of(
    snapshot: Snapshot,
    *,
    distribution: str,
    stack: str,
    namespace: str,
    read_only: bool,
    clock: str,
    context: str = "",
) -> Header:
    """The header of a snapshot. ``context`` is what was asked for, until the source says what it connected to."""
    cluster = snapshot.cluster
    files = [name for name in ("manifests", "replay") if name in snapshot.links]
    if files:
        shown: dict[str, Link] = {name: snapshot.links[name] for name in files}
    else:
        shown = dict(snapshot.links)
    links = [shown[name] for name in SOURCES if name in shown]
    links += [link for name, link in sorted(shown.items()) if name not in SOURCES and not _quiet(link)]
    return Header(
        context=cluster.context or context,
        distribution=distribution,
        stack=stack,
        demo=cluster.demo,
        origin=cluster.origin,
        replay="replay" in snapshot.links,
        insecure=cluster.insecure,
        namespace=namespace,
        read_only=read_only,
        sources=tuple(links) or (Link("kube"),),
        forbidden=sum(1 for table in snapshot.tables.values() if table.link.state is State.FORBIDDEN),
        now=snapshot.now,
        clock=clock,
    )


def _coarse(seconds: float) -> float:
    """An age in steps of five seconds: it says as much, and a line that says the same costs nothing to draw."""
    return seconds - seconds % 5 if seconds < 60 else seconds


def _source(link: Link, now: float, *, name: bool, ages: bool, words: bool) -> list[Part]:
    sign, style = state_glyph(link.state)
    resting = link.state is State.STALE and link.detail.endswith(RESTING)
    if resting:
        style = "dim"  # it is as it should be
    parts = [Part(f"{link.name} ", "header")] if name else []
    parts.append(Part(sign, style))
    said = ""
    old = f" {age(_coarse(now - link.last_ok))}" if link.last_ok is not None else ""
    if link.state is State.LIVE or resting:
        said = old if ages else ""
    elif link.state in (State.STALE, State.DOWN):
        said = f" {link.state.value}{old}"
    elif link.state is State.CONNECTING:
        said = f" connecting{glyphs.current.ellipsis}" if name else ""
    elif words or link.state is not State.ABSENT:
        said = f" {link.state.value}"
    if said:
        parts.append(Part(said, "dim" if link.state in (State.LIVE, State.ABSENT) else style))
    return parts


@dataclass(frozen=True, slots=True)
class FittedHeader:
    """The header in three pieces that change at different times: the toolkit redraws a piece whole, up to what changed."""

    left: Line
    sources: Line
    clock: Line

    @property
    def plain(self) -> str:
        return "".join(part.text for part in (*self.left, *self.sources, *self.clock))


def header_line(header: Header, columns: int) -> FittedHeader:
    """The header fitted to the width: ornaments go first, then names, ages and versions; the context's name shrinks."""
    fitted = FittedHeader((), (), ())
    for level in range(11):
        fitted = _header(header, columns, level)
        if sum(map(line_width, (fitted.left, fitted.sources, fitted.clock))) <= columns:
            break
    return fitted


def _header(header: Header, columns: int, level: int) -> FittedHeader:
    chain = Part(f" {glyphs.current.chain} ", "dim")
    left: list[Part] = [Part(" ")]
    if level < 6:
        left += [Part("pointsman", "brand bold"), Part("  ")]
    context = clean(header.context) or ("files" if header.origin == "manifests" else "no context")
    room = 40 if level < 4 else 24 if level < 8 else 12
    left.append(Part(shorten_middle(context, room), "bold", "context"))
    if header.distribution and level < 9:
        left += [chain, Part(clean(header.distribution), "", "pane.stack")]
    if header.stack:
        left += [chain, Part(f" {header.stack.upper()} ", f"stack-{header.stack} bold reverse", "pane.stack")]
    if header.demo:
        left += [Part(" "), Part(" DEMO ", "badge:demo")]
    if header.replay:
        left += [Part(" "), Part(" REPLAY ", "badge:warning")]
    if header.insecure:
        left += [Part(" "), Part(" INSECURE ", "badge:warning")]
    spaced = clean(header.namespace) or "all"
    middle = [Part("ns: ", "header", "namespace"), Part(shorten_middle(spaced, 24), "", "namespace")]
    if level >= 10:
        middle = []
    names = columns >= COMPACT and level < 5
    sources: list[Part] = []
    for link in header.sources:
        sources += _source(link, header.now, name=names, ages=level < 3, words=names and level < 1)
        sources.append(Part("   " if names else "  "))
    if header.forbidden and level < 8:
        sign, style = state_glyph(State.FORBIDDEN)
        sources[-1:] = [Part(f" {sign}{header.forbidden}", style), Part("  ")]
    sources.append(Part(" RO ", "badge:ro") if header.read_only else Part(" RW ", "badge:rw"))
    sources.append(Part(" "))
    clock = (Part(f" {header.clock} ", "dim"),) if header.clock and columns >= COMPACT and level < 2 else ()
    free = columns - sum(map(line_width, (left, middle, sources, clock)))
    gap = max(3, free // 2) if middle else 0
    head = (*left, Part(" " * gap), *middle, Part(" " * max(3, free - gap)))
    return FittedHeader(head, tuple(sources), clock)


@dataclass(frozen=True, slots=True)
class Count:
    """Findings of a pane: how many, and whether any is an error."""

    number: int
    worst: str = "warn"


def tab_line(current: str, counts: Mapping[str, Count], columns: int) -> Line:
    """The panes; where there is no room for all titles only the current one keeps its own."""
    for wide in (True, False):
        parts: list[Part] = [Part(" ")]
        for pane in PANES:
            here = pane.id == current
            command = f"pane.{pane.id}"
            ground = "tab" if here else ""
            if wide or here:
                style = "accent bold underline" if here else "muted"
                parts += [
                    Part(pane.key, "key bold" if here else "key", command),
                    Part(" ", ground, command),
                    Part(pane.title, style, command),
                ]
            else:
                parts.append(Part(pane.key, "key", command))
            count = counts.get(pane.id)
            if count is not None and count.number:
                sign = glyphs.current.error if count.worst == "error" else glyphs.current.warn
                parts.append(Part(f" {sign}{count.number}", f"{count.worst} bold", command))
            parts.append(Part("   "))
        if line_width(parts) <= columns:
            return tuple(parts)
    return tuple(parts)


def footer_line(
    place: str,
    keymap: Keymap,
    columns: int,
    *,
    right: Sequence[Part] = (),
    unable: Iterable[str] = (),
) -> Line:
    """The keys of a place, as many as fit, and at the right what must stay on screen (``right`` is never dropped)."""
    blocked = set(unable)
    room = columns - line_width(right) - 2
    parts: list[Part] = [Part(" ")]
    commands = footer(place, keymap)
    # `:` and `?` are the way to all that does not fit, so their places are kept.
    keep = [command for command in commands if command.id in ("palette", "help")]
    kept = sum(len(keymap.label(command.id)) + len(command.label or command.title) + 4 for command in keep)
    for command in commands:
        label = command.label or command.title.lower()
        key = key_label(keymap.of(command.id)[0], ascii=glyphs.current.ascii)
        dim = command.id in blocked
        piece = [
            Part(key, "dim" if dim else "key bold", command.id),
            Part(f" {label}", "dim" if dim else "muted", command.id),
            Part("   " if columns >= COMPACT else "  "),
        ]
        if command in keep:
            kept -= len(keymap.label(command.id)) + len(label) + 4
        reserve = kept
        if line_width(parts) + line_width(piece) + reserve <= room:
            parts += piece
    if right:
        parts.append(Part(" " * max(1, columns - line_width(parts) - line_width(right))))
        parts += right
    return tuple(parts)


def fill_line(left: Sequence[Part], right: Sequence[Part], columns: int) -> Line:
    """Two ends of a line with the room between them; the left end gives way, with an ellipsis."""
    room = columns - line_width(right) - 1
    parts: list[Part] = []
    used = 0
    for part in left:
        text = clean(part.text)
        if used + width(text) > room:
            text = shorten_middle(text, max(0, room - used))
        if text:
            parts.append(Part(text, part.style, part.command, part.argument))
            used += width(text)
    return (*parts, Part(" " * max(0, columns - used - line_width(right))), *right)
