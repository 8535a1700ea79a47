"""Who talks to whom, by workload: what the Map draws, as a table, as JSON or as an SVG picture.

The flows are the last ones that Hubble's Relay keeps, or the last lines of Traefik's access log where there is no Hubble;
rates are means of the seconds that were read. Without any flow, and with --declared, it is the paths that the objects
declare: address, route, service, workload. --input-file takes saved flows and asks no cluster.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options
from pointsman.tui.verbs.flows import count_of, filter_words

if TYPE_CHECKING:
    from pointsman.tui.answers.flows.graph import Graph
    from pointsman.tui.answers.flows.request import Selection
    from pointsman.tui.model.flows import Flow
    from pointsman.tui.sources.open import Opened
    from pointsman.tui.store.store import Store

OUTPUTS = ("table", "json", "svg")
LAST = 2_000
"""Flows of each node that are read where nothing else is asked for."""


def configure(parser: argparse.ArgumentParser) -> None:
    choose = parser.add_argument_group("what is drawn")
    choose.add_argument("--last", type=count_of, metavar="N", help=f"the last N flows (of each node; default {LAST:,})")
    choose.add_argument("--since", default="", metavar="TIME", help="5m, 1h30m, or 2026-09-20T10:11:12Z")
    choose.add_argument("--input-file", default="", metavar="FILE", help="JSON lines in place of a Relay; - for stdin")
    choose.add_argument("--declared", action="store_true", help="the declared paths, though there are flows")
    choose.add_argument("--fold", action="store_true", help="each namespace as one box")
    filter_words(parser)
    parser.set_defaults(words=None)


def run(options: Options, args: argparse.Namespace) -> int:
    from pointsman.tui.verbs.reading import guarded

    return guarded(lambda: _run(options, args))


def _run(options: Options, args: argparse.Namespace) -> int:
    import time

    from pointsman.tui.answers.flows.predicates import FilterError
    from pointsman.tui.answers.flows.request import Selection, moment
    from pointsman.tui.answers.flows.words import FilterWords
    from pointsman.tui.verbs.reading import complain

    try:
        words = FilterWords()
        for word, value in args.words or ():
            words.add(word, value)
        filters = words.filters()
        since = moment(args.since, time.time()) if args.since else None
        last = args.last or (None if since is not None or args.input_file else LAST)
        chosen = Selection(last=last, since=since)
    except FilterError as error:
        return complain(str(error))
    if args.declared and args.input_file:
        return complain("--declared is read from objects, and --input-file has none.")
    if args.input_file:
        return _from_file(options, args, chosen, *filters)
    return _from_cluster(options, args, chosen, *filters)


class _Count:
    """Flows into the store at the time they tell, and the time between the first and the last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.first: float | None = None
        self.last = 0.0

    def add(self, flow: Flow) -> None:
        at = (flow.ns or 0) / 1e9
        self.first = at if self.first is None else min(at, self.first)
        self.last = max(at, self.last)
        self._store.flows.add_flows((flow,), at)

    @property
    def span(self) -> float:
        """Seconds, one at least."""
        return max(1.0, self.last - (self.first or 0.0))


def _from_file(options: Options, args: argparse.Namespace, chosen: Selection, allow: list[Any], deny: list[Any]) -> int:
    from pointsman.tui.answers.flows.graph import traffic_graph
    from pointsman.tui.model.flows import Flow
    from pointsman.tui.sources.flowfile import Reading
    from pointsman.tui.store.store import Store
    from pointsman.tui.verbs.reading import complain

    store = Store()
    count = _Count(store)
    reading = Reading(args.input_file)
    for event in chosen.of(reading.events(), allow, deny):
        if isinstance(event, Flow):
            count.add(event)
    traffic = store.flows.traffic(count.last)
    graph = traffic_graph(traffic.edges, count.last, None, lately=None, span=count.span)
    _print(graph, options, args, args.input_file)
    for text in reading.told():
        complain(text)
    return 2 if reading.problem else 0


def _from_cluster(
    options: Options, args: argparse.Namespace, chosen: Selection, allow: list[Any], deny: list[Any]
) -> int:
    from pointsman.tui.answers.flows.declared import declared_graph
    from pointsman.tui.answers.flows.graph import cast, traffic_graph
    from pointsman.tui.verbs.reading import read

    counts: list[_Count] = []

    async def flows(opened: Opened) -> None:
        if not args.declared and opened.kube is not None:
            counts.append(_Count(opened.store))
            await _read_flows(options, opened, chosen, allow, deny, counts[0])

    snapshot = read(options, flows)
    if isinstance(snapshot, int):
        return snapshot
    if snapshot.traffic.edges:
        graph = traffic_graph(snapshot.traffic.edges, counts[0].last, cast(snapshot), lately=None, span=counts[0].span)
    else:
        graph = declared_graph(snapshot)
    _print(graph, options, args, snapshot.cluster.context or snapshot.cluster.origin)
    return 0


async def _read_flows(
    options: Options, opened: Opened, chosen: Selection, allow: list[Any], deny: list[Any], count: _Count
) -> None:
    """The last flows of the Relay, else of the access log. Without either it is said why, and the objects have to do."""
    from pointsman.tui.model.flows import Flow
    from pointsman.tui.sources.errors import KubeError
    from pointsman.tui.sources.hubble.errors import NoRelayError
    from pointsman.tui.sources.hubble.source import HubbleSource
    from pointsman.tui.verbs.flowlog import print_log
    from pointsman.tui.verbs.reading import complain, with_hubble

    def take(event: Any) -> None:
        if isinstance(event, Flow):
            count.add(event)

    kube = opened.kube
    assert kube is not None
    try:
        await HubbleSource(with_hubble(options).hubble, lambda: kube.client, take).once(chosen.request(allow, deny))
    except NoRelayError as missing:
        try:
            await print_log(opened, chosen, allow, deny, take)
        except KubeError as error:
            complain(f"no flows: {missing.sentence} {error.sentence}", error.hint)
    except KubeError as error:
        complain(f"no flows: {error.sentence}", error.hint)


def _print(graph: Graph, options: Options, args: argparse.Namespace, name: str) -> None:
    from pointsman.tui.answers.flows.narrowing import busiest, foldable, folded, in_namespace
    from pointsman.tui.views.json import dumps
    from pointsman.tui.views.map_text import map_json, map_lines
    from pointsman.tui.views.mapsvg import map_svg
    from pointsman.tui.views.tables import paper, print_lines

    graph = in_namespace(graph, options.namespace)
    if args.fold:
        graph = folded(graph, foldable(graph))
    if options.output == "json":
        print_lines([dumps(map_json(graph))])
    elif options.output == "svg":
        print_lines(map_svg(busiest(graph), name).splitlines())
    else:
        print_lines(map_lines(graph, paper(sys.stdout, no_color=options.no_color, ascii=options.ascii)))
