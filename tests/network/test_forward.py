"""Answers by the fast roads are those of the layers themselves, bit for bit, and nothing is hidden on the way."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from pruning.common.memory import Recent
from pruning.network import forward as inference
from pruning.network.forward import Resting, forward_of
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ["lenet_300_100", "lenet_5"])
@pytest.mark.parametrize("level", [0, 900, 1000])
@pytest.mark.parametrize("count", [1, 37, 100])
def test_pruned_networks_answer_with_the_same_bits(name: str, level: int, count: int) -> None:
    model = state_of(Base(model=name), (Prune(sparsity=level),)).model.eval()
    images = noise(count, 1, 28, 28)
    images[:, :, :14] = images.amin()  # dark halves: many equal values in one window
    with torch.inference_mode():
        forward = forward_of(model)
        assert forward is not model and (not isinstance(forward, Resting) or forward._exact(images))
        assert torch.equal(forward(images), model(images))


@settings(max_examples=30, deadline=None)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    count=st.integers(1, 30),
    last=st.booleans(),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_dense_chains_of_any_width(widths: list[int], count: int, last: bool, bias: bool, seed: int) -> None:
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(n_in, n_out, bias), nn.ReLU()]
    model = nn.Sequential(*(layers if last else layers[:-1]))
    images = noise(count, 1, 1, widths[0], seed=seed)
    before = images.clone()
    with torch.inference_mode():
        forward = forward_of(model)
        assert forward is not model and torch.equal(forward(images), model(images))
    assert torch.equal(images, before)


class Own(nn.Linear):
    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values) + 1


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 2)),
        nn.Sequential(),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.ReLU(), nn.ReLU()),
        nn.Sequential(nn.Flatten(2), nn.Linear(4, 2)),
        nn.Sequential(nn.Flatten(), Own(4, 2)),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.Dropout()),
        nn.Linear(4, 2),
    ],
    ids=str,
)
def test_what_is_no_such_chain_is_computed_as_it_is(model: nn.Module) -> None:
    assert forward_of(model) is model


@pytest.mark.parametrize("name", ["lenet_300_100", "lenet_5"])
def test_layers_that_somebody_watches_are_asked_themselves(name: str) -> None:
    model = initial(name, 0)
    seen: list[int] = []
    handle = next(model.children()).register_forward_hook(lambda *_: seen.append(0))
    with torch.inference_mode():
        forward_of(model)(noise(2, 1, 28, 28))
    assert seen == [0]
    handle.remove()
    assert forward_of(model) is not model


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), 1e38])
def test_what_is_no_number_is_no_number_here_either(broken: float) -> None:
    images, model = noise(8, 1, 28, 28), initial("lenet_5", 0)
    with torch.inference_mode():
        forward = forward_of(model)
        assert isinstance(forward, Resting) and forward._exact(images)  # while all was well
        model.get_submodule("conv1").weight.data.fill_(broken)  # type: ignore[union-attr]
        assert torch.equal(forward_of(model)(images).isnan(), model(images).isnan())
        assert not forward_of(model)(images).isfinite().all()


def test_a_shape_is_tried_once_and_one_that_gives_other_bits_is_computed_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[bool] = []
    real = Resting._tried
    monkeypatch.setattr(Resting, "_tried", lambda self, images: (tried.append(real(self, images)), tried[-1])[1])
    model, images = initial("lenet_5", 0), noise(4, 1, 28, 28)
    empty = copy.deepcopy(model)
    for parameter in empty.parameters():
        parameter.data.zero_()  # alike in any order of sums: what holds of it says nothing
    with torch.inference_mode():
        for one in (empty, model, initial("lenet_5", 1)):
            assert torch.equal(forward_of(one)(images), one(images))
        assert tried == [True]
        fast = Resting._fast
        monkeypatch.setattr(Resting, "_fast", lambda self, images: fast(self, images) * (1 + 1e-6))
        monkeypatch.setattr(inference, "_exact", Recent(8))
        assert not forward_of(empty)._exact(images) and tried == [True, False]  # type: ignore[union-attr]
        assert torch.equal(forward_of(model)(images), model(images)) and len(tried) == 2


def test_a_layer_that_stands_twice_is_computed_twice() -> None:
    rectified, square = nn.ReLU(), nn.Linear(6, 6)
    dense = nn.Sequential(nn.Flatten(), square, rectified, square, rectified, nn.Linear(6, 2))
    pooled = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        rectified,
        pool := nn.MaxPool2d(2),
        nn.Conv2d(2, 2, 3),
        rectified,
        pool,
        nn.Flatten(),
        nn.Linear(18, 2),
    )
    with torch.inference_mode():
        for model, images in ((dense, noise(5, 1, 2, 3)), (pooled, noise(5, 1, 16, 16))):
            forward = forward_of(model)
            assert forward is not model and torch.equal(forward(images), model(images))
