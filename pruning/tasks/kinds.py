"""The base class of tasks, with all that a task declares about itself, and their registry.

A task is the only place that knows what a batch is and what a network is asked for: everything else says
``task.forward``, ``task.loss``, ``task.quality`` and ``task.show``. It has a file of its own; torch is imported inside
its functions. Tensors: ``inputs`` ``(n, …)`` and ``targets`` ``(n, …)`` are what a split gives, ``outputs`` what the
network gives; where several networks compute at once, outputs and targets have the networks as an additional first
dimension.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pruning.common.errors import Incompatible
from pruning.common.registry import Entry, Registry
from pruning.tasks.outputs import tensor_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Task(Entry):
    """What a network is for."""

    unit: ClassVar[str] = "examples"
    """The noun for what a split holds, in the plural; enters sentences."""
    measured: ClassVar[str]
    """Name of the quality, with its unit where it has one: "accuracy"."""
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    """Which of two qualities is the better one."""
    classes: ClassVar[bool] = False
    """Whether outputs are scores of classes, so that there are right answers, confidences and confusions."""
    any_data: ClassVar[bool] = False
    """Whether a network is measured on any data of its task, whatever it was trained on: any text has a next token."""

    def forward(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """The network's outputs for a batch: a tensor, the first one where it returns several."""
        return tensor_of(model(inputs))

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
        """What training makes small: the mean over a batch, a number, of outputs divided by the temperature first.

        Raises:
            Incompatible: a temperature other than 1, where outputs are no scores.
        """

    @abstractmethod
    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The sum of the loss over a batch, a number."""

    @abstractmethod
    def quality(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What is added up over examples to say how good the network is, for each one: whether it is right (bool), or a
        squared error. ``summary_of`` makes the reported number of the sum."""

    def summary_of(self, total: float, count: int) -> float:
        """The reported quality, made of the sum of ``quality`` over so many examples."""
        return total / count

    def details(self, total: float, split: Any, count: int) -> dict[str, Any]:
        """What else is reported of a sum of ``quality`` over the first ``count`` examples of a split."""
        return {}

    def distillation(self, outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """How far outputs are from the teacher's, as a part of the loss: a number."""
        raise Incompatible(f"There is no distillation for {self.label.lower()} here.")

    def slopes(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """For R networks at once: each one's mean loss ``(R,)``, and the gradient at its outputs, ``(R, n, …)``."""
        import torch

        outputs = outputs.detach().requires_grad_()
        losses = torch.stack([self.loss(own, true) for own, true in zip(outputs, targets, strict=True)])
        losses.sum().backward()
        assert outputs.grad is not None
        return losses.detach(), outputs.grad

    def augment(self, inputs: Tensor, crop: int, flip: bool, lowest: float, generator: torch.Generator) -> Tensor:
        """The batch as training sees it, changed by chance where that is asked for.

        Raises:
            Incompatible: shifts or mirror images of what is no image.
        """
        if crop or flip:
            raise Incompatible(
                f"Shifts and mirror images are for images, not for {self.unit}: leave crop and flip out."
            )
        return inputs

    def size(self, shape: tuple[int, ...]) -> str:
        """The shape of an example in words: "28x28 pixels in grey"."""
        return f"{'x'.join(map(str, shape))} numbers"

    def need_classes(self, model: str) -> None:
        """Raise ``Incompatible`` where there are no right and wrong answers to be counted."""
        if not self.classes:
            raise Incompatible(
                f"{model} is for {self.label.lower()}: there are no right answers to be counted. Measure its quality "
                f"({self.measured}) instead."
            )

    def noted(self, name: str, loss: float, total: float, count: int) -> dict[str, Any]:
        """What a look at a training keeps of one part of the data (``name``: train, validation): mean loss, quality."""
        return {f"{name}_loss": loss, f"{name}_quality": self.summary_of(total, count), f"{name}_count": count}

    @abstractmethod
    def show(self, split: Any, position: int) -> dict[str, Any]:
        """One example for people to look at: ``picture`` (uint8), ``row`` (numbers by name) or ``text``."""


tasks: Registry[Task] = Registry("task", "pruning.tasks")
