"""Multiply-accumulates: closed forms, published numbers, and the share that meets a kept weight."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pruning.common.progress import Desk
from pruning.measures.kinds import measures
from pruning.network.macs import macs
from pruning.network.weights import prunable
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from pruning.zoo.vision import torchvision
from tests.helpers.networks import small, state


def on_meta(name: str) -> State:
    """The network without numbers: nothing is drawn, nothing takes memory."""
    try:
        torchvision()
    except ImportError as error:
        pytest.skip(str(error))
    with torch.device("meta"):
        model = models[name]().build().eval()
    return State(Base(model=name, mark="init"), "key", model, tuple(prunable(model)))


def counted(of: State) -> tuple[dict[str, float], float]:
    return macs(of.model, of.base.input_shape)


def test_lenet_300_100() -> None:
    per_layer, whole = counted(state_of(Base(), ()))
    assert per_layer == {"fc1.weight": 784 * 300, "fc2.weight": 300 * 100, "fc3.weight": 100 * 10}
    assert whole == 266_200


def test_lenet_5() -> None:
    per_layer, whole = counted(state_of(Base(model="lenet_5"), ()))
    assert per_layer == {
        "conv1.weight": 28 * 28 * 6 * 25,
        "conv2.weight": 10 * 10 * 16 * 6 * 25,
        "fc1.weight": 400 * 120,
        "fc2.weight": 120 * 84,
        "fc3.weight": 84 * 10,
    }
    assert whole == sum(per_layer.values()) == 416_520


def test_groups() -> None:
    per_layer, whole = counted(state(small()))
    assert per_layer["conv2.weight"] == 2 * 2 * 8 * 2 * 9  # 2x2 places, 8 filters over 2 of 4 channels, 3x3
    assert whole == sum(per_layer.values()) == 6 * 6 * 4 * 25 + 576 + 32 * 12 + 120


def test_resnet18_of_torchvision() -> None:
    per_layer, whole = counted(on_meta("resnet18"))
    assert whole == sum(per_layer.values()) == 1_814_073_344  # 1.814 G, as torchvision publishes
    assert per_layer["conv1.weight"] == 112 * 112 * 64 * 3 * 49


def test_attention_reads_weights_of_modules_that_are_never_called() -> None:
    per_layer, whole = counted(on_meta("vit_b_16"))
    block = "encoder.layers.encoder_layer_3.self_attention"
    assert per_layer[f"{block}.in_proj_weight"] == 197 * 768 * 3 * 768
    assert per_layer[f"{block}.out_proj.weight"] == 197 * 768 * 768
    assert whole - sum(per_layer.values()) == 12 * 2 * 197 * 197 * 768  # queries by keys, and by values
    assert whole == pytest.approx(17.56e9, rel=1e-3)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.one, self.two, self.three = nn.Flatten(), nn.Linear(784, 9), nn.Linear(9, 9), nn.Linear(9, 9)
        self.three.weight = self.two.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(self.flat(x))
        return self.two(self.three(self.two(x)))


def test_a_tied_weight_is_read_each_time() -> None:
    per_layer, whole = counted(state(Tied()))
    assert per_layer == {"one.weight": 784 * 9, "two.weight": 3 * 81} and whole == 784 * 9 + 3 * 81


def test_the_network_is_left_as_it_was() -> None:
    model = small()
    before = [(id(t), t.device, t.clone()) for t in [*model.parameters(), *model.buffers()]]
    counted(state(model))
    for (name, device, value), tensor in zip(before, [*model.parameters(), *model.buffers()], strict=True):
        assert (name, device) == (id(tensor), tensor.device) and torch.equal(value, tensor)


@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_macs_that_meet_a_kept_weight(allocation: str) -> None:
    after = state_of(Base(model="lenet_5"), (Prune(sparsity=900, allocation=allocation),))
    per_layer, whole = counted(after)
    found = measures["size"]().measure(after, Desk())
    densities = {name: float(mask.float().mean()) for name, mask in after.masks.items()}
    assert found["macs"] == whole
    assert found["nonzero_macs"] == round(sum(per_layer[n] * densities[n] for n in per_layer))


def test_products_without_a_weight_stay_when_all_weights_go() -> None:
    base = Base(model="vit_small", mark="init")
    found = measures["size"]().measure(state_of(base, (Prune(sparsity=1000),)), Desk())
    assert found["nonzero_macs"] == 4 * 2 * 50 * 50 * 64  # four blocks, fifty tokens
