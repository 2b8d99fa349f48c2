"""Convolutions in oneDNN's layout: the same bits as torch's layers, and nothing hidden that is no number."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.network.chain import Chain, _layers
from pruning.zoo.checkpoints import initial


def gradients(way: object, model: nn.Module, images: Tensor) -> list[Tensor]:
    logits = way(images)  # type: ignore[operator]
    labels = torch.arange(len(images)) % 10
    return [logits, *torch.autograd.grad(F.cross_entropy(logits, labels), list(model.parameters()))]


@pytest.mark.parametrize("batch", [2, 60, 100])
def test_the_same_bits_as_the_layers_themselves(batch: int) -> None:
    model = initial("lenet_5", 0)
    images = torch.randn(batch, 1, 28, 28, generator=torch.Generator().manual_seed(batch))
    images[:, :, :14] = images.amin()  # dark halves: many equal values in one window
    chain = Chain(model)
    for one, other in zip(gradients(model, model, images), gradients(chain, model, images), strict=True):
        assert torch.equal(one, other)
    assert chain.same == {images.shape: True}


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), 1e38])
def test_what_is_no_number_is_no_number_here_either(broken: float) -> None:
    model = initial("lenet_5", 0)
    images = torch.randn(8, 1, 28, 28)
    chain = Chain(model)
    chain(images)  # tried while all was well
    with torch.no_grad():
        first = model.get_submodule("conv1").weight
        assert isinstance(first, Tensor)
        first.fill_(broken)
    assert torch.equal(chain(images).isfinite(), model(images).isfinite())
    assert not chain(images).isfinite().all() and not chain._bounded(images)


def test_images_that_are_no_numbers_are_found() -> None:
    images = torch.randn(8, 1, 28, 28)
    images[3, 0, 5, 5] = float("nan")
    chain = Chain(initial("lenet_5", 0))
    assert not chain._bounded(images) and not chain(images).isfinite().all()


def test_a_layer_that_gives_other_bits_is_computed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = initial("lenet_5", 0)
    images, chain = torch.randn(4, 1, 28, 28), Chain(model)
    real = Chain._fast
    monkeypatch.setattr(Chain, "_fast", lambda self, images: real(self, images) * (1 + 1e-6))
    assert torch.equal(chain(images), model(images)) and chain.same == {images.shape: False}
    odd = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2, dilation=2), nn.Flatten(), nn.LazyLinear(10))
    assert torch.equal(Chain(odd)(images), odd(images))


def test_what_is_no_chain_with_pooling_is_left_alone() -> None:
    for model in (
        initial("lenet_300_100", 0),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.ReLU()),
        nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), nn.MaxPool2d(2)),
    ):
        assert not _layers(model)
    kinds = [type(layer).__name__ for layer in _layers(copy.deepcopy(initial("lenet_5", 0)))]
    assert kinds[:6] == ["Conv2d", "MaxPool2d", "ReLU"] * 2
