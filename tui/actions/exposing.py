"""Let Traefik's API be seen: a route to ``api@internal`` on its own entry point, which no service exposes.

Nothing restarts, and the LAN cannot reach it: only who may forward a port to Traefik's pod can. ``api.insecure`` would open
it the same way but needs a restart, and a route on any other entry point would show every route and password hash to the
LAN; neither is offered. Pure.
"""

from __future__ import annotations

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import base
from pointsman.tui.answers.routes.exposure import API, Exposure, exposures, internal_point
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import INGRESSROUTES
from pointsman.tui.store.snapshot import Snapshot, State

EXPOSE = "traefik-expose-api"
"""The name of the action in the journal."""
NAME = "pointsman-traefik-api"
CLASS_NOTE = "kubernetes.io/ingress.class"


def offer(snapshot: Snapshot) -> Exposure | None:
    """The Traefik whose API could be opened this way; None where it is open, or where this would not open it."""
    return next((item for item in exposures(snapshot) if item.offer), None)


def expose_api(snapshot: Snapshot, which: Ref | None = None) -> Wish:
    """The wish that opens it. ``which`` is the Traefik meant, where there are several. Raises ActionError with the reason
    where that makes no sense."""
    found = _exposure(snapshot, which)
    traefik = found.traefik
    assert traefik.ref is not None
    if not found.why:
        raise ActionError(f"The API of {traefik.ref.path} is open already: {found.doors[0].how}.")
    if snapshot.state(INGRESSROUTES) is State.ABSENT or not traefik.crd:
        raise ActionError(f"{traefik.ref.path} reads no IngressRoutes.", found.mend)
    point = internal_point(traefik)
    exposed = base(snapshot).context.exposed(traefik, point)
    if exposed:
        names = listed([f"{service.path} ({number})" for service, number in exposed])
        raise ActionError(
            f"The entry point {point.name} of {traefik.ref.path} is reached through {names}: the API would be open to all.",
            "Take the port out of the service first.",
        )
    if not found.offer:
        raise ActionError(found.why, found.mend)
    namespace = traefik.ref.namespace
    if traefik.crd_namespaces and namespace not in traefik.crd_namespaces:
        namespace = sorted(traefik.crd_namespaces)[0]
    rule = f"PathPrefix(`{traefik.api_base}/api`)"
    spec: Doc = {
        "entryPoints": [point.name],
        "routes": [{"kind": "Rule", "match": rule, "services": [{"kind": "TraefikService", "name": API}]}],
    }
    doc: Doc = {
        "apiVersion": f"{INGRESSROUTES.group}/{INGRESSROUTES.versions[0]}",
        "kind": INGRESSROUTES.kind,
        "metadata": {
            "name": NAME,
            "namespace": namespace,
            **({"annotations": {CLASS_NOTE: traefik.crd_class}} if traefik.crd_class else {}),
        },
        "spec": spec,
    }

    def make(live: Doc | None) -> Doc | None:
        if live is not None:
            raise ActionError(
                f"There is an IngressRoute {namespace}/{NAME} already.", "Look at it, or delete it first."
            )
        return doc

    who = f"Who may forward a port to {traefik.ref.path} can then read its routes and the hashes of its passwords"
    return Wish(
        EXPOSE,
        f"let the API of {traefik.ref.path} be seen through a port-forward",
        Ref(INGRESSROUTES.id, namespace, NAME),
        make,
        risks=(Risk(f"{who}; nobody else, as no service leads to port {point.port}", grave=False),),
        notes=("Nothing restarts; Traefik takes it up within seconds.", "Undoing it deletes the route."),
    )


def _exposure(snapshot: Snapshot, which: Ref | None) -> Exposure:
    known = exposures(snapshot)
    if not known:
        raise ActionError("There is no Traefik in this cluster.")
    if which is not None:
        found = next((item for item in known if item.traefik.ref == which), None)
        if found is None:
            raise ActionError(f"{which.title} is no Traefik.")
        return found
    return next((item for item in known if item.offer), known[0])
