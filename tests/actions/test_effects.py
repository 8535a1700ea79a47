"""What the dialog says that a toggle opens and closes, and what it calls risky."""

from __future__ import annotations

from typing import Any

from policyworld import ccnp, files, namespace, pod, policy
from worlds import make_snapshot

from pointsman.tui.actions.effects import effect_lines, toggle_effect
from pointsman.tui.actions.policies import off_wish, on_wish
from pointsman.tui.actions.toggle import parked
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.snapshot import Snapshot

DENY = "podSelector: {}\npolicyTypes: [Ingress]"
ALLOW = """
podSelector: {matchLabels: {app: db}}
policyTypes: [Ingress]
ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""
PODS = (
    namespace("a"),
    pod("a/db", {"app": "db"}, ip="10.0.0.1"),
    pod("a/web", {"app": "web"}, ip="10.0.0.2"),
    pod("a/other", {"app": "other"}, ip="10.0.0.3"),
)


def lines(snapshot: Snapshot, name: str, *, off: bool) -> tuple[str, ...]:
    found = toggle_effect(snapshot, Ref("networkpolicies", "a", name), off=off)
    assert found is not None
    return effect_lines(found)


def test_the_only_isolating_policy_opens_and_the_allowing_one_closes() -> None:
    alone = files(*PODS, policy(ALLOW, "a/allow"))
    opened = lines(alone, "allow", off=True)
    assert any(line.startswith("opens: ") and "a/other" in line and "to a/db" in line for line in opened), opened
    assert not any(line.startswith("closes") for line in opened)

    both = files(*PODS, policy(ALLOW, "a/allow"), policy(DENY, "a/deny"))
    assert lines(both, "allow", off=True) == ("closes: a/web to a/db: 5432/tcp",)


def test_switching_on_is_the_other_way_round() -> None:
    docs: list[Any] = [policy(ALLOW, "a/allow"), policy(DENY, "a/deny")]
    docs[0] = parked(docs[0], op="o", until=None, by="me")
    off = files(*PODS, *docs)
    assert lines(off, "allow", off=False) == ("opens: a/web to a/db: 5432/tcp",)
    assert toggle_effect(off, Ref("networkpolicies", "a", "allow"), off=True) is None
    assert toggle_effect(off, Ref("networkpolicies", "a", "none"), off=True) is None


def test_the_lines_stay_few() -> None:
    many = [pod(f"a/p{number}", {"app": f"p{number}"}, ip=f"10.0.1.{number}") for number in range(30)]
    snapshot = files(*PODS, *many, policy(DENY, "a/deny"))
    assert len(lines(snapshot, "deny", off=True)) <= 8


def test_what_is_risky() -> None:
    many = [pod(f"a/p{number}", {"app": "p"}, ip=f"10.0.1.{number}") for number in range(12)]
    snapshot = files(
        *PODS, *many, policy(DENY, "a/deny"), policy(ALLOW, "a/allow"), ccnp("nodeSelector: {}\ningress: [{}]", "host")
    )

    def texts(ref: Ref, *, off: bool = True, grave: bool = True) -> str:
        wish = off_wish(snapshot, ref, by="me", now=0.0) if off else on_wish(snapshot, ref)
        return "\n".join(risk.text for risk in wish.risks if risk.grave is grave)

    deny = texts(Ref("networkpolicies", "a", "deny"))
    assert "default deny for ingress" in deny
    assert "15 pods" in deny
    assert texts(Ref("networkpolicies", "a", "allow")) == "", "one pod, which another policy isolates too"
    assert "what only this one let in is cut" in texts(Ref("networkpolicies", "a", "allow"), grave=False)
    host = Ref("ciliumclusterwidenetworkpolicies", "", "host")
    assert "SSH and the API server" in texts(host)
    assert "SSH and the API server" in texts(host, off=False), "a host policy that comes back may lock out, too"


def test_a_cluster_that_cannot_be_judged_says_so() -> None:
    snapshot = make_snapshot(*PODS, policy(ALLOW, "a/allow"))
    found = lines(snapshot, "allow", off=True)
    assert found
