"""Train: the weights that are left, under their masks; continued from its last checkpoint where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import model_validator

from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.registry import Entry
from pruning.common.spec import Step, named
from pruning.common.validation import options_of
from pruning.steps.kinds import steps
from pruning.training.kinds import dynamics
from pruning.training.options import TrainingOptions

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Train(TrainingOptions, Step):
    """Train the weights that are left, on training images; every masked weight stays zero."""

    name = "train"
    label = "Train"
    rank = 80

    version: ClassVar[int] = 2
    kind: Literal["train"] = "train"

    @model_validator(mode="after")
    def _during(self) -> Train:
        entry = dynamics[self.during]
        object.__setattr__(self, "during_options", options_of(f"'{self.during}'", entry, self.during_options))
        return self

    def may_mask(self) -> bool:
        return self.during != "static"

    def uses(self) -> dict[str, type[Entry]]:
        return named("during", dynamics[self.during], self.during_options)

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state after training; with a shelf (file storage), an interrupted training continues from there.

        Raises:
            Missing: there are no training images for this model.
            Cancelled: through ``progress``; what was saved stays.
            StoreError: a checkpoint cannot be kept: the disk is full, say.
        """
        from pruning.training.trainings import together

        (after,) = together([(self, state, key)], [progress], shelf)
        return after

    def words(self) -> str:
        taught = f", {100 * self.mixing:g} % of the loss from the dense network (temperature {self.temperature:g})"
        aware = f" ({dynamics[self.during].label.lower()})" if self.during != "static" else ""
        half = ", layers in bfloat16" if self.precision == "bfloat16" else ""
        half += ", convolutions as products of matrices" if self.convolution == "products" else ""
        return (
            f"Train {self.steps:,} steps of {self.batch} images{aware}, {self.optimiser.upper()}, learning rate "
            f"{self.lr:g}, {self.schedule.replace('_', ' ')}{half}{taught if self.teacher == 'dense' else ''}."
        )
