"""What is wrong with the cluster's network, the worst first, each with its evidence and what would mend it.

With IDs only these checks are made, and why each matters is told too; --list tells all there are. -f goes on and prints a
line (with -o json an object) for each finding that appears, changes its severity or clears. With --manifests only what
files can prove is judged. Traefik's API is asked once (at most 3 s) for what it says of the routes; without it nothing is
said of that.

Exit code 1 if there is an error or a warning, 0 if there is none, 2 if what matters most could not be read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from pointsman.tui.options import Options

if TYPE_CHECKING:
    from pointsman.tui.answers.doctor import Diagnosis
    from pointsman.tui.store.snapshot import Snapshot

OUTPUTS = ("table", "json")
INTERMIXED = True
TICK = 1.0
"""Seconds between two looks of -f."""
SETTLE = 5.0
"""Seconds for which something has to be there, or to be gone, before -f tells it."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="make only these checks, and say why each matters")
    parser.add_argument("--list", action="store_true", dest="listing", help="list the checks; no cluster is asked")
    parser.add_argument("-f", "--follow", action="store_true", help="go on: what appears and what clears")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.answers.doctor import CHECKS
    from pointsman.tui.verbs.reading import complain, forever, guarded

    known = {check.id for check in CHECKS}
    for name in args.ids:
        if name not in known:
            near = sorted(one for one in known if name in one or one in name)[:4]
            return complain(f"there is no check {name}", f"perhaps {', '.join(near)}" if near else "--list shows all")
    if args.listing:
        return guarded(lambda: _list(options, args.ids))
    if args.follow:
        return guarded(lambda: forever(_follow(options, args.ids)))
    return guarded(lambda: _run(options, args.ids))


def _list(options: Options, ids: list[str]) -> int:
    from pointsman.tui.answers.doctor import CHECKS
    from pointsman.tui.views.doctor_text import check_lines, checks_json
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import paper, print_lines

    chosen = [check for check in CHECKS if not ids or check.id in ids]
    if options.output == "json":
        print_lines([dumps(checks_json(chosen))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(check_lines(chosen, sheet, whole=bool(ids)))
    return 0


def _run(options: Options, ids: list[str]) -> int:
    from pointsman.tui.answers.doctor import CHECKS, diagnose
    from pointsman.tui.verbs.reading import read
    from pointsman.tui.views.doctor_text import doctor_json, doctor_lines, narrowed
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import paper, print_lines

    snapshot = read(options, traefik=True)
    if isinstance(snapshot, int):
        return snapshot
    found = narrowed(diagnose(snapshot), options.namespace, ids)
    if options.output == "json":
        print_lines([dumps(doctor_json(found))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(doctor_lines(found, sheet, looked=len(ids) or len(CHECKS), why=bool(ids)))
    return _code(found, snapshot)


def _code(found: Diagnosis, snapshot: Snapshot) -> int:
    """See the module. A single check that needs what this user may not read does not spoil the others."""
    from pointsman.tui.answers.words import blind, from_files
    from pointsman.tui.model.kinds import ENDPOINTSLICES, NODES, PODS, SERVICES
    from pointsman.tui.verbs.reading import complain

    bad = any(item.severity != "info" for item in found.findings)
    if from_files(snapshot):
        if not bad and not any(table.objects for table in snapshot.tables.values()):
            return complain("cannot tell: the files hold no object")
        return 1 if bad else 0
    unseen = blind(snapshot, *(kind for kind in (NODES, SERVICES, PODS, ENDPOINTSLICES) if not snapshot.known(kind)))
    code = complain(f"cannot tell all: {unseen}") if unseen else 0
    return 1 if bad else code


async def _follow(options: Options, ids: list[str]) -> int:
    from pointsman.tui.answers.doctor import diagnose
    from pointsman.tui.answers.doctor.follow import Follower
    from pointsman.tui.answers.ips import observe
    from pointsman.tui.model.kinds import NODES, PODS, SERVICES
    from pointsman.tui.sources.errors import KubeError
    from pointsman.tui.sources.open import open_source
    from pointsman.tui.store.snapshot import State
    from pointsman.tui.store.store import Store
    from pointsman.tui.verbs.reading import complain
    from pointsman.tui.views.doctor_text import event_json, event_line, narrowed
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.tables import paper, print_lines

    store = Store()
    opened = open_source(store, options)
    sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
    source = asyncio.ensure_future(opened.run())
    follower = Follower(SETTLE)
    said = ""
    looked = False
    try:
        while True:
            if source.done():
                source.result()
                return 0
            snapshot = store.snapshot()
            link = snapshot.links.get("manifests" if options.manifests else "kube")
            live = link is not None and link.state is State.LIVE
            if (
                link is not None
                and link.state not in (State.LIVE, State.CONNECTING, State.ABSENT)
                and link.detail != said
            ):
                said = link.detail
                complain(link.detail, link.hint)
                if opened.hopeless and not looked:
                    return 2
            # While the connection is gone nothing is known to have cleared.
            if (
                live
                and not _loading(snapshot)
                and (looked or all(snapshot.known(kind) for kind in (SERVICES, NODES, PODS)))
            ):
                said, looked = "", True
                store.observe(observe(snapshot))
                for event in follower.look(narrowed(diagnose(snapshot), options.namespace, ids), snapshot.now):
                    text = (
                        dumps(event_json(event), lines=True) if options.output == "json" else event_line(event, sheet)
                    )
                    print_lines([text])
            await asyncio.sleep(TICK)
    except KubeError as error:
        return complain(error.sentence, error.hint)
    finally:
        source.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await source


def _loading(snapshot: Snapshot) -> bool:
    """Whether lists are still to come: half a cluster looks broken."""
    from pointsman.tui.store.snapshot import State

    return any(table.link.state is State.CONNECTING for table in snapshot.tables.values())
