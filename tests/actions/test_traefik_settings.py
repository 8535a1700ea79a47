"""Traefik's access log switched on and off: where it is written, what it costs, and the whole way on the demo."""

from __future__ import annotations

from pathlib import Path

import pytest
import scenarios
import worlds
import yaml
from demohome import demo_homelab
from writekit import demo_relay, desk_at, no_guards_left, run

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.traefik import ACCESS_LOG_OFF, ACCESS_LOG_ON, Setting, access_log_on, settings_wish
from pointsman.tui.answers.flows.traefiklog import Log, writers

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: edge%s}
spec:
  replicas: 1
  selector: {matchLabels: {app: traefik}}
  template:
    metadata: {labels: {app: traefik}}
    spec:
      containers:
      - name: traefik
        image: docker.io/traefik:v3.7.1
        args: ["--entryPoints.web.address=:80", %s"--ping"]
        ports: [{containerPort: 80%s}]
"""
REPLICAS = Setting("run Traefik twice", ((("deployment", "replicas"), 2),))
HELM = ", annotations: {meta.helm.sh/release-name: traefik, meta.helm.sh/release-namespace: edge}"


def plain(more: str = "", args: str = "", port: str = "") -> worlds.Doc:
    return worlds.docs(DEPLOYMENT % (more, args, port))[0]


def args_of(doc: worlds.Doc) -> list[str]:
    found: list[str] = doc["spec"]["template"]["spec"]["containers"][0]["args"]
    return found


def test_on_k3s_the_helmchartconfigs_values_are_merged() -> None:
    snapshot = scenarios.store_of("classic").snapshot()
    wish = settings_wish(snapshot, [ACCESS_LOG_OFF, REPLICAS])
    assert wish.ref.slug == "helmchartconfigs/kube-system/traefik" or wish.ref.kind == "helmchartconfigs"
    live = snapshot.get(worlds.KINDS["helmchartconfigs"], "kube-system", "traefik")
    assert live is not None
    before = live.doc()
    after = wish.make(before)
    assert after is not None
    old, new = before["spec"]["valuesContent"], after["spec"]["valuesContent"]
    wanted = old.replace("access: {enabled: true,", "access: {enabled: false,")
    assert new == f"{wanted}deployment:\n  replicas: 2\n"
    assert any("stay reachable" in risk.text for risk in wish.risks)
    assert any("helm-install-traefik" in note for note in wish.notes)


def test_it_is_made_where_there_is_none_and_its_format_left_where_one_is_set() -> None:
    snapshot = scenarios.store_of("classic").snapshot()
    wish = settings_wish(snapshot, [ACCESS_LOG_ON])
    made = wish.make(None)
    assert made is not None
    assert made["metadata"] == {"name": "traefik", "namespace": "kube-system"}
    assert yaml.safe_load(made["spec"]["valuesContent"])["logs"]["access"] == {"enabled": True, "format": "json"}
    own = {**made, "spec": {"valuesContent": "logs: {access: {format: common}}\n"}}
    after = wish.make(own)
    assert after is not None
    assert after["spec"]["valuesContent"] == "logs: {access: {format: common, enabled: true}}\n"


def test_arguments_are_put_in_place_and_taken_out() -> None:
    doc = plain(args='"--accessLog=false", "--accesslog.fields.names.Host=drop", ')
    snapshot = worlds.make_store(doc).snapshot()
    assert access_log_on(snapshot) is False
    wish = settings_wish(snapshot, [ACCESS_LOG_ON])
    after = wish.make(doc)
    assert after is not None
    assert args_of(after) == [
        "--entryPoints.web.address=:80", "--accesslog=true", "--accesslog.fields.names.Host=drop", "--ping",
        "--accesslog.format=json",
    ]  # fmt: skip
    assert access_log_on(worlds.make_store(after).snapshot()) is True
    off = settings_wish(worlds.make_store(after).snapshot(), [ACCESS_LOG_OFF]).make(after)
    assert off is not None
    assert args_of(off) == ["--entryPoints.web.address=:80", "--ping"]
    assert not wish.notes[1:], "nobody takes it back"


def test_whoever_takes_it_back_is_named_with_what_to_put() -> None:
    snapshot = worlds.make_store(plain(HELM)).snapshot()
    wish = settings_wish(snapshot, [ACCESS_LOG_ON])
    assert any("takes this back" in note and "logs.access.enabled: true" in note for note in wish.notes)
    with pytest.raises(ActionError, match="Helm chart's values") as caught:
        settings_wish(snapshot, [ACCESS_LOG_ON, REPLICAS])
    assert any("enabled: true" in line for line in caught.value.lines)


@pytest.mark.parametrize(("port", "dark"), [("", False), (", hostPort: 80", True)])
def test_it_is_said_for_how_long_urls_are_dark(port: str, dark: bool) -> None:
    wish = settings_wish(worlds.make_store(plain(port=port)).snapshot(), [ACCESS_LOG_ON])
    assert ("dark until" in wish.risks[0].text) is dark


def test_without_a_traefik_or_with_a_file_it_is_refused() -> None:
    with pytest.raises(ActionError, match="no Traefik"):
        settings_wish(worlds.make_store().snapshot(), [ACCESS_LOG_ON])
    doc = plain(args='"--configFile=/etc/t.yml", ')
    wish = settings_wish(worlds.make_store(doc).snapshot(), [ACCESS_LOG_ON])
    with pytest.raises(ActionError, match="configured by a file"):
        wish.make(doc)


async def test_the_whole_way_on_the_demo_and_back(tmp_path: Path, own_home: Path) -> None:
    with no_guards_left(), demo_homelab(tmp_path, "classic") as demo, demo_relay(tmp_path, demo) as relay:
        async with desk_at(relay) as desk:
            plan = await desk.plan_traefik([ACCESS_LOG_OFF])
            assert (plan.refusal, plan.dry_run.accepted) == ("", True)
            result, _ = await desk.execute(plan)
            assert result.status is Status.DONE
        demo.step(60)
        async with desk_at(relay) as desk:
            assert {item.log for item in writers(desk.snapshot()) if item.running} == {Log.OFF}
            back = await desk.plan_undo(plan.op)
            result, _ = await desk.execute(back)
            assert result.status is Status.DONE
        demo.step(60)
        async with desk_at(relay) as desk:
            (only,) = [item for item in writers(desk.snapshot()) if item.running]
            assert (only.log, only.format) == (Log.ON, "json")
        code, out, err = run(relay, "access-log", "off", "--yes")
        assert (code, "enabled: false" in err, "stay reachable" in err) == (0, True, True), err
        demo.step(60)
        code, out, _ = run(relay, "access-log", "status")
        assert (code, out.split()[1:]) == (1, ["off"])
        code, out, err = run(relay, "flows")
        assert (code, out) == (2, "")
        assert "access log is off" in err
        code, out, err = run(relay, "access-log", "--yes", "off")
        assert (code, "it is so already" in err) == (0, True), err
        assert run(relay, "access-log", "maybe")[0] == run(relay, "--read-only", "access-log", "on", "--yes")[0] == 2
