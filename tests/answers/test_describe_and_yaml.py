"""Descriptions and YAML."""

from __future__ import annotations

import re

import pytest
import scenarios
import worlds
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.tui.answers.describe import describe
from pointsman.tui.answers.yaml_text import yaml_text
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import CONFIGMAPS, KINDS, PODS, SERVICES, TLS_SECRETS
from pointsman.tui.store.snapshot import Snapshot

BROKEN = scenarios.store_of("broken").snapshot()
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def test_every_object_of_the_demo_comes_back_from_its_yaml() -> None:
    for kind in KINDS.values():
        for obj in BROKEN.all(kind):
            whole = yaml.load(yaml_text(obj, folded=False), FAST)
            assert whole == obj.doc()
            folded = yaml.load(yaml_text(obj), FAST)
            assert "managedFields" not in folded["metadata"]
            assert list(folded)[:3] == ["apiVersion", "kind", "metadata"]


json_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(json_text, json_text, max_size=5), json_values)
def test_any_text_is_safe_on_a_terminal_and_comes_back(data: dict[str, str], extra: object) -> None:
    doc = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "x"},
        "data": data,
        "z": extra,
    }
    text = yaml_text(from_doc(doc, CONFIGMAPS))
    assert not UNSAFE.search(text)
    assert yaml.safe_load(text) == doc


@pytest.mark.parametrize(
    "value", ["a‮b", "\x1b[31mred\x1b[0m", "a\u2028b", "﻿x", "two\nlines ‮ here", "\x85", "a\tb", "\r\n"]
)
def test_hostile_text_is_escaped(value: str) -> None:
    doc = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {value: value}}
    text = yaml_text(from_doc(doc, CONFIGMAPS))
    assert not UNSAFE.search(text)
    assert yaml.safe_load(text)["data"] == {value: value}


def test_a_long_text_is_cut_and_says_so() -> None:
    doc = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "x" * 100_000}}
    text = yaml_text(from_doc(doc, CONFIGMAPS))
    assert len(text) < 25_000
    assert "80,000 more characters" in text


def test_a_secret_shows_no_value_however_it_came_in() -> None:
    doc = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "s", "namespace": "x",
           "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "c2VjcmV0"}},
           "data": {"tls.key": "c2VjcmV0", "tls.crt": "bm9uZQ=="}}  # fmt: skip
    obj = from_doc(doc, TLS_SECRETS)
    for text in (yaml_text(obj), yaml_text(obj, folded=False), "\n".join(describe(obj, Snapshot()))):
        assert "c2VjcmV0" not in text
        assert "tls.key" in text


def test_a_service_described() -> None:
    lines = describe(BROKEN.get(SERVICES, "games", "minecraft"), BROKEN)  # type: ignore[arg-type]
    text = "\n".join(lines)
    assert "LoadBalancer Ingress: 192.168.7.104" in text
    assert "25565/TCP" in text
    assert "announced by loft (lease: Lease kube-system/cilium-l2announce-games-minecraft)" in text
    assert "Endpoints:           1 of 1 ready" in text


def test_a_pod_that_crashes_described() -> None:
    crashing = next(pod for pod in BROKEN.all(PODS) if pod.meta.labels.get("k8s-app") == "cilium"
                    and pod.body.spec.node_name == "closet")  # fmt: skip
    text = "\n".join(describe(crashing, BROKEN))
    assert "Status:              CrashLoopBackOff" in text
    assert "exit code 1" in text
    assert "restarted 9 times" in text


def test_events_are_listed_newest_first_and_bounded() -> None:
    about = ("Service", "x", "s")
    events = [worlds.event(f"R{n}", "line one\nline two", about, seconds_ago=n * 60.0, count=n) for n in range(1, 41)]
    snapshot = worlds.make_snapshot(worlds.service("s", "x"), events)
    lines = describe(snapshot.get(SERVICES, "x", "s"), snapshot)  # type: ignore[arg-type]
    start = lines.index("Events:")
    assert "R1 " in lines[start + 2]
    assert "line one\\nline two" in lines[start + 2]
    assert lines[-1] == "  … and 10 older"
    assert all("\n" not in line for line in lines)


def test_an_object_whose_body_cannot_be_read_says_so() -> None:
    doc = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "x"},
        "spec": {"ports": "none"},
    }
    obj = from_doc(doc, SERVICES)
    assert any(line.startswith("Problem:") for line in describe(obj, Snapshot()))
    assert "ports: none" in yaml_text(obj)
