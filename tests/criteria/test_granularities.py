"""Units within one layer: N:M patterns, blocks, kernels; and all granularities through a pruning step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.kinds import granularities
from pruning.criteria.plan import plan
from pruning.criteria.ranking import MASKED
from pruning.network.passes import forward_order
from pruning.network.scene import Scene
from pruning.network.units import Layout
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import options_of, same, small, state

SHAPE = (1, 28, 28)


class Wide(nn.Module):
    """Input channels 1, 8, 6 and, flattened, 96: 4 divides two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, stride=4), nn.Conv2d(8, 6, 3, stride=2)
        self.conv3, self.fc = nn.Conv2d(6, 24, 2), nn.Linear(96, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv3(self.conv2(self.conv1(x).relu()).relu()).relu().flatten(1))


def wide(seed: int = 0) -> Wide:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Wide().eval()


def scene(model: nn.Module) -> Scene:
    order = forward_order(model, SHAPE)
    return Scene(model, {n: model.get_parameter(n).detach() for n in order}, Base(model="resnet_20"), 0, quiet)


def layout(model: nn.Module, granularity: str, **options: int) -> Layout:
    return granularities[granularity](**options).layout(scene(model))


def pruned(start: State, level: int, **more: object) -> State:
    step = {"scorer": "random", "granularity": "n_m", "allocation": "uniform", "sparsity": level, "seed": 3} | more
    return start.after(Prune.model_validate(step), f"after {step}", quiet)


def kept_of_m(mask: Tensor, m: int) -> set[int]:
    """How many of each M neighbours along the input channels are kept: a plain loop over slices."""
    inputs = mask.shape[1]
    return {int(n) for i in range(0, inputs, m) for n in mask[:, i : i + m].sum(1).flatten()}


@pytest.mark.parametrize(
    ("m", "level", "kept"),
    [
        (4, 500, 2),
        (4, 750, 1),
        (4, 250, 3),
        (2, 500, 1),
        (8, 500, 4),
        (3, 333, 2),
        (3, 667, 1),
        (4, 1000, 0),
        (4, 0, 4),
    ],
)
@pytest.mark.parametrize("scorer", ["random", "magnitude_l1"])
def test_exactly_n_of_each_m_are_kept(scorer: str, m: int, level: int, kept: int) -> None:
    after = pruned(state(wide()), level, scorer=scorer, granularity_options={"m": m})
    fits = [name for name, weight in after.weights.items() if weight.shape[1] % m == 0]
    assert list(after.masks) == fits and fits
    for name in fits:
        assert kept_of_m(after.masks[name], m) == {kept}, name
        row = list(after.weights).index(name)
        assert after.plan is not None
        assert after.plan.weights_removed[row, level] == int((~after.masks[name]).sum())


@pytest.mark.parametrize("solver", ["wanda", "sparse_gpt", "obc"])
def test_solvers_keep_exactly_n_too(solver: str, images: Images) -> None:
    after = pruned(state(wide()), 750, scorer=solver, options=options_of(solver), seed=0)
    assert list(after.masks) == ["conv2.weight", "fc.weight"]
    assert all(kept_of_m(mask, 4) == {1} for mask in after.masks.values())


def test_the_largest_of_each_four_stay() -> None:
    after = pruned(state(wide()), 500, scorer="magnitude_l1")
    weight, mask = wide().conv2.weight.detach(), after.masks["conv2.weight"]
    for o in range(6):
        for first in (0, 4):
            for y in range(3):
                for x in range(3):
                    four = weight[o, first : first + 4, y, x].abs()
                    assert set(four.topk(2).indices.tolist()) == set(
                        mask[o, first : first + 4, y, x].nonzero()[:, 0].tolist()
                    )


def test_layers_that_m_does_not_divide_are_listed() -> None:
    found = layout(wide(), "n_m", m=4)
    assert list(found.groups) == ["conv2.weight", "fc.weight"]
    assert found.skipped == {
        "conv1.weight": "its 1 input channel is not a multiple of 4",
        "conv3.weight": "its 6 input channels are not a multiple of 4",
    }
    with pytest.raises(Incompatible, match="nothing to prune as n:m pattern: conv1: its 1 input channel"):
        pruned(state(wide()), 500, granularity_options={"m": 31})


@pytest.mark.parametrize("m", range(2, 33))
def test_every_stop_gives_its_pattern_and_is_said_so(m: int) -> None:
    entry = granularities["n_m"](m=m)
    sizes = np.array([m, 6 * m, 1000 * m])
    for k, level in enumerate(entry.stops()):
        counts = np.array([[round(level * size * entry.parts / 1000)] for size in sizes])
        assert (entry.settle(counts, sizes)[:, 0] == k * sizes // m).all()
        assert entry.said(level) == f"{m - k}:{m}"


@given(level=st.integers(0, 1000), m=st.integers(2, 32), cap=st.integers(0, 1000), groups=st.integers(1, 200))
def test_never_more_than_the_budget_allows(level: int, m: int, cap: int, groups: int) -> None:
    entry, size = granularities["n_m"](m=m), m * groups
    asked = min(level, cap)
    found = int(entry.settle(np.array([[asked * size * entry.parts // 1000]]), np.array([size]))[0, 0])
    assert found % groups == 0 and round(1000 * found / size) <= asked
    assert entry.said(asked) == f"{m - found // groups}:{m}"


@pytest.mark.parametrize(("level", "m", "kept"), [(488, 4, 3), (475, 2, 2), (499, 4, 3), (999, 4, 1), (332, 3, 3)])
def test_a_level_between_two_patterns_removes_less_and_never_more(level: int, m: int, kept: int) -> None:
    step = {"granularity_options": {"m": m}}
    after = pruned(state(wide()), level, **step)
    assert after.plan is not None and after.masks
    assert all(kept_of_m(mask, m) == {kept} for mask in after.masks.values())
    made = Prune(granularity="n_m", allocation="uniform", sparsity=level, **step)
    assert f"Mask {kept}:{m} by" in made.words() and made.key_part()[3] == {"granularity": 2}


def test_a_level_is_not_rounded_up_in_a_small_layer() -> None:
    """13 % of four weights is half a weight: no whole one."""
    model = nn.Sequential(nn.Conv2d(1, 4, 28), nn.Flatten(), nn.Linear(4, 1)).eval()
    made = plan(state(model).scene(quiet), Prune(granularity="n_m", allocation="uniform"))
    for level in range(1001):
        k = 4 * level // 1000
        assert made.removed[0, level] == k and granularities["n_m"](m=4).said(level) == f"{4 - k}:4"


@pytest.mark.parametrize(("level", "m"), [(500, 4), (750, 4), (600, 4), (500, 2), (333, 3)])
def test_levels_that_were_never_rounded_up_keep_their_keys(level: int, m: int) -> None:
    step = Prune(granularity="n_m", granularity_options={"m": m}, allocation="uniform", sparsity=level)
    assert len(step.key_part()) == len(step.key_part((step,))) == 3


def test_dense_ends_and_caps_hold() -> None:
    class Ends(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Flatten(), nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    after = pruned(state(Ends().eval()), 6, allocation_options={"ends": "dense", "cap": 600})  # 38 of 6,368
    first, middle, last = after.masks.values()
    assert first.all() and last.all() and kept_of_m(middle, 4) == {2}


def test_n_m_after_n_m_counts_what_is_masked_already() -> None:
    once = pruned(state(wide()), 500)
    for level, kept in ((250, 2), (500, 2), (750, 1)):
        twice = pruned(once, level, scorer="magnitude_l1")
        assert twice.plan is not None
        for row, name in enumerate(twice.weights):
            if name in twice.masks:
                assert kept_of_m(twice.masks[name], 4) == {kept}
                assert not (twice.masks[name] & ~once.masks[name]).any()
                assert twice.plan.weights_removed[row, level] == int((~twice.masks[name]).sum())


def test_n_m_after_single_weights_keeps_at_most_n() -> None:
    once = pruned(state(wide()), 600, granularity="weight", allocation="global")
    twice = pruned(once, 500, scorer="magnitude_l1")
    for name in ("conv2.weight", "fc.weight"):
        assert max(kept_of_m(twice.masks[name], 4)) <= 2
        assert not (twice.masks[name] & ~once.masks[name]).any()


def test_ties_and_masked_scores_have_places_of_their_own() -> None:
    order = granularities["n_m"](m=4).order
    equal = order({"w": torch.ones(2, 8)})["w"]
    assert equal.tolist() == [[0, 1, 2, 3, 0, 1, 2, 3]] * 2
    some = order({"w": torch.tensor([[5.0, MASKED, 3, 4, 1, 2, MASKED, MASKED]])})["w"]
    assert some.tolist() == [[3, MASKED, 1, 2, 2, 3, MASKED, 1]]


@settings(max_examples=40)
@given(o=st.integers(1, 9), i=st.integers(1, 9), k=st.integers(1, 3), r=st.integers(1, 5), c=st.integers(1, 5))
def test_blocks_tile_outputs_and_inputs_at_each_kernel_position(o: int, i: int, k: int, r: int, c: int) -> None:
    model = nn.Sequential(nn.Conv2d(1, i, 1), nn.Conv2d(i, o, k)).eval()
    found = layout(model, "block", rows=r, columns=c).groups["1.weight"]
    tiles: dict[int, list[tuple[int, ...]]] = {}
    unit = found.members[0].unit
    assert unit is not None and unit.shape == (o, i, k, k)
    for place in np.ndindex(o, i, k, k):
        tiles.setdefault(int(unit[place]), []).append(place)
    assert sorted(tiles) == list(range(found.count)) and found.count == -(-o // r) * -(-i // c) * k * k
    for places in tiles.values():
        y, x = places[0][2:]
        top, left = places[0][0] // r * r, places[0][1] // c * c
        whole = [(a, b, y, x) for a in range(top, min(top + r, o)) for b in range(left, min(left + c, i))]
        assert places == whole


def test_a_linear_layers_blocks_are_rectangles() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 6)).eval()
    start = state(model)
    after = pruned(
        start, 500, granularity="block", granularity_options={"rows": 2, "columns": 16}, scorer="magnitude_l1"
    )
    tiles = after.masks["1.weight"].view(3, 2, 49, 16).transpose(1, 2).flatten(2)
    assert (tiles.all(-1) | ~tiles.any(-1)).all() and int(tiles.any(-1).sum()) == 73
    means = start.weights["1.weight"].abs().view(3, 2, 49, 16).mean((1, 3))
    assert means[tiles.any(-1)].min() > means[~tiles.any(-1)].max()


def test_kernels_are_slices_of_convolutions() -> None:
    start = state(wide())
    after = pruned(start, 400, granularity="kernel", scorer="magnitude_l1", reduction="l2")
    assert list(after.masks) == ["conv1.weight", "conv2.weight", "conv3.weight"]
    assert after.plan is not None and after.plan.layout.skipped == {"fc.weight": "a dense layer has no kernels"}
    for name, mask in after.masks.items():
        slices, norms = mask.flatten(2), start.weights[name].flatten(2).norm(dim=2)
        kept = slices.any(-1)
        assert (slices.all(-1) == kept).all() and int((~kept).sum()) == round(0.4 * kept.numel())
        assert norms[kept].min() >= norms[~kept].max()


@pytest.mark.parametrize("granularity", list(granularities))
def test_every_weight_is_in_a_unit_or_left_alone_with_a_reason(granularity: str) -> None:
    for model in (small(), wide()):
        found = layout(model, granularity)
        names = forward_order(model, SHAPE)
        scored = {m.parameter for g in found.groups.values() for m in g.members if m.scored}
        assert scored | set(found.skipped) == set(names) and not scored & set(found.skipped)
        assert all(reason and not reason.endswith(".") for reason in found.skipped.values())
        for group in found.groups.values():
            assert group.leads in scored
            for member in group.members:
                parameter = model.get_parameter(member.parameter)
                if member.unit is None:
                    assert group.shape == tuple(parameter.shape)
                else:
                    assert group.shape == (group.count,) and member.unit.ndim == parameter.ndim
                    assert int(member.unit.min()) >= -1 and int(member.unit.max()) < group.count
                    assert all(u in (1, p) for u, p in zip(member.unit.shape, parameter.shape, strict=True))
            units = [m.unit for m in group.members if m.scored and m.unit is not None]
            if units:
                assert torch.cat([u.flatten() for u in units]).unique().tolist()[-group.count :] == list(
                    range(group.count)
                )


@pytest.mark.parametrize("granularity", [n for n in granularities if n not in ("head", "layer_block")])
def test_counts_of_weights_are_those_of_the_masks(granularity: str) -> None:
    for level in (0, 137, 500, 863, 1000):
        start = state(small())
        after = pruned(
            start, level, granularity=granularity, granularity_options={"m": 2} if granularity == "n_m" else {}
        )
        assert after.plan is not None
        for row, name in enumerate(start.weights):
            mask = after.masks.get(name, torch.ones(1, dtype=torch.bool))
            assert after.plan.weights_removed[row, level] == int((~mask).sum()), (name, level)


@pytest.mark.parametrize("granularity", ["n_m", "block", "kernel", "channel"])
def test_the_same_again(granularity: str) -> None:
    step = Prune(scorer="magnitude_l1", granularity=granularity, allocation="uniform")
    one, two = (plan(state(small()).scene(quiet), step).ranking for _ in range(2))
    assert one is not None and two is not None
    assert same(one.masks(500), two.masks(500)) and (one.removed == two.removed).all()
