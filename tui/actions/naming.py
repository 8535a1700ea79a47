"""Which object a person means by ``NS/NAME``, ``KIND/NS/NAME`` or ``KIND/NAME``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import blind
from pointsman.tui.model.kinds import Kind, find_kind
from pointsman.tui.store.snapshot import Snapshot


def find_object(word: str, snapshot: Snapshot, kinds: Sequence[Kind[Any]], what: str, also: Iterable[Ref] = ()) -> Ref:
    """The one object of these kinds. ``what`` is what they are called (``policy``); ``also`` are objects that are not
    in the snapshot but may be named (switched off by deleting them).

    Raises ActionError when there is none, or with the candidates when there are several.
    """
    parts = word.split("/")
    known = [Ref(kind.id, *obj.key) for kind in kinds for obj in snapshot.all(kind)]
    known += [ref for ref in also if ref not in known]
    named = find_kind(parts[0])
    kind_ids = {kind.id for kind in kinds}
    wanted: list[Ref] = []
    if not all(parts) or len(parts) > 3:
        raise ActionError(f"{word!r} is no name of a {what}.", "Say NS/NAME, KIND/NS/NAME or KIND/NAME.")
    if len(parts) == 1:
        candidates = sorted(ref.slug for ref in known if ref.name == word)
        raise ActionError(
            f"Say which {what}: NS/NAME, KIND/NS/NAME, or KIND/NAME for one without a namespace.",
            "" if candidates else f"There is no {what} named {word}.",
            tuple(candidates),
        )
    if len(parts) == 3:
        if named is None or named.id not in kind_ids:
            raise ActionError(
                f"{parts[0]!r} is not a kind of {what}.", f"There are: {', '.join(kind.kind for kind in kinds)}."
            )
        wanted = [ref for ref in known if ref == Ref(named.id, parts[1], parts[2])]
    else:
        wanted = [ref for ref in known if (ref.namespace, ref.name) == (parts[0], parts[1])]
        if named is not None and named.id in kind_ids and not named.namespaced:
            wanted += [ref for ref in known if ref == Ref(named.id, "", parts[1])]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        raise ActionError(
            f"{word} is ambiguous: {len(wanted)} objects have that name.",
            "Say the kind too.",
            tuple(sorted(ref.slug for ref in wanted)),
        )
    unseen = blind(snapshot, *kinds)
    if unseen:
        raise ActionError(
            f"{what.capitalize()} {word} was not found, and it cannot be told whether it is there: {unseen}."
        )
    close = tuple(sorted(ref.slug for ref in known if ref.name == parts[-1]))
    raise ActionError(f"There is no {what} {word}.", "Others have that name." if close else "", close)
