"""The parts that every Kubernetes object has, and the envelope in which the program keeps an object.

A projection is a :class:`msgspec.Struct` that names only the fields the program reads. Every field has a default, so a
missing field is never an error; an unknown one is skipped. What a projection leaves out is still there in
:attr:`Obj.raw`, which is decoded only for the object on screen.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec


class OwnerReference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ManagedField(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Who wrote fields, without the fields themselves."""

    manager: str = ""
    operation: str = ""
    time: str = ""
    subresource: str = ""


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """``metadata``. Times stay RFC 3339 strings; :func:`pointsman.tui.model.times.epoch` reads them."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    generation: int = 0
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    managed_fields: tuple[ManagedField, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, or None."""
        for owner in self.owner_references:
            if owner.controller:
                return owner
        return None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """The least a projection holds. A kind whose body no answer reads uses this as it is."""

    metadata: Meta = msgspec.field(default_factory=Meta)


class Condition(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


def condition(conditions: tuple[Condition, ...], kind: str) -> Condition | None:
    """The condition of that type, or None where the object does not report it (unknown, not false)."""
    for item in conditions:
        if item.type == kind:
            return item
    return None


class LooseStatus(msgspec.Struct, frozen=True, rename="camel"):
    conditions: tuple[Condition, ...] = ()


class Loose(Resource, frozen=True, kw_only=True):
    """A custom resource whose spec is read field by field with :func:`dig`, because its schema varies by version."""

    spec: dict[str, Any] = msgspec.field(default_factory=dict)
    specs: list[dict[str, Any]] = msgspec.field(default_factory=list)
    status: dict[str, Any] = msgspec.field(default_factory=dict)


B = TypeVar("B", bound=Resource, covariant=True)
B_inv = TypeVar("B_inv", bound=Resource)
Key = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""


class Obj(msgspec.Struct, Generic[B_inv], frozen=True):
    """One object as the store keeps it.

    ``kind`` is the id in the table of kinds (``services``); ``raw`` the JSON bytes as the server sent them, or, for
    Secrets, the reduced form; ``problem`` says in a sentence why the body could not be read (the metadata still holds),
    and is empty otherwise.
    """

    kind: str
    body: B_inv
    raw: bytes
    problem: str = ""
    origin: str = ""
    """File and line for objects from manifests; empty for a live cluster."""

    @property
    def meta(self) -> Meta:
        return self.body.metadata

    @property
    def name(self) -> str:
        return self.body.metadata.name

    @property
    def namespace(self) -> str:
        return self.body.metadata.namespace

    @property
    def key(self) -> Key:
        meta = self.body.metadata
        return (meta.namespace, meta.name)

    @property
    def path(self) -> str:
        """``namespace/name``, or the name alone for cluster-scoped objects."""
        meta = self.body.metadata
        return f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name

    def doc(self) -> dict[str, Any]:
        """The whole object as plain data, decoded now. For the one object on screen, not for loops."""
        value = msgspec.json.decode(self.raw)
        return value if isinstance(value, dict) else {}


def dig(value: Any, *path: str | int, default: Any = None) -> Any:
    """Walk nested dicts and lists; ``default`` where anything on the way is missing or of another type."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return default
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return default
            value = value[step]
    return default if value is None else value


def dig_list(value: Any, *path: str | int) -> list[Any]:
    """Like :func:`dig` for a list; an empty list where there is none."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def dig_dict(value: Any, *path: str | int) -> dict[str, Any]:
    """Like :func:`dig` for an object; an empty dict where there is none."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else {}


def dig_str(value: Any, *path: str | int, default: str = "") -> str:
    """Like :func:`dig` for text; numbers are put as text, anything else is ``default``."""
    found = dig(value, *path)
    if isinstance(found, str):
        return found
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return default
