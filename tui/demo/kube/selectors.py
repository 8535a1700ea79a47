"""Label and field selectors, parsed as the apiserver parses them and turned into predicates over objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pointsman.tui.demo.kube.errors import bad_request

Predicate = Callable[[Mapping[str, Any]], bool]

_KEY = r"(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?/)?[a-zA-Z0-9](?:[-\w.]*[a-zA-Z0-9])?"
_TERM = re.compile(
    rf"\s*(?:(?P<not>!)\s*(?P<absent>{_KEY})"
    rf"|(?P<key>{_KEY})\s*(?:(?P<op>==|=|!=|>|<)\s*(?P<value>[-\w.]*)"
    rf"|\s(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)


def parse_labels(text: str) -> Predicate:
    """A predicate for a label selector (`a=b,c!=d,e in (f,g),!h`). Empty text matches all. Raises 400 on bad syntax."""
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None or match.end() == position:
            raise bad_request(f"unable to parse requirement: found {text[position:]!r} in label selector {text!r}")
        tests.append(_label_test(match))
        position = match.end()

    def accept(obj: Mapping[str, Any]) -> bool:
        labels = (obj.get("metadata") or {}).get("labels") or {}
        return all(test(labels) for test in tests)

    return accept


def _label_test(match: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    if match["not"]:
        absent = match["absent"]
        return lambda labels: absent not in labels
    key = match["key"]
    if match["set"]:
        wanted = {value.strip() for value in match["values"].split(",")}
        if match["set"] == "in":
            return lambda labels: labels.get(key) in wanted
        return lambda labels: labels.get(key) not in wanted
    value = match["value"]
    match match["op"]:
        case None:
            return lambda labels: key in labels
        case "=" | "==":
            return lambda labels: labels.get(key) == value
        case "!=":
            return lambda labels: labels.get(key) != value
        case op:
            return _numeric(key, op, value)


def _numeric(key: str, op: str, value: str) -> Callable[[Mapping[str, str]], bool]:
    try:
        bound = int(value)
    except ValueError:
        raise bad_request(f"for 'Gt', 'Lt' operators, the value must be an integer, not {value!r}") from None

    def test(labels: Mapping[str, str]) -> bool:
        try:
            have = int(labels[key])
        except (KeyError, ValueError):
            return False
        return have > bound if op == ">" else have < bound

    return test


_EVERY_KIND = ("metadata.name", "metadata.namespace")
# What each built-in kind can be selected by, as in pkg/apis/*/conversion; any other field is refused with 400.
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "events"): (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
}


def _field_value(obj: Mapping[str, Any], path: str) -> str:
    value: Any = obj
    if path == "source":
        path = "source.component"
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def parse_fields(text: str, group: str, plural: str, custom: tuple[str, ...] = ()) -> Predicate:
    """A predicate for a field selector of one resource. `custom` adds a CRD's `selectableFields`. 400 if not supported."""
    known = {*_EVERY_KIND, *_FIELDS.get((group, plural), ()), *custom}
    terms: list[tuple[str, bool, str]] = []
    for part in re.split(r"(?<!\\),", text):
        if not part.strip():
            continue
        match = re.fullmatch(r"([^=!]+?)(==|!=|=)(.*)", part.strip())
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, op, value = match.groups()
        if path not in known:
            names = ", ".join(f'"{field}"' for field in sorted(known))
            raise bad_request(f'"{path}" is not a known field selector: only {names}')
        terms.append((path, op != "!=", re.sub(r"\\(.)", r"\1", value)))

    def accept(obj: Mapping[str, Any]) -> bool:
        return all((_field_value(obj, path) == value) is equal for path, equal, value in terms)

    return accept


def both(*tests: Predicate) -> Predicate:
    return lambda obj: all(test(obj) for test in tests)
