"""What a network gives, as the tensor that everything here works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pruning.common.errors import Incompatible

if TYPE_CHECKING:
    from torch import Tensor, nn

NAMES = ("logits", "out")
"""Where a table of outputs has one of these, that one is meant (transformers, torchvision); else the first tensor."""


def tensor_of(output: Any) -> Tensor:
    """The tensor in what a network returns: itself, or the first one of a tuple, a list or a table.

    Raises:
        Incompatible: there is none.
    """
    for tensor in _tensors(output):
        return tensor
    raise Incompatible(f"This network returns {type(output).__name__}, in which there is no tensor of outputs.")


def _tensors(output: Any) -> Iterator[Tensor]:
    """All tensors, those first that are named as outputs are."""
    from torch import Tensor

    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for name in (*(name for name in NAMES if name in output), *output):
            yield from _tensors(output[name])
    elif isinstance(output, tuple | list):
        for item in output:
            yield from _tensors(item)


def first_tensor(module: nn.Module, given: Any, output: Any) -> Tensor:
    """``tensor_of`` as a forward hook: with it on a network, whoever calls that gets the tensor."""
    return tensor_of(output)
