"""Solvers against least squares, a slow SparseGPT of the paper's own lines, and exact counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning import registry
from pruning.calibration import hessian, rows_of, share_rows
from pruning.criterion import plan
from pruning.entries import quiet
from pruning.errors import BadTensor, Incompatible
from pruning.scorers.obc import removal_order, without
from pruning.scorers.sparse_gpt import inverse_factor
from pruning.specs import Prune
from pruning.steps.prune import apply
from pruning.zoo import data as zoo_data
from tests.core.conftest import Images
from tests.core.networks import same, small, snapshot, state

SOLVERS = ("wanda", "sparse_gpt", "obc")
QUICK = {"samples": 60}


def problem(rows: int = 3, columns: int = 6, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, inputs (n, columns) and the Hessian 2 X^T X / n."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(columns, columns, generator=generator).double()
    inputs = torch.randn(40, columns, generator=generator).double() @ mixed
    return torch.randn(rows, columns, generator=generator).double(), inputs, 2 * inputs.T @ inputs / len(inputs)


def test_a_row_without_some_weights_is_the_constrained_least_squares_solution() -> None:
    weight, inputs, curve = problem()
    gone = torch.tensor([True, False, True, False, False, False])
    found = without(weight[0], torch.linalg.inv(curve), gone)
    target = (inputs @ weight[0]).numpy()
    right = np.linalg.lstsq(inputs[:, ~gone].numpy(), target, rcond=None)[0]
    assert found[~gone].numpy() == pytest.approx(right, abs=1e-8) and not found[gone].any()


def test_the_order_of_removal_is_the_greedy_one_by_brute_force() -> None:
    weight, inputs, curve = problem(2, 12)
    losses, order = removal_order(weight, torch.linalg.inv(curve), torch.ones_like(weight, dtype=torch.bool))
    for row in range(2):
        gone: list[int] = []
        target, before, rising = inputs @ weight[row], 0.0, 0.0
        for number in range(11):
            costs = {}
            for column in set(range(12)) - set(gone):
                left = sorted(set(range(12)) - {*gone, column})
                fit = torch.from_numpy(np.linalg.lstsq(inputs[:, left].numpy(), target.numpy(), rcond=None)[0])
                costs[column] = float((inputs[:, left] @ fit - target).square().sum()) / len(inputs)
            best = min(costs, key=costs.get)  # type: ignore[arg-type]
            assert int(order[row, number]) == best
            rising = max(rising, costs[best] - before)
            # (1/2) w^T H w is the mean squared error here; the surgeon's w_p^2 / [H^-1]_pp is twice that.
            assert float(losses[row, number]) / 2 == pytest.approx(rising, rel=1e-5, abs=1e-9)
            before = costs[best]
            gone.append(best)
        assert sorted(order[row].tolist()) == list(range(12))


def slow_sparse_gpt(weight: np.ndarray, curve: np.ndarray, count: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """The paper's algorithm 1, written with an explicit inverse that shrinks column by column."""
    weight, width = weight.copy(), weight.shape[1]
    curve = curve + 0.01 * np.trace(curve) / width * np.eye(width)
    keep, left = np.ones(weight.shape, bool), count
    pivots = np.array([np.linalg.inv(curve[j:, j:])[0, 0] for j in range(width)])
    for start in range(0, width, block):
        stop = min(start + block, width)
        quota = left if stop == width else round(left * (stop - start) / (width - start))
        scores = weight[:, start:stop] ** 2 / pivots[start:stop]
        flat = np.argsort(scores.ravel(), kind="stable")[:quota]
        keep[:, start:stop].reshape(-1)[:] = True
        mask = np.ones(scores.size, bool)
        mask[flat] = False
        keep[:, start:stop] = mask.reshape(scores.shape)
        left -= quota
        for j in range(start, stop):
            inverse = np.linalg.inv(curve[j:, j:])
            for row in np.flatnonzero(~keep[:, j]):
                weight[row, j:] -= weight[row, j] / inverse[0, 0] * inverse[0]
                weight[row, j] = 0
    return keep, weight


@pytest.mark.parametrize("block", [4, 128])
def test_sparse_gpt_is_the_papers_algorithm(block: int) -> None:
    from pruning.calibration import Layer

    weight, _, curve = problem(5, 10)
    entry = registry.scorers["sparse_gpt"](block=block)
    layer = Layer("a", weight, curve[None], torch.ones_like(weight, dtype=torch.bool), 23, None, 1)
    keep, found = entry._layer(layer)  # type: ignore[attr-defined]
    right_keep, right = slow_sparse_gpt(weight.numpy(), curve.numpy(), 23, block)
    assert (keep.numpy() == right_keep).all() and int((~keep).sum()) == 23
    assert found.numpy() == pytest.approx(right, abs=1e-8)


def test_inputs_that_are_always_zero_take_no_part_and_a_failed_factor_is_said() -> None:
    weight, _, curve = problem(2, 4)
    curve[1] = curve[:, 1] = 0
    changed = weight.clone()
    inverse_factor("a", curve.clone(), changed, 0.01)
    assert not changed[:, 1].any() and torch.equal(changed[:, [0, 2, 3]], weight[:, [0, 2, 3]])
    with pytest.raises(BadTensor, match="'a' have no Cholesky factor"):
        inverse_factor("a", torch.tensor([[1.0, 5.0], [5.0, 1.0]]).double(), weight[:, :2].clone(), 1e-6)


@pytest.mark.parametrize(
    "module",
    [nn.Linear(6, 4), nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2)],
)
def test_rows_times_the_weight_matrix_are_the_layers_output(module: nn.Module) -> None:
    inputs = torch.randn(5, 6) if isinstance(module, nn.Linear) else torch.randn(5, 4, 9, 8)
    rows = rows_of(module, inputs)
    weight, groups = module.weight.detach().flatten(1), len(rows)
    parts = [rows[g] @ w.T for g, w in enumerate(weight.chunk(groups))]
    with torch.no_grad():
        out = module(inputs) - (module.bias if isinstance(module, nn.Linear) else module.bias[:, None, None])
    flat = out if isinstance(module, nn.Linear) else out.movedim(1, -1).reshape(-1, out.shape[1])
    torch.testing.assert_close(torch.cat(parts, 1), flat, rtol=1e-4, atol=1e-5)
    loop = hessian(module, module, inputs, lambda _: None)
    slow = sum(2 * torch.outer(row, row) for row in rows[0].double()) / rows.shape[1]
    torch.testing.assert_close(loop[0], slow, rtol=1e-6, atol=1e-9)


def test_layers_that_solvers_do_not_know_are_refused() -> None:
    with pytest.raises(Incompatible, match="zero padding"):
        rows_of(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), torch.zeros(1, 1, 5, 5))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("level", [0, 1, 500, 999, 1000])
def test_counts_are_exact_and_the_network_is_left_alone(solver: str, level: int, images: Images) -> None:
    start = state(small())
    before = snapshot(start.model)
    step = Prune(scorer=solver, options=QUICK, allocation="uniform", sparsity=level)
    made = plan(start, step, quiet)
    after = apply(step, start, "after", quiet)
    for row, (name, mask) in enumerate(after.masks.items()):
        assert int((~mask).sum()) == made.weights_removed[row, level] == round(level * mask.numel() / 1000)
        assert not after.weights[name][~mask].any()
    assert same(snapshot(start.model), before)
    assert not any(m._forward_pre_hooks for m in start.model.modules())


@pytest.mark.parametrize("solver", SOLVERS)
def test_earlier_masks_stay_and_the_seed_decides(solver: str, images: Images) -> None:
    first = apply(Prune(sparsity=400), state(small()), "first", quiet)
    step = Prune(scorer=solver, options=QUICK, allocation="uniform", sparsity=700)
    one, two = apply(step, first, "one", quiet), apply(step, first, "one", quiet)
    assert same(one.masks, two.masks) and same(one.weights, two.weights)
    for name, mask in first.masks.items():
        assert not (one.masks[name] & ~mask).any()
        assert int((~one.masks[name]).sum()) == max(round(0.7 * mask.numel()), int((~mask).sum()))


@pytest.mark.parametrize("solver", ["wanda", "sparse_gpt"])
def test_patterns_keep_n_of_each_m(solver: str, images: Images) -> None:
    step = Prune(scorer=solver, options=QUICK, granularity="n_m", allocation="uniform", sparsity=500)
    after = apply(step, state(small()), "after", quiet)
    for mask in after.masks.values():
        assert (mask.movedim(1, -1).unflatten(-1, (-1, 4)).sum(-1) == 2).all()
    assert "conv1.weight" not in after.masks  # one input channel


def test_wanda_takes_the_same_from_every_row() -> None:
    assert share_rows(7, 3).tolist() == [3, 2, 2]


def test_wanda_removes_the_lowest_of_each_row(images: Images) -> None:
    model = small()
    step = Prune(scorer="wanda", options=QUICK | {"sequential": False}, allocation="uniform", sparsity=500)
    after = apply(step, state(model), "after", quiet)
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 60, 0)
    with torch.no_grad():
        inputs = model.conv2(model.norm(model.conv1(x)).relu()).relu().flatten(1)
    score = model.fc1.weight.detach().abs() * inputs.norm(dim=0)
    right = torch.ones_like(score, dtype=torch.bool).scatter_(1, score.argsort(dim=1, stable=True)[:, :16], False)
    assert torch.equal(after.masks["fc1.weight"], right)
    assert torch.equal(after.weights["fc1.weight"], torch.where(right, model.fc1.weight.detach(), 0.0))


def error(after: Tensor, dense: Tensor, inputs: Tensor) -> float:
    return float(F.mse_loss(inputs @ after.T, inputs @ dense.T))


def test_solvers_that_answer_lose_less_than_magnitude(images: Images) -> None:
    model = small()
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 60, 0)
    with torch.no_grad():
        inputs = model.conv2(model.norm(model.conv1(x)).relu()).relu().flatten(1)
    lost = {}
    for scorer in ("magnitude_l1", "sparse_gpt", "obc"):
        options = {} if scorer == "magnitude_l1" else QUICK | {"sequential": False}
        step = Prune(scorer=scorer, options=options, allocation="uniform", sparsity=600)
        after = apply(step, state(model), scorer, quiet)
        lost[scorer] = error(after.weights["fc1.weight"], model.fc1.weight.detach(), inputs)
    assert lost["obc"] <= 1.02 * lost["sparse_gpt"] < 0.8 * lost["magnitude_l1"]


def test_layers_too_wide_for_obc_are_refused_by_name() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 1300), nn.ReLU(), nn.Linear(1300, 10)).eval()
    with pytest.raises(Incompatible, match="'3.weight' with 1,300 inputs"):
        apply(Prune(scorer="obc", allocation="uniform"), state(model), "x", quiet)


def test_later_layers_see_the_pruned_earlier_ones(images: Images) -> None:
    masks = [
        apply(Prune(scorer="wanda", options=QUICK | {"sequential": flag}, allocation="uniform", sparsity=800),
              state(small()), "x", quiet).masks
        for flag in (True, False)
    ]  # fmt: skip
    assert torch.equal(masks[0]["conv1.weight"], masks[1]["conv1.weight"])
    assert not torch.equal(masks[0]["fc1.weight"], masks[1]["fc1.weight"])
