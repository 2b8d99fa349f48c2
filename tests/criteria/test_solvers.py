"""Solvers against least squares, brute force, slow versions of the papers' own lines, and exact counts per layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pruning.common.errors import BadTensor
from pruning.criteria.kinds import scorers
from pruning.criteria.problem import LayerProblem, inverse_factor
from pruning.criteria.scorers.obc import removal_order, without
from pruning.criteria.scorers.wanda import _solve
from pruning.zoo import data as zoo_data
from tests.helpers.invented import Images
from tests.helpers.networks import small

SOLVERS = ("wanda", "sparse_gpt", "obc")


def problem(rows: int = 3, columns: int = 6, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, inputs (n, columns) and the Hessian 2 X^T X / n."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(columns, columns, generator=generator).double()
    inputs = torch.randn(40, columns, generator=generator).double() @ mixed
    return torch.randn(rows, columns, generator=generator).double(), inputs, 2 * inputs.T @ inputs / len(inputs)


def solved(solver: str, layer: LayerProblem, **options: Any) -> tuple[Tensor, Tensor]:
    if solver == "wanda":
        diagonal = layer.hessian.diagonal(dim1=1, dim2=2)
        return _solve(LayerProblem(layer.name, layer.weight, diagonal, layer.mask, layer.remove, layer.pattern, 1))
    return scorers[solver](**options)._layer(layer)  # type: ignore[attr-defined]


def cost(inputs: Tensor, row: Tensor, left: list[int]) -> float:
    """Mean squared error of a row's best answer with these columns."""
    fit = np.linalg.lstsq(inputs[:, left].numpy(), (inputs @ row).numpy(), rcond=None)[0]
    return float((inputs[:, left] @ torch.from_numpy(fit) - inputs @ row).square().mean())


@pytest.mark.parametrize("gone", [{0}, {5}, {0, 2}, {1, 2, 3, 5}])
def test_a_row_without_some_weights_is_the_constrained_least_squares_solution(gone: set[int]) -> None:
    weight, inputs, curve = problem()
    mask = torch.tensor([column in gone for column in range(6)])
    found = without(weight[0], torch.linalg.inv(curve), mask)
    right = np.linalg.lstsq(inputs[:, ~mask].numpy(), (inputs @ weight[0]).numpy(), rcond=None)[0]
    assert found[~mask].numpy() == pytest.approx(right, abs=1e-8) and not found[mask].any()


def test_obc_changes_a_row_that_loses_one_weight_to_the_least_squares_solution() -> None:
    weight, inputs, curve = problem(1)
    layer = LayerProblem("a", weight, curve[None], torch.ones(1, 6, dtype=torch.bool), 1, None, 1)
    keep, found = solved("obc", layer, dampening=1e-9)
    costs = [cost(inputs, weight[0], [i for i in range(6) if i != column]) for column in range(6)]
    assert (~keep[0]).nonzero().flatten().tolist() == [int(np.argmin(costs))]
    right = np.linalg.lstsq(inputs[:, keep[0]].numpy(), (inputs @ weight[0]).numpy(), rcond=None)[0]
    assert found[0, keep[0]].numpy() == pytest.approx(right, abs=1e-6)


def greedy(inputs: Tensor, row: Tensor, groups: list[int], most: int) -> tuple[list[int], list[float]]:
    """Columns in the order in which the cheapest goes, and the costs after each; at most so many of each group."""
    gone: list[int] = []
    costs: list[float] = []
    while True:
        counts = [sum(groups[g] == group for g in gone) for group in groups]
        open_ = [c for c in range(len(groups)) if c not in gone and counts[c] < most]
        if not open_ or len(gone) == len(groups) - 1:
            return gone, costs
        tried = {c: cost(inputs, row, sorted(set(range(len(groups))) - {*gone, c})) for c in open_}
        gone.append(min(tried, key=tried.__getitem__))
        costs.append(tried[gone[-1]])


def test_the_order_of_removal_is_the_greedy_one_by_brute_force() -> None:
    weight, inputs, curve = problem(2, 12)
    losses, order = removal_order(weight, torch.linalg.inv(curve), torch.ones_like(weight, dtype=torch.bool))
    for row in range(2):
        gone, costs = greedy(inputs, weight[row], [0] * 12, 12)
        assert order[row, :11].tolist() == gone and sorted(order[row].tolist()) == list(range(12))
        # (1/2) w^T H w is the mean squared error here; the surgeon's w_p^2 / [H^-1]_pp is twice that.
        steps = np.maximum.accumulate(np.diff([0.0, *costs]))
        assert (losses[row, :11] / 2).numpy() == pytest.approx(steps, rel=1e-5, abs=1e-9)


def test_obc_takes_a_layers_cheapest_steps_over_all_rows() -> None:
    weight, inputs, curve = problem(3, 8)
    weight[1] *= 0.1  # a row that is cheap to empty
    keep, found = solved("obc", LayerProblem("a", weight, curve[None], weight.bool(), 10, None, 1), dampening=1e-9)
    counts = (~keep).sum(1).tolist()
    assert sum(counts) == 10 and counts[1] > max(counts[0], counts[2])
    # Taken step by step: always the row whose next removal is cheapest.
    runs = [greedy(inputs, row, [0] * 8, 8) for row in weight]
    taken = [0, 0, 0]
    for _ in range(10):
        following = [
            costs[n] - (costs[n - 1] if n else 0) if n < 7 else np.inf
            for (_, costs), n in zip(runs, taken, strict=True)
        ]
        taken[int(np.argmin(following))] += 1
    assert counts == taken
    for row, (gone, _) in enumerate(runs):
        assert set((~keep[row]).nonzero().flatten().tolist()) == set(gone[: taken[row]])
        assert float((inputs @ (found[row] - weight[row])).square().mean()) == pytest.approx(
            cost(inputs, weight[row], keep[row].nonzero().flatten().tolist()), rel=1e-6
        )


def test_obc_keeps_patterns_greedily() -> None:
    weight, inputs, curve = problem(3, 16)
    layer = LayerProblem("a", weight, curve[None], weight.bool(), 24, 4, 2)  # 8 input channels, 2 kernel positions
    groups = [column // 8 * 2 + column % 2 for column in range(16)]
    assert sorted(map(sorted, layer.neighbours().tolist())) == [
        [c for c in range(16) if groups[c] == g] for g in range(4)
    ]
    keep, _ = solved("obc", layer, dampening=1e-9)
    for row in range(3):
        gone, _ = greedy(inputs, weight[row], groups, 2)
        assert set((~keep[row]).nonzero().flatten().tolist()) == set(gone) and len(gone) == 8


def slow_sparse_gpt(
    weight: np.ndarray, curve: np.ndarray, blocks: dict[tuple[int, int], int], groups: list[list[int]], gone: int
) -> tuple[np.ndarray, np.ndarray]:
    """The paper's algorithm 1, with an explicit inverse of what is left, column by column.

    Args:
        blocks: first and last column, and how many go there; or ``groups``, of each of which ``gone`` go in each row.
    """
    weight, width = weight.copy(), weight.shape[1]
    curve = curve + 0.01 * np.trace(curve) / width * np.eye(width)
    keep = np.ones(weight.shape, bool)
    pivots = np.array([np.linalg.inv(curve[j:, j:])[0, 0] for j in range(width)])
    for j in range(width):
        scores = weight**2 / pivots
        for (start, stop), count in blocks.items():
            if start == j:
                lowest = np.argsort(scores[:, start:stop], axis=None)[:count]
                rows, columns = np.unravel_index(lowest, (len(weight), stop - start))
                keep[rows, start + columns] = False
        for group in groups:
            if group[0] == j:
                for row in range(len(weight)):
                    keep[row, sorted(group, key=lambda c: scores[row, c])[:gone]] = False
        inverse = np.linalg.inv(curve[j:, j:])
        for row in np.flatnonzero(~keep[:, j]):
            weight[row, j:] -= weight[row, j] / inverse[0, 0] * inverse[0]
            weight[row, j] = 0
    return keep, weight


@pytest.mark.parametrize(("block", "quotas"), [(4, {(0, 4): 9, (4, 8): 9, (8, 10): 5}), (128, {(0, 10): 23})])
def test_sparse_gpt_is_the_papers_algorithm(block: int, quotas: dict[tuple[int, int], int]) -> None:
    weight, _, curve = problem(5, 10)
    keep, found = solved("sparse_gpt", LayerProblem("a", weight, curve[None], weight.bool(), 23, None, 1), block=block)
    right_keep, right = slow_sparse_gpt(weight.numpy(), curve.numpy(), quotas, [], 0)
    assert (keep.numpy() == right_keep).all() and int((~keep).sum()) == 23
    assert found.numpy() == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize("block", [1, 10, 128])
def test_sparse_gpt_chooses_patterns_when_it_meets_their_first_column(block: int) -> None:
    weight, _, curve = problem(5, 24)
    layer = LayerProblem("a", weight, curve[None], weight.bool(), 60, 4, 3)  # 8 input channels, 3 kernel positions
    keep, found = solved("sparse_gpt", layer, block=block)
    groups = [[half * 12 + channel * 3 + at for channel in range(4)] for half in range(2) for at in range(3)]
    right_keep, right = slow_sparse_gpt(weight.numpy(), curve.numpy(), {}, groups, 2)
    assert (keep.numpy() == right_keep).all()
    assert found.numpy() == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_each_convolution_group_is_solved_with_its_own_inputs(solver: str) -> None:
    one, two = problem(4, 6, seed=1), problem(4, 6, seed=2)
    weight, curves = torch.cat([one[0], two[0]]), torch.stack([one[2], two[2]])
    keep, found = solved(solver, LayerProblem("a", weight, curves, weight.bool(), 24, None, 1))
    assert int((~keep).sum()) == 24
    for rows, (part, _, curve) in ((slice(0, 4), one), (slice(4, 8), two)):
        count = int((~keep[rows]).sum())
        alone, answer = solved(solver, LayerProblem("a", part, curve[None], part.bool(), count, None, 1))
        assert torch.equal(keep[rows], alone) and torch.allclose(found[rows], answer)


def test_inputs_that_are_always_zero_take_no_part_and_a_failed_factor_is_said() -> None:
    weight, _, curve = problem(2, 4)
    curve[1] = curve[:, 1] = 0
    changed = weight.clone()
    inverse_factor("a", curve.clone(), changed, 0.01)
    assert not changed[:, 1].any() and torch.equal(changed[:, [0, 2, 3]], weight[:, [0, 2, 3]])
    for solver in SOLVERS:
        keep, _ = solved(solver, LayerProblem("a", weight, curve[None], weight.bool(), 2, None, 1))
        assert not keep[:, 1].any() and int((~keep).sum()) == 2
    wrong = torch.tensor([[1.0, 5.0], [5.0, 1.0]]).double()
    for solver in ("sparse_gpt", "obc"):
        with pytest.raises(BadTensor, match="'a' have no Cholesky factor: raise the dampening"):
            solved(solver, LayerProblem("a", weight[:, :2], wrong[None], weight[:, :2].bool(), 2, None, 1))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("groups", "remove"), [(1, 16), (2, 25), (1, 11), (2, 32)])
def test_counts_are_exact_where_earlier_masks_are_uneven(solver: str, groups: int, remove: int) -> None:
    weight, _, curve = problem(4, 8)
    mask = torch.ones(4, 8, dtype=torch.bool)
    mask[0, :7] = mask[1, :4] = False
    layer = LayerProblem("a", weight.masked_fill(~mask, 0.0), curve.expand(groups, 8, 8), mask, remove, None, 1)
    keep, found = solved(solver, layer, **({"block": 3} if solver == "sparse_gpt" else {}))
    assert not (keep & ~mask).any() and int((~keep).sum()) == remove
    if solver == "wanda":  # rows that an earlier mask has not emptied further share the rest evenly
        gone = (~keep).sum(1)
        assert gone[0] >= 7 and int(gone[2:].max()) - int(gone[2:].min()) <= 1
    else:
        assert not found[~keep].any()


def lost(solver: str, weight: Tensor, inputs: Tensor, remove: int) -> float:
    """Mean squared error of a layer's output on the inputs that it was solved with."""
    curve = 2 * inputs.T @ inputs / len(inputs)
    if solver == "magnitude":
        found = weight.flatten().index_fill(0, weight.abs().flatten().argsort()[:remove], 0.0).view_as(weight)
    else:
        _, found = solved(solver, LayerProblem("a", weight, curve[None], weight.bool(), remove, None, 1))
    return float(F.mse_loss(inputs @ found.T, inputs @ weight.T))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_obc_loses_least(seed: int, share: float) -> None:
    weight, inputs, _ = problem(12, 16, seed)
    found = {name: lost(name, weight, inputs, round(share * 192)) for name in ("obc", "sparse_gpt", "magnitude")}
    assert found["obc"] <= min(found["sparse_gpt"], found["magnitude"])


@pytest.mark.parametrize("share", [0.5, 0.7])
def test_on_what_a_network_sees_sparse_gpt_lies_between_obc_and_magnitude(share: float, images: Images) -> None:
    """No law: on layers of random weights and badly conditioned random inputs magnitude often beats SparseGPT."""
    model = small()
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 60, 0)
    with torch.no_grad():
        inputs = model.conv2(model.norm(model.conv1(x)).relu()).relu().flatten(1).double()
    weight = model.fc1.weight.detach().double()
    found = [lost(name, weight, inputs, round(share * 384)) for name in ("obc", "sparse_gpt", "magnitude")]
    assert found[0] < found[1] < found[2]
