"""Allocations: closed forms, the authors' algorithms written again, and what all of them promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.errors import Incompatible, UnknownName
from pruning.common.progress import quiet
from pruning.criteria.allocations.lamp import lamp
from pruning.criteria.allocations.owl import input_energy, outliers
from pruning.criteria.counts import budgeted, ranked
from pruning.criteria.kinds import allocations, granularities
from pruning.criteria.plan import plan_of
from pruning.criteria.ranking import MASKED, Ranking, counts
from pruning.network.scene import Scene
from pruning.network.units import Layout
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.invented import Images
from tests.helpers.networks import small, state, untouched

LEVELS = np.arange(1001)
BARE = ["global", "uniform", "erk", "lamp", "isomorphic", "by_hand"]
"""Allocations that need no network."""
ALL = list(allocations)
QUICK = {"owl": {"samples": 50}, "sensitivity": {"count": 20, "tolerance": 10.0}}
SHAPES = {"a.weight": (6, 1, 5, 5), "b.weight": (16, 6, 5, 5), "c.weight": (30, 40), "d.weight": (10, 30)}


def random_scores(seed: int = 0, signed: bool = False) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scores = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    return scores if signed else {name: score.abs() for name, score in scores.items()}


def made(name: str, **options: Any) -> Any:
    return allocations[name](**options)


def plan(name: str, start: State, granularity: str = "weight", **options: Any) -> Any:
    step = Prune(granularity=granularity, allocation=name, allocation_options={**QUICK.get(name, {}), **options})
    return plan_of(start.scene(quiet), step)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("granularity", ["weight", "channel"])
@pytest.mark.parametrize(
    "options",
    [{}, {"cap": 900}, {"floor": 300}, {"ends": "half"}, {"ends": "dense"}, {"cap": 970, "floor": 500, "ends": "half"}],
    ids=str,
)
def test_what_all_of_them_promise(name: str, granularity: str, options: dict[str, Any], images: Images) -> None:
    start = state(small())
    found = plan(name, start, granularity, **options)
    removed, sizes = found.removed, found.ranking.sizes
    assert (np.diff(removed) >= 0).all() and (np.diff(found.weights_removed) >= 0).all()
    assert (removed >= 0).all() and (removed <= sizes[:, None]).all()
    held = [{m.parameter for m in group.members if m.scored} for group in found.layout.groups.values()]
    ends = np.array([bool({start.order[0], start.order[-1]} & names) for names in held])
    most = np.full(removed.shape, options.get("cap", 1000)) * sizes[:, None] // 1000
    if options.get("ends") == "dense":
        most[ends] = 0
    elif options.get("ends") == "half":
        most[ends] = np.minimum(most[ends], np.stack([counts(LEVELS, n) // 2 for n in sizes[ends]]))
    least = np.minimum(most, np.minimum(options.get("floor", 0), LEVELS) * sizes[:, None] // 1000)
    assert (removed <= most).all() and (removed >= least).all()
    wanted = np.clip(LEVELS * sizes.sum() / 1000, least.sum(0), most.sum(0))
    slack = 0.5 if name in ("global", "lamp") and not options else 0.5 * len(sizes)
    assert (np.abs(removed.sum(0) - wanted) <= slack + ("floor" in options or "half" in options.values()) + 1e-6).all()
    if not options:
        assert not removed[:, 0].any() and (removed[:, 1000] == sizes).all()
    if "cap" in options:
        assert (removed[:, 1000] < sizes).all()


@pytest.mark.parametrize("name", ALL)
def test_they_leave_no_trace_and_say_the_same_again(name: str, images: Images) -> None:
    model = small(measured=False).train()
    model.drop.eval()
    start = state(model)
    before, rest = {n: t.clone() for n, t in model.state_dict().items()}, untouched(model)
    step = Prune(allocation=name, allocation_options=QUICK.get(name, {}))
    first = plan_of(start.scene(quiet), step)
    assert untouched(model) == rest
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())
    again = plan_of(state(small(measured=False), key="again").scene(quiet), step)
    assert (first.removed == again.removed).all()


@pytest.mark.parametrize("name", [name for name in ALL if not allocations[name].scored])
def test_those_that_go_with_solvers_share_without_scores(name: str, images: Images) -> None:
    found, weight = plan(name, state(small())), granularities["weight"]()
    assert (budgeted(found.scene, weight, made(name, **QUICK.get(name, {})), {}).removed == found.removed).all()


@pytest.mark.parametrize("name", ALL)
def test_masked_units_count_among_the_removed(name: str, images: Images) -> None:
    once = state(small()).after(Prune(scorer="random", sparsity=500), "once", quiet)
    gone = np.array([int((~once.masks[n]).sum()) for n in once.order])
    found = plan(name, once)
    total = found.ranking.sizes.sum()
    assert (found.removed >= gone[:, None]).all()
    wanted = np.maximum(LEVELS * total / 1000, gone.sum())
    assert (np.abs(found.removed.sum(0) - wanted) <= 0.5 * len(gone) + 1e-6).all()


@pytest.mark.parametrize("name", ["global", "uniform", "erk", "lamp"])
@pytest.mark.parametrize("multiple", [2, 4, 8])
def test_channels_are_kept_in_multiples(name: str, multiple: int) -> None:
    found = plan(name, state(small()), "channel", multiple=multiple)
    sizes = found.ranking.sizes[:, None]
    kept = sizes - found.removed
    assert ((kept % multiple == 0) | (kept == sizes)).all()
    assert (kept >= np.minimum(multiple, sizes)).all()
    assert (np.diff(kept) <= 0).all() and (kept[:, 0] == sizes[:, 0]).all()


def erdos_renyi(shapes: list[tuple[int, ...]], sparsity: float) -> list[float]:
    """Densities as RigL's authors find them: make dense what would exceed 1, and solve the scale again."""
    dense: set[int] = set()
    raw = [sum(shape) / np.prod(shape) for shape in shapes]
    while True:
        size = [np.prod(shape) for shape in shapes]
        budget = (1 - sparsity) * sum(size) - sum(size[i] for i in dense)
        scale = budget / sum(raw[i] * size[i] for i in range(len(shapes)) if i not in dense)
        beyond = {i for i in range(len(shapes)) if i not in dense and scale * raw[i] > 1}
        if not beyond:
            return [1.0 if i in dense else scale * raw[i] for i in range(len(shapes))]
        dense |= {max(beyond, key=lambda i: raw[i])}


@pytest.mark.parametrize("level", [1, 100, 350, 500, 800, 900, 990, 999])
def test_erk_is_the_authors_algorithm(level: int) -> None:
    found = ranked(random_scores(), made("erk")).removed[:, level]
    size = [np.prod(shape) for shape in SHAPES.values()]
    right = [n * (1 - d) for n, d in zip(size, erdos_renyi(list(SHAPES.values()), level / 1000), strict=True)]
    assert np.abs(found - right).max() <= 0.5 + 1e-4


def test_erk_by_numbers() -> None:
    """Two square layers, 10 x 10 and 100 x 100: densities 10 to 1; the small one is dense from 10 % on."""
    found = ranked({"a": torch.rand(10, 10), "b": torch.rand(100, 100)}, made("erk")).removed
    kept = np.array([[100], [10_000]]) - found
    assert kept[:, 950].tolist() == [round(505 / 1100 * 100), 459]  # scale: 10 s * 100 + s * 10,000 = 505
    assert kept[:, 500].tolist() == [100, 4950]


def brute_lamp(scores: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """All LAMP scores by the formula, weight by weight, and the layer of each."""
    values, owner = [], []
    for row, score in enumerate(scores.values()):
        squares = score.flatten().double().square()
        values += [s / squares[squares >= s].sum() for s in squares]
        owner += [row] * len(squares)
    return torch.stack(values), torch.tensor(owner)


def test_lamp_is_a_global_sort_of_the_formula() -> None:
    scores = random_scores(3)
    values, owner = brute_lamp(scores)
    order = owner[values.argsort()]
    found = ranked(scores, made("lamp")).removed
    for level in (1, 100, 500, 900, 990, 999):
        k = round(level * len(order) / 1000)
        assert found[:, level].tolist() == order[:k].bincount(minlength=4).tolist()


@given(st.lists(st.sampled_from([0.25, 1.0, 8.0, 1024.0]), min_size=4, max_size=4), st.integers(0, 99), st.booleans())
def test_lamp_does_not_see_the_scale_of_a_layer(scales: list[float], seed: int, signed: bool) -> None:
    scores = random_scores(seed, signed)
    scaled = {name: scale * score for scale, (name, score) in zip(scales, scores.items(), strict=True)}
    one, other = ranked(scores, made("lamp")), ranked(scaled, made("lamp"))
    assert (one.removed == other.removed).all()
    assert all(torch.equal(one.mask(name, 700), other.mask(name, 700)) for name in scores)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("kind", ["one layer tiny", "one layer zero", "ties"])
def test_lamp_empties_no_layer(kind: str, signed: bool) -> None:
    scores = random_scores(1, signed)
    if kind == "ties":
        scores = {name: score.round() for name, score in scores.items()}
    else:
        scores["b.weight"] *= 1e-30 if kind == "one layer tiny" else 0
    found = ranked(scores, made("lamp"))
    total = int(found.sizes.sum())
    enough = total - counts(LEVELS, total) >= len(scores)
    assert (found.removed[:, enough] < found.sizes[:, None]).all()
    assert (found.removed[:, 1000] == found.sizes).all()


@settings(max_examples=50)
@given(st.lists(st.floats(-(2.0**124), 2.0**124, width=32), min_size=1, max_size=30), st.integers(0, 3))
def test_lamp_keeps_the_order_and_mirrors_what_is_negative(values: list[float], masked: int) -> None:
    alive = np.sort(np.array(values, np.float32))
    found = lamp(np.append(np.full(masked, MASKED, np.float32), alive))
    assert (found[:masked] == np.float32(MASKED)).all() and np.isfinite(found).all()
    assert (np.diff(found) >= 0).all() and found[-1] == 1 and (np.abs(found[masked:]) <= 1).all()
    mirrored = lamp(np.sort(-alive))[::-1]
    assert np.allclose(found[masked:-1][1:], -mirrored[1:-1])


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 1000), max_size=4))
def test_by_hand_is_met_at_the_tables_own_level_and_scaled_elsewhere(table: dict[str, int]) -> None:
    found = ranked(random_scores(), made("by_hand", shares=table))
    sizes = dict(zip("abcd", found.sizes.tolist(), strict=True))
    named = sum(sizes[name] for name in table)
    own = sum(table[name] * sizes[name] for name in table) / max(named, 1)  # per mille
    for level in {0, 1, 250, 500, 900, 1000, round(own)}:
        for row, name in enumerate("abcd"):
            share = table.get(name)
            if share is None:
                right = level / 1000
            elif level <= own:
                right = share / 1000 * (level / own if own else 0)
            else:
                right = 1 - (1 - share / 1000) * (1 - level / 1000) / (1 - own / 1000)
            assert abs(found.removed[row, level] - sizes[name] * right) <= 0.5 + 1e-3


def test_by_hand_exactly() -> None:
    scores = {"a.weight": torch.rand(100), "b.weight": torch.rand(300), "c.weight": torch.rand(50)}
    found = ranked(scores, made("by_hand", shares={"a": 200, "b": 600})).removed
    assert found[:, 500].tolist() == [20, 180, 25]  # (20 + 180) of 400
    assert found[:, 250].tolist() == [10, 90, 12]
    assert found[:, 750].tolist() == [60, 240, 38]


def test_a_table_with_an_unknown_layer_or_a_wrong_share() -> None:
    step = Prune(allocation="by_hand", allocation_options={"shares": {"conv1": 100, "conv7": 100}})
    with pytest.raises(UnknownName, match=r"no layer 'conv7'.*Known: conv1, conv2, fc1, fc2"):
        plan_of(state(small()).scene(quiet), step)
    with pytest.raises(ValueError, match="shares.conv1: input should be less than or equal to 1000"):
        Prune(allocation="by_hand", allocation_options={"shares": {"conv1": 1001}})


def test_owl_without_a_band_is_uniform(images: Images) -> None:
    start = state(small())
    assert (plan("owl", start, lam=0.0).removed == plan("uniform", start).removed).all()


@pytest.mark.parametrize("lam", [0.02, 0.08, 0.3])
def test_owl_is_a_band_around_the_share_and_outliers_stay(lam: float, images: Images) -> None:
    start = state(small())
    found = plan("owl", start, lam=lam, m=3.0)
    sizes = found.ranking.sizes
    shares = outliers(found.scene, 3.0, 50)
    away = shares - np.average(shares, weights=sizes)
    kept = 1 - found.removed[:, 500] / sizes
    assert np.allclose(kept - 0.5, lam * away / np.abs(away).max(), atol=0.5 / sizes.min())
    assert np.abs(away).max() > 0
    assert (np.abs(1 - found.removed / sizes[:, None] - (1 - LEVELS / 1000)) <= 2 * lam + 0.5 / sizes.min()).all()


class Inputs(nn.Module):
    """Convolutions with stride, padding, dilation and groups, then tokens into a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.two = nn.Conv2d(4, 6, 3, dilation=2, groups=2, padding="same", padding_mode="circular")
        self.three = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.three(self.two(self.one(x).relu()).relu().flatten(2).transpose(1, 2)).mean(1)


def test_the_inputs_that_a_weight_meets(images: Images) -> None:
    torch.manual_seed(0)
    start = state(Inputs().eval())
    scene = Scene(start.model, start.weights, start.base, 4, quiet)
    found = input_energy(scene, 30)
    x, model = scene.sample(30)[0], start.model
    one = F.unfold(x, 3, stride=2, padding=1).square().sum((0, 2)).view(1, 3, 3)
    x = model.one(x).relu()
    patches = F.unfold(F.pad(x, (2, 2, 2, 2), "circular"), 3, dilation=2).square().sum((0, 2)).view(2, 2, 3, 3)
    x = model.two(x).relu()
    assert torch.allclose(found["one.weight"], one.expand(4, 1, 3, 3), rtol=1e-4)
    assert torch.allclose(found["two.weight"], patches.repeat_interleave(3, 0), rtol=1e-4)
    assert torch.allclose(found["three.weight"], x.square().sum((0, 2, 3)), rtol=1e-4)
    scores = start.weights["three.weight"].abs() * x.square().sum((0, 2, 3)).sqrt()
    layout = Layout.singles({name: tuple(w.shape) for name, w in start.weights.items()})
    shares = outliers(Scene(model, start.weights, start.base, 4, quiet, layout=layout), 2.0, 30)
    assert shares[2] == pytest.approx(float((scores > 2 * scores.mean()).float().mean()))


@pytest.mark.parametrize("name", ["owl", "sensitivity"])
def test_bare_scores_have_no_network(name: str) -> None:
    with pytest.raises(Incompatible, match="network"):
        Ranking.of(random_scores(), lambda _: ranked(random_scores(), made(name)).removed)
