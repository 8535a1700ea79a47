"""Request bodies: JSON, YAML (read as Go's YAML library reads it) and protobuf, each to a plain object."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pointsman.tui.demo.kube import protobuf
from pointsman.tui.demo.kube.errors import bad_request, unsupported_media_type
from pointsman.tui.demo.kube.negotiate import JSON, YAML, parse
from pointsman.tui.demo.kube.objects import Object

ACCEPTED = (JSON, YAML, protobuf.MEDIA)


def decode(body: bytes, content_type: str) -> tuple[Any, list[str]]:
    """The decoded body and what a strict decoder would object to (keys given twice).

    Raises 400 for a body that cannot be read, 415 for a type that is not read here.
    """
    media = parse(content_type)[0][0] if content_type else JSON
    if media == protobuf.MEDIA:
        return protobuf.decode(body), []
    if media in (JSON, "text/plain", "*/*"):
        return _json(body)
    if media in (YAML, "text/yaml", "application/x-yaml"):
        return yaml(body)
    raise unsupported_media_type(ACCEPTED)


def decode_object(body: bytes, content_type: str) -> tuple[Object, list[str]]:
    """Like `decode`, for a body that must be an object."""
    value, problems = decode(body, content_type)
    if not isinstance(value, dict):
        raise bad_request(f"couldn't get version/kind; json parse error: the body is not an object but {_kind(value)}")
    return value, problems


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def _json(body: bytes) -> tuple[Any, list[str]]:
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> Object:
        found: Object = {}
        for key, value in items:
            if key in found:
                doubled.append(f'duplicate field "{key}"')
            found[key] = value
        return found

    try:
        return json.loads(body, object_pairs_hook=pairs), doubled
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the object provided is unrecognized (must be of type application/json): {error}") from None


def yaml(body: bytes) -> tuple[Any, list[str]]:
    """One YAML document. JSON is YAML too. Raises 400."""
    import yaml as pyyaml

    loader = _go_loader()(body)
    try:
        value = loader.get_single_data()
    except (pyyaml.YAMLError, ValueError, RecursionError) as error:
        raise bad_request(f"error decoding YAML: {error}") from None
    finally:
        loader.dispose()
    return value, loader.doubled


_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$")


@cache
def _go_loader() -> Any:
    """A PyYAML loader with sigs.k8s.io/yaml's idea of plain scalars: no dates, `1e3` a number, `y` a truth, every key a string."""
    import yaml as pyyaml

    base: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            super().__init__(stream)
            self.doubled: list[str] = []

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key_node, _ in node.value:
                key = getattr(key_node, "value", None)
                if isinstance(key, str) and key_node.tag != "tag:yaml.org,2002:merge":
                    if key in seen:
                        self.doubled.append(f'line {key_node.start_mark.line + 1}: key "{key}" already set in map')
                    seen.add(key)
            mapping = super().construct_mapping(node, deep=deep)
            return {_key_text(key): value for key, value in mapping.items()}

    Loader.add_constructor(pyyaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_map)
    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, regexp)
            for tag, regexp in resolvers
            if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float")
        ]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"[yYnN]\Z"), list("yYnN"))
    Loader.add_constructor(
        "tag:yaml.org,2002:bool", lambda _, node: str(node.value).lower() in ("y", "yes", "on", "true")
    )
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    return Loader


def _construct_map(loader: Any, node: Any) -> Any:
    found: Object = {}
    yield found
    found.update(loader.construct_mapping(node, deep=True))


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)
