"""One file for each kind of finding; the registry lists them."""
