"""The lines in the frames of the Policies pane: what is in view, how much of it, who enforces it, the other views."""

from __future__ import annotations

from pointsman.tui.answers.policies.matrix import Place
from pointsman.tui.views.policies import Board, enforcers
from pointsman.tui.views.policymatrix import Picture
from pointsman.widgets import glyphs

VIEWS = {"list": "policies", "pods": "pods", "matrix": "matrix"}
"""The views in their order, with what they are called."""
Parts = tuple[tuple[str, str], ...]


def _count(shown: int, total: int) -> str:
    return f"{total:,}" if shown == total else f"{shown:,}/{total:,}"


def _after(board: Board | None, *, problems: bool) -> list[tuple[str, str]]:
    parts: list[tuple[str, str]] = []
    if problems:
        parts.append(("  problems only", "warn"))
    if board is not None:
        words, style = enforcers(board.index.enforcement)
        parts.append((f"  {words}", style))
        if board.index.blind:
            parts.append((f"  {glyphs.current.unknown} {board.index.blind}", "warn"))
    return parts


def list_title(board: Board | None, shown: int, total: int, *, problems: bool) -> Parts:
    return (("policies ", ""), (_count(shown, total), "bold"), *_after(board, problems=problems))


def pods_title(board: Board | None, shown: int, total: int, *, problems: bool) -> Parts:
    parts: list[tuple[str, str]] = [("pods ", ""), (_count(shown, total), "bold")]
    if board is not None and not board.index.blind:
        shut = sum(True in row.shut for row in board.pods)
        parts.append((f"  {shut:,} isolated", "muted"))
    return (*parts, *_after(board, problems=problems))


def matrix_title(board: Board | None, path: tuple[Place, Place] | None, busy: bool, picture: Picture | None) -> Parts:
    parts: list[tuple[str, str]] = [("who may reach whom", "")]
    if path is None:
        parts.append(("  namespaces", "muted"))
    else:
        parts += [("  workloads of ", "muted"), (path[0].text, "bold"), (f" {glyphs.current.arrow} ", "muted"),
                  (path[1].text, "bold")]  # fmt: skip
    if busy and picture is not None and not picture.whole and picture.axes.rows:
        parts.append((f"  {100 * len(picture.rows) // len(picture.axes.rows)} % judged", "warn"))
    return (*parts, *_after(board, problems=False))
