"""The user's own YAML: read as a server reads it, sent as it was typed, and found a line in for what a server says of it.

A server needs to know which version of an object a text was made from, and people need not: so that is put into the text
as lines of its own just before it is sent. All else in it stays as it was typed, byte for byte. Pure.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from pointsman.tui.actions.change import SERVER_FIELDS, Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.answers.yaml_text import LAST_APPLIED
from pointsman.tui.model.meta import dig
from pointsman.tui.sources.yamltext import documents

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS_OF_ERROR = (
    "Invalid value|Required value|Unsupported value|Duplicate value|Forbidden|Not found|Too long|Too many|Too few|"
    "Internal error"
)
_WHERE = re.compile(
    r'(?:unknown field|duplicate field) "(?P<field>[^"]+)"'
    r"|line (?P<line>\d+): "
    r"|Go struct field [^\s.]+\.(?P<go>\S+) of type"
    rf"|(?P<path>[A-Za-z][\w.\-/~\"\[\]]*): (?:{_KINDS_OF_ERROR})"
)
MOST_TROUBLES = 20
_STEP = re.compile(r'\[(?:"((?:[^"\\]|\\.)*)"|([^\]]*))\]|([^.\[\]]+)')


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in a sentence. ``line`` counts from 1 in the user's text; 0 where it is about all of it."""

    text: str
    line: int = 0


class SourceError(ActionError):
    """The text cannot be sent; ``troubles`` say where and why."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__(troubles[0].text, "", tuple(words(trouble) for trouble in troubles[1:]))
        self.troubles = troubles


def words(trouble: Trouble) -> str:
    return f"line {trouble.line}: {trouble.text}" if trouble.line else trouble.text


@lru_cache(maxsize=1)
def read_object(text: str) -> Doc:
    """The one object of a text; the same one for the same text, so it is not to be changed. Raises SourceError."""
    found = list(documents(text))
    broken = [Trouble(f"this is no YAML: {doc.error}", doc.line) for doc in found if doc.error]
    if broken:
        raise SourceError(*broken)
    if not found:
        raise SourceError(Trouble("there is nothing in it"))
    if len(found) > 1:
        raise SourceError(Trouble("this is a second object; one at a time", found[1].line))
    doc = found[0].value
    if not isinstance(doc, dict):
        raise SourceError(Trouble("this is no object: it has no fields", found[0].line))
    if not isinstance(doc.get("metadata"), dict):
        raise SourceError(Trouble("metadata is missing, or has no fields", line_of(text, "metadata")))
    return doc


def kept_by_server(text: str, doc: Doc) -> tuple[Trouble, ...]:
    """Fields in a text that a server keeps by itself: they are not the user's to write."""
    paths = [f"metadata.{key}" for key in SERVER_FIELDS if key in doc["metadata"]]
    paths += ["status"] if "status" in doc else []
    return tuple(Trouble(f"{path} is kept by the server; leave it out", line_of(text, path)) for path in paths)


# -- finding a line -------------------------------------------------------------------------------------------------


def line_of(text: str, path: str) -> int:
    """The line of ``spec.ingress[0].ports``: of the deepest part that is there, 1 if none is.

    A list without a number means the first of its elements that has what comes next.
    """
    return _line(_composed(text), path)


def _composed(text: str) -> Any:
    try:
        return yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _line(node: Any, path: str) -> int:
    if node is None:
        return 0
    steps = [unescape(quoted) if quoted else number or name for quoted, number, name in _STEP.findall(path)]
    return _walk(node, steps)[1] + 1


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _walk(node: Any, steps: list[str]) -> tuple[int, int]:
    """How many steps could be taken, and the line (from 0) where that led."""
    line = node.start_mark.line
    if not steps:
        return 0, line
    if isinstance(node, yaml.MappingNode):
        # A key may hold dots, which are steps in a path: the longest that is there is meant.
        for count in range(len(steps), 0, -1):
            name = ".".join(steps[:count])
            for key, value in node.value:
                if getattr(key, "value", None) == name:
                    depth, found = _walk(value, steps[count:])
                    return count + depth, found if depth else key.start_mark.line
    elif isinstance(node, yaml.SequenceNode):
        if steps[0].isdigit():
            if int(steps[0]) < len(node.value):
                item = node.value[int(steps[0])]
                depth, found = _walk(item, steps[1:])
                return 1 + depth, found
        elif node.value:
            return max((_walk(item, steps) for item in node.value), key=lambda found: found[0])
    return 0, line


def troubles_in(message: str, text: str, inserted: Iterable[int] = ()) -> tuple[Trouble, ...]:
    """What a server's refusal says of which lines. ``inserted`` are the numbers of the lines that were put into the text
    before it was sent: the server counts them."""
    added = sorted(inserted)
    starts = list(_WHERE.finditer(message))
    node = _composed(text) if starts else None
    found: list[Trouble] = []
    for number, match in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(message)
        begin = match.start()
        if match["line"]:
            begin, line = match.end(), int(match["line"])
            line -= bisect_left(added, line)
        else:
            line = _line(node, match["field"] or match["path"] or match["go"])
        if match["go"]:
            begin = max(0, message.rfind("json: ", 0, begin))
        said = message[begin:end].strip().rstrip(",; \n")
        if message.count("[", 0, begin) > message.count("]", 0, begin):
            said = said.removesuffix("]")  # of a list of errors
        found.append(Trouble(said, line))
    known = sorted(dict.fromkeys(found), key=lambda trouble: trouble.line)
    if len(known) > MOST_TROUBLES:
        known[MOST_TROUBLES:] = [Trouble(f"and {len(known) - MOST_TROUBLES} more of the kind")]
    return tuple(known) or (Trouble(message),)


# -- what is put in before it is sent -------------------------------------------------------------------------------


def with_bookkeeping(text: str, before: Doc) -> tuple[str, tuple[int, ...]]:
    """The text as it is sent to replace ``before``: with its resourceVersion and, if it has one, kubectl's note of what
    was applied last. Also the numbers that lines of their own have got in it.

    Raises SourceError where they cannot be put in (metadata written as nobody writes it).
    """
    note = dig(before, "metadata", "annotations", LAST_APPLIED)
    version = str(dig(before, "metadata", "resourceVersion") or "")
    return _put_in(text, version, note if isinstance(note, str) else None)


def noted(doc: Doc, before: Doc) -> Doc:
    """What a text means that was put to ``before``: with kubectl's note, which is not in it and not to be taken away."""
    return _with(doc, {}, dig(before, "metadata", "annotations", LAST_APPLIED))


@lru_cache(maxsize=2)
def _put_in(text: str, version: str, note: str | None) -> tuple[str, tuple[int, ...]]:
    """Kept for the next time: a plan, its dry run and the write want the same, and a long text takes a while to read."""
    edits = _Edits(text.split("\n"))
    pairs: Doc = {"resourceVersion": version}
    try:
        metadata = _child(yaml.compose(text, Loader=_Loader), "metadata")
        annotations = _child(metadata, "annotations")
        if isinstance(note, str):
            if annotations is None:
                pairs["annotations"] = {LAST_APPLIED: note}
            elif not getattr(annotations, "value", None) or annotations.value in ("null", "~"):
                edits.instead_of(annotations, {LAST_APPLIED: note})
            elif _child(annotations, LAST_APPLIED) is None:  # else it was typed, and that is meant
                edits.at_the_head_of(annotations, {LAST_APPLIED: note})
        edits.at_the_head_of(metadata, pairs)
        done, added = edits.done()
        meant = read_object(text)
        if read_object(done) != _with(meant, pairs, note):
            raise ValueError
    except (ValueError, LookupError, AttributeError, TypeError, yaml.YAMLError):
        raise SourceError(
            Trouble("write metadata plainly, each field on a line of its own", line_of(text, "metadata"))
        ) from None
    return done, added


def _child(node: Any, name: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if getattr(key, "value", None) == name), None)


def _with(doc: Doc, pairs: Doc, note: Any) -> Doc:
    """What the text with the new lines must mean."""
    metadata = {**doc["metadata"], **pairs}
    if isinstance(note, str):
        given = doc["metadata"].get("annotations")
        metadata["annotations"] = {LAST_APPLIED: note, **(given if isinstance(given, dict) else {})}
    return {**doc, "metadata": metadata}


class _Edits:
    """Additions to a text, by the places that its nodes have in it."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._inline: list[tuple[int, int, int, str]] = []
        self._whole: list[tuple[int, list[str]]] = []

    def at_the_head_of(self, mapping: Any, pairs: Doc) -> None:
        """As its first fields: in the braces, or on lines of their own."""
        if mapping.flow_style:
            at = self._lines[mapping.start_mark.line].index("{", mapping.start_mark.column) + 1
            text = "".join(f"{quoted(key)}: {quoted(value)}, " for key, value in pairs.items())
            self._inline.append((mapping.start_mark.line, at, at, text))
            return
        first = mapping.value[0][0].start_mark
        indent = self._lines[first.line][: first.column]
        if indent.strip():
            raise ValueError("the first field is not at the head of its line")
        self._whole.append((first.line, [f"{indent}{quoted(key)}: {quoted(value)}" for key, value in pairs.items()]))

    def instead_of(self, node: Any, value: Any) -> None:
        """For a value that is nothing, on one line."""
        start, end = node.start_mark, node.end_mark
        if start.line != end.line:
            raise ValueError("nothing goes over several lines")
        self._inline.append((start.line, start.column, end.column, f" {quoted(value)}"))

    def done(self) -> tuple[str, tuple[int, ...]]:
        """The new text, and the numbers, from 1, of the lines that are new as a whole."""
        lines = list(self._lines)
        for line, start, end, text in sorted(self._inline, reverse=True):
            lines[line] = lines[line][:start] + text + lines[line][end:]
        added: list[int] = []
        for line, new in sorted(self._whole):
            at = line + len(added)
            lines[at:at] = new
            added += range(at + 1, at + 1 + len(new))
        return "\n".join(lines), tuple(added)


def quoted(value: Any) -> str:
    """JSON on one line that YAML reads the same: its own line breaks and control characters are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", text)
