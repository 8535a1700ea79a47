"""Secrets are reduced where they come in: to type, the names of their keys, and what a certificate says in public.

Nothing after this sees a value. The annotations are cut too: ``last-applied-configuration`` holds the whole Secret.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

KEPT_ANNOTATIONS = (
    "meta.helm.sh/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "cert-manager.io/",
    "objectset.rio.cattle.io/owner",
)
"""Prefixes of the annotations that tell who owns the object."""


def reduce_secret(doc: dict[str, Any]) -> dict[str, Any]:
    """The reduced form of a Secret as plain data; idempotent. Anything unreadable is left out, never passed through."""
    metadata = doc.get("metadata") if isinstance(doc.get("metadata"), dict) else {}
    assert isinstance(metadata, dict)
    annotations = metadata.get("annotations") if isinstance(metadata.get("annotations"), dict) else {}
    assert isinstance(annotations, dict)
    meta = {key: value for key, value in metadata.items() if key not in ("annotations", "managedFields")}
    meta["annotations"] = {
        key: value
        for key, value in annotations.items()
        if isinstance(key, str) and key.startswith(KEPT_ANNOTATIONS) and "last-applied" not in key
    }
    reduced: dict[str, Any] = {
        "apiVersion": doc.get("apiVersion", "v1"),
        "kind": "Secret",
        "metadata": meta,
        "type": doc.get("type", ""),
    }
    if isinstance(doc.get("keys"), list) and "data" not in doc:
        reduced["keys"] = doc["keys"]
        if isinstance(doc.get("certificate"), dict):
            reduced["certificate"] = doc["certificate"]
        return reduced
    data = doc.get("data") if isinstance(doc.get("data"), dict) else {}
    text = doc.get("stringData") if isinstance(doc.get("stringData"), dict) else {}
    assert isinstance(data, dict)
    assert isinstance(text, dict)
    reduced["keys"] = sorted({str(key) for key in (*data, *text)})
    pem: bytes | None = None
    if isinstance(text.get("tls.crt"), str):
        pem = text["tls.crt"].encode()
    elif isinstance(data.get("tls.crt"), str):
        try:
            pem = base64.b64decode(data["tls.crt"], validate=False)
        except (binascii.Error, ValueError):
            pem = b""
    if pem is not None:
        reduced["certificate"] = certificate(pem)
    return reduced


def certificate(pem: bytes) -> dict[str, Any]:
    """Subject, issuer, validity and names of the first certificate in a PEM text; ``problem`` if it cannot be read."""
    from cryptography import x509  # 60 ms and 12 MB: only where a TLS Secret comes in

    from pointsman.tui.model.times import rfc3339

    try:
        found = x509.load_pem_x509_certificate(pem)
        names: list[str] = []
        try:
            extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = [str(name.value) for name in extension.value]
        except x509.ExtensionNotFound:
            pass
        return {
            "subject": found.subject.rfc4514_string(),
            "issuer": found.issuer.rfc4514_string(),
            "notBefore": rfc3339(found.not_valid_before_utc.timestamp()),
            "notAfter": rfc3339(found.not_valid_after_utc.timestamp()),
            "dnsNames": names,
        }
    except (ValueError, TypeError, OverflowError):
        return {"problem": "tls.crt is not a readable PEM certificate"}


def reduce_bytes(raw: bytes | msgspec.Raw) -> bytes:
    """The reduced form as JSON bytes; an empty object if the input is not a JSON object."""
    try:
        doc = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        doc = None
    return msgspec.json.encode(reduce_secret(doc) if isinstance(doc, dict) else {})
