"""Scheduler and kubelet: a pod gets a node, an address and, seconds later, running containers; or its end."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.tui.demo.controllers.deadman import DeadMen, is_deadman
from pointsman.tui.demo.controllers.manager import Changes, Manager, Obj, controller_of, phase
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import parse_timestamp
from pointsman.tui.demo.scenario.jobs import finish_pod
from pointsman.tui.demo.scenario.pods import (
    NODE_IP,
    NODES,
    condition,
    restarted_status,
    running_status,
    set_ready,
    waiting_status,
)
from pointsman.tui.demo.scenario.world import stamp

START = (1.2, 2.6)  # seconds from the node's first sight of a pod to running containers
PROBE = (2.0, 5.0)  # and from there to the first good readiness probe
END = (0.8, 2.4)  # seconds a well-behaved process needs to stop
PULL = (1.5, 4.0)  # what an image takes that the node does not have yet
NO_REGISTRY = ".invalid"  # images from a registry of this top-level domain (RFC 2606) cannot be pulled
JOB = (8.0, 16.0)  # how long a job's pod works


class Kubelet:
    """`gone` hears of pods that are no more, `restarted` of a container that is about to begin a new run."""

    def __init__(
        self, manager: Manager, gone: Callable[[str, str], None], restarted: Callable[[Obj, str], None]
    ) -> None:
        self._m = manager
        self._gone = gone
        self._restarted = restarted
        self._ending: set[str] = set()
        self._starting: set[str] = set()
        self._images: set[tuple[str, str]] = set()
        self._deadmen = DeadMen(manager, self._same, self._set_ready, self._succeed)
        self._hosts = dict.fromkeys(NODES, 1)
        for pod in manager.list("pods"):
            self._remember(pod)
        for name in NODES:
            manager.every(300, lambda name=name: self._heartbeat(name), first=manager.random.uniform(20, 300))  # type: ignore[misc]

    def reconcile(self, changes: Changes) -> None:
        places = set(changes.get("pods", ()))
        if "nodes" in changes:
            # What found no node may find one now.
            waiting = (pod["metadata"] for pod in self._m.list("pods") if not pod["spec"].get("nodeName"))
            places |= {(meta["namespace"], meta["name"]) for meta in waiting}
        for namespace, name in sorted(places):
            pod = self._m.peek("pods", namespace, name)
            if pod is None:
                self._gone(namespace, name)
            elif "deletionTimestamp" in pod["metadata"]:
                self._end(pod)
            elif not pod["spec"].get("nodeName"):
                self._bind(pod)
            elif phase(pod) == "Pending":
                self._start(pod)

    # -- beginning ----------------------------------------------------------------------------------------------------
    def _bind(self, pod: Obj) -> None:
        node = self._choose(pod)
        if node is None:
            why = (
                "have free ports for the requested pod ports"
                if host_ports(pod)
                else "match Pod's node affinity/selector"
            )
            text = f"0/3 nodes are available: 3 node(s) didn't {why}."
            self._m.event(pod, "FailedScheduling", text, "default-scheduler", kind="Warning")
            return
        meta = pod["metadata"]
        bound = self._m.change("pods", pod, lambda live: live["spec"].update(nodeName=node))
        now = self._m.now()
        status = {**(pod.get("status") or {}), "phase": "Pending"}
        status["conditions"] = [condition("PodScheduled", "True", now)]
        self._m.set_status("pods", bound, status)
        text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        self._m.event(bound, "Scheduled", text, "default-scheduler")

    def _choose(self, pod: Obj) -> str | None:
        """The node a claim ties the pod to, else the schedulable one with the fewest pods that the selector allows."""
        spec = pod["spec"]
        fitting = []
        taken = self._taken() if (wanted := host_ports(pod)) else {}
        for node in self._m.list("nodes"):
            labels = node["metadata"].get("labels") or {}
            if node["spec"].get("unschedulable") or wanted & taken.get(node["metadata"]["name"], set()):
                continue
            if all(labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items()):
                fitting.append(node["metadata"]["name"])
        tied = self._tied(pod)
        if tied is not None:
            return tied if tied in fitting else None
        counts = dict.fromkeys(fitting, 0.0)
        owner = (controller_of(pod) or {}).get("uid")
        for other in self._m.list("pods"):
            name = other["spec"].get("nodeName")
            if name in counts and phase(other) in ("Running", "Pending"):
                # Pods of one owner are spread first of all.
                siblings = owner is not None and (controller_of(other) or {}).get("uid") == owner
                counts[name] += 20 if siblings else 1
        # closet is a small machine: it takes a share of a third.
        weight = {"shed": 1.0, "loft": 1.1, "closet": 3.0}
        return min(fitting, key=lambda name: (counts[name] * weight.get(name, 1), name), default=None)

    def _taken(self) -> dict[str, set[tuple[int, str]]]:
        """Ports of each machine that pods on it hold."""
        taken: dict[str, set[tuple[int, str]]] = {}
        for other in self._m.list("pods"):
            if phase(other) in ("Running", "Pending") and (name := other["spec"].get("nodeName")):
                taken.setdefault(name, set()).update(host_ports(other))
        return taken

    def _tied(self, pod: Obj) -> str | None:
        for volume in pod["spec"].get("volumes") or ():
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            found = claim and self._m.peek("persistentvolumeclaims", pod["metadata"]["namespace"], claim)
            if found:
                notes = found["metadata"].get("annotations") or {}
                node = notes.get("volume.kubernetes.io/selected-node")
                if node:
                    return str(node)
        return None

    def _start(self, pod: Obj) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._starting or self._m.peek("nodes", "", pod["spec"]["nodeName"]) is None:
            return
        self._starting.add(uid)
        self._m.after(self._m.random.uniform(*START), lambda: self._pull(pod))

    def _pull(self, pod: Obj) -> None:
        """Have the images, or say that they cannot be had."""
        live = self._same(pod)
        if live is None:
            return
        node = live["spec"]["nodeName"]
        images = [one["image"] for one in live["spec"]["containers"]]
        fresh = [image for image in images if (node, image) not in self._images]
        if bad := next((image for image in fresh if image.partition("/")[0].endswith(NO_REGISTRY)), None):
            self._m.event(live, "Pulling", f'Pulling image "{bad}"', "kubelet", node=node)
            self._wait_for_image(live, bad, "ErrImagePull")
        elif fresh and is_deadman(live):
            # Of all others it is told that their images are there.
            self._m.event(live, "Pulling", f'Pulling image "{fresh[0]}"', "kubelet", node=node)
            self._m.set_status("pods", live, waiting_status(live, self._m.now(), "ContainerCreating"))
            self._images.update((node, image) for image in fresh)
            self._m.after(self._m.random.uniform(*PULL), lambda: self._run(pod))
        else:
            self._run(pod)

    def _wait_for_image(self, pod: Obj, image: str, reason: str) -> None:
        live = self._same(pod)
        if live is None:
            return
        host, node = image.partition("/")[0], live["spec"]["nodeName"]
        text = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": dial tcp: lookup {host}: no such host'
        if reason == "ImagePullBackOff":
            text = f'Back-off pulling image "{image}": ErrImagePull: {text}'
        self._m.set_status("pods", live, waiting_status(live, self._m.now(), reason, text))
        self._m.event(live, "Failed", f"Error: {reason}", "kubelet", kind="Warning", node=node)
        if reason == "ErrImagePull":
            self._m.after(3.0, lambda: self._wait_for_image(pod, image, "ImagePullBackOff"))

    def _run(self, pod: Obj) -> None:
        live = self._same(pod)
        if live is None:
            return
        now = self._m.now()
        node = live["spec"]["nodeName"]
        ip = NODE_IP.get(node, "") if live["spec"].get("hostNetwork") else self._address(node)
        status = running_status(live, ip, parse_timestamp(live["metadata"]["creationTimestamp"]))
        status["startTime"] = stamp(now)
        probed = any("readinessProbe" in one for one in live["spec"]["containers"])
        if probed:
            set_ready(status, False, stamp(now))
        self._m.set_status("pods", live, status)
        for one in live["spec"]["containers"]:
            text = f'Container image "{one["image"]}" already present on machine'
            self._m.event(live, "Pulled", text, "kubelet", node=node)
            self._m.event(live, "Started", f"Started container {one['name']}", "kubelet", node=node)
        owner = controller_of(live)
        if is_deadman(live):
            self._deadmen.run(live)
        elif owner and owner["kind"] == "Job":
            self._m.after(self._m.random.uniform(*JOB), lambda: self._succeed(pod))
        elif probed:
            self._m.after(self._m.random.uniform(*PROBE), lambda: self._probe(pod))

    def _probe(self, pod: Obj) -> None:
        live = self._same(pod)
        if live is not None:
            self._set_ready(live, True)

    def _set_ready(self, live: Obj, value: bool) -> None:
        status = {**live["status"], "conditions": [dict(c) for c in live["status"]["conditions"]]}
        status["containerStatuses"] = [dict(c) for c in live["status"]["containerStatuses"]]
        set_ready(status, value, self._m.stamp())
        self._m.set_status("pods", live, status)

    def _succeed(self, pod: Obj) -> None:
        live = self._same(pod)
        if live is not None:

            def done(obj: Obj) -> None:
                finish_pod(obj, obj["status"]["startTime"], self._m.stamp())

            meta = live["metadata"]
            self._m.storage.modify("pods", meta["namespace"], meta["name"], done, manager="k3s", subresource="status")

    # -- restarts and the end -----------------------------------------------------------------------------------------
    def restart(self, pod: Obj, *, down: float, exit_code: int = 1) -> None:
        """The first container ends and starts anew; the pod is not ready for `down` seconds."""
        live = self._same(pod)
        if live is None or phase(live) != "Running":
            return
        now = self._m.now()
        first = live["status"]["containerStatuses"][0]
        self._restarted(live, first["name"])
        status = restarted_status(live, now, exit_code=exit_code, ready=False)
        self._m.set_status("pods", live, status)
        node = live["spec"]["nodeName"]
        self._m.event(live, "Started", f"Started container {first['name']}", "kubelet", node=node)
        self._m.after(down, lambda: self._probe(pod))

    def _end(self, pod: Obj) -> None:
        meta = pod["metadata"]
        if meta["uid"] in self._ending or meta.get("finalizers"):
            return
        self._ending.add(meta["uid"])
        grace = float(meta.get("deletionGracePeriodSeconds", 30))
        wait = min(self._m.random.uniform(*END), grace)
        for one in pod["spec"]["containers"]:
            node = pod["spec"].get("nodeName", "")
            self._m.event(pod, "Killing", f"Stopping container {one['name']}", "kubelet", node=node)
        self._m.after(wait, lambda: self._bury(meta["namespace"], meta["name"], meta["uid"]))

    def _bury(self, namespace: str, name: str, uid: str) -> None:
        self._ending.discard(uid)
        live = self._m.peek("pods", namespace, name)
        if live is not None and live["metadata"]["uid"] == uid:
            try:
                self._m.storage.delete("pods", namespace, name, grace=0)
            except ApiError:  # somebody's finalizer holds it
                return

    # -- small things -------------------------------------------------------------------------------------------------
    def _same(self, pod: Obj) -> Obj | None:
        """The pod as it is now, if it is still that one and not on its way out."""
        meta = pod["metadata"]
        live = self._m.peek("pods", meta["namespace"], meta["name"])
        if live is None or live["metadata"]["uid"] != meta["uid"] or "deletionTimestamp" in live["metadata"]:
            return None
        return live

    def _remember(self, pod: Obj) -> None:
        ip = (pod.get("status") or {}).get("podIP", "")
        node = pod["spec"].get("nodeName", "")
        if node in self._hosts and ip and not pod["spec"].get("hostNetwork"):
            self._hosts[node] = max(self._hosts[node], int(ip.rpartition(".")[2]))

    def _address(self, node: str) -> str:
        """The next address of the node's range; after the last one it begins again at the first that is free."""
        net = "10.52" if self._m.scenario.variant == "cilium" else "10.42"
        used = {(pod.get("status") or {}).get("podIP") for pod in self._m.list("pods")}
        index = NODES.index(node) if node in NODES else len(NODES)
        for _ in range(250):
            self._hosts[node] = 2 if self._hosts.get(node, 1) >= 250 else self._hosts.get(node, 1) + 1
            if (ip := f"{net}.{index}.{self._hosts[node]}") not in used:
                return ip
        return f"{net}.{index}.251"

    def _heartbeat(self, name: str) -> None:
        """The kubelet repeats an unchanged node status every five minutes."""
        node = self._m.peek("nodes", "", name)
        if node is None:
            return
        now = self._m.stamp()
        conditions = [
            c if c["type"] == "NetworkUnavailable" else {**c, "lastHeartbeatTime": now}
            for c in node["status"]["conditions"]
        ]
        self._m.set_status("nodes", node, {**node["status"], "conditions": conditions})


def host_ports(pod: Obj) -> set[tuple[int, str]]:
    """The ports of its machine that a pod wants, with their protocols."""
    return {
        (port["hostPort"], port.get("protocol") or "TCP")
        for part in pod["spec"].get("containers") or ()
        for port in part.get("ports") or ()
        if port.get("hostPort")
    }
