"""One module and one line here for each verb.

A verb's module has ``configure(parser)``, which adds its own arguments, ``run(options, args) -> exit code``, and
``OUTPUTS``, the words ``-o`` takes (the first is the default). It imports what it needs inside ``run``, so that
``--help`` stays light. Exit codes: 0 fine, 1 a finding or "no", 2 could not tell.
"""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """``module`` is a module of this package; ``summary`` is what ``--help`` says of the verb."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "status": Verb("status", "the stack, its components, nodes, counts and sources"),
    "doctor": Verb(
        "doctor", "what is wrong, worst first, with evidence and fix; `-f` goes on; `--list` tells what is looked for"
    ),
    "ips": Verb("ips", "service addresses: pool, announcer, service, ports, URLs; `ips watch` follows the changes"),
    "flows": Verb("flows", "who talks to whom, and what is dropped: Hubble's flows; `-f` goes on"),
    "access-log": Verb(
        "access_log", "`access-log on|off`: Traefik's access log, from which flows are told without Hubble; `status`"
    ),
    "record": Verb("record", "`record FILE [-f]`: write flows to a file, masked; .gz compresses it"),
    "replay": Verb("replay", "`replay FILE`: the app on recorded flows, without a cluster"),
    "map": Verb(
        "map", "who talks to whom, by workload: table, JSON or an SVG picture; without flows the declared paths"
    ),
    "routes": Verb("routes", "every route: host or rule, entry point, middlewares, service, endpoints, TLS, problems"),
    "route": Verb("route", "`route off|on NS/NAME`: switch one off for a while (10m), or on; `route status`: timers"),
    "trace": Verb("trace", "`trace URL`: what handles a request, and the first broken hop; tcp:// and udp:// too"),
    "policies": Verb("policies", "network policies: what each selects and does, its state, who enforces it"),
    "policy": Verb(
        "policy", "`policy off|on NS/NAME`: switch one off for a while (10m), or on; `policy status`: timers"
    ),
    "edit": Verb(
        "edit", "`edit [KIND/]NS/NAME`: an object in your editor; shows the change and asks before it is written"
    ),
    "reach": Verb(
        "reach", "`reach FROM TO [--port 443/tcp]`: may it, and which rule says so; `--all`: every connection"
    ),
    "journal": Verb("journal", "what the program wrote to this cluster, and what became of it"),
    "undo": Verb("undo", "`undo ID`: take back what the program wrote"),
    "snapshot": Verb("snapshot", "`snapshot save FILE`: what the program reads of the cluster, secrets masked"),
    "demo": Verb("demo", "`demo serve [VARIANT]`: the demo homelab as a server; `demo faults`: what `broken` plants"),
}
