"""GPTQ: round column by column, with the error of each pushed to the columns on its right.

Frantar et al. 2023, GPTQ, algorithm 1. The mathematics is SparseGPT's, with the nearest level in place of zero.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from pruning.common.errors import Incompatible
from pruning.criteria.layerwise import walk
from pruning.criteria.problem import WIDEST, LayerProblem, inverse_factor
from pruning.network.number_format import NumberFormat
from pruning.network.rounding import Format, fitted, rounded
from pruning.network.scene import Scene

DAMPENING = 0.01
BLOCK = 128
"""Columns whose errors are pushed to all later ones at once."""


def gptq(scene: Scene, form: NumberFormat, samples: int) -> dict[str, Format]:
    """The formats of all prunable weights, layer after layer; later layers see inputs that went through earlier ones.

    Raises:
        Incompatible: a layer is too wide, or its inputs cannot be seen.
        BadTensor: the inputs of a layer hold NaN or infinity.
    """
    for name, weight in scene.weights.items():
        if (width := weight[0].numel()) > WIDEST:
            raise Incompatible(
                f"The inputs of '{name}', {width:,} a row, are too many for GPTQ (at most {WIDEST:,}): round to the "
                "nearest level instead."
            )
    found: dict[str, Format] = {}

    def solve(layer: LayerProblem) -> tuple[Tensor, Tensor]:
        found[layer.name] = one(layer, form)
        return layer.mask, found[layer.name].values().double()

    walk(scene, dict.fromkeys(scene.weights, 1), samples, solve)
    shapes = {name: weight.shape for name, weight in scene.weights.items()}
    return {name: replace(kept, codes=kept.codes.view(shapes[name])) for name, kept in found.items()}


def one(layer: LayerProblem, form: NumberFormat) -> Format:
    """One layer's weight ``(rows, columns)``; scales are those of the weight as it was given, so that its levels are
    the ones of rounding to the nearest. Masked entries stay zero: what they would have taken up is lost."""
    width = layer.weight.shape[1]
    group = form.group or width
    scale, zero = fitted(layer.weight.float(), form)
    codes = torch.empty_like(layer.weight, dtype=torch.uint8)
    for part, curve in enumerate(layer.hessian):
        rows = slice(part * layer.rows, (part + 1) * layer.rows)
        weight = layer.weight[rows].clone()
        factor = inverse_factor(layer.name, curve.clone(), weight, DAMPENING)
        for start in range(0, width, BLOCK):
            inside = slice(start, min(start + BLOCK, width))
            errors = torch.zeros_like(weight[:, inside])
            for column in range(inside.start, inside.stop):
                layer.note()
                its, mid = scale[rows, column // group].double(), zero[rows, column // group]
                chosen = rounded(weight[:, column], its, mid, form.bits, form.symmetric)
                codes[rows, column] = torch.where(layer.mask[rows, column], chosen, mid)
                value = (codes[rows, column].double() - mid) * its
                wrong = (weight[:, column] - value) / factor[column, column]
                weight[:, column : inside.stop] -= wrong[:, None] * factor[column, column : inside.stop]
                errors[:, column - inside.start] = wrong
            weight[:, inside.stop :] -= errors @ factor[inside, inside.stop :]
    return Format(form.bits, codes, scale, zero, group, form.symmetric)
