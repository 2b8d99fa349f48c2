"""``python -m pruning``."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from pruning.cli.main import main

        code = main()
    except KeyboardInterrupt:  # Ctrl-C before the command line has read its arguments
        code = 130
    sys.exit(code)
