"""What would mend each problem of an address or a pool, by the problem's id."""

from __future__ import annotations

FIXES = {
    "ip-pending": "Free an address or widen the pool, or let a pool serve this service.",
    "ip-not-announced": "Name the pool in an L2Advertisement (or BGPAdvertisement), or let an announcement policy select "
    "the service.",
    "two-announcers": "Leave one load balancer in charge: take the service away from the other one.",
    "vip-ghost": "Bring the announcing component back on that node, or delete the object that still names it.",
    "lan-ghost": "Restart the announcing agent's pod on the node that should answer; it takes the address up anew.",
    "lan-conflict": "Find the host with that MAC and take the address from it, or give the service another one.",
    "l2-lease-flapping": "Look at the link and the API load of the nodes; with Cilium, raise the lease duration or the "
    "agents' API rate limit.",
    "l2-lease-holder-gone": "Delete the lease; a living node takes it within seconds.",
    "l2-local-without-endpoint": "Set externalTrafficPolicy to Cluster, or run a pod of the service on that node.",
    "no-endpoints": "Look at the service's selector and at the readiness of its pods.",
    "external-ip-unrouted": "Route the address to a node on your router, or use a LoadBalancer service.",
    "pool-exhausted": "Add a range to the pool, or free an address.",
    "pool-overlap": "Give each pool its own addresses.",
    "pool-conflict": "Give each pool its own blocks.",
    "pool-invalid": "Correct the range.",
}
