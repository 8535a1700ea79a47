"""What the IP map holds. Times are seconds since 1970; None is "not known"."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.meta import Key


class IpKind(enum.StrEnum):
    """By what means an address is given and announced."""

    METALLB_L2 = "metallb-l2"
    METALLB_BGP = "metallb-bgp"
    CILIUM_L2 = "cilium-l2"
    CILIUM_BGP = "cilium-bgp"
    SERVICELB = "servicelb"
    KUBE_VIP = "kube-vip"
    NODE_IPAM = "node-ipam"
    EXTERNAL_IP = "external-ip"
    UNKNOWN = "unknown"


ONE_ANNOUNCER = frozenset({IpKind.METALLB_L2, IpKind.CILIUM_L2, IpKind.KUBE_VIP})
"""The kinds where exactly one node answers for an address, so that a second one is a conflict and a change is a move."""


class Evidence(enum.StrEnum):
    """What says who announces; ``predicted`` is a calculation, all others are observations."""

    LEASE = "lease"
    STATUS = "status"
    EVENT = "event"
    METRIC = "metric"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class Announcer:
    """``source`` names the object the evidence is in (``Lease kube-system/…``), for people."""

    node: str
    since: float | None
    evidence: Evidence
    source: str = ""
    kind: IpKind = IpKind.UNKNOWN


GHOST = "probably nobody answers: "
"""How the text of a ghost begins: an object still names an announcer that cannot be doing it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``id`` is that of the finding it leads to; ``severity`` is error (broken now), warn (will break, or may be) or
    info."""

    id: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Lan:
    """Whether the local network agrees about who holds the address: agrees, ghost (nobody answers), conflict (two, or
    another one than is said), unknown-mac, unreachable (no node answers either), not-checked. ``node`` is whose MAC it is."""

    state: str = "not-checked"
    checked: bool = False
    mac: str | None = None
    node: str | None = None
    why: str = "the local network was not asked"
    at: float | None = None


NOT_CHECKED = Lan()


@dataclass(frozen=True, slots=True)
class Address:
    """One address of one service. ``ip`` is None for a LoadBalancer service that has none yet; ``pending`` then says why.

    ``moves_last_hour`` is None where the last hour is not known in full and no evidence tells.
    """

    ip: str | None
    kind: IpKind
    service: Ref
    pool: str | None = None
    announcers: tuple[Announcer, ...] = ()
    moves_last_hour: int | None = None
    ports: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    lan: Lan = NOT_CHECKED
    problems: tuple[Problem, ...] = ()
    pending: str = ""
    shared_with: tuple[Ref, ...] = ()
    backends_ready: int = 0
    backends_total: int = 0
    hostname: str = ""
    local: bool = False
    """externalTrafficPolicy Local: only nodes with a ready endpoint serve it."""
    wanted: tuple[str, ...] = ()
    """The addresses that the service asks for by annotation or ``loadBalancerIP``."""

    @property
    def key(self) -> tuple[str, Key]:
        """What a table keeps a selection by: the address (or nothing) and the service."""
        return (self.ip or "", self.service.key)


@dataclass(frozen=True, slots=True)
class Pool:
    """``total``, ``used`` and ``available`` count addresses and may be astronomically large for IPv6."""

    name: str
    kind: str
    """``metallb`` or ``cilium``."""
    ref: Ref
    ranges: tuple[str, ...]
    total: int | None
    used: int | None
    available: int | None
    problems: tuple[Problem, ...] = ()
    auto: bool = True
    """Services get an address from it without asking for it by name."""
    announced_by: tuple[str, ...] = ()
    """``L2Advertisement lan`` and the like; empty if nothing announces it, or for Cilium, whose policies select services."""


@dataclass(frozen=True, slots=True)
class Session:
    """One BGP session of one node. ``advertised`` and ``received`` count routes."""

    node: str | None
    peer: str
    state: str | None
    since: float | None = None
    advertised: int | None = None
    received: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class IpMap:
    """Addresses sorted by number, pending services last; pools and sessions by name.

    ``unknown`` says in a sentence what could not be read and so may be missing, ``unknown_short`` in a few words; empty if
    nothing.
    """

    items: tuple[Address, ...] = ()
    pools: tuple[Pool, ...] = ()
    bgp: tuple[Session, ...] = ()
    unknown: str = ""
    unknown_short: str = ""
    by_ip: dict[str, tuple[Address, ...]] = field(default_factory=dict, compare=False)
