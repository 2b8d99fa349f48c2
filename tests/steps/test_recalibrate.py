"""Recalibration changes the norm statistics, and these alone, to the average over batches of training images."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible, Missing
from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.fold import state_of
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.networks.resnet import SmallImageResNet
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def recalibrated(model: nn.Module, samples: int = 250, seed: int = 0) -> State:
    return state(model).after(Recalibrate(samples=samples, seed=seed), "after", quiet)


def test_statistics_are_the_average_over_the_batches(images: Images) -> None:
    model = SmallImageResNet(n=1, width=4).eval()
    found = recalibrated(model).model
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 250, 0)
    batches = [x[:83], x[83:166], x[166:]]
    other = copy.deepcopy(model)
    norms = {n: m for n, m in other.named_modules() if isinstance(m, nn.BatchNorm2d)}
    seen: dict[str, list[Tensor]] = {}
    for norm in norms.values():
        norm.train()
        norm.momentum = 1.0  # the statistics of the last batch alone
    for batch in batches:
        with torch.no_grad():
            other(batch)
        for name, norm in norms.items():
            for what in ("running_mean", "running_var"):
                seen.setdefault(f"{name}.{what}", []).append(getattr(norm, what).clone())
    assert len(seen) == 2 * 9
    for name, values in seen.items():
        torch.testing.assert_close(found.state_dict()[name], torch.stack(values).mean(0), rtol=1e-4, atol=1e-5)


def test_nothing_but_the_statistics_changes(images: Images) -> None:
    model = small()
    model.norm.momentum = 0.37
    before = snapshot(model)
    start = state(model)
    after = start.after(Recalibrate(samples=100), "after", quiet)
    assert same(snapshot(start.model), before)
    for name, tensor in after.model.state_dict().items():
        assert torch.equal(tensor, before[name]) is not name.endswith(STATISTICS), name
    assert after.model.norm.momentum == 0.37 and not any(m.training for m in after.model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in after.model.modules())


def test_masks_and_ranking_go_on(images: Images) -> None:
    base = Base(model="resnet_20", mark="init")
    pruned = state_of(base, (Prune(sparsity=700),))
    after = state_of(base, (Prune(sparsity=700), Recalibrate(samples=20)))
    assert same(after.masks, pruned.masks) and same(after.weights, pruned.weights)
    assert after.plan is pruned.plan and after.parent is pruned


def test_only_training_images_are_used_and_dropout_stays_off(images: Images) -> None:
    first, again = recalibrated(small()), recalibrated(small())
    assert set(images.asked) == {"train"}
    assert same(snapshot(first.model), snapshot(again.model))
    other = recalibrated(small(), seed=1)
    assert not torch.equal(first.model.norm.running_mean, other.model.norm.running_mean)


class Affine(nn.Module):
    """A dense layer and its norm, so that the statistics are known in closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.fc, self.norm = nn.Flatten(), nn.Linear(784, 6), nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.fc(self.flat(x)))


def test_statistics_follow_halved_weights_in_closed_form(images: Images) -> None:
    torch.manual_seed(0)
    right = recalibrated(Affine().eval()).model
    with torch.no_grad():
        right.fc.weight.mul_(0.5)  # as if pruning had halved what comes in: mean and variance are wrong now
    wrong = snapshot(right)
    after = recalibrated(right).model
    bias = right.fc.bias.detach()
    torch.testing.assert_close(after.norm.running_mean, (wrong["norm.running_mean"] - bias) / 2 + bias)
    torch.testing.assert_close(after.norm.running_var, wrong["norm.running_var"] / 4)
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 250, 0)
    with torch.no_grad():
        out = after(x)
    torch.testing.assert_close(out.mean(0), torch.zeros(6), rtol=0, atol=0.02)
    torch.testing.assert_close(out.var(0), torch.ones(6), rtol=0, atol=0.05)


@pytest.mark.parametrize("samples", [101, 102])
def test_a_small_last_batch_has_no_large_weight(samples: int, images: Images) -> None:
    """Of 102 images a batch of two would make half of the average."""
    found = recalibrated(small(), samples=samples).model.norm
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), samples, 0)
    with torch.no_grad():
        seen = small().conv1(x).transpose(0, 1).flatten(1)
    torch.testing.assert_close(found.running_mean, seen.mean(1), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.running_var, seen.var(1), rtol=1e-2, atol=1e-4)


def test_a_network_without_batch_norm() -> None:
    with pytest.raises(Incompatible, match="lenet_5 has no BatchNorm"):
        state_of(Base(model="lenet_5"), (Recalibrate(),))


def test_images_that_the_weights_do_not_know() -> None:
    base = Base(model="resnet_20", mark="init", data="cifar10")
    with pytest.raises(Missing, match="32x32 pixels in colour"):
        state_of(base, (Recalibrate(),))


def test_one_image_has_no_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    one = zoo_data.TensorSplit(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1).long(), (0.0,), (1.0,))
    monkeypatch.setattr(zoo_data, "load", lambda *_: one)
    with pytest.raises(Missing, match="two training images"):
        recalibrated(small())
