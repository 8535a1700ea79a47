"""An object as YAML to read: as the server has it, without the bookkeeping, and harmless to a terminal.

PyYAML's emitter escapes what it cannot print (``\\x1b``, lone surrogates, most format characters); what it lets through
but a terminal would obey (bidirectional overrides, zero-width characters) is escaped by quoting the scalar.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from pointsman.tui.model.goyaml import is_text
from pointsman.tui.model.kinds import HELM_RELEASES, TLS_SECRETS
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.secrets import reduce_secret

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST = 20_000
"""Characters of one string that are shown; a certificate bundle in a ConfigMap is not read on screen."""
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """Block style; a value that stands twice is written twice, not as an anchor."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    if not is_text(value):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'")
    if _HIDDEN.search(value):
        # Double quotes with ASCII only: every doubtful character becomes an escape of YAML.
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')
    if "\n" in value and not any(line != line.rstrip() for line in value.split("\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    return dumper.represent_scalar("tag:yaml.org,2002:str", value)


_Dumper.add_representer(str, _text)


def yaml_text(obj: Obj[Any], *, folded: bool = True) -> str:
    """The object as YAML. ``folded`` leaves out ``managedFields`` and the last-applied annotation.

    A Secret is shown as it was kept: type, names of keys, what its certificate says. Text that cannot be read is a
    comment.
    """
    try:
        doc = obj.doc()
    except msgspec.DecodeError:
        return f"# this {obj.kind} could not be read as JSON\n"
    if obj.kind in (TLS_SECRETS.id, HELM_RELEASES.id):
        doc = reduce_secret(doc)
    meta = doc.get("metadata")
    if folded and isinstance(meta, dict):
        meta = {key: value for key, value in meta.items() if key != "managedFields"}
        notes = meta.get("annotations")
        if isinstance(notes, dict) and LAST_APPLIED in notes:
            kept = {key: value for key, value in notes.items() if key != LAST_APPLIED}
            meta = {**meta, "annotations": kept} if kept else {k: v for k, v in meta.items() if k != "annotations"}
        doc = {**doc, "metadata": meta}
    return whole_yaml(_shortened(doc))


def whole_yaml(doc: dict[str, Any]) -> str:
    """An object as YAML that means exactly it, nothing folded or shortened."""
    text = yaml.dump(_ordered(doc), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return _escape_lines(text)


def _ordered(doc: dict[str, Any]) -> dict[str, Any]:
    """apiVersion, kind and metadata first, status last, as people expect them."""
    first = [key for key in ("apiVersion", "kind", "metadata") if key in doc]
    last = [key for key in ("status",) if key in doc]
    middle = [key for key in doc if key not in first and key not in last]
    return {key: doc[key] for key in (*first, *middle, *last)}


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}… ({len(value) - LONGEST:,} more characters)"
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return value


def _escape_lines(text: str) -> str:
    """What quoting left: the emitter prints format characters as they are when it may print Unicode at all."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}" if ord(found.group()) < 0x10000 else
                       f"\\U{ord(found.group()):08x}", text)  # fmt: skip
