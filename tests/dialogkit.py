"""Plans and dialogs on the filled store of appkit, where no server can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from appkit import NOW

from pointsman.tui.actions.access import Access
from pointsman.tui.actions.change import Change
from pointsman.tui.actions.deadman import DEFAULT_IMAGE, Place, lines
from pointsman.tui.actions.pipeline import Conflict
from pointsman.tui.actions.plan import DryRun, Plan
from pointsman.tui.actions.policies import off_wish
from pointsman.tui.answers.owners import owner_of
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import NETWORKPOLICIES
from pointsman.tui.screens.modals.confirm import ConfirmScreen
from pointsman.tui.screens.modals.conflict import ConflictScreen

REF = Ref("networkpolicies", "db", "postgres-from-lan")


def plan_for(app: Any, ref: Ref = REF, seconds: float | None = 600.0, **more: Any) -> Plan:
    """Switching a policy off, as if the server had agreed."""
    snapshot = app.session.snapshot()
    obj = snapshot.get(NETWORKPOLICIES, *ref.key)
    # The id is fixed: pictures are made of this.
    wish = off_wish(snapshot, ref, by="me@here", seconds=seconds, now=NOW.timestamp(), op="5f3a9c21")
    wish = replace(wish, risks=more.pop("risks", ()), effect=more.pop("effect", ()))
    fields: dict[str, Any] = {
        "change": Change(ref, obj.doc(), wish.make(obj.doc()), "v1"),
        "cluster": snapshot.cluster,
        "risks": wish.risks,
        "owner": owner_of(obj, snapshot),
        "access": Access("patch", "networkpolicies.networking.k8s.io", "db", True),
        "dry_run": DryRun(True, "the server accepts it"),
    }
    return Plan(wish, **{**fields, **more})


def conflict_for(app: Any, ref: Ref = REF) -> Conflict:
    """Somebody changed the port while it was being switched off."""
    before, after = plan_for(app, ref).texts
    return Conflict("flux", "2026-03-14T13:00:11Z", (before, after), (before, before.replace("5432", "5433")))


def with_deadman(plan: Plan) -> Plan:
    """The same with a Job in the cluster."""
    place = Place("db", DEFAULT_IMAGE, "open with the policy on and off, as the policies are now")
    notes = (*plan.wish.notes, *lines(plan.op, plan.wish.ref, place))
    return replace(plan, wish=replace(plan.wish, notes=notes), deadman=place)


def dialog(app: Any, what: str) -> Any:
    """``confirm``, ``deadman`` or ``conflict``, as they are when the terminal has shown them."""
    if what in ("confirm", "deadman"):
        effect = ("opens: media/jellyfin and 12 more to db/postgres: 5432/tcp",)

        async def replan(seconds: float | None, in_cluster: bool) -> Plan:
            plan = plan_for(app, seconds=seconds, effect=effect)
            return with_deadman(plan) if in_cluster else plan

        plan = plan_for(app, effect=effect)
        if what == "deadman":
            plan = with_deadman(plan)
        return ConfirmScreen(plan, replan=replan, cluster=True, acknowledge=lambda call: call())
    return ConflictScreen(
        f"{REF.title} was changed meanwhile by flux.",
        conflict_for(app),
        NOW.timestamp(),
        acknowledge=lambda call: call(),
    )
