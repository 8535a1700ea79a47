"""`pointsman policies` and `pointsman reach` on files: words, documents, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from policyworld import cnp, namespace, pod, policy, workload
from worlds import Doc

from pointsman.tui.cli import main

OBJECTS: list[Doc] = [
    namespace("media", team="a"),
    namespace("db"),
    workload("Deployment", "media/jellyfin", {"app": "jellyfin"}, [("http", "TCP", 8096)]),
    workload("StatefulSet", "db/postgres", {"app": "postgres"}, [("pg", "TCP", 5432)]),
    pod("db/tool", {"app": "tool"}, ip="10.42.0.9"),
    pod("media/tool", {"app": "tool"}, ip="10.42.0.8"),
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "pg", "namespace": "db"},
        "spec": {
            "clusterIP": "10.43.0.7",
            "selector": {"app": "postgres"},
            "ports": [{"port": 15432, "targetPort": "pg"}],
        },
    },
    policy(
        "{podSelector: {matchLabels: {app: postgres}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}],"
        " ports: [{port: pg}]}]}",
        "db/postgres",
    ),
    cnp(
        "{endpointSelector: {matchLabels: {app: jellyfin}}, egress: [{toFQDNs: [{matchName: api.example.org}],"
        " toPorts: [{ports: [{port: '443', protocol: TCP}]}]},"
        " {toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': db}}]}]}",
        "media/jellyfin",
    ),
]


@pytest.fixture
def files(tmp_path: Path) -> str:
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(OBJECTS))
    return str(path)


def ask(capsys: pytest.CaptureFixture[str], files: str, *words: str) -> tuple[int, str, str]:
    code = main([*words, "--manifests", files])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], files: str, *words: str) -> dict[str, Any]:
    _, out, _ = ask(capsys, files, *words, "-o", "json")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize(
    ("src", "dst", "port", "code"),
    [
        ("media/jellyfin", "db/postgres", "5432/tcp", 0),
        ("media/jellyfin", "db/postgres", "pg", 0),
        ("media/jellyfin", "db/postgres", "5433", 1),
        ("deploy/media/jellyfin", "sts/db/postgres", "5432", 0),
        ("deployment/media/jellyfin", "svc/db/pg", "15432", 0),
        ("media/jellyfin", "pg.db.svc.cluster.local", "15432", 0),
        ("media/jellyfin", "10.43.0.7", "15432", 0),
        ("10.42.0.8", "db/postgres", "5432", 0),
        ("10.42.0.9", "db/postgres", "5432", 1),
        ("jellyfin", "postgres", "5432", 0),
        ("pod/db/tool", "db/postgres", "5432", 1),
        ("ns/media", "ns/db", "5432", 0),
        ("media/app=jellyfin", "db/app=postgres", "5432", 0),
        ("backup/app=new", "db/postgres", "5432", 1),
        ("world", "db/postgres", "5432", 1),
        ("host", "db/postgres", "5432", 0),
        ("ingress-controller", "db/postgres", "5432", 1),
        ("ingress-controller", "media/jellyfin", "8096", 0),
        ("192.168.7.0/24", "db/postgres", "5432", 1),
        ("media/jellyfin", "api.example.org", "443", 0),
        ("media/jellyfin", "example.com", "443", 1),
        ("media/jellyfin", "203.0.113.9", "443", 2),
        ("media/jellyfin", "203.0.113.9", "53/udp", 1),
        ("db/postgres", "media/jellyfin", "icmp", 0),
    ],
)
def test_exit_codes(src: str, dst: str, port: str, code: int, files: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, out, err = ask(capsys, files, "reach", src, dst, "--port", port)
    assert (found, err) == (code, "")
    assert out.splitlines()[0].startswith({0: "yes: ", 1: "no: ", 2: "unknown: "}[code])


def test_the_document_of_an_answer(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    doc = document(capsys, files, "reach", "media/jellyfin", "db/pg", "-p", "15432/tcp")
    assert {key: doc[key] for key in ("apiVersion", "kind", "from", "to", "port", "protocol", "allowed")} == {
        "apiVersion": "pointsman/v1", "kind": "Reach", "from": "media/jellyfin", "to": "db/pg", "port": 15432,
        "protocol": "TCP", "allowed": True,
    }  # fmt: skip
    assert [{key: item[key] for key in ("direction", "decision", "policy", "rule")} for item in doc["because"]] == [
        {
            "direction": "egress",
            "decision": "allow",
            "policy": "CiliumNetworkPolicy/media/jellyfin",
            "rule": "spec.egress[1]",
        },
        {"direction": "ingress", "decision": "allow", "policy": "NetworkPolicy/db/postgres", "rule": "spec.ingress[0]"},
    ]
    assert doc["ports"] == [{"protocol": "TCP", "from": 5432, "to": 5432}]
    unknown = document(capsys, files, "reach", "media/jellyfin", "203.0.113.9", "-p", "443")
    assert unknown["allowed"] is None
    assert "is not known" in unknown["because"][0]["text"]


def test_without_a_port_the_open_ones_are_named(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, files, "reach", "media/jellyfin", "db/postgres")
    assert code == 0
    assert out.splitlines()[0] == "yes: media/jellyfin may reach db/postgres on 5432/tcp"


def test_parts_that_differ_are_unknown(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    doc = document(capsys, files, "reach", "ns/media", "203.0.113.0/24", "-p", "22")
    assert (doc["allowed"], doc["partly"]) == (None, True)
    assert [(pair["from"], pair["allowed"]) for pair in doc["pairs"]] == [
        ("media/jellyfin", False),
        ("media/tool", True),
    ]
    code, out, _ = ask(capsys, files, "reach", "ns/media", "203.0.113.0/24", "-p", "22")
    assert code == 2
    assert out.splitlines()[0] == "unknown: some of ns/media may reach some of 203.0.113.0/24 on 22/tcp, not all"
    assert out.splitlines()[1].split() == ["yes", "media/tool", "to", "203.0.113.0/24", "on", "22/tcp"]


def test_a_workload_and_itself(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    doc = document(capsys, files, "reach", "db/postgres", "db/postgres", "-p", "5432")
    assert (doc["allowed"], doc["notes"]) == (False, ["between two pods of a workload; a pod may always reach itself"])
    assert document(capsys, files, "reach", "pod/db/tool", "pod/db/tool", "-p", "1")["notes"] == []


def test_explain_tells_all_that_is_said_about_both_ends(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ask(capsys, files, "reach", "media/jellyfin", "db/postgres", "--explain")
    assert "media/jellyfin, egress: only what rules allow (media/jellyfin)" in out
    assert "  lets namespaces with team=a reach pg on db/postgres" in out
    assert "db/postgres, egress: open (no policy)" in out


def test_every_connection(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    doc = document(capsys, files, "reach", "--all")
    assert doc["kind"] == "Connections"
    found = [(item["src"], item["dst"], item["ports"]) for item in doc["connections"]]
    jellyfin = {"namespace": "media", "name": "jellyfin", "kind": "Deployment"}
    postgres = {"namespace": "db", "name": "postgres", "kind": "StatefulSet"}
    assert (jellyfin, postgres, [{"protocol": "TCP", "from": 5432, "to": 5432}]) in found
    assert (jellyfin, {"fqdn": "api.example.org"}, [{"protocol": "TCP", "from": 443, "to": 443}]) in found
    assert ({"cidr": "0.0.0.0-255.255.255.255"}, jellyfin, "all") in found
    assert not [item for item in found if item[0] == {"cidr": "0.0.0.0-255.255.255.255"} and item[1] == postgres]
    limited = document(capsys, files, "reach", "--all", "-n", "media")
    assert all(
        "media" in (item["src"].get("namespace"), item["dst"].get("namespace")) for item in limited["connections"]
    )
    explained = document(capsys, files, "reach", "--all", "--explain")
    assert all(item["because"] for item in explained["connections"])
    code, out, _ = ask(capsys, files, "reach", "--all")
    assert code == 0
    assert "media/jellyfin (Deployment)" in out


def test_the_list_of_policies(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    doc = document(capsys, files, "policies")
    (first, second) = doc["items"]
    wanted = {"kind", "namespace", "name", "directions", "selects", "state", "until", "owner", "enforced_by", "summary"}
    assert wanted <= set(first)
    assert (first["kind"], first["namespace"], first["name"]) == ("NetworkPolicy", "db", "postgres")
    assert (first["directions"], first["selects"], first["until"]) == (["ingress"], ["postgres"], None)
    assert first["summary"] == "lets namespaces with team=a reach pg on postgres; nothing else may"
    assert (second["directions"], second["enforced_by"]) == (["egress"], None)
    assert [item["name"] for item in document(capsys, files, "policies", "-n", "db")["items"]] == ["postgres"]
    code, out, _ = ask(capsys, files, "policies")
    assert code == 0
    assert "db/postgres" in out
    assert "toFQDNs never learns an address" in out


def test_lint_exits_with_a_finding(files: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert ask(capsys, files, "policies", "--lint")[0] == 1
    clean = tmp_path / "clean.yaml"
    clean.write_text(yaml.safe_dump_all([*OBJECTS[:4], OBJECTS[7]]))
    assert ask(capsys, str(clean), "policies", "--lint")[0] == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["media/jellyfin"], "reach needs FROM and TO, or --all"),
        (["a/b", "db/postgres"], "there is no namespace a"),
        (["media/nothing", "db/postgres"], "there is no workload, pod or service media/nothing"),
        (["media/jellyfin", "svc/db/nothing"], "there is no service db/nothing"),
        (["tool", "db/postgres"], "'tool' is more than one thing"),
        (["media/jellyfin", "db/pg", "-p", "99"], "service db/pg has no port 99/tcp"),
        (["media/jellyfin", "db/postgres", "-p", "nothing"], "has no TCP port named nothing"),
        (["media/jellyfin", "db/postgres", "-p", "0"], "0 is not a port"),
        (["media/jellyfin", "db/postgres", "-p", "80/moon"], "'80/moon' is not a port"),
        (["media/jellyfin", "300.1.1.1"], "'300.1.1.1' is not an address or CIDR"),
        (["media/jellyfin", "10.0.0.0/33"], "'10.0.0.0/33' is not an address or CIDR"),
        (["media/jellyfin", "a/b/c/d"], "is not an end"),
        (["media/jellyfin", "crd/a/b"], "is not a kind of end"),
        (["media/jellyfin", "node/nothing"], "there is no node nothing"),
        (["app=nothing", "db/postgres"], "no pod has app=nothing"),
        (["media/jellyfin", "x..y"], "is neither a name nor an address"),
        (["--all", "media/jellyfin"], "--all asks about everything"),
    ],
)
def test_what_means_nothing_is_a_sentence(
    words: list[str], sentence: str, files: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(capsys, files, "reach", *words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_names_of_the_cluster_never_carry_control_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = policy("podSelector: {matchLabels: {app: nothing}}", "db/x")
    evil["spec"]["podSelector"]["matchLabels"]["app"] = "\x1b[31mred\u202e"
    path = tmp_path / "evil.json"
    path.write_text(json.dumps(evil))
    _, out, _ = ask(capsys, str(path), "policies")
    assert "\x1b" not in out
    assert "\u202e" not in out
