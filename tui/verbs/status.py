"""What runs in the cluster: the stack, its components with version, health and owner, nodes, counts and sources."""

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
    from pointsman.tui.answers.stack import detect
    from pointsman.tui.sources.hubble.feed import ask_once
    from pointsman.tui.verbs.reading import read
    from pointsman.tui.views.json import dumps, status_json
    from pointsman.tui.views.plain import status_lines
    from pointsman.tui.views.tables import paper, print_lines

    snapshot = read(options, None if options.manifests else ask_once, traefik=True)
    if isinstance(snapshot, int):
        return snapshot
    report = detect(snapshot, options.namespace)
    if options.output == "json":
        print_lines([dumps(status_json(report, snapshot))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(status_lines(report, snapshot, sheet))
    return 0
