"""Every network policy: what it selects, its state, who enforces it, and one line on what it does.

With `--lint` what is doubtful is listed too, and the exit code is 1 if a policy is invalid, selects nothing, is enforced
by nobody, or has a warning.
"""

from __future__ import annotations

import argparse
import sys

from pointsman.tui.options import Options

OUTPUTS = ("table", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lint", action="store_true", help="list all that is doubtful; exit 1 if there is something")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, args.lint))


def _run(options: Options, lint: bool) -> int:
    from pointsman.tui.answers.policies.index import compile_index
    from pointsman.tui.answers.policies.state import State, policy_rows
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.policy_text import in_view, policies_json, policies_lines
    from pointsman.tui.views.tables import paper, print_lines

    snapshot = read(options)
    if isinstance(snapshot, int):
        return snapshot
    index = compile_index(snapshot)
    rows = [row for row in policy_rows(snapshot, index) if in_view(row, options.namespace)]
    if options.output == "json":
        print_lines([dumps(policies_json(rows, index.enforcement))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(policies_lines(rows, index.enforcement, sheet, snapshot.now, lint, options.namespace))
    if index.blind:
        return complain(f"cannot tell: {index.blind}")
    bad = (State.INVALID, State.NOT_ENFORCED, State.SELECTS_NOTHING)
    findings = any(row.state in bad or any(item.severity != "info" for item in row.lints) for row in rows)
    return 1 if lint and findings else 0
