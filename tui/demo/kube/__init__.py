"""A kube API server for the demo homelab: in-memory, hand-written on aiohttp, good enough for kubectl and Traefik.

Layers, lowest first: `errors`, `selectors`, `resources` (what is served), `storage` (objects, versions, watches),
`defaults` and `checks`, then the HTTP side: `authz`, `negotiate`, `discovery`, `openapi`, `rest`, `server`.
"""
