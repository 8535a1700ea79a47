"""Routes: what handles a URL, what is broken on the way."""
