"""Student: a smaller network with fresh weights takes the trained one's place; that stays its teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from pruning.common.errors import Incompatible
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.steps.kinds import steps
from pruning.tasks.kinds import tasks
from pruning.zoo.kinds import models

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Student(Step):
    """Begin a smaller network with fresh weights in place of the trained one, which may teach it."""

    name = "student"
    label = "Student"
    rank = 70

    kind: Literal["student"] = "student"
    family: str = Field("", description="Its architecture, if another than the teacher's.")
    width: int = Field(50, ge=5, le=100, description="Channels or neurons, in per cent of the architecture's own.")
    depth: int = Field(100, ge=10, le=100, description="Blocks or hidden layers, in per cent of its own.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of its initial weights.")

    @model_validator(mode="after")
    def _known(self) -> Student:
        if self.family:
            models[self.family]
        return self

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with the untrained student: no masks, no formats; its start is still the trained network, by which
        ``Train(teacher="dense")`` distils (Hinton et al. 2015).

        Raises:
            Incompatible: the family has no relative of this size, or takes other images or classes than the teacher.
        """
        from pruning.network.passes import forward_order
        from pruning.network.weights import lay_out
        from pruning.state import Architecture, State
        from pruning.zoo.checkpoints import initial

        family = self.family or state.base.model
        one, other = models[state.base.model], models[family]
        if (one.task, one.input_shape, one.classes) != (other.task, other.input_shape, other.classes):
            raise Incompatible(
                f"A student of {one.label} takes {tasks[one.task].unit} of {'x'.join(map(str, one.input_shape))} and "
                f"has {one.classes} outputs; {other.label} does not: choose another family."
            )
        model = initial(family, self.seed, (self.width, self.depth)).to(next(state.model.parameters()).device).eval()
        lay_out(model)
        order, architecture = forward_order(model, one.input_shape), Architecture(family, self.width, self.depth)
        return State(state.base, key, model, order, parent=state, trace=state.trace, architecture=architecture)

    def words(self) -> str:
        family = f" of {models[self.family].label}" if self.family else ""
        return f"Begin a student{family}: {self.width} % of the width, {self.depth} % of the depth, new weights."
