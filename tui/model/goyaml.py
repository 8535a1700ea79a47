"""Plain scalars as Go's yaml.v2 takes them, which is what kubectl and the API server read YAML with."""

from __future__ import annotations

import re

TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
NULL = frozenset(["", "~", "null", "Null", "NULL"])
INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")


def is_text(scalar: str) -> bool:
    """Whether it stays text when it stands without quotes; False for ``y``, ``1e3``, ``0755``."""
    return not (
        scalar in TRUE or scalar in FALSE or scalar in NULL or INT.match(scalar) is not None or FLOAT.match(scalar)
    )
