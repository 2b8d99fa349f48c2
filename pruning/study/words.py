"""A recipe's steps as sentences. No torch."""

from __future__ import annotations

from pruning.study.recipe import Recipe

INT8 = (
    "Make weights and activations 8-bit integers for ONNX Runtime, calibrated on training images; weights use 7 of the "
    "bits, as sums of products overflow on processors without int8 instructions."
)


def recipe_in_words(recipe: Recipe, int8: bool = False) -> list[str]:
    """A sentence for each step; with ``int8`` also for the file that is made at the end.

    >>> from pruning.steps.prune import Prune
    >>> from pruning.steps.shuffle import Shuffle
    >>> recipe_in_words((Prune(sparsity=900), Shuffle()))
    ['Mask 90 % of the weights by Magnitude (L1), global.', 'Shuffle the mask within each layer.']
    """
    return [*(step.words() for step in recipe), *([INT8] if int8 else [])] or ["Leave the trained network as it is."]
