"""Where objects come from: a live cluster, files, or the demo homelab. Every source writes to the store and reports its health."""
