"""kube-proxy: its DaemonSet, RKE2's static pods, or the one inside k3s and MicroK8s; and the mode it works in."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.build import builtin, from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, label
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

MODES = ("iptables", "ipvs", "nftables", "userspace", "kernelspace")


def daemonset(found: Facts) -> Obj[Workload] | None:
    for item in found.daemonsets:
        if label(item, "k8s-app") == "kube-proxy" or (item.name == "kube-proxy" and item.namespace == "kube-system"):
            return item
    return None


def mode_in(text: str) -> str:
    """``mode`` at the top level of a KubeProxyConfiguration, given as YAML text; empty if it is not set.

    Read by the line: the document is the user's own, and a YAML parser would cost an import for one word.
    """
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name == "mode":
            return value.split("#", 1)[0].strip().strip("\"'")
    return ""


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    item = daemonset(found)
    if item is not None:
        mode = _daemonset_mode(found, item)
        yield from_workloads(snapshot, Role.SERVICE_PROXY, "kube-proxy", "kube-proxy", (item,), "kube-proxy", mode)
        return
    if found.k3s and found.nodes:
        if found.flags.on("disable-kube-proxy"):
            return
        values = cilium.config(found)
        replaced = values is not None and cilium.replaces_proxy(values)
        if not found.flags.known and replaced:
            return
        words = [argument.partition("=") for argument in found.flags.get("kube-proxy-arg")]
        mode = next((value for name, _, value in words if name.lstrip("-") == "proxy-mode"), "iptables")
        doubt = "" if found.flags.known else " (k3s' flags cannot be read; its default)"
        yield builtin(Role.SERVICE_PROXY, "kube-proxy", "kube-proxy", found, f"{mode}, inside k3s{doubt}")
    elif found.distribution == "microk8s":
        values = cilium.config(found)
        if values is None or not cilium.replaces_proxy(values):
            yield builtin(Role.SERVICE_PROXY, "kube-proxy", "kube-proxy", found, "inside MicroK8s")


def _daemonset_mode(found: Facts, item: Obj[Workload]) -> str:
    """The ConfigMap's mode, else the argument's; an empty mode means iptables on Linux."""
    for part in containers(item):
        for argument in (*part.command, *part.args):
            name, _, value = argument.lstrip("-").partition("=")
            if name == "proxy-mode" and value:
                return value
    obj = found.config(item.namespace, "kube-proxy")
    if obj is None:
        return ""
    for key in ("config.conf", "config.yaml"):
        text = obj.body.data.get(key)
        if text is None:
            continue
        if text.lstrip().startswith("{"):
            return _json_mode(text)
        return mode_in(text) or "iptables"
    return ""


class _Mode(msgspec.Struct):
    mode: str = ""


def _json_mode(text: str) -> str:
    try:
        return msgspec.json.decode(text.encode(), type=_Mode).mode or "iptables"
    except msgspec.DecodeError:
        return ""
