"""What may go wrong around a ranking: shapes, memory formats, levels, bad scores, masks from before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pruning.common.errors import BadTensor, BadValue
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.criteria.ranking import MASKED

GLOBAL, UNIFORM = allocations["global"](), allocations["uniform"]()


@pytest.mark.parametrize("allocation", [GLOBAL, UNIFORM])
@pytest.mark.parametrize(("level", "kept"), [(0, True), (500, True), (501, False), (1000, False)])
def test_one_element(allocation: object, level: int, kept: bool) -> None:
    made = ranked({"only": torch.tensor([[3.0]])}, allocation)
    assert made.mask("only", level).tolist() == [[kept]]


def test_of_units_that_tie_the_first_in_forward_order_go_first() -> None:
    made = ranked({"first": torch.ones(4), "second": torch.ones(2, 3)}, GLOBAL)
    assert made.mask("first", 500).tolist() == [False] * 4
    assert made.mask("second", 500).tolist() == [[False, True, True], [True, True, True]]


def test_zeros_of_both_signs_tie() -> None:
    made = ranked({"a": torch.tensor([0.0, -0.0, 0.0, -0.0])}, GLOBAL)
    assert made.mask("a", 500).tolist() == [False, False, True, True]


def test_denormal_scores_are_told_apart() -> None:
    made = ranked({"a": torch.tensor([3e-45, 1.4e-45, 0.0, 1e-40])}, GLOBAL)
    assert made.mask("a", 750).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    "scores",
    [
        torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last),
        torch.zeros(6, 4).t(),
        torch.zeros(1, 1).expand(5, 4),
    ],
)
def test_ties_in_any_memory_format_go_in_the_order_of_rows(scores: torch.Tensor) -> None:
    mask = ranked({"a": scores}, GLOBAL).mask("a", 500)
    half = scores.numel() // 2
    assert mask.shape == scores.shape
    assert mask.reshape(-1).tolist() == [False] * half + [True] * half


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int32])
def test_scores_of_any_number_format(dtype: torch.dtype) -> None:
    made = ranked({"a": torch.tensor([4, 1, 3, 2], dtype=dtype)}, GLOBAL)
    assert made.scores["a"].dtype == torch.float32
    assert made.mask("a", 500).tolist() == [True, False, True, False]


@pytest.mark.parametrize("level", [-1, 1001, 3.5, 500.0, "500", None])
def test_levels_that_are_none(level: object) -> None:
    made = ranked({"a": torch.rand(8)}, GLOBAL)
    with pytest.raises(BadValue, match="integer from 0 to 1000"):
        made.mask("a", level)


def test_levels_from_numpy() -> None:
    made = ranked({"a": torch.arange(8.0)}, GLOBAL)
    assert int(made.mask("a", np.int64(250)).sum()) == 6


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_not_finite_are_refused_by_name(bad: float) -> None:
    scores = {"fine": torch.rand(4), "broken": torch.tensor([[1.0, bad], [bad, 0.0]])}
    with pytest.raises(BadTensor, match="2 of 4 scores of layer 'broken' are NaN or infinite"):
        ranked(scores, GLOBAL)


def test_nothing_to_rank() -> None:
    with pytest.raises(BadTensor, match="no prunable weight"):
        ranked({}, GLOBAL)


@pytest.mark.parametrize("allocation", [GLOBAL, UNIFORM])
def test_the_table_never_says_fewer_than_are_masked_already(allocation: object) -> None:
    scores = {"a": torch.tensor([MASKED, MASKED, MASKED, 5.0]), "b": torch.tensor([1.0, 2.0, 3.0, MASKED])}
    made = ranked(scores, allocation)
    assert made.removed[:, 0].tolist() == [3, 1]
    assert made.removed[:, 500].tolist() == [3, 2 if allocation is UNIFORM else 1]
    assert made.removed[:, 1000].tolist() == [4, 4]
    for level in (0, 250, 500, 750):
        assert not made.mask("a", level)[:3].any()
        assert [int((~m).sum()) for m in made.masks(level).values()] == made.removed[:, level].tolist()


def test_scores_are_cut_off_from_autograd() -> None:
    weight = torch.rand(5, requires_grad=True)
    made = ranked({"a": weight * 2}, GLOBAL)
    assert not made.scores["a"].requires_grad
