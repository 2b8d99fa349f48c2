"""What flows through a recipe: a network, its masks, and what it came from."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.network.scene import Scene
from pruning.network.weights import prunable
from pruning.zoo.base import Base

if TYPE_CHECKING:
    from pruning.criteria.plan import RemovalPlan
    from pruning.network.rounding import Format


@dataclass(frozen=True)
class Architecture:
    """How a network differs from the registered one that its base names; its tensors' shapes say the rest.

    Attributes:
        family: name of the model of which it is a smaller relative, where it is a student.
        width, depth: of a student, in per cent.
        heads: number of heads left in each attention module that lost some.
        blocks: modules that were left out: what enters them passes on.
    """

    family: str = ""
    width: int = 100
    depth: int = 100
    heads: dict[str, int] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()

    def without(self, heads: dict[str, int], blocks: tuple[str, ...]) -> Architecture:
        """The same with more taken out."""
        return replace(self, heads=self.heads | heads, blocks=(*self.blocks, *blocks))


@dataclass
class State:
    """A network after the first n steps of a recipe.

    Attributes:
        base: where the recipe started.
        key: name of this state.
        model: the network in eval mode; pruned weights are zero in it.
        masks: for each pruned parameter (biases and norms of removed channels too) a bool tensor, True = kept.
        parent: the state one step before; none at the start.
        step: the step that led here from the parent.
        plan: what the last pruning step decided, for all levels.
        order: names of the prunable weights in forward order.
        trace: one entry per look at a training, over all trainings so far.
        diverged: the step, over all trainings so far, at which one became NaN, if it did.
        formats: how each quantized weight is kept, while the network's weights are on those levels.
        architecture: what the network is, where it is not the base's any more.
    """

    base: Base
    key: str
    model: nn.Module
    order: tuple[str, ...]
    masks: dict[str, Tensor] = field(default_factory=dict)
    parent: State | None = None
    plan: RemovalPlan | None = None
    step: Step | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)
    diverged: int | None = None
    formats: dict[str, Format] = field(default_factory=dict)
    architecture: Architecture = field(default_factory=Architecture)

    @property
    def recipe(self) -> tuple[Step, ...]:
        """The steps from the start to here."""
        before = self.parent.recipe if self.parent is not None else ()
        return before if self.step is None else (*before, self.step)

    @property
    def start(self) -> State:
        """The state before the first step."""
        return self if self.parent is None else self.parent.start

    @property
    def weights(self) -> dict[str, Tensor]:
        """The prunable weights, detached, in forward order."""
        found = prunable(self.model)
        return {name: found[name].detach() for name in self.order}

    def scene(self, progress: Progress = quiet, seed: int = 0) -> Scene:
        """What a criterion sees of this state."""
        return Scene(self.model, self.weights, self.base, seed, progress, masks=self.masks, key=self.key)

    def after(self, step: Step, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state after one more step; this one stays as it was. See ``Step.apply``."""
        found: State = step.apply(self, key, progress, shelf)
        found.step = step
        return found

    def next(self, key: str, model: nn.Module | None = None) -> State:
        """The next step's beginning: the same with another network, else with a copy of this one, that may be changed.

        A step that leaves quantized weights on their levels carries ``formats`` over itself.
        """
        model = copy.deepcopy(self.model) if model is None else model
        return replace(self, key=key, model=model, masks=dict(self.masks), parent=self, step=None, formats={})
