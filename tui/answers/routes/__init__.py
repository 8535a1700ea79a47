"""Routes: what handles a URL, and what is broken on the way.

``route_list(snapshot)`` is every route of every kind in one form; ``trace(snapshot, request)`` walks one request along them.
"""

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.model import Backend, Live, Route, RouteList, Router, Server, Tls, Use

__all__ = ["Backend", "Live", "Route", "RouteList", "Router", "Server", "Tls", "Use", "route_list"]
