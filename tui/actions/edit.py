"""Editing an object as text: what the editor shows, what comes back, and what a refusal or another's change makes of it.

What the server keeps by itself is left out of the text: uid, versions, times, field managers, status, and kubectl's note
of what was applied last. None of it is anybody's to edit, and the page is the shorter for it. All else is there, and what
the user makes of it goes to the server as it was typed. No input or output here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pointsman.tui.actions.change import Doc, api_version, essence
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.merge3 import MINE, THEIRS, merge_text
from pointsman.tui.actions.plan import Plan, Wish
from pointsman.tui.actions.source import (
    SourceError,
    Trouble,
    kept_by_server,
    line_of,
    noted,
    read_object,
    troubles_in,
    with_bookkeeping,
    words,
)
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import plural
from pointsman.tui.answers.yaml_text import LAST_APPLIED, whole_yaml
from pointsman.tui.model.kinds import KINDS, Kind
from pointsman.tui.model.meta import dig, dig_dict, dig_str

EDIT, NEW = "edit", "new"
"""The names of the actions in the journal."""
OURS = "#:"
"""How the lines begin that are put above the text and taken away again."""
LONGEST = 400
"""Characters of one error; a server may repeat the whole object in it."""
IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")


class MovedError(ActionError):
    """Somebody changed the object while it was edited; ``live`` is what it is now (None: it is gone)."""

    def __init__(self, ref: Ref, live: Doc | None) -> None:
        gone = f"{ref.title} was deleted while you edited it."
        super().__init__(gone if live is None else f"{ref.title} was changed by somebody else while you edited it.")
        self.live = live


def editable(doc: Doc) -> str:
    """An object as YAML to edit."""
    found = essence(doc) or {}
    notes = dig_dict(found, "metadata", "annotations")
    if LAST_APPLIED in notes:
        kept = {key: value for key, value in notes.items() if key != LAST_APPLIED}
        metadata = {key: value for key, value in found["metadata"].items() if key != "annotations"}
        found = {**found, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}
    return whole_yaml(found)


class Edit:
    """One edit, from the first page to the last.

    ``base`` is the object that is edited, None for a new one; ``text`` the user's text as it was last seen, ``shown`` what
    it was made of. ``place`` says where the object is, for the page.
    """

    def __init__(
        self, base: Doc | None, text: str, *, ref: Ref | None = None, place: str = "", version: str = ""
    ) -> None:
        self.base = base
        self.shown = self.text = text
        self.place = place
        self.version = version
        self.troubles: tuple[Trouble, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.doc: Doc = {}
        """What the text says, once a wish was made of it."""
        self._ref = ref

    @property
    def title(self) -> str:
        return self._ref.title if self._ref is not None else "a new object"

    @property
    def slug(self) -> str:
        """For the name of a file."""
        return self._ref.slug.replace("/", "-") if self._ref is not None else "new"

    @property
    def typed(self) -> bool:
        """Whether there is anything in it that would be a loss."""
        return self.text.strip() != self.shown.strip()

    # -- the page ---------------------------------------------------------------------------------------------------

    def page(self) -> str:
        """What the editor shows: what this is, what is wrong with it so far, and the text."""
        return "\n".join((*self._head(), self.text))

    def line(self) -> int:
        """Where in the page to begin: at the first line that something is wrong with."""
        lines = [trouble.line for trouble in self.troubles if trouble.line]
        return len(self._head()) + (min(lines) if lines else 1)

    def _head(self) -> list[str]:
        what = [
            f"{self.title}{f'   {self.place}' if self.place else ''}",
            "Save and leave to see the change and what the server says to it; nothing is written before you agree.",
            "Left as it is, or emptied, it is cancelled. These lines are taken away again.",
            *self.notes,
        ]
        size = len(what) + len(self.troubles) + 2 * bool(self.troubles)
        wrong = [f"  {words(Trouble(trouble.text, trouble.line and trouble.line + size))}" for trouble in self.troubles]
        if wrong:
            wrong = ["", "This cannot be sent as it is:", *wrong]
        return [f"{OURS} {_one_line(line)}".rstrip() for line in (*what, *wrong)]

    def take(self, page: str, *, saved: bool = True) -> str:
        """Take what the editor left; ``saved`` says whether it wrote the file at all. A sentence if that means to leave it,
        else empty."""
        lines = page.split("\n")
        while lines and lines[0].startswith(OURS):
            lines.pop(0)
        text = "\n".join(lines)
        if all(not line or line.startswith("#") or line == "---" for line in map(str.strip, lines)):
            return "Cancelled: the text was emptied. Nothing was written."
        refused = bool(self.troubles) and text == self.text
        self.text = text
        if refused:
            return "Cancelled: it is still the text that was refused. Nothing was written."
        if not self.typed and (self.base is not None or not saved):
            return "Cancelled: nothing was changed." if self.base is not None else "Cancelled: it was not saved."
        self.troubles, self.notes = (), ()
        return ""

    # -- what it asks for -------------------------------------------------------------------------------------------

    def wish(self) -> Wish:
        """What the text asks for. Raises SourceError with what is wrong, :class:`MovedError` (from the wish's ``make``)
        where the object is another one by now. A long text takes a while: this is for a thread."""
        marks = [number for number, line in enumerate(self.text.split("\n"), 1) if line.rstrip() in (MINE, THEIRS)]
        if marks:
            raise SourceError(*(Trouble("a place that both have changed is still marked here", line) for line in marks))
        self.doc = doc = read_object(self.text)
        troubles = kept_by_server(self.text, doc)
        if self.base is not None and self._ref is not None:
            if troubles := (*troubles, *self._moved(doc, self.base)):
                raise SourceError(*troubles)
            with_bookkeeping(self.text, self.base)  # that it can be sent at all
            return Wish(EDIT, f"edit {self._ref.title}", self._ref, self._make, source=self.text)
        kind, ref = self._named(doc)
        if troubles:
            raise SourceError(*troubles)
        self._ref, self.version = ref, api_version(doc)

        def make(live: Doc | None) -> Doc:
            if live is not None:
                where = f" in {ref.namespace}" if ref.namespace else ""
                raise SourceError(
                    Trouble(f"there is a {kind.kind} {ref.name}{where} already", line_of(self.text, "metadata.name"))
                )
            return doc

        return Wish(NEW, f"create {ref.title}", ref, make, source=self.text)

    def _make(self, live: Doc | None) -> Doc:
        assert self._ref is not None
        if live is None or essence(live) != essence(self.base):
            raise MovedError(self._ref, live)
        # With what was left out of the page: it is not to be taken away.
        return noted(self.doc, live)

    def _moved(self, doc: Doc, base: Doc) -> tuple[Trouble, ...]:
        """An edit is of one object: what names it cannot be edited."""
        found = []
        for path in IDENTITY:
            was, now = dig(base, *path.split(".")), dig(doc, *path.split("."))
            if was != now:
                said = f"is {now!r} now" if now is not None else "is missing now"
                text = f"{path} was {was!r} and {said}: that would be another object; make a new one for it"
                found.append(Trouble(text, line_of(self.text, path)))
        return tuple(found)

    def _named(self, doc: Doc) -> tuple[Kind[Any], Ref]:
        """Which object a new text makes. Raises SourceError."""
        group = dig_str(doc, "apiVersion").rpartition("/")[0]
        word, name, namespace = (
            dig_str(doc, *path.split(".")) for path in ("kind", "metadata.name", "metadata.namespace")
        )
        kind = next((one for one in KINDS.values() if (one.kind, one.group) == (word, group)), None)
        if kind is None or kind.secret:
            why = f"{word or 'an object without a kind'} in {dig_str(doc, 'apiVersion') or 'no group'} is not made here"
            raise SourceError(Trouble(why, line_of(self.text, "kind")))
        if not name:
            raise SourceError(Trouble("metadata.name is missing", line_of(self.text, "metadata.name")))
        if kind.namespaced and not namespace:
            raise SourceError(Trouble("metadata.namespace is missing", line_of(self.text, "metadata.namespace")))
        return kind, Ref(kind.id, namespace if kind.namespaced else "", name)

    # -- what became of it ------------------------------------------------------------------------------------------

    def refuse(self, troubles: Iterable[Trouble]) -> None:
        """The next page says what is wrong."""
        self.troubles = tuple(troubles)

    def refused(self, plan: Plan, message: str) -> None:
        """The server said no, with this message; its line numbers count what was put in."""
        added: tuple[int, ...] = ()
        if plan.change.before is not None:
            added = with_bookkeeping(self.text, plan.change.before)[1]
        self.refuse(troubles_in(message, self.text, added))

    def sides(self, live: Doc | None) -> tuple[tuple[str, str], tuple[str, str]]:
        """What they changed and what I changed, each as two texts for a diff."""
        return (self.shown, editable(live) if live is not None else ""), (self.shown, self.text)

    def rebase(self, live: Doc) -> None:
        """Go on from the object as it is now, with my change put into it line by line."""
        fresh = editable(live)
        self.text, clashes = merge_text(self.shown, self.text, fresh)
        self.base, self.shown, self.troubles = live, fresh, ()
        note = "Your change was put into the object as it is now."
        if clashes:
            note += f" {plural(clashes, 'place was', 'places were')} changed by both: <<<<<<< and >>>>>>> mark them."
        self.notes = (note,)


def _one_line(text: str) -> str:
    """Printable, on one line, and of a length that can be read."""
    from pointsman.widgets.text import clean

    line = " ".join(clean(text.replace("\n", " ")).split(" "))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
