"""Flows from Traefik's access log: every Traefik pod's standard output, followed through the kube API.

``AccessLogSource`` keeps one follower for each container and says how the link stands; ``past`` reads what was written so
far, for a verb; ``feed`` puts both into the app's store.
"""
