"""The kinds of route, one file each; one line each in :data:`KINDS`.

A kind's module has ``KIND`` (of the table of kinds) and ``read(context, object) -> Iterator[Route]``, one for each rule.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.kinds import (
    grpcroute,
    httproute,
    ingress,
    ingressroute,
    ingressroutetcp,
    ingressrouteudp,
    service,
    tcproute,
    tlsroute,
    udproute,
)
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.model.kinds import Kind

Reader = Callable[[Context, Any], Iterator[Route]]
KINDS: tuple[tuple[Kind[Any], Reader], ...] = (
    (ingress.KIND, ingress.read),
    (ingressroute.KIND, ingressroute.read),
    (ingressroutetcp.KIND, ingressroutetcp.read),
    (ingressrouteudp.KIND, ingressrouteudp.read),
    (httproute.KIND, httproute.read),
    (grpcroute.KIND, grpcroute.read),
    (tlsroute.KIND, tlsroute.read),
    (tcproute.KIND, tcproute.read),
    (udproute.KIND, udproute.read),
    (service.KIND, service.read),
)
