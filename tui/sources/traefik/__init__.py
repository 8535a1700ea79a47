"""Traefik's API: found from the objects, reached through a port-forward or at a URL, asked gently and only while someone looks."""
