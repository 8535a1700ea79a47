"""`replay FILE`: open the app on recorded flows, without a cluster.

FILE is what `record` wrote, what the hubble CLI or Cilium's exporter wrote (JSON lines, plain or gzipped), or a folder of
the flight recorder. The clock stands still at the last flow. --manifests adds objects, by which flows are explained.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from pointsman.tui.options import Options

OUTPUTS: tuple[str, ...] = ()


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="recorded flows")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain

    if args.file == "-":
        return complain("The app needs its input for keys; give a file.", "flows --input-file - reads from a pipe.")
    try:
        if not Path(args.file).is_dir():
            with Path(args.file).open("rb"):
                pass
    except OSError as error:
        return complain(f"{args.file} cannot be read: {error.strerror or error}")
    if options.demo or options.context:
        return complain("A recording is shown in place of a cluster.", "Leave out --demo and --context.")
    from pointsman.tui.app import run as open_app

    return open_app(replace(options, replay=args.file))
