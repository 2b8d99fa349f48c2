"""``pruning.wrap``: from a module and some data to a network that can be asked."""

from __future__ import annotations

from typing import Any

from pruning.results.notebook.net import Net
from pruning.zoo.base import Base


def wrap(
    model: Any, data: Any, task: str | None, train: Any, name: str, classes: tuple[str, ...], count: int | None
) -> Net:
    """See ``pruning.wrap``."""
    from pruning.zoo.wrapping.wrap import wrapped

    held = wrapped(model, data, task, train, name, classes, count)
    return Net(held, Base(model=held.model.name, device=held.device))
