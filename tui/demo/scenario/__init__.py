"""The demo homelab as data: three machines, some forty pods, and one of three networks under them.

`build` returns a `Scenario`: complete Kubernetes objects as a cluster that has run for months would hold them. The
tables (`apps`, `exposed`, `routes`, `policies`, `platform/*`) say what there is, small builders make objects of them,
`variants` puts a variant together, and `faults` plants what is wrong in `broken`.
"""

from __future__ import annotations

from pointsman.tui.demo.scenario.variants import VARIANTS, Scenario, build
from pointsman.tui.demo.scenario.world import Variant

__all__ = ["VARIANTS", "Scenario", "Variant", "build"]
