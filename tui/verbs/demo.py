"""The demo homelab: `demo serve [VARIANT]` runs it as a server, `demo faults` lists what `broken` plants.

`pointsman demo serve` stays in the foreground. Its first line, once it answers, is `export KUBECONFIG=PATH` for a shell
to evaluate; it ends on ctrl+c, on SIGTERM and with the process that started it, and removes what it wrote.
"""

from __future__ import annotations

import argparse
import sys

from pointsman.tui.options import DEMO_VARIANTS, Options

OUTPUTS = ("table", "json")
INTERMIXED = True


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("serve", "faults"), help="run the server · list the planted faults")
    parser.add_argument("variant", nargs="?", choices=DEMO_VARIANTS, help="for serve (classic if none is named)")
    parser.add_argument("--seed", type=int, default=1, help="what happens, and when, follows from it (default 1)")


def run(options: Options, args: argparse.Namespace) -> int:
    if args.action == "faults":
        return _faults(options)
    from pointsman.tui.demo.serve import serve

    return serve(args.variant or options.demo or DEMO_VARIANTS[0], seed=args.seed)


def _faults(options: Options) -> int:
    import textwrap

    from pointsman.tui.demo.faults import listing
    from pointsman.tui.views.json import document, dumps
    from pointsman.tui.views.tables import paper, print_lines

    found = listing()
    if options.output == "json":
        print_lines([dumps(document("DemoFaults", {"items": found}))])
        return 0
    sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
    lines: list[str] = []
    for item in found:
        lines.append(f"{item['name']}: {item['object']}, found as {item['finding']}")
        lines += textwrap.wrap(
            item["description"], (sheet.width or 100) - 4, initial_indent="    ", subsequent_indent="    "
        )
    print_lines(lines)
    return 0
