"""Snapshot files: what the program reads of a cluster, to look at elsewhere and to send to somebody.

JSON lines, gzipped if the name ends in ``.gz``. The first line is the head (``kind: Snapshot``): when it was taken, of
what, and the state of every source then; each further line is one object, ``{"table": "pods", "object": {...}}``.

No Secret data (they are reduced before they get here), no ConfigMap data, no values of environment variables, no Helm
values, no last-applied annotations, nothing whose name says password, token or key. :class:`Anonymizer` also replaces
host names, e-mail addresses and public IP addresses, each by the same stand-in everywhere.
"""

from __future__ import annotations

import gzip
import ipaddress
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pointsman.tui.model.kinds import KINDS

API_VERSION = "pointsman/v1"
KIND = "Snapshot"
LARGEST = 512 * 1024 * 1024
"""Bytes a snapshot may unpack to."""
MASK = "***"
Doc = dict[str, Any]

_DROPPED_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "objectset.rio.cattle.io/applied",
    "kapp.k14s.io/original",
    "banzaicloud.com/last-applied",
)
_HELM_VALUES = frozenset({"values", "valuesContent", "set", "chartContent", "valuesFrom", "valuesSecrets"})
_SECRET_NAME = re.compile(
    r"(?i)(passw(or)?d|passphrase|api[-_]?key|authorization|cookie|token|private[-_]?key|client[-_]?secret|credentials?)$"
)
_SECRET_ARGUMENT = re.compile(
    r"(?i)^(--?[\w.-]*(?:passw(?:or)?d|passphrase|api[-_]?key|token|secret|private[-_]?key|credentials?)[\w.-]*)[= ](.+)$"
)
_BARE_SECRET_FLAG = re.compile(r"(?i)^--?[\w.-]*(?:passw(?:or)?d|passphrase|api[-_]?key|token|private[-_]?key)$")
_URL_USER = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")


class SnapshotError(ValueError):
    """A file that is no snapshot, or a broken one; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """``objects`` holds (id of the kind, the object as plain data); ``broken`` counts lines that could not be read."""

    head: Doc
    objects: list[tuple[str, Doc]] = field(default_factory=list)
    broken: int = 0


# -- what is left out ------------------------------------------------------------------------------------------------------


def masked(doc: Doc, table: str) -> Doc:
    """A copy of an object with everything out that a snapshot must not hold."""
    copy: Doc = _mask(doc)
    metadata = copy.get("metadata")
    if isinstance(metadata, dict):
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            metadata["annotations"] = {
                key: value
                for key, value in annotations.items()
                if key not in _DROPPED_ANNOTATIONS and "last-applied" not in key
            }
        if isinstance(metadata.get("managedFields"), list):
            # Who wrote is of use; the names of the fields are most of an object's size.
            metadata["managedFields"] = [
                {key: value for key, value in item.items() if key != "fieldsV1"}
                for item in metadata["managedFields"]
                if isinstance(item, dict)
            ]
    if table == "configmaps":
        for key in ("data", "binaryData"):
            copy.pop(key, None)
    if table in ("helmcharts", "helmchartconfigs") and isinstance(copy.get("spec"), dict):
        copy["spec"] = {key: value for key, value in copy["spec"].items() if key not in _HELM_VALUES}
    return copy


def _mask(value: Any) -> Any:
    if isinstance(value, dict):
        found: Doc = {}
        for key, item in value.items():
            if key == "env" and isinstance(item, list):
                found[key] = [
                    {name: part for name, part in entry.items() if name != "value"}
                    if isinstance(entry, dict)
                    else entry
                    for entry in item
                ]
            elif key in ("args", "command") and isinstance(item, list):
                found[key] = _mask_arguments(item)
            elif isinstance(item, str) and _SECRET_NAME.search(key):
                found[key] = MASK
            else:
                found[key] = _mask(item)
        return found
    if isinstance(value, list):
        return [_mask(item) for item in value]
    if isinstance(value, str) and "://" in value:
        return _URL_USER.sub(MASK, value)
    return value


def _mask_arguments(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    hide_next = False
    for item in items:
        if not isinstance(item, str):
            found.append(_mask(item))
            continue
        if hide_next and not item.startswith("-"):
            found.append(MASK)
            hide_next = False
            continue
        hide_next = _BARE_SECRET_FLAG.match(item) is not None
        whole = _SECRET_ARGUMENT.sub(lambda match: f"{match.group(1)}={MASK}", item)
        found.append(_URL_USER.sub(MASK, whole))
    return found


# -- names and addresses ----------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"^(?:\*\.)?{_LABEL}(?:\.{_LABEL})+\.?$")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_IN_RULE = re.compile(r"(?:Host|HostSNI|HostHeader)\(([^)]*)\)")
_QUOTED = re.compile(r"[`\"']([^`\"']+)[`\"']")
_IN_CLUSTER = re.compile(r"(?:^|\.)(?:svc|cluster\.local|in-addr\.arpa|ip6\.arpa)$")
_KEPT = frozenset({"k8s.io", "kubernetes.io", "helm.sh", "containo.us", "universe.tf", "letsencrypt.org", "docker.io",
                   "ghcr.io", "quay.io", "gcr.io", "github.com", "pointsman.dev"}) | {
    ".".join(kind.group.split(".")[-2:]) for kind in KINDS.values() if kind.group
}  # fmt: skip
"""Domains that stand in every cluster (API groups, label prefixes, registries); to rewrite them would break its objects."""
_COMMON_WORDS = frozenset(
    {
        "agent", "cluster", "control", "default", "home", "host", "k3s", "k8s", "kube", "lab", "main", "master", "node",
        "nodes", "plane", "server", "system", "test", "worker",
    }
)  # fmt: skip
"""Names of nodes that give nothing away and would be found in other places too."""


class Anonymizer:
    """Replaces host names, e-mail addresses and public addresses. First :meth:`learn` from every object, then rewrite.

    Labels of a name are replaced one by one, so that a wildcard still matches what it matched; a public address keeps
    its place in its network (/24, /64), so that pools and ranges still hold what they held.
    """

    def __init__(self) -> None:
        self._domains: set[str] = set()
        self._nodes: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._nets: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, doc: Doc, table: str) -> None:
        """Note the host names an object gives away in the fields that hold them."""
        if table in ("nodes", "ciliumnodes"):
            name = str((doc.get("metadata") or {}).get("name") or "")
            if "." in name:
                self._host(name)
            elif name and name.lower() not in _COMMON_WORDS:
                self._nodes.setdefault(name, f"node-{len(self._nodes) + 1}")
        for key, text in _strings(doc, ""):
            if key in ("host", "hosts", "hostname", "hostnames", "dnsNames", "externalName", "externalHostname"):
                self._host(text)
            elif key == "match":
                for group in _IN_RULE.findall(text):
                    for name in _QUOTED.findall(group):
                        self._host(name)
            elif key in ("subject", "issuer"):
                for name in re.findall(r"CN=([^,]+)", text):
                    self._host(name)
            elif "hostname" in key.rpartition("/")[2]:
                for name in text.split(","):
                    self._host(name.strip())

    def add_host(self, name: str) -> None:
        """Also replace this name (the API server's, say)."""
        self._host(name)

    def _host(self, name: str) -> None:
        name = name.strip().rstrip(".").removeprefix("*.")
        if not _HOST.match(name) or _is_address(name):
            return
        labels = name.lower().split(".")
        if _IN_CLUSTER.search(".".join(labels)) or ".".join(labels[-2:]) in _KEPT:
            return
        # The name and what it is under, down to two labels: `a.b.example.org` also gives `example.org`.
        for start in range(len(labels) - 1):
            domain = ".".join(labels[start:])
            self._domains.add(domain)

    def _ready(self) -> re.Pattern[str]:
        if self._pattern is None:
            parts = [
                r"(?:[\w*-]+\\?\.)*" + re.escape(domain).replace(r"\.", r"\\?\.")
                for domain in sorted(self._domains, key=lambda text: (-len(text), text))
            ]
            whole = [rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-]|\.\w)"] if parts else []
            # A node's name is also part of other names (`speaker-nas`).
            nodes = sorted(map(re.escape, self._nodes), key=lambda text: (-len(text), text))
            whole += [rf"(?<![A-Za-z0-9])(?:{'|'.join(nodes)})(?![A-Za-z0-9])"] if nodes else []
            self._pattern = re.compile("|".join(whole), re.IGNORECASE) if whole else _NEVER
        return self._pattern

    def text(self, text: str) -> str:
        """One text, rewritten."""
        text = _EMAIL.sub(self._email, text)
        text = self._ready().sub(self._name, text)
        if "." in text:
            text = _IPV4.sub(self._address, text)
        if ":" in text:
            text = _IPV6.sub(self._address, text)
        return text

    def rewrite(self, value: Any) -> Any:
        """A copy with every text (and key) rewritten."""
        if isinstance(value, dict):
            return {self.text(key): "" if key in _MACHINE else self.rewrite(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.rewrite(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _email(self, match: re.Match[str]) -> str:
        return self._emails.setdefault(match.group().lower(), f"user{len(self._emails) + 1}@mail.invalid")

    def _name(self, match: re.Match[str]) -> str:
        found = match.group()
        for name, stand_in in self._nodes.items():
            if found.lower() == name.lower():
                return stand_in
        separator = r"\." if r"\." in found else "."
        labels = [self._label(label) for label in found.lower().replace("\\.", ".").split(".")]
        return separator.join([*labels, "example"])

    def _label(self, label: str) -> str:
        return label if label == "*" else self._labels.setdefault(label, f"x{len(self._labels) + 1}")

    def _address(self, match: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(match.group())
        except ValueError:
            return match.group()
        if not address.is_global:
            return match.group()
        if isinstance(address, ipaddress.IPv4Address):
            net, last = str(address).rsplit(".", 1)
            number = len(self._nets)
            stand_in = self._nets.setdefault(net, f"198.{18 + (number >> 8) % 2}.{number & 255}")
            return f"{stand_in}.{last}"
        whole = int(address)
        prefix = f"{whole >> 64:x}"
        stand_in = self._nets.setdefault(prefix, f"{len(self._nets) + 1:x}")
        low = whole & (2**64 - 1)
        if low >> 24 & 0xFFFF == 0xFFFE:
            low = zlib.crc32(low.to_bytes(8, "big"))  # made from a MAC address, which tells the machine
        return str(ipaddress.IPv6Address((0x20010DB8 << 96) + (int(stand_in, 16) << 64) + low))


_MACHINE = ("machineID", "systemUUID", "bootID")
_NEVER = re.compile(r"(?!)")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _strings(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text with the key it stands under; the entries of a list stand under the list's key."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)
    elif isinstance(value, str):
        yield key, value


# -- the file ------------------------------------------------------------------------------------------------------------


def write(path: Path, head: Doc, objects: Iterable[tuple[str, Doc]]) -> int:
    """Write a snapshot (0600, and only when it is complete in place of an older one); its size in bytes. Raises OSError."""
    lines = [msgspec.json.encode({"apiVersion": API_VERSION, "kind": KIND, **head})]
    lines += [msgspec.json.encode({"table": table, "object": doc}) for table, doc in objects]
    data = b"\n".join([*lines, b""])
    if path.suffix == ".gz":
        data = gzip.compress(data, 6, mtime=0)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return len(data)


def is_snapshot(path: Path) -> bool:
    """Whether the file begins as a snapshot does. Never raises."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(4096)
    except (OSError, ValueError):
        return False
    if start[:2] == b"\x1f\x8b":
        try:
            start = zlib.decompressobj(31).decompress(start, 4096)
        except zlib.error:
            return False
    return re.match(rb'\s*\{\s*"apiVersion":\s*"pointsman/v\d+",\s*"kind":\s*"Snapshot"', start) is not None


def read(path: Path) -> SnapshotFile:
    """Read a snapshot. Raises SnapshotError if it is none; lines that cannot be read are counted and left out."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            unpack = zlib.decompressobj(31)
            data = unpack.decompress(data, LARGEST)
            if unpack.unconsumed_tail:
                raise SnapshotError(f"{path} unpacks to more than {LARGEST >> 20} MB.")
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from None
    except zlib.error:
        raise SnapshotError(f"{path} is a broken gzip file.") from None
    lines = data.split(b"\n")
    try:
        head = msgspec.json.decode(lines[0])
    except msgspec.DecodeError:
        head = None
    if not isinstance(head, dict) or head.get("kind") != KIND:
        raise SnapshotError(f"{path} is no snapshot.")
    if head.get("apiVersion") != API_VERSION:
        raise SnapshotError(
            f"{path} is a snapshot of a newer Pointsman ({head.get('apiVersion')}); this one reads {API_VERSION}."
        )
    objects: list[tuple[str, Doc]] = []
    broken = 0
    for line in lines[1:]:
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line)
        except msgspec.DecodeError:
            entry = None
        if isinstance(entry, dict) and isinstance(entry.get("table"), str) and isinstance(entry.get("object"), dict):
            objects.append((entry["table"], entry["object"]))
        else:
            broken += 1
    return SnapshotFile(head, objects, broken)
