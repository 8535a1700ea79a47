"""Middlewares to start from where there is no form: one commented YAML document each, filled in with what the cluster shows.

The line after ``#%`` is what it is called; ``$$`` stands for a dollar sign.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pointsman.tui.actions.making.middlewares import node_networks
from pointsman.tui.model.kinds import MIDDLEWARES, MIDDLEWARETCPS
from pointsman.tui.store.snapshot import Snapshot, State

FILE = Path(__file__).with_name("middlewares.yaml")
TITLE = "#%"


@dataclass(frozen=True, slots=True)
class Template:
    title: str
    """Traefik's word and what it is for: ``addPrefix: put a prefix before the path``."""
    kind: str
    """The id of the kind it makes."""
    text: str

    def filled(self, snapshot: Snapshot, namespace: str) -> str:
        """The text with what the cluster shows in place of the names to fill in."""
        lan = node_networks(snapshot)
        return string.Template(self.text).substitute(
            namespace=namespace or "default", lan=lan[0] if lan else "192.168.1.0/24"
        )

    def why_not(self, snapshot: Snapshot) -> str:
        kind = MIDDLEWARETCPS if self.kind == MIDDLEWARETCPS.id else MIDDLEWARES
        return f"{kind.kind} is not known to this cluster" if snapshot.state(kind) is State.ABSENT else ""


@cache
def templates() -> tuple[Template, ...]:
    """All of them, in the order of the file."""
    found = []
    for part in FILE.read_text(encoding="utf-8").split("---\n"):
        first, _, text = part.partition("\n")
        kind = MIDDLEWARETCPS if "\nkind: MiddlewareTCP\n" in part else MIDDLEWARES
        found.append(Template(first.removeprefix(TITLE).strip(), kind.id, text))
    return tuple(found)
