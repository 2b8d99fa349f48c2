"""Rewind: the weights that are left go back to an earlier value; masks stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from pruning.common.errors import BadValue, Incompatible
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Rewind(Step):
    """Set the weights that are left back to an earlier value; masks stay."""

    name = "rewind"
    label = "Rewind"
    rank = 30

    kind: Literal["rewind"] = "rewind"
    mark: Literal["init", "early", "dense"] = Field("init", description="Which weights: initial, early, or trained.")
    redraw: int | None = Field(
        None, ge=0, lt=2**31, description="Draw new initial weights by this seed instead: the lottery ticket's control."
    )

    @model_validator(mode="after")
    def _one(self) -> Rewind:
        if self.redraw is not None and self.mark != "init":
            raise BadValue("New initial weights are drawn for the mark 'init' alone.")
        return self

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with all parameters and buffers as they were at the mark, bit for bit at the survivors.

        Frankle & Carbin 2019 (init), Frankle et al. 2020 (early). With ``redraw``: other initial weights.

        Raises:
            Missing: the model has no such weights here.
            Incompatible: the network has other shapes by now.
        """
        import torch

        from pruning.network.weights import apply_masks
        from pruning.steps.remove import Remove
        from pruning.steps.student import Student
        from pruning.zoo.checkpoints import initial, load_model

        if any(isinstance(before, Remove | Student) for before in state.recipe):
            raise Incompatible("Earlier weights have other shapes than this network: rewind before units are removed.")
        base, after = state.base, state.next(key)
        after.diverged = None  # all weights are replaced
        earlier = (
            load_model(base.model, base.seed, self.mark) if self.redraw is None else initial(base.model, self.redraw)
        )
        with torch.no_grad():
            after.model.load_state_dict(earlier.state_dict())
        apply_masks(after.model, after.masks)
        return after

    def words(self) -> str:
        what = {"init": "their initial", "early": "their early", "dense": "their trained"}[self.mark]
        return f"Set the weights that are left back to {what if self.redraw is None else 'new initial'} values."
