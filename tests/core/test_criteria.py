"""Criteria of the literature against independent computations: loops, closed forms, brute force."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, nn
from torch.nn import functional as F

from pruning import curvature, registry
from pruning.activations import following_norms
from pruning.criterion import rank
from pruning.entries import quiet
from pruning.errors import Incompatible, PruningError
from pruning.passes import Scene
from pruning.specs import Prune
from pruning.state import State
from pruning.zoo import data as zoo_data
from tests.core.conftest import Images
from tests.core.networks import same, small, snapshot, state


def scene(model: nn.Module, seed: int = 0) -> Scene:
    made = state(model)
    return Scene(model, made.weights, made.base, seed, quiet)


def images_of(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    return zoo_data.sample(zoo_data.load("any", "train"), count, seed)


class Tiny(nn.Module):
    """A smooth network in float64 with few weights, for brute force."""

    def __init__(self, act: str = "tanh") -> None:
        super().__init__()
        self.one, self.two, self.act = nn.Linear(4, 3).double(), nn.Linear(3, 10).double(), act

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.one(F.avg_pool2d(x.double(), 14).flatten(1))
        return self.two(hidden.tanh() if self.act == "tanh" else hidden.relu())


def tiny(act: str = "tanh") -> Tiny:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Tiny(act).eval()


def hessian(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The whole Hessian and gradient with respect to the prunable weights, by torch's own functional."""
    names = [name for name, _ in model.named_parameters() if name.endswith("weight")]
    parts = [dict(model.named_parameters())[name] for name in names]
    flat = torch.cat([part.detach().flatten() for part in parts])

    def loss(line: Tensor) -> Tensor:
        pieces = line.split([part.numel() for part in parts])
        chosen = {n: piece.view(part.shape) for n, piece, part in zip(names, pieces, parts, strict=True)}
        return F.cross_entropy(torch.func.functional_call(model, chosen, (x,)), y)

    return torch.autograd.functional.hessian(loss, flat), torch.autograd.functional.jacobian(loss, flat)  # type: ignore[return-value]


def line(parts: dict[str, Tensor]) -> Tensor:
    return torch.cat([part.double().flatten() for part in parts.values()])


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-8, 8, width=32)))
def test_lamp_is_a_share_of_the_squares_not_smaller(values: np.ndarray) -> None:
    entry = registry.scorers["lamp"]()
    unit = {"a": torch.from_numpy(values).abs()}
    found = entry.finish(unit, None)["a"].flatten().numpy()  # type: ignore[attr-defined]
    squares = np.abs(values).ravel().astype(np.float64) ** 2
    order = np.argsort(np.abs(values).ravel(), kind="stable")
    for place, at in enumerate(order):
        rest = squares[order[place:]].sum()
        assert found[at] == pytest.approx(squares[at] / rest if rest else 0.0, rel=1e-5)
    if squares.any():
        assert found.max() == pytest.approx(1)


def test_fpgm_is_the_sum_of_distances() -> None:
    model = small()
    found = registry.scorers["fpgm"]().score(scene(model))  # type: ignore[attr-defined]
    weight = model.conv2.weight.detach().flatten(1)
    for i in range(len(weight)):
        wanted = sum(float((weight[i] - weight[j]).norm()) for j in range(len(weight)))
        assert float(found["conv2.weight"][i]) == pytest.approx(wanted, rel=1e-5)
    assert found["conv2.weight"].shape == (8, 1, 1, 1) and found["fc1.weight"].shape == (12, 1)


def test_batch_norm_scale_is_absolute_and_layers_without_a_norm_are_left_alone() -> None:
    model = small()
    assert following_norms(scene(model)) == {"conv1.weight": model.norm}
    found = registry.scorers["batch_norm_scale"]().score(scene(model))  # type: ignore[attr-defined]
    assert list(found) == ["conv1.weight"]
    assert torch.equal(found["conv1.weight"].flatten(), model.norm.weight.detach().abs())
    made = Prune(scorer="batch_norm_scale", granularity="channel", sparsity=500)
    from pruning.criterion import plan

    planned = plan(state(model), made, quiet)
    assert list(planned.layout.groups) == ["conv1.weight"]
    assert "no BatchNorm" in planned.layout.skipped["conv2.weight"]


def test_single_weights_rank_alike_under_all_first_order_scores(images: Images) -> None:
    model = small()
    names = ("gradient_x_weight", "snip", "taylor_abs_sum", "taylor_sum_abs", "taylor_squared")
    made = [rank(state(model), Prune(scorer=n, options={"samples": 130}), quiet) for n in names]
    for level in (200, 500, 900):
        masks = [ranking.masks(level) for ranking in made]
        assert all(same(masks[0], other) for other in masks[1:])


def test_taylor_scores_of_units_are_three_different_things(images: Images) -> None:
    model, scores = small(), {}
    for name in ("taylor_abs_sum", "taylor_sum_abs", "taylor_squared"):
        step = Prune(scorer=name, options={"samples": 60}, granularity="kernel", reduction="sum")
        scores[name] = rank(state(model), step, quiet).scores["conv2.weight"]
    x, y = images_of(60)
    F.cross_entropy(model(x), y).backward()
    product = (model.conv2.weight * model.conv2.weight.grad).detach().flatten(2)
    wanted = {"taylor_abs_sum": product.sum(2).abs(), "taylor_sum_abs": product.abs().sum(2),
              "taylor_squared": product.square().sum(2)}  # fmt: skip
    for name, right in wanted.items():
        torch.testing.assert_close(scores[name].view_as(right), right, rtol=2e-3, atol=1e-9)


@pytest.mark.parametrize("budget", [1, 10**9])
def test_fisher_sums_the_squares_of_single_images(images: Images, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    monkeypatch.setattr(curvature, "SAMPLE_NUMBERS", budget)
    model = small()
    found = registry.scorers["fisher"](samples=15).score(scene(model))  # type: ignore[attr-defined]
    x, y = images_of(15)
    sums = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for i in range(15):
        model.zero_grad()
        F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
        for name, p in model.named_parameters():
            sums[name] += p.grad.square()
    for name, score in found.items():
        weight = dict(model.named_parameters())[name].detach()
        torch.testing.assert_close(score, weight.square() * sums[name] / 15 / 2, rtol=1e-3, atol=1e-9)
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    other = (model.fc1.weight.square() * model.fc1.weight.grad.square() / 2).detach()
    assert not torch.allclose(found["fc1.weight"], other, rtol=0.1)  # not the square of the mean


def test_hessian_products_and_grasp_agree_with_the_whole_hessian(images: Images) -> None:
    model = tiny()
    x, y = images_of(20)
    whole, gradient = hessian(model, x, y)
    product = line(curvature.hessian_product(scene(model), 20, scene(model).gradients(20)))
    torch.testing.assert_close(product, whole @ gradient, rtol=1e-4, atol=1e-7)
    keep = line(registry.scorers["grasp"](samples=20).score(scene(model)))  # type: ignore[attr-defined]
    weights = line(state(model).weights)
    torch.testing.assert_close(keep, weights * (whole @ gradient), rtol=1e-4, atol=1e-7)
    hot = line(registry.scorers["grasp"](samples=20, temperature=200).score(scene(model)))  # type: ignore[attr-defined]
    assert not torch.equal(hot.argsort(), keep.argsort())  # no mere rescaling


def test_hutchinson_tends_to_the_diagonal(images: Images) -> None:
    model = tiny()
    x, y = images_of(20)
    whole, _ = hessian(model, x, y)
    found = line(curvature.hessian_diagonal(scene(model), 20, 1500))
    assert float((found - whole.diagonal()).norm() / whole.diagonal().norm()) < 0.1


def test_obd_is_exact_for_one_deletion_at_the_minimum_of_a_quadratic(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    basis = torch.randn(5, 5)
    curve, minimum = basis @ basis.T + torch.eye(5), torch.randn(5)
    diagonal = {"a": curve.diagonal().clone()}
    monkeypatch.setattr(curvature, "hessian_diagonal", lambda *_: diagonal)
    seen = Scene(nn.Identity(), {"a": minimum}, state(small()).base, 0, quiet)
    found = registry.scorers["obd"]().score(seen)["a"]  # type: ignore[attr-defined]
    for i in range(5):
        without = minimum.clone()
        without[i] = 0
        change = 0.5 * (without - minimum) @ curve @ (without - minimum)
        assert float(found[i]) == pytest.approx(float(change), rel=1e-4)


def test_synflow_conserves_flow_at_every_hidden_unit() -> None:
    from pruning.scorers.synflow import _Flow

    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 9), nn.ReLU(), nn.BatchNorm1d(9), nn.Linear(9, 7), nn.ReLU(),
                          nn.Linear(7, 10)).eval()  # fmt: skip
    nn.init.normal_(model[3].weight), nn.init.normal_(model[3].running_mean)
    flow = _Flow(scene(model))
    line_ = flow.scores(torch.ones(sum(w.numel() for w in flow.weights), dtype=torch.bool))
    one, two, three = (p.view(w.shape) for p, w in zip(line_.split([w.numel() for w in flow.weights]), flow.weights,
                                                        strict=True))  # fmt: skip
    torch.testing.assert_close(one.sum(1), two.sum(0), rtol=1e-9, atol=0)
    torch.testing.assert_close(two.sum(1), three.sum(0), rtol=1e-9, atol=0)


def test_synflow_empties_no_layer_before_the_rest_and_refuses_what_it_does_not_assume() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10))
    masks = rank(state(model.eval()), Prune(scorer="synflow"), quiet).masks(990)
    assert all(int(mask.sum()) > 0 for mask in masks.values())
    with pytest.raises(Incompatible, match="tanh"):
        rank(state(small()), Prune(scorer="synflow"), quiet)


def relu_net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 10)).eval()


def rescaled(model: nn.Sequential, factor: float) -> nn.Sequential:
    """The same function: incoming weights of the hidden units times a factor, outgoing ones divided by it."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[1].weight.mul_(factor), other[1].bias.mul_(factor), other[3].weight.div_(factor)
    return other


@pytest.mark.parametrize(
    ("scorer", "changes"),
    [("magnitude_l1", True), ("snip", False), ("gradient_x_weight", False), ("taylor_squared", False),
     ("fisher", False), ("synflow", False), ("lamp", False)],
)  # fmt: skip
def test_rescaling_between_relu_layers_changes_only_what_looks_at_size(
    scorer: str, changes: bool, images: Images
) -> None:
    options = {"samples": 60} if "samples" in registry.scorers[scorer].model_fields else {}
    one, two = (
        rank(state(model), Prune(scorer=scorer, options=options), quiet).masks(700)
        for model in (relu_net(), rescaled(relu_net(), 8.0))
    )
    differ = sum(int((one[name] != two[name]).sum()) for name in one)
    assert (differ > 100) == changes
    if not changes:
        assert differ <= 10  # rounding alone


CHANNELS = ("fpgm", "activation_frequency", "activation_mean")


@pytest.mark.parametrize("scorer", CHANNELS)
def test_permuting_channels_permutes_their_scores(scorer: str, images: Images) -> None:
    model, order = relu_net(), torch.randperm(12)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[1].weight.copy_(model[1].weight[order]), other[1].bias.copy_(model[1].bias[order])
        other[3].weight.copy_(model[3].weight[:, order])
    options = {"samples": 60} if "samples" in registry.scorers[scorer].model_fields else {}
    one, two = (registry.scorers[scorer](**options).score(scene(net)) for net in (model, other))  # type: ignore[attr-defined]
    torch.testing.assert_close(two["1.weight"], one["1.weight"][order], rtol=1e-4, atol=1e-6)


def test_activation_scores_by_hand(images: Images) -> None:
    model = small()
    x, _ = images_of(50)
    with torch.no_grad():
        behind = model.norm(model.conv1(x))  # what leaves conv1's channels is what the norm hands on
        hidden = model.conv2(behind.relu())
        dense = model.fc1(hidden.relu().flatten(1))
    makes = {
        "activation_frequency": lambda v: (v > 0).float(),
        "activation_mean": lambda v: v.clamp(min=0),
    }
    for scorer, make in makes.items():
        found = registry.scorers[scorer](samples=50).score(scene(model))  # type: ignore[attr-defined]
        for name, values in (("conv1", behind), ("conv2", hidden), ("fc1", dense[..., None, None])):
            wanted = make(values).mean((0, 2, 3))
            torch.testing.assert_close(found[f"{name}.weight"].flatten(), wanted, rtol=1e-4, atol=1e-6)
    found = registry.scorers["hrank"](samples=50).score(scene(model))  # type: ignore[attr-defined]
    ranks = np.linalg.matrix_rank(behind.clamp(min=0).numpy())
    assert found["conv1.weight"].flatten().numpy() == pytest.approx(ranks.mean(0))
    assert "fc1.weight" not in found


def test_shuffled_keeps_layer_counts_at_every_level_and_inverted_takes_the_other_end(images: Images) -> None:
    model = small()
    own = rank(state(model), Prune(), quiet)
    mixed = rank(state(model), Prune(scorer="shuffled"), quiet)
    other = rank(state(model), Prune(scorer="shuffled", seed=1), quiet)
    turned = rank(state(model), Prune(scorer="inverted"), quiet)
    assert (own.removed == mixed.removed).all()
    assert not same(own.masks(500), mixed.masks(500)) and not same(other.masks(500), mixed.masks(500))
    total = int(own.sizes.sum())
    kept, gone = own.masks(500), turned.masks(500)
    if total % 2 == 0:
        assert all(torch.equal(kept[name], ~gone[name]) for name in kept)  # no ties among these weights


@pytest.mark.parametrize("of", ["fpgm", "activation_mean", "block_influence"])
def test_scores_of_whole_units_have_controls_too(of: str, images: Images) -> None:
    from pruning.zoo.checkpoints import initial

    unit = "layer_block" if of == "block_influence" else "channel"
    model = initial("resnet_20", 0).eval() if unit == "layer_block" else small()
    own = rank(state(model), Prune(scorer=of, granularity=unit), quiet)
    mixed = rank(state(model), Prune(scorer="shuffled", options={"of": of}, granularity=unit), quiet)
    turned = rank(state(model), Prune(scorer="inverted", options={"of": of}, granularity=unit), quiet)
    for name, scores in own.scores.items():
        assert torch.equal(mixed.scores[name].flatten().sort().values, scores.flatten().sort().values)
        torch.testing.assert_close(turned.scores[name], -scores)


def test_controls_wrap_scores_and_nothing_else() -> None:
    with pytest.raises(PruningError, match="wraps another"):
        Prune(scorer="inverted", options={"of": "shuffled"})
    with pytest.raises(PruningError, match="snipp"):
        Prune(scorer="inverted", options={"of": "snipp"})
    with pytest.raises(PruningError, match="scores channels"):
        Prune(scorer="shuffled", options={"of": "fpgm"}, granularity="weight")
    assert Prune(scorer="shuffled", options={"of": "fpgm"}, granularity="channel").options == {"of": "fpgm"}


def test_block_influence_is_one_minus_the_cosine(images: Images) -> None:
    from pruning.zoo.checkpoints import initial

    model = initial("resnet_20", 0).eval()
    made: State = state(model)
    step = Prune(scorer="block_influence", options={"samples": 20}, granularity="layer_block", sparsity=500)
    ranking = rank(made, step, quiet)
    (scores,) = ranking.scores.values()
    assert scores.numel() == 7  # nine blocks, two of which change the shape
    seen: list[float] = []
    x, _ = images_of(20)

    def note(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
        seen.append(float((1 - F.cosine_similarity(args[0], out, dim=1)).mean()))

    from pruning.passes import measured_norms

    handle = model.stage1[1].register_forward_hook(note)
    with torch.no_grad(), measured_norms(model):
        model(x)
    handle.remove()
    assert any(float(score) == pytest.approx(seen[0], rel=1e-3) for score in scores.flatten())


@pytest.mark.parametrize("scorer", registry.scorers.names())
def test_no_scorer_leaves_a_trace(scorer: str, images: Images) -> None:
    entry = registry.scorers[scorer]
    if not hasattr(entry, "gives") or entry.gives == "blocks":  # type: ignore[attr-defined]
        pytest.skip("needs a layout: see test_every_combination")
    model = relu_net() if scorer == "synflow" else small()
    before, random = snapshot(model), torch.random.get_rng_state()
    options = {"samples": 30} if "samples" in entry.model_fields else {}
    entry(**options).score(scene(model))  # type: ignore[attr-defined]
    assert same(snapshot(model), before) and torch.equal(torch.random.get_rng_state(), random)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert not any(m.training or m._forward_hooks or m._forward_pre_hooks for m in model.modules())
