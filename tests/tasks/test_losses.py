"""Losses, qualities and slopes of tasks, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.tasks.kinds import tasks


def drawn(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs ``(R, n, k)`` and targets of three networks."""
    generator = torch.Generator().manual_seed(3)
    outputs = torch.randn(3, 20, 5, generator=generator)
    if name == "regression":
        return outputs, torch.randn(3, 20, 5, generator=generator)
    return outputs, torch.randint(0, 5, (3, 20), generator=generator)


@pytest.mark.parametrize("name", ["image_classification", "classification", "regression"])
def test_slopes_are_the_gradients_of_each_networks_mean_loss(name: str) -> None:
    outputs, targets = drawn(name)
    task = tasks[name]()
    losses, slopes = task.slopes(outputs, targets)
    for number in range(3):
        own = outputs[number].clone().requires_grad_()
        loss = task.loss(own, targets[number])
        (gradient,) = torch.autograd.grad(loss, own)
        assert torch.equal(losses[number], loss.detach()) and torch.allclose(slopes[number], gradient, atol=1e-7)
        assert float(task.summed_loss(own, targets[number])) == pytest.approx(20 * float(loss), rel=1e-5)


def test_losses_are_those_of_torch() -> None:
    outputs, targets = (part[0] for part in drawn("classification"))
    assert torch.equal(tasks["classification"]().loss(outputs, targets, 3.0), F.cross_entropy(outputs / 3, targets))
    outputs, targets = (part[0] for part in drawn("regression"))
    assert torch.equal(tasks["regression"]().loss(outputs, targets), F.mse_loss(outputs, targets))
    with pytest.raises(Incompatible, match="temperature 1"):
        tasks["regression"]().loss(outputs, targets, 2.0)


@pytest.mark.parametrize("columns", [0, 1, 5])
def test_a_regressions_quality_adds_up_squared_errors(columns: int) -> None:
    task, generator = tasks["regression"](), torch.Generator().manual_seed(0)
    outputs = torch.randn(20, max(columns, 1), generator=generator)
    targets = torch.randn(20, *([columns] if columns else []), generator=generator)
    total = float(task.quality(outputs, targets).sum())
    assert task.quality(outputs, targets).shape == (20,)
    assert task.summary_of(total, 20) == pytest.approx(
        float(F.mse_loss(outputs.reshape(targets.shape), targets)) ** 0.5
    )


def test_right_is_the_class_of_the_highest_score() -> None:
    outputs = torch.tensor([[0.1, 0.7, 0.2], [2.0, 1.0, 0.0]])
    assert tasks["classification"]().quality(outputs, torch.tensor([1, 2])).tolist() == [True, False]


def test_distillation_is_zero_at_the_teacher_and_grows_away_from_it() -> None:
    for name in tasks:
        outputs, _ = (part[0] for part in drawn(name))
        task = tasks[name]()
        assert float(task.distillation(outputs, outputs, 4.0)) == pytest.approx(0, abs=1e-6)
        assert float(task.distillation(outputs, -outputs, 4.0)) > 0.01
