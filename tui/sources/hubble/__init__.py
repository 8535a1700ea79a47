"""Flows from Hubble's Relay: find it, reach it, read it, come back to it.

``HubbleSource`` runs until cancelled and gives each event to a sink; ``find`` looks for the Relay, ``tls`` decides how to
talk to it, ``channel`` reads one stream in a thread of its own. grpc is imported there, and late.
"""
