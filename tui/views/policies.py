"""The Policies pane: rows and columns of the list of policies, and of the list of pods with what holds for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.enforcement import Enforcement
from pointsman.tui.answers.policies.index import READ, PolicyIndex, compile_index
from pointsman.tui.answers.policies.rules import DIRECTIONS, EGRESS, INGRESS
from pointsman.tui.answers.policies.state import (
    Effective,
    PolicyRow,
    State,
    count_words,
    effective,
    policy_rows,
    selected_by,
)
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import (
    ADMINNETWORKPOLICIES,
    BASELINEADMINNETWORKPOLICIES,
    CILIUMCLUSTERWIDENETWORKPOLICIES,
    CILIUMNETWORKPOLICIES,
    CLUSTERNETWORKPOLICIES,
    CRONJOBS,
    DEPLOYMENTS,
    JOBS,
    NETWORKPOLICIES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
)
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.countdown import time_left
from pointsman.tui.views.policy_text import in_view
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column

KIND_WORDS = {
    NETWORKPOLICIES.id: "NetworkPolicy",
    CILIUMNETWORKPOLICIES.id: "Cilium",
    CILIUMCLUSTERWIDENETWORKPOLICIES.id: "Cilium cluster",
    ADMINNETWORKPOLICIES.id: "Admin",
    BASELINEADMINNETWORKPOLICIES.id: "Baseline admin",
    CLUSTERNETWORKPOLICIES.id: "Cluster",
}
STATE_WORDS = {
    State.ACTIVE: "active",
    State.AUDIT: "audit only",
    State.OFF: "off",
    State.OFF_UNTIL: "off",
    State.INVALID: "invalid",
    State.SELECTS_NOTHING: "selects nothing",
    State.NOT_ENFORCED: "nobody enforces",
    State.UNKNOWN: "unknown",
}
STATE_ORDER = (
    State.INVALID, State.NOT_ENFORCED, State.OFF_UNTIL, State.OFF, State.SELECTS_NOTHING, State.AUDIT, State.UNKNOWN,
    State.ACTIVE,
)  # fmt: skip
"""The worst first."""
FINE = (State.ACTIVE, State.OFF_UNTIL, State.OFF)
"""States that are as somebody wants them."""


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """All that the pane shows of a snapshot. Takes tenths of a second to make of a thousand pods, so not in the app's
    own thread; ``versions`` tell whether it still holds."""

    versions: object
    standing: object
    """What verdicts hang on beside which pods there are."""
    index: PolicyIndex
    policies: tuple[PolicyRow, ...]
    pods: tuple[PodRow, ...]


def versions(snapshot: Snapshot) -> object:
    """What a board hangs on, besides the owners' own objects."""
    return (snapshot.versions(*READ), snapshot.cluster, tuple(snapshot.known(kind) for kind in READ))


_MOVING = (PODS, REPLICASETS, DEPLOYMENTS, STATEFULSETS, JOBS, CRONJOBS)
"""Kinds whose objects change all the time in ways that change no verdict."""
_STANDING = tuple(kind for kind in READ if kind not in _MOVING)


def standing_versions(snapshot: Snapshot) -> object:
    """What a matrix hangs on, beside the shape of its crowd."""
    return (snapshot.versions(*_STANDING), snapshot.cluster.uid, tuple(map(snapshot.known, READ)))


def make_board(snapshot: Snapshot, going_on: Callable[[], bool] = lambda: True) -> Board | None:
    """None if it was no longer wanted."""
    index = compile_index(snapshot)
    if not going_on():
        return None
    policies = policy_rows(snapshot, index)
    if not going_on():
        return None
    return Board(versions(snapshot), standing_versions(snapshot), index, policies, tuple(pod_rows(index)))


# -- policies -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ListedPolicy:
    """One policy with what is left of the time it is switched off for, in words."""

    policy: PolicyRow
    left: str = ""

    @property
    def key(self) -> Ref:
        return self.policy.ref


def listed_policies(rows: Iterable[PolicyRow], now: float, namespace: str = "") -> tuple[ListedPolicy, ...]:
    """The rows of a namespace or of all; cluster-wide policies belong to each."""
    return tuple(ListedPolicy(row, time_left(row.until, now)) for row in rows if in_view(row, namespace))


def state_sign(state: State) -> tuple[str, str]:
    """Sign and style of a state."""
    signs = glyphs.current
    return {
        State.ACTIVE: (signs.ok, "ok"),
        State.AUDIT: (signs.warn, "warn"),
        State.OFF: (signs.paused, "warn"),
        State.OFF_UNTIL: (signs.paused, "warn"),
        State.INVALID: (signs.error, "error"),
        State.SELECTS_NOTHING: (signs.warn, "warn"),
        State.NOT_ENFORCED: (signs.error, "error"),
        State.UNKNOWN: (signs.unknown, "unknown"),
    }[state]


def lint_sign(row: PolicyRow) -> tuple[str, str]:
    """The worst that is doubtful about it beside its state, or nothing."""
    found = {lint.severity for lint in row.lints if lint.id not in ("invalid", "selects-nothing")}
    if "error" in found:
        return glyphs.current.error, "error"
    return (glyphs.current.warn, "warn") if "warn" in found else ("", "")


def is_problem(row: ListedPolicy) -> bool:
    return row.policy.state not in FINE or bool(lint_sign(row.policy)[0]) or row.left == "overdue"


def _state(row: ListedPolicy) -> CellLike:
    state = row.policy.state
    sign, style = state_sign(state)
    word = STATE_WORDS[state]
    if row.left:
        word = f"{word} {row.left}"
        style = "error" if row.left == "overdue" else style
    parts: list[tuple[str, str]] = [(f"{sign} ", style), (word, "" if state is State.ACTIVE else style)]
    mark, tone = lint_sign(row.policy)
    if mark:
        parts.append((f" {mark}", tone))
    return tuple(parts)


def _policy(row: ListedPolicy) -> CellLike:
    ref = row.policy.ref
    if not ref.namespace:
        return Cell(ref.name, "bold")
    return Cell.join((f"{ref.namespace}/", "muted"), (ref.name, "bold"))


def _selects(row: ListedPolicy) -> CellLike:
    style = "warn" if row.policy.state is State.SELECTS_NOTHING else "muted"
    return Cell.join(
        listed(list(row.policy.selects), most=3) or glyphs.current.dash, (f"  {count_words(row.policy)}", style)
    )


WAYS = {INGRESS: "in", EGRESS: "out"}


def _ways(row: ListedPolicy) -> CellLike:
    return " ".join(WAYS[way] for way in row.policy.directions) or Cell(glyphs.current.dash, "dim")


def _enforced(row: ListedPolicy) -> CellLike:
    policy = row.policy
    if policy.state is State.NOT_ENFORCED:
        return Cell("nobody", "error bold")
    return policy.enforced_by or Cell("unknown", "unknown")


def owner_words(row: PolicyRow) -> str:
    owner = row.owner
    return owner.name or owner.kind


def policy_search(row: ListedPolicy) -> str:
    """What the filter looks in: the words of every column, also of those that are hidden."""
    policy = row.policy
    return "\n".join(
        (
            policy.ref.path, KIND_WORDS[policy.ref.kind], policy.ref.title, STATE_WORDS[policy.state],
            policy.state.value, " ".join(policy.selects), " ".join(WAYS[way] for way in policy.directions),
            " ".join(policy.directions), owner_words(policy), policy.enforced_by or "nobody", policy.summary, policy.why,
            " ".join(lint.text for lint in policy.lints),
        )
    )  # fmt: skip


POLICY_COLUMNS: tuple[Column[ListedPolicy], ...] = (
    Column("policy", "policy", _policy, lambda row: row.policy.ref.path, max_width=36),
    Column("kind", "kind", lambda row: KIND_WORDS[row.policy.ref.kind], lambda row: KIND_WORDS[row.policy.ref.kind],
           priority=3, min_terminal_width=100),
    Column("state", "state", _state, lambda row: (STATE_ORDER.index(row.policy.state), row.policy.until or 0.0),
           max_width=24, flash=False),
    Column("selects", "selects", _selects, lambda row: row.policy.pods, priority=5, max_width=30,
           min_terminal_width=140),
    Column("ways", "way", _ways, lambda row: row.policy.directions, priority=4, width=6, min_terminal_width=100),
    Column("owner", "owner", lambda row: Cell(owner_words(row.policy), "dim"), lambda row: owner_words(row.policy),
           priority=7, min_terminal_width=140, max_width=18),
    Column("enforced", "enforced by", _enforced, lambda row: row.policy.enforced_by, priority=8,
           min_terminal_width=160, max_width=26, shorten="end"),
    Column("summary", "in words", lambda row: row.policy.summary, flex=4, priority=1, shorten="end", min_width=16),
)  # fmt: skip


def enforcers(found: Enforcement) -> tuple[str, str]:
    """Who enforces policies here, short, and its style: for the frame's line."""
    if found.assumed:
        return "from files, taken as enforced", "muted"
    if found.blind:
        return f"{glyphs.current.unknown} who enforces them is unknown", "unknown"
    acting = [engine for engine in found.engines if any(engine.knows.values())]
    if not acting:
        return f"{glyphs.current.error} nobody enforces them", "error"
    audit = " (audit mode: nothing is dropped)" if any(engine.audit for engine in acting) else ""
    sure = all(engine.sure for engine in acting)
    words = listed([engine.name for engine in acting])
    return f"enforced by {words}{audit}{'' if sure else ', perhaps'}", "warn" if audit else "muted"


# -- pods -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PodRow:
    """What holds for one pod. ``shut`` is for each direction True (only what rules allow), False (open) or None
    (cannot be told). ``policies`` select it; ``idle`` of them nobody enforces."""

    end: End
    ref: Ref
    shut: tuple[bool | None, bool | None]
    policies: tuple[Ref, ...]
    idle: bool
    exempt: bool
    """On its node's network: policies do not apply to it."""

    @property
    def key(self) -> Ref:
        return self.ref


def pod_rows(index: PolicyIndex) -> Iterator[PodRow]:
    """Every pod, and every workload without pods. What holds is made once for all that the same policies select."""
    kept: dict[object, tuple[Effective, ...]] = {}
    variants = [variant for group in index.engines for variant in group]
    for end in index.ends:
        if end.ref is None:
            continue
        key = tuple(index.gate(variant, way, end) for variant in variants for way in DIRECTIONS)
        both = kept.get(key)
        if both is None:
            both = kept[key] = effective(index, end)
        exempt = end.kind is not Is.POD and not any(v.engine.host_firewall for v in variants)
        policies = () if exempt else selected_by(index, end)
        acting = {ref for one in both for ref in one.policies}
        shut = {one.direction: None if index.blind else one.isolated for one in both}
        yield PodRow(
            end, end.ref, (shut.get(INGRESS), shut.get(EGRESS)), policies, bool(policies) and not acting and not index.blind,
            exempt,
        )  # fmt: skip


def pods_in(rows: Iterable[PodRow], namespace: str) -> tuple[PodRow, ...]:
    return tuple(row for row in rows if not namespace or row.ref.namespace == namespace)


def shut_cell(shut: bool | None, *, exempt: bool = False) -> CellLike:
    """One direction of a pod as sign and word."""
    signs = glyphs.current
    if exempt:
        return Cell(f"{signs.dash} node's own", "dim")
    if shut is None:
        return Cell(f"{signs.unknown} unknown", "unknown")
    return Cell(f"{signs.stale} by rules", "info") if shut else Cell(f"{signs.live} open")


def is_pod_problem(row: PodRow) -> bool:
    """What cannot be told, and policies without effect. An open pod is no problem as such."""
    return row.idle or (None in row.shut and not row.exempt)


def _pod(row: PodRow) -> CellLike:
    return Cell.join((f"{row.ref.namespace}/", "muted"), (row.ref.name, "bold"))


def _workload(row: PodRow) -> CellLike:
    owner = row.end.owner
    if row.ref.kind != "pods":
        return Cell(f"{owner.kind if owner else row.ref.kind}, no pods yet", "dim")
    return Cell(f"{owner.kind} {owner.name}" if owner and owner.kind != "Pod" else "no workload", "dim")


def _policies(row: PodRow) -> CellLike:
    if row.exempt:
        return Cell("none can select it: it is on its node's network", "dim")
    if not row.policies:
        return Cell("no policy selects it", "dim")
    names = listed([ref.name for ref in row.policies], most=8)
    if row.idle:
        return Cell.join((f"{glyphs.current.error} nobody enforces ", "error"), names)
    return names


def pod_search(row: PodRow) -> str:
    words = ["unknown" if shut is None else "by rules isolated" if shut else "open" for shut in row.shut]
    labels = " ".join(f"{key}={value}" for key, value in row.end.labels.items())
    return "\n".join((row.ref.path, row.end.owner.name if row.end.owner else "", *words, labels,
                      " ".join(ref.path for ref in row.policies)))  # fmt: skip


POD_COLUMNS: tuple[Column[PodRow], ...] = (
    Column("pod", "pod", _pod, lambda row: row.ref.path, flex=3, min_width=24),
    Column("workload", "workload", _workload, lambda row: row.end.owner.name if row.end.owner else "", priority=6,
           min_terminal_width=120, max_width=32),
    Column("ingress", "into it", lambda row: shut_cell(row.shut[0], exempt=row.exempt), lambda row: str(row.shut[0]),
           width=12),
    Column("egress", "out of it", lambda row: shut_cell(row.shut[1], exempt=row.exempt), lambda row: str(row.shut[1]),
           width=12),
    Column("count", "policies", lambda row: Cell(str(len(row.policies)), "" if row.policies else "dim"),
           lambda row: len(row.policies), align="right", width=8, priority=7),
    Column("names", "selected by", _policies, flex=4, shorten="end", min_width=20, priority=2),
    Column("node", "node", lambda row: Cell(row.end.node or glyphs.current.dash, "dim"), lambda row: row.end.node,
           priority=8, min_terminal_width=140, max_width=20),
)  # fmt: skip
