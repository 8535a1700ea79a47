"""Traffic for tests and pictures: the demo's talks as edges, counted at a fixed time, without a Relay."""

from __future__ import annotations

from pointsman.tui.demo.hubble.talks import INTERNET, LAN_CLIENTS, TALKS
from pointsman.tui.model.flows import HUBBLE, L7, Flow, Peer
from pointsman.tui.store.store import Store

WORLD, HOST = 2, 1
KINDS = {
    "db/postgres": "StatefulSet", "dns/unbound": "StatefulSet", "games/minecraft": "StatefulSet",
    "games/creative": "StatefulSet", "git/forgejo": "StatefulSet", "home/home-assistant": "StatefulSet",
    "backup/minio": "StatefulSet", "monitoring/prometheus": "StatefulSet",
}  # fmt: skip
DENIED = frozenset(
    {
        ("lan", "db/postgres"), ("home/zigbee2mqtt", "registry.example.org"), ("media/prowlarr", "ads.example.com"),
        ("games/minecraft", "vault/vaultwarden"), ("web/site", "db/postgres"), ("git/forgejo-runner", "db/postgres"),
        ("monitoring/prometheus", "db/postgres"),
    }
)  # fmt: skip


def peer(name: str, number: int = 0) -> Peer:
    """An end as Hubble tells of it: ``namespace/app``, ``lan``, ``node`` or a name outside."""
    if name == "lan":
        return Peer(identity=WORLD, ip=LAN_CLIENTS[number % len(LAN_CLIENTS)])
    if name == "node":
        return Peer(identity=HOST, ip="192.168.7.11")
    if name in INTERNET:
        return Peer(identity=WORLD, ip=INTERNET[name], names=(name,))
    namespace, _, app = name.partition("/")
    return Peer(namespace, f"{app}-6f7d9-{number}", f"{KINDS.get(name, 'Deployment')}/{app}", 1000, "10.42.0.9")


def talk_flows(now: float) -> list[tuple[float, Flow]]:
    """Flows of the last minute with when they came: as many of each talk as its weight says."""
    found: list[tuple[float, Flow]] = []
    for talk in TALKS:
        denied = (talk.source, talk.destination) in DENIED or bool(talk.fault)
        for number in range(talk.weight * 3):
            at = now - 1 - number * 59 / (talk.weight * 3)
            source, to = peer(talk.source, number), peer(talk.destination)
            to = Peer(to.namespace, to.pod, to.workload, to.identity, to.ip, talk.port or None, to.names)
            l7 = L7("http", "REQUEST", method="GET", url="http://x/") if talk.paths and talk.protocol == "TCP" else None
            by_rule = talk.source.startswith("games/")  # games-stay-out denies it by name
            reason = (talk.fault or ("POLICY_DENY" if by_rule else "POLICY_DENIED")) if denied else ""
            flow = Flow(HUBBLE, int(at * 1e9), "DROPPED" if denied else "FORWARDED", "egress", source, to, talk.protocol,
                        "to-endpoint", drop_reason=reason, l7=l7)  # fmt: skip
            found.append((at, flow))
    return sorted(found, key=lambda item: item[0])


def fill_flows(store: Store, now: float) -> None:
    """Count them in a store, as if a source had told of them."""
    for at, flow in talk_flows(now):
        store.flows.add_flows((flow,), at)
