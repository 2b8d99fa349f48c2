"""Looking at a network, or adding it, in a process of its own, for a web server: ``python -m`` this module.

The wish holds fields of ``NewNetwork``, and ``name`` where it is to be kept. The server itself needs no torch for it,
and its memory is as before when the process has ended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pruning.common.answering import main


def work(wish: dict[str, Any]) -> dict[str, Any]:
    """What is said of the network.

    Raises:
        PruningError: it cannot be added.
    """
    import torch

    from pruning.zoo.added.adding import NewNetwork, added, looked_at

    torch.set_num_threads(1)
    name = wish.pop("name", "")
    weights = wish.pop("weights", None)
    classes = tuple(wish.pop("classes", ()))
    new = NewNetwork(weights=Path(weights) if weights else None, classes=classes, **wish)
    return added(name, new) if name else looked_at(new)[1]


if __name__ == "__main__":
    main(work)
