"""How a route is switched off and how one that is off looks. Pure.

A route has no switch of its own. It is parked: the one field that says who serves it names nobody, all else stays as it is,
with its TLS secrets and certificates. Annotations hold what the field was (see
:mod:`pointsman.tui.answers.policies.toggles`).

| kind | field | parked |
|---|---|---|
| Ingress | ``spec.ingressClassName``; the annotation of the class goes, if there is one | ``pointsman-off`` |
| IngressRoute (TCP, UDP) | ``spec.ingressClassName`` if it is there (from Traefik 3.7 on), else the annotation | ``pointsman-off`` |
| routes of the Gateway API | ``spec.parentRefs`` | not there |

A controller that serves every class, whatever its name, would go on serving an Ingress; Traefik and Cilium do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pointsman.tui.answers.policies.toggles import OFF_BY, OFF_UNTIL
from pointsman.tui.model.kinds import (
    GRPCROUTES,
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    KINDS,
    TCPROUTES,
    TLSROUTES,
    UDPROUTES,
    Kind,
)
from pointsman.tui.model.meta import Obj, dig, dig_dict
from pointsman.tui.model.times import epoch

OFF_CLASS: Final = "pointsman-off"
"""An ingress class that nobody serves."""
CLASS_NOTE: Final = "kubernetes.io/ingress.class"
ROUTE_KINDS: tuple[Kind[Any], ...] = (
    INGRESSES, INGRESSROUTES, INGRESSROUTETCPS, INGRESSROUTEUDPS, HTTPROUTES, GRPCROUTES, TLSROUTES, TCPROUTES, UDPROUTES,
)  # fmt: skip
"""The kinds whose objects can be switched off. A service without a route is not among them: without its type it would lose
its address."""
_NAMES = {kind.kind: kind for kind in ROUTE_KINDS}

Path = tuple[str, ...]
CLASS_PATH: Path = ("spec", "ingressClassName")
NOTE_PATH: Path = ("metadata", "annotations", CLASS_NOTE)
PARENTS_PATH: Path = ("spec", "parentRefs")


class _Gone:
    """A field that is not there; JSON's null would be a value."""


GONE: Final = _Gone()


@dataclass(frozen=True, slots=True)
class Knob:
    """A field and what it is while the route is off; :data:`GONE` for one that is taken away."""

    path: Path
    parked: str | _Gone


def is_route(doc: Any) -> bool:
    return dig(doc, "kind") in _NAMES


def knobs(doc: Any) -> Iterator[Knob]:
    """The fields that park an object as it is now, whether it is parked or not."""
    kind = _NAMES.get(dig(doc, "kind"))
    if kind is None or not isinstance(dig(doc, "spec"), dict):
        return
    if kind.id == INGRESSES.id:
        yield Knob(CLASS_PATH, OFF_CLASS)
        if dig(doc, *NOTE_PATH) is not None:
            yield Knob(NOTE_PATH, GONE)
    elif kind.id in (INGRESSROUTES.id, INGRESSROUTETCPS.id, INGRESSROUTEUDPS.id):
        yield Knob(CLASS_PATH if dig(doc, *CLASS_PATH) is not None else NOTE_PATH, OFF_CLASS)
    else:
        yield Knob(PARENTS_PATH, GONE)


def value_at(doc: Any, path: Path) -> Any:
    """What stands there, :data:`GONE` if nothing does."""
    for step in path:
        if not isinstance(doc, dict) or step not in doc:
            return GONE
        doc = doc[step]
    return doc


def is_parked(doc: Any) -> bool:
    """Whether nobody serves the route because of its switch: the fields decide, the annotations are a claim."""
    found = list(knobs(doc))
    if not found or not all(value_at(doc, knob.path) == knob.parked for knob in found):
        return False
    # A Gateway route without parents may also be what somebody made.
    return any(knob.parked is OFF_CLASS for knob in found) or OFF_UNTIL in dig_dict(doc, "metadata", "annotations")


def doc_of(obj: Obj[Any]) -> dict[str, Any]:
    """The object with its kind, which the items of a list do not say."""
    return {**obj.doc(), "kind": KINDS[obj.kind].kind}


@dataclass(frozen=True, slots=True)
class Off:
    """``until`` is when it comes back (seconds since 1970), None for good. ``by`` is who did it."""

    until: float | None
    by: str = ""


def off_of(obj: Obj[Any]) -> Off | None:
    """Whether and until when an object is switched off. Objects without the annotations are not decoded."""
    notes = obj.meta.annotations
    if OFF_UNTIL not in notes or not is_parked(doc_of(obj)):
        return None
    return Off(epoch(notes[OFF_UNTIL]), notes.get(OFF_BY, ""))
