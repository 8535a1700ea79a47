"""The demo's controllers: small stand-ins for the ones of Kubernetes, k3s, MetalLB and Cilium.

Each follows the objects in storage and does what a user would see the real one do; none of them talks to a network.
`manager` holds what they share, the other modules are one controller or one family each.
"""
