"""Convolutions as products of matrices: autograd's gradients, replicates bit for bit as alone, masks, checkpoints."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training import kernel as kernels
from pruning.training.kernel import Alone, Together, as_products, fit_together, kernel_of
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from pruning.zoo.kinds import models as model_registry
from tests.helpers import replicates
from tests.helpers.invented import Images
from tests.helpers.networks import same, snapshot

BASE = {"steps": 6, "batch": 20, "lr": 0.02, "validation": 40, "looks": 2, "convolution": "products"}
IMAGE = (1, 28, 28)


def pruned(level: int, seed: int = 0) -> State:
    return replicates.pruned(state_of(Base(model="lenet_5", seed=seed, mark="init"), ()), level, seed)


@settings(max_examples=30, deadline=None)
@given(
    channels=st.integers(1, 3),
    maps=st.integers(1, 4),
    kernel=st.integers(1, 4),
    padding=st.integers(0, 2),
    pool=st.integers(1, 3),
    size=st.integers(8, 11),
    relu_first=st.booleans(),
    batch=st.integers(1, 5),
)
def test_gradients_are_autograd_s_in_double_precision(
    channels: int, maps: int, kernel: int, padding: int, pool: int, size: int, relu_first: bool, batch: int
) -> None:
    torch.manual_seed(0)
    after = [nn.ReLU(), nn.MaxPool2d(pool)]
    chain = [
        nn.Conv2d(channels, maps, kernel, padding=padding),
        *(after if relu_first else after[::-1]),
        nn.Conv2d(maps, 2, 2),
        nn.Flatten(),
    ]
    images = torch.randn(2, batch, channels, size, size + 1).double()
    width = nn.Sequential(*chain)(images[0].float()).shape[1]
    models = [nn.Sequential(*copy.deepcopy(chain), nn.Linear(width, 3)).double() for _ in range(2)]
    for model in models:
        nn.init.normal_(model[0].weight)
    originals = copy.deepcopy(models)
    made = Together(models)
    logits = made.logits(images)
    made.backward(2 * logits)  # of the sum of squares
    for number, (model, original) in enumerate(zip(models, originals, strict=True)):
        expected = original(images[number])
        torch.testing.assert_close(logits[number], expected.detach())
        expected.square().sum().backward()
        for own, usual in zip(model.parameters(), original.parameters(), strict=True):
            torch.testing.assert_close(own.grad, usual.grad)


def test_a_gradient_goes_to_the_first_of_equal_places_as_torch_s_does() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    images = torch.randint(0, 2, (1, 6, 1, 4, 4), generator=torch.Generator().manual_seed(0)).float()
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[0].bias.fill_(0.5)
    original = copy.deepcopy(model)
    made = Together([model])
    made.backward(torch.ones_like(made.logits(images)))
    original(images[0]).sum().backward()
    assert torch.equal(model[0].weight.grad, original[0].weight.grad)
    assert torch.equal(model[0].bias.grad, original[0].bias.grad)


@pytest.mark.parametrize("name", model_registry.names())
def test_the_registry_knows_which_models_can(name: str) -> None:
    entry = model_registry[name]
    if entry.embedded:
        model = entry().build()
        assert entry.products == (as_products(model, True) and not as_products(model, False))


def test_only_where_it_is_asked_for_and_the_network_is_such_a_chain() -> None:
    model = initial("lenet_5", 0)
    assert isinstance(kernel_of([model]), Alone) and isinstance(kernel_of([model], True, True), Alone)
    assert isinstance(kernel_of([initial("resnet_20", 0)], products=True), Alone)
    assert isinstance(kernel_of([model], products=True), Together)
    for stranger in (
        nn.Conv2d(1, 2, 3, stride=2),
        nn.Conv2d(2, 2, 3, groups=2),
        nn.Conv2d(1, 2, 3, bias=False),
        nn.Conv2d(1, 2, 3, padding="same"),
        nn.MaxPool2d(3, 2),
        nn.Linear(2, 2),
    ):
        assert not as_products(nn.Sequential(nn.Conv2d(1, 2, 3), stranger), True)


@pytest.mark.parametrize("batch", [60, 100, 128])
def test_the_embedded_network_fits_together_at_usual_batch_sizes(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [initial("lenet_5", seed) for seed in range(12)]
    assert fit_together(models, batch, IMAGE, True) and not fit_together(models, batch, IMAGE)
    monkeypatch.setattr(kernels, "IMAGES", 12 * batch - 1)
    assert not fit_together(models, batch, IMAGE, True) and fit_together(models[:1], batch, IMAGE, True)


@pytest.mark.parametrize(
    ("optimiser", "during", "teacher"),
    [
        ("sgd", "static", "none"),
        ("adam", "static", "dense"),
        ("adam", "gradual", "none"),
        ("sgd", "rigl", "none"),
        ("sgd", "group_lasso", "none"),
    ],
)
def test_together_is_alone_bit_for_bit(optimiser: str, during: str, teacher: str, images: Images) -> None:
    specs = [
        Train.model_validate({**BASE, "optimiser": optimiser, "during": during, "teacher": teacher, "seed": seed})
        for seed in (0, 0, 1)
    ]
    specs[2] = specs[2].model_copy(update={"steps": 4, "lr": 0.01})  # ends before the others, at its own rate
    replicates.are_bit_for_bit_as_alone(specs, [pruned(500), pruned(800), pruned(900, 1)])


def test_one_that_diverges_stops_alone(images: Images) -> None:
    train = Train.model_validate(BASE)
    replicates.one_that_diverges_stops_alone(train, train, pruned)


def test_cancelled_together_goes_on_bit_for_bit(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [(Train.model_validate({**BASE, "seed": seed}), pruned(500), str(seed)) for seed in (0, 1)]
    replicates.cancelled_ones_go_on_bit_for_bit(works, 4, monkeypatch)


def test_keys_are_as_before_where_nothing_is_asked_for_and_both_ways_learn_the_same(images: Images) -> None:
    products = Train.model_validate({**BASE, "steps": 20})
    direct = Train.model_validate({**BASE, "steps": 20, "convolution": "direct"})
    assert "convolution" not in direct.key_part()[2] and products.key_part() != direct.key_part()
    one, other = (pruned(500).after(train, "a", quiet) for train in (products, direct))
    assert not same(snapshot(one.model), snapshot(other.model))  # sums in another order
    assert one.trace[0]["train_loss"] == pytest.approx(other.trace[0]["train_loss"], rel=1e-4)
