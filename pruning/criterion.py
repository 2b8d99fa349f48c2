"""From a state and a criterion to a ranking: score, reduce to units, sort once."""

from __future__ import annotations

import torch

from pruning import registry
from pruning.entries import Progress
from pruning.errors import BadTensor
from pruning.passes import Scene
from pruning.ranking import MASKED, Ranking
from pruning.specs import Prune
from pruning.state import State


def rank(state: State, step: Prune, progress: Progress) -> Ranking:
    """The ranking of a state's units under a pruning step's criterion and allocation.

    Units that are masked already score lowest of all, so that they stay masked and count among the removed.

    Raises:
        BadTensor: scores that are missing, of a wrong shape, or not finite.
    """
    scorer = registry.scorers[step.scorer](**step.options)
    weights = state.weights
    scores = scorer.score(Scene(state.model, weights, state.base, step.seed, progress))
    for name, weight in weights.items():
        if name not in scores:
            raise BadTensor(f"Scorer '{step.scorer}' gave no scores for weight '{name}'.")
        if scores[name].shape != weight.shape:
            raise BadTensor(
                f"Scorer '{step.scorer}' gave scores of shape {tuple(scores[name].shape)} for weight '{name}' "
                f"of shape {tuple(weight.shape)}."
            )
    ordered = {
        # In float32 first: in a shorter format the lowest score would be minus infinity.
        name: torch.where(state.masks[name], scores[name].float(), MASKED) if name in state.masks else scores[name]
        for name in state.order
    }
    units = registry.granularities[step.granularity]().units(ordered)
    return Ranking.of(units, registry.allocations[step.allocation]())
