"""A kube API server for the demo homelab: in-memory, hand-written on aiohttp, good enough for kubectl and Traefik.

Lowest first:

- `errors`, `objects`, `selectors`, `names`, `schema`, `listkinds`: values and rules, pure.
- `resources`: what is served, built-in or from CRDs; `events`: the log behind watches.
- `storage`: the objects, with `changes`, `defaults`, `checks`, `managed` for what a write makes of them and `garbage`
  for what goes with what. Controllers and tests write here too.
- `patch`, `strategic`, `managed` and what is below them: the patch types and server-side apply.
- `printers` and the `rows_*`: tables for `kubectl get`.
- `targets`, `negotiate`, `bodies`, `protobuf`, `authz`: a request understood and authorised; `call` carries it.
- `reads`, `writes`, `subresources`, `reviews`, `discovery`, `openapi`, `portforward`: the answers; `server` sends them.
- `logs`, `ports`: what the pods say and where they listen.
"""
