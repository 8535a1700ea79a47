"""Walk one request from its name to the pod: what handles it, what each middleware would do, and the first broken hop.

`https://host/path`, `tcp://host:port` (with `--sni` for TLS) or `udp://host:port`. Nothing is sent to the host: only its name
is asked of DNS (not with `--resolve`), unless `--live` asks for one real request to where the name resolves from here, whose
answer is held against what was foretold. Exit code: 0 ok, 1 broken (or another answer than foretold), 2 cannot tell.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pointsman.tui.options import Options

if TYPE_CHECKING:
    from pointsman.tui.answers.routes.check import Checked
    from pointsman.tui.answers.routes.request import Resolution
    from pointsman.tui.answers.routes.trace import Trace
    from pointsman.tui.store.snapshot import Snapshot

OUTPUTS = ("table", "json")
DNS_SECONDS = 2.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="https://host/path, tcp://host:port or udp://host:port")
    parser.add_argument("-X", "--method", default="GET", help="the HTTP method")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="'K: V'", help="a header (repeatable)")
    parser.add_argument("--client-ip", default="", metavar="IP", help="where the request comes from")
    parser.add_argument("--sni", default=None, metavar="NAME", help="the name in the TLS hello of a tcp:// connection")
    parser.add_argument("--resolve", default="", metavar="IP", help="take this address in place of asking DNS")
    parser.add_argument("--live", action="store_true", help="send one real request (GET, HEAD or OPTIONS) and compare")
    parser.add_argument("--dns", default="", metavar="SERVER", help="ask this DNS server")


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, args))


def _run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.answers.ranges import parse_ip
    from pointsman.tui.answers.routes.request import RequestError, parse_request
    from pointsman.tui.answers.routes.trace import trace
    from pointsman.tui.sources.dns import resolve
    from pointsman.tui.verbs.reading import complain, read
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.route_text import trace_json, trace_lines
    from pointsman.tui.views.tables import paper, print_lines

    try:
        request = parse_request(args.url, args.method, tuple(args.header), args.client_ip, args.sni)
    except RequestError as error:
        return complain(str(error))
    for word, option in ((args.resolve, "--resolve"), (args.dns, "--dns")):
        if word and parse_ip(word) is None:
            return complain(f"{option} {word!r} is not an address")
    resolution = resolve(request.host, args.resolve, args.dns, DNS_SECONDS)
    snapshot = read(options, traefik=True)
    if isinstance(snapshot, int):
        return snapshot
    found = trace(snapshot, request, resolution)
    checked = _ask(found, resolution, args, snapshot) if args.live else None
    if options.output == "json":
        print_lines([dumps(trace_json(found, checked))])
    else:
        sheet = paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)
        print_lines(trace_lines(found, sheet, checked))
    if checked is not None and checked.agrees is False:
        return 1
    return {"ok": 0, "broken": 1}.get(found.verdict, 2)


def _ask(found: Trace, resolution: Resolution, args: argparse.Namespace, snapshot: Snapshot) -> Checked:
    """The one real request, if it may be sent."""
    import time

    from pointsman.tui.answers.ranges import parse_ip
    from pointsman.tui.answers.routes.check import Checked, check
    from pointsman.tui.sources.probe import refusal, send

    address = args.resolve or (found.request.host if parse_ip(found.request.host) is not None else "")
    if not address and not args.dns and resolution.addresses:
        address = resolution.addresses[0]
    if why := refusal(found.request, address, demo=bool(snapshot.cluster.demo)):
        return Checked(None, (), why)
    return check(found, send(found.request, address), time.time())
