"""The one form into which every kind of policy is read."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from pointsman.tui.answers.policies.facts import Selector
from pointsman.tui.answers.policies.ports import ALL_PORTS, Ports
from pointsman.tui.answers.policies.spans import NOTHING, Spans
from pointsman.tui.answers.ref import Ref


class Action(enum.StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"


class Tier(enum.IntEnum):
    """Order of evaluation. A tier that decides is final; what no tier decides is allowed."""

    ADMIN = 0
    NORMAL = 1
    BASELINE = 2


INGRESS = "ingress"
EGRESS = "egress"
DIRECTIONS = (INGRESS, EGRESS)


@dataclass(frozen=True, slots=True)
class Peers:
    """Who a rule is about, besides the pods its policy selects. Any part that matches is enough.

    ``everyone`` is any end at all. ``addresses`` are CIDRs (spans of :mod:`~pointsman.tui.answers.policies.addresses`);
    whether they also mean pods and nodes is the engine's affair, unless ``inside`` says that they do. ``names`` are FQDNs,
    ``*`` as a wildcard. ``maybe`` says why it may match more than can be told from here.
    """

    everyone: bool = False
    selectors: tuple[Selector, ...] = ()
    addresses: Spans = NOTHING
    names: tuple[str, ...] = ()
    maybe: str = ""
    inside: bool = False
    text: str = field(default="", compare=False)

    @property
    def nobody(self) -> bool:
        return not (self.everyone or self.selectors or self.addresses or self.names or self.maybe)


EVERYONE = Peers(everyone=True, text="anyone")
NOBODY = Peers(text="nobody")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """``path`` is where it stands in the object (``spec.ingress[0]``).

    ``l7`` says what a proxy still decides (``HTTP GET /api``). ``unsure`` is why the rule could not be read (it may
    then allow or deny anything in its direction). ``auth`` is Cilium's authentication mode where it is asked for.
    """

    policy: Ref
    direction: str
    path: str
    action: Action
    peers: Peers
    ports: Ports = ALL_PORTS
    l7: str = ""
    auth: str = ""
    unsure: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One subject with its rules: a NetworkPolicy, an AdminNetworkPolicy, or one spec of a Cilium policy.

    ``subject`` selects pods, or nodes where ``on_nodes``. ``isolates`` are the directions in which what is not allowed
    is denied. ``unsure`` is why the subject could not be read; then the section may select anything in ``namespace``.
    """

    policy: Ref
    path: str
    subject: Selector
    isolates: frozenset[str]
    rules: tuple[Rule, ...]
    on_nodes: bool = False
    unsure: str = ""
    namespace: str = ""

    def of(self, direction: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.direction == direction)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One object, read. ``problems`` are sentences about what the API server or the agent would refuse or ignore."""

    ref: Ref
    tier: Tier
    sections: tuple[Section, ...]
    priority: int = 0
    problems: tuple[str, ...] = ()
    ignored: str = ""
    """Why no engine acts on it at all (``Valid=False: …``); empty if that is not known."""
    notes: tuple[str, ...] = ()

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions it says anything about."""
        found = {d for s in self.sections for d in s.isolates} | {r.direction for s in self.sections for r in s.rules}
        return tuple(item for item in DIRECTIONS if item in found)
