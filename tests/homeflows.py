"""The traffic of the demo homelab's last minute in a store that is filled by hand: the same flows each time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

from pointsman.tui.answers.flows.placing import placed, places
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.demo.controllers.visitors import _request, _visits
from pointsman.tui.demo.hubble.observer import Observer
from pointsman.tui.demo.hubble.scene import scenes
from pointsman.tui.demo.scenario import Variant, build
from pointsman.tui.model.flows import Flow
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store
from pointsman.tui.wire.accesslog import parse_line
from pointsman.tui.wire.hubble import GetFlowsRequest
from pointsman.tui.wire.hubbleflow import decode

REQUESTS = 160


def fill_with_traffic(store: Store, variant: Variant, now: float) -> None:
    """What Hubble's Relay (where there is one) and Traefik's access log tell of the minute before ``now``."""
    flows = hubble_flows(variant, now) if variant != "classic" else []
    if flows:
        store.set_link("hubble", State.LIVE, "version 1.20.2, 3 nodes")
    if variant == "classic":
        flows += logged_flows(store, now)
        store.set_link("traefik-log", State.LIVE, "1 of 1 Traefik pods")
    for flow in sorted(flows, key=lambda item: item.ns or 0):
        store.flows.add_flows((flow,), flow.time or now)


def hubble_flows(variant: Variant, now: float) -> list[Flow]:
    objects = list(build(variant, now=datetime.fromtimestamp(now, UTC)).objects)
    nodes = {
        obj["metadata"]["name"]: next(
            item["address"] for item in obj["status"]["addresses"] if item["type"] == "InternalIP"
        )
        for obj in objects
        if obj["kind"] == "Node"
    }
    managed = any(obj["kind"] == "CiliumEndpoint" for obj in objects)
    observer = Observer(scenes(objects, now, managed=managed), nodes, lambda: int(now * 1e9))
    answers = observer.get_flows(GetFlowsRequest(number=4000), lambda: True)
    return [event for event in map(decode, answers) if isinstance(event, Flow)]


def logged_flows(store: Store, now: float) -> list[Flow]:
    snapshot = store.snapshot()
    where, chance = places(snapshot), random.Random(7)
    visits = tuple(_visits(route_list(snapshot).items))
    found = []
    for number in range(REQUESTS):
        at = datetime.fromtimestamp(now, UTC) - timedelta(seconds=60 * (REQUESTS - number) / REQUESTS)
        flow = parse_line(json.dumps(_request(chance, at, visits)).encode())
        if flow is not None:
            found.append(placed(flow, where))
    return found
