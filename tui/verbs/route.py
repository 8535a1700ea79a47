"""Switch a route off for a while, or on again; list what is off.

  route off NAME [--for 10m | --permanent] [--wait]     off; after 10 minutes it comes back by itself
  route on NAME                                         on again, and the timer is gone
  route status                                          what is off, until when, and who watches over it

NAME is NS/NAME or KIND/NS/NAME of an Ingress, an IngressRoute (TCP, UDP) or a route of the Gateway API. It is parked: an
Ingress and an IngressRoute on a class that nobody serves, a route of the Gateway API without its parents; TLS secrets,
certificates and all else stay. Who handles its URLs meanwhile is said before you are asked. A detached guard process on
this machine switches it on again; the time is also noted on the object. Exit codes: 0 done, 1 declined, 2 refused or
unknown; `route status`: 1 if something is overdue.
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
    from pointsman.tui.answers.routes.parking import ROUTE_KINDS

    return ROUTE_KINDS


SUBJECT = switching.Subject("route", "RouteTimers", _kinds)


def configure(parser: argparse.ArgumentParser) -> None:
    switching.configure(parser, SUBJECT)


def run(options: Options, args: argparse.Namespace) -> int:
    return switching.run(options, args, SUBJECT)
