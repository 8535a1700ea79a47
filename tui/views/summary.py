"""What every pane's frame wants to know of a snapshot: stack, distribution, findings and how many each pane has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.tui.answers.doctor import Finding, findings
from pointsman.tui.answers.ips import IpMap, ip_map
from pointsman.tui.answers.stack import StackReport, detect
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.frame import Count
from pointsman.tui.views.opening import pane_of


@dataclass(frozen=True, slots=True)
class Summary:
    """``distribution`` is as the header shows it (``k3s 1.35``); both words are empty until something is known."""

    report: StackReport
    ips: IpMap
    findings: tuple[Finding, ...]
    distribution: str
    stack: str
    counts: Mapping[str, Count]


def short_version(version: str | None) -> str:
    """``v1.35.2+k3s1`` → ``1.35``."""
    if not version:
        return ""
    parts = version.removeprefix("v").split(".")
    return ".".join(parts[:2])


def summarize(snapshot: Snapshot) -> Summary:
    report = detect(snapshot)
    found = findings(snapshot)
    distribution = report.distribution if report.distribution != "unknown" else ""
    if distribution and (version := short_version(report.version)):
        distribution = f"{distribution} {version}"
    known = report.stack != "unknown" or distribution
    return Summary(report, ip_map(snapshot), found, distribution, report.stack if known else "", _counts(found))


def _counts(found: tuple[Finding, ...]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for finding in found:
        if finding.severity == "info":
            continue
        pane = pane_of(finding.object) if finding.object is not None else ""
        for place in {pane, "overview"} - {""}:
            old = counts.get(place, Count(0))
            worst = (
                "error"
                if "error" in (finding.severity, old.worst) and (finding.severity == "error" or old.number)
                else "warn"
            )
            counts[place] = Count(old.number + 1, worst)
    return counts
