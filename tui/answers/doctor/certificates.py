"""Certificates: who uses which Secret, and how long one still holds."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.answers.doctor.model import Sign
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Secret
from pointsman.tui.model.kinds import (
    GATEWAYS,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    TLS_SECRETS,
    TLSSTORES,
)
from pointsman.tui.model.meta import Key, Obj, dig_list, dig_str
from pointsman.tui.model.times import age, epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

SOON = 14 * 86400.0
"""Seconds before the end from which a certificate is a finding: cert-manager and ACME renew a month ahead."""
HUBBLE = "hubble-"
"""How the names of the Secrets begin that Cilium's chart makes for Hubble."""

USERS = (INGRESSES, INGRESSROUTES, INGRESSROUTETCPS, GATEWAYS, TLSSTORES)
READS = (*USERS, TLS_SECRETS)


@memoized(*USERS)
def users(snapshot: Snapshot) -> Mapping[Key, tuple[Ref, ...]]:
    """The routes, gateways and TLS stores that name each Secret."""
    found: dict[Key, list[Ref]] = {}
    for ingress in snapshot.all(INGRESSES):
        for item in ingress.body.spec.tls:
            if item.secret_name:
                found.setdefault((ingress.namespace, item.secret_name), []).append(ref(ingress))
    for kind in (INGRESSROUTES, INGRESSROUTETCPS):
        for route in snapshot.all(kind):
            if name := dig_str(route.body.spec, "tls", "secretName"):
                found.setdefault((route.namespace, name), []).append(ref(route))
    for gateway in snapshot.all(GATEWAYS):
        for listener in dig_list(gateway.body.spec, "listeners"):
            for item in dig_list(listener, "tls", "certificateRefs"):
                key = (dig_str(item, "namespace") or gateway.namespace, dig_str(item, "name"))
                found.setdefault(key, []).append(ref(gateway))
    for store in snapshot.all(TLSSTORES):
        names = [dig_str(store.body.spec, "defaultCertificate", "secretName")]
        names += [dig_str(item, "secretName") for item in dig_list(store.body.spec, "certificates")]
        for name in filter(None, names):
            found.setdefault((store.namespace, name), []).append(ref(store))
    return {key: tuple(dict.fromkeys(items)) for key, items in found.items()}


def ending(secret: Obj[Secret], now: float, using: tuple[Ref, ...] = ()) -> Sign | None:
    """What is to be said of a certificate that ends soon or has ended; None of any other."""
    certificate = secret.body.certificate
    ends = epoch(certificate.not_after) if certificate is not None else None
    if certificate is None or ends is None or ends - now > SOON:
        return None
    left = ends - now
    names = listed(certificate.dns_names[:6]) or certificate.subject or "no name"
    when = f"ended {age(-left)} ago" if left <= 0 else f"ends in {age(left)}"
    used = f", used by {listed([one.title for one in using])}" if using else ""
    return Sign(
        "error" if left <= 0 else "warn",
        ref(secret),
        f"the certificate of {names} {when} (Secret {secret.path})",
        (f"Secret {secret.path}: not after {certificate.not_after}, issued by {certificate.issuer}{used}",),
        using,
    )
