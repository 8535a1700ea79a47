"""The IP map: every service address with its pool, who announces it and since when, ports, URLs and what is wrong.

`pointsman ips --lan` also asks the local network who answers for each address (see :mod:`pointsman.tui.sources.neighbours`).
`pointsman ips watch` prints a line for each change of an announcement until it is interrupted; with `-o json` each line
is a JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING

from pointsman.tui.options import Options

if TYPE_CHECKING:
    from pointsman.tui.sources.open import Opened
    from pointsman.tui.store.snapshot import Snapshot

OUTPUTS = ("table", "json")
INTERMIXED = True
PATIENCE = 10.0
"""Seconds after which a kind that was not read yet is not waited for any more."""
TICK = 0.25
"""Seconds between two looks at the store; a look costs nothing while nothing has changed."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("watch",), help="follow the changes")
    parser.add_argument("--lan", action="store_true", help="ask the local network who answers for each address")
    parser.add_argument(
        "--neighbours",
        metavar="FILE|CMD",
        default="",
        help="with --lan: the neighbour table to judge by, such as 'ssh router ip neigh'",
    )


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import forever, guarded

    if args.action == "watch":
        return guarded(lambda: forever(_watch(options)))
    return guarded(lambda: _run(options, args.lan or bool(args.neighbours), args.neighbours))


def _run(options: Options, lan: bool, neighbours: str) -> int:
    from pointsman.tui.answers.ips import ip_map
    from pointsman.tui.answers.ips.lan import askable as lan_askable
    from pointsman.tui.answers.words import blind
    from pointsman.tui.model.kinds import SERVICES
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps, ips_json
    from pointsman.tui.views.plain import ips_lines
    from pointsman.tui.views.tables import paper, print_lines
    from pointsman.tui.watch import recalled

    async def more(opened: Opened) -> None:
        recalled(opened.store)
        if lan:
            from pointsman.tui.answers.ips.lan import node_addresses
            from pointsman.tui.sources.neighbours import lan_check

            picture = opened.store.snapshot()
            kube = opened.kube
            ips = [item.ip for item in ip_map(picture).items if item.ip and lan_askable(item)]
            check = lan_check(opened.store, lambda: kube.client if kube is not None else None, neighbours)
            await check.check(ips, node_addresses(picture))

    snapshot = read(options, more)
    if isinstance(snapshot, int):
        return snapshot
    found = ip_map(snapshot)
    if options.output == "json":
        print_lines([dumps(ips_json(found, options.namespace, snapshot))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(ips_lines(found, snapshot, sheet, options.namespace))
    if not snapshot.known(SERVICES):
        return complain(f"cannot tell: {blind(snapshot, SERVICES)}")
    return 0


async def _watch(options: Options) -> int:
    from pointsman.tui.answers.ips import IpMap, changes, ip_map, with_causes
    from pointsman.tui.sources.errors import KubeError
    from pointsman.tui.sources.open import open_source
    from pointsman.tui.store.snapshot import State
    from pointsman.tui.store.store import Store
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.views.json import change_json, dumps
    from pointsman.tui.views.plain import change_line
    from pointsman.tui.views.tables import paper, print_lines
    from pointsman.tui.watch import Watch

    store = Store()
    opened = open_source(store, options)
    sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
    source = asyncio.ensure_future(opened.run())
    said = ""
    before: IpMap | None = None
    version = -1
    watch = Watch(store)
    begun = time.monotonic()
    try:
        while True:
            if source.done():
                source.result()
                return 0
            snapshot = store.snapshot()
            link = snapshot.links.get("manifests" if options.manifests else "kube")
            if link is not None and link.state is State.LIVE:
                said = ""
            elif link is not None and link.state not in (State.CONNECTING, State.ABSENT) and link.detail != said:
                said = link.detail
                complain(link.detail, link.hint)
                if opened.hopeless and before is None:
                    return 2
            if snapshot.version != version and _read(snapshot, begun):
                version = snapshot.version
                found = ip_map(snapshot)
                watch.look(snapshot)
                told = [] if before is None else with_causes(changes(before, found), store.snapshot().history)
                for change in told:
                    if options.namespace and not change.service.startswith(f"{options.namespace}/"):
                        continue
                    if options.output == "json":
                        print_lines([dumps(change_json(change, snapshot.now), lines=True)])
                    else:
                        print_lines([change_line(change, snapshot.now, sheet)])
                before = found
            else:
                watch.look(snapshot)
            await asyncio.sleep(TICK)
    except KubeError as error:
        return complain(error.sentence, error.hint)
    finally:
        watch.end()
        source.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await source


def _read(snapshot: Snapshot, begun: float) -> bool:
    """Whether the map is whole, so that what is new in it is news: everything it reads was read, or will not soon be."""
    from pointsman.tui.answers.ips.build import READS
    from pointsman.tui.model.kinds import LEASES, NODES, SERVICES
    from pointsman.tui.store.snapshot import State

    if not all(snapshot.known(kind) for kind in (SERVICES, NODES, LEASES)):
        return False
    if time.monotonic() - begun > PATIENCE:
        return True
    return all(snapshot.state(kind) is not State.CONNECTING for kind in READS)
