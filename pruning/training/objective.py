"""What training minimises: the task's loss, with the teacher's part and a penalty where there are some."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pruning.state import State
from pruning.training.kinds import Dynamics
from pruning.training.session import Session


class Objective:
    """What one network minimises."""

    def __init__(self, session: Session, dynamics: Dynamics) -> None:
        self.session, self.dynamics, self.task = session, dynamics, session.state.base.task
        self.teacher = _teacher(session.state) if session.spec.teacher == "dense" else None
        self.plain = self.teacher is None and type(dynamics).penalty is Dynamics.penalty

    def __call__(self, outputs: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The objective; and the bare loss, which is noted, so that curves of different ways of training show one
        quantity."""
        objective = bare = self.task.loss(outputs, targets)
        if self.teacher is not None:
            mixing = self.session.spec.mixing
            objective = (1 - mixing) * bare + mixing * self._distilled(outputs, self.teacher, inputs)
        penalty = self.dynamics.penalty(self.session)
        return objective if penalty is None else objective + penalty, bare

    def _distilled(self, outputs: Tensor, teacher: nn.Module, inputs: Tensor) -> Tensor:
        """The distance to the teacher's outputs on the same batch."""
        with torch.no_grad():
            said = self.task.forward(teacher, inputs)
        return self.task.distillation(outputs, said, self.session.spec.temperature)


def evaluated(
    objectives: Sequence[Objective], outputs: Tensor, inputs: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Objectives and bare losses ``(R,)`` of R networks, and the gradient at their outputs.

    A penalty's gradient is left at the weights. What has none, and no teacher, is done at once for all networks, with
    the numbers that each would have alone.

    Args:
        outputs: ``(R, B, …)``, without a graph.
        inputs: ``(R, B, …)``; seen by teachers alone.
        targets: ``(R, B, …)``.
    """
    outputs = outputs.detach()
    if all(one.plain for one in objectives):
        bare, slopes = objectives[0].task.slopes(outputs, targets)
        return bare, bare, slopes
    outputs.requires_grad_()
    pairs = [
        one(own, seen, true) for one, own, seen, true in zip(objectives, outputs.unbind(), inputs, targets, strict=True)
    ]
    whole, bare = (torch.stack(parts) for parts in zip(*pairs, strict=True))
    # The gradient of the sum is each network's own: none depends on another's weights.
    whole.sum().backward()
    assert outputs.grad is not None
    return whole.detach(), bare.detach(), outputs.grad


def _teacher(state: State) -> nn.Module:
    """The trained dense network of the same model and seed."""
    from pruning.zoo.checkpoints import load_model

    device = next(state.model.parameters()).device
    return load_model(state.base.model, state.base.seed, "dense").to(device).eval()
