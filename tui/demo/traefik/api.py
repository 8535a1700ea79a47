"""One request to Traefik's own entry point: ``/ping``, and the API if a route leads to it there, as in the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pointsman.tui.answers.routes.build import base
from pointsman.tui.answers.routes.exposure import API, api_path
from pointsman.tui.answers.routes.language import Asked, checked_rule
from pointsman.tui.answers.routes.traefik import ASSUMED, Traefik
from pointsman.tui.demo.traefik.answers import NOT_ALLOWED, NOT_FOUND, Said, answer
from pointsman.tui.demo.traefik.picture import Pictures
from pointsman.tui.demo.traefik.runs import Runs, listed_certificates, runs, users_of
from pointsman.tui.model.kinds import MIDDLEWARES
from pointsman.tui.model.meta import dig_str
from pointsman.tui.model.times import rfc3339
from pointsman.tui.store.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.tui.demo.homelab import Homelab

VERSION = "3.7.15"


class TraefikApi:
    """Of one homelab."""

    def __init__(self, homelab: Homelab) -> None:
        self._homelab = homelab
        self._pictures = Pictures(homelab.storage)
        self._made: tuple[int, dict[str, list[str]] | None, Runs] | None = None
        self._started = rfc3339(homelab.clock.now().timestamp() - 12 * 86400.0)

    def ask(self, method: str, target: str, host: str = "") -> Said:
        """One request to Traefik's own entry point."""
        path, _, query = target.partition("?")
        snapshot = self._pictures.take()
        traefik = next((one for one in base(snapshot).context.traefiks if one is not ASSUMED), None)
        if traefik is None:
            return NOT_FOUND
        if path == "/ping" and traefik.ping:
            return Said(200, b"OK", "text/plain; charset=utf-8")
        whole = f"{api_path(traefik)}/"
        if not path.startswith(whole) or not _leads(snapshot, traefik, host, path):
            return NOT_FOUND
        if method != "GET":
            return NOT_ALLOWED
        now = self._homelab.clock.now().timestamp()
        return answer(
            self._runs(snapshot, traefik), path.removeprefix(traefik.api_base), query, version=VERSION,
            started=self._started, certificates=list(listed_certificates(snapshot)), now=now,
        )  # fmt: skip

    def _runs(self, snapshot: Snapshot, traefik: Traefik) -> Runs:
        users = {}
        for obj in snapshot.all(MIDDLEWARES):
            for kind in ("basicAuth", "digestAuth"):
                if name := dig_str(obj.body.spec, kind, "secret"):
                    lines = users_of(self._homelab.storage.peek("secrets", obj.namespace, name))
                    if lines is not None:
                        users[(obj.namespace, name)] = lines
        key: Any = (snapshot.version, users)
        if self._made is None or self._made[:2] != key:
            self._made = (*key, runs(snapshot, traefik, users))
        return self._made[2]


def _leads(snapshot: Snapshot, traefik: Traefik, host: str, path: str) -> bool:
    """Whether a router of the entry point ``traefik`` sends this request to the API."""
    if traefik.api_insecure:
        return not traefik.api_base
    asked = Asked.of(host or "traefik", path)
    for route in base(snapshot).list.items:
        if route.served_by != traefik.ref or route.dropped or not any(one.name == API for one in route.backends):
            continue
        for router in route.routers:
            rule, _ = checked_rule(router.rule, "http", router.syntax)
            if "traefik" in router.entry_points and rule is not None and rule.matches(asked):
                return True
    return False
