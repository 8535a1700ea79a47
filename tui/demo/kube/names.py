"""Names, labels and annotations: what the apiserver allows, with its own wordings (k8s.io/apimachinery validation)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pointsman.tui.demo.kube.errors import Cause

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")

_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_MAX_ANNOTATIONS = 256 * 1024

_LABEL_NAMED = {("", "namespaces"), ("", "services")}


def _invalid(value: str, why: str, field: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {why}', field)


def name_causes(key: tuple[str, str], name: str, generate: str, field: str = "metadata.name") -> list[Cause]:
    """What is wrong with an object's name, by its resource `(group, plural)`."""
    if not name:
        if generate:
            return []
        return [Cause("FieldValueRequired", "Required value: name or generateName is required", field)]
    if key[0] == "rbac.authorization.k8s.io":
        bad = [part for part in ("/", "%") if part in name]
        return [_invalid(name, f"may not contain '{part}'", field) for part in bad]
    if key in _LABEL_NAMED:
        test, text, limit = _LABEL, _LABEL_TEXT, 63
    else:
        test, text, limit = _SUBDOMAIN, _SUBDOMAIN_TEXT, 253
    found = []
    if len(name) > limit:
        found.append(_invalid(name, f"must be no more than {limit} bytes", field))
    if limit == 63 and "." in name:
        found.append(_invalid(name, "must not contain dots", field))
    elif not test.match(name):
        found.append(_invalid(name, text, field))
    return found


def label_causes(labels: Any, field: str) -> list[Cause]:
    """Labels must be a map of qualified names to short plain values."""
    found = []
    for key, value in sorted((labels or {}).items()) if isinstance(labels, Mapping) else ():
        found.extend(_key_causes(str(key), field))
        if not isinstance(value, str):
            continue
        if len(value) > 63:
            found.append(_invalid(value, "must be no more than 63 bytes", field))
        elif value and not _QUALIFIED.match(value):
            found.append(_invalid(value, _VALUE_TEXT, field))
    return found


def annotation_causes(annotations: Any, field: str = "metadata.annotations") -> list[Cause]:
    found = []
    total = 0
    for key, value in (annotations or {}).items() if isinstance(annotations, Mapping) else ():
        found.extend(_key_causes(str(key).lower(), field))
        total += len(str(key).encode()) + len(str(value).encode())
    if total > _MAX_ANNOTATIONS:
        text = f"Too long: may not be more than {_MAX_ANNOTATIONS} bytes"
        found.append(Cause("FieldValueTooLong", text, field))
    return found


def _key_causes(key: str, field: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    found = []
    if slash and (not prefix or len(prefix) > 253 or not _SUBDOMAIN.match(prefix)):
        found.append(
            _invalid(key, f"prefix part {_SUBDOMAIN_TEXT}" if prefix else "prefix part must be non-empty", field)
        )
    if not name:
        found.append(_invalid(key, "name part must be non-empty", field))
    elif len(name) > 63:
        found.append(_invalid(key, "name part must be no more than 63 bytes", field))
    elif not _QUALIFIED.match(name):
        found.append(_invalid(key, _KEY_TEXT, field))
    return found
