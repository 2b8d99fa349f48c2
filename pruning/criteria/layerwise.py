"""How a solver walks from layer to layer: each as a matrix, with the second moments of its inputs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.criteria.blockwise import walk_blocks
from pruning.criteria.kinds import Solution
from pruning.criteria.problem import LayerProblem, checked, holders
from pruning.network.activations import hooked
from pruning.network.hessians import hessian
from pruning.network.passes import measured_norms, mode
from pruning.network.weights import prunable

if TYPE_CHECKING:
    from pruning.network.scene import Scene


def calls_of(model: nn.Module, names: Sequence[str], images: Tensor) -> dict[str, int]:
    """How often the modules of each weight are called in one pass.

    Raises:
        Incompatible: some are never called by themselves (fused attention), or are of a kind that is not known here.
    """
    weights, found = prunable(model), dict.fromkeys(names, 0)

    def note(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            found[name] += 1

        return hook

    pairs: list[tuple[nn.Module, Callable[..., None]]] = [
        (module, note(name)) for name in names for module in holders(model, weights[name])
    ]
    with torch.no_grad(), hooked(pairs, before=True):
        model(images[:2])
    if unseen := [f"'{name}'" for name, count in found.items() if not count]:
        more = f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""
        raise Incompatible(
            f"Solvers must see what reaches a linear layer or a 2d convolution, and cannot for {', '.join(unseen[:3])}"
            f"{more}: no such module is called with it (fused attention, say). Choose magnitude, say."
        )
    return found


def walk(
    scene: Scene,
    removed: Mapping[str, int],
    samples: int,
    solve: Callable[[LayerProblem], tuple[Tensor, Tensor]],
    *,
    sequential: bool = True,
    diagonal: bool = False,
) -> Solution:
    """Solve layer after layer in forward order, on a copy of the network. Layers that lose nothing stay as they are.
    Those of a language model's blocks are solved block by block; see ``walk_blocks``.

    Args:
        solve: from a layer to its mask and its new weight, both like the layer's.
        sequential: later layers see inputs that went through the solved earlier ones; else those of the given network.
        diagonal: layers get the Hessian's diagonal alone.

    Raises:
        Incompatible: some weights' inputs cannot be seen.
        BadTensor: the inputs of a layer, or its weights, hold NaN or infinity.
    """
    model = copy.deepcopy(scene.model)
    source = model if sequential else scene.model  # which is read only
    weights, sources = prunable(model), prunable(source)
    names = [name for name in scene.weights if name in removed]
    masks = {name: scene.masks.get(name, torch.ones_like(weights[name], dtype=torch.bool)) for name in names}
    masks = {name: mask.to(weights[name].device) for name, mask in masks.items()}
    names = [name for name in names if removed[name]]
    found: dict[str, Tensor] = {}
    if not names:
        return Solution(masks, found)
    images, _ = scene.sample(samples)

    def settle(name: str, number: int, curve: Tensor) -> None:
        """Solve one layer and put its new weight into the copy."""
        note = partial(scene.progress, number, len(names), f"solving {name}")
        weight, mask = weights[name], masks[name].flatten(1)
        checked(name, weight, curve)
        matrix = weight.detach().flatten(1).double().masked_fill(~mask, 0.0)
        positions, pattern = weight[0, 0].numel(), scene.layout.pattern if scene.layout is not None else None
        keep, new = solve(LayerProblem(name, matrix, curve, mask, removed[name], pattern, positions, note))
        masks[name] = (keep & mask).view(weight.shape)
        found[name] = new.to(weight.dtype).view(weight.shape).masked_fill(~masks[name], 0.0)
        with torch.no_grad():
            weight.copy_(found[name])

    with mode(source, False), measured_norms(source):
        left = walk_blocks(scene, model, names, images, settle, sequential, diagonal)
        calls = calls_of(source, left, images)
        for number, name in enumerate(left, len(names) - len(left)):
            note = partial(scene.progress, number, len(names), f"solving {name}")
            note()
            modules = holders(source, sources[name])
            settle(name, number, hessian(modules, source, images, calls[name], scene.generator(), note, diagonal))
    return Solution(masks, found)
