"""What only a real API server does: admission that says no, a server that dies under a toggle, a token of one user."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiserver import RealCluster, real_apiserver
from writekit import NP, SPEC, Relay, desk_at, no_guards_left, real_relay, ref, run, until

from pointsman.tui.actions.guard import log_file
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.toggle import is_parked, was_switched
from pointsman.tui.disk.journal import State

pytestmark = pytest.mark.realcluster
ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path_factory.mktemp("admission") / "real") as cluster:
        yield cluster


@pytest.fixture
def real(cluster: RealCluster, tmp_path: Path, own_home: Path) -> Iterator[Relay]:
    with no_guards_left(), real_relay(tmp_path, cluster) as relay:
        yield relay
        relay.ask("DELETE", f"{ADMISSION}/validatingadmissionpolicybindings/no-parking")
        relay.ask("DELETE", f"{ADMISSION}/validatingadmissionpolicies/no-parking")
        relay.sweep()


def forbid_parking(relay: Relay, actions: tuple[str, ...] = ("Deny",)) -> None:
    """No NetworkPolicy in `default` named locked-* may be written with the label that nothing has."""
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-parking"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
                        "operations": ["UPDATE"], "resources": ["networkpolicies"],
                    }
                ]
            },
            "validations": [
                {
                    "expression": "!has(object.spec.podSelector.matchLabels) || "
                    "!('pointsman.dev/switched-off' in object.spec.podSelector.matchLabels)",
                    "message": "policies stay on in this house",
                }
            ],
        },
    }  # fmt: skip
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-parking"},
        "spec": {"policyName": "no-parking", "validationActions": list(actions)},
    }  # fmt: skip
    assert relay.ask("POST", f"{ADMISSION}/validatingadmissionpolicies", policy)[0] == 201
    assert relay.ask("POST", f"{ADMISSION}/validatingadmissionpolicybindings", binding)[0] == 201

    def in_force() -> bool:
        patch = {"spec": {"podSelector": {"matchLabels": {"pointsman.dev/switched-off": "true"}}}}
        path = f"{NP}/probe?dryRun=All"
        doc = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "probe"},
            "spec": SPEC,
        }
        relay.ask("POST", NP, doc)
        status, answer = relay.ask("PATCH", path, patch, "application/merge-patch+json")
        return status == 422 if "Deny" in actions else status == 200 and answer["metadata"]["name"] == "probe"

    until(in_force, 30)


async def test_the_dry_run_hears_the_refusal(real: Relay) -> None:
    real.make("locked-1")
    forbid_parking(real)
    async with desk_at(real) as desk:
        plan = await desk.plan_off(ref("locked-1"), 600)
        assert plan.dry_run.accepted is False
        assert "policies stay on in this house" in plan.refusal
        result, armed = await desk.execute(plan)
        assert (result.status, armed) == (Status.REFUSED, None)
        assert desk.journal.read().writes == ()
    code, _, err = run(real, "policy", "off", "default/locked-1", "--yes")
    assert code == 2
    assert "policies stay on in this house" in err


async def test_a_refusal_after_the_dry_run_is_a_refusal_too(real: Relay) -> None:
    real.make("locked-2")
    async with desk_at(real) as desk:
        for _ in range(100):  # a policy of the test before takes a while to be out of force
            plan = await desk.plan_off(ref("locked-2"), 600)
            if plan.dry_run.accepted:
                break
            await asyncio.sleep(0.1)
        assert plan.dry_run.accepted is True
        forbid_parking(real)
        result, armed = await desk.execute(plan)
        assert (result.status, result.exit_code) == (Status.REFUSED, 2)
        assert "policies stay on in this house" in result.text
        assert armed is not None
        write = desk.writes().get(plan.op)
        assert write is not None
        assert (write.state, write.certain) == (State.FAILED, True)
        assert not was_switched(real.read("locked-2"))
    until(lambda: "nothing was written" in log_file().read_text(), 12)


async def test_the_servers_warnings_are_shown(real: Relay) -> None:
    real.make("locked-3")
    forbid_parking(real, ("Warn",))
    async with desk_at(real) as desk:

        async def warned() -> Any:
            return (await desk.plan_off(ref("locked-3"), None)).dry_run

        for _ in range(40):
            found = await warned()
            if found.warnings:
                break
            await asyncio.sleep(0.1)
        assert found.accepted is True
        assert any("policies stay on in this house" in text for text in found.warnings)


def test_a_server_that_is_killed_and_comes_back_late(real: Relay, cluster: RealCluster) -> None:
    real.make("locked-4")
    before = json.dumps(real.read("locked-4")["spec"])
    assert run(real, "policy", "off", "default/locked-4", "--for", "3s", "--yes")[0] == 0
    assert is_parked(real.read("locked-4"))
    cluster.kill_apiserver()
    until(lambda: "will try again" in log_file().read_text(), 30)
    cluster.start_apiserver()
    until(lambda: not was_switched(real.read("locked-4")), 40)
    assert json.dumps(real.read("locked-4")["spec"]) == before


def test_a_user_who_may_not_write_is_told_what_is_missing(cluster: RealCluster, real: Relay) -> None:
    real.make("locked-5")
    cluster.kubectl("create", "clusterrole", "looker", "--verb=get,list,watch", "--resource=*.*")
    cluster.kubectl("create", "clusterrolebinding", "looker", "--clusterrole=looker", "--user=restricted")
    words = [
        "--kubeconfig",
        str(cluster.kubeconfig),
        "--context",
        "restricted",
        "policy",
        "off",
        "default/locked-5",
        "--yes",
    ]
    done = subprocess.run([sys.executable, "-m", "pointsman.tui", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs patch networkpolicies.networking.k8s.io in default" in done.stderr
    assert not was_switched(real.read("locked-5"))
