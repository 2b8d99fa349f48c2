"""Shuffled: the same scores in each layer, at random places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.controls import Wrapping, inner
from pruning.criteria.kinds import scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class Shuffled(Wrapping):
    name = "shuffled"
    label = "Shuffled (control)"
    summary = "Another criterion's scores, permuted within each layer: the same layer sparsities, random places."
    formula = r"s_{\ell, i} = s'_{\ell, \pi_\ell(i)}"
    reference = "Su et al. 2020, Sanity-Checking Pruning Methods: Random Tickets can Win the Jackpot"
    idea = "Separates what a criterion knows of layers from what it knows of the weights in them."
    fails = (
        "Where it does as well as the criterion itself, only the layers' shares mattered. Under the sensitivity scan "
        "the shares are its own: the scan looks at places too."
    )
    rank = 91

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        """Masked units keep their places: only among those that are left are scores exchanged."""
        import torch

        from pruning.criteria.ranking import MASKED

        assert scene.layout is not None
        generator, found = scene.generator(), {}
        masked = scene.layout.reduced(scene.weights, "sum", scene.masks, MASKED)
        for name, unit in inner(self.of).finish(units, scene).items():
            mixed = unit.flatten().clone()
            left = (masked[name] != MASKED).flatten().nonzero().squeeze(1).to(unit.device)
            order = torch.randperm(len(left), generator=generator).to(unit.device)
            mixed[left] = mixed[left[order]]
            found[name] = mixed.view(unit.shape)
        return found
