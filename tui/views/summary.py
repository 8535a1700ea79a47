"""What every pane's frame wants to know of a snapshot: stack, distribution, findings and how many each pane has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.tui.answers.doctor import Finding, findings
from pointsman.tui.answers.ips import IpMap, ip_map
from pointsman.tui.answers.stack import StackReport, detect
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.frame import Count
from pointsman.tui.views.opening import home_of


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
    """Errors and warnings by the pane they are at home in; Overview has all."""
    counts: dict[str, Count] = {}
    for finding in found:
        if finding.severity == "info":
            continue
        for place in {home_of(finding)[0], "overview"}:
            old = counts.get(place, Count(0))
            counts[place] = Count(old.number + 1, "error" if "error" in (finding.severity, old.worst) else "warn")
    return counts
