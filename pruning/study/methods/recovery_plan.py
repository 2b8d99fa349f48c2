"""What all strategies of one comparison share: the pruning, the budget of training, its schedule."""

from __future__ import annotations

from pydantic import Field, model_validator

from pruning.common.errors import BadValue
from pruning.common.spec import Spec
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.training.schedules import Growth


class RecoveryPlan(Spec):
    """What all compared ways share; ``fine.steps`` is everybody's budget."""

    prune: Prune
    fine: Train
    peak: float = Field(0.1, gt=0, le=10, description="Highest learning rate of the original training.")
    rounds: int = Field(5, ge=2, le=50, description="Rounds of iterative pruning.")
    growth: Growth = Field("geometric", description="How sparsity grows over the rounds.")
    temperature: float = Field(4.0, gt=0, le=100, description="Of distillation.")
    mixing: float = Field(0.5, ge=0, le=1, description="Share of the teacher in the loss.")
    penalty: float = Field(1e-4, gt=0, le=1, description="Weight of a penalty on channels in the loss.")
    begins: float = Field(0.0, ge=0, le=0.9, description="Share of the steps before gradual pruning begins.")
    ends: float = Field(0.7, gt=0, le=1, description="Share of the steps at which it is at the asked sparsity.")
    every: int = Field(20, ge=1, le=10_000, description="Steps between two prunings of gradual pruning.")

    @model_validator(mode="after")
    def _ordered(self) -> RecoveryPlan:
        if self.begins >= self.ends:
            raise BadValue(f"Gradual pruning ends (at {self.ends:g} of the steps) after it begins ({self.begins:g}).")
        return self

    @property
    def again(self) -> Train:
        """The whole original learning-rate schedule, compressed into the same steps."""
        from pruning.study.methods.defaults import original

        return original(self.fine, self.peak)
