"""``python -m pruning``, installed ``pruning``; ``python -X dev -m pruning`` shows the log and stack traces too."""

from __future__ import annotations

import logging
import os
import sys


def dashboard() -> int:
    """``pruning-dashboard``, with the options of ``pruning dashboard``."""
    return run(["dashboard", *sys.argv[1:]])


def run(argv: list[str] | None = None) -> int:
    """The command line as a program of its own; returns the exit code."""
    if os.environ.get("PRUNING_LOG"):  # asked for: each line is the log's own, and no other goes to standard error
        logging.getLogger().addHandler(logging.NullHandler())
    elif not sys.flags.dev_mode:
        logging.disable(logging.ERROR)  # an error is a sentence; what libraries say while they close is noise
    try:
        from pruning.cli.main import main

        return main(argv)
    except ModuleNotFoundError as error:
        from pruning.common.errors import lacking

        print(f"error: {lacking(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # Ctrl-C before the command line has read its arguments
        return 130


if __name__ == "__main__":
    sys.exit(run())
