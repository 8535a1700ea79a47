"""The demo's Traefik: what its API says of the cluster's objects, as the real one says it. It forwards nothing."""
