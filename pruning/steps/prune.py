"""Prune: mask the lowest ranked units, or those that a solver chooses, at one level of sparsity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.common.levels import LEVELS, in_percent
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.registry import Entry
from pruning.common.spec import Step, named, said
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.criteria.method import Method
from pruning.steps.kinds import steps
from pruning.training.schedules import Growth, rounds

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Prune(Method, Step):
    """Set the least important units to zero, by a mask, at one level of sparsity."""

    name = "prune"
    label = "Prune"
    rank = 10

    kind: Literal["prune"] = "prune"
    sparsity: int = Field(800, ge=0, le=LEVELS, description="Share removed of all prunable weights, in per mille.")

    def may_mask(self) -> bool:
        return True

    def uses(self) -> dict[str, type[Entry]]:
        return {
            **named("scorer", scorers[self.scorer], self.options),
            **named("granularity", granularities[self.granularity], self.granularity_options),
            **named("allocation", allocations[self.allocation], self.allocation_options),
        }

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with exactly the units masked that the plan counts at this level.

        Raises:
            Unreachable: the allocation's bounds do not allow the level, or only by emptying a layer.
        """
        import torch

        from pruning.common.errors import Unreachable
        from pruning.criteria.kinds import Solver
        from pruning.criteria.plan import plan_of
        from pruning.network.weights import apply_masks

        made = plan_of(state.scene(progress), self)
        if self.sparsity > made.reached:
            raise Unreachable(
                f"{in_percent(self.sparsity)} cannot be reached so{said(self.allocation_options)}: at most "
                f"{in_percent(made.reached)}. Beyond that nothing is left to give, or a layer would be emptied to make "
                "up for others. Ask for less, or loosen the bounds."
            )
        pruned = state.next(key)
        parameters = dict(pruned.model.named_parameters(remove_duplicate=False))
        if made.ranking is not None:
            shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
            masks = made.layout.expanded(made.ranking.masks(self.sparsity), shapes)
        else:
            criterion = scorers[self.scorer](**self.options)
            assert isinstance(criterion, Solver)
            counts = {name: int(row[self.sparsity]) for name, row in zip(made.layout.groups, made.removed, strict=True)}
            found = criterion.solve(made.scene, counts)
            masks = found.masks
            with torch.no_grad():
                for name, weight in found.weights.items():
                    parameters[name].copy_(weight)
        for name, mask in masks.items():
            pruned.masks[name] = mask & state.masks[name] if name in state.masks else mask
        pruned.plan = made
        apply_masks(pruned.model, pruned.masks)
        if made.ranking is not None:  # a solver moves weights off their levels
            pruned.formats = {name: kept.masked(pruned.masks.get(name)) for name, kept in state.formats.items()}
        return pruned

    @property
    def share(self) -> float:
        """Share of all prunable weights that is asked for (0..1)."""
        return self.sparsity / LEVELS

    def at(self, level: int) -> Prune:
        """The same pruning at another level (per mille)."""
        return self.model_copy(update={"sparsity": level})

    def in_rounds(self, count: int, growth: Growth) -> list[Prune]:
        """The same pruning in rounds, each at its own level; the last is this one's."""
        return [self.at(level) for level in rounds(growth, count, self.sparsity)]

    def words(self) -> str:
        entry, scorer = granularities[self.granularity], scorers[self.scorer].label
        level = entry(**self.granularity_options).said(self.sparsity)
        shared = allocations[self.allocation].label.lower()
        what = level if self.granularity == "n_m" else f"{level} of the {entry.unit}"
        return f"Mask {what} by {scorer}, {shared}{said(self.allocation_options)}."
