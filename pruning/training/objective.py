"""What training minimises: the cross-entropy, with the teacher's part and a penalty where there are some."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.state import State
from pruning.training.kinds import Dynamics
from pruning.training.options import TrainingOptions
from pruning.training.session import Session


class Objective:
    """What one network minimises."""

    def __init__(self, session: Session, dynamics: Dynamics) -> None:
        self.session, self.dynamics = session, dynamics
        self.teacher = _teacher(session.state) if session.spec.teacher == "dense" else None
        self.plain = self.teacher is None and type(dynamics).penalty is Dynamics.penalty

    def __call__(self, logits: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The objective; and the bare cross-entropy, which is noted, so that curves of different ways of training show
        one quantity."""
        objective = bare = F.cross_entropy(logits, labels)
        if self.teacher is not None:
            mixing = self.session.spec.mixing
            objective = (1 - mixing) * bare + mixing * _distilled(logits, self.teacher, images, self.session.spec)
        penalty = self.dynamics.penalty(self.session)
        return objective if penalty is None else objective + penalty, bare


def evaluated(
    objectives: Sequence[Objective], logits: Tensor, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Objectives and bare cross-entropies ``(R,)`` of R networks, and the gradient at their logits.

    A penalty's gradient is left at the weights. What has none, and no teacher, is done at once for all networks, with
    the numbers that each would have alone.

    Args:
        logits: ``(R, B, classes)``, without a graph.
        images: ``(R, B, C, H, W)``; seen by teachers alone.
        labels: ``(R, B)``.
    """
    logits = logits.detach()
    if all(one.plain for one in objectives):
        chances = logits.log_softmax(2)
        bare = torch.stack([F.nll_loss(own, true) for own, true in zip(chances, labels, strict=True)])
        slope = torch.zeros_like(chances).scatter_(2, labels.unsqueeze(2), -1 / labels.shape[1])
        return bare, bare, torch._log_softmax_backward_data(slope, chances, 2, chances.dtype)
    logits.requires_grad_()
    pairs = [
        one(own, seen, true) for one, own, seen, true in zip(objectives, logits.unbind(), images, labels, strict=True)
    ]
    whole, bare = (torch.stack(parts) for parts in zip(*pairs, strict=True))
    # The gradient of the sum is each network's own: none depends on another's weights.
    whole.sum().backward()
    assert logits.grad is not None
    return whole.detach(), bare.detach(), logits.grad


def _distilled(logits: Tensor, teacher: nn.Module, images: Tensor, spec: TrainingOptions) -> Tensor:
    """T² KL(teacher || student) at temperature T (Hinton et al. 2015, section 2)."""
    with torch.no_grad():
        soft = (teacher(images) / spec.temperature).log_softmax(1)
    own = (logits / spec.temperature).log_softmax(1)
    return spec.temperature**2 * F.kl_div(own, soft, log_target=True, reduction="batchmean")


def _teacher(state: State) -> nn.Module:
    """The trained dense network of the same model and seed."""
    from pruning.zoo.checkpoints import load_model

    device = next(state.model.parameters()).device
    return load_model(state.base.model, state.base.seed, "dense").to(device).eval()
