"""kube-proxy in IPVS mode answers ARP for every service address on every node, unless ``strictARP`` forbids it."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import kubeproxy
from pointsman.tui.answers.stack.facts import containers
from pointsman.tui.model.kinds import CONFIGMAPS, L2ADVERTISEMENTS, METALLBPOOLS


def look(exam: Exam) -> Iterator[Sign]:
    if not exam.context.metallb.speaks or not exam.snapshot.count(L2ADVERTISEMENTS):
        return
    found = _daemonset(exam) or _k3s(exam)
    if found is not None:
        target, where = found
        yield Sign(
            "error",
            target,
            "kube-proxy works in IPVS mode without strictARP: every node answers for MetalLB's addresses",
            (where,),
        )


def _daemonset(exam: Exam) -> tuple[Ref, str] | None:
    item = kubeproxy.daemonset(exam.facts)
    if item is None:
        return None
    words = [word.lstrip("-") for part in containers(item) for word in (*part.command, *part.args)]
    config = exam.facts.config(item.namespace, "kube-proxy")
    text = "" if config is None else config.body.data.get("config.conf") or config.body.data.get("config.yaml") or ""
    mode = next((word.partition("=")[2] for word in words if word.startswith("proxy-mode=")), "")
    if (mode or kubeproxy.mode_in(text)) != "ipvs":
        return None
    if "ipvs-strict-arp" in words or "ipvs-strict-arp=true" in words or _strict(text):
        return None
    if config is None:
        return ref(item), f"{ref(item).title}: --proxy-mode=ipvs, and no --ipvs-strict-arp"
    return ref(config), f"{ref(config).title}: mode ipvs, ipvs.strictARP is not true"


def _k3s(exam: Exam) -> tuple[Ref | None, str] | None:
    """k3s takes kube-proxy's arguments as its own."""
    flags = exam.facts.flags
    if not exam.facts.k3s or not flags.known or flags.on("disable-kube-proxy"):
        return None
    words = {word.lstrip("-") for word in flags.get("kube-proxy-arg")}
    if "proxy-mode=ipvs" not in words or {"ipvs-strict-arp", "ipvs-strict-arp=true"} & words:
        return None
    return None, "k3s runs with --kube-proxy-arg=proxy-mode=ipvs, and without ipvs-strict-arp"


def _strict(text: str) -> bool:
    """``strictARP: true`` in a KubeProxyConfiguration, read by the line (or as JSON)."""
    flat = text.replace('"', "").replace(" ", "")
    return "strictARP:true" in flat


CHECK = Check(
    id="ipvs-without-strict-arp",
    title="kube-proxy in IPVS mode without strictARP beside MetalLB",
    why="Several machines answer for one address: clients hang on the wrong one until their neighbour table changes.",
    fix="Set ipvs.strictARP to true in ConfigMap kube-proxy and restart its pods (k3s: --kube-proxy-arg=ipvs-strict-arp).",
    reads=(*FACTS, L2ADVERTISEMENTS, METALLBPOOLS),
    look=look,
    needs=(CONFIGMAPS,),
)
