"""How a language model writes: one token after another, with what was computed for earlier ones kept."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from pruning.compression.removal.fit import Passing


def writer(model: nn.Module) -> Any:
    """A network that can write: one without places that only pass on, since what is kept is counted block by block."""
    lists = {name: m for name, m in model.named_modules() if isinstance(m, nn.ModuleList)}
    if not any(isinstance(block, Passing) for stack in lists.values() for block in stack):
        return model.eval()
    small: Any = copy.deepcopy(model).eval()
    left = nn.ModuleList()
    for name in lists:
        stack = small.get_submodule(name)
        left = nn.ModuleList(block for block in stack.children() if not isinstance(block, Passing))
        owner, _, last = name.rpartition(".")
        setattr(small.get_submodule(owner), last, left)
        for number, block in enumerate(left):
            for module in block.modules():
                if hasattr(module, "layer_idx"):
                    module.layer_idx = number  # ty: ignore[invalid-assignment]
    small.config.num_hidden_layers = len(left)
    return small


def written(model: Any, ids: Tensor, most: int, temperature: float = 0.0, seed: int = 0) -> Iterator[int]:
    """The tokens that follow, as they are made; ends after ``most``, at the token of the end, or at the last position.

    Args:
        model: as ``writer`` gives it.
        ids: of the prompt, ``(tokens,)``.
        temperature: 0 takes the likeliest token; else one is drawn, by the seed, from the 40 likeliest.
    """
    device, config = next(model.parameters()).device, model.config
    generator, given, past = torch.Generator().manual_seed(seed), ids.view(1, -1).to(device), None
    room = int(getattr(config, "max_position_embeddings", most + len(ids))) - len(ids)
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    for _ in range(min(most, max(0, room))):
        with torch.inference_mode():
            out = model.forward(input_ids=given, past_key_values=past, use_cache=True, logits_to_keep=1)
        scores, past = out.logits[0, -1].float().cpu(), out.past_key_values
        if temperature:
            top = scores.topk(min(40, len(scores)))
            chances = (top.values / temperature).softmax(0)
            chosen = int(top.indices[torch.multinomial(chances, 1, generator=generator)])
        else:
            chosen = int(scores.argmax())
        if chosen in ends:
            return
        yield chosen
        given = torch.tensor([[chosen]], device=device)


def repeated(ids: list[int], length: int = 4) -> float:
    """Share of the runs of so many tokens that were there before: 0 where none is, near 1 where a text goes in circles.

    >>> repeated([1, 2, 3, 4, 5, 6]), repeated([1, 1, 1, 1, 1])
    (0.0, 0.5)
    """
    runs = [tuple(ids[start : start + length]) for start in range(len(ids) - length + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
