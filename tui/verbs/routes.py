"""Every route in one list: Ingress, Traefik's own kinds, Gateway API, and LoadBalancer services without a route.

Traefik's API is asked once (at most 3 s): `live` is what it says of each router, and routers that no object here stands
behind are rows of the kind `traefik`. Exit code 2 if what decides about routes cannot be read.
"""

from __future__ import annotations

import argparse
import sys

from pointsman.tui.options import Options

OUTPUTS = ("table", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(options: Options, _args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options))


def _run(options: Options) -> int:
    from pointsman.tui.answers.routes.build import route_list
    from pointsman.tui.answers.words import blind
    from pointsman.tui.model.kinds import SERVICES
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.route_text import routes_json, routes_lines
    from pointsman.tui.views.tables import paper, print_lines

    snapshot = read(options, traefik=True)
    if isinstance(snapshot, int):
        return snapshot
    found = route_list(snapshot)
    link = snapshot.links.get("traefik")
    if options.output == "json":
        print_lines([dumps(routes_json(found, options.namespace, link, snapshot.now))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(routes_lines(found, sheet, snapshot.now, options.namespace, link))
    if not snapshot.known(SERVICES):
        return complain(f"cannot tell: {blind(snapshot, SERVICES)}")
    return 0
