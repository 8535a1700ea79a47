"""The Routes pane: rows and columns of the list of middlewares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.middlewares import Middleware, MiddlewareList
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import MIDDLEWARETCPS
from pointsman.tui.views.ips import severity_sign, worst
from pointsman.tui.views.routes import Parts, count_words, path_words
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column


@dataclass(frozen=True, slots=True)
class MiddlewareRow:
    item: Middleware

    @property
    def key(self) -> tuple[Ref, bool]:
        return (self.item.ref, self.item.exists)


def middleware_rows(found: MiddlewareList, namespace: str = "") -> tuple[MiddlewareRow, ...]:
    return tuple(MiddlewareRow(item) for item in found.items if not namespace or item.ref.namespace == namespace)


def is_middleware_problem(row: MiddlewareRow) -> bool:
    return not row.item.exists or bool(row.item.problems) or not row.item.used


def users(item: Middleware) -> str:
    """``3 routes``, ``web (entry point)``, ``1 chain``, ``nobody``."""
    words = []
    if item.routes:
        words.append(plural(len(item.routes), "route"))
    if item.chains:
        words.append(plural(len(item.chains), "chain"))
    words += [f"{name} (entry point)" for name in item.points]
    return ", ".join(words) or "nobody"


def _middleware_mark(row: MiddlewareRow) -> CellLike:
    found = worst(row.item.problems)
    return Cell(*severity_sign(found or ("" if row.item.used else "info")))


def _middleware_kind(row: MiddlewareRow) -> CellLike:
    if not row.item.exists:
        return Cell("missing", "error")
    tcp = " TCP" if row.item.ref.kind == MIDDLEWARETCPS.id else ""
    return Cell(f"{row.item.kind or 'invalid'}{tcp}", "" if row.item.kind else "error")


def _used(row: MiddlewareRow) -> CellLike:
    return Cell(users(row.item), "" if row.item.used else "warn")


def middleware_search(row: MiddlewareRow) -> str:
    item = row.item
    return "\n".join(
        (item.ref.path, item.ref.title, item.kind or "missing", item.text, users(item),
         " ".join(ref.path for ref in (*item.routes, *item.chains)), " ".join(p.text for p in item.problems))
    )  # fmt: skip


MIDDLEWARE_COLUMNS: tuple[Column[MiddlewareRow], ...] = (
    Column("mark", "", _middleware_mark, width=1),
    Column("middleware", "middleware", lambda row: path_words(row.item.ref), lambda row: row.item.ref.path,
           max_width=32),
    Column("what", "kind", _middleware_kind, lambda row: row.item.kind, max_width=18),
    Column("used", "used by", _used, lambda row: len(row.item.routes) + len(row.item.chains), max_width=28),
    Column("owner", "owner", lambda row: Cell(row.item.owner.name or row.item.owner.kind, "dim"),
           lambda row: row.item.owner.name or row.item.owner.kind, priority=6, min_terminal_width=150, max_width=18),
    Column("words", "in words", lambda row: Cell(row.item.text, "" if row.item.exists else "error"), flex=4, priority=1,
           shorten="end", min_width=20),
)  # fmt: skip


def middlewares_title(found: MiddlewareList, rows: Iterable[MiddlewareRow], shown: int, total: int, *,
                      problems: bool) -> Parts:  # fmt: skip
    items = [row.item for row in rows]
    missing, unused = sum(not item.exists for item in items), sum(item.exists and not item.used for item in items)
    parts: list[tuple[str, str]] = [("middlewares ", ""), (count_words(shown, total), "bold")]
    if missing:
        parts.append((f"  {missing} missing", "error"))
    if unused:
        parts.append((f"  {unused} unused", "muted"))
    if problems:
        parts.append(("  problems only", "warn"))
    if found.unknown:
        parts.append((f"  {glyphs.current.forbidden} {found.unknown}", "warn"))
    return tuple(parts)
