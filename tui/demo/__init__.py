"""The demo homelab: a simulated cluster in its own process that speaks the real protocols on 127.0.0.1."""
