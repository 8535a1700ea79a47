"""Policies to start from: commented YAML files, one each, filled in with what the cluster shows.

The first line of a file, after ``#%``, is what it is called; the comments below it stay in the text. ``${namespace}`` and
the like are filled in by :func:`filled`. A new template is one more file.
"""

from __future__ import annotations

import ipaddress
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pointsman.tui.answers.policies.enforcement import enforcement
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, KINDS, NODES, find_kind
from pointsman.tui.model.meta import dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot, State

FOLDER = Path(__file__).parent
TITLE = "#%"


@dataclass(frozen=True, slots=True)
class Template:
    """``id`` is the file's name without its end, ``kind`` the id of the kind it makes."""

    id: str
    title: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A template on this cluster. ``note`` says whether anybody enforces the kind; ``why_not`` why it cannot be made here
    at all. ``rank``: 0 enforced, 1 cannot be told, 2 nobody enforces it, 3 not served."""

    template: Template
    rank: int
    note: str
    why_not: str = ""


@cache
def templates() -> tuple[Template, ...]:
    """All of them, the plain kinds first."""
    order = ("np", "cnp", "ccnp")
    return tuple(_read(path) for start in order for path in sorted(FOLDER.glob(f"{start}-*.yaml")))


def _read(path: Path) -> Template:
    first, _, text = path.read_text(encoding="utf-8").partition("\n")
    word = next(line.removeprefix("kind:").strip() for line in text.split("\n") if line.startswith("kind:"))
    kind = find_kind(word)
    assert kind is not None
    return Template(path.stem, first.removeprefix(TITLE).strip(), kind.id, text)


def offers(snapshot: Snapshot) -> tuple[Offer, ...]:
    """Every template, those first whose kind somebody enforces here."""
    return tuple(sorted((_offer(snapshot, template) for template in templates()), key=lambda offer: offer.rank))


def _offer(snapshot: Snapshot, template: Template) -> Offer:
    kind = KINDS[template.kind]
    if snapshot.state(kind) is State.ABSENT:
        return Offer(template, 3, "", "not on this cluster")
    found = enforcement(snapshot)
    enforced = found.of(kind.id)
    if enforced:
        return Offer(template, 0, "enforced here")
    if enforced is None:
        return Offer(template, 1, "who enforces it is unknown")
    return Offer(template, 2, "nobody enforces it here")


def filled(template: Template, snapshot: Snapshot, namespace: str) -> str:
    """The text with what the cluster shows in place of the names to fill in."""
    return string.Template(template.text).substitute(
        namespace=namespace or "default", ingress=_ingress_namespace(snapshot), lan=_lan(snapshot)
    )


def _ingress_namespace(snapshot: Snapshot) -> str:
    """Where Traefik runs; k3s' place for it if it is not seen."""
    for kind in (DEPLOYMENTS, DAEMONSETS):
        for obj in sorted(snapshot.all(kind), key=lambda obj: obj.key):
            if obj.meta.labels.get("app.kubernetes.io/name") == "traefik":
                return obj.namespace
    return "kube-system"


def _lan(snapshot: Snapshot) -> str:
    """The network of the first node's address, taken to be as wide as they are at home (/24)."""
    for address in _addresses(snapshot):
        return str(ipaddress.ip_network(f"{address}/24", strict=False))
    return "192.168.1.0/24"


def _addresses(snapshot: Snapshot) -> Iterable[ipaddress.IPv4Address]:
    for obj in sorted(snapshot.all(NODES), key=lambda obj: obj.key):
        for entry in dig_list(obj.doc(), "status", "addresses"):
            if dig_str(entry, "type") == "InternalIP":
                try:
                    address = ipaddress.ip_address(dig_str(entry, "address"))
                except ValueError:
                    continue
                if isinstance(address, ipaddress.IPv4Address):
                    yield address
