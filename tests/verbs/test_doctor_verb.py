"""`pointsman doctor` as a user runs it: forms, exit codes, what could not be judged, and following."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import worlds
import yaml

from pointsman.tui.answers.doctor import CHECKS
from pointsman.tui.cli import dispatch
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.sources import open as opening
from pointsman.tui.sources.traefik import feed
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store
from pointsman.tui.verbs import doctor

ROUTE: dict[str, Any] = {
    "apiVersion": "traefik.io/v1alpha1",
    "kind": "IngressRoute",
    "metadata": {"name": "films", "namespace": "media"},
    "spec": {"routes": [{"match": "Host(`films.lab`)", "services": [{"name": "jellyfin-web", "port": 80}]}]},
}


def repository(folder: Path, *docs: dict[str, Any]) -> str:
    """A GitOps repository: a folder with manifests as people write them."""
    folder.mkdir(exist_ok=True)
    for number, doc in enumerate(docs):
        doc = {key: value for key, value in doc.items() if key != "status"}
        (folder / f"{number}-{doc['kind'].lower()}.yaml").write_text(yaml.safe_dump(doc))
    return str(folder)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = dispatch(["doctor", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_repository_with_a_slip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = worlds.service("jellyfin", "media", ports=[(8096, "TCP")], type="ClusterIP")
    where = repository(tmp_path, service, ROUTE)
    code, out, err = run(capsys, "--manifests", where)
    assert (code, err) == (1, "")
    assert "✖ error IngressRoute media/films: Service media/jellyfin-web does not exist; there is media/jellyfin" in out
    assert "    fix: Create the Service" in out
    assert "1 error (" in out
    assert "only a running cluster shows it: " in out
    code, out, _ = run(capsys, "--manifests", where, "-o", "json")
    doc = json.loads(out)
    assert code == 1
    assert (doc["apiVersion"], doc["kind"]) == ("pointsman/v1", "Doctor")
    (finding,) = doc["findings"]
    assert {"id", "severity", "object", "text", "evidence", "fix", "action"} <= finding.keys()
    assert (finding["id"], finding["severity"], finding["object"]) == (
        "route-missing-service", "error", "IngressRoute/media/films",
    )  # fmt: skip
    assert {"id", "title", "why"} == doc["unjudged"][0].keys()
    assert run(capsys, "--manifests", where, "-n", "elsewhere")[0] == 0
    assert run(capsys, "--manifests", where, "-n", "media")[0] == 1
    assert run(capsys, "pool-exhausted", "--manifests", where)[0] == 0
    code, out, _ = run(capsys, "route-missing-service", "--manifests", where, "--ascii")
    assert code == 1
    assert "why: Traefik makes no router of such a route" in out


def test_a_repository_without_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = worlds.service("jellyfin-web", "media", ports=[(80, "TCP")], type="ClusterIP")
    code, out, err = run(capsys, "--manifests", repository(tmp_path, service, ROUTE))
    assert (code, err) == (0, "")
    assert out.startswith("nothing is wrong (")


def test_a_repository_of_routes_alone_says_nothing_of_services(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "--manifests", repository(tmp_path, ROUTE))[0] == 0


def test_what_a_chart_may_bring_is_not_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = {"match": "Host(`films.lab`)", "services": [{"name": "jellyfin-web", "port": 80}],
            "middlewares": [{"name": "sso", "namespace": "auth"}]}  # fmt: skip
    spec = {"routes": [rule], "tls": {"secretName": "films-tls", "options": {"name": "modern"}}}
    elsewhere = worlds.service("grafana", "monitoring", ports=[(80, "TCP")], type="ClusterIP")
    mine = {"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
            "metadata": {"name": "gzip", "namespace": "media"}, "spec": {"compress": {}}}  # fmt: skip
    where = repository(tmp_path, elsewhere, {**ROUTE, "spec": spec}, mine)
    assert run(capsys, "--manifests", where)[0] == 0
    theirs = {**mine, "metadata": {"name": "ldap", "namespace": "auth"}}
    code, out, _ = run(capsys, "--manifests", repository(tmp_path / "more", theirs), "--manifests", where)
    assert code == 1
    assert "Middleware auth/sso does not exist" in out


def test_files_without_objects_cannot_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.yaml").write_text("just: words\n")
    assert run(capsys, "--manifests", str(tmp_path))[0] == 2
    assert run(capsys, "--manifests", str(tmp_path / "missing"))[0] == 2


def test_the_list_needs_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--list")
    assert code == 0
    assert len(out.splitlines()) == len(CHECKS) + 1
    code, out, _ = run(capsys, "--list", "-o", "json")
    rows = json.loads(out)["items"]
    assert [row["id"] for row in rows] == [check.id for check in CHECKS]
    assert all(row["why"] and row["fix"] and row["title"] for row in rows)
    code, out, _ = run(capsys, "--list", "vip-ghost")
    assert code == 0
    assert "fix: Bring the announcing component back" in out
    code, out, err = run(capsys, "flapping")
    assert (code, out) == (2, "")
    assert "there is no check flapping (perhaps l2-lease-flapping)" in err


def test_what_may_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(opening, "open_source", lambda store, _options: Forbidden(store))
    code, out, err = run(capsys, "-o", "json")
    assert code == 2
    assert json.loads(out)["findings"] == []
    assert "services may not be read by this user" in err


@pytest.mark.parametrize("answers", [True, False])
def test_traefik_is_asked_once_and_nothing_is_said_where_it_cannot_be(
    answers: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from doctorcases.routes import base, route

    from pointsman.tui.model.proxies import Replica, Router

    class Cluster(Forbidden):
        async def load(self) -> None:
            self.store.restore(worlds.make_snapshot(*base(), route("films")))
            self.store.set_link("kube", State.LIVE)

    asked = []

    async def ask(opened: Any) -> None:
        asked.append(opened)
        if not answers:
            opened.store.set_link("traefik", State.DOWN, "Traefik's API gave no answer within 3 s.")
            return
        router = Router("x-other@kubernetescrd", status="enabled", rule="Host(`x`)")
        opened.store.set_traefik([Replica("t", ("deployments", "kube-system", "traefik"), "3.7.15", routers=(router,))])
        opened.store.set_link("traefik", State.LIVE)

    monkeypatch.setattr(opening, "open_source", lambda store, _options: Cluster(store))
    monkeypatch.setattr(feed, "ask_once", ask)
    code, out, err = run(capsys, "-o", "json", "route-not-loaded")
    assert (len(asked), err) == (1, "")
    found = [(item["id"], item["object"]) for item in json.loads(out)["findings"]]
    assert found == ([("route-not-loaded", "IngressRoute/x/films")] if answers else [])
    assert code == (1 if answers else 0)


def test_following_tells_what_appears_and_what_clears(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "open_source", lambda store, _options: Mending(store))
    monkeypatch.setattr(doctor, "TICK", 0.01)
    monkeypatch.setattr(doctor, "SETTLE", 0.0)
    code, out, _ = run(capsys, "route-missing-service", "-f", "-o", "json")
    assert code == 0
    told = [(doc["event"], doc["finding"]["id"]) for doc in map(json.loads, out.splitlines())]
    assert told == [("appears", "route-missing-service"), ("clears", "route-missing-service")]
    monkeypatch.setattr(opening, "open_source", lambda store, _options: Mending(store))
    code, out, _ = run(capsys, "route-missing-service", "-f")
    first, second = out.splitlines()
    assert "appears error  route-missing-service at IngressRoute/media/films: " in first
    assert "clears error" in second


class Forbidden:
    """A cluster whose services this user may not read."""

    manifests = None

    def __init__(self, store: Store) -> None:
        self.store = store
        self.traefik = self.kube = None

    async def load(self) -> None:
        self.store.set_link("kube", State.LIVE)
        self.store.set_kind_link(SERVICES, State.FORBIDDEN)

    async def close(self) -> None:
        pass


class Mending:
    """A source whose cluster lacks a service, which then is made."""

    hopeless = False

    def __init__(self, store: Store) -> None:
        self.store = store

    async def run(self) -> None:
        there = worlds.service("x", "y", type="ClusterIP")
        self.store.restore(worlds.make_snapshot(ROUTE, there))
        self.store.set_link("kube", State.LIVE)
        await asyncio.sleep(0.05)
        mended = worlds.service("jellyfin-web", "media", ports=[(80, "TCP")], type="ClusterIP")
        self.store.change(SERVICES, [from_doc(mended, SERVICES)])
        await asyncio.sleep(0.05)
