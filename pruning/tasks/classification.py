"""Classification: one of several classes for each example, a row of a table or a sound's features, say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.tasks.kinds import Task, tasks

if TYPE_CHECKING:
    from torch import Tensor


@tasks.register
class Classification(Task):
    """Outputs are scores of classes ``(n, classes)``, targets int64 ``(n,)``; the loss is their cross-entropy."""

    name = "classification"
    label = "Classification"
    summary = "One of several classes for each row of numbers."
    unit = "rows"
    measured = "accuracy"
    classes = True
    rank = 20

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        from torch.nn import functional as F

        return F.cross_entropy(outputs, targets, reduction="sum")

    def loss(self, outputs: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
        from torch.nn import functional as F

        return F.cross_entropy(outputs if temperature == 1.0 else outputs / temperature, targets)

    def quality(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Whether the class of the highest score is the right one, bool."""
        return outputs.argmax(-1) == targets

    def distillation(self, outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """T² KL(teacher || student) at temperature T (Hinton et al. 2015, section 2)."""
        from torch.nn import functional as F

        soft = (teacher / temperature).log_softmax(1)
        own = (outputs / temperature).log_softmax(1)
        return temperature**2 * F.kl_div(own, soft, log_target=True, reduction="batchmean")

    def slopes(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """All networks at once, with the numbers that each would have alone."""
        import torch
        from torch.nn import functional as F

        chances = outputs.detach().log_softmax(2)
        losses = torch.stack([F.nll_loss(own, true) for own, true in zip(chances, targets, strict=True)])
        slope = torch.zeros_like(chances).scatter_(2, targets.unsqueeze(2), -1 / targets.shape[1])
        return losses, torch._log_softmax_backward_data(slope, chances, 2, chances.dtype)

    def noted(self, name: str, loss: float, total: float, count: int) -> dict[str, Any]:
        if name == "train":
            return {"train_loss": loss, "train_accuracy": total / count}
        return {f"{name}_loss": loss, f"{name}_correct": int(total), f"{name}_count": count}

    def show(self, split: Any, position: int) -> dict[str, Any]:
        return {"row": split.row(position)}
