"""Certificates that end soon. One that a route uses matters; of others only those of Hubble, which Helm lets run out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import (
    GATEWAYS,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    TLS_SECRETS,
    TLSSTORES,
)
from pointsman.tui.model.meta import Key, dig_list, dig_str
from pointsman.tui.model.times import age, epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

SOON = 14 * 86400.0
"""Seconds before the end from which a certificate is a finding: cert-manager and ACME renew a month ahead."""


@memoized(INGRESSES, INGRESSROUTES, INGRESSROUTETCPS, GATEWAYS, TLSSTORES)
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


def check(exam: Exam) -> Iterator[Finding]:
    snapshot = exam.snapshot
    using = users(snapshot)
    for secret in snapshot.all(TLS_SECRETS):
        certificate = secret.body.certificate
        if certificate is None:
            continue
        routes = using.get(secret.key, ())
        ends = epoch(certificate.not_after)
        if ends is None or not (routes or secret.name.startswith("hubble-")):
            continue
        left = ends - snapshot.now
        if left > SOON:
            continue
        names = listed(certificate.dns_names[:6]) or certificate.subject or "no name"
        when = f"ended {age(-left)} ago" if left <= 0 else f"ends in {age(left)}"
        used = f", used by {listed([one.title for one in routes])}" if routes else ""
        yield Finding(
            "certificate-expires",
            "error" if left <= 0 else "warn",
            ref(secret),
            f"the certificate of {names} {when} (Secret {secret.path})",
            (f"Secret {secret.path}: not after {certificate.not_after}, issued by {certificate.issuer}{used}",),
            "Renew it, or look at why the issuer (cert-manager, Helm) did not.",
            "",
            (ref(secret), *routes),
        )
