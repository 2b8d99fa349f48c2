"""Ways to recover from pruning, side by side at the same number of training steps. No torch.

Ways that change masks while training are made of the registry: a new one there is offered here by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pruning.criteria.kinds import Solver, allocations, scorers
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.methods import recipes
from pruning.study.methods.during import growing, in_rounds, regrowing, rounding, shrinking, with_changes
from pruning.study.methods.recipes import Mark
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.recipe import Recipe
from pruning.training.kinds import Dynamics, dynamics


@dataclass(frozen=True)
class Strategy:
    """One way.

    Attributes:
        name: final, enters links and keys of widgets.
        says: what it does, in one sentence.
        recipe: its steps for a plan.
        mark: the weights it starts from.
        units: whether it goes with "any" granularity, single "weight"s only, or whole "channel"s only.
        norm: whether it makes sense only where the network has BatchNorm.
        embedded: whether it needs early weights, which only embedded models have.
        ranks: whether it scores again and again, which only criteria that rank can do.
        own: whether it has a criterion of its own, whatever scorer is asked for.
    """

    name: str
    label: str
    says: str
    recipe: Callable[[RecoveryPlan], Recipe]
    mark: Mark = "dense"
    units: str = "any"
    norm: bool = False
    embedded: bool = False
    ranks: bool = False
    own: bool = False

    def lacks(self, prune: Prune, norm: bool, embedded: bool) -> str:
        """Why it cannot be used here, in one sentence; empty if it can."""
        if self.norm and not norm:
            return f"{self.label} needs a network with BatchNorm."
        if self.embedded and not embedded:
            return f"{self.label} needs early weights, which only the embedded models have."
        if self.units == "weight" and prune.granularity != "weight":
            return f"{self.label} removes single weights: choose that granularity."
        if self.units == "channel" and prune.granularity != "channel":
            return f"{self.label} shrinks whole channels: choose that granularity."
        if self.ranks and issubclass(scorers[prune.scorer], Solver):
            return f"{self.label} needs a criterion that ranks; {scorers[prune.scorer].label} solves a level."
        return ""

    def ignores(self, prune: Prune) -> str:
        """What of the asked pruning it does not follow, in one sentence; empty if it follows all."""
        asked = scorers[prune.scorer].label
        if self.own and prune.scorer != Prune().scorer:
            return f"{self.label} has a criterion of its own and does not use {asked}."
        if self.own and self.units == "weight" and prune.allocation != Prune().allocation:
            return f"{self.label} prunes globally, not by {allocations[prune.allocation].label}."
        if self.ranks and (prune.options or prune.allocation_options):
            shared = allocations[prune.allocation].label
            return f"{self.label} takes {asked} and {shared} with their default options."
        return ""


def _during(name: str, entry: type[Dynamics]) -> Strategy:
    """The strategy made of a way of training."""
    if "final" in entry.model_fields:
        ranks = "scorer" in entry.model_fields
        grows = growing(name, entry)
        return Strategy(name, entry.label, entry.summary, grows, units="weight", ranks=ranks, own=entry.own)
    if entry.penalty is not Dynamics.penalty:
        shrinks = shrinking(name, entry.criterion)
        own = bool(entry.criterion)
        return Strategy(name, entry.label, entry.summary, shrinks, units="channel", norm=entry.norm, own=own)
    if "bits" in entry.model_fields:
        return Strategy(name, entry.label, entry.summary, rounding(name))
    return Strategy(name, entry.label, entry.summary, regrowing(name), units="weight")


def _all() -> dict[str, Strategy]:
    fixed = [
        Strategy("pruned", "Pruned, no training", "What is left right after pruning.", lambda plan: (plan.prune,)),
        Strategy(
            "recalibrated",
            "BatchNorm recalibration, no training",
            "The norm statistics are measured anew on training images.",
            lambda plan: (plan.prune, Recalibrate()),
            norm=True,
        ),
        Strategy(
            "one_shot",
            "One shot + fine-tuning",
            "Prune once, then train on with a small learning rate.",
            lambda plan: recipes.one_shot(plan.prune, plan.fine),
        ),
        Strategy(
            "iterative", "Iterative", "Prune a little, train a little, in rounds, each with a fresh score.", in_rounds
        ),
        Strategy(
            "lr_rewound",
            "Learning-rate rewinding",
            "Prune once, then go through the whole original learning-rate schedule again in the steps given.",
            lambda plan: recipes.one_shot(plan.prune, plan.again),
        ),
        Strategy(
            "rewound_early",
            "Weight rewinding (early)",
            "Prune, set the weights back to an early step, and go through the original schedule.",
            lambda plan: recipes.rewound(plan.prune, plan.again, "early"),
            embedded=True,
        ),
        Strategy(
            "rewound_init",
            "Weight rewinding (initial)",
            "Prune, set the weights back to their initial values, and train them anew.",
            lambda plan: recipes.rewound(plan.prune, plan.again, "init"),
            embedded=True,
        ),
        Strategy(
            "distilled",
            "One shot + distillation",
            "As fine-tuning, with the dense network as teacher.",
            lambda plan: recipes.one_shot(
                plan.prune, with_changes(plan.fine, teacher="dense", temperature=plan.temperature, mixing=plan.mixing)
            ),
        ),
        Strategy(
            "initial",
            "Pruned at initialisation, then trained",
            "The criterion sees untrained weights; the training is the only one the network gets.",
            lambda plan: recipes.one_shot(plan.prune, plan.again),
            mark="init",
        ),
    ]
    made = [_during(name, dynamics[name]) for name in dynamics if name != "static"]
    return {strategy.name: strategy for strategy in [*fixed[:4], *made, *fixed[4:]]}


STRATEGIES: dict[str, Strategy] = _all()
FIRST = ("pruned", "recalibrated", "one_shot", "iterative", "gradual", "lr_rewound")
"""Compared where nothing was chosen."""
