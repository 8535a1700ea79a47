"""A talk as the flows Hubble would tell of it, and the endless stream of them."""

from __future__ import annotations

import heapq
import random
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from pointsman.tui.demo.hubble.scene import REMOTE_NODE, Party, Scene
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.wire import hubble

_REASONS = {name: number for number, name in hubble.DROP_REASONS.items()}
_POINTS = {"to-endpoint": (0, 101), "to-overlay": (4, 4), "to-stack": (3, 3), "to-network": (11, 11)}
NEW, ESTABLISHED, REPLY = 1, 2, 3
_FORWARDED, _DROPPED, _REDIRECTED = 1, 2, 5
CLUSTER = "default"
MILLI = 1_000_000
Made = tuple[int, int, bytes]
"""Nanoseconds, a number that keeps the order, and the serialized answer."""


class Stream:
    """Flows from ``start`` (ns) on, ``rate`` a second on average. The same seed gives the same stream."""

    def __init__(self, cast: Sequence[Scene], start: int, rate: float, seed: int = 1) -> None:
        self.rate = rate
        self.seen = 0
        self._random = random.Random(seed)
        self._next = start
        self._number = 0
        self._due: list[Made] = []
        self._cast: Sequence[Scene] = ()
        self._weights: list[float] = []
        self.recast(cast)

    def recast(self, cast: Sequence[Scene]) -> None:
        """Other pods, or other policies, from here on."""
        self._cast = [scene for scene in cast if scene.talk.weight]
        # A talk's weight is shared by the pairs of pods that can hold it.
        count: dict[object, int] = {}
        for scene in self._cast:
            count[scene.talk] = count.get(scene.talk, 0) + 1
        self._weights = [scene.weight * scene.talk.weight / count[scene.talk] for scene in self._cast]

    def skip_to(self, at: int) -> None:
        """Leave out what would have happened before ``at`` (ns)."""
        self._due.clear()
        self._next = max(self._next, at)

    def until(self, now: int) -> Iterator[Made]:
        """What happened up to ``now`` (ns) and was not told yet, in the order of time."""
        while self._cast and self._next <= now:
            scene = self._random.choices(self._cast, self._weights)[0]
            made = list(self._flows(scene, self._next))
            for item in made:
                heapq.heappush(self._due, item)
            self._next += int(self._random.uniform(0.5, 1.5) * len(made) * 1e9 / max(self.rate, 0.01))
        while self._due and self._due[0][0] <= now:
            self.seen += 1
            yield heapq.heappop(self._due)

    # -- one talk ------------------------------------------------------------------------------------------------------

    def _flows(self, scene: Scene, at: int) -> Iterator[Made]:
        talk = scene.talk
        port = self._random.randrange(32768, 60999)
        if not talk.protocol:
            yield self._made(at, self._arp(scene, at))
            return
        if not scene.allowed:
            yield from self._dropped(scene, at, port)
            return
        yield from self._verdicts(scene, at, port)
        there = "to-endpoint" if scene.destination.endpoint or scene.destination.pod else "to-stack"
        yield self._trace(scene, at + MILLI // 5, port, there, NEW, "SYN", scene.destination.node)
        if scene.l7.startswith("HTTP") and talk.paths:
            yield from self._http(scene, at + 2 * MILLI, port)
        elif scene.l7.startswith("DNS") and talk.paths:
            yield from self._dns(scene, at + MILLI, port)
        back = "to-endpoint" if scene.source.endpoint or scene.source.pod else "to-network"
        took = self._random.randrange(1, 40) * MILLI
        yield self._trace(scene, at + took, port, back, REPLY, "SYN ACK", scene.source.node or scene.destination.node)
        if talk.protocol == "TCP":
            yield self._trace(scene, at + took + MILLI, port, there, ESTABLISHED, "ACK PSH", scene.destination.node)
            yield self._trace(scene, at + took * 3, port, there, ESTABLISHED, "ACK FIN", scene.destination.node)

    def _dropped(self, scene: Scene, at: int, port: int) -> Iterator[Made]:
        side = scene.source if scene.direction == "egress" else scene.destination
        node = side.node or scene.destination.node or scene.source.node
        flow = self._flow(scene, at, port, node, "SYN")
        flow["traffic_direction"] = 2 if scene.direction == "egress" else 1
        code = _REASONS[scene.reason]
        if scene.reason.startswith("POLICY"):
            yield self._made(at, self._verdict(flow, scene, scene.direction, _DROPPED, 0, code))
        drop = {**flow, "uuid": self._uuid(), "verdict": _DROPPED, "drop_reason": code, "drop_reason_desc": code}
        drop |= {"event_type": {"type": hubble.DROP, "sub_type": code}, "file": {"name": "bpf_lxc.c", "line": 2141}}
        drop |= self._named(scene, scene.direction, "deny")
        yield self._made(at + MILLI // 10, {**drop, "time": _time(at + MILLI // 10)})

    def _verdicts(self, scene: Scene, at: int, port: int) -> Iterator[Made]:
        for direction, side in (("egress", scene.source), ("ingress", scene.destination)):
            if (direction, "allow") not in scene.policies:
                continue
            flow = self._flow(scene, at, port, side.node, "SYN") | {"is_reply": {"value": False}}
            flow["traffic_direction"] = 2 if direction == "egress" else 1
            verdict = _REDIRECTED if scene.l7 and scene.talk.paths else _FORWARDED
            yield self._made(at, self._verdict(flow, scene, direction, verdict, 2, 0))

    def _verdict(
        self, flow: dict[str, Any], scene: Scene, direction: str, verdict: int, match: int, code: int
    ) -> dict[str, Any]:
        more: dict[str, Any] = {
            "uuid": self._uuid(), "verdict": verdict, "policy_match_type": match,
            "event_type": {"type": hubble.POLICY_VERDICT, "sub_type": 0},
        }  # fmt: skip
        if code:
            more |= {"drop_reason": code, "drop_reason_desc": code}
        what = "deny" if verdict == _DROPPED else "allow"
        return {**flow, **more, **self._named(scene, direction, what)}

    def _named(self, scene: Scene, direction: str, what: str) -> dict[str, Any]:
        named = scene.policies.get((direction, what))
        if not named:
            return {}
        verb = "allowed" if what == "allow" else "denied"
        listed = [
            {
                "name": name, "namespace": namespace, "kind": KINDS[kind].kind, "revision": 42,
                "labels": [
                    f"k8s:io.cilium.k8s.policy.derived-from={KINDS[kind].kind}",
                    f"k8s:io.cilium.k8s.policy.name={name}",
                    *([f"k8s:io.cilium.k8s.policy.namespace={namespace}"] if namespace else []),
                ],
            }
            for kind, namespace, name in named
        ]  # fmt: skip
        return {f"{direction}_{verb}_by": listed}

    def _trace(self, scene: Scene, at: int, port: int, point: str, reason: int, flags: str, node: str) -> Made:
        sub, observed = _POINTS[point]
        reply = reason == REPLY
        flow = self._flow(scene, at, port, node, flags, reply=reply)
        flow |= {
            "verdict": _FORWARDED, "event_type": {"type": hubble.TRACE, "sub_type": sub},
            "trace_observation_point": observed, "trace_reason": reason, "is_reply": {"value": reply},
            "reply": reply, "traffic_direction": 1 if point == "to-endpoint" else 2,
        }  # fmt: skip
        return self._made(at, flow)

    def _http(self, scene: Scene, at: int, port: int) -> Iterator[Made]:
        method, _, path = self._random.choice(scene.talk.paths).partition(" ")
        allowed = f"HTTP {method}" in scene.l7
        url = f"http://{scene.destination.workload[1] if scene.destination.workload else 'site'}.home.example{path}"
        headers = [
            {"key": "User-Agent", "value": "Mozilla/5.0"},
            {"key": "Cookie", "value": "session=d41d8cd98f00b204"},
        ]
        http: dict[str, Any] = {"method": method, "url": url, "protocol": "HTTP/1.1", "headers": headers}
        node = scene.destination.node
        one = self._flow(scene, at, port, node, "")
        one |= {
            "Type": 2, "verdict": _FORWARDED if allowed else _DROPPED, "is_reply": {"value": False},
            "event_type": {"type": hubble.ACCESS_LOG}, "traffic_direction": 1, "proxy_port": 13195,
            "l7": {"type": 1, "http": http}, "Summary": f"HTTP/1.1 {method} {url}",
        }  # fmt: skip
        yield self._made(at, one)
        took = self._random.randrange(2, 90)
        code = 200 if allowed else 403
        other = self._flow(scene, at + took * MILLI, port, node, "", reply=True)
        other |= {
            "Type": 2, "verdict": _FORWARDED, "is_reply": {"value": True}, "reply": True,
            "event_type": {"type": hubble.ACCESS_LOG}, "traffic_direction": 1, "proxy_port": 13195,
            "l7": {"type": 2, "latency_ns": took * MILLI, "http": http | {"code": code}},
            "Summary": f"HTTP/1.1 {code} {took}ms ({method} {url})",
        }  # fmt: skip
        yield self._made(at + took * MILLI, other)

    def _dns(self, scene: Scene, at: int, port: int) -> Iterator[Made]:
        name = self._random.choice(scene.talk.paths)
        dns: dict[str, Any] = {"query": name, "qtypes": ["A"], "observation_source": "proxy"}
        node = scene.source.node
        one = self._flow(scene, at, port, node, "")
        one |= {
            "Type": 2, "verdict": _FORWARDED, "is_reply": {"value": False}, "event_type": {"type": hubble.ACCESS_LOG},
            "traffic_direction": 2, "proxy_port": 41523, "l7": {"type": 1, "dns": dns},
            "Summary": f"DNS Query {name} A",
        }  # fmt: skip
        yield self._made(at, one)
        ip = f"203.0.113.{self._random.randrange(1, 250)}"
        other = self._flow(scene, at + 3 * MILLI, port, node, "", reply=True)
        other |= {
            "Type": 2, "verdict": _FORWARDED, "is_reply": {"value": True}, "reply": True,
            "event_type": {"type": hubble.ACCESS_LOG}, "traffic_direction": 2, "proxy_port": 41523,
            "l7": {"type": 2, "latency_ns": 3 * MILLI, "dns": dns | {"ips": [ip], "ttl": 300, "rrtypes": ["A"]}},
            "Summary": f'DNS Answer "{ip}" TTL: 300 (Proxy {name} A)',
        }  # fmt: skip
        yield self._made(at + 3 * MILLI, other)

    def _arp(self, scene: Scene, at: int) -> dict[str, Any]:
        code = _REASONS[scene.reason]
        return {
            "time": _time(at), "uuid": self._uuid(), "verdict": _DROPPED, "drop_reason": code,
            "drop_reason_desc": code, "ethernet": {"source": "52:54:00:6b:1f:09", "destination": "ff:ff:ff:ff:ff:ff"},
            "Type": 1, "node_name": self._place(scene.destination.node), "source": {"identity": 2},
            "destination": {"identity": 0}, "event_type": {"type": hubble.DROP, "sub_type": code},
            "traffic_direction": 1, "interface": {"index": 2, "name": "eth0"}, "Summary": "Ethernet",
        }  # fmt: skip

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _flow(self, scene: Scene, at: int, port: int, node: str, flags: str, reply: bool = False) -> dict[str, Any]:
        one, other = scene.source, scene.destination
        ports = {"source_port": port, "destination_port": scene.talk.port}
        if reply:
            one, other = other, one
            ports = {"source_port": scene.talk.port, "destination_port": port}
        layer: dict[str, Any] = dict(ports)
        summary = scene.talk.protocol
        if scene.talk.protocol == "TCP":
            names = [name for name in ("SYN", "ACK", "RST", "FIN", "PSH") if name in flags.split()]
            layer["flags"] = dict.fromkeys(names, True)
            summary = f"TCP Flags: {', '.join(names)}"
        flow: dict[str, Any] = {
            "time": _time(at), "uuid": self._uuid(), "emitter": {"name": "Hubble", "version": "1.20.2"},
            "ethernet": {"source": _mac(one.ip), "destination": _mac(other.ip)},
            "IP": {"source": one.ip, "destination": other.ip, "ipVersion": 1}, "l4": {scene.talk.protocol: layer},
            "source": _endpoint(one, node), "destination": _endpoint(other, node), "Type": 1,
            "node_name": self._place(node), "node_labels": [f"kubernetes.io/hostname={node}"],
            "Summary": summary,
        }  # fmt: skip
        if one.names:
            flow["source_names"] = list(one.names)
        if other.names:
            flow["destination_names"] = list(other.names)
        return flow

    def _made(self, at: int, flow: dict[str, Any]) -> Made:
        flow["time"] = _time(at)
        self._number += 1
        answer = hubble.GetFlowsResponse(flow=flow, node_name=flow["node_name"], time=flow["time"])
        return at, self._number, answer.SerializeToString()

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    @staticmethod
    def _place(node: str) -> str:
        return f"{CLUSTER}/{node}" if node else CLUSTER


def _time(ns: int) -> dict[str, int]:
    seconds, nanos = divmod(ns, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}


def _mac(ip: str) -> str:
    parts = [int(part) for part in ip.split(".")]
    return "b6:{:02x}:{:02x}:{:02x}:{:02x}:01".format(*parts)


def _endpoint(party: Party, node: str) -> dict[str, Any]:
    identity, labels = party.identity, party.labels
    if identity == 1 and party.node != node:
        identity, labels = REMOTE_NODE, ("reserved:remote-node",)
    end: dict[str, Any] = {"identity": identity, "labels": list(labels)}
    if party.namespace:
        end |= {"namespace": party.namespace, "pod_name": party.pod, "cluster_name": CLUSTER}
    if party.endpoint and party.node == node:
        end["ID"] = party.endpoint
    if party.workload:
        end["workloads"] = [{"kind": party.workload[0], "name": party.workload[1]}]
    return end
