"""Who talks to whom: the flows of Hubble's Relay, in the words and the forms of the hubble CLI.

Without -f the last 20 are printed; with -f it goes on until it is interrupted, through a Relay that restarts and a
port-forward that breaks. Filters may be given more than once: values of one filter are alternatives, different filters must
all match, and --not turns around the next one.

-o compact and -o jsonpb, when asked for, are the hubble CLI's own forms word for word, with query values and headers in
clear; everywhere else those are masked. -o json is one object a line; the state of nodes and lost events go to stderr.

The Relay is found in the cluster and reached by a port-forward; --hubble-server names another one. Where there is none,
the access log of every Traefik pod is read in its place (--origin says which is meant): client, backend, status, latency.
--input-file reads what `hubble observe -o jsonpb`, Cilium's exporter, `pointsman flows -o json` or `record` wrote, plain
or gzipped.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options

if TYPE_CHECKING:
    from pointsman.tui.answers.flows.request import Selection
    from pointsman.tui.sources.kube.client import KubeClient
    from pointsman.tui.sources.open import Opened
    from pointsman.tui.verbs.flowlines import Lines

OUTPUTS = ("compact", "json", "jsonpb", "table")
ORIGINS = ("hubble", "traefik-log")
SIDED = ("fqdn", "ip", "pod", "label", "service", "port", "workload", "identity", "cluster")
VALUED = (
    "uuid", "node-name", "node-label", "protocol", "tcp-flags", "verdict", "drop-reason-desc", "http-status",
    "http-method", "http-path", "http-url", "http-header", "dns-query", "trace-id", "ip-trace-id", "snat-ip",
    "ip-version", "traffic-direction", "interface", "cel-expression",
)  # fmt: skip
BARE = ("encrypted", "unencrypted", "reply", "not-reply", "from-all-namespaces", "to-all-namespaces")


class _Word(argparse.Action):
    """A filter word, kept in the order of the command line, which --not needs."""

    def __call__(self, _parser: Any, namespace: Any, values: Any, _option: str | None = None) -> None:
        words = list(getattr(namespace, "words", None) or [])
        words.append((self.metavar_word, values if isinstance(values, str) else ""))
        namespace.words = words

    @property
    def metavar_word(self) -> str:
        return next(text for text in self.option_strings if text.startswith("--"))[2:]


def configure(parser: argparse.ArgumentParser) -> None:
    # The namespace is a filter here, and --not may stand before it: the common option gives way. Groups take the rule
    # from the parser when they are made.
    parser.conflict_handler = "resolve"
    # Some sixty filters would fill the usage line with a screen of their own.
    parser.usage = f"{parser.prog} [options] [filters]"
    choose = parser.add_argument_group("which flows")
    choose.add_argument("-f", "--follow", action="store_true", help="go on")
    choose.add_argument("--last", type=count_of, metavar="N", help="the last N (of each node; default 20)")
    choose.add_argument("--first", type=count_of, metavar="N", help="the first N (of each node)")
    choose.add_argument("--all", action="store_true", help="all that the nodes still keep")
    choose.add_argument("--since", default="", metavar="TIME", help="5m, 1h30m, or 2026-09-20T10:11:12Z")
    choose.add_argument("--until", default="", metavar="TIME", help="the same")
    choose.add_argument("--origin", default="", choices=ORIGINS, metavar="ORIGIN",
                        help="hubble or traefik-log (default: Hubble where there is a Relay)")  # fmt: skip
    choose.add_argument("--input-file", default="", metavar="FILE", help="JSON lines in place of a Relay; - for stdin")
    form = parser.add_argument_group("form")
    form.add_argument("--print-node-name", action="store_true", help="the node in compact and table")
    form.add_argument("--numeric", action="store_true", help="addresses in place of names in compact")
    words = filter_words(parser)
    words.add_argument("-n", "--namespace", action=_Word, dest="words", metavar="NS", help="at either end")
    parser.set_defaults(namespace="", words=None)


def filter_words(parser: argparse.ArgumentParser) -> Any:
    """The hubble CLI's filters but for ``-n``, as a group of their own; they are kept in order in ``words``."""
    words = parser.add_argument_group("filters (each may be given more than once)")
    words.add_argument("--not", action=_Word, nargs=0, dest="words", help="turn around the next filter")
    words.add_argument("-t", "--type", action=_Word, dest="words", metavar="TYPE[:SUBTYPE]",
                       help="drop, trace[:to-endpoint …], policy-verdict, l7, trace-sock, capture")  # fmt: skip
    for name in SIDED:
        short = ("-l",) if name == "label" else ()
        words.add_argument(*short, f"--{name}", action=_Word, dest="words", metavar="VALUE", help="at either end")
        words.add_argument(f"--from-{name}", action=_Word, dest="words", metavar="VALUE", help=argparse.SUPPRESS)
        words.add_argument(f"--to-{name}", action=_Word, dest="words", metavar="VALUE",
                           help=f"also --from-{name}")  # fmt: skip
    for name in ("from-namespace", "to-namespace"):
        words.add_argument(f"--{name}", action=_Word, dest="words", metavar="NS")
    for name in VALUED:
        words.add_argument(f"--{name}", action=_Word, dest="words", metavar="VALUE")
    for name in BARE:
        words.add_argument(f"--{name}", action=_Word, nargs=0, dest="words")
    words.add_argument("-4", "--ipv4", action=_Word, nargs=0, dest="words")
    words.add_argument("-6", "--ipv6", action=_Word, nargs=0, dest="words")
    return words


def count_of(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of flows")
    return int(text)


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, args))


def _run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.answers.flows.predicates import FilterError
    from pointsman.tui.verbs.flowlines import Lines, print_file
    from pointsman.tui.verbs.reading import complain, forever

    try:
        chosen, allow, deny = selection(args)
        if options.output == "table" and args.follow:
            raise FilterError("A table has to know its widths, so it cannot follow; take -o compact.")
        out = Lines(options.output, node=args.print_node_name, numeric=args.numeric, follow=args.follow)
        if args.input_file:
            return print_file(args.input_file, chosen, allow, deny, out)
    except FilterError as error:
        return complain(str(error))
    return forever(live(options, args, chosen, allow, deny, out))


def selection(args: argparse.Namespace) -> tuple[Selection, list[Any], list[Any]]:
    """Which flows the words ask for, and the filters that let in and keep out. Raises FilterError."""
    import time

    from pointsman.tui.answers.flows.request import Selection, moment
    from pointsman.tui.answers.flows.words import FilterWords

    words = FilterWords()
    for word, value in args.words or ():
        words.add(word, value)
    allow, deny = words.filters()
    now = time.time()
    since = moment(args.since, now) if args.since else None
    until = moment(args.until, now) if args.until else None
    chosen = Selection(args.follow, args.last, args.first, args.all, since, until)
    chosen.check()
    return chosen, allow, deny


async def live(
    options: Options, args: argparse.Namespace, chosen: Selection, allow: list[Any], deny: list[Any], out: Lines
) -> int:
    """The flows of Hubble's Relay or of Traefik's access log, to their end or until cancelled; the exit code."""
    from pointsman.tui.sources.errors import ConfigError, KubeError
    from pointsman.tui.sources.open import open_source
    from pointsman.tui.store.store import Store
    from pointsman.tui.verbs.flowlog import NO_JSONPB, print_log
    from pointsman.tui.verbs.reading import complain, with_hubble

    options = with_hubble(options)
    opened = open_source(Store(), options)
    try:
        if options.hubble.server and args.origin != "traefik-log":
            await _from_relay(options, args, None, chosen.request(allow, deny), out)
        else:
            client = await opened.connect()
            if await _by_log(opened, args.origin):
                if options.output == "jsonpb":
                    raise ConfigError(NO_JSONPB, "Take -o json.")
                await print_log(opened, chosen, allow, deny, out.write)
            else:
                await _from_relay(options, args, client, chosen.request(allow, deny), out)
        out.finish()
        return 0
    except KubeError as error:
        return complain(error.sentence, error.hint)
    finally:
        await opened.close()


async def _by_log(opened: Opened, origin: str) -> bool:
    """Whether the access log is what is read. Raises NoRelayError where there is neither."""
    from pointsman.tui.answers.flows.traefiklog import writers
    from pointsman.tui.sources.hubble.errors import HubbleError, NoRelayError
    from pointsman.tui.sources.hubble.find import find_relay
    from pointsman.tui.verbs.flowlog import read_pods

    if origin:
        return origin == "traefik-log"
    assert opened.kube is not None
    try:
        await find_relay(opened.kube.api)
    except NoRelayError:
        await read_pods(opened)
        if not writers(opened.store.snapshot()):
            raise
        return True
    except HubbleError:
        pass  # there is one, and it is told what is wrong with it where it is read
    return False


async def _from_relay(
    options: Options, args: argparse.Namespace, client: KubeClient | None, request: Any, out: Lines
) -> None:
    from pointsman.tui.sources.hubble.source import HubbleSource
    from pointsman.tui.store.snapshot import State
    from pointsman.tui.verbs.reading import complain

    told = ""

    def report(state: State, detail: str, hint: str) -> None:
        nonlocal told
        if state in (State.DOWN, State.FORBIDDEN) and detail != told:
            complain(detail, hint)
        if state is not State.CONNECTING:
            told = detail

    source = HubbleSource(options.hubble, lambda: client, out.write, report)
    if args.follow:
        await source.follow(request)
    else:
        await source.once(request)
