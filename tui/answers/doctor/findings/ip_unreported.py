"""Of manifests: a LoadBalancer service of which the files do not say the address."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="ip-unreported",
    title="a service whose address only the cluster knows",
    why="The address is given on the cluster; files cannot tell it.",
    fix="Pin the address with an annotation if it has to be known beforehand.",
    reads=READS,
    look=by_problem("ip-unreported"),
    timed=True,
)
