"""How a policy that was switched off looks: what the toggle leaves on the object.

A policy is switched off by parking the subject of each of its rules on a label that no pod has
(:data:`PARKED`), or, for kinds that cannot be parked, by deleting it. The annotations tell any program until when, and
what the selectors were.
"""

from __future__ import annotations

from typing import Any

from pointsman.tui.model.meta import Loose, Obj, dig
from pointsman.tui.model.times import epoch

PARKED = "pointsman.dev/switched-off"
"""The label that no pod has; its value is ``"true"``."""
OFF_UNTIL = "pointsman.dev/off-until"
"""Annotation: RFC 3339 in UTC, or ``permanent``."""
OFF_BY = "pointsman.dev/off-by"
"""Annotation: user and host of the program that switched it off."""
OFF_ORIGINAL = "pointsman.dev/off-original"
"""Annotation: the parked selectors as they were, JSON by path."""


def off_until(obj: Obj[Any]) -> float | None:
    """When a switched-off policy comes back, in seconds since 1970; None if it is switched off for good, or not at all."""
    return epoch(obj.meta.annotations.get(OFF_UNTIL, ""))


def is_off(obj: Obj[Loose]) -> bool:
    """Whether the object is parked now. The annotation alone is a claim: the selectors decide."""
    found = [
        dig(spec, *key, "matchLabels", PARKED)
        for spec in (obj.body.spec, *obj.body.specs)
        if isinstance(spec, dict)
        for key in (("podSelector",), ("endpointSelector",), ("nodeSelector",), ("subject", "namespaces"))
        if dig(spec, *key) is not None
    ]
    return bool(found) and all(item == "true" for item in found)
