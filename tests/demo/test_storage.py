"""The demo cluster's storage: versions, locking, finalizers, garbage, watches, dynamic resources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.kube.storage import Storage

Object = dict[str, Any]


@pytest.fixture
def storage() -> Storage:
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    made = Storage(now=lambda: start + timedelta(seconds=made.version if "made" in locals() else 0), seed=7)
    made.seed([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("default", "media")])
    return made


def config_map(name: str, namespace: str = "media", **metadata: Any) -> Object:
    meta = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1"}}


def deployment(name: str = "web") -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "media"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}},
        },
    }


def crd(plural: str = "widgets", scope: str = "Namespaced") -> Object:
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "minimum": 1},
                    "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.lab.example"},
        "spec": {
            "group": "lab.example",
            "scope": scope,
            "names": {"plural": plural, "kind": "Widget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


def widget(name: str = "w", **spec: Any) -> Object:
    return {
        "apiVersion": "lab.example/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "media"},
        "spec": {"size": 3, **spec},
    }


def refused(code: int, reason: str, call: Any, *args: Any, **kwargs: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    return caught.value


def test_every_write_takes_the_next_version_of_one_counter(storage: Storage) -> None:
    first = storage.create(config_map("a"))
    second = storage.create(deployment())
    assert int(second["metadata"]["resourceVersion"]) == int(first["metadata"]["resourceVersion"]) + 1
    assert storage.version == int(second["metadata"]["resourceVersion"])


def test_a_write_that_changes_nothing_keeps_the_version_and_wakes_nobody(storage: Storage) -> None:
    made = storage.create(config_map("a"))
    watch = storage.watch("configmaps")
    again = storage.update(clone(made))
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert watch.take() == []


def test_a_stale_version_is_a_conflict(storage: Storage) -> None:
    made = clone(storage.create(config_map("a")))
    storage.modify("configmaps", "media", "a", lambda obj: obj["data"].update(a="2"))
    made["data"]["a"] = "3"
    error = refused(409, "Conflict", storage.update, made)
    assert "the object has been modified" in error.message
    assert storage.get("configmaps", "media", "a")["data"] == {"a": "2"}


def test_identity_cannot_be_changed(storage: Storage) -> None:
    made = storage.create(config_map("a"))

    def forge(obj: Object) -> None:
        obj["metadata"]["creationTimestamp"] = "1999-01-01T00:00:00Z"
        obj["metadata"]["deletionTimestamp"] = "1999-01-01T00:00:00Z"
        obj["data"]["a"] = "2"

    after = storage.modify("configmaps", "media", "a", forge)
    assert after["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert "deletionTimestamp" not in after["metadata"]
    other = clone(after)
    other["metadata"]["uid"] = "11111111-1111-4111-8111-111111111111"
    refused(409, "Conflict", storage.update, other)


def test_generation_counts_spec_changes_only(storage: Storage) -> None:
    assert storage.create(deployment())["metadata"]["generation"] == 1
    labelled = storage.modify("deployments.apps", "media", "web", lambda o: o["metadata"].update(labels={"x": "y"}))
    assert labelled["metadata"]["generation"] == 1
    scaled = storage.modify("deployments.apps", "media", "web", lambda o: o["spec"].update(replicas=3))
    assert scaled["metadata"]["generation"] == 2
    seen = storage.modify(
        "deployments.apps", "media", "web", lambda o: o["status"].update(observedGeneration=2), subresource="status"
    )
    assert seen["metadata"]["generation"] == 2


def test_status_changes_only_through_its_subresource(storage: Storage) -> None:
    storage.create(deployment())

    def both(obj: Object) -> None:
        obj["spec"]["replicas"] = 5
        obj["status"]["replicas"] = 5

    plain = storage.modify("deployments.apps", "media", "web", both)
    assert (plain["spec"]["replicas"], plain["status"].get("replicas")) == (5, None)
    status = storage.modify(
        "deployments.apps", "media", "web", lambda o: (o["spec"].update(replicas=9), o["status"].update(replicas=5)),
        subresource="status",
    )  # fmt: skip
    assert (status["spec"]["replicas"], status["status"]["replicas"]) == (5, 5)


def test_dry_run_stores_nothing(storage: Storage) -> None:
    before = storage.version
    assert storage.create(config_map("a"), dry_run=True)["metadata"]["uid"]
    refused(404, "NotFound", storage.get, "configmaps", "media", "a")
    storage.create(config_map("a"))
    changed = clone(storage.get("configmaps", "media", "a"))
    changed["data"]["a"] = "9"
    assert storage.update(changed, dry_run=True)["data"] == {"a": "9"}
    assert storage.get("configmaps", "media", "a")["data"] == {"a": "1"}
    assert storage.delete("configmaps", "media", "a", dry_run=True)[1]
    assert storage.version == before + 1


def test_finalizers_hold_an_object_until_they_are_gone(storage: Storage) -> None:
    storage.create(config_map("a", finalizers=["lab.example/keep"]))
    obj, gone = storage.delete("configmaps", "media", "a")
    assert not gone
    assert obj["metadata"]["deletionTimestamp"]

    def add(o: Object) -> None:
        o["metadata"]["finalizers"].append("lab.example/more")

    error = refused(422, "Invalid", storage.modify, "configmaps", "media", "a", add)
    assert "no new finalizers can be added" in error.message
    watch = storage.watch("configmaps")
    storage.modify("configmaps", "media", "a", lambda o: o["metadata"].pop("finalizers"))
    assert [event.type for event in watch.take()] == ["DELETED"]
    refused(404, "NotFound", storage.get, "configmaps", "media", "a")


def test_dependents_go_with_their_owner_or_stay_as_orphans(storage: Storage) -> None:
    for name, policy in (("one", "Background"), ("two", "Orphan"), ("three", "Foreground")):
        owner = storage.create(config_map(name))
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["metadata"]["uid"]}
        storage.create(config_map(f"{name}-child", ownerReferences=[{**reference, "blockOwnerDeletion": True}]))
        assert storage.delete("configmaps", "media", name, policy=policy)[1]
    left = storage.list("configmaps", "media")
    assert [obj["metadata"]["name"] for obj in left] == ["two-child"]
    assert "ownerReferences" not in left[0]["metadata"]


def test_foreground_waits_for_dependents(storage: Storage) -> None:
    owner = storage.create(config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    storage.create(config_map("child", ownerReferences=[reference], finalizers=["lab.example/keep"]))
    obj, gone = storage.delete("configmaps", "media", "owner", policy="Foreground")
    assert not gone
    assert obj["metadata"]["finalizers"] == ["foregroundDeletion"]
    storage.modify("configmaps", "media", "child", lambda o: o["metadata"].pop("finalizers"))
    assert storage.list("configmaps") == []


def test_a_namespace_takes_its_content_along(storage: Storage) -> None:
    storage.create(config_map("a"))
    storage.create(config_map("held", finalizers=["lab.example/keep"]))
    obj, gone = storage.delete("namespaces", "", "media")
    assert (gone, obj["status"]["phase"]) == (False, "Terminating")
    assert [o["metadata"]["name"] for o in storage.list("configmaps")] == ["held"]
    error = refused(403, "Forbidden", storage.create, config_map("late"))
    assert "because it is being terminated" in error.message
    storage.modify("configmaps", "media", "held", lambda o: o["metadata"].pop("finalizers"))
    refused(404, "NotFound", storage.get, "namespaces", "", "media")
    refused(404, "NotFound", storage.create, config_map("late"))


def test_a_running_pod_ends_gracefully_and_at_once_when_asked(storage: Storage) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "media"},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    storage.seed([pod])
    obj, gone = storage.delete("pods", "media", "p")
    assert (gone, obj["metadata"]["deletionGracePeriodSeconds"]) == (False, 30)
    storage.modify("pods", "media", "p", lambda o: o["metadata"].update(labels={"still": "there"}))
    assert storage.delete("pods", "media", "p", grace=0)[1]


def test_watches_get_what_they_missed_until_history_is_gone(storage: Storage) -> None:
    made = storage.create(config_map("a"))
    since = int(made["metadata"]["resourceVersion"])
    storage.modify("configmaps", "media", "a", lambda o: o["data"].update(a="2"))
    storage.delete("configmaps", "media", "a")
    events = storage.watch("configmaps", since).take()
    assert [event.type for event in events] == ["MODIFIED", "DELETED"]
    assert events[-1].object["metadata"]["resourceVersion"] == str(events[-1].version)
    storage.compact()
    refused(410, "Expired", storage.watch, "configmaps", since)
    assert storage.watch("configmaps", storage.version).take() == []


def test_history_has_a_floor(storage: Storage) -> None:
    small = Storage(now=storage.now, log_size=2)
    small.seed([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "media"}}])
    made = small.create(config_map("a"))
    for number in range(4):
        small.modify("configmaps", "media", "a", lambda o, n=number: o["data"].update(a=f"v{n}"))
    refused(410, "Expired", small.watch, "configmaps", int(made["metadata"]["resourceVersion"]))
    assert len(small.watch("configmaps", small.version - 2).take()) == 2


async def test_a_watch_waits_and_its_resource_may_vanish(storage: Storage) -> None:
    storage.create(crd())
    watch = storage.watch("widgets.lab.example")
    assert await watch.next(0.01) == []
    storage.create(widget())
    assert [event.type for event in await watch.next(1)] == ["ADDED"]
    storage.delete("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.lab.example")
    assert [event.type for event in await watch.next(1)] == ["DELETED"]
    assert watch.closed


def test_a_crd_serves_its_kind_and_takes_it_along(storage: Storage) -> None:
    assert storage.resources.find("widgets.lab.example") is None
    made = storage.create(crd())
    assert {c["type"]: c["status"] for c in made["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert storage.create(widget(extra="dropped"))["spec"] == {"size": 3, "color": "red"}
    storage.delete("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.lab.example")
    assert storage.resources.find("widgets.lab.example") is None
    refused(400, "BadRequest", storage.create, widget())
    storage.create(crd())
    assert storage.list("widgets.lab.example") == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"size": 0}, "should be greater than or equal to 1"),
        ({"size": "big"}, 'must be of type integer: "string"'),
        ({"color": "green"}, 'Unsupported value: "green": supported values: "red", "blue"'),
        ({"size": None}, "spec.size: Required value"),
    ],
)
def test_a_schema_refuses(storage: Storage, spec: Object, text: str) -> None:
    storage.create(crd())
    error = refused(422, "Invalid", storage.create, widget(**spec))
    assert text in error.message
    assert error.causes[0].field == f"spec.{next(iter(spec))}"


@pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", "a" * 254, "dot.", ""])
def test_bad_names_are_invalid(storage: Storage, name: str) -> None:
    error = refused(422, "Invalid", storage.create, config_map(name))
    assert error.causes[0].field == "metadata.name"


def test_services_get_addresses_and_keep_them(storage: Storage) -> None:
    def service(name: str, **spec: Any) -> Object:
        meta = {"name": name, "namespace": "media"}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}], **spec}}

    one, two = storage.create(service("one")), storage.create(service("two", type="LoadBalancer"))
    assert one["spec"]["clusterIP"].startswith("10.43.")
    assert one["spec"]["clusterIP"] != two["spec"]["clusterIP"]
    assert 30000 <= two["spec"]["ports"][0]["nodePort"] <= 32767
    port = two["spec"]["ports"][0]["nodePort"]

    def strip(obj: Object) -> None:
        del obj["spec"]["clusterIP"]
        del obj["spec"]["clusterIPs"]
        del obj["spec"]["ports"][0]["nodePort"]
        obj["metadata"]["labels"] = {"a": "b"}

    kept = storage.modify("services", "media", "two", strip)
    assert (kept["spec"]["clusterIP"], kept["spec"]["ports"][0]["nodePort"]) == (two["spec"]["clusterIP"], port)
    error = refused(
        422, "Invalid", storage.modify, "services", "media", "two", lambda o: o["spec"].update(clusterIP="10.43.9.9")
    )
    assert "may not change once set" in error.message


def test_a_service_that_needs_no_node_port_any_more_has_none(storage: Storage) -> None:
    meta = {"name": "s", "namespace": "media"}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    made = storage.create({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    assert made["spec"]["allocateLoadBalancerNodePorts"]
    back = storage.modify("services", "media", "s", lambda obj: obj["spec"].update(type="ClusterIP"))
    assert "nodePort" not in back["spec"]["ports"][0]
    assert "externalTrafficPolicy" not in back["spec"]
    assert back["spec"]["clusterIP"] == made["spec"]["clusterIP"]


def test_selectors_are_immutable_in_workloads(storage: Storage) -> None:
    storage.create(deployment())

    def move(obj: Object) -> None:
        obj["spec"]["selector"]["matchLabels"] = {"app": "other"}
        obj["spec"]["template"]["metadata"]["labels"] = {"app": "other"}

    assert (
        "field is immutable"
        in refused(422, "Invalid", storage.modify, "deployments.apps", "media", "web", move).message
    )
