"""A pod that waits for a port of the machines which another one holds."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.pods import admitted, container, container_ports, pod_spec
from pointsman.tui.demo.scenario.world import DAY, World, stamp

MESSAGE = "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports."


def _plant(world: World) -> None:
    main = container("telegraf", "docker.io/library/telegraf:1.36.3-alpine", ports=container_ports("metrics:9100"))
    main["ports"][0]["hostPort"] = 9100
    status = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastTransitionTime": stamp(world.ago(DAY)),
                "reason": "Unschedulable",
                "message": MESSAGE,
            }
        ],
        "qosClass": "BestEffort",
    }
    labels = {"app.kubernetes.io/name": "telegraf"}
    spec = admitted(pod_spec([main]), world.uid("Pod", "monitoring", "telegraf"))
    world.add("v1", "Pod", "telegraf", {"spec": spec, "status": status}, namespace="monitoring", age=DAY,
              labels=labels, generation=1)  # fmt: skip


def _holds(objects: Objects) -> bool:
    if not exists(objects, "Pod", "monitoring", "telegraf"):
        return False
    held = {
        pod["spec"]["nodeName"]
        for pod in objects.find("Pod", "monitoring")
        for part in pod["spec"]["containers"]
        for port in part.get("ports", ())
        if port.get("hostPort") == 9100 and pod["spec"].get("nodeName")
    }
    return held == {node["metadata"]["name"] for node in objects.find("Node")}


HOST_PORT_TAKEN = Fault(
    name="host-port-that-is-taken",
    description="monitoring/telegraf wants host port 9100, which node-exporter holds on every machine: it waits for ever.",
    precondition="A pending pod asks for a hostPort that is taken on every node.",
    object="Pod/monitoring/telegraf",
    finding="port-conflict",
    plant=_plant,
    holds=_holds,
)
