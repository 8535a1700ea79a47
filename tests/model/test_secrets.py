"""A Secret's values never get past the decoder."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.model.decode import decode_object, from_doc
from pointsman.tui.model.kinds import HELM_RELEASES, TLS_SECRETS
from pointsman.tui.model.secrets import reduce_secret

CANARY = "c4n4ry-Value"


def secret(data: dict[str, str] | None = None, **over: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": "s",
            "namespace": "n",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"tls.key": CANARY}}),
                "meta.helm.sh/release-name": "films",
            },
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}],
        },
        "data": data if data is not None else {"tls.key": base64.b64encode(CANARY.encode()).decode()},
        **over,
    }


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "films.home.example")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("films.home.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def test_values_are_gone_and_names_stay() -> None:
    obj = from_doc(secret(), TLS_SECRETS)
    assert obj.body.keys == ("tls.key",)
    assert obj.body.type == "kubernetes.io/tls"
    assert obj.meta.annotations == {"meta.helm.sh/release-name": "films"}
    for text in (CANARY, base64.b64encode(CANARY.encode()).decode(), "fieldsV1"):
        assert text not in obj.raw.decode()


def test_the_certificate_is_read_and_only_its_public_words_kept() -> None:
    pem = certificate()
    obj = from_doc(secret({"tls.crt": base64.b64encode(pem).decode(), "tls.key": "eA=="}), TLS_SECRETS)
    found = obj.body.certificate
    assert found is not None
    assert found.not_after == "2026-04-01T00:00:00Z"
    assert found.dns_names == ("films.home.example",)
    assert b"BEGIN CERTIFICATE" not in obj.raw


def test_an_unreadable_certificate_is_said_to_be_so() -> None:
    for value in ("!!!", base64.b64encode(b"junk").decode(), ""):
        found = from_doc(secret({"tls.crt": value}), TLS_SECRETS).body.certificate
        assert found is not None
        assert found.problem


def test_the_whole_secret_is_reduced_for_releases_too() -> None:
    obj = from_doc(secret({"release": CANARY}, type="helm.sh/release.v1"), HELM_RELEASES)
    assert CANARY not in obj.raw.decode()


def test_reducing_twice_changes_nothing() -> None:
    once = reduce_secret(secret({"tls.crt": base64.b64encode(certificate()).decode()}))
    assert reduce_secret(once) == once


values = st.recursive(
    st.just(CANARY),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(data=values, text=values, extra=values)
def test_no_shape_of_a_secret_lets_a_value_through(data: Any, text: Any, extra: Any) -> None:
    doc = secret(data=data, stringData=text, immutable=True, extra=extra)
    obj = decode_object(json.dumps(doc).encode(), TLS_SECRETS)
    assert CANARY not in obj.raw.decode()
