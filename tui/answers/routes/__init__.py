"""Routes: what handles a URL, and what is broken on the way.

``build.route_list(snapshot)`` is every route of every kind in one form; ``trace.trace(snapshot, request)`` walks one request
along them. ``language`` is Traefik's rule language by itself.
"""
