"""Our widgets do not overwrite, by accident, names Textual keeps for itself."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import pytest
from textual.widget import Widget

from pointsman.widgets import diffview, drawer, filterbar, grid, gridmoves, keyvalue, lines, picker, textview

# What Textual documents to be overridden although it starts with an underscore: nothing.
OURS = [
    member
    for module in (diffview, drawer, filterbar, grid, gridmoves, keyvalue, lines, picker, textview)
    for _, member in inspect.getmembers(module, inspect.isclass)
    if issubclass(member, Widget) and member.__module__ == module.__name__
]


def attributes_set(body: ast.ClassDef) -> set[str]:
    """Names a class assigns on `self`."""
    return {
        node.attr
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def own_private_names(kind: type) -> set[str]:
    """Private methods of a class, and attributes it sets on itself."""
    source = Path(inspect.getfile(sys.modules[kind.__module__])).read_text(encoding="utf-8")
    body = next(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    names = {node.name for node in body.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= attributes_set(body)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
async def test_no_private_name_of_textual_is_taken(kind: type[Widget]) -> None:
    theirs: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.startswith("textual"):
            theirs |= set(vars(base))
            source = Path(inspect.getfile(base)).read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.ClassDef) and node.name == base.__name__:
                    theirs |= attributes_set(node)
    assert not own_private_names(kind) & theirs
