"""The weights of a network that may be pruned: which they are, masks on them, their layout in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pruning.common.errors import BadTensor


def prunable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that may be pruned: those of convolution and linear layers, and of attention projections.

    Biases and norm parameters stay, and so does the layer that makes scores of words: its rows are the embeddings, or
    stand for them, and the literature leaves it alone. Tied weights appear once, under their first name. Order: as
    registered.
    """
    found: dict[str, nn.Parameter] = {}
    seen = _words(model)
    for prefix, module in model.named_modules():
        names: tuple[str, ...] = ()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
            names = ("weight",)
        elif isinstance(module, nn.MultiheadAttention):
            names = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
        for name in names:
            weight = getattr(module, name)
            if weight is not None and id(weight) not in seen:
                seen.add(id(weight))
                found[f"{prefix}.{name}" if prefix else name] = weight
    return found


def _words(model: nn.Module) -> set[int]:
    """The weights of a language model that stand for words, by identity: embeddings, and its last layer."""
    asked: Any = getattr(model, "get_output_embeddings", None)
    last = asked() if callable(asked) else None
    tables = [m for m in model.modules() if isinstance(m, nn.Embedding)]
    return {id(module.weight) for module in [*tables, last] if module is not None}


def left_alone(model: nn.Module) -> list[tuple[str, str, int]]:
    """Modules whose weights no step ever prunes (recurrent layers, embeddings, transposed convolutions): name, kind,
    and how many parameters of their own they hold. The network's own name is empty.

    What goes along with a layer is none of them: biases, norms, and what scales or shifts all positions alike (one
    number per channel, or a leading size of 1, as class tokens and position embeddings have).
    """
    known = {id(weight) for weight in prunable(model).values()}
    found = []
    for name, module in model.named_modules():
        own = {key: p for key, p in module.named_parameters(recurse=False) if id(p) not in known}
        if not isinstance(module, NORMS) and any(_weighs(key, p) for key, p in own.items()):
            found.append((name, type(module).__name__, sum(p.numel() for p in own.values())))
            known.update(map(id, own.values()))
    return found


NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.modules.batchnorm._NormBase)


def _weighs(name: str, p: nn.Parameter) -> bool:
    """Whether a parameter is more than a bias, a scale or a position."""
    if p.ndim < 2 or "bias" in name:
        return False
    return name.startswith("weight") or (p.shape[0] > 1 and p.numel() > max(p.shape))


def layer_label(weight: str) -> str:
    """Name of a layer as people read it: the weight's name without its ending."""
    return weight.removesuffix(".weight").removesuffix("_weight")


_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def apply_masks(model: nn.Module, masks: dict[str, Tensor]) -> None:
    """Set the weights to exact zero where their mask is False, in place."""
    found = dict(model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, mask in masks.items():
            # A product of bits as integers: of numbers, inf * 0 would be NaN, and -1 * 0 a negative zero. It takes a
            # third to a ninth of the time of masked_fill, which branches at each number.
            weight = found[name].detach()
            weight.view(_INTEGERS[weight.element_size()]).mul_(mask.to(weight.device))


def has_batch_norm(model: nn.Module) -> bool:
    """Whether the network keeps running statistics that pruning makes stale."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats for m in model.modules())


NARROW = 16
"""Input channels below which a strided pointwise convolution is not trusted with channels last."""


def narrow(model: nn.Module) -> bool:
    """Whether the network has a strided pointwise convolution of few inputs, as a shortcut is after pruning.

    With channels last, the backward pass of oneDNN, by which torch 2.13 computes it, writes beyond its memory and kills
    the process where there are fewer inputs than a vector holds (seen with 2 to 7 on a CPU with AVX2; with 8 and more
    it is right). Weights *and* images must be contiguous in memory then.
    """
    return any(
        isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) and max(m.stride) > 1 and m.in_channels < NARROW
        for m in model.modules()
    )


def lay_out(model: nn.Module) -> None:
    """Deep convolutional networks run a quarter faster on a CPU, and faster on a GPU, with channels last."""
    if has_batch_norm(model):
        last = torch.contiguous_format if narrow(model) else torch.channels_last
        model.to(memory_format=last)  # ty: ignore[no-matching-overload]


def check_finite(model: nn.Module) -> None:
    """Raise ``BadTensor`` that names the first weight with NaN or infinity."""
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise BadTensor(f"Weight '{name}' holds NaN or infinite values: this checkpoint cannot be used.")
