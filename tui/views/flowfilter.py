"""The filter line of the Flows pane: ordinary words and the hubble CLI's together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pointsman.tui.answers.flows import predicates
from pointsman.tui.answers.flows.filterline import read_line
from pointsman.tui.model.flows import Flow
from pointsman.widgets.filtering import FilterError, Query, Term, parse

T = TypeVar("T")

PLACEHOLDER = (
    "words   verdict dropped   port 5432   from-pod media/jellyfin   not namespace kube-system   a|b   /regex/"
)


def reader(flow_of: Callable[[Any], Flow] | None = None) -> Callable[[str, Sequence[str]], Query]:
    """Reads a filter; ``flow_of`` gives the flow that the CLI's words are about, where a row is none itself."""

    def read(text: str, columns: Sequence[str]) -> Query:
        try:
            line = read_line(text)
        except predicates.FilterError as error:
            raise FilterError(str(error)) from None
        query = parse(line.rest, columns)
        if line.test is None:
            return Query(text.strip(), query.terms)
        test = line.test
        about = test if flow_of is None else (lambda row: test(flow_of(row)))
        said = " ".join(f"{word} {value}".strip() for word, value in line.words)
        return Query(text.strip(), (Term("flag", said, test=about), *query.terms))

    return read
