"""Every template is a valid policy where its kind is served, and is offered for what it is worth there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiserver import real_apiserver
from appkit import Clock, fill
from demohome import demo_homelab
from writekit import Relay, demo_relay, desk_at, real_relay

from pointsman.tui.actions.edit import OURS
from pointsman.tui.actions.source import read_object
from pointsman.tui.actions.templates import TITLE, Template, filled, offers, templates
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.store import Store

ALL = templates()


@pytest.fixture(scope="module", params=["classic", "cilium", pytest.param("real", marks=pytest.mark.realcluster)])
def relay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    home = tmp_path_factory.mktemp("templates")
    if request.param == "real":
        with real_apiserver(home / "real") as cluster, real_relay(home, cluster) as relay:
            yield relay
    else:
        with demo_homelab(home, request.param) as demo, demo_relay(home, demo) as relay:
            yield relay


async def test_every_one_passes_the_servers_strict_dry_run(relay: Relay) -> None:
    tried = 0
    async with desk_at(relay) as desk:
        snapshot = desk.snapshot()
        for offer in offers(snapshot):
            if offer.why_not:
                continue
            edit = desk.open_new(filled(offer.template, snapshot, "default"))
            assert edit.take(edit.page()) == ""
            plan = await desk.plan_edit(edit)
            assert plan.dry_run.accepted is True, (offer.template.id, plan.dry_run.text)
            assert plan.change.verb == "create"
            assert plan.refusal == ""
            tried += 1
    assert tried >= 6


@pytest.fixture(scope="module", params=["classic", "cilium", "broken"])
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    store = Store(Clock())
    fill(store, request.param)
    return store.snapshot()


@pytest.mark.parametrize("template", ALL, ids=[template.id for template in ALL])
def test_each_is_commented_and_whole(template: Template, snapshot: Snapshot) -> None:
    text = filled(template, snapshot, "media")
    assert template.title
    assert len(template.title) <= 42, "it is read in a picker"
    assert text.startswith("# ")
    assert TITLE not in text
    assert OURS not in text
    assert "${" not in text
    assert max(map(len, text.split("\n"))) <= 125
    doc = read_object(text)
    kind = KINDS[template.kind]
    assert doc["kind"] == kind.kind
    assert doc["metadata"].get("namespace") == ("media" if kind.namespaced else None)


def test_what_is_enforced_comes_first_and_the_rest_says_so(snapshot: Snapshot) -> None:
    found = offers(snapshot)
    assert [offer.rank for offer in found] == sorted(offer.rank for offer in found)
    assert {offer.template for offer in found} == set(ALL)
    for offer in found:
        assert offer.note or offer.why_not
        assert bool(offer.why_not) is (offer.rank == 3)
    variant = snapshot.cluster.demo
    cilium = {offer.template.id: offer for offer in found}["cnp-http"]
    assert cilium.rank == {"classic": 3, "cilium": 0, "broken": 2}[variant]


def test_the_lan_and_the_ingress_are_those_of_the_cluster(snapshot: Snapshot) -> None:
    texts = {template.id: filled(template, snapshot, "") for template in ALL}
    assert "cidr: 192.168.7.0/24" in texts["np-from-lan"]
    assert "namespace: default" in texts["np-from-lan"]
    assert "kubernetes.io/metadata.name: kube-system" in texts["np-from-ingress"]
    empty = filled(next(one for one in ALL if one.id == "np-from-lan"), Snapshot(), "a")
    assert "cidr: 192.168.1.0/24" in empty
