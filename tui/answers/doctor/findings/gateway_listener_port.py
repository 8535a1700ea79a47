"""A listener whose port is no entry point of Traefik: the Gateway is accepted, the listener never answers.

Traefik compares the listener's port with the entry point's own (8000, 8443), not with the port of its service.
"""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.traefik import read_traefik
from pointsman.tui.answers.stack import traefik
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import DEPLOYMENTS, GATEWAYCLASSES, GATEWAYS
from pointsman.tui.model.meta import dig, dig_list, dig_str

UDP = "UDP"


def look(exam: Exam) -> Iterator[Sign]:
    found = [read for item in traefik.workloads(exam.facts) if (read := read_traefik(item)).gateway and not read.notes]
    if not found:
        return
    points = {(point.port, point.protocol): name for one in found for name, point in one.entry_points.items()}
    for gateway in sorted(exam.snapshot.all(GATEWAYS), key=lambda item: item.key):
        name = dig_str(gateway.body.spec, "gatewayClassName")
        owner = exam.snapshot.get(GATEWAYCLASSES, "", name)
        if owner is None or dig_str(owner.body.spec, "controllerName") != traefik.GATEWAY_CONTROLLER:
            continue
        for listener in dig_list(gateway.body.spec, "listeners"):
            port, protocol = dig(listener, "port"), dig_str(listener, "protocol")
            wanted = "udp" if protocol == UDP else "tcp"
            if not isinstance(port, int) or (port, wanted) in points:
                continue
            have = listed([f"{point} {number}" for (number, _), point in sorted(points.items())], most=8)
            yield Sign(
                "error",
                ref(gateway),
                f"listener {dig_str(listener, 'name') or port} of Gateway {gateway.path}: Traefik has no entry point on "
                f"port {port}/{wanted}",
                (f"entry points by their own ports: {have}",),
            )


CHECK = Check(
    id="gateway-listener-port",
    title="a Gateway listener whose port is no entry point of Traefik",
    why="Every route on the listener is dark, while the Gateway still says Accepted.",
    fix="Give the listener the entry point's own port (8000, 8443), or add an entry point with that port.",
    reads=(*FACTS, GATEWAYCLASSES, GATEWAYS),
    look=look,
    needs=(DEPLOYMENTS,),
    action="edit",
)
