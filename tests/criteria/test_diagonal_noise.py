"""How far Hutchinson's diagonal is from the exact one: what OBD's text says of its draws."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.criteria.kinds import scorers
from pruning.network.curvature import hessian_diagonal
from tests.helpers.brute import hessian, images_of, line, scene

pytestmark = pytest.mark.usefixtures("images")


class Pooled(nn.Module):
    """On images of 7x7 pixels, in float64."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers.double()

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(F.avg_pool2d(x.double(), 4))


def mlp() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(49, 12), nn.ReLU(), nn.Linear(12, 10))


def cnn() -> nn.Sequential:
    first, second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 8, 3, stride=2)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Flatten(), nn.Linear(72, 6), nn.Linear(6, 10))


def trained(make: Callable[[], nn.Sequential]) -> nn.Module:
    """Near a minimum, as OBD assumes."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Pooled(make())
        x, y = images_of(60)
        steps = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(100):
            steps.zero_grad()
            F.cross_entropy(model(x), y).backward()
            steps.step()
    return model.eval()


@pytest.mark.parametrize(("make", "said"), [(mlp, (0.8, 0.25, 0.06)), (cnn, (1.8, 0.8, 0.2))])
def test_eight_draws_are_mostly_noise_and_a_thousand_are_not(
    make: Callable[[], nn.Sequential], said: tuple[float, ...]
) -> None:
    model = trained(make)
    exact = hessian(model, *images_of(60))[0].diagonal()
    missed = []
    for draws in (8, 64, 1000):
        found = line(hessian_diagonal(scene(model), 60, draws))
        missed.append(float((found - exact).norm() / exact.norm()))
    assert missed[0] > missed[1] > missed[2]
    assert missed == pytest.approx(said, rel=0.25)


def test_the_card_says_so() -> None:
    assert "mostly noise" in scorers["obd"].fails and "not the level" in scorers["synflow"].fails
