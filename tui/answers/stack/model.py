"""What detection says: roles, components, nodes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pointsman.tui.answers.ref import Ref


class Role(enum.StrEnum):
    """What a component does for the cluster's network. The first six always have a row in a report."""

    CNI = "cni"
    SERVICE_PROXY = "service-proxy"
    LOAD_BALANCER = "load-balancer"
    INGRESS = "ingress"
    GATEWAY = "gateway"
    POLICY_ENGINE = "policy-engine"
    FLOWS = "flows"


ALWAYS = tuple(role for role in Role if role is not Role.FLOWS)


class Health(enum.StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Component:
    """One component in one role.

    ``id`` names the software in lower case (``metallb``), ``name`` as people write it; ``name`` is None in the row of a
    role that nothing fills, and ``detail`` then says what was looked for or why it could not be told. ``ready`` of
    ``wanted`` are pods (nodes for what is built into the distribution). ``standby`` marks what is installed or switched
    on but does nothing now: such a row gives way to one that works.
    """

    role: Role
    id: str = ""
    name: str | None = None
    version: str | None = None
    health: Health = Health.UNKNOWN
    owner: str = "unknown"
    detail: str = ""
    ready: int | None = None
    wanted: int | None = None
    objects: tuple[Ref, ...] = ()
    standby: bool = False
    owner_text: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """``ready`` is None where the node reports no Ready condition; ``since`` is when that last changed."""

    name: str
    ready: bool | None
    roles: tuple[str, ...]
    version: str
    internal_ips: tuple[str, ...]
    since: float | None
    problems: tuple[str, ...]
    os_image: str = ""
    schedulable: bool = True


@dataclass(frozen=True, slots=True)
class StackReport:
    """``stack`` is cilium, classic, mixed, other, none or unknown, and ``why`` says in a sentence what decided it.

    ``leftovers`` are sentences on what is installed but not running. ``counts`` are None where the kind is not known.
    """

    stack: str
    why: str
    distribution: str
    version: str | None
    components: tuple[Component, ...]
    nodes: tuple[Node, ...]
    counts: dict[str, int | None]
    leftovers: tuple[str, ...] = ()

    def of(self, role: Role) -> tuple[Component, ...]:
        """The rows of a role that are filled."""
        return tuple(item for item in self.components if item.role is role and item.name is not None)
