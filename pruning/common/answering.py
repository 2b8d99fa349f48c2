"""A program that answers one wish, for a web server that starts it: JSON on standard input, JSON on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from pruning.common.errors import PruningError, unforeseen


def answer(work: Callable[[dict[str, Any]], Any], wish: dict[str, Any]) -> dict[str, Any]:
    """``{"said": …}``, or ``{"error": one sentence}`` where the wish cannot be met."""
    try:
        return {"said": work(wish)}
    except PruningError as error:
        return {"error": str(error)}
    except Exception as error:  # whatever a library makes of what it does not know
        return {"error": unforeseen(error)}


def main(work: Callable[[dict[str, Any]], Any]) -> None:
    """Answer the wish on standard input, in the last line of standard output."""
    print("\n" + json.dumps(answer(work, json.load(sys.stdin))))
