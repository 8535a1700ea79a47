"""What a row of the Flows pane is about: its objects, and what is related to them."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.related import related
from pointsman.tui.model.flows import Flow, Peer
from pointsman.tui.model.kinds import KINDS, NODES, PODS, SERVICES, find_kind
from pointsman.tui.model.traffic import End
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.traffic import sides
from pointsman.tui.views.flowedges import EdgeRow, TalkerRow
from pointsman.tui.views.flows import node_name
from pointsman.tui.views.opening import pane_of
from pointsman.tui.wire.hubbleflow import details_of

Choice = tuple[Ref, str]
"""An object and how it is related."""
MOST = 40


def _there(snapshot: Snapshot, ref: Ref | None) -> Ref | None:
    if ref is None or ref.kind not in KINDS:
        return None
    return ref if ref.key in snapshot.table(KINDS[ref.kind]).objects else None


def _of_kind(kind: str, namespace: str, name: str) -> Ref | None:
    found = find_kind(kind) if kind and name else None
    return None if found is None else Ref(found.id, namespace, name)


def peer_object(peer: Peer, snapshot: Snapshot) -> Ref | None:
    """The pod; where it has gone its workload; or the service whose address it is."""
    if peer.pod and (pod := _there(snapshot, Ref(PODS.id, peer.namespace, peer.pod))):
        return pod
    kind, _, name = peer.workload.rpartition("/")
    if workload := _there(snapshot, _of_kind(kind, peer.namespace, name)):
        return workload
    return _there(snapshot, Ref(SERVICES.id, peer.service_namespace, peer.service)) if peer.service else None


def end_object(end: End, snapshot: Snapshot) -> Ref | None:
    return _there(snapshot, _of_kind(end.kind, end.namespace, end.name)) if end.namespace else None


def object_of(row: Any, snapshot: Snapshot) -> Ref | None:
    """The object that `d` and `l` mean: of who was asked, else of who asked."""
    if isinstance(row, Flow):
        source, destination = sides(row)
        return peer_object(destination, snapshot) or peer_object(source, snapshot)
    if isinstance(row, EdgeRow):
        return end_object(row.edge.destination, snapshot) or end_object(row.edge.source, snapshot)
    return end_object(row.end, snapshot) if isinstance(row, TalkerRow) else None


def choices(row: Any, snapshot: Snapshot) -> list[tuple[Ref, str, str]]:
    """Object, title and relation: both ends, the policies Hubble names, the node, then what is related to the ends."""
    found: dict[Ref, str] = {}
    ends: list[Ref] = []
    if isinstance(row, Flow):
        source, destination = sides(row)
        for peer, word in ((source, "asked"), (destination, "was asked")):
            if (ref := peer_object(peer, snapshot)) is not None:
                found.setdefault(ref, word)
                ends.append(ref)
        for field, kind, namespace, name in details_of(row).policies:
            policy = _there(snapshot, _of_kind(kind, namespace, name))
            if policy is not None:
                found.setdefault(policy, f"{'allowed' if 'allowed' in field else 'denied'} it, says Hubble")
        if node := _there(snapshot, Ref(NODES.id, "", node_name(row))):
            found.setdefault(node, "where it was seen")
    else:
        held = (row.edge.source, row.edge.destination) if isinstance(row, EdgeRow) else (row.end,)
        for end in held:
            if (ref := end_object(end, snapshot)) is not None:
                found.setdefault(ref, "an end")
                ends.append(ref)
    for ref in ends:
        for item in related(snapshot, ref):
            found.setdefault(item.ref, f"{item.relation} of {ref.path}")
    listed = list(found.items())[:MOST]
    return [(ref, ref.title, f"{said}   {pane}" if (pane := pane_of(ref)) else said) for ref, said in listed]
