"""Values put into YAML text (a chart's values) without touching anything else of it: comments, order, style stay.

The text is read with the place of every node; only the scalar that changes is replaced, or lines are put in at the end of
the mapping they belong to. What comes out is read again and compared with what was wanted, so anything strange (an anchor
used twice, a key in an unusual form) is refused in words and never guessed. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pointsman.tui.actions.errors import ActionError

Path = tuple[str, ...]
Values = Iterable[tuple[Path, Any]]
STEP = 2


def merged(text: str, values: Values) -> str:
    """``text`` with every value at its path. Raises ActionError where that cannot be done safely."""
    import yaml

    wanted = list(values)
    try:
        before = yaml.safe_load(text)
        after = deep(before, wanted)
        for path, value in wanted:
            text = _put(text, path, value)
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ActionError(
            "The values there are no YAML that can be read.", str(error).partition("\n")[0], by_hand(wanted)
        ) from None
    if found != after:
        raise ActionError("The values there are written in a way that cannot be changed safely here.",
                          "Put this in by hand:", by_hand(wanted))  # fmt: skip
    return text


def deep(before: Any, values: Values) -> Any:
    """What the values shall be: the same with each path set. Raises ActionError where a path leads through no mapping."""
    after = _apart(before) if isinstance(before, dict) else {}
    if before is not None and not isinstance(before, dict):
        raise ActionError("The values there are no mapping.", "Put this in by hand:", by_hand(values))
    for path, value in values:
        here = after
        for key in path[:-1]:
            inner = here.get(key)
            if inner is None:
                inner = here[key] = {}
            if not isinstance(inner, dict):
                raise ActionError(f"{'.'.join(path)} cannot be set: {key} is no mapping there.", "Put this in by hand:",
                                  by_hand(values))  # fmt: skip
            here = inner
        here[path[-1]] = value
    return after


def _apart(value: Any) -> Any:
    """A copy in which what an anchor shares is shared no longer."""
    if isinstance(value, dict):
        return {key: _apart(inner) for key, inner in value.items()}
    return [_apart(inner) for inner in value] if isinstance(value, list) else value


def by_hand(values: Values) -> tuple[str, ...]:
    """The values as lines of YAML, for people."""
    return tuple(_block(deep({}, values), 0).splitlines())


def _put(text: str, path: Path, value: Any) -> str:
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        head = text if not text or text.endswith("\n") else f"{text}\n"
        return head + _block(_nested(path, value), 0)
    node: Any = root
    for depth, key in enumerate(path):
        pair = _pair(node, key)
        if pair is None:
            return _insert(text, node, _nested(path[depth:], value))
        name, inner = pair
        _own(inner, name, path)
        last = depth == len(path) - 1
        if last and not (isinstance(inner, yaml.ScalarNode) or _same(inner, value)):
            raise ActionError(f"{'.'.join(path)} is no single value there.", "Put this in by hand:",
                              by_hand([(path, value)]))  # fmt: skip
        if last:
            return text if _same(inner, value) else _replace(text, inner, name, _flow(value))
        if isinstance(inner, yaml.ScalarNode) and inner.tag == "tag:yaml.org,2002:null":
            rest = _nested(path[depth + 1 :], value)
            if inner.start_mark.index != inner.end_mark.index or node.flow_style:
                return _replace(text, inner, name, _flow(rest))
            return _below(text, name.end_mark.index, _block(rest, _column(node) + STEP))
        node = inner
    return text


def _pair(node: Any, key: str) -> tuple[Any, Any] | None:
    """The last of a key, which is the one that counts."""
    found = [pair for pair in node.value if pair[0].value == key and pair[0].tag == "tag:yaml.org,2002:str"]
    return found[-1] if found else None


def _own(inner: Any, name: Any, path: Path) -> None:
    """An alias stands for something written elsewhere, which others use too."""
    if inner.start_mark.index < name.end_mark.index:
        raise ActionError(f"{'.'.join(path)} is set by an alias (*) there, which stands for other places too.")


def _same(node: Any, value: Any) -> bool:
    import yaml

    return bool(yaml.safe_load(yaml.serialize(node)) == value)


def _replace(text: str, node: Any, name: Any, new: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        # Nothing stood there: the value goes behind the colon.
        at = text.index(":", name.end_mark.index) + 1
        return f"{text[:at]} {new}{text[at:]}"
    if node.style in ("|", ">"):
        new += "\n"
    return text[:start] + new + text[end:]


def _insert(text: str, node: Any, tree: dict[str, Any]) -> str:
    """Put a tree at the end of a mapping."""
    if node.flow_style:
        inner = _flow(tree)[1:-1]
        if not node.value:
            at = node.start_mark.index + 1
            return text[:at] + inner + text[at:]
        at = _end(node.value[-1][1], node.value[-1][0], text)
        return f"{text[:at]}, {inner}{text[at:]}"
    last_name, last = node.value[-1]
    return _below(text, _end(last, last_name, text), _block(tree, _column(node)))


def _below(text: str, at: int, block: str) -> str:
    """Put lines below the line that holds ``at``; where a block scalar ended there, before what follows."""
    if at > 0 and text[at - 1 : at] == "\n":
        return text[:at] + block + text[at:]
    end = text.find("\n", at)
    if end < 0:
        return f"{text}\n{block}"
    return text[: end + 1] + block + text[end + 1 :]


def _end(node: Any, name: Any, text: str) -> int:
    """Where a value's own text ends, without the comments and blank lines that follow it."""
    import yaml

    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1], node.value[-1][0], text)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1], node.value[-1], text)
    if node.start_mark.index == node.end_mark.index or node.start_mark.index < name.start_mark.index:
        found = text.find(":", name.end_mark.index)
        return found + 1 if found >= 0 else int(name.end_mark.index)
    return int(node.end_mark.index)


def _column(node: Any) -> int:
    return int(node.value[0][0].start_mark.column)


def _nested(path: Path, value: Any) -> dict[str, Any]:
    tree: Any = value
    for key in reversed(path):
        tree = {key: tree}
    return dict(tree)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    return value if isinstance(value, str) and value.isalnum() and not _read_otherwise(value) else json.dumps(value)


def _read_otherwise(text: str) -> bool:
    """Whether a plain word would not be read as a text."""
    import yaml

    return not isinstance(yaml.safe_load(text), str)


def _block(tree: dict[str, Any], indent: int) -> str:
    lines = []
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            lines.append(f"{' ' * indent}{key}:\n{_block(value, indent + STEP)}")
        else:
            lines.append(f"{' ' * indent}{key}: {_flow(value)}\n")
    return "".join(lines)
