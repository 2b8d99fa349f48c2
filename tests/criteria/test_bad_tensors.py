"""Weights and scores that cannot be used are refused by name, in one sentence."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Missing
from pruning.criteria.kinds import Scorer, scorers
from pruning.network.devices import check_device
from pruning.network.scene import Scene
from pruning.network.weights import check_finite
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial, load_model
from tests.helpers.networks import small

FOLD = importlib.import_module("pruning.study.fold")  # the attribute pruning.study.run is the function


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["fc1.weight", "fc2.bias"])
def test_weights_that_are_not_finite(name: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = initial("lenet_300_100", 0)
    model.state_dict()[name].view(-1)[3] = value
    monkeypatch.setattr(FOLD, "load_model", lambda *_: model)
    with pytest.raises(BadTensor, match=f"Weight '{name}' holds NaN or infinite"):
        state_of(Base(), ())


def test_statistics_that_are_not_finite() -> None:
    model = small()
    model.norm.running_var[0] = float("nan")
    with pytest.raises(BadTensor, match="norm.running_var"):
        check_finite(model)


Change = Callable[[dict[str, Tensor]], dict[str, Tensor]]


def scored(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state after pruning with the magnitudes that ``change`` spoilt."""

    class Spoilt(Scorer):
        name, label, formula, idea, cost, fails = "spoilt", "Spoilt", "", "", "", ""

        def score(self, scene: Scene) -> dict[str, Tensor]:
            return change({name: weight.abs() for name, weight in scene.weights.items()})

    list(scorers)
    monkeypatch.setitem(scorers._entries, "spoilt", Spoilt)
    state_of(Base(), (Prune(scorer="spoilt"),))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: s | {"fc2.weight": s["fc2.weight"] * float("nan")}, "scores of layer 'fc2.weight' are NaN"),
        (lambda s: s | {"fc2.weight": s["fc2.weight"] / 0.0}, "scores of layer 'fc2.weight' are NaN or infinite"),
        (
            lambda s: s | {"fc2.weight": s["fc2.weight"].t()},
            r"\(300, 100\) for weight 'fc2.weight' of shape \(100, 300\)",
        ),
        (lambda s: s | {"fc2.weight": s["fc2.weight"].sum()}, r"shape \(\) for weight 'fc2.weight'"),
        (lambda s: {n: t for n, t in s.items() if n != "fc2.weight"}, "no scores for weight 'fc2.weight'"),
    ],
)
def test_scores_that_cannot_be_ranked(change: Change, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadTensor, match=sentence):
        scored(change, monkeypatch)


def test_scores_for_more_than_the_weights_are_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    scored(lambda s: s | {"elsewhere": torch.full((3,), float("nan"))}, monkeypatch)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_a_device_that_is_not_there(device: str) -> None:
    base = Base(device=device)  # a study may be written for another machine
    with pytest.raises(Missing, match=f"no device '{device}' on this machine. Present: cpu"):
        state_of(base, ())


def test_the_device_that_is_there() -> None:
    assert check_device("cpu") == torch.device("cpu")


def test_weights_that_are_missing() -> None:
    with pytest.raises(Exception, match="no trained weights of seed 77"):
        load_model("lenet_5", 77)


def test_initial_weights_leave_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, two, three = initial("lenet_5", 1), initial("lenet_5", 1), initial("lenet_5", 2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.fc1.weight, two.fc1.weight) and not torch.equal(one.fc1.weight, three.fc1.weight)
