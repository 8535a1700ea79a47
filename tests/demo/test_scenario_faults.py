"""What is wrong in `broken`, and only there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from pointsman.tui.demo import faults
from pointsman.tui.demo.scenario import VARIANTS, Scenario, build
from pointsman.tui.demo.scenario.faults import FAULTS
from pointsman.tui.demo.scenario.faults.base import Fault

NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)


@cache
def scenario(variant: str) -> Scenario:
    return build(variant, seed=5, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_holds_in_broken_alone(fault: Fault) -> None:
    assert {variant: fault.holds(scenario(variant)) for variant in VARIANTS} == {
        "classic": False,
        "cilium": False,
        "broken": True,
    }


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_names_an_object_that_is_there(fault: Fault) -> None:
    kind, *rest = fault.object.split("/")
    namespace, name = rest if len(rest) == 2 else ("", rest[0])
    assert scenario("broken").get(kind, namespace, name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", fault.finding)
    assert fault.description.endswith(".")
    assert fault.precondition.endswith(".")


def test_the_listing() -> None:
    rows = faults.listing()
    assert len(rows) == len(FAULTS) >= 30
    assert {tuple(row) for row in rows} == {("name", "description", "object", "finding")}
    for field in ("name", "object", "finding"):
        assert len({row[field] for row in rows}) == len(rows)


def test_every_fault_is_one_file_and_one_line() -> None:
    folder = Path(faults.__file__).parent / "scenario" / "faults"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "base"}
    assert {fault.plant.__module__.rpartition(".")[2] for fault in FAULTS} == files


def test_broken_is_one_possible_cluster() -> None:
    """flannel carries the pods, Cilium announces and enforces nothing, MetalLB is half in place."""
    lab = scenario("broken")
    config = lab.get("ConfigMap", "kube-system", "cilium-config")["data"]
    assert config["enable-policy"] == "never"
    assert config["enable-l2-announcements"] == "true"
    assert config["kube-proxy-replacement"] == "true", "without it Cilium would announce nothing"
    assert config["enable-lb-ipam"] == "false", "two controllers would fight about every address"
    assert config["tunnel-port"] != "8472", "flannel's own"
    for node in lab.find("Node"):
        assert node["metadata"]["annotations"]["flannel.alpha.coreos.com/backend-type"] == "vxlan"
    for pod in lab.find("Pod"):
        if pod["status"]["phase"] == "Pending":
            continue  # it waits for a port
        assert pod["status"]["podIP"].startswith(("10.42.", "192.168.7."))
    assert not lab.find("CiliumEndpoint")
    speakers = {p["spec"]["nodeName"] for p in lab.find("Pod", "metallb-system") if "speaker" in p["metadata"]["name"]}
    assert speakers == {"shed", "loft"}
    announced = {(s["status"]["serviceNamespace"], s["status"]["serviceName"]) for s in lab.find("ServiceL2Status")}
    leased = {o["metadata"]["name"].removeprefix("cilium-l2announce-") for o in lab.find("Lease", "kube-system")}
    assert not {"-".join(pair) for pair in announced} & leased, "nobody is announced twice"
