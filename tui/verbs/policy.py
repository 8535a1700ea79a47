"""Switch a policy off for a while, or on again; list what is off.

  policy off NAME [--for 10m | --permanent] [--wait] [--in-cluster]
                                                         off; after 10 minutes it comes back by itself
  policy on NAME                                         on again, and the timer is gone
  policy status                                          what is off, until when, and who watches over it

NAME is NS/NAME, KIND/NS/NAME, or KIND/NAME for a policy without a namespace. A detached guard process on this machine
switches it on again; it survives a lost terminal and the end of this program, not a reboot. With --in-cluster a small Job
in the cluster does so too, should this machine be gone or asleep: nothing is switched off before its pod runs and has
read the policy, and it is removed when the policy is on again. The time is also noted on the object, so that any later
start of the program on any machine sees it. Exit codes: 0 done, 1 declined, 2 refused or
unknown; `policy status`: 1 if something is overdue.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options
from pointsman.tui.verbs import switching

if TYPE_CHECKING:
    from pointsman.tui.model.kinds import Kind

OUTPUTS = ("table", "json")
INTERMIXED = True


def _kinds() -> Sequence[Kind[Any]]:
    from pointsman.tui.answers.policies.index import POLICY_KINDS

    return POLICY_KINDS


SUBJECT = switching.Subject("policy", "PolicyTimers", _kinds, in_cluster=True)


def configure(parser: argparse.ArgumentParser) -> None:
    switching.configure(parser, SUBJECT)


def run(options: Options, args: argparse.Namespace) -> int:
    return switching.run(options, args, SUBJECT)
