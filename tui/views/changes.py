"""What changed lately: moves of addresses, and the cluster's events that matter to the network; newest first."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from pointsman.tui.answers.index import event_count, event_time
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import EVENTS, KINDS
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

SHOWN = 200
"""Changes kept for the list."""

NETWORK_KINDS = frozenset(
    (
        *(
            "Service",
            "Node",
            "IPAddressPool",
            "L2Advertisement",
            "BGPAdvertisement",
            "BGPPeer",
            "EndpointSlice",
            "Lease",
        ),
        *("CiliumLoadBalancerIPPool", "CiliumNode", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
        *("Ingress", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "Gateway", "HTTPRoute"),
        *("NetworkPolicy", "DaemonSet"),
    )
)
"""Objects whose every event is shown; of all others (pods above all) only the warnings."""


_KIND_IDS = {kind.kind: kind.id for kind in reversed(KINDS.values())}
"""An event names only the kind, not its group; of two kinds of one name the first in the table is meant."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line. ``clock`` is the local time of day, or the day if it is not today's."""

    at: float
    clock: str
    severity: str
    subject: str
    text: str
    ref: Ref | None
    id: str

    @property
    def key(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    warning: bool
    subject: str
    text: str
    ref: Ref | None
    id: str


@memoized(EVENTS)
def _events(snapshot: Snapshot) -> tuple[_Seen, ...]:
    found: list[_Seen] = []
    for obj in snapshot.all(EVENTS):
        event = obj.body
        about = event.involved_object
        warning = event.type == "Warning"
        if not warning and about.kind not in NETWORK_KINDS:
            continue
        at = event_time(event)
        if at is None:
            continue
        count = event_count(event)
        times = f" ({count}×)" if count > 1 else ""
        kind = _KIND_IDS.get(about.kind, "")
        ref = Ref(kind, about.namespace if about.kind != "Node" else "", about.name) if kind else None
        name = f"{about.namespace}/{about.name}" if about.namespace and about.kind != "Node" else about.name
        found.append(
            _Seen(at, warning, f"{about.kind.lower()} {name}", f"{event.message or event.reason}{times}", ref,
                  f"event {obj.namespace}/{obj.name}")
        )  # fmt: skip
    found.sort(key=lambda item: -item.at)
    return tuple(found[:SHOWN])


def _moves(snapshot: Snapshot) -> list[_Seen]:
    """Announcers that changed while the program watched. Where watching began is no change."""
    found: list[_Seen] = []
    for ip, past in snapshot.history.by_ip.items():
        for before, after in itertools.pairwise(past):
            if before.node == after.node:
                continue
            if not after.node:
                text = f"is no longer announced (was {before.node})"
            elif not before.node:
                text = f"is announced by {after.node}"
            else:
                text = f"moved {before.node} → {after.node}"
            found.append(_Seen(after.at, True, ip, text, None, f"move {ip} {after.at}"))
    return found


def changes(snapshot: Snapshot, namespace: str = "") -> tuple[Change, ...]:
    """The newest :data:`SHOWN` changes."""
    seen = [*_moves(snapshot), *_events(snapshot)]
    if namespace:
        seen = [item for item in seen if item.ref is None or item.ref.namespace in ("", namespace)]
    seen.sort(key=lambda item: -item.at)
    today = time.localtime(snapshot.now)[:3]
    return tuple(
        Change(item.at, _clock(item.at, today), "warn" if item.warning else "info", item.subject, item.text, item.ref,
               item.id)
        for item in seen[:SHOWN]
    )  # fmt: skip


def _clock(at: float, today: tuple[int, ...]) -> str:
    local = time.localtime(at)
    return time.strftime("%H:%M:%S" if local[:3] == today else "%d %b", local)
