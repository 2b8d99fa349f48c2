"""The profile: how much each layer gives at every level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Profile(Measure):
    """Weights masked per layer at all 1,001 levels of the last pruning step, earlier masks among them.

    Result: ``layers`` in forward order, ``shapes``, ``weights`` per layer, ``parameters`` of the whole network,
    ``batch_norm`` (whether it has running statistics), ``removed`` as one list of 1,001 counts per layer. Where units
    are more than single weights: ``unit``, the noun for them, and ``groups``, each with ``name`` (of the layer that
    leads it), ``units`` and ``removed`` units at each level. ``skipped``: layers left alone, with the reason. Where the
    network has such: ``left_alone``, modules whose weights are not among the prunable ones at all (recurrent layers,
    embeddings), each with ``name``, ``kind`` and ``parameters``. Where bounds do not allow all levels: ``reached``, the
    highest that they do (per mille); its counts stand for all beyond.
    """

    name = "profile"
    label = "Layer profile"
    summary = "Weights removed in each layer at every level of sparsity."
    scope = "ranking"
    version = 2
    """2: what earlier masks of other units hold is counted too; levels just below a pattern's, or out of reach."""

    @classmethod
    def version_in(cls, recipe: Sequence[Any]) -> int:
        from pruning.criteria.kinds import other_masks

        if not recipe:
            return 1
        bounds = {"cap", "ends", "target"} & set(recipe[-1].allocation_options)
        return cls.version if bounds or recipe[-1].granularity == "n_m" or other_masks(recipe) else 1

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np

        from pruning.common.errors import Incompatible
        from pruning.common.levels import LEVELS
        from pruning.criteria.method import Method
        from pruning.network.weights import has_batch_norm, layer_label, left_alone

        if state.plan is None:
            if any(isinstance(step, Method) for step in state.recipe):
                raise Incompatible("Units were removed after pruning: take the profile before the step Remove.")
            raise Incompatible("A profile needs a pruning step in the recipe.")
        plan, weights = state.plan, state.weights
        levels = np.minimum(np.arange(LEVELS + 1), plan.reached)
        value: dict[str, Any] = {
            "layers": [layer_label(name) for name in state.order],
            "shapes": [list(weight.shape) for weight in weights.values()],
            "weights": [weight.numel() for weight in weights.values()],
            "parameters": sum(p.numel() for p in state.model.parameters()),
            "batch_norm": has_batch_norm(state.model),
            "removed": plan.weights_removed[:, levels].tolist(),
        }
        groups = plan.layout.groups.values()
        if not all(group.single for group in groups):
            value["unit"] = plan.noun
            value["groups"] = [
                {"name": layer_label(group.leads), "units": group.count, "removed": row.tolist()}
                for group, row in zip(groups, plan.removed[:, levels], strict=True)
            ]
        if plan.reached < LEVELS:
            value["reached"] = plan.reached
        if plan.layout.skipped:
            value["skipped"] = {layer_label(name): why for name, why in plan.layout.skipped.items()}
        if alone := left_alone(state.model):
            value["left_alone"] = [{"name": n, "kind": kind, "parameters": count} for n, kind, count in alone]
        return value
