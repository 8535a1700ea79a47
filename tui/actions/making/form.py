"""What a form for a new object is, and the checks that forms share. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.answers.index import services_by_namespace
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.context import find_port
from pointsman.tui.answers.words import from_files, listed
from pointsman.tui.answers.yaml_text import whole_yaml
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import KINDS, NAMESPACES, SERVICES
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot, State

Values = Mapping[str, str]
Check = Callable[[Snapshot, str, Values], str]
"""A value and all of them → what is wrong with it, empty if nothing is."""
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MOST_SUGGESTED = 400
ACTION = "make"


@dataclass(frozen=True, slots=True)
class Spec:
    """One line of a form."""

    key: str
    label: str
    value: str = ""
    placeholder: str = ""
    check: Check | None = None
    suggestions: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """The objects to make, in order; a Secret comes before what names it."""

    docs: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """``kind`` is the id of the kind that must be served. ``fields`` may look at the namespace and the object that the
    user is at. ``says`` are lines about the values so far; ``make`` is only asked for values that passed their checks."""

    id: str
    title: str
    detail: str
    kind: str
    fields: Callable[[Snapshot, str, Ref | None], tuple[Spec, ...]]
    make: Callable[[Snapshot, Values], Filled]
    says: Callable[[Snapshot, Values], tuple[str, ...]] = lambda _snapshot, _values: ()
    intro: str = ""

    def why_not(self, snapshot: Snapshot) -> str:
        """Why it cannot be used here; empty if it can."""
        if snapshot.state(KINDS[self.kind]) is State.ABSENT:
            return f"{KINDS[self.kind].kind} is not known to this cluster"
        return ""


def wishes(form: Form, snapshot: Snapshot, values: Values) -> tuple[Wish, ...]:
    """One wish for each object, in order."""
    return tuple(_wish(doc, form.says(snapshot, values)) for doc in form.make(snapshot, values).docs)


def _wish(doc: Doc, says: tuple[str, ...]) -> Wish:
    kind = next(item for item in KINDS.values() if item.kind == doc["kind"])
    ref = Ref(kind.id, doc["metadata"].get("namespace", ""), doc["metadata"]["name"])

    def make(live: Doc | None) -> Doc:
        if live is not None:
            raise ActionError(f"{ref.title} is there already.", "Choose another name, or edit it.")
        return doc

    secret = kind.secret
    return Wish(
        ACTION,
        f"create {ref.title}",
        ref,
        make,
        source="" if secret else whole_yaml(doc),
        effect=says if not secret else (),
        risks=(Risk("its contents are kept nowhere but in the cluster", grave=False),) if secret else (),
    )


# -- checks ---------------------------------------------------------------------------------------------------------------
def check_name(kind: str, namespace: Callable[[Values], str]) -> Check:
    """A name that is one, and is free."""

    def check(snapshot: Snapshot, value: str, values: Values) -> str:
        if not NAME.fullmatch(value):
            return "small letters, digits and -, at most 63, beginning and ending with a letter or digit"
        if snapshot.get(KINDS[kind], namespace(values), value) is not None:
            return f"there is a {KINDS[kind].kind} of this name in {namespace(values)} already"
        return ""

    return check


def check_namespace(snapshot: Snapshot, value: str, _: Values) -> str:
    if not NAME.fullmatch(value):
        return "a namespace is small letters, digits and -"
    if _complete(snapshot, NAMESPACES.id) and snapshot.get(NAMESPACES, "", value) is None:
        return f"there is no namespace {value}"
    return ""


def check_host(_snapshot: Snapshot, value: str, _values: Values) -> str:
    if not HOST.fullmatch(value.lower()) or len(value) > 253:
        return "a host name such as films.home.example"
    return ""


def check_path(_snapshot: Snapshot, value: str, _values: Values) -> str:
    if not value:
        return ""
    if not value.startswith("/"):
        return "a path begins with /"
    if any(sign in value for sign in '`"\\?# ') or not value.isprintable():
        return "a path without blanks, quotes, ? and #"
    return ""


def check_service(protocol: str) -> Check:
    """``ns/name:port`` of a service that is there, of this protocol."""

    def check(snapshot: Snapshot, value: str, _: Values) -> str:
        namespace, name, port = split_service(value)
        if not (namespace and name and port):
            return "NAMESPACE/NAME:PORT"
        service = snapshot.get(SERVICES, namespace, name)
        if service is None:
            return f"there is no Service {namespace}/{name}" if _complete(snapshot, SERVICES.id) else ""
        found = find_port(service, port)
        if found is None:
            return f"it has no port {port}; it has {listed([str(item.port) for item in service.body.spec.ports]) or 'none'}"
        if (found.protocol or "TCP").lower() != protocol:
            return f"port {port} is {found.protocol}, not {protocol.upper()}"
        return ""

    return check


def one_of(choices: tuple[str, ...], what: str) -> Check:
    def check(_snapshot: Snapshot, value: str, _values: Values) -> str:
        return "" if value in choices else f"{what}: {listed(choices, 8, word='or')}"

    return check


def _complete(snapshot: Snapshot, kind: str) -> bool:
    """Whether what is not in the snapshot is not there."""
    return snapshot.known(KINDS[kind]) and not from_files(snapshot)


# -- what is there --------------------------------------------------------------------------------------------------------
def split_service(text: str) -> tuple[str, str, str]:
    """``media/jellyfin:8096`` → its three parts."""
    path, _, port = text.partition(":")
    namespace, _, name = path.partition("/")
    return namespace, name, port


def service_ports(snapshot: Snapshot, protocol: str, namespace: str = "", at: Ref | None = None) -> tuple[str, ...]:
    """Every service with every port of the protocol; the one that the user is at first, then those of the namespace."""

    def order(service: Obj[Service]) -> tuple[bool, bool, tuple[str, str]]:
        here = at is not None and at.kind == SERVICES.id and at.key == service.key
        return (not here, service.namespace != namespace, service.key)

    every = [service for items in services_by_namespace(snapshot).values() for service in items]
    found = [
        f"{service.path}:{port.port}"
        for service in sorted(every, key=order)
        for port in service.body.spec.ports
        if (port.protocol or "TCP").lower() == protocol
    ]
    return tuple(found[:MOST_SUGGESTED])


def target_of(values: Values, key: str = "service") -> tuple[str, str, int | str]:
    """Namespace, name and port as an object names it: a number where it is one."""
    namespace, name, port = split_service(values[key])
    return namespace, name, int(port) if port.isdigit() else port


def doc(version: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> Doc:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
