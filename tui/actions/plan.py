"""What is about to be written, with all a person must know to say yes. Planning writes nothing but a dry run.

:func:`prepare` asks the server: the live object (the diff is made from it, never from a copy that may be old), whether
the user may, and what a dry run says. Everything else is read from the snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pointsman.tui.actions.access import Access, may, rbac_verb
from pointsman.tui.actions.change import Change, Doc, api_version, essence
from pointsman.tui.actions.deadman import Place
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.write import read_object, send
from pointsman.tui.answers.owners import UNKNOWN, Owner, owner_of
from pointsman.tui.answers.ref import Ref
from pointsman.tui.disk.journal import new_id
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.sources.errors import ConflictError, ConnectError, KubeError, StatusError
from pointsman.tui.store.snapshot import Cluster, Snapshot

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient


MOST_LOOKS = 3
"""How often an object is looked at anew because it changed while its change was rehearsed."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A sentence without its full stop. ``grave`` risks need the object's name typed."""

    text: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done to one object.

    ``make`` gives the wanted object for the live one (None: not there, or to be deleted) and raises ActionError if that
    makes no sense; it is pure. ``op`` is the operation's id. ``until`` is when it is to be reverted, seconds since 1970.
    ``undoes`` is the id of the operation that this takes back.
    """

    action: str
    title: str
    ref: Ref
    make: Callable[[Doc | None], Doc | None]
    op: str = field(default_factory=new_id)
    until: float | None = None
    undoes: str = ""
    risks: tuple[Risk, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences that are good to know: what cannot be put back, where a timer lives."""
    effect: tuple[str, ...] = ()
    """Lines on what it opens and closes on the ends that are there."""
    seconds: float | None = None
    """How long it lasts; None where ``until`` is None."""
    again: Callable[[float], Wish] | None = None
    """The same wish made at another time: a timer starts when the answer is given, not when the question was asked."""
    source: str = ""
    """The user's own YAML of the wanted object, sent as it was typed."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """The server's answer to the rehearsal. ``accepted`` is None where it could not be asked. ``text`` is a sentence;
    ``warnings`` are the server's own; ``message`` is its refusal word for word, for the lines it names."""

    accepted: bool | None
    text: str
    warnings: tuple[str, ...] = ()
    result: Doc | None = None
    message: str = ""
    moved: bool = False
    """Whether the object was changed between the look at it and the rehearsal."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the dialog shows, and all that :func:`pointsman.tui.actions.pipeline.execute` needs.

    ``refusal`` says why this cannot be done; empty if it can be asked. ``diff`` are both sides as YAML.
    """

    wish: Wish
    change: Change
    cluster: Cluster
    risks: tuple[Risk, ...]
    owner: Owner
    access: Access
    dry_run: DryRun
    refusal: str = ""
    deadman: Place | None = None
    """Where a dead-man is made first, for a toggle that is to have one in the cluster."""

    @property
    def op(self) -> str:
        return self.wish.op

    @property
    def title(self) -> str:
        return self.wish.title

    @property
    def grave(self) -> bool:
        """Whether the object's name must be typed."""
        return any(risk.grave for risk in self.risks)

    @property
    def nothing(self) -> bool:
        """Whether the object is as it is wanted already."""
        return self.change.empty

    @property
    def place(self) -> str:
        """``context home at 192.168.7.2:6443``."""
        context = f"context {self.cluster.context} at " if self.cluster.context else ""
        return f"{context}{self.cluster.server}"

    @property
    def reverts(self) -> str:
        """Who will take the change back by themselves; empty if nobody is known to."""
        if self.owner.reverts:
            return f"It belongs to {self.owner.text}, which will put it back as it was."
        if self.owner.kind in ("helm", "addon", "builtin", "operator", "gitops"):
            return f"It belongs to {self.owner.text}: the next upgrade or sync may put it back as it was."
        return ""

    @property
    def texts(self) -> tuple[str, str]:
        return self.change.texts()


async def prepare(client: KubeClient, snapshot: Snapshot, wish: Wish, *, version: str = "") -> Plan:
    """Plan a write. Raises ActionError if it makes no sense, KubeError if the cluster cannot be asked.

    Read-only programs never get here with a dry run: then the plan is refused, and only shown.
    """
    kind = KINDS[wish.ref.kind]
    known = snapshot.get(kind, wish.ref.namespace, wish.ref.name)
    if not version and known is not None:
        version = api_version(known.doc())
    look = Change(wish.ref, None, None, version)
    for _ in range(MOST_LOOKS):
        live = await read_object(client, look)
        after = wish.make(live)
        change = Change(wish.ref, live, after, version or api_version(live or after or {}), wish.source)
        access, rehearsal = await asyncio.gather(
            may(client, rbac_verb(change), kind, wish.ref.namespace, wish.ref.name), _rehearse(client, change)
        )
        if not rehearsal.moved:
            break  # else a controller wrote its status between the look and the rehearsal, say
    owner = owner_of(from_doc(live, kind), snapshot) if live is not None else UNKNOWN
    if change.source and change.verb == "update" and essence(rehearsal.result) == essence(change.before):
        # The server makes of the text what is there already: fields at their defaults, say.
        change = replace(change, after=change.before)
    refusal = ""
    if client.read_only:
        refusal = "This is read-only: nothing is written, not even a dry run."
    elif change.empty:
        refusal = ""
    elif access.missing:
        refusal = f"Not allowed: this {access.missing}."
    elif rehearsal.accepted is False:
        refusal = f"The server refuses it: {rehearsal.text}"
    return Plan(wish, change, snapshot.cluster, wish.risks, owner, access, rehearsal, refusal)


def started(plan: Plan, now: float) -> Plan:
    """The plan with its timer starting ``now``; nothing else of what was asked and agreed to changes. Pure."""
    if plan.wish.again is None or plan.change.before is None:
        return plan
    fresh = plan.wish.again(now)
    wish = replace(plan.wish, until=fresh.until, make=fresh.make)
    change = replace(plan.change, after=wish.make(plan.change.before))
    return replace(plan, wish=wish, change=change)


async def _rehearse(client: KubeClient, change: Change) -> DryRun:
    if client.read_only:
        return DryRun(None, "not asked: read-only")
    if change.empty:
        return DryRun(None, "nothing to ask: it is so already")
    warnings: list[str] = []
    try:
        result = await send(client, change, dry_run=True, warnings=warnings)
    except StatusError as error:
        if "dry run" in error.message and "support" in error.message:
            # An admission webhook with side effects: the server refuses the rehearsal, not the change.
            return DryRun(None, f"it cannot be rehearsed: {error.sentence}", tuple(warnings))
        moved = isinstance(error, ConflictError) and change.verb == "update"
        return DryRun(False, error.sentence, tuple(warnings), message=error.message, moved=moved)
    except ConnectError as error:
        raise ActionError(error.sentence, error.hint) from error
    except KubeError as error:
        return DryRun(False, error.sentence, tuple(warnings))
    text = "the server accepts it"
    if change.after is not None and essence(result) != essence(change.after):
        text += ", and adds to it or changes it"
    return DryRun(True, text, tuple(warnings), result)


def graver(risks: Iterable[Risk]) -> tuple[Risk, ...]:
    """Grave ones first, each once."""
    found = dict.fromkeys(risks)
    return tuple(sorted(found, key=lambda risk: not risk.grave))
