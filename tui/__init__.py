"""Pointsman: a terminal control panel for the network of a homelab Kubernetes cluster."""

__version__ = "0.1.0"
