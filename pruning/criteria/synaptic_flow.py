"""Synaptic flow: a network made of absolute values, what flows through it, and the order in which units fall.

Tanaka et al. 2020, Pruning neural networks without any data by iteratively conserving synaptic flow.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pruning.common.errors import Incompatible
from pruning.criteria.proportional import check_proportional
from pruning.network.inputs import vocabulary
from pruning.network.units import Layout
from pruning.network.weights import apply_masks, prunable

if TYPE_CHECKING:
    from pruning.network.scene import Scene

DENSITY = 0.001
"""The share of the units that the rounds leave."""


class Flow:
    """A copy of a scene's network through which flow is proportional to every weight.

    Parameters and buffers have their absolute values, in double precision. Biases, and the shifts and running means
    of norms, are zero: only so does a hidden unit pass on, weight by weight, exactly the score that came in.

    Raises:
        Incompatible: the network has functions under which flow is not proportional; the message names the modules.
    """

    def __init__(self, scene: Scene) -> None:
        if vocabulary(scene.model):
            raise Incompatible(
                f"SynFlow lets an input of ones flow through a network, and {scene.base.model} takes ids of tokens: "
                "choose magnitude, say."
            )
        self.model = copy.deepcopy(scene.model).double().eval()
        shape, device = scene.base.input_shape, next(self.model.parameters()).device
        self.ones = torch.ones(1, *shape, dtype=torch.float64, device=device)
        for name, tensor in [*self.model.named_parameters(), *self.model.named_buffers()]:
            tensor.requires_grad_(False)
            if name.rpartition(".")[2].endswith(("bias", "running_mean")):
                tensor.zero_()
            elif tensor.is_floating_point():
                tensor.abs_()
        check_proportional(self.model, self.ones, scene.base.model)
        found = prunable(self.model)
        self.weights = {name: found[name].requires_grad_(True) for name in scene.weights}

    def scores(self) -> dict[str, Tensor]:
        """|w dR/dw| per prunable weight, R being the sum of the outputs for an input of ones; float64.

        As shares of the largest of them, which no depth takes out of the range of numbers; all zero where no path
        leads from input to output.
        """
        with torch.enable_grad():
            flow = self.model(self.ones).sum()
            gradients = torch.autograd.grad(flow, list(self.weights.values()), allow_unused=True)
        pairs = zip(self.weights.items(), gradients, strict=True)
        found = {n: torch.zeros_like(w) if g is None else (w.detach() * g).abs() for (n, w), g in pairs}
        largest = torch.stack([score.max() for score in found.values()]).max()
        if not torch.isfinite(largest):
            raise Incompatible("SynFlow's flow is too large for double precision: the network is too deep for it.")
        return {name: score / largest if largest > 0 else score for name, score in found.items()}


def removal_order(scene: Scene, rounds: int) -> dict[str, Tensor]:
    """For each unit of the scene's layout the share of the units that fall before it, 0 to 1, of the group's shape.

    In each round the units left are scored again, under the masks of the rounds before, and the lowest fall until
    ``DENSITY ** (round / rounds)`` of them are left. Those that outlive the rounds, or the last path from input to
    output, follow in the order of the last scores. Units masked from the start are not counted, and have 0.

    Raises:
        Incompatible: see ``Flow``; or no flow reaches the output from the start.
    """
    flow = Flow(scene)
    shapes = {name: tuple(weight.shape) for name, weight in flow.model.named_parameters(remove_duplicate=False)}
    layout = scene.layout or Layout.singles({name: shapes[name] for name in scene.weights})
    sizes = {name: group.count for name, group in layout.groups.items()}

    def scored(masks: dict[str, Tensor], missing: float) -> Tensor:
        units = layout.reduced(flow.scores(), scene.reduction, masks, missing)
        return torch.cat([units[name].flatten() for name in sizes])

    last = scored(scene.masks, -1.0)
    left = last >= 0
    place, count, gone = torch.zeros(len(last), dtype=torch.float64, device=last.device), int(left.sum()), 0
    if count and float(last.max()) <= 0:
        raise Incompatible(f"No flow reaches the output of {scene.base.model}: a layer is empty. Choose magnitude.")
    for number in range(1, rounds + 1):
        scene.progress(number - 1, rounds, "SynFlow's rounds")
        falling = _lowest(last, left, count - round(count * DENSITY ** (number / rounds)) - gone)
        place[falling] = torch.arange(gone, gone + len(falling), dtype=place.dtype, device=place.device)
        left[falling] = False
        gone += len(falling)
        if gone == count:
            break
        kept = dict(zip(sizes, left.split(list(sizes.values())), strict=True))
        masks = layout.expanded(kept, shapes)
        apply_masks(flow.model, masks)
        both = {n: m & scene.masks[n].to(m.device) if n in scene.masks else m for n, m in masks.items()}
        fresh = scored({**scene.masks, **both}, 0.0)
        if float(fresh[left].max()) <= 0:
            break
        last = fresh
    rest = _lowest(last, left, count - gone)
    place[rest] = torch.arange(gone, count, dtype=place.dtype, device=place.device)
    parts = (place / max(count, 1)).float().split(list(sizes.values()))
    return {name: part.view(layout.groups[name].shape) for name, part in zip(sizes, parts, strict=True)}


def _lowest(scores: Tensor, left: Tensor, count: int) -> Tensor:
    """Places of the ``count`` lowest scores among those left, in ascending order; ties in the order of their places."""
    places = left.nonzero().squeeze(1)
    if count < 1:
        return places[:0]
    values = scores[places]
    threshold = values.kthvalue(count).values
    chosen = values < threshold
    tied = (values == threshold).nonzero().squeeze(1)
    chosen[tied[: count - int(chosen.sum())]] = True
    return places[chosen][values[chosen].argsort(stable=True)]
