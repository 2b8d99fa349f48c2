"""Classification and regression of rows: every criterion, granularity, training and quantization that makes sense."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pruning.common.errors import Incompatible, PruningError
from pruning.common.progress import Desk
from pruning.criteria.compatibility import allocations_for, fits
from pruning.criteria.kinds import granularities, scorers
from pruning.measures.kinds import measures
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.remove import Remove
from pruning.steps.student import Student
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training.kinds import dynamics
from pruning.zoo.base import Base
from pruning.zoo.data import load
from pruning.zoo.match import compatible

NETWORKS = ("row_classifier", "row_regressor")
TRAIN = Train(steps=150, batch=50, lr=0.05, validation=100, looks=3)
NEEDS_IMAGES = {"hrank", "block_influence"}


def trained(name: str) -> State:
    return state_of(Base(model=name, mark="init"), (TRAIN,))


def measure(name: str, state: State, **options: object) -> dict:
    return measures[name](**options).measure(state, Desk())


@pytest.mark.parametrize("name", NETWORKS)
def test_training_learns_the_task(name: str) -> None:
    fresh, state = state_of(Base(model=name, mark="init"), ()), trained(name)
    before, after = measure("quality", fresh), measure("quality", state)
    assert after["count"] == 200 and after["dense_quality"] == before["quality"]
    if name == "row_regressor":
        assert after["measured"] == "root mean squared error" and after["better"] == "lower"
        assert after["quality"] < before["quality"] / 3 and after["r2"] > 0.9
        assert [row["validation_quality"] for row in state.trace][-1] < 1
    else:
        assert after["measured"] == "accuracy" and after["quality"] > 0.7 > before["quality"]
        assert state.trace[-1]["validation_correct"] > 70


def test_a_regressions_quality_is_that_of_numpy() -> None:
    state = trained("row_regressor")
    inputs, targets = load("rows_of_numbers", "test").batch(0, 130)
    with torch.no_grad():
        said = state.model(inputs)[:, 0].double().numpy()
    truth = targets.double().numpy()
    found = measure("quality", state, count=130)
    assert found["quality"] == pytest.approx(np.sqrt(np.mean((said - truth) ** 2)), rel=1e-5)
    r2 = 1 - np.sum((said - truth) ** 2) / np.sum((truth - truth.mean()) ** 2)
    assert found["r2"] == pytest.approx(r2, rel=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scorer", scorers.names())
def test_every_criterion_prunes_exactly_or_says_why_not(name: str, scorer: str) -> None:
    state = trained(name)
    granularity = next(unit for unit in granularities.names() if fits(scorer, unit) is None)
    options = {"samples": 100} if "samples" in scorers[scorer].model_fields else {}
    step = Prune(
        scorer=scorer,
        options=options,
        granularity=granularity,
        sparsity=500,
        allocation=allocations_for(scorer, granularity)[0],
    )
    try:
        after = state.after(step, "pruned")
    except Incompatible as error:
        assert scorer in NEEDS_IMAGES | {"batch_norm_scale"} and str(error).endswith(".")
        return
    gone = sum(int((~mask).sum()) for weight, mask in after.masks.items() if weight in after.order)
    total = sum(weight.numel() for weight in after.weights.values())
    assert scorer not in NEEDS_IMAGES
    assert gone == round(total / 2) if granularity == "weight" else 0 < gone < total


@pytest.mark.parametrize("name", NETWORKS)
def test_gradient_criteria_are_those_of_the_tasks_loss(name: str) -> None:
    state = trained(name)
    scene = state.scene()
    inputs, targets = scene.sample(90)
    state.model.requires_grad_(True)
    outputs = state.model(inputs)
    loss = F.cross_entropy(outputs, targets) if name == "row_classifier" else F.mse_loss(outputs[:, 0], targets)
    weights = [dict(state.model.named_parameters())[weight] for weight in state.order]
    found = scene.gradients(90)
    for weight, gradient in zip(state.order, torch.autograd.grad(loss, weights), strict=True):
        assert torch.allclose(found[weight], gradient, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("granularity", granularities.names())
def test_every_granularity_applies_or_says_why_not(name: str, granularity: str) -> None:
    state = trained(name)
    options = {"m": 4} if granularity == "n_m" else {}
    step = Prune(
        granularity=granularity,
        granularity_options=options,
        sparsity=500,
        allocation=allocations_for("magnitude_l1", granularity)[0],
    )
    try:
        after = state.after(step, "pruned")
    except Incompatible as error:
        assert granularity in ("kernel", "head", "layer_block") and str(error).endswith(".")
    else:
        assert any(not bool(mask.all()) for mask in after.masks.values())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("during", dynamics.names())
def test_every_way_of_training_keeps_masks(name: str, during: str) -> None:
    pruned = trained(name).after(Prune(sparsity=600), "pruned")
    after = pruned.after(TRAIN.model_copy(update={"steps": 20, "during": during}), "after")
    assert after.diverged is None and len(after.trace) == 6
    for weight, mask in after.masks.items():
        assert not dict(after.model.named_parameters())[weight][~mask].any()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("rounding", ["nearest", "gptq"])
def test_weights_are_quantized(name: str, rounding: str) -> None:
    state = trained(name)
    after = state.after(Quantize(bits=6, rounding=rounding, samples=100), "quantized")
    before, found = measure("quality", state)["quality"], measure("quality", after)["quality"]
    assert found == pytest.approx(before, rel=0.2, abs=0.05)
    assert all(len(weight.unique(dim=None)) <= 63 * len(weight) for weight in after.weights.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_channels_go_for_good_with_the_same_outputs(name: str) -> None:
    state = trained(name)
    pruned = state.after(Prune(granularity="channel", sparsity=500, allocation="uniform"), "pruned")
    small = pruned.after(Remove(), "small")
    inputs, _ = load(models_data(name), "test").batch(0, 50)
    with torch.no_grad():
        assert torch.allclose(small.model(inputs), pruned.model(inputs), atol=1e-5)
    assert sum(p.numel() for p in small.model.parameters()) < 0.5 * sum(p.numel() for p in state.model.parameters())
    again = small.after(Recalibrate(samples=100), "again").after(TRAIN.model_copy(update={"steps": 10}), "trained")
    assert again.diverged is None


def models_data(name: str) -> str:
    return Base(model=name, mark="init").data_name or ""


def test_what_makes_no_sense_is_one_sentence() -> None:
    state = trained("row_regressor")
    for attempt, said in (
        (lambda: measure("accuracy", state), "no right answers to be counted"),
        (lambda: measure("pictures", state, positions=(0,)), "no pictures"),
        (lambda: state.after(TRAIN.model_copy(update={"crop": 2}), "x"), "are for images, not for rows"),
        (lambda: state.after(Prune(allocation="sensitivity"), "x"), "no right answers to be counted"),
        (lambda: state.after(Student(family="lenet_5"), "x"), "choose another family"),
    ):
        with pytest.raises(PruningError, match=said):
            attempt()
    assert "do not go together" in str(compatible("row_regressor", "rows_of_classes"))
    assert "takes images of 28x28 pixels in grey" in str(compatible("lenet_5", "cifar10"))


def test_rows_show_themselves_by_name() -> None:
    task = Base(model="row_regressor", mark="init").task
    shown = task.show(load("rows_of_numbers", "test"), 3)["row"]
    assert list(shown)[:2] == ["x1", "x2"] and len(shown) == 12
