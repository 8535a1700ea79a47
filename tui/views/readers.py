"""The texts of readers: an object's YAML, its description, and what is related to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.describe import describe
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.related import related
from pointsman.tui.answers.yaml_text import yaml_text
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.opening import pane_of

PARTIAL = "# of this kind only the metadata is read\n"


def object_of(snapshot: Snapshot, ref: Ref) -> Obj[Any] | None:
    kind = KINDS.get(ref.kind)
    return None if kind is None else snapshot.get(kind, ref.namespace, ref.name)


def yaml_of(snapshot: Snapshot, ref: Ref, *, folded: bool) -> str | None:
    """The object as YAML, the fields' managers folded away or not; None if it is not there."""
    obj = object_of(snapshot, ref)
    if obj is None:
        return None
    text = yaml_text(obj, folded=folded)
    return f"{PARTIAL}{text}" if KINDS[ref.kind].metadata_only else text


def description_of(snapshot: Snapshot, ref: Ref) -> str | None:
    obj = object_of(snapshot, ref)
    return None if obj is None else "\n".join(describe(obj, snapshot))


@dataclass(frozen=True, slots=True)
class RelatedChoice:
    ref: Ref
    title: str
    detail: str


def related_choices(snapshot: Snapshot, ref: Ref) -> list[RelatedChoice]:
    """What is related to an object: how, and in which pane it opens."""
    found: list[RelatedChoice] = []
    for item in related(snapshot, ref):
        pane = pane_of(item.ref)
        found.append(RelatedChoice(item.ref, item.ref.title, f"{item.relation}{f'   {pane}' if pane else ''}"))
    return found
