"""What form a client takes its answer in: the object, a Table (kubectl get) or its metadata alone.

kubectl offers several media types in one Accept header, best first; protobuf and CBOR answers are not made here, so
the first form of JSON or YAML wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.tui.demo.kube.errors import not_acceptable

JSON = "application/json"
YAML = "application/yaml"


@dataclass(frozen=True, slots=True)
class Form:
    """`kind` is "", "Table", "PartialObjectMetadata" or "PartialObjectMetadataList"."""

    media: str = JSON
    kind: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        return self.kind == "Table"

    @property
    def is_partial(self) -> bool:
        return self.kind.startswith("PartialObjectMetadata")


_FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


def choose(accept: str) -> Form:
    """The first form in an Accept header that can be made. Raises 406 if there is none."""
    if not accept.strip():
        return Form()
    for media, params in parse(accept):
        if media in ("*/*", "application/*"):
            return Form()
        if media not in (JSON, YAML):
            continue
        kind = params.get("as", "")
        if not kind:
            return Form(media, params=params)
        if kind in _FORMS and params.get("g") == "meta.k8s.io" and params.get("v") == "v1":
            return Form(media, kind, params)
    raise not_acceptable((JSON, YAML))


def parse(header: str) -> list[tuple[str, dict[str, str]]]:
    """`(media type, parameters)` for each part of an Accept or Content-Type header."""
    found = []
    for part in header.split(","):
        media, *rest = (piece.strip() for piece in part.split(";"))
        params = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        found.append((media.lower(), params))
    return found
