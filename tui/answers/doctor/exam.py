"""What every check looks at: the snapshot, and the answers that several of them need, made once."""

from __future__ import annotations

from functools import cached_property

from pointsman.tui.answers.ips import IpMap, ip_map
from pointsman.tui.answers.stack import StackReport, detect
from pointsman.tui.store.snapshot import Snapshot


class Exam:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def report(self) -> StackReport:
        return detect(self.snapshot)

    @cached_property
    def ips(self) -> IpMap:
        return ip_map(self.snapshot)
