"""Peak memory of a pass: the most bytes that tensors hold at one moment, counted while the network really runs."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_bytes(model: nn.Module, images: Tensor) -> int:
    """The most bytes that are alive at once in one pass: weights, buffers, images, and every tensor made on the way.

    Each new storage is counted when an operation returns it, and no longer when Python lets it go, so that the figure
    is the same on every machine. What kernels take for themselves while they run (reordered weights, scratch space) is
    not seen: torch's own allocator counts up to a third more for single images, and little more for many.
    """
    count = _Alive([*model.parameters(), *model.buffers(), images])
    with torch.no_grad(), count:
        model(images)
    return count.peak


class _Alive(TorchDispatchMode):
    """Bytes of the storages that are alive, now and at the highest moment."""

    def __init__(self, there: list[Tensor]) -> None:
        super().__init__()
        self.sizes = {_name(tensor): tensor.untyped_storage().nbytes() for tensor in there}
        self.now = self.peak = sum(self.sizes.values())

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and _name(tensor) not in self.sizes:
                self._take(tensor)
        return out

    def _take(self, tensor: Tensor) -> None:
        storage, name = tensor.untyped_storage(), _name(tensor)
        self.sizes[name] = storage.nbytes()
        self.now += self.sizes[name]
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, name).atexit = False

    def _free(self, name: int) -> None:
        self.now -= self.sizes.pop(name)


def _name(tensor: Tensor) -> int:
    """What a tensor and all views of it have in common."""
    return tensor.untyped_storage()._cdata
