"""The workshop in which a scenario is built: identities, names, addresses and times for every object.

Everything is derived from the seed and the object's own key, never from a running counter of random draws, so a new
object in one table does not rename all the others.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pointsman.tui.demo.scenario.fields import LAST_APPLIED, USER, last_applied, managed

Obj = dict[str, Any]
Variant = Literal["classic", "cilium", "broken"]

DAY = 86400.0
HOUR = 3600.0
MINUTE = 60.0

# The alphabet of Kubernetes' generated names: no vowels and no 0, 1, 3, so that no word appears by accident.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def digest(*parts: object) -> int:
    """A stable number for a key; the same in every process (unlike `hash`)."""
    return int.from_bytes(hashlib.sha256("\0".join(str(p) for p in parts).encode()).digest()[:16], "big")


def uid_for(*parts: object) -> str:
    """A version 4 UUID derived from a key."""
    return str(uuid.UUID(int=digest("uid", *parts), version=4))


def suffix_for(length: int, *parts: object) -> str:
    """The random-looking end of a generated name."""
    number, out = digest("suffix", *parts), ""
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        out += ALPHABET[index]
    return out


def stamp(at: datetime) -> str:
    """metav1.Time: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(at: datetime) -> str:
    """metav1.MicroTime, as in a Lease."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    """Either form back into a time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass
class World:
    """A growing set of objects and what they need to be consistent with one another."""

    variant: Variant
    seed: int
    now: datetime
    cluster_uid: str
    objects: dict[tuple[str, str, str], Obj] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    schemas: dict[str, Obj] = field(default_factory=dict)
    pod_net: str = "10.42"
    _hosts: dict[str, int] = field(default_factory=dict)
    _managers: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    _cluster_ips: int = 20
    _node_ports: int = 30080

    # -- time ---------------------------------------------------------------------------------------------------------
    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=seconds)

    def jitter(self, spread: float, *key: object) -> float:
        """Up to `spread` seconds, the same for the same key: things never happen at the same second."""
        return digest(self.seed, "jitter", *key) % 10_000 / 10_000 * spread

    # -- identity -----------------------------------------------------------------------------------------------------
    def uid(self, kind: str, namespace: str, name: str) -> str:
        if (kind, name) == ("Namespace", "kube-system"):
            return self.cluster_uid
        return uid_for(self.cluster_uid, self.seed, kind, namespace, name)

    def suffix(self, length: int, *key: object) -> str:
        return suffix_for(length, self.seed, *key)

    # -- addresses ----------------------------------------------------------------------------------------------------
    def pod_ip(self, node_index: int) -> str:
        """The next free pod address of a node's /24 (.1 is the bridge or router of the node)."""
        key = f"{self.pod_net}.{node_index}"
        self._hosts[key] = self._hosts.get(key, 1) + 1
        return f"{key}.{self._hosts[key]}"

    def cluster_ip(self) -> str:
        self._cluster_ips += 7 + self._cluster_ips % 5
        return f"10.43.{self._cluster_ips // 200}.{self._cluster_ips % 200 + 20}"

    def node_port(self) -> int:
        self._node_ports += 37 + self._node_ports % 11
        return self._node_ports

    # -- objects ------------------------------------------------------------------------------------------------------
    def add(
        self,
        api_version: str,
        kind: str,
        name: str,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        age: float = 140 * DAY,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        owner: Obj | None = None,
        controller: bool = True,
        generation: int | None = 1,
        manager: str = USER,
        status_manager: str = "k3s",
    ) -> Obj:
        """Add one object; `body` holds what stands beside metadata. `age` is in seconds before now."""
        made = self.ago(age + self.jitter(40, kind, namespace, name))
        meta: Obj = {"name": name}
        if namespace:
            meta["namespace"] = namespace
        meta["uid"] = self.uid(kind, namespace, name)
        meta["creationTimestamp"] = stamp(made)
        if generation is not None:
            meta["generation"] = generation
        if labels:
            meta["labels"] = dict(labels)
        if annotations:
            meta["annotations"] = dict(annotations)
        if owner is not None:
            meta["ownerReferences"] = [owner_ref(owner, controller=controller)]
        obj: Obj = {"apiVersion": api_version, "kind": kind, "metadata": meta, **body}
        self.put(obj, manager=manager, status_manager=status_manager)
        return obj

    def put(self, obj: Obj, *, manager: str = "k3s", status_manager: str = "k3s") -> None:
        """Keep an object; the same key twice is a mistake in a table."""
        key = key_of(obj)
        if key in self.objects:
            raise ValueError(f"two objects are called {'/'.join(key)}")
        self.objects[key] = obj
        self._managers[key] = manager, status_manager

    def finish(self) -> None:
        """Write what kubectl and the server note about the writers, when nothing changes any more."""
        for key, obj in self.objects.items():
            at = obj["metadata"]["creationTimestamp"]
            if self._managers[key][0] == USER:
                obj["metadata"].setdefault("annotations", {})[LAST_APPLIED] = last_applied(obj)
            if entries := managed(obj, *self._managers[key], at, self.schemas.get(key[0])):
                obj["metadata"]["managedFields"] = entries

    def get(self, kind: str, namespace: str, name: str) -> Obj:
        return self.objects[kind, namespace, name]

    def find(self, kind: str, namespace: str | None = None) -> Iterator[Obj]:
        """All objects of a kind, in the order they were added."""
        return (o for (k, ns, _), o in self.objects.items() if k == kind and (namespace is None or ns == namespace))

    def remove(self, kind: str, namespace: str, name: str) -> Obj:
        return self.objects.pop((kind, namespace, name))


def key_of(obj: Obj) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def owner_ref(owner: Obj, *, controller: bool = True) -> Obj:
    """The reference a child carries. A speaker's status object names its pod without being controlled by it."""
    ref: Obj = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    if controller:
        ref |= {"controller": True, "blockOwnerDeletion": True}
    return ref


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches; an empty selector matches all, an absent one nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for term in selector.get("matchExpressions") or []:
        value, values = labels.get(term["key"]), term.get("values") or []
        holds = {
            "In": value is not None and value in values,
            "NotIn": value is None or value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[term["operator"]]
        if not holds:
            return False
    return True
