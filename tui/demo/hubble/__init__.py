"""The demo's Hubble: flows made from the homelab's own workloads and judged by its own policies, and a Relay that tells them.

Nothing is imported or made before someone connects to the Relay's port (:func:`pointsman.tui.demo.hubble.attach.attach`).
"""
