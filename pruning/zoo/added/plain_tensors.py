"""A checkpoint's tensors as a network without wrappers, parametrizations and half precision would have them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

COMPILED = "_orig_mod."
"""What ``torch.compile`` puts into names, wherever a compiled part stands."""
PARAMETRIZED = re.compile(r"^(.*?)parametrizations\.(\w+)\.(original\d*|\d+\.\w+)$")


@dataclass
class Plain:
    """Tensors under plain names.

    Attributes:
        tensors: float32 where they are numbers.
        masks: what ``torch.nn.utils.prune`` had masked, bool, True = kept; those weights are zero in ``tensors``.
        notes: what was done, in sentences.
    """

    tensors: dict[str, Tensor]
    masks: dict[str, Tensor] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def plain_tensors(state: dict[str, Tensor]) -> Plain:
    """Take off what training or pruning has put around weights.

    ``weight_orig`` and ``weight_mask`` become the masked weight and its mask, weight norm and spectral norm (old and
    new form) the weight that they compute in eval mode, half precision float32.
    """
    plain = Plain({name.replace(COMPILED, ""): tensor for name, tensor in state.items()})
    if any(COMPILED in name for name in state):
        plain.notes.append("It was saved from a compiled network.")
    _unmasked(plain)
    _unnormed(plain)
    halves = [name for name, tensor in plain.tensors.items() if tensor.is_floating_point() and tensor.itemsize < 4]
    if halves:
        plain.notes.append(
            f"{len(halves)} tensors are kept in {_formats(plain.tensors[name] for name in halves)} in the file: here "
            "they are computed in float32."
        )
    plain.tensors = {name: t.float() if t.is_floating_point() else t for name, t in plain.tensors.items()}
    return plain


def _unmasked(plain: Plain) -> None:
    """Weights of ``torch.nn.utils.prune`` with their masks."""
    held = plain.tensors
    for name in [name for name in held if name.endswith("_mask") and f"{name[:-5]}_orig" in held]:
        weight, mask = name.removesuffix("_mask"), held.pop(name).bool()
        held[weight] = held.pop(f"{weight}_orig") * mask
        plain.masks[weight] = mask
    if plain.masks:
        gone, whole = (sum(count(mask) for mask in plain.masks.values()) for count in (_zeros, Tensor.numel))
        plain.notes.append(
            f"It was pruned with torch.nn.utils.prune: {gone:,} of {whole:,} weights in {len(plain.masks)} layers are "
            "masked, and stay so."
        )


def _zeros(mask: Tensor) -> int:
    return int((~mask).sum())


def _unnormed(plain: Plain) -> None:
    """Weights that are computed of others at each pass."""
    held = plain.tensors
    for name in list(held):  # the new form under the names of the old one
        if found := PARAMETRIZED.match(name):
            layer, weight, what = found.groups()
            ending = {"original0": "_g", "original1": "_v", "original": "_orig", "0._u": "_u", "0._v": "_w"}.get(what)
            if ending is not None:
                held[f"{layer}{weight}{ending}"] = held.pop(name)
    norms = 0
    for name in [name for name in held if name.endswith("_g") and f"{name[:-2]}_v" in held]:
        weight = name.removesuffix("_g")
        g, v = held.pop(name), held.pop(f"{weight}_v")
        kept = [dim for dim in range(g.ndim) if g.shape[dim] > 1] or [0]
        length = torch.linalg.vector_norm(
            v.float(), dim=None if g.ndim == 0 else _others(v, kept[0]), keepdim=g.ndim > 0
        )
        held[weight] = g.float() * v.float() / length
        norms += 1
    for name in [name for name in held if name.endswith("_u") and f"{name[:-2]}_orig" in held]:
        weight = name.removesuffix("_u")
        u, matrix = held.pop(name).float(), held.pop(f"{weight}_orig").float()
        v = held.pop(f"{weight}_w", held.pop(f"{weight}_v", None))
        flat = matrix.flatten(1) if len(u) == matrix.shape[0] else matrix.transpose(0, 1).flatten(1)
        right = v.float() if v is not None else torch.nn.functional.normalize(u @ flat, dim=0)
        held[weight] = matrix / (u @ flat @ right)
        norms += 1
    if norms:
        plain.notes.append(
            f"{norms} weights were computed of others (weight norm, spectral norm): here they are plain."
        )


def _others(tensor: Tensor, dim: int) -> list[int]:
    return [other for other in range(tensor.ndim) if other != dim]


def _formats(tensors: Iterable[Tensor]) -> str:
    return " and ".join(sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors}))
