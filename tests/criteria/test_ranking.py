"""Exact counts and stable ties: the table and the masks against ten lines that sort everything."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pruning.criteria import thresholds
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.criteria.ranking import counts
from pruning.criteria.thresholds import reached, split_globally

GLOBAL, UNIFORM = allocations["global"](), allocations["uniform"]()
TIES = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 1e-38, 3e38, -3e38])
ANY = st.floats(-(2.0**126), 2.0**126, width=32)


def wanted(level: int, total: int) -> int:
    return round(Fraction(level * total, 1000))


def brute(scores: dict[str, torch.Tensor], level: int) -> dict[str, torch.Tensor]:
    """A stable sort of all scores; the first k go."""
    flat = np.concatenate([s.flatten().numpy() for s in scores.values()])
    keep = np.ones(len(flat), bool)
    keep[np.argsort(flat, kind="stable")[: wanted(level, len(flat))]] = False
    parts = np.split(keep, np.cumsum([s.numel() for s in scores.values()])[:-1])
    return {n: torch.from_numpy(p).view(s.shape) for (n, s), p in zip(scores.items(), parts, strict=True)}


@st.composite
def layers(draw: st.DrawFn) -> dict[str, torch.Tensor]:
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=6))
    elements = draw(st.sampled_from([TIES, ANY, st.just(0.25)]))
    return {f"layer{i}": torch.from_numpy(draw(arrays(np.float32, n, elements=elements))) for i, n in enumerate(sizes)}


LEVELS = st.sampled_from([0, 1, 499, 500, 501, 999, 1000]) | st.integers(0, 1000)


@given(layers(), LEVELS)
def test_global_masks_are_those_of_a_stable_sort(scores: dict[str, torch.Tensor], level: int) -> None:
    found, right = ranked(scores, GLOBAL).masks(level), brute(scores, level)
    assert list(found) == list(scores)
    for name, mask in right.items():
        assert torch.equal(found[name], mask), name


@given(layers(), LEVELS)
def test_uniform_masks_are_those_of_each_layer_alone(scores: dict[str, torch.Tensor], level: int) -> None:
    found = ranked(scores, UNIFORM).masks(level)
    for name, score in scores.items():
        assert torch.equal(found[name], brute({name: score}, level)[name])


@given(layers(), LEVELS)
def test_the_table_is_what_counting_gives(scores: dict[str, torch.Tensor], level: int) -> None:
    for allocation in (GLOBAL, UNIFORM):
        made = ranked(scores, allocation)
        for row, (name, score) in enumerate(scores.items()):
            values, threshold = score.numpy(), made.thresholds[row, level]
            mask = made.mask(name, level).numpy()
            assert (~mask).sum() == made.removed[row, level]
            assert (values <= threshold).sum() == made.upto[row, level]
            assert threshold == (values[~mask].max() if (~mask).any() else -np.inf)
        assert made.sizes.tolist() == [s.numel() for s in scores.values()]
        assert made.layers == tuple(scores)


@pytest.mark.parametrize("allocation", [GLOBAL, UNIFORM])
@pytest.mark.parametrize("values", ["normal", "ties"])
def test_masks_are_nested_over_all_levels(allocation: object, values: str) -> None:
    generator = torch.Generator().manual_seed(3)
    draw = torch.randn if values == "normal" else lambda *s, generator: torch.randint(0, 4, s, generator=generator)
    scores = {name: draw(*shape, generator=generator).float() for name, shape in (("a", (30, 9)), ("b", (7, 7, 3)))}
    made = ranked(scores, allocation)
    before = made.masks(0)
    assert all(mask.all() for mask in before.values())
    for level in range(1, 1001):
        after = made.masks(level)
        assert not any((after[name] & ~before[name]).any() for name in scores), level
        before = after
    assert not any(mask.any() for mask in before.values())


@given(st.integers(0, 1000), st.integers(0, 10**10))
def test_counts_round_halves_to_even_as_python_does(level: int, total: int) -> None:
    assert counts(np.array([level]), total)[0] == wanted(level, total)


def test_counts_at_halves() -> None:
    assert [int(counts(np.array([500]), n)[0]) for n in (1, 2, 3, 5, 7)] == [0, 1, 2, 2, 4]


NORMAL = np.random.RandomState(0)
CASES = {
    # name: (layers, whether every level is found beside its guess)
    "few large layers": ([NORMAL.randn(n) for n in (5000, 300, 1, 20000)], True),
    "one layer far below": ([NORMAL.randn(6000), 1e-3 * NORMAL.randn(6000)], True),
    "200 layers of ten": ([NORMAL.randn(10) for _ in range(200)], True),
    "layers above one another": ([NORMAL.rand(70) + i for i in range(120)], False),
    "heavy ties": ([NORMAL.randint(0, 3, 4000).astype(float), NORMAL.randint(0, 3, 900).astype(float)], None),
    "all equal": ([np.full(3000, 0.5), np.full(65, 0.5)], None),
}


def brute_split(ordered: list[np.ndarray], k: np.ndarray) -> np.ndarray:
    """A stable sort of all scores; the first k go."""
    owner = np.repeat(np.arange(len(ordered)), [len(layer) for layer in ordered])
    order = owner[np.argsort(np.concatenate(ordered), kind="stable")]
    return np.stack([np.append(0, np.cumsum(order == row))[k] for row in range(len(ordered))])


@pytest.mark.parametrize("part", [thresholds.PART, 100])
@pytest.mark.parametrize("case", CASES)
def test_both_ways_of_splitting_globally(case: str, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "PART", part)
    values, at_once = CASES[case]
    ordered = [np.sort(layer.astype(np.float32)) for layer in values]
    total = sum(map(len, ordered))
    k = counts(np.arange(1001), total)
    calls, between = [], thresholds._between
    monkeypatch.setattr(thresholds, "_between", lambda *a: calls.append(1) or between(*a))
    found = split_globally(ordered, k)
    if at_once is not None:
        assert (not calls) is at_once
    assert np.array_equal(found, brute_split(ordered, k))


@given(
    st.lists(st.integers(0, 6000), min_size=1, max_size=5),
    st.lists(st.integers(0, 1000), min_size=1, max_size=4),
    st.sampled_from([1, 5, 300, 10**6]),
    st.floats(0, 3),
    st.integers(0, 2**32 - 1),
)
def test_few_levels_of_many_scores_whose_sample_is_sparser(
    sizes: list[int], levels: list[int], values: int, apart: float, seed: int
) -> None:
    made = np.random.RandomState(seed)
    drawn = [made.randint(0, values, size) / values + apart * place for place, size in enumerate(sizes)]
    ordered = [np.sort(layer.astype(np.float32)) for layer in drawn]
    k = counts(np.sort(levels), sum(sizes))
    assert np.array_equal(split_globally(ordered, k), brute_split(ordered, k))


@given(
    st.lists(arrays(np.float32, st.integers(0, 40), elements=TIES | ANY), min_size=1, max_size=12),
    st.lists(st.integers(0, 500), min_size=1, max_size=20),
)
def test_any_numbers_of_small_layers_in_any_order(layers: list[np.ndarray], wanted: list[int]) -> None:
    """Also of layers without scores, of zeros with either sign, and where all or none go."""
    ordered = [np.sort(layer) for layer in layers]
    k = np.minimum(wanted, sum(map(len, ordered)))
    assert np.array_equal(split_globally(ordered, k), brute_split(ordered, k))


@given(arrays(np.float32, st.integers(0, 30), elements=TIES | ANY), st.lists(st.integers(0, 30), max_size=8))
def test_how_many_scores_do_not_exceed_a_threshold(values: np.ndarray, places: list[int]) -> None:
    ordered, place = np.sort(values), np.minimum(np.array(places, dtype=np.int64), len(values))
    threshold = np.where(place > 0, np.append(ordered, 0)[place - 1], -np.inf).astype(np.float32)
    assert reached(ordered, place, threshold).tolist() == [int((values <= one).sum()) for one in threshold]
