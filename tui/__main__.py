"""``python -m pointsman.tui`` is ``pointsman``."""

from __future__ import annotations

import sys

from pointsman.tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
