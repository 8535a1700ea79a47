"""The Routes pane."""

from __future__ import annotations

from pointsman.tui.commands.model import Command, sort_commands

COMMANDS: tuple[Command, ...] = (
    Command(
        "routes.view",
        "Next view",
        "The list of routes, or the middlewares with who uses them.",
        ("v",),
        "Look",
        ("routes",),
        footer=2,
        label="view",
    ),
    Command(
        "trace",
        "Trace a request",
        "Walk the route's URL from its name to the pod and show the first broken hop; in a trace: change its words.",
        ("t",),
        "Look",
        ("routes",),
        footer=2,
        label="trace",
        words=("trace",),
        argument="URL",
    ),
    Command(
        "routes.new",
        "New route or middleware",
        "Make a route (HTTP, TCP, UDP) or a middleware, by a short form or a template in your editor; shows it and asks first.",
        ("a",),
        "Act",
        ("routes",),
        label="new",
        words=("new",),
        dangerous=True,
    ),
    Command(
        "routes.middlewares",
        "Middlewares of the route",
        "Put the route's middlewares in order, take some out, add some; shows the change and asks first.",
        ("m",),
        "Act",
        ("routes",),
        label="middlewares",
        dangerous=True,
    ),
    *sort_commands(
        "routes",
        {
            "where": ("H", "host or rule"),
            "route": ("O", "object: the route or middleware"),
            "kind": ("K", "kind"),
            "to": ("S", "service"),
            "ready": ("E", "endpoints ready"),
            "tls": ("T", "end of the certificate"),
            "used": ("U", "use (middlewares)"),
            "live": ("W", "live state"),
            "problems": ("X", "problems"),
        },
    ),
)
