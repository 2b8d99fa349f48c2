"""Inputs that are made, not read: for tracing, timing and proofs. A network of tokens gets ids, others numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

BATCH = 100
"""Images at a time: small batches stay in the cache and are faster on a CPU than large ones."""
LOGITS = 4_194_304
"""Numbers that the outputs of a batch of tokens may fill (float32: 16 MB): each token has one per word."""
TOKENS = 2_048
"""Tokens at a time, of small vocabularies."""


def vocabulary(model: nn.Module) -> int:
    """How many ids of tokens a network knows; 0 where it does not take ids.

    It takes them where the first of its modules that hold parameters themselves looks them up (transformers' networks
    say so themselves).
    """
    asked: Any = getattr(model, "get_input_embeddings", None)
    if callable(asked):
        first = asked()
    else:
        first = next((m for m in model.modules() if next(m.parameters(recurse=False), None) is not None), None)
    return first.num_embeddings if isinstance(first, nn.Embedding | nn.EmbeddingBag) else 0


def drawn(
    model: nn.Module,
    shape: tuple[int, ...],
    count: int,
    generator: torch.Generator | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """``count`` inputs for a network, ``(count, *shape)``: numbers around 0, or int64 ids of tokens.

    Args:
        shape: of one example.
        generator: a CPU generator to draw from; without one they are all zero.
    """
    words = vocabulary(model)
    if words:
        if generator is None:
            return torch.zeros(count, *shape, dtype=torch.int64, device=device)
        return torch.randint(0, words, (count, *shape), generator=generator)
    if generator is None:
        return torch.zeros(count, *shape, device=device, dtype=dtype)
    return torch.randn(count, *shape, generator=generator)


def at_once(model: nn.Module, inputs: Tensor) -> int:
    """How many of these inputs pass through a network together."""
    if inputs.is_floating_point() or inputs.ndim < 2:
        return BATCH
    length = inputs.shape[1]
    most = min(TOKENS // length, LOGITS // (length * max(1, vocabulary(model))))
    return min(BATCH, max(1, most))


def parts(model: nn.Module, inputs: Tensor) -> list[slice]:
    """Inputs ``(n, …)`` as batches that pass through a network together."""
    return slices(len(inputs), at_once(model, inputs))


def slices(count: int, most: int) -> list[slice]:
    """``count`` places as few nearly equal parts, none above ``most``: a last one of one image has no variance."""
    number = -(-count // most)
    return [slice(i * count // number, (i + 1) * count // number) for i in range(number)]
