"""A recipe: a flat tuple of steps, folded over a state. No torch."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pruning.common.errors import BadValue
from pruning.common.spec import Step
from pruning.steps.kinds import steps
from pruning.steps.prune import Prune

if TYPE_CHECKING:
    AnyStep = Step
else:  # whatever registered itself; pydantic reads the kind, and says which field of which step is wrong
    AnyStep = Annotated[functools.reduce(operator.or_, (steps[name] for name in steps)), Field(discriminator="kind")]

Recipe = tuple[AnyStep, ...]


def prunes(recipe: Recipe) -> dict[int, Prune]:
    """The pruning steps of a recipe, in order, by their numbers."""
    return {number: step for number, step in enumerate(recipe) if isinstance(step, Prune)}


def level_axis(recipe: Recipe) -> str:
    """The axis of a study along which the level of its last pruning step changes: ``0.sparsity``.

    Raises:
        BadValue: the recipe prunes nothing.
    """
    if not (found := prunes(recipe)):
        raise BadValue("This recipe prunes nothing, so it has no levels.")
    return f"{max(found)}.sparsity"


def level_of(recipe: Recipe) -> int:
    """The level (per mille) at which a recipe ends: that of its last pruning step, or 0 where it prunes nothing."""
    return next((step.sparsity for step in reversed(prunes(recipe).values())), 0)
