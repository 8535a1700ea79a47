"""Traefik's access log on or off: `access-log on`, `access-log off`, `access-log status`.

It tells who asks for what, and is where `pointsman flows` reads from where there is no Hubble. On k3s the HelmChartConfig's
values are merged, all else of them stays; elsewhere the arguments of Traefik's workload. Traefik starts anew; what that
costs is said before you are asked. `undo` takes it back. Exit codes: 0 done, 1 declined, 2 refused or unknown; of status:
0 on, 1 off.
"""

from __future__ import annotations

import argparse

from pointsman.tui.options import Options
from pointsman.tui.verbs.writing import add_yes

OUTPUTS = ("table", "json")
INTERMIXED = True
WORDS = ("on", "off", "status")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", default="", metavar="on|off|status", help="switch it, or say how it stands")
    add_yes(parser)


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain, guarded
    from pointsman.tui.verbs.writing import run_async, settle_yes

    settle_yes(args, "what")
    if args.what not in WORDS:
        return complain("Say access-log on, off or status.")
    if args.what == "status":
        return guarded(lambda: _status(options))
    return guarded(lambda: run_async(lambda: _switch(options, args)))


def _status(options: Options) -> int:
    from pointsman.tui.answers.flows.traefiklog import Log, writers
    from pointsman.tui.store.snapshot import Snapshot
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import document, dumps
    from pointsman.tui.views.tables import print_lines

    snapshot = read(options)
    if not isinstance(snapshot, Snapshot):
        return snapshot
    found = writers(snapshot)
    if options.output == "json":
        items = [
            {"namespace": item.namespace, "pod": item.pod, "node": item.node or None, "log": item.log.value,
             "format": item.format if item.log in (Log.ON, Log.FILE) else None, "path": item.path or None}
            for item in found
        ]  # fmt: skip
        print_lines([dumps(document("AccessLog", {"items": items}))])
    elif not found:
        return complain("There is no Traefik pod here.")
    else:
        words = {
            Log.ON: "on",
            Log.OFF: "off",
            Log.FILE: "into a file",
            Log.UNKNOWN: "unknown: its configuration is a file",
        }
        print_lines([f"{item.namespace}/{item.pod}  {words[item.log]}{f'  {item.path}' if item.path else ''}"
                     f"{f'  {item.format}' if item.log is Log.ON else ''}" for item in found])  # fmt: skip
    if not found or all(item.log is Log.UNKNOWN for item in found):
        return 2
    return 0 if any(item.log is Log.ON for item in found) else 1


async def _switch(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.actions.traefik import ACCESS_LOG_OFF, ACCESS_LOG_ON
    from pointsman.tui.verbs.writing import at_desk, carry_out

    async with at_desk(options) as desk:
        plan = await desk.plan_traefik([ACCESS_LOG_ON if args.what == "on" else ACCESS_LOG_OFF])
        return await carry_out(desk, plan, options, args.yes)
