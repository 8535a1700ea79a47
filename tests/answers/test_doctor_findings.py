"""Every finding: a cluster in which it is raised, clusters in which it must not be, and nothing said of what is unseen."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from doctorcases import Case, addresses, platform, policies, pools, routes, services, snapshot

import pointsman.tui.answers
from pointsman.tui.answers.doctor import CHECKS, Finding, diagnose
from pointsman.tui.commands import COMMANDS
from pointsman.tui.store.snapshot import Cluster, State

CASES: dict[str, Case] = {}
for module in (platform, addresses, pools, services, routes, policies):
    CASES.update(module.CASES)
BY_ID = {check.id: check for check in CHECKS}
SILENT = [(id, name) for id, case in CASES.items() for name in case.silent]


def raised(id: str, docs: list[dict[str, Any]], **options: Any) -> list[Finding]:
    found = diagnose(snapshot(docs, **options)).findings
    assert not [item for item in found if item.id == "check-failed"]
    return [item for item in found if item.id == id]


def test_every_finding_has_a_case_and_each_case_a_finding() -> None:
    assert CASES.keys() == BY_ID.keys()
    assert all(case.silent for case in CASES.values())


@pytest.mark.parametrize("id", CASES)
def test_it_is_raised(id: str) -> None:
    case = CASES[id]
    found = raised(id, case.fires, **case.options)
    assert found
    assert case.severity in {item.severity for item in found}
    if case.object is not None:
        assert case.object in {item.object.slug for item in found if item.object}
    assert any(case.text in item.text for item in found)
    for item in found:
        assert item.object is None or item.object in item.objects
        assert "None" not in item.text
        assert item.why
        assert item.fix


@pytest.mark.parametrize(("id", "name"), SILENT)
def test_it_is_not_raised(id: str, name: str) -> None:
    case = CASES[id]
    found = raised(id, case.silent[name], **(case.options if case.quiet is None else case.quiet))
    # A consequence of something else may be noted.
    assert not [item for item in found if not item.cause]


@pytest.mark.parametrize("id", [id for id in CASES if BY_ID[id].needs])
def test_nothing_is_said_of_what_may_not_be_read(id: str) -> None:
    case = CASES[id]
    for kind in BY_ID[id].needs:
        found = diagnose(snapshot(case.fires, **{**case.options, "states": {kind.id: State.FORBIDDEN}}))
        assert id not in {item.id for item in found.findings}
        (said,) = (item for item in found.unjudged if item.id == id)
        assert "may not be read" in said.why


@pytest.mark.parametrize("id", [id for id in CASES if BY_ID[id].live])
def test_of_files_only_what_they_prove_is_said(id: str) -> None:
    files = Cluster("files", origin="manifests")
    found = diagnose(snapshot(CASES[id].fires, **{**CASES[id].options, "cluster": files}))
    assert id not in {item.id for item in found.findings}
    assert id in {item.id for item in found.unjudged}


def test_an_action_is_a_command_of_the_program() -> None:
    commands = {command.id for command in COMMANDS}
    assert {check.action for check in CHECKS} - {""} <= commands
    assert any(check.action for check in CHECKS)


def test_what_follows_names_findings_that_there_are() -> None:
    for check in CHECKS:
        assert set(check.follows) <= BY_ID.keys() - {check.id}
        assert check.fix.endswith((".", ")."))
        assert check.why.endswith(".")


SAID_OTHERWISE = {
    "route-certificate": "certificate-expires, once for the Secret",
    "route-child": "only what is not followed here",
    "invalid": "policy-invalid",
    "selects-nothing": "policy-selects-nothing",
    "note": "only what is worth knowing about how a policy is read",
}
"""Problems of an address, a pool or a route and lints of a policy that are no findings of their own, and why."""


def test_every_problem_that_a_pane_shows_is_a_finding_too() -> None:
    known = {check.id for check in CHECKS} | SAID_OTHERWISE.keys()
    known |= {id.removeprefix("policy-") for id in known}
    answers = Path(pointsman.tui.answers.__file__ or "").parent
    said: dict[str, str] = {}
    for folder in ("ips", "routes", "policies"):
        for file in sorted((answers / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in ("Problem", "Lint", "error") and isinstance(node.args[0].value, str):
                    said[node.args[0].value] = file.name
    assert len(said) > 35
    assert {id: file for id, file in said.items() if id not in known} == {}
