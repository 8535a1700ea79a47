"""What is wrong, worst first, each with its evidence and what would mend it."""

from pointsman.tui.answers.doctor.model import SEVERITIES, Check, Diagnosis, Finding, Unjudged
from pointsman.tui.answers.doctor.registry import CHECKS, diagnose, findings

__all__ = ["CHECKS", "SEVERITIES", "Check", "Diagnosis", "Finding", "Unjudged", "diagnose", "findings"]
