"""What is wrong, worst first, each with its evidence and what would mend it."""

from pointsman.tui.answers.doctor.model import SEVERITIES, Finding
from pointsman.tui.answers.doctor.registry import findings

__all__ = ["SEVERITIES", "Finding", "findings"]
