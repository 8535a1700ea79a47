"""The hubble CLI's filter words into the server's filters, checked before anything is sent.

``words.add("from-pod", "media/sonarr")`` as `--from-pod` does it; a word about either side makes two filters, one for each
side; a namespace is applied to the pods and services of its side in the end. What the CLI refuses is refused here, with a
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pointsman.tui.answers.flows.predicates import FilterError, compile_filter
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubble import FlowFilter

CONFLICTS: Final = (
    ("from-fqdn", "from-ip", "ip", "fqdn", "from-namespace", "namespace", "from-all-namespaces", "all-namespaces"),
    ("from-fqdn", "from-ip", "ip", "fqdn", "from-pod", "pod"),
    ("to-fqdn", "to-ip", "ip", "fqdn", "to-namespace", "namespace", "to-all-namespaces", "all-namespaces"),
    ("to-fqdn", "to-ip", "ip", "fqdn", "to-pod", "pod"),
    ("to-pod", "namespace", "all-namespaces"),
    ("from-pod", "namespace", "all-namespaces"),
    ("to-service", "namespace", "all-namespaces"),
    ("from-service", "namespace", "all-namespaces"),
    ("label", "from-label"),
    ("label", "to-label"),
    ("service", "from-service"),
    ("service", "to-service"),
    ("port", "to-port"),
    ("port", "from-port"),
    ("identity", "to-identity"),
    ("identity", "from-identity"),
    ("workload", "to-workload"),
    ("workload", "from-workload"),
    ("encrypted", "unencrypted"),
)
"""Words that cannot stand together in one list."""

SIDES: Final = {
    "fqdn": "fqdn", "pod": "pod", "ip": "ip", "label": "label", "service": "service", "port": "port",
    "workload": "workload", "identity": "identity", "cluster": "cluster_name",
}  # fmt: skip
"""Words with a ``from-`` and a ``to-`` form, and the field's name after ``source_`` or ``destination_``."""

PLAIN: Final = {
    "uuid": "uuid", "snat-ip": "source_ip_xlated", "trace-id": "trace_id", "http-status": "http_status_code",
    "http-method": "http_method", "http-path": "http_path", "http-url": "http_url", "protocol": "protocol",
    "node-name": "node_name", "node-label": "node_labels", "dns-query": "dns_query",
}  # fmt: skip

FLAGS: Final = ("all-namespaces", "from-all-namespaces", "to-all-namespaces", "ipv4", "ipv6", "encrypted", "unencrypted",
                "reply", "not-reply")  # fmt: skip
"""Words that stand alone."""

HELP: Final[dict[str, str]] = {
    "uuid": "the flow with this identifier",
    "node-name": "seen on nodes of this name (node*, cluster/node)",
    "node-label": "seen on nodes with these labels",
    "protocol": "L4 or L7 protocol (tcp, udp, icmp, http, dns …)",
    "tcp-flags": "TCP flags (syn,ack)",
    "type": "event type TYPE[:SUBTYPE] (drop, trace:to-endpoint, policy-verdict, l7, trace-sock, capture)",
    "verdict": "FORWARDED, DROPPED, AUDIT, REDIRECTED, ERROR, TRACED or TRANSLATED",
    "drop-reason-desc": "reason of a drop (POLICY_DENIED …)",
    "http-status": "HTTP status (404, 5+)",
    "http-method": "HTTP method",
    "http-path": "HTTP path, a regular expression",
    "http-url": "HTTP URL, a regular expression",
    "http-header": "HTTP header NAME:VALUE",
    "dns-query": "name asked for, a regular expression",
    "trace-id": "trace identifier",
    "ip-trace-id": "IP trace identifier",
    "snat-ip": "translated source address or range",
    "ip-version": "v4, v6 or none",
    "ipv4": "IPv4 only",
    "ipv6": "IPv6 only",
    "traffic-direction": "ingress or egress",
    "interface": "seen at this interface",
    "encrypted": "encrypted flows only",
    "unencrypted": "flows that are not encrypted",
    "reply": "replies only",
    "not-reply": "no replies",
    "cel-expression": "CEL expression (judged by the server)",
    "all-namespaces": "any namespace",
} | {
    f"{side}{word}": f"{of} {what}"
    for word, what in (
        ("fqdn", "this DNS name (*.example.com)"), ("ip", "this address or range"), ("pod", "this pod (ns/prefix)"),
        ("namespace", "this namespace"), ("label", "an endpoint with these labels"),
        ("service", "this service (ns/prefix)"), ("port", "this port"), ("workload", "this workload ([Kind/]name)"),
        ("identity", "this security identity (number or name)"), ("cluster", "this cluster"),
        ("all-namespaces", "any namespace"),
    )
    for side, of in (("", "from or to"), ("from-", "from"), ("to-", "to"))
}  # fmt: skip
"""Every word, with what it keeps. All words may be given more than once."""


class _List:
    """The filters of one list (allow or deny) while they grow."""

    def __init__(self) -> None:
        self.left = FlowFilter()
        self.right = FlowFilter()
        self.touched = False
        self.namespaces: dict[str, list[str]] = {"": [], "from-": [], "to-": []}
        self.words: list[str] = []

    def both(self, change: Callable[[Any], object]) -> None:
        self.touched = True
        change(self.left)
        change(self.right)

    def built(self) -> list[Any]:
        if not self.touched and not any(self.namespaces.values()):
            return []
        left, right = FlowFilter(), FlowFilter()
        left.CopyFrom(self.left)
        right.CopyFrom(self.right)
        for item in (left, right):
            if self.namespaces["to-"]:
                _apply(item, "destination", self.namespaces["to-"])
            if self.namespaces["from-"]:
                _apply(item, "source", self.namespaces["from-"])
        if self.namespaces[""]:
            _apply(left, "source", self.namespaces[""])
            _apply(right, "destination", self.namespaces[""])
        return [left] if left == right else [left, right]


def _apply(message: Any, side: str, namespaces: list[str]) -> None:
    pods, services = getattr(message, f"{side}_pod"), getattr(message, f"{side}_service")
    if not pods and not services:
        pods.append("")
    for field in (pods, services):
        names = list(field)
        del field[:]
        for name in names:
            field.extend([name] if "/" in name else [f"{namespace}/{name}" for namespace in namespaces])


class FilterWords:
    """Words in the order they were given; ``filters()`` are the allow and the deny list."""

    def __init__(self) -> None:
        self._allow = _List()
        self._deny = _List()
        self._negate = False

    def add(self, word: str, value: str = "") -> None:
        """One word. ``not`` turns the next one around. Raises FilterError."""
        if word == "not":
            if self._negate:
                raise FilterError("--not stands twice in a row; it turns around the one word that follows.")
            self._negate = True
            return
        into = self._deny if self._negate else self._allow
        self._negate = False
        self._check_conflicts(into, word)
        self._set(into, word, value)
        for item in (into.left, into.right):
            self._check_namespaces(into, item)

    def filters(self) -> tuple[list[Any], list[Any]]:
        """FlowFilter messages, checked by compiling them. Raises FilterError."""
        if self._negate:
            raise FilterError("--not stands at the end; it turns around the one word that follows.")
        allow, deny = self._allow.built(), self._deny.built()
        for item in (*allow, *deny):
            if not item.HasField("experimental"):
                compile_filter(item)
        return allow, deny

    @staticmethod
    def _check_conflicts(into: _List, word: str) -> None:
        into.words.append(word)
        for group in CONFLICTS:
            if word in group:
                for other in into.words:
                    if other != word and other in group:
                        raise FilterError(f"--{other} and --{word} cannot be combined.")

    @staticmethod
    def _check_namespaces(into: _List, item: Any) -> None:
        for sides, namespaces in (
            (("source", "destination"), into.namespaces[""]),
            (("source",), into.namespaces["from-"]),
            (("destination",), into.namespaces["to-"]),
        ):
            for side in sides:
                for name in (*getattr(item, f"{side}_pod"), *getattr(item, f"{side}_service")):
                    where = name.partition("/")[0] if "/" in name else ""
                    if where and namespaces and where not in namespaces:
                        raise FilterError(f"{name!r} is not in the namespace {namespaces[0]!r} that is asked for.")

    def _set(self, into: _List, word: str, value: str) -> None:
        side, bare = _split(word)
        if bare == "namespace":
            into.namespaces[side].append(value)
        elif bare == "all-namespaces":
            into.namespaces[side].append("")
        elif bare in SIDES:
            item = _value(bare, value)
            field = SIDES[bare]
            if side != "to-":
                _append(into.left, f"source_{field}", item)
            if side == "from-":
                _append(into.right, f"source_{field}", item)
            if side == "to-":
                _append(into.left, f"destination_{field}", item)
            if side != "from-":
                _append(into.right, f"destination_{field}", item)
            into.touched = True
        elif word in PLAIN:
            into.both(lambda message: _append(message, PLAIN[word], value))
        elif word in _SPECIAL:
            field, read = _SPECIAL[word]
            item = read(value)
            into.both(lambda message: _append(message, field, item))
        elif word == "cel-expression":
            into.both(lambda message: message.experimental.cel_expression.append(value))
        else:
            raise FilterError(f"{word!r} is not a filter word ({', '.join(sorted(HELP))}).")


def _split(word: str) -> tuple[str, str]:
    for side in ("from-", "to-"):
        if word.startswith(side):
            return side, word.removeprefix(side)
    return "", word


def _append(message: Any, field: str, item: Any) -> None:
    getattr(message, field).append(item)


def _value(word: str, text: str) -> Any:
    if word == "identity":
        if text in hubble.IDENTITIES[1:]:
            return hubble.IDENTITIES.index(text)
        if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 2**32:
            raise FilterError(f"{text!r} is not an identity (a number or {', '.join(hubble.IDENTITIES[1:])}).")
        return int(text)
    if word == "workload":
        kind, slash, name = text.partition("/")
        return hubble.message_class("flow.Workload")(**({"kind": kind, "name": name} if slash else {"name": kind}))
    return text


def _enum(names: dict[int, str], what: str) -> Callable[[str], int]:
    numbers = {name: number for number, name in names.items()}

    def read(text: str) -> int:
        if text not in numbers:
            raise FilterError(f"{text!r} is not a {what} ({', '.join(numbers)}).")
        return numbers[text]

    return read


def _direction(text: str) -> int:
    if text.lower() not in ("ingress", "egress"):
        raise FilterError(f"{text!r} is not a direction (ingress or egress).")
    return 1 if text.lower() == "ingress" else 2


def _version(text: str) -> int:
    return {"4": 1, "v4": 1, "ipv4": 1, "ip4": 1, "6": 2, "v6": 2, "ipv6": 2, "ip6": 2}.get(text.lower(), 0)


def _tcp_flags(text: str) -> Any:
    names = [name.upper() for name in text.split(",")]
    for name in names:
        if name not in hubble.FLAGS:
            raise FilterError(f"{name!r} is not a TCP flag ({', '.join(hubble.FLAGS)}).")
    return hubble.TCPFlags(**dict.fromkeys(names, True))


def _header(text: str) -> Any:
    name, colon, value = text.partition(":")
    if not colon:
        raise FilterError(f"{text!r} is not a header (NAME:VALUE).")
    return hubble.message_class("flow.HTTPHeader")(key=name, value=value)


def _ip_trace(text: str) -> int:
    if not re.fullmatch(r"\d{1,20}", text) or not 0 < int(text) < 2**64:
        raise FilterError(f"{text!r} is not an IP trace identifier (a number above 0).")
    return int(text)


def _event_type(text: str) -> Any:
    name, colon, sub = text.partition(":")
    message = hubble.message_class("flow.EventTypeFilter")()
    if name in hubble.EVENT_TYPES:
        message.type = hubble.EVENT_TYPES[name]
    elif re.fullmatch(r"\d{1,9}", name):
        message.type = int(name)
    else:
        raise FilterError(f"{name!r} is not an event type ({', '.join(hubble.EVENT_TYPES)}, or a number).")
    if colon:
        message.match_sub_type = True
        if message.type == hubble.TRACE and sub in hubble.TRACE_POINTS:
            message.sub_type = hubble.TRACE_POINTS.index(sub)
        elif re.fullmatch(r"\d{1,9}", sub):
            message.sub_type = int(sub)
        else:
            raise FilterError(f"{sub!r} is not a sub-type of {name} ({', '.join(hubble.TRACE_POINTS)}, or a number).")
    return message


_SPECIAL: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "verdict": ("verdict", _enum(hubble.VERDICTS, "verdict")),
    "drop-reason-desc": ("drop_reason_desc", _enum(hubble.DROP_REASONS, "drop reason")),
    "type": ("event_type", _event_type),
    "traffic-direction": ("traffic_direction", _direction),
    "ip-version": ("ip_version", _version),
    "ipv4": ("ip_version", lambda _: 1),
    "ipv6": ("ip_version", lambda _: 2),
    "tcp-flags": ("tcp_flags", _tcp_flags),
    "http-header": ("http_header", _header),
    "ip-trace-id": ("ip_trace_id", _ip_trace),
    "interface": ("interface", lambda text: hubble.message_class("flow.NetworkInterface")(name=text)),
    "encrypted": ("encrypted", lambda _: True),
    "unencrypted": ("encrypted", lambda _: False),
    "reply": ("reply", lambda _: True),
    "not-reply": ("reply", lambda _: False),
}
