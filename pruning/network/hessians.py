"""The inputs of a layer as a matrix: unfolded, and their second moments over training images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.network.activations import hooked
from pruning.network.inputs import parts

Module = nn.Linear | nn.Conv2d
"""The kinds of layers whose inputs are known as a matrix."""
Look = Callable[[Module, Tensor, int, torch.Generator], tuple[Tensor, int]]

ROWS = 262_144
"""Rows that a Hessian is made of: of more, as many positions (or tokens) of each image are drawn as fit. 256 images of
32 x 32 positions count in full."""
NUMBERS = 16_000_000
"""Numbers that unfolded inputs may fill at once (float32: 64 MB)."""


def unfolded(module: Module, inputs: Tensor) -> Tensor:
    """A layer's inputs as ``(images, groups, columns, positions)``: its output is the weight matrix times these.

    Positions are those of the output map; of a linear layer the tokens, or one.
    """
    if isinstance(module, nn.Linear):
        return inputs.reshape(len(inputs), -1, inputs.shape[-1]).transpose(1, 2).unsqueeze(1)
    # What the convolution itself pads by, whether it was given as numbers or as "same".
    how = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padded = F.pad(inputs, module._reversed_padding_repeated_twice, mode=how)
    return F.unfold(padded, module.kernel_size, module.dilation, 0, module.stride).unflatten(1, (module.groups, -1))


def second_moments(module: Module, inputs: Tensor, most: int, generator: torch.Generator) -> tuple[Tensor, int]:
    """X X^T of the inputs X of a layer, float64 ``(groups, columns, columns)``, and the number of rows in it.

    Args:
        most: positions of each image that count; of more, so many are drawn. Products are made in the inputs' format,
            at least float32, and summed in float64.
    """
    total, count = torch.zeros((), dtype=torch.float64, device=inputs.device), 0
    each = max(1, unfolded(module, inputs[:1]).numel())
    for few in inputs.split(max(1, NUMBERS // each)):
        columns = unfolded(module, few)
        if columns.shape[3] > most:
            columns = columns[..., torch.randperm(columns.shape[3], generator=generator)[:most].to(columns.device)]
        flat = columns.permute(1, 2, 0, 3).flatten(2).to(torch.promote_types(columns.dtype, torch.float32))
        total, count = total + (flat @ flat.transpose(1, 2)).double(), count + flat.shape[2]
    return total, count


def squares(module: Module, inputs: Tensor, most: int, generator: torch.Generator) -> tuple[Tensor, int]:
    """The diagonal of the same, ``(groups, columns)``, of all positions: what is squared is unfolded only once."""
    count = len(inputs) * unfolded(module, inputs[:1]).shape[3]
    return unfolded(module, inputs.double().square().sum(0, keepdim=True))[0].sum(2), count


class _Seen(Exception):
    """All calls of a layer have been seen; what comes after it need not be computed."""


def hessian(
    modules: Sequence[Module],
    model: nn.Module,
    images: Tensor,
    calls: int,
    generator: torch.Generator,
    note: Callable[[], None],
    diagonal: bool = False,
) -> Tensor:
    """2 X X^T / n over all n rows that reach a layer, float64 ``(groups, columns, columns)``.

    Frantar & Alistarh 2023, SparseGPT, section 3. Passes end where the layer has been called for the last time.

    Args:
        modules: those that hold the layer's weight: more than one where it is tied.
        calls: of these modules in one pass.
        generator: draws the positions that count where there are too many; see ``ROWS``.
        note: called before each batch.
        diagonal: return ``(groups, columns)``.
    """
    total, count, left = torch.zeros((), device=images.device), 0, 0
    look: Look = squares if diagonal else second_moments

    def gather(module: Module, args: tuple[Tensor, ...]) -> None:
        nonlocal total, count, left
        found, rows = look(module, args[0], max(1, ROWS // (len(images) * calls)), generator)
        total, count, left = total + found, count + rows, left - 1
        if not left:
            raise _Seen

    with torch.no_grad(), hooked([(module, gather) for module in modules], before=True):
        for part in parts(model, images):
            note()
            left = calls
            try:
                model(images[part])
            except _Seen:
                continue
    return 2 * total / count
