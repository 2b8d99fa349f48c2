"""Regression: a number, or several, for each row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.errors import Incompatible
from pruning.tasks.kinds import Task, tasks

if TYPE_CHECKING:
    from torch import Tensor


@tasks.register
class Regression(Task):
    """Outputs are numbers ``(n, numbers)``, targets the same, or ``(n,)`` where it is one; the loss is the mean squared
    error."""

    name = "regression"
    label = "Regression"
    summary = "A number for each row of numbers."
    unit = "rows"
    measured = "root mean squared error"
    better = "lower"
    rank = 30

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.quality(outputs, targets).sum()

    def loss(self, outputs: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
        if temperature != 1.0:
            raise Incompatible(
                "A temperature divides scores of classes, and regression has none: choose temperature 1."
            )
        return (outputs.reshape(targets.shape) - targets).square().mean()

    def quality(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The squared error, its mean where an example has several numbers."""
        wrong = (outputs.reshape(targets.shape) - targets).square()
        single = wrong.dim() < outputs.dim()  # outputs carry a last dimension of one number that targets lack
        return wrong if single else wrong.mean(-1)

    def summary_of(self, total: float, count: int) -> float:
        """The root of the mean squared error."""
        return (total / count) ** 0.5

    def details(self, total: float, split: Any, count: int) -> dict[str, Any]:
        """R²: 1 minus the squared errors over those of the mean."""
        spread = float(split.labels[:count].double().view(count, -1).var(0, correction=0).mean()) * count
        return {"r2": 1 - total / spread if spread else None}

    def distillation(self, outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """The mean squared distance to the teacher's numbers; there is nothing to be softened."""
        return (outputs - teacher).square().mean()

    def show(self, split: Any, position: int) -> dict[str, Any]:
        return {"row": split.row(position)}
