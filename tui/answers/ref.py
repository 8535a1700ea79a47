"""How answers point at objects: by kind, namespace and name, never by a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.meta import Key, Obj


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One object. ``kind`` is the id in the table of kinds (``services``); ``namespace`` is empty for cluster scope."""

    kind: str
    namespace: str
    name: str

    @property
    def key(self) -> Key:
        return (self.namespace, self.name)

    @property
    def path(self) -> str:
        """``media/jellyfin``, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def title(self) -> str:
        """``Service media/jellyfin``, as sentences name it."""
        kind = KINDS.get(self.kind)
        return f"{kind.kind if kind else self.kind} {self.path}"

    @property
    def slug(self) -> str:
        """``Service/media/jellyfin``, as the command line takes it."""
        kind = KINDS.get(self.kind)
        return f"{kind.kind if kind else self.kind}/{self.path}"


def ref(obj: Obj[Any]) -> Ref:
    return Ref(obj.kind, obj.namespace, obj.name)
