"""LAMP: a weight's square as a share of the larger ones of its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


TINY, LIFT = 2.0**-126, 2.0**120
"""The smallest normal float32; what shares (at most 1) are multiplied by where some are smaller."""


@scorers.register
class LAMP(Scorer):
    name = "lamp"
    label = "LAMP"
    summary = "The square of the score, as a share of all squares of its layer that are not smaller."
    formula = r"s_u = \frac{w_u^2}{\sum_{v \geq u} w_v^2} \quad \text{(ascending } |w| \text{ within the layer)}"
    reference = "Lee et al. 2021, Layer-adaptive Sparsity for the Magnitude-based Pruning"
    idea = "Magnitude made comparable between layers: the largest of each layer scores 1, so no layer empties."
    cost = "No data and no pass; one sort per layer."
    fails = (
        "Within a layer it is magnitude, with magnitude's blindness to what flows through. Units have their weights' "
        "absolute values reduced first, by L2 say."
    )
    rank = 15

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return {name: weight.abs().float() for name, weight in scene.weights.items()}

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        shares = {name: _shares(unit) for name, unit in units.items()}
        # Shares that float32 cannot hold: all of them times one power of two, which changes no order.
        small = any(bool(((share > 0) & (share < TINY)).any()) for share in shares.values())
        return {name: (share * LIFT if small else share).float() for name, share in shares.items()}


def _shares(unit: Tensor) -> Tensor:
    """Squares over the sums of the squares from each one up, in ascending order, float64; ties in the order of a stable
    sort."""
    import torch

    squares = unit.flatten().double().square()
    order = squares.argsort(stable=True)
    ascending = squares[order]
    suffix = ascending.flip(0).cumsum(0).flip(0)
    shares = torch.where(suffix > 0, ascending / suffix.clamp(min=torch.finfo(torch.float64).tiny), 0.0)
    found = torch.empty_like(shares)
    found[order] = shares
    return found.view(unit.shape)
