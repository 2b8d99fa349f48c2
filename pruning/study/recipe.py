"""A recipe: a flat tuple of steps, folded over a state. No torch."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pruning.common.spec import Step
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    AnyStep = Step
else:  # whatever registered itself; pydantic reads the kind, and says which field of which step is wrong
    AnyStep = Annotated[functools.reduce(operator.or_, (steps[name] for name in steps)), Field(discriminator="kind")]

Recipe = tuple[AnyStep, ...]
