"""One layer by two scorers: where do they disagree?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State

POINTS = 4000
"""Points of a scatter that a browser still moves smoothly."""


@measures.register
class TwoScores(Measure):
    """The units of one layer under the last pruning step's scorer and under another one, all else alike.

    Result: ``layer`` (that leads the units), ``unit`` (the noun), ``units``; exact counts over the whole layer at the
    step's level: ``both_kept``, ``both_removed``, ``only_first`` (removed by the step's scorer alone), ``only_second``;
    ``spearman`` of the layer, or None; and of at most 4,000 units, drawn by the step's seed: ``first_score`` and
    ``second_score`` float32, ``first_rank`` and ``second_rank`` (0..1, the share of the layer that scores lower, ties
    averaged), ``first_removed`` and ``second_removed`` bool. Units that were masked before are left out.
    """

    name = "two_scores"
    label = "Two scorers in one layer"
    summary = "Scores of one layer's units by two scorers, and how often they remove the same."
    stored = False

    layer: str
    other: str = Field("random", description="The other scorer.", json_schema_extra={"registry": "scorers"})
    samples: int = Field(500, ge=10, le=50_000, description="Training images, if the other scorer takes a sample.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np
        from scipy.stats import rankdata

        from pruning.common.errors import Incompatible
        from pruning.criteria.kinds import scorers
        from pruning.criteria.plan import plan_of
        from pruning.criteria.ranking import MASKED
        from pruning.measures.agreement import last_prune, rival
        from pruning.network.weights import layer_label

        before, step = last_prune(state)
        plans = [
            plan_of(before.scene(desk.progress), rival(step, name, self.samples)) for name in (step.scorer, self.other)
        ]
        rankings = []
        for name, made in zip((step.scorer, self.other), plans, strict=True):
            if made.ranking is None:
                raise Incompatible(f"{scorers[name].label} is a solver: it has no scores to draw.")
            rankings.append(made.ranking)
        group = _group(self.layer, state, plans[0])
        if group not in rankings[1].scores:
            label = scorers[self.other].label
            raise Incompatible(f"{label} leaves {self.layer} alone: {_why(group, plans[1])}.")
        first, second = (ranking.scores[group].cpu().numpy().ravel() for ranking in rankings)
        alive = np.flatnonzero((first != MASKED) & (second != MASKED))
        first, second = first[alive], second[alive]
        gone = [~ranking.mask(group, step.sparsity).cpu().numpy().ravel()[alive] for ranking in rankings]
        ranks = [rankdata(values) for values in (first, second)]
        flat = any(values.size == 0 or values.min() == values.max() for values in (first, second))
        shown = np.arange(len(alive))
        if len(alive) > POINTS:
            shown = np.sort(np.random.default_rng(step.seed).choice(len(alive), POINTS, replace=False))
        return {
            "layer": layer_label(plans[0].layout.groups[group].leads),
            "unit": plans[0].noun,
            "units": len(alive),
            "both_kept": int((~gone[0] & ~gone[1]).sum()),
            "both_removed": int((gone[0] & gone[1]).sum()),
            "only_first": int((gone[0] & ~gone[1]).sum()),
            "only_second": int((~gone[0] & gone[1]).sum()),
            "spearman": None if flat else float(np.corrcoef(ranks)[0, 1]),
            "first_score": first[shown],
            "second_score": second[shown],
            "first_rank": (ranks[0][shown] - 0.5) / max(1, len(alive)),
            "second_rank": (ranks[1][shown] - 0.5) / max(1, len(alive)),
            "first_removed": gone[0][shown],
            "second_removed": gone[1][shown],
        }


def _group(layer: str, state: State, made: Any) -> str:
    """The group of units to which a layer's weights belong, best the one that it leads.

    Raises:
        UnknownName: there is no such layer.
        Incompatible: the granularity leaves this layer alone.
    """
    from pruning.common.errors import Incompatible, UnknownName
    from pruning.network.weights import layer_label

    names = {layer_label(name): name for name in state.order}
    if layer not in names:
        raise UnknownName("layer", layer, names)
    weight, groups = names[layer], made.layout.groups
    leading = [name for name, group in groups.items() if group.leads == weight]
    holding = [n for n, group in groups.items() if any(m.parameter == weight and m.scored for m in group.members)]
    if not leading + holding:
        raise Incompatible(f"{layer} is left alone here: {_why(weight, made)}.")
    return (leading + holding)[0]


def _why(weight: str, made: Any) -> str:
    """Why a plan leaves a weight alone."""
    return made.layout.skipped.get(weight, f"no {made.noun} of it are ranked")
