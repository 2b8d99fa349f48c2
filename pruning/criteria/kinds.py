"""The base classes of criteria (scorers, solvers), granularities and allocations, and their registries.

Each registers itself in its own file; see ``pruning.common.registry`` for what an entry is. No torch is imported here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from pruning.common.levels import in_percent
from pruning.common.registry import Entry, Registry

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from pruning.criteria.budget import Budget
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


class Criterion(Entry):
    """What every criterion says about itself; see ``Scorer`` and ``Solver``."""

    formula: ClassVar[str]
    """LaTeX."""
    idea: ClassVar[str]
    """One sentence: why this should be a sign of importance."""
    cost: ClassVar[str]
    fails: ClassVar[str]
    needs: ClassVar[Literal["weights", "gradients", "activations"]] = "weights"
    family: ClassVar[Literal["weights", "gradients", "activations", "second order", "data-free", "control"]] = "weights"
    """Where it stands in lists."""
    draws: ClassVar[bool] = False
    """Whether it draws random numbers (or a random sample of images), so that a seed matters."""


class Scorer(Criterion):
    """A criterion that gives every weight or unit one score, **higher = keep**, in one pass (a ranking)."""

    gives: ClassVar[Literal["weights", "channels", "blocks"]] = "weights"
    """What has a score: single weights (which any granularity reduces to units), output channels, or blocks."""
    lacks: ClassVar[str] = ""
    """Why a layer may have no score ("has no BatchNorm behind it"); such layers are then left alone, and listed."""

    @classmethod
    def scores_of(cls, options: Mapping[str, Any]) -> Literal["weights", "channels", "blocks"]:
        """What has a score under these options: for controls that wrap another criterion."""
        return cls.gives

    def reason(self) -> str:
        """``lacks``, or that of a criterion that this one wraps."""
        return self.lacks

    @abstractmethod
    def score(self, scene: Scene) -> dict[str, Tensor]:
        """Scores by name; must leave no trace on the model.

        For ``gives = "weights"`` one tensor per prunable weight, of the weight's shape. For "channels" one per weight
        of shape ``(O, 1, …)``, as many dimensions as the weight. For "blocks" one per group of ``scene.layout``, of
        the group's shape.
        """

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        """The units' scores, made of their reduced ones: a last absolute value, a normalisation per layer."""
        return units


class Solver(Criterion):
    """A criterion that gives masks, and perhaps new weights, for one level at a time."""

    granularities: ClassVar[tuple[str, ...]] = ("weight",)

    @abstractmethod
    def solve(self, scene: Scene, removed: Mapping[str, int]) -> Solution:
        """Masks that remove so many entries of each weight, masked ones included; must leave no trace on the model.

        Args:
            removed: for each weight of ``scene.layout`` how many entries go.

        Raises:
            Incompatible: the network does not meet what the method assumes; the sentence says what.
        """


@dataclass(frozen=True)
class Solution:
    """What a solver found: bool masks by weight, and the weights that it changed."""

    masks: dict[str, Tensor]
    weights: dict[str, Tensor]


class Granularity(Entry):
    """What is removed together: single weights, blocks, channels."""

    unit: ClassVar[str] = "weights"
    """The noun for what is counted."""
    single: ClassVar[bool] = False
    """Whether every weight is a unit by itself, so that no scores are reduced."""
    takes: ClassVar[Literal["weights", "channels", "blocks"]] = "weights"
    """Scores of what, beside single weights', are those of its units; see ``Scorer.gives``."""
    allocations: ClassVar[tuple[str, ...] | None] = None
    """The allocations that go with it; None: all."""
    parts: ClassVar[int] = 1
    """A unit is budgeted in so many parts: rounded to whole units, a small layer would lie beyond a pattern's edge."""

    @abstractmethod
    def layout(self, scene: Scene) -> Layout:
        """Which entries form which units, and which weights are left alone. ``scene.layout`` is not there yet."""

    def order(self, units: dict[str, Tensor]) -> dict[str, Tensor]:
        """The scores by which units are ranked within their group, made of their own: a pattern's place, say."""
        return units

    def stops(self) -> tuple[int, ...] | None:
        """The levels (per mille) that a pattern can meet; None: any."""
        return None

    def said(self, level: int) -> str:
        """A level in words, for the slider."""
        return in_percent(level)

    def settle(self, removed: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """The budget ``(groups, levels)``, in ``parts`` of a unit, moved to what the pattern allows, in units."""
        return removed


class Allocation(Entry):
    """How much each group of units gives at each level of the whole network's sparsity.

    What is the same for all of them: bounds per layer, the ends of the network, whole numbers of channels, and what
    the level is a share of.
    """

    scored: ClassVar[bool] = False
    """Whether it reads the scores; if so it does not go with solvers, which have none."""
    empties: ClassVar[bool] = False
    """Whether it says of itself that it may empty a layer; others must not, to make up for what bounds hold back."""

    version: ClassVar[int] = 2
    """2: under a target in parameters or MACs what earlier masks of other units took counts towards the level."""

    @classmethod
    def version_in(cls, recipe: Sequence[Any]) -> int:
        options = getattr(recipe[-1], "allocation_options", {})
        return cls.version if options.get("target", "units") != "units" and other_masks(recipe) else 1

    cap: int = Field(1000, ge=1, le=1000, description="No layer loses more than this share of its units (per mille).")
    floor: int = Field(
        0, ge=0, le=1000, description="Every layer loses this share, or the network's if that is less (per mille)."
    )
    ends: Literal["same", "half", "last_half", "dense"] = Field(
        "same",
        description="First and last layer: like the others, at half the rate (or the last one alone), or kept dense.",
    )
    multiple: Literal[1, 2, 4, 8, 16, 32, "auto"] = Field(
        1,
        description="Channels kept per layer are rounded to multiples of this (channel granularity); "
        "auto: of 16 in layers of 64 channels or more, of 8 from 32 on, of 4 below.",
    )
    target: Literal["units", "parameters", "macs"] = Field(
        "units", description="What the sparsity is a share of: units, prunable parameters, or MACs."
    )

    @field_validator("multiple", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        """A command line gives numbers as text, which a choice of numbers would not read."""
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @abstractmethod
    def removed(self, budget: Budget) -> np.ndarray:
        """Units removed, ``(groups, levels)`` int64, within the budget's bounds and never falling with the level."""


def other_masks(recipe: Sequence[Any]) -> bool:
    """Whether the last step, a pruning, may find masked weights that are no whole units of its own, or lie in layers
    that it leaves alone."""
    step, before = recipe[-1], [one for one in recipe[:-1] if one.may_mask()]
    if step.granularity == "weight":
        return False  # every masked weight is a unit, whatever masked it
    if before and getattr(scorers[step.scorer](**step.options), "reason", str)():
        return True
    own = step.granularity, step.granularity_options
    return any((getattr(one, "granularity", ""), getattr(one, "granularity_options", {})) != own for one in before)


scorers: Registry[Criterion] = Registry("scorer", "pruning.criteria.scorers")


granularities: Registry[Granularity] = Registry("granularity", "pruning.criteria.granularities")


allocations: Registry[Allocation] = Registry("allocation", "pruning.criteria.allocations")
