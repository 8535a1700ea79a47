"""Bytes into objects: nothing that a server or a stranger sends may stop the program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.model.decode import DecodeError, decode_line, decode_object, decode_page, decode_status, from_doc
from pointsman.tui.model.kinds import CRDS, INGRESSROUTES, KINDS, PODS, SERVICES, find_kind, kinds_of
from pointsman.tui.model.meta import dig, dig_list, dig_str


def service(**over: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "pihole", "namespace": "dns", "resourceVersion": "7"},
        "spec": {
            "type": "LoadBalancer",
            "clusterIP": "10.43.0.9",
            "ports": [{"port": 53, "protocol": "UDP", "targetPort": "dns"}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "192.168.7.101"}]}},
        **over,
    }


def test_reads_what_a_service_says() -> None:
    obj = from_doc(service(), SERVICES)
    assert obj.key == ("dns", "pihole")
    assert obj.path == "dns/pihole"
    assert obj.body.spec.cluster_ip == "10.43.0.9"
    assert obj.body.spec.ports[0].target_port == "dns"
    assert obj.body.status.load_balancer.ingress[0].ip == "192.168.7.101"
    assert not obj.problem


def test_unknown_fields_and_missing_fields_are_no_problem() -> None:
    obj = from_doc({"metadata": {"name": "x", "later": {"a": 1}}, "spec": {"newField": [1]}, "extra": None}, SERVICES)
    assert obj.body.spec.type == "ClusterIP"
    assert not obj.problem


def test_nulls_of_go_count_as_missing() -> None:
    obj = from_doc(service(spec={"type": "LoadBalancer", "ports": None, "selector": None}, status=None), SERVICES)
    assert obj.body.spec.ports == ()
    assert obj.body.spec.type == "LoadBalancer"
    assert not obj.problem


def test_a_wrong_type_keeps_the_metadata_and_says_so() -> None:
    obj = from_doc(service(spec={"ports": "many"}), SERVICES)
    assert obj.key == ("dns", "pihole")
    assert obj.body.spec.ports == ()
    assert "could not be read" in obj.problem


def test_even_wrong_metadata_leaves_a_name() -> None:
    obj = from_doc({"metadata": {"name": "x", "namespace": "y", "labels": ["a"], "generation": "z"}}, PODS)
    assert obj.key == ("y", "x")
    assert obj.problem


def test_one_bad_object_does_not_spoil_the_page() -> None:
    items = [service(), {"metadata": {}}, service(metadata={"name": "b", "namespace": "c"}), "text", service(spec=[])]
    page = decode_page(
        json.dumps({"metadata": {"resourceVersion": "9", "continue": "tok"}, "items": items}).encode(), SERVICES
    )
    assert [obj.name for obj in page.items] == ["pihole", "b", "pihole"]
    assert (page.resource_version, page.next_page) == ("9", "tok")


@pytest.mark.parametrize("body", [b"<html>login</html>", b"", b"{", b"[1]", b'{"items": 3}'])
def test_an_answer_that_is_no_list_is_one_error(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_page(body, SERVICES)


def test_an_object_deeper_than_the_reader_goes_is_one_error() -> None:
    pod = b'{"metadata":{"name":"a"},"spec":{"x":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    with pytest.raises(DecodeError):
        decode_object(pod, PODS)
    with pytest.raises(DecodeError):
        decode_page(b'{"kind":"PodList","items":[' + pod + b"]}", PODS)
    with pytest.raises(DecodeError):
        decode_line(b'{"type":"ADDED","object":' + pod + b"}", PODS)
    assert decode_status(pod) is None


def test_a_null_list_is_an_empty_one() -> None:
    assert decode_page(b'{"metadata":{"resourceVersion":"1"},"items":null}', PODS).items == []


def test_watch_lines() -> None:
    added = decode_line(json.dumps({"type": "ADDED", "object": service()}).encode(), SERVICES)
    assert added.obj is not None
    assert added.resource_version == "7"
    mark = decode_line(
        b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12","annotations":{"k8s.io/initial-events-end":"true"}}}}',
        PODS,
    )
    assert (mark.resource_version, mark.initial_events_end, mark.obj) == ("12", True, None)
    gone = decode_line(
        b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}', PODS
    )
    assert gone.status is not None
    assert gone.status.code == 410
    with pytest.raises(DecodeError):
        decode_line(b"not json", PODS)


def test_a_status_is_read_only_from_a_status() -> None:
    status = decode_status(b'{"kind":"Status","code":403,"message":"pods is forbidden"}')
    assert status is not None
    assert status.code == 403
    assert decode_status(b"<html>") is None


hostile = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "spec", "ports", "labels", "status", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(spec=hostile, status=hostile, kind=st.sampled_from(list(KINDS.values())))
def test_no_body_ever_raises(spec: Any, status: Any, kind: Any) -> None:
    obj = from_doc({"metadata": {"name": "n", "namespace": "s"}, "spec": spec, "status": status}, kind)
    assert obj.name == "n"


@given(metadata=hostile)
def test_metadata_gives_an_object_or_one_error(metadata: Any) -> None:
    raw = json.dumps({"metadata": metadata}).encode()
    try:
        obj = decode_object(raw, PODS)
    except DecodeError:
        return
    assert obj.name


def test_kinds_are_found_by_every_name_people_use() -> None:
    for word in ("svc", "Service", "services"):
        assert find_kind(word) is SERVICES
    assert find_kind("ingressroutes.traefik.io") is INGRESSROUTES
    assert find_kind("crd") is CRDS
    assert find_kind("nonsense") is None
    assert [kind.id for kind in kinds_of("", "Secret")] == ["secrets", "helmreleases"]


def test_short_names_are_unique() -> None:
    words = [word for kind in KINDS.values() for word in (kind.id, *kind.short)]
    assert len(words) == len(set(words))


def test_urls() -> None:
    assert PODS.url() == "/api/v1/pods"
    assert PODS.url(namespace="a", name="b") == "/api/v1/namespaces/a/pods/b"
    assert INGRESSROUTES.url(namespace="a") == "/apis/traefik.io/v1alpha1/namespaces/a/ingressroutes"
    assert CRDS.url(namespace="ignored", name="x") == "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x"


def test_dig_never_raises() -> None:
    doc = {"a": [{"b": 1}], "n": None, "t": True}
    assert dig(doc, "a", 0, "b") == 1
    assert dig(doc, "a", 5, "b") is None
    assert dig(doc, "n", default=3) == 3
    assert dig_list(doc, "t") == []
    assert dig_str(doc, "a", 0, "b") == "1"
    assert dig_str(doc, "t") == ""
