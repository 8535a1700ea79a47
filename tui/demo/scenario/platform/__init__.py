"""What the homelab stands on: k3s and its addons, the load balancer, the network, the ingress controller."""
