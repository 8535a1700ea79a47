"""The JSON documents hold every field that is promised, with the promised words."""

from __future__ import annotations

import json
from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.stack import detect
from pointsman.tui.store.snapshot import Cluster, State
from pointsman.tui.views.json import dumps, ips_json, status_json, time_text
from pointsman.tui.views.plain import ips_lines, status_lines
from pointsman.tui.views.tables import Paper
from pointsman.widgets.text import width

VARIANTS = ("classic", "cilium", "broken")


def status(variant: Any) -> dict[str, Any]:
    snapshot = scenarios.store_of(variant).snapshot()
    found: dict[str, Any] = json.loads(dumps(status_json(detect(snapshot), snapshot)))
    return found


def ips(variant: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dumps(ips_json(ip_map(scenarios.store_of(variant).snapshot()))))
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_status(variant: str) -> None:
    doc = status(variant)
    assert doc["apiVersion"] == "pointsman/v1"
    assert doc["kind"] == "Status"
    assert {"context", "distribution", "version", "stack", "components", "nodes", "counts", "sources"} <= doc.keys()
    assert doc["stack"] in ("cilium", "classic", "mixed", "other", "none", "unknown")
    roles = [item["role"] for item in doc["components"]]
    for role in ("cni", "service-proxy", "load-balancer", "ingress", "gateway", "policy-engine"):
        assert role in roles
    for item in doc["components"]:
        assert {"role", "name", "version", "health", "owner", "detail"} <= item.keys()
        assert item["health"] in ("ok", "degraded", "down", "unknown")
        assert item["owner"] in ("helm", "helmchart", "addon", "gitops", "manifest", "builtin", "unknown")
    for item in doc["sources"]:
        assert item.keys() == {"name", "state", "age_seconds", "detail"}
        assert item["state"] in ("live", "stale", "down", "absent", "forbidden")
    assert [node["name"] for node in doc["nodes"]] == ["closet", "loft", "shed"]
    assert all(isinstance(value, int) for value in doc["counts"].values())


@pytest.mark.parametrize("variant", VARIANTS)
def test_ips(variant: str) -> None:
    doc = ips(variant)
    assert doc.keys() == {"apiVersion", "kind", "items", "pools", "bgp"}
    kinds = ("metallb-l2", "metallb-bgp", "cilium-l2", "cilium-bgp", "servicelb", "kube-vip", "node-ipam", "external-ip",
             "unknown")  # fmt: skip
    for item in doc["items"]:
        assert {
            "ip",
            "kind",
            "pool",
            "announcers",
            "moves_last_hour",
            "service",
            "ports",
            "urls",
            "lan",
            "problems",
        } <= (item.keys())
        assert item["kind"] in kinds
        assert item["lan"].keys() == {"checked", "mac", "node", "state", "why", "time"}
        assert (item["lan"]["state"], item["lan"]["checked"]) == ("not-checked", False)
        assert item["lan"]["why"]
        for one in item["announcers"]:
            assert {"node", "since", "evidence"} <= one.keys()
            assert one["evidence"] in ("lease", "status", "event", "metric", "predicted")
        assert all(isinstance(text, str) for text in item["problems"])
    for pool in doc["pools"]:
        assert {"name", "kind", "ranges", "total", "used", "available", "problems"} <= pool.keys()


def test_null_is_unknown_and_a_pending_service_has_no_address() -> None:
    doc = ips("broken")
    (waiting,) = (item for item in doc["items"] if item["ip"] is None)
    assert waiting["pending"] == "pool guests is exhausted"
    assert waiting["moves_last_hour"] is None


def test_a_namespace_narrows_the_addresses() -> None:
    found = ip_map(scenarios.store_of("classic").snapshot())
    assert {item["service"] for item in ips_json(found, "media")["items"]} == {
        "media/jellyfin", "media/qbittorrent-peers",
    }  # fmt: skip
    assert ips_json(found, "nowhere")["items"] == []


def test_sources_name_the_kinds_in_trouble() -> None:
    states = {"services": State.FORBIDDEN, "pods": State.CONNECTING, "leases": State.STALE}
    snapshot = worlds.make_snapshot(states=states)
    found = {item["name"]: item for item in status_json(detect(snapshot), snapshot)["sources"]}
    assert found["kube"]["state"] == "live"
    assert found["kube/services"]["state"] == "forbidden"
    assert (found["kube/pods"]["state"], found["kube/pods"]["detail"]) == ("down", "no answer in time")
    assert found["kube/leases.coordination.k8s.io"]["state"] == "stale"
    assert len(found) == 4


def test_documents_are_ascii() -> None:
    snapshot = worlds.make_snapshot(worlds.service("a‮\x1b[31m", "x"), cluster=Cluster("‮evil"))
    text = dumps(status_json(detect(snapshot), snapshot)) + dumps(ips_json(ip_map(snapshot)), lines=True)
    assert text.isascii()
    assert "\x1b" not in text


def test_times() -> None:
    assert time_text(None) is None
    assert time_text(0) == "1970-01-01T00:00:00Z"
    assert time_text(1e18) is None
    assert time_text(float("nan")) is None


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("cells", [80, 100, 120, 200])
def test_the_tables_fit_the_terminal(variant: Any, cells: int) -> None:
    snapshot = scenarios.store_of(variant).snapshot()
    sheet = Paper(cells)
    tables = [*status_lines(detect(snapshot), snapshot, sheet), *ips_lines(ip_map(snapshot), snapshot, sheet)]
    assert len(tables) > 15
    assert all(width(line) <= cells for line in tables)


def test_the_moves_of_an_address_come_with_their_causes() -> None:
    import worlds

    from pointsman.tui.store.history import Observation

    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(), worlds.service("web", "media", ips=["192.168.7.104"]),
        observed=[
            Observation("192.168.7.104", "shed", "lease", worlds.NOW - 7200),
            Observation("192.168.7.104", "loft", "lease", worlds.NOW - 60, "node shed became not ready", "Node shed"),
        ],
    )  # fmt: skip
    (item,) = ips_json(ip_map(snapshot), "", snapshot)["items"]
    (move,) = item["moves"]
    assert (move["from"], move["to"], move["time"]) == ("shed", "loft", time_text(worlds.NOW - 60))
    assert (move["probable_cause"], move["evidence"]) == ("node shed became not ready", "Node shed")
    assert json.loads(dumps(ips_json(ip_map(snapshot), "", snapshot)))["items"][0]["lan"]["time"] is None
