"""The actions about addresses on the demo homelab's API server, whose MetalLB and Cilium answer as the real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demohome import Demo, demo_homelab
from writekit import Relay, demo_relay, desk_at

from pointsman.tui.actions.addresses import pin_wish, pool_wish
from pointsman.tui.actions.announcers import cordon_wish, restart_wish
from pointsman.tui.actions.desk import Desk
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.newpool import PoolAsked, pool_wishes
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.plan import Wish
from pointsman.tui.answers.ips import Address, ip_map
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import SERVICES

JELLYFIN = Ref(SERVICES.id, "media", "jellyfin")


@pytest.fixture(scope="module", params=["classic", "cilium"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_homelab(tmp_path_factory.mktemp("demo"), request.param) as found:
        yield found


@pytest.fixture
def relay(demo: Demo, tmp_path: Path) -> Iterator[Relay]:
    with demo_relay(tmp_path, demo) as found:
        yield found


def address(desk: Desk) -> Address:
    return next(item for item in ip_map(desk.snapshot()).items if item.service == JELLYFIN)


async def done(desk: Desk, wish: Wish) -> None:
    plan = await desk.plan(wish)
    assert plan.refusal == ""
    assert plan.dry_run.accepted
    result, _ = await desk.execute(plan)
    assert result.status is Status.DONE, result.text


async def look(demo: Demo, relay: Relay, seconds: float = 30) -> Address:
    demo.step(seconds)
    async with desk_at(relay) as desk:
        return address(desk)


async def undo(relay: Relay) -> None:
    async with desk_at(relay) as desk:
        plan = await desk.plan_undo(desk.writes().writes[-1].op)
        result, _ = await desk.execute(plan)
        assert result.status is Status.DONE, result.text


async def test_a_pin_moves_the_address_and_undo_takes_the_wish_back(demo: Demo, relay: Relay) -> None:
    async with desk_at(relay) as desk:
        before = address(desk)
        plan = await desk.plan(pin_wish(desk.snapshot(), JELLYFIN, "192.168.7.200"))
        assert plan.grave
        await done(desk, pin_wish(desk.snapshot(), JELLYFIN, "192.168.7.200"))
    now = await look(demo, relay)
    assert now.ip == "192.168.7.200"
    assert now.announcers
    await undo(relay)
    async with desk_at(relay) as desk:
        await done(desk, pin_wish(desk.snapshot(), JELLYFIN, before.ip or ""))
    assert (await look(demo, relay)).ip == before.ip


async def test_another_pool_gives_an_address_of_its_own(demo: Demo, relay: Relay) -> None:
    async with desk_at(relay) as desk:
        pools = {pool.name for pool in ip_map(desk.snapshot()).pools}
        assert pools == {"guests", "lan"}
        if demo.variant == "cilium":
            with pytest.raises(ActionError, match="serviceSelector does not select it"):
                pool_wish(desk.snapshot(), JELLYFIN, "guests")
            return
        await done(desk, pool_wish(desk.snapshot(), JELLYFIN, "guests"))
    now = await look(demo, relay)
    assert (now.pool, (now.ip or "").rpartition(".")[0]) == ("guests", "192.168.7")
    assert 60 <= int((now.ip or "").rpartition(".")[2]) <= 69
    await undo(relay)
    await look(demo, relay)


async def test_a_node_that_is_left_out_gives_its_addresses_up_and_may_come_back(demo: Demo, relay: Relay) -> None:
    async with desk_at(relay) as desk:
        before = address(desk)
        holder = before.announcers[0].node
        await done(desk, cordon_wish(desk.snapshot(), holder, before))
    now = await look(demo, relay)
    assert now.announcers[0].node != holder
    await undo(relay)
    async with desk_at(relay) as desk:
        with pytest.raises(ActionError):
            await desk.plan_undo(desk.writes().writes[0].op)  # undone already
    assert (await look(demo, relay)).announcers


async def test_a_restarted_agent_is_another_pod_and_cannot_be_undone(demo: Demo, relay: Relay) -> None:
    def pods() -> dict[str, Any]:
        return {item["metadata"]["uid"]: item for item in demo.get("pods", "-A")["items"]}

    before = pods()
    async with desk_at(relay) as desk:
        item = address(desk)
        wish = restart_wish(desk.snapshot(), item.announcers[0].node, item.kind)
        await done(desk, wish)
        with pytest.raises(ActionError, match="A restart cannot be undone"):
            await desk.plan_undo(desk.writes().writes[-1].op)
    demo.step(90)
    after = pods()
    gone = [pod for uid, pod in before.items() if uid not in after]
    # Pods of a CronJob come and go by themselves.
    left = [pod["metadata"]["name"] for pod in gone if pod["metadata"]["ownerReferences"][0]["kind"] != "Job"]
    assert left == [wish.ref.name]
    assert (await look(demo, relay)).announcers


async def test_a_new_pool_is_there_and_goes_again(demo: Demo, relay: Relay) -> None:
    async with desk_at(relay) as desk:
        stack = "metallb" if demo.variant == "classic" else "cilium"
        wishes = pool_wishes(desk.snapshot(), stack, PoolAsked("iot", "192.168.7.50-192.168.7.55", "none"))
        for wish in wishes:
            await done(desk, wish)
    demo.step(10)
    async with desk_at(relay) as desk:
        pool = next(pool for pool in ip_map(desk.snapshot()).pools if pool.name == "iot")
        assert (pool.total, pool.used, pool.available) == (6, 0, 6)
        for write in reversed(desk.writes().writes):
            if write.intent.name == "iot":
                result, _ = await desk.execute(await desk.plan_undo(write.op))
                assert result.status is Status.DONE, result.text
    async with desk_at(relay) as desk:
        assert "iot" not in {pool.name for pool in ip_map(desk.snapshot()).pools}
