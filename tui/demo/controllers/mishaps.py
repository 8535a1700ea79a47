"""What happens by itself: nodes renew their leases, pods restart, an announcer moves, and in `broken` worse things."""

from __future__ import annotations

from datetime import timedelta

from pointsman.tui.demo.controllers.cilium import Cilium
from pointsman.tui.demo.controllers.kubelet import Kubelet
from pointsman.tui.demo.controllers.manager import Manager, Obj, controller_of, labels_of, ready
from pointsman.tui.demo.kube.objects import micro_timestamp
from pointsman.tui.demo.scenario.apps import NAMESPACES
from pointsman.tui.demo.scenario.events import TTL
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX
from pointsman.tui.demo.scenario.platform.metallb import NS as METALLB
from pointsman.tui.demo.scenario.pods import NODES
from pointsman.tui.demo.scenario.world import parse

LEASES = "leases.coordination.k8s.io"
RENEW = 10.0  # seconds between two renewals of a node's lease, a quarter of its duration
POD_RESTART = 720.0  # mean seconds between two restarts
POD_REPLACED = 0.35  # share of those in which the whole pod is replaced
MOVE = 1080.0  # mean seconds between two restarts of a speaker or agent
DOWN = (14.0, 32.0)  # for how long that one is not ready
CRASH_LOOP = 305.0  # the longest back-off, and some seconds of trying


class Mishaps:
    """`rate` scales how often pods restart and announcers move; 0 stops both."""

    def __init__(self, manager: Manager, kubelet: Kubelet, cilium: Cilium, rate: float) -> None:
        self._m = manager
        self._kubelet = kubelet
        self._cilium = cilium
        chance = manager.random
        for index, name in enumerate(NODES):
            manager.every(RENEW, lambda name=name: self._renew("kube-node-lease", name), first=1.5 + index * RENEW / 3)  # type: ignore[misc]
        for lease in manager.list(LEASES, "kube-system"):
            name = lease["metadata"]["name"]
            if name.startswith("apiserver-"):
                manager.every(RENEW, lambda name=name: self._renew("kube-system", name), first=8.0)  # type: ignore[misc]
        manager.every(60, self._forget_events)
        if rate > 0:
            self._again(POD_RESTART / rate, self._restart_a_pod, first=chance.uniform(70, 160) / rate)
            self._again(MOVE / rate, self._restart_an_announcer, first=chance.uniform(200, 420) / rate)
        for service, period in manager.scenario.traits.get("flapping", {}).items():
            name = LEASE_PREFIX + service.replace("/", "-")
            manager.every(period, lambda name=name: self._flap(name), first=chance.uniform(5, period))  # type: ignore[misc]
        for node in manager.scenario.traits.get("dead_agents", []):
            manager.every(CRASH_LOOP, lambda node=node: self._crash(node), first=chance.uniform(60, 180))  # type: ignore[misc]

    def _again(self, mean: float, action: object, first: float) -> None:
        """Run something at random intervals around a mean."""

        def run() -> None:
            assert callable(action)
            action()
            self._m.after(self._m.random.uniform(0.5, 1.5) * mean, run)

        self._m.after(first, run)

    def _renew(self, namespace: str, name: str) -> None:
        lease = self._m.peek(LEASES, namespace, name)
        if lease is not None:
            now = micro_timestamp(self._m.now())
            self._m.change(LEASES, lease, lambda live: live["spec"].update(renewTime=now))

    def _forget_events(self) -> None:
        """The API server keeps an event for an hour after its last change."""
        limit = self._m.now() - timedelta(seconds=TTL)
        for event in self._m.storage.list("events"):
            last = event.get("lastTimestamp") or event["metadata"].get("creationTimestamp")
            if last and parse(last) < limit:
                self._m.storage.delete("events", event["metadata"]["namespace"], event["metadata"]["name"])

    # -- chance -------------------------------------------------------------------------------------------------------
    def _restart_a_pod(self) -> None:
        """A container of some application ends and starts anew, or its pod is evicted and replaced."""
        pods = [
            pod
            for namespace in NAMESPACES
            for pod in self._m.list("pods", namespace)
            if ready(pod) and (owner := controller_of(pod)) and owner["kind"] != "Job"
        ]
        if not pods:
            return
        pod = self._m.random.choice(pods)
        owner = controller_of(pod)
        if owner and owner["kind"] == "ReplicaSet" and self._m.random.random() < POD_REPLACED:
            self._m.storage.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
        else:
            code = self._m.random.choice([1, 1, 137, 143])
            self._kubelet.restart(pod, down=self._m.random.uniform(3, 9), exit_code=code)

    def _restart_an_announcer(self) -> None:
        """A speaker or an agent restarts; its addresses go to another node (and with MetalLB come back)."""
        pods = self._announcers()
        if len(pods) > 1:
            pod = self._m.random.choice(pods)
            self._kubelet.restart(pod, down=self._m.random.uniform(*DOWN), exit_code=0)

    def _announcers(self) -> list[Obj]:
        """The speakers, or else the agents, that announce something at the moment."""
        if self._m.served("servicel2statuses.metallb.io"):
            busy = {(i.get("status") or {}).get("node") for i in self._m.list("servicel2statuses.metallb.io", METALLB)}
            speakers = [
                p
                for p in self._m.list("pods", METALLB)
                if ready(p) and labels_of(p).get("app.kubernetes.io/component") == "speaker"
            ]
            return [p for p in speakers if p["spec"]["nodeName"] in busy] if len(speakers) > 1 else []
        leases = [o for o in self._m.list(LEASES, "kube-system") if o["metadata"]["name"].startswith(LEASE_PREFIX)]
        busy = {lease["spec"].get("holderIdentity") for lease in leases}
        return [pod for node, pod in sorted(self._cilium.agents().items()) if node in busy]

    # -- broken -------------------------------------------------------------------------------------------------------
    def _flap(self, name: str) -> None:
        """The holder does not get its renewals through, and another one takes the lease when it has run out."""
        lease = self._m.peek(LEASES, "kube-system", name)
        nodes = sorted(self._cilium.agents())
        if lease is not None and len(nodes) > 1:
            holder = lease["spec"].get("holderIdentity")
            others = [node for node in nodes if node != holder]
            self._m.after(self._cilium.hold_up(name), lambda: self._cilium.take_over(name, others[0]))

    def _crash(self, node: str) -> None:
        """One more attempt of an agent that cannot start."""
        for pod in self._m.list("pods", "kube-system"):
            meta = pod["metadata"]
            if labels_of(pod).get("k8s-app") != "cilium" or pod["spec"].get("nodeName") != node or ready(pod):
                continue

            def fail(live: Obj) -> None:
                state = live["status"]["containerStatuses"][0]
                now = self._m.now()
                last = state.get("lastState", {}).get("terminated") or {"exitCode": 1, "reason": "Error"}
                began = micro_timestamp(now - timedelta(seconds=4))[:19] + "Z"
                last = {**last, "startedAt": began, "finishedAt": self._m.stamp()}
                state |= {"restartCount": state["restartCount"] + 1, "lastState": {"terminated": last}}

            self._m.storage.modify("pods", meta["namespace"], meta["name"], fail, manager="k3s", subresource="status")
            text = f"Back-off restarting failed container cilium-agent in pod {meta['name']}_kube-system({meta['uid']})"
            self._m.event(pod, "BackOff", text, "kubelet", kind="Warning", node=node)
