"""Flows taken along: one as JSON or as a line, many as a file; and the help on filter words. All of it masked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from pointsman.tui.answers.flows.compact import compact_line
from pointsman.tui.answers.flows.document import flow_document
from pointsman.tui.answers.flows.filterline import WORDS
from pointsman.tui.answers.flows.words import FLAGS, HELP
from pointsman.tui.model.flows import Flow
from pointsman.tui.views.saving import FORMATS, WRITERS
from pointsman.widgets.cells import Column

EXTENSIONS: Final = (*FORMATS, ".jsonl")


def as_line(flow: Flow) -> str:
    """The hubble CLI's compact form."""
    return compact_line(flow) or ""


def as_document(flow: Flow) -> str:
    """As ``flows -o json`` has it, for reading."""
    return json.dumps(flow_document(flow), indent=2, ensure_ascii=True) + "\n"


def writer(columns: Sequence[Column[Any]], rows: Sequence[Flow]) -> Callable[[str], str]:
    """What is written for an extension: the columns on screen, or whole documents for JSON (one a line for ``.jsonl``)."""

    def text(extension: str) -> str:
        if extension == ".jsonl":
            return "".join(json.dumps(flow_document(flow)) + "\n" for flow in rows)
        if extension == ".json":
            return json.dumps([flow_document(flow) for flow in rows], indent=2) + "\n"
        return WRITERS[FORMATS[extension]](columns, rows)

    return text


def filter_help() -> str:
    """Every word of the filter line."""
    lines = [
        "The filter line takes words to look for, and the hubble CLI's filter words without their dashes:",
        "",
        "  verdict dropped port 5432                drops on that port",
        "  from-pod media/jellyfin not to-port 53   what jellyfin asks, DNS left out",
        "  verdict dropped | namespace db           a lone | is for the eye",
        "",
        "Words about one field are alternatives, different fields must all match, `not` turns around the next word.",
        "A value with spaces stands in quotes. Other words: loft|shed, !word, why:text, policy:name, /regex/, -f fuzzy.",
        'To look for one of the words itself, put it in quotes: "port".',
        "",
    ]
    lines += [f"  {word + ('' if word in FLAGS else ' VALUE'):<28}{HELP[word]}" for word in sorted(WORDS)]
    return "\n".join(lines) + "\n"
