"""Published policy cases, all of them: no exception is left out silently (see :data:`READ_DIFFERENTLY`)."""

from __future__ import annotations

import pytest
from policyworld import ALLOWED, DENIED, Asked, ask, pod, policy
from published import ADMIN_CASES, CASES, EVERYONE, HOUSES, SHOP, TABLES, XYZ, Case, Table
from worlds import Doc, k3s_nodes, make_snapshot

READ_DIFFERENTLY = {
    "np-guard netpol-analyzer, pods on their node's network": (
        "There a pod with hostNetwork is judged as any pod. Kubernetes leaves it undefined and says what engines really do:"
        " they see the node, not the pod, so that podSelectors do not select it. So it is here; 14 of 104 cases differ in"
        " nothing else."
    ),
    "np-guard netpol-analyzer, Routes of OpenShift": "Routes of OpenShift are no kind that is read here; 3 of 104 cases.",
}
"""Published cases that are answered in another way here, and why."""


def numbers(text: str) -> tuple[int, str]:
    port, _, protocol = text.partition("/")
    return int(port), (protocol or "tcp").upper()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.where)
def test_every_pair_of_a_conformance_table(table: Table) -> None:
    """Under k3s' own engine: as in most, an ipBlock means pods too. For files that is not taken for granted."""
    asked = Asked(make_snapshot(XYZ, k3s_nodes(), table.policies))
    wrong = []
    for src in EVERYONE:
        for dst in EVERYONE:
            if src == dst:
                continue
            may = dst in table.out.get(src, EVERYONE) and src in table.into.get(dst, EVERYONE)
            found = asked(src, dst, table.port, table.protocol)
            if found is not (ALLOWED if may else DENIED):
                wrong.append((src, dst, found))
    assert wrong == []


def hold(world: list[Doc], case: Case) -> None:
    asked = ask(world, case.policies)
    for text in case.asks:
        sign = ">" if " > " in text else "!"
        src, _, rest = text.partition(f" {sign} ")
        dst, _, port = rest.rpartition(":")
        number, protocol = numbers(port)
        assert asked(src, dst, number, protocol) is (ALLOWED if sign == ">" else DENIED), text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.where)
def test_recipes_and_documentation(case: Case) -> None:
    hold(SHOP, case)


@pytest.mark.parametrize("case", ADMIN_CASES, ids=lambda case: case.where)
def test_policies_for_administrators(case: Case) -> None:
    hold(HOUSES, case)


def test_no_case_stands_twice() -> None:
    names = [item.where for item in (*TABLES, *CASES, *ADMIN_CASES)]
    assert len(names) == len(set(names))
    assert len(TABLES) >= 40
    assert len(CASES) + len(ADMIN_CASES) >= 55


def test_a_pod_on_its_nodes_network_is_no_subject() -> None:
    """The reading that differs from another tool's (see the table above), with its reason in words."""
    asked = ask(
        pod("default/agent", {"app": "agent"}, node="a", host=True), pod("default/web", {"app": "web"}),
        policy("{podSelector: {}}", "default/shut"),
    )  # fmt: skip
    assert asked("default/web", "default/agent") is ALLOWED
    assert "policies do not apply to default/agent, which is on its node's network" in asked.texts(
        "default/web", "default/agent"
    )
    assert all(READ_DIFFERENTLY.values())
