"""Recipes whose masks or weights change while they train: gradual pruning, regrowth, penalties, rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pruning.common.spec import Options
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.train import Train
from pruning.study.methods import recipes
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.recipe import Recipe
from pruning.training.kinds import Dynamics, dynamics

EXCHANGES = 20
"""How often regrowth exchanges weights while it may, at most."""


def in_rounds(plan: RecoveryPlan) -> Recipe:
    """Rounds that together look as often as one training."""
    train = with_changes(plan.fine, looks=max(1, plan.fine.looks // plan.rounds))
    return recipes.iterative(plan.prune, train, plan.rounds, plan.growth)


def with_changes(train: Train, **changes: Any) -> Train:
    """A training with some fields changed, validated."""
    return Train.model_validate(train.model_dump() | changes)


def growing(name: str, entry: type[Dynamics]) -> Callable[[RecoveryPlan], Recipe]:
    """Sparsity grows inside one training, by the criterion and shared among layers as asked where it may choose."""

    def recipe(plan: RecoveryPlan) -> Recipe:
        # Scores that training itself gathers need some steps first.
        begins = max(plan.begins, entry.model_fields["start"].default)
        options: Options = {"final": plan.prune.sparsity, "start": begins, "end": plan.ends, "every": plan.every}
        options |= {name: getattr(plan.prune, name) for name in ("scorer", "allocation") if name in entry.model_fields}
        return (with_changes(plan.fine, during=name, during_options=options),)

    return recipe


def shrinking(name: str, own: str) -> Callable[[RecoveryPlan], Recipe]:
    """Half of the steps under a penalty, then prune (by the criterion ``own`` that goes with it, if there is one), then
    the other half without it."""

    def recipe(plan: RecoveryPlan) -> Recipe:
        first = max(1, plan.fine.steps // 2)
        rest = max(1, plan.fine.steps - first)
        prune = plan.prune.model_dump() | ({"scorer": own, "options": {}} if own else {})
        after = with_changes(plan.fine, steps=rest, first=plan.fine.first + first)
        pressed = with_changes(plan.fine, steps=first, during=name, during_options={"strength": plan.penalty})
        return (pressed, Prune.model_validate(prune), after)

    return recipe


def regrowing(name: str) -> Callable[[RecoveryPlan], Recipe]:
    """Exchanges are spread over the training, however short it is."""

    def recipe(plan: RecoveryPlan) -> Recipe:
        options: Options = {"every": max(1, plan.fine.steps // EXCHANGES)}
        return (plan.prune, with_changes(plan.fine, during=name, during_options=options))

    return recipe


def rounding(name: str) -> Callable[[RecoveryPlan], Recipe]:
    """Trained for rounded weights, then rounded for good."""
    bits = dynamics[name].model_fields["bits"].default
    return lambda plan: (plan.prune, with_changes(plan.fine, during=name), Quantize(bits=bits))
