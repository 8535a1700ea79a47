"""May FROM reach TO, and which rule says so? Or, with `--all`, every connection that policies allow.

An end is NS/NAME (a workload, else a pod, else a service), KIND/NS/NAME (deploy, ds, sts, pod, svc), ns/NAME, labels
(NS/app=web), node/NAME, an address or CIDR, a name (example.org), world, host, remote-node or kube-apiserver.
Exit code: 0 allowed, 1 denied, 2 unknown. Without `--port` it is allowed if any port is, and the answer says which.
"""

from __future__ import annotations

import argparse
import sys

from pointsman.tui.options import Options

OUTPUTS = ("table", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("src", nargs="?", default="", metavar="FROM", help="who wants to connect")
    parser.add_argument("dst", nargs="?", default="", metavar="TO", help="to whom")
    parser.add_argument("-p", "--port", default="", metavar="PORT", help="443/tcp, 53/udp, a port's name, 8/icmp")
    parser.add_argument("--all", action="store_true", help="every allowed connection in place of one question")
    parser.add_argument("--explain", action="store_true", help="with all that policies say about both ends")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import complain, guarded

    if args.all and (args.src or args.dst or args.port):
        return complain("--all asks about everything; leave out the ends and --port (-n limits it to a namespace)")
    if not args.all and not (args.src and args.dst):
        return complain("reach needs FROM and TO, or --all")
    return guarded(lambda: _all(options, args.explain) if args.all else _one(options, args))


def _one(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.answers.policies.index import compile_index
    from pointsman.tui.answers.policies.ports import PortError
    from pointsman.tui.answers.policies.reach import Question, parse_port, reach
    from pointsman.tui.answers.policies.state import effective
    from pointsman.tui.answers.policies.targets import TargetError
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.policy_text import reach_json, reach_lines
    from pointsman.tui.views.tables import paper, print_lines

    try:
        port, protocol = parse_port(args.port)
    except PortError as error:
        return complain(str(error))
    snapshot = read(options)
    if isinstance(snapshot, int):
        return snapshot
    index = compile_index(snapshot)
    try:
        found = reach(snapshot, Question(args.src, args.dst, port, protocol), options.namespace, index)
    except TargetError as error:
        return complain(str(error), error.hint)
    except PortError as error:
        return complain(str(error))
    if options.output == "json":
        print_lines([dumps(reach_json(found))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        ends = [(end.text, effective(index, end)) for end in (found.src[0], found.dst[0])] if args.explain else []
        print_lines(reach_lines(found, sheet, ends))
    return {True: 0, False: 1, None: 2}[found.allowed]


def _all(options: Options, explain: bool) -> int:
    from pointsman.tui.answers.policies.connections import connections, reasons_of
    from pointsman.tui.answers.policies.index import compile_index
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.policy_text import connections_json, connections_lines
    from pointsman.tui.views.tables import paper, print_lines

    snapshot = read(options)
    if isinstance(snapshot, int):
        return snapshot
    index = compile_index(snapshot)
    if index.blind:
        return complain(f"cannot tell: {index.blind}")
    items = [
        item
        for item in connections(index, snapshot)
        if not options.namespace or options.namespace in (item.src.namespace, item.dst.namespace)
    ]
    reasons = reasons_of(index, snapshot, items) if explain else None
    if options.output == "json":
        print_lines([dumps(connections_json(items, index.enforcement, reasons))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(connections_lines(items, index.enforcement, sheet, reasons))
    return 0
