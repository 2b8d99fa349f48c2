"""LAMP, FPGM and BatchNorm scale against loops, ``torch.cdist`` and the layers' names."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, nn

from pruning.common import limits
from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.kinds import scorers
from pruning.criteria.plan import plan, rank
from pruning.network.activations import following_norms
from pruning.network.passes import forward_order
from pruning.steps.prune import Prune
from pruning.zoo.checkpoints import initial
from tests.helpers.brute import permuted, relu_net, rescaled, scene, scored
from tests.helpers.networks import same, small, state


def lamp(values: np.ndarray) -> np.ndarray:
    """Lee et al. 2021, word by word: each square over the sum of the squares from it upwards."""
    squares, found = values.astype(np.float64) ** 2, np.zeros(len(values))
    order = np.argsort(values, kind="stable")
    for place, at in enumerate(order):
        rest = squares[order[place:]].sum()
        found[at] = squares[at] / rest if rest else 0.0
    return found


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-8, 8, width=32)))
def test_lamp_is_a_share_of_the_squares_not_smaller(values: np.ndarray) -> None:
    unit = {"a": torch.from_numpy(np.abs(values)), "b": torch.zeros(3)}
    found = scorers["lamp"]().finish(unit, scene(small()))  # type: ignore[attr-defined]
    lifted = 2.0**120 if float(found["a"].max()) > 1 else 1.0  # where some shares are too small for float32
    assert found["a"].flatten().numpy() / lifted == pytest.approx(lamp(np.abs(values).ravel()), rel=1e-5)
    assert found["a"].shape == values.shape and not found["b"].any()  # a layer of zeros: no NaN
    assert not values.any() or float(found["a"].max()) == lifted


@pytest.mark.parametrize(
    ("granularity", "reduction"), [("weight", "sum"), ("kernel", "l2"), ("channel", "l2"), ("channel", "sum")]
)
def test_lamp_of_units_is_that_of_their_reduced_weights(granularity: str, reduction: str) -> None:
    step = Prune(scorer="lamp", granularity=granularity, reduction=reduction, sparsity=500)
    found = plan(state(small()).scene(quiet), step).ranking
    sizes = plan(state(small()).scene(quiet), step.model_copy(update={"scorer": "magnitude_l1"})).ranking
    assert found is not None and sizes is not None and found.layers == sizes.layers
    for name in found.layers:
        values = sizes.scores[name].flatten().numpy()
        assert found.scores[name].flatten().numpy() == pytest.approx(lamp(values), rel=1e-4)
        assert float(found.scores[name].max()) == 1


def test_lamp_empties_no_layer_where_magnitude_does_and_does_not_see_a_layers_scale() -> None:
    model = small()
    with torch.no_grad():
        model.fc1.weight.mul_(2.0**-10)
    left = {name: rank(state(model).scene(quiet), Prune(scorer=name)).masks(950) for name in ("magnitude_l1", "lamp")}
    assert not left["magnitude_l1"]["fc1.weight"].any()
    assert all(mask.any() for mask in left["lamp"].values())
    assert same(left["lamp"], rank(state(small()).scene(quiet), Prune(scorer="lamp")).masks(950))


def test_lamp_counts_only_what_is_left_of_a_pruned_network() -> None:
    first = state(small()).after(Prune(sparsity=400), "after", quiet)
    scores = rank(first.scene(quiet), Prune(scorer="lamp")).scores
    for name, weight in first.weights.items():
        alive = first.masks[name]
        assert scores[name][alive].numpy() == pytest.approx(lamp(weight[alive].abs().numpy()), rel=1e-4)
        assert (scores[name][~alive] < -1e38).all()


@pytest.mark.parametrize("budget", [limits.SAMPLE_NUMBERS, 20])
def test_fpgm_is_the_sum_of_distances(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SAMPLE_NUMBERS", budget)
    model = small()
    with torch.no_grad():
        model.conv2.weight[3] = model.conv2.weight[5]  # twins lie at no distance
        model.fc1.weight.add_(1000)  # far from zero, near each other
    found = scored("fpgm", model)
    for name, weight in state(model).weights.items():
        flat = weight.flatten(1).double()
        wanted = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist").sum(1)
        torch.testing.assert_close(found[name].flatten(), wanted.float(), rtol=1e-6, atol=0)
        assert found[name].shape == (len(weight), *(1,) * (weight.ndim - 1))
    assert found["conv2.weight"][3] == found["conv2.weight"][5]


def test_fpgm_of_one_filter_is_zero_and_removed_filters_are_no_neighbours() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Linear(1, 4)).eval()
    masks = {"2.weight": torch.tensor([[True], [True], [False], [True]])}
    found = scored("fpgm", model, masks=masks)
    assert float(found["1.weight"]) == 0
    a, b, _, c = model[2].weight.detach().flatten().tolist()
    assert float(found["2.weight"][0]) == pytest.approx(abs(a - b) + abs(a - c))
    gone = scored("fpgm", model, masks={"2.weight": torch.zeros(4, 1, dtype=torch.bool)})
    assert not gone["2.weight"].any()


def test_fpgm_of_identical_filters_ties() -> None:
    model = relu_net()
    with torch.no_grad():
        model[1].weight.copy_(model[1].weight[:1].expand(12, -1))
    assert not scored("fpgm", model)["1.weight"].any()


@pytest.mark.parametrize("scorer", ["fpgm", "magnitude_l1"])
def test_permuting_units_permutes_their_scores(scorer: str) -> None:
    model, order = relu_net(), torch.randperm(12, generator=torch.Generator().manual_seed(0))
    one, two = scored(scorer, model), scored(scorer, permuted(model, order))
    torch.testing.assert_close(two["1.weight"], one["1.weight"][order], rtol=1e-6, atol=0)


@pytest.mark.parametrize(("scorer", "uneven"), [("magnitude_l1", True), ("lamp", True), ("lamp", False)])
def test_rescaling_changes_magnitude_and_lamp_only_within_a_layer(scorer: str, uneven: bool) -> None:
    factors = 2.0 ** (torch.arange(12) % 5 if uneven else torch.full((12,), 3))
    one, two = (
        rank(state(net).scene(quiet), Prune(scorer=scorer)).masks(700)
        for net in (relu_net(), rescaled(relu_net(), factors))
    )
    assert same(one, two) is not uneven


def test_batch_norm_scale_is_absolute_and_layers_without_a_norm_are_left_alone() -> None:
    model = small()
    assert following_norms(scene(model)) == {"conv1.weight": model.norm}
    assert bool((model.norm.weight < 0).any())
    found = scored("batch_norm_scale", model)
    assert list(found) == ["conv1.weight"] and found["conv1.weight"].shape == (4, 1, 1, 1)
    assert torch.equal(found["conv1.weight"].flatten(), model.norm.weight.detach().abs())
    made = plan(state(model).scene(quiet), Prune(scorer="batch_norm_scale", granularity="channel", sparsity=500))
    assert list(made.layout.groups) == ["conv1.weight"]
    assert "no BatchNorm" in made.layout.skipped["conv2.weight"]


def test_batch_norm_scale_pairs_each_convolution_with_its_own_norm() -> None:
    model = initial("resnet_20", 0).eval()
    gammas = {name: norm for name, norm in model.named_modules() if isinstance(norm, nn.BatchNorm2d)}
    for number, norm in enumerate(gammas.values()):
        nn.init.constant_(norm.weight, -1.0 - number)
    found = scored("batch_norm_scale", model)
    assert len(found) == len(gammas) and "fc.weight" not in found
    for name, score in found.items():
        layer = name.removesuffix(".weight")
        norm = layer.replace("conv", "bn") if "shortcut" not in layer else layer.removesuffix("0") + "1"
        assert torch.equal(score.flatten(), -gammas[norm].weight.detach())


def test_a_norm_without_a_scale_and_a_network_without_norms_cannot_be_ranked() -> None:
    plain = nn.Sequential(
        nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4, affine=False), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 576, 10)
    ).eval()
    for model in (plain, relu_net()):
        assert scored("batch_norm_scale", model) == {}
        with pytest.raises(Incompatible, match="no BatchNorm"):
            plan(state(model).scene(quiet), Prune(scorer="batch_norm_scale", granularity="channel"))


class PreActivation(nn.Module):
    """A norm behind a layer, whose output had the shortcut added to it in place."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.norm = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)
        self.out = nn.Linear(4 * 576, 10)

    def forward(self, x: Tensor) -> Tensor:
        first = self.one(x)
        total = self.two(first)
        total += first
        return self.out(self.norm(total).relu().flatten(1))


def test_a_norm_of_a_sum_belongs_to_no_layer() -> None:
    assert scored("batch_norm_scale", PreActivation().eval()) == {}


@pytest.mark.parametrize("scorer", ["lamp", "fpgm", "batch_norm_scale"])
def test_bfloat16_weights_score_as_their_own_float32_values(scorer: str) -> None:
    model = small().bfloat16()
    found, wanted = scored(scorer, model), scored(scorer, small().bfloat16().float())
    assert forward_order(model, (1, 28, 28)) == forward_order(small(), (1, 28, 28))
    assert all(score.dtype == torch.float32 for score in found.values()) and same(found, wanted)


def test_scores_are_higher_for_what_is_kept() -> None:
    model = small()
    ranking = rank(state(model).scene(quiet), Prune(scorer="lamp"))
    layer: Tensor = state(model).weights["fc1.weight"].abs()
    assert layer[ranking.masks(500)["fc1.weight"]].min() >= layer[~ranking.masks(500)["fc1.weight"]].max()
