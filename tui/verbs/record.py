"""`record FILE`: write flows to a file, as JSON lines that `replay` and `flows --input-file` read.

The flows come from Hubble's Relay, or from Traefik's access log where there is none; the filters are those of `flows`.
Without -f it writes what is kept of the past and ends; with -f it goes on until ctrl+c. What is sensitive is masked; only
an explicit -o jsonpb writes Hubble's own lines word for word. A name that ends in .gz is compressed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from pointsman.tui.options import Options
from pointsman.tui.verbs import flows

OUTPUTS = ("json", "jsonpb")
PATIENCE = 0.5
"""Seconds after which lines are on disk at the latest, while more come."""


def configure(parser: argparse.ArgumentParser) -> None:
    flows.configure(parser)
    parser.usage = f"{parser.prog} FILE [options] [filters]"
    parser.add_argument("file", metavar="FILE", help="the file to write; .gz compresses it")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, args))


def _run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.answers.flows.predicates import FilterError
    from pointsman.tui.disk.tape import create
    from pointsman.tui.verbs.flowlines import Lines, print_file
    from pointsman.tui.verbs.reading import complain, forever

    name: str = args.file
    if name == "-":
        return complain("A recording goes to a file, not to standard output.", "pointsman flows -o json prints.")
    try:
        chosen, allow, deny = flows.selection(args)
    except FilterError as error:
        return complain(str(error))
    if not (chosen.follow or chosen.last or chosen.first) and chosen.since is None and chosen.until is None:
        chosen = replace(chosen, everything=True)
    code = 0
    try:
        with create(Path(name), replace=args.force) as stream:
            out = Lines(options.output or "json", follow=args.follow, stream=stream, patience=PATIENCE)
            try:
                if args.input_file:
                    code = print_file(args.input_file, chosen, allow, deny, out)
                else:
                    code = forever(flows.live(options, args, chosen, allow, deny, out))
            finally:
                out.finish()
        size = Path(name).stat().st_size
    except FileExistsError:
        return complain(f"{name} is there.", "Another name, or --force to replace it.")
    except OSError as error:
        return complain(f"{name} cannot be written: {error.strerror or error}")
    if code and not out.count:
        with contextlib.suppress(OSError):
            Path(name).unlink()
    if code == 0:
        sys.stderr.write(f"{out.count:,} flows in {name} ({size / 1e6:.1f} MB)\n")
    return code
