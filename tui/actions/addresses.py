"""The wishes about a service's address: pin it, take it from another pool, share one, ask for nothing any more. Pure.

Two families of annotations say the same thing to two controllers; which one is meant follows from who serves the service.
Each wish says what happens to the address *now*: both controllers let go of the old one before they give the new one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish, graver
from pointsman.tui.answers.ips import Address, IpKind, ip_map
from pointsman.tui.answers.ips.claims import giver
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.lan import node_addresses
from pointsman.tui.answers.ips.taking import free_addresses, pool_holds, refusal, why_not_from
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.model.meta import Obj, dig_dict
from pointsman.tui.store.snapshot import Snapshot

PIN, UNPIN, POOL, SHARE = "ip-pin", "ip-unpin", "ip-pool", "ip-share"
"""The names of the actions in the journal."""


@dataclass(frozen=True, slots=True)
class Family:
    """The annotations of one controller; the first of each pair is written, all are understood and replaced."""

    name: str
    words: str
    ips: tuple[str, ...]
    share: tuple[str, ...]
    pool: tuple[str, ...] = ()
    across: tuple[str, ...] = ()


FAMILIES = {
    "metallb": Family(
        "metallb",
        "MetalLB",
        ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs"),
        ("metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip"),
        ("metallb.io/address-pool", "metallb.universe.tf/address-pool"),
    ),
    "cilium": Family(
        "cilium",
        "Cilium's LB-IPAM",
        ("lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips"),
        ("lbipam.cilium.io/sharing-key", "io.cilium/lb-ipam-sharing-key"),
        (),
        ("lbipam.cilium.io/sharing-cross-namespace", "io.cilium/lb-ipam-sharing-cross-namespace"),
    ),
    "kube-vip": Family("kube-vip", "kube-vip", ("kube-vip.io/loadbalancerIPs",), ()),
}


def family_of(snapshot: Snapshot, ref: Ref) -> tuple[Obj[Service], Family, Context]:
    """The service and who gives it its address. Raises ActionError where nobody takes a wish."""
    if ref.kind != SERVICES.id:
        raise ActionError(f"{ref.title} is no service.")
    service = snapshot.get(SERVICES, *ref.key)
    if service is None:
        raise ActionError(f"There is no {ref.title}.")
    if service.body.spec.type != "LoadBalancer":
        raise ActionError(
            f"{ref.title} is of type {service.body.spec.type}; only a LoadBalancer service is given an address."
        )
    ctx = Context(snapshot)
    found = giver(ctx, service)
    if found not in FAMILIES:
        why = {
            "servicelb": "ServiceLB gives the nodes' own addresses and takes no wish",
            "node-ipam": "its addresses are the nodes' own",
        }.get(found, "nothing that runs here takes a wish for its address")
        raise ActionError(f"{ref.title} cannot ask for an address: {why}.")
    return service, FAMILIES[found], ctx


def held(service: Obj[Service]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(point.ip for point in service.body.status.load_balancer.ingress if point.ip))


# -- pin --------------------------------------------------------------------------------------------------------------
def pin_wish(snapshot: Snapshot, ref: Ref, text: str) -> Wish:
    """Have the service ask for these addresses (a comma between the two of a dual stack); nothing: ask for none any more.

    Raises ActionError for what its controller would refuse: no address, one in no pool that serves it, one of a node, one
    that another service has and does not share.
    """
    service, family, ctx = family_of(snapshot, ref)
    wanted = [word.strip() for word in text.replace(" ", ",").split(",") if word.strip()]
    if not wanted:
        return _unpin(service, family, ref)
    parsed = []
    for word in wanted:
        address = parse_ip(word)
        if address is None:
            raise ActionError(f"{word} is no address.")
        if why := why_not_from(ctx, service, family.name, address):
            raise ActionError(f"{address} cannot be had: {why}.")
        parsed.append(address)
    versions = [address.version for address in parsed]
    if len(set(versions)) < len(versions):
        raise ActionError("One address of each family can be asked for, not two of the same.")
    ips = [str(address) for address in parsed]
    _refuse_taken(snapshot, service, family, ips)
    risks = _loss(snapshot, service, family, ips)
    value = ",".join(ips)

    def make(live: Doc | None) -> Doc | None:
        doc = _edited(live, ref)
        notes = _notes(doc)
        _set(notes, family.ips, value)
        for pool in family.pool:
            # An address of another pool than the one asked for is refused; the address alone says enough.
            if (named := notes.get(pool)) and not all(pool_holds(ctx, "metallb", named, one) for one in parsed):
                del notes[pool]
        dig_dict(doc, "spec").pop("loadBalancerIP", None)
        return doc

    keeps = set(ips) == set(held(service))
    title = f"pin {listed(ips)} to {ref.title}"
    effect = (
        (f"It holds {listed(ips)} already and keeps it; from now on it asks for it.",)
        if keeps
        else (f"{listed(held(service)) or 'no address'} → {listed(ips)}", *_users(snapshot, service))
    )
    return Wish(PIN, title, ref, make, risks=graver(risks), notes=_legacy(service), effect=effect)


def _unpin(service: Obj[Service], family: Family, ref: Ref) -> Wish:
    def make(live: Doc | None) -> Doc | None:
        doc = _edited(live, ref)
        _set(_notes(doc), family.ips, "")
        dig_dict(doc, "spec").pop("loadBalancerIP", None)
        return doc

    ips = held(service)
    effect = (f"It keeps {listed(ips)} for now; made anew, it gets any free address.",) if ips else ()
    return Wish(UNPIN, f"ask for no address for {ref.title} any more", ref, make, effect=effect)


# -- another pool -----------------------------------------------------------------------------------------------------
def pool_wish(snapshot: Snapshot, ref: Ref, pool: str) -> Wish:
    """Have the service take its address from another pool. Cilium has no word for that, so there a free address of the pool
    is asked for. Raises ActionError where the pool does not serve it or has nothing left."""
    service, family, ctx = family_of(snapshot, ref)
    pools = {item.name: item for item in ip_map(snapshot).pools if item.kind == family.name}
    if pool not in pools:
        raise ActionError(f"{family.words} has no pool {pool}.")
    ips = held(service)
    if ips and all((address := parse_ip(ip)) is not None and pool_holds(ctx, family.name, pool, address) for ip in ips):
        raise ActionError(f"{ref.title} has an address of pool {pool} already.")
    if why := refusal(ctx, service, family.name, pool):
        raise ActionError(f"Pool {pool} does not serve {ref.title}: {why}.")
    free = free_addresses(ctx, service, family.name, pool, 1)
    if not free:
        raise ActionError(f"Pool {pool} has no free address that {ref.title} may have.")
    if not family.pool:
        wish = pin_wish(snapshot, ref, str(free[0]))
        return Wish(
            POOL, f"move {ref.title} to pool {pool}", ref, wish.make, risks=wish.risks, effect=wish.effect,
            notes=(*wish.notes, "Cilium has no word for a pool, so a free address of it is asked for."),
        )  # fmt: skip

    def make(live: Doc | None) -> Doc | None:
        doc = _edited(live, ref)
        notes = _notes(doc)
        _set(notes, family.pool, pool)
        _set(notes, family.ips, "")
        dig_dict(doc, "spec").pop("loadBalancerIP", None)
        return doc

    notes = _legacy(service)
    if _wanted(service, family):
        notes = (*notes, "It asks for one address now; that wish goes, as the address is not in the pool.")
    effect = (
        f"{listed(ips) or 'no address'} → a free address of {pool} ({free[0]} is one)",
        *_users(snapshot, service),
    )
    risks = _loss(snapshot, service, family, [""])
    return Wish(
        POOL, f"move {ref.title} to pool {pool}", ref, make, risks=graver(risks), notes=notes, effect=effect
    )  # fmt: skip


# -- share ------------------------------------------------------------------------------------------------------------
def share_wish(snapshot: Snapshot, ref: Ref, other: Ref) -> Wish:
    """Have the service use the address of another one. Two services share by the same key: where the other one has none,
    the wish is to give it one (which changes nothing for it), and sharing itself is a second wish."""
    service, family, _ = family_of(snapshot, ref)
    owner = snapshot.get(SERVICES, *other.key)
    if owner is None or ref == other:
        raise ActionError("Choose the address of another service.")
    if not family.share:
        raise ActionError(f"{family.words} shares no addresses.")
    ips = held(owner)
    if not ips:
        raise ActionError(f"{other.title} has no address to share.")
    if family_of(snapshot, other)[1] is not family:
        raise ActionError(f"{other.title} has its address from another load balancer.")
    if why := _cannot_share(service, owner, family):
        raise ActionError(f"They cannot share an address: {why}.")
    key = _value(owner, family.share)
    foreign = owner.namespace != service.namespace and bool(family.across)
    if not key or (foreign and not _across(owner, family, service.namespace)):
        return _lend_wish(owner, other, ref, family, foreign, key or f"{owner.namespace}-{owner.name}")
    value = ",".join(ips)

    def make(live: Doc | None) -> Doc | None:
        doc = _edited(live, ref)
        notes = _notes(doc)
        _set(notes, family.share, key)
        _set(notes, family.ips, value)
        if foreign:
            _set(notes, family.across, _joined(notes, family.across, owner.namespace))
        dig_dict(doc, "spec").pop("loadBalancerIP", None)
        return doc

    risks = graver(_loss(snapshot, service, family, list(ips)))
    title = f"share {listed(ips)} of {other.path} with {ref.title}"
    effect = (f"{listed(held(service)) or 'no address'} → {listed(ips)}", *_users(snapshot, service))
    return Wish(SHARE, title, ref, make, risks=risks, notes=_legacy(service), effect=effect)


def _lend_wish(owner: Obj[Service], other: Ref, ref: Ref, family: Family, foreign: bool, key: str) -> Wish:
    def make(live: Doc | None) -> Doc | None:
        doc = _edited(live, other)
        notes = _notes(doc)
        _set(notes, family.share, key)
        if foreign:
            _set(notes, family.across, _joined(notes, family.across, ref.namespace))
        return doc

    effect = (
        f"{other.title} keeps its address {listed(held(owner))}.",
        f"This is the first of two steps: share once more, and {ref.title} gets that address.",
    )
    return Wish(SHARE, f"let {other.title} share its address", other, make, effect=effect)


def _cannot_share(one: Obj[Service], other: Obj[Service], family: Family) -> str:
    mine = {(port.protocol or "TCP", port.port) for port in one.body.spec.ports}
    theirs = {(port.protocol or "TCP", port.port) for port in other.body.spec.ports}
    if both := sorted(mine & theirs):
        return f"both have port {listed([f'{port}/{protocol.lower()}' for protocol, port in both])}"
    policies = {item.body.spec.external_traffic_policy or "Cluster" for item in (one, other)}
    if policies == {"Cluster"}:
        return ""
    if family.name == "metallb" and (len(policies) > 1 or one.body.spec.selector != other.body.spec.selector):
        return "with externalTrafficPolicy Local both must have the same selector"
    if len(policies) > 1:
        return "their externalTrafficPolicy differs"
    return ""


def _across(service: Obj[Service], family: Family, namespace: str) -> bool:
    allowed = [word.strip() for word in _value(service, family.across).split(",")]
    return "*" in allowed or namespace in allowed


# -- what it does to the address now ----------------------------------------------------------------------------------
def _loss(snapshot: Snapshot, service: Obj[Service], family: Family, wanted: list[str]) -> list[Risk]:
    ips = held(service)
    if not ips or set(ips) == set(wanted):
        return []
    text = f"{family.words} takes {listed(ips)} away at once, before it gives the new address; if that fails the service has none"
    risks = [Risk(text)]
    shared = [
        item.service.path for item in ip_map(snapshot).items if item.ip in ips and item.service.key != service.key
    ]
    if shared:
        risks.append(
            Risk(
                f"{listed(sorted(set(shared)))} stay{'s' if len(set(shared)) == 1 else ''} at {listed(ips)}",
                grave=False,
            )
        )
    return risks


def _refuse_taken(snapshot: Snapshot, service: Obj[Service], family: Family, ips: list[str]) -> None:
    """Raises ActionError for an address that a node or another service has."""
    nodes = node_addresses(snapshot)
    key = _value(service, family.share)
    for ip in ips:
        if ip in nodes:
            raise ActionError(f"{ip} is the address of node {nodes[ip]} itself.")
        for item in ip_map(snapshot).by_ip.get(ip, ()):
            if item.service.key == service.key:
                continue
            other = snapshot.get(SERVICES, *item.service.key)
            theirs = _value(other, family.share) if other is not None else ""
            if not key or key != theirs:
                raise ActionError(f"{ip} belongs to {item.service.path}, which does not share it with this service.")


def _users(snapshot: Snapshot, service: Obj[Service]) -> tuple[str, ...]:
    """Who leads clients to the address that goes."""
    urls = [url for item in ip_map(snapshot).items if item.service.key == service.key for url in item.urls]
    if not urls:
        return ()
    return (f"DNS must follow: {plural(len(urls), 'URL')} lead{'s' if len(urls) == 1 else ''} here, such as {urls[0]}",)


def _legacy(service: Obj[Service]) -> tuple[str, ...]:
    found = []
    if service.body.spec.load_balancer_ip:
        found.append("spec.loadBalancerIP goes: it is deprecated, and MetalLB refuses it beside the annotation.")
    if any(name.startswith(("metallb.universe.tf/", "io.cilium/lb-ipam")) for name in service.meta.annotations):
        found.append("Annotations of the old prefix are written anew under today's.")
    return tuple(found)


# -- documents --------------------------------------------------------------------------------------------------------
def _edited(live: Doc | None, ref: Ref) -> Doc:
    if live is None:
        raise ActionError(f"There is no {ref.title} any more.")
    doc = copy.deepcopy(live)
    if not isinstance(doc.get("spec"), dict):
        doc["spec"] = {}
    return doc


def _notes(doc: Doc) -> Doc:
    meta = doc.setdefault("metadata", {})
    if not isinstance(meta.get("annotations"), dict):
        meta["annotations"] = {}
    found: Doc = meta["annotations"]
    return found


def _set(notes: Doc, names: tuple[str, ...], value: str) -> None:
    for name in names:
        notes.pop(name, None)
    if value:
        notes[names[0]] = value


def _joined(notes: Doc, names: tuple[str, ...], word: str) -> str:
    before = next((str(notes[name]) for name in names if notes.get(name)), "")
    words = [one.strip() for one in before.split(",") if one.strip()]
    return ",".join(words if word in words or "*" in words else [*words, word])


def _value(service: Obj[Service], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := service.meta.annotations.get(name))), "")


def _wanted(service: Obj[Service], family: Family) -> str:
    return _value(service, family.ips) or service.body.spec.load_balancer_ip


def may_ask(address: Address) -> bool:
    """Whether an address is of a kind whose controller takes wishes; the wish itself looks closer."""
    return address.kind not in (IpKind.SERVICELB, IpKind.NODE_IPAM, IpKind.EXTERNAL_IP)
