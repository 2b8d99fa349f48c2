"""Networks in float16, and numbers whose squares float32 cannot hold: orders, counts, steps and refusals as ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from pruning.common.errors import BadTensor, Incompatible
from pruning.common.progress import Desk, quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import Scorer, allocations, scorers
from pruning.criteria.plan import plan
from pruning.criteria.squares import squares
from pruning.measures.kinds import measures
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.train import Train
from tests.helpers.invented import Images
from tests.helpers.networks import network, options_of, state

UNITS = [(s, g) for s in scorers for g in granularities_for(s) if g != "head" or s != "synflow"]


def step(scorer: str, granularity: str = "weight", allocation: str = "", level: int = 500) -> Prune:
    allocation = allocation or allocations_for(scorer, granularity)[0]
    known = allocations[allocation].model_fields
    options = {"count": 60} if allocation == "sensitivity" else {"samples": 30} if "samples" in known else {}
    return Prune(
        scorer=scorer,
        options=options_of(scorer),
        granularity=granularity,
        granularity_options={"m": 2} if granularity == "n_m" else {},
        allocation=allocation,
        allocation_options=options,
        sparsity=level,
    )


def half(granularity: str, scorer: str) -> State:
    return state(network(granularity, scorer=scorer).half())


def units(of: State, how: Prune) -> np.ndarray:
    made = plan(of.scene(quiet), how)
    assert made.ranking is not None
    return np.concatenate([score.double().numpy().ravel() for score in made.ranking.scores.values()])


@pytest.mark.parametrize(("scorer", "granularity"), UNITS)
def test_every_criterion_takes_a_network_in_float16(scorer: str, granularity: str, images: Images) -> None:
    how, start = step(scorer, granularity), half(granularity, scorer)
    after = start.after(how, "after", quiet)
    assert after.plan is not None and all(w.dtype == torch.float16 for w in after.weights.values())
    gone = [int((~after.masks[n]).sum()) if n in after.masks else 0 for n in after.order]
    assert gone == after.plan.weights_removed[:, 500].tolist()
    if issubclass(scorers[scorer], Scorer) and scorer not in ("random", "shuffled", "hrank"):
        whole = units(state(network(granularity, scorer=scorer).half().float()), how)
        assert spearmanr(units(start, how), whole)[0] > 0.9


@pytest.mark.parametrize("scorer", ["fisher", "obd", "magnitude_l2", "taylor_squared", "grasp", "lamp"])
def test_squares_of_small_float16_weights_are_no_zeros(scorer: str, images: Images) -> None:
    """A layer of weights of at most 7e-5, whose squares are below float16's range."""
    found = []
    for convert in (torch.nn.Module.half, lambda model: model.half().float()):
        model = network("weight")
        with torch.no_grad():
            model.fc1.weight.mul_(7e-5 / model.fc1.weight.abs().max())
        made = plan(state(convert(model)).scene(quiet), step(scorer, level=500))
        assert made.ranking is not None
        found.append(made.ranking.scores["fc1.weight"].flatten())
    assert torch.equal(found[0] != 0, found[1] != 0) and found[0].any()  # zero: inputs that are always zero
    assert spearmanr(*found)[0] > 0.9


@pytest.mark.parametrize("scorer", ["magnitude_l1", "magnitude_l2", "lamp"])
@pytest.mark.parametrize("granularity", ["weight", "channel", "n_m"])
@pytest.mark.parametrize("size", [1e-30, 1e-24, 1e-12, 1e12, 1e24])
def test_weights_of_any_size_are_ranked_as_those_of_one(size: float, granularity: str, scorer: str) -> None:
    """All of them by 2^k: the same masks."""
    masks = []
    for factor in (1.0, 2.0 ** round(np.log2(size))):
        model = network(granularity)
        with torch.no_grad():
            for weight in state(model).weights.values():
                weight.mul_(factor)
        how = step(scorer, granularity, "uniform")
        masks.append(state(model, key=f"{factor}").after(how, f"{factor}", quiet).masks)
    assert all(torch.equal(masks[0][name], masks[1][name]) for name in masks[0])


@pytest.mark.parametrize("scorer", ["magnitude_l2", "lamp", "fisher"])
def test_tiny_weights_beside_usual_ones_are_ranked_among_themselves(scorer: str, images: Images) -> None:
    """Dead weights of 1e-26 have squares that float32 cannot hold: their order is still that of their sizes."""
    model = network("weight")
    with torch.no_grad():
        model.fc1.weight[:6] *= 1e-26
    ranking = plan(state(model).scene(quiet), step(scorer, level=0)).ranking
    assert ranking is not None
    score, size = ranking.scores["fc1.weight"][:6].flatten(), model.fc1.weight.detach()[:6].abs().flatten()
    assert len(score.unique()) > 0.9 * len(score) or scorer == "fisher"
    assert scorer == "fisher" or torch.equal(score.argsort(stable=True), size.argsort(stable=True))


def test_ordinary_squares_are_the_squares_bit_for_bit() -> None:
    values = {"a": torch.randn(50, generator=torch.Generator().manual_seed(0)), "b": torch.tensor([0.0, 1e-15])}
    assert all(torch.equal(squares(values)[name], value.square()) for name, value in values.items())


@pytest.mark.parametrize("allocation", list(allocations))
def test_every_allocation_takes_a_network_in_float16(allocation: str, images: Images) -> None:
    shares = []
    for convert in (torch.nn.Module.half, lambda model: model.half().float()):
        how = step("magnitude_l1", allocation=allocation)
        made = plan(state(convert(network("weight"))).scene(quiet), how)
        shares.append(made.removed[:, 500] / made.ranking.sizes)
    assert shares[0] == pytest.approx(shares[1], abs=0.05)


def test_recalibration_and_measures_take_a_network_in_float16(images: Images) -> None:
    after = half("weight", "").after(Prune(sparsity=300), "pruned", quiet).after(Recalibrate(samples=100), "r", quiet)
    whole = state(network("weight").half().float(), key="whole").after(Prune(sparsity=300), "p", quiet)
    whole = whole.after(Recalibrate(samples=100), "r", quiet)
    for one, other in zip(after.model.buffers(), whole.model.buffers(), strict=True):
        assert torch.allclose(one.float(), other.float(), rtol=0.01, atol=0.01)
    asked: dict[str, dict[str, Any]] = {"accuracy": {"count": 100}, "sensitivity": {"count": 100, "shares": (500,)}}
    for name in ("accuracy", "sensitivity", "size", "profile"):
        assert measures[name](**asked.get(name, {})).measure(after, Desk())


def test_training_in_float16_is_refused_with_a_sentence(images: Images) -> None:
    with pytest.raises(Incompatible, match="have 16 bits"):
        half("weight", "").after(Train(steps=2, batch=20, validation=0, looks=1), "trained", quiet)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
@pytest.mark.parametrize("scorer", ["magnitude_l1", "wanda"])
def test_owl_refuses_activations_that_are_not_finite(scorer: str, wrong: float, images: Images) -> None:
    model = network("weight")
    with torch.no_grad():
        model.conv2.bias.fill_(wrong)
    with pytest.raises(BadTensor, match=r"What reaches 'fc1\.weight' holds NaN or infinite values"):
        state(model).after(step(scorer, allocation="owl"), "after", quiet)


@pytest.mark.parametrize("solver", ["wanda", "sparse_gpt", "obc"])
def test_solvers_refuse_weights_that_are_not_finite(solver: str, images: Images) -> None:
    model = network("weight")
    with torch.no_grad():
        model.fc2.weight[0, 0] = float("nan")
    with pytest.raises(BadTensor, match=r"'fc2\.weight' are NaN or infinite"):
        state(model).after(step(solver, allocation="uniform"), "after", quiet)
