"""Writing to the cluster: plan, ask, journal, apply, read back, and take back. Every write goes through here."""
