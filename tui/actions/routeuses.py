"""Which middlewares a route goes through, in which order: read from the object, and put back into it. Pure.

An IngressRoute (HTTP, TCP) has them at each rule, an Ingress in one annotation for all of its rules, an HTTPRoute as filters
of a rule. What else stands there (filters of other kinds, names of other providers) stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.guards import is_guard
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import (
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    MIDDLEWARES,
    MIDDLEWARETCPS,
)
from pointsman.tui.model.meta import dig, dig_dict, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

ANNOTATION = "traefik.ingress.kubernetes.io/router.middlewares"
KINDS_WITH_USES = frozenset((INGRESSROUTES.id, INGRESSROUTETCPS.id, INGRESSES.id, HTTPROUTES.id))
ACTION = "route-middlewares"


@dataclass(frozen=True, slots=True)
class Named:
    """A middleware as a route names it. ``ref`` is the object that is meant, None for another provider's (``x@file``)."""

    text: str
    ref: Ref | None

    @property
    def title(self) -> str:
        return self.ref.path if self.ref is not None else self.text


def named(ref: Ref) -> Named:
    """An object as something that can be added."""
    return Named(ref.path, ref)


def read_uses(kind: str, doc: Doc, rule: int, namespace: str) -> tuple[Named, ...]:
    """What a rule of an object names now, in order. Raises ActionError where the rule is not there any more."""
    if kind == INGRESSES.id:
        words = dig_str(doc, "metadata", "annotations", ANNOTATION).split(",")
        return tuple(_by_reference(word.strip()) for word in words if word.strip())
    found = (_entry(kind, item, namespace) for item in _items(kind, doc, rule))
    return tuple(use for use in found if use is not None)


def _items(kind: str, doc: Doc, rule: int) -> list[Any]:
    if kind == HTTPROUTES.id:
        return dig_list(_rule(doc, "rules", rule), "filters")
    return dig_list(_rule(doc, "routes", rule), "middlewares")


def _rule(doc: Doc, key: str, rule: int) -> Any:
    found = dig(doc, "spec", key, rule)
    if not isinstance(found, dict):
        raise ActionError(f"It has no rule {rule + 1} any more.")
    return found


def _entry(kind: str, item: Any, namespace: str) -> Named | None:
    if kind == HTTPROUTES.id:
        if dig_str(item, "type") != "ExtensionRef" or dig_str(item, "extensionRef", "kind") != "Middleware":
            return None
        name = dig_str(item, "extensionRef", "name")
        return Named(f"{namespace}/{name}", Ref(MIDDLEWARES.id, namespace, name)) if name else None
    name = dig_str(item, "name")
    if not name:
        return None
    if "@" in name:
        return Named(name, None)
    where = dig_str(item, "namespace") or namespace
    which = MIDDLEWARETCPS if kind == INGRESSROUTETCPS.id else MIDDLEWARES
    return Named(f"{where}/{name}", Ref(which.id, where, name))


def _by_reference(word: str) -> Named:
    """``<namespace>-<name>@kubernetescrd`` cannot be taken apart without the objects: it stays a name here."""
    return Named(word, None)


def resolved(uses: Sequence[Named], snapshot: Snapshot) -> tuple[Named, ...]:
    """Names of an Ingress's annotation with the objects that are meant, where they are there."""
    by_reference = {f"{obj.namespace}-{obj.name}@kubernetescrd": obj for obj in snapshot.all(MIDDLEWARES)}
    found = []
    for use in uses:
        obj = by_reference.get(use.text) if use.ref is None else None
        found.append(Named(use.text, Ref(MIDDLEWARES.id, *obj.key)) if obj is not None else use)
    return tuple(found)


def with_uses(kind: str, doc: Doc, rule: int, wanted: Sequence[Named], namespace: str) -> Doc:
    """The object with exactly these, in this order. Entries that stay keep all that stands in them."""
    found = copy.deepcopy(doc)
    if kind == INGRESSES.id:
        _annotate(found, wanted)
        return found
    if kind == HTTPROUTES.id:
        _filter(found, rule, wanted, namespace)
        return found
    place = _rule(found, "routes", rule)
    known: dict[str, list[Any]] = {}
    strange = []
    for item in dig_list(place, "middlewares"):
        use = _entry(kind, item, namespace)
        if use is None:
            strange.append(item)
        else:
            known.setdefault(use.title, []).append(item)
    entries = [known[use.title].pop(0) if known.get(use.title) else _new_entry(use, namespace) for use in wanted]
    if entries or strange:
        place["middlewares"] = [*entries, *strange]
    else:
        place.pop("middlewares", None)
    return found


def _new_entry(use: Named, namespace: str) -> dict[str, str]:
    if use.ref is None:
        return {"name": use.text}
    entry = {"name": use.ref.name}
    if use.ref.namespace != namespace:
        entry["namespace"] = use.ref.namespace
    return entry


def _annotate(doc: Doc, wanted: Sequence[Named]) -> None:
    words = []
    for use in wanted:
        if "@" in use.text:
            words.append(use.text)
        elif use.ref is not None:
            words.append(f"{use.ref.namespace}-{use.ref.name}@kubernetescrd")
    notes = dict(dig_dict(doc, "metadata", "annotations"))
    notes.pop(ANNOTATION, None)
    if words:
        notes[ANNOTATION] = ",".join(words)
    if notes:
        doc["metadata"]["annotations"] = notes
    else:
        doc["metadata"].pop("annotations", None)


def _filter(doc: Doc, rule: int, wanted: Sequence[Named], namespace: str) -> None:
    """Filters of other kinds keep their places; those of middlewares are put into theirs in order, more at the end."""
    place = _rule(doc, "rules", rule)
    left = list(wanted)
    for use in left:
        if use.ref is None or use.ref.namespace != namespace:
            raise ActionError(f"{use.title}: an HTTPRoute may only name middlewares of its own namespace.")
    found: list[Any] = []
    for item in dig_list(place, "filters"):
        if _entry(HTTPROUTES.id, item, namespace) is None:
            found.append(item)
        elif left:
            found.append(_extension(left.pop(0)))
    found += [_extension(use) for use in left]
    if found:
        place["filters"] = found
    else:
        place.pop("filters", None)


def _extension(use: Named) -> dict[str, Any]:
    assert use.ref is not None
    return {"type": "ExtensionRef", "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": use.ref.name}}


def uses_wish(snapshot: Snapshot, target: Ref, rule: int, before: Sequence[Named], wanted: Sequence[Named]) -> Wish:
    """Have a rule go through these. ``before`` is what was shown when they were chosen: another's change is refused.

    Taking out what keeps somebody out is grave.
    """
    if target.kind not in KINDS_WITH_USES:
        raise ActionError(f"{target.title} takes no middlewares.")

    def make(live: Doc | None) -> Doc:
        if live is None:
            raise ActionError(f"{target.title} is not there any more.")
        now = resolved(read_uses(target.kind, live, rule, target.namespace), snapshot)
        if [use.title for use in now] != [use.title for use in before]:
            raise ActionError(f"The middlewares of {target.title} were changed by somebody else meanwhile.")
        return with_uses(target.kind, live, rule, wanted, target.namespace)

    kept = {use.title for use in wanted}
    gone = [use for use in before if use.title not in kept]
    risks = [
        Risk(f"{use.title} keeps somebody out, and is taken away")
        for use in gone
        if use.ref is not None and is_guard(snapshot, use.ref)
    ]
    risks += [
        Risk(f"{use.title} cannot be seen from here: what it did is not known", grave=False)
        for use in gone
        if use.ref is None
    ]
    order = listed([use.title for use in wanted], 12) or "none"
    scope = "all rules" if target.kind == INGRESSES.id else f"rule {rule + 1}"
    return Wish(
        ACTION,
        f"middlewares of {target.title}, {scope}: {order}",
        target,
        make,
        risks=tuple(risks),
        effect=(f"requests go through: {order}",),
    )
