"""``python -m pruning``; ``python -X dev -m pruning`` shows the log and its stack traces too."""

from __future__ import annotations

import logging
import sys

if __name__ == "__main__":
    if not sys.flags.dev_mode:
        logging.disable(logging.ERROR)  # an error is a sentence; what libraries say while they close is noise
    try:
        from pruning.cli.main import main

        code = main()
    except KeyboardInterrupt:  # Ctrl-C before the command line has read its arguments
        code = 130
    sys.exit(code)
