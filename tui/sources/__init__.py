"""Where objects come from: a live cluster, files, or the demo homelab. Every source writes to the store and reports its health."""

import logging

# A verb keeps no log file; without any handler Python would write warnings to stderr.
for _name in ("pointsman", "asyncio", "aiohttp"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
