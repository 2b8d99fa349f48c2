"""Looking at a network, or adding it, in a process of its own, for a web server: ``python -m`` this module.

Standard input holds the wish as JSON (fields of ``NewNetwork``, and ``name`` where it is to be kept); the last line of
standard output holds ``{"said": …}`` or ``{"error": one sentence}``. The server itself needs no torch for it, and its
memory is as before when the process has ended.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pruning.common.errors import PruningError, unforeseen


def answer(wish: dict[str, Any]) -> dict[str, Any]:
    """What is said of the network, or why it cannot be added."""
    try:
        import torch

        from pruning.zoo.added.adding import NewNetwork, added, looked_at

        torch.set_num_threads(1)
        name = wish.pop("name", "")
        weights = wish.pop("weights", None)
        classes = tuple(wish.pop("classes", ()))
        new = NewNetwork(weights=Path(weights) if weights else None, classes=classes, **wish)
        return {"said": added(name, new) if name else looked_at(new)[1]}
    except PruningError as error:
        return {"error": str(error)}
    except Exception as error:  # whatever a library makes of a network it does not know
        return {"error": unforeseen(error)}


if __name__ == "__main__":
    print("\n" + json.dumps(answer(json.load(sys.stdin))))
