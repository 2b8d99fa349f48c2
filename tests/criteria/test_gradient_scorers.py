"""Taylor, SNIP, Fisher, OBD and GraSP against loops over images, whole Hessians and the loss itself."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.kinds import scorers
from pruning.criteria.plan import rank
from pruning.network import curvature
from pruning.steps.prune import Prune
from pruning.zoo.checkpoints import initial
from tests.helpers.brute import hessian, images_of, line, mean_loss, permuted, relu_net, rescaled, scene, scored, tiny
from tests.helpers.networks import same, small, state

FIRST = ("gradient_x_weight", "snip", "taylor_abs_sum", "taylor_sum_abs", "taylor_squared")


pytestmark = pytest.mark.usefixtures("images")


def units(name: str, granularity: str, reduction: str = "sum") -> Tensor:
    step = Prune(scorer=name, options={"samples": 60}, granularity=granularity, reduction=reduction)
    return rank(state(small()).scene(quiet), step).scores["conv2.weight"].flatten()


def test_single_weights_rank_alike_under_all_first_order_scores() -> None:
    made = [rank(state(small()).scene(quiet), Prune(scorer=n, options={"samples": 130})) for n in FIRST]
    for level in (200, 500, 900):
        masks = [ranking.masks(level) for ranking in made]
        assert all(same(masks[0], other) for other in masks[1:])


def test_scores_of_units_are_three_different_things() -> None:
    model = small()
    x, y = images_of(60)
    F.cross_entropy(model(x), y).backward()
    product = (model.conv2.weight * model.conv2.weight.grad).detach().flatten(2)
    wanted = {
        "taylor_abs_sum": product.sum(2).abs(),
        "taylor_sum_abs": product.abs().sum(2),
        "taylor_squared": product.square().sum(2),
    }
    for name, right in wanted.items():
        torch.testing.assert_close(units(name, "kernel"), right.flatten(), rtol=2e-3, atol=1e-9)
    orders = {tuple(right.flatten().argsort().tolist()) for right in wanted.values()}
    assert len(orders) == 3
    assert torch.equal(units("snip", "kernel"), units("taylor_sum_abs", "kernel"))
    assert torch.equal(units("gradient_x_weight", "kernel"), units("taylor_sum_abs", "kernel"))
    torch.testing.assert_close(units("taylor_abs_sum", "kernel", "mean") * 9, units("taylor_abs_sum", "kernel"))


def test_taylor_of_a_unit_is_the_slope_of_the_loss_as_the_whole_unit_shrinks() -> None:
    model, step = tiny(), 1e-6
    x, y = images_of(20)
    before = mean_loss(model, x, y)
    signed = scored("taylor_abs_sum", model, samples=20)["one.weight"]
    for row in range(3):
        other = copy.deepcopy(model)
        other.one.weight.data[row] *= 1 - step
        slope = (mean_loss(other, x, y) - before) / step
        assert -float(signed[row].sum()) == pytest.approx(slope, rel=1e-4, abs=1e-8)
    assert bool((signed < 0).any() and (signed > 0).any())
    finished = scorers["taylor_abs_sum"]().finish({"a": signed.sum(1)}, scene(model))  # type: ignore[attr-defined]
    assert torch.equal(finished["a"], signed.sum(1).abs())


def test_snip_is_the_slope_along_gates_that_are_one() -> None:
    model = small()
    x, y = images_of(90)
    weights = state(model).weights
    gates = {name: torch.ones_like(weight, requires_grad=True) for name, weight in weights.items()}
    gated = {name: weights[name] * gate for name, gate in gates.items()}
    loss = F.cross_entropy(torch.func.functional_call(model, gated, (x,)), y)
    slopes = torch.autograd.grad(loss, list(gates.values()))
    for score, slope in zip(scored("snip", model, samples=90).values(), slopes, strict=True):
        torch.testing.assert_close(score, slope.abs(), rtol=1e-4, atol=1e-8)


class Counting(nn.Module):
    """A network that looks at its values, so that no mapping over images can pass through it."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) if x.sum().item() > -1e9 else x


@pytest.mark.parametrize(
    ("budget", "make"), [(10**9, small), (4000, small), (1, small), (10**9, lambda: Counting(small()))]
)
def test_fisher_sums_the_squares_of_single_images(
    budget: int, make: Callable[[], nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curvature, "SAMPLE_NUMBERS", budget)
    model = make().eval()
    found = scored("fisher", model, samples=15)
    x, y = images_of(15)
    sums = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for i in range(15):
        model.zero_grad()
        F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
        for name, p in model.named_parameters():
            sums[name] += p.grad.square()
    assert len(found) == 4 and not any(score.requires_grad for score in found.values())
    for name, score in found.items():
        weight = dict(model.named_parameters())[name].detach()
        torch.testing.assert_close(score, weight.square() * sums[name] / 15 / 2, rtol=1e-3, atol=1e-9)
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    name = next(name for name in found if "fc1" in name)
    weight = model.get_parameter(name)
    squared_mean = weight.detach().square() * weight.grad.square() / 2
    assert (found[name] >= squared_mean - 1e-9).all()  # the mean of squares exceeds the square of the mean
    assert float(found[name].sum()) > 2 * float(squared_mean.sum())


def test_fisher_of_an_initial_network_takes_the_samples_statistics_as_constants() -> None:
    model = small(measured=False)
    found = scored("fisher", model, samples=40)
    x, y = images_of(40)
    with torch.no_grad():
        behind = model.conv1(x)
    fixed = small(measured=False)
    fixed.norm.running_mean.copy_(behind.mean((0, 2, 3)))
    fixed.norm.running_var.copy_(behind.var((0, 2, 3), correction=0))
    wanted = scored("fisher", fixed, samples=40)
    for name in found:
        torch.testing.assert_close(found[name], wanted[name], rtol=1e-3, atol=1e-10)
    assert not model.norm.running_mean.any()  # and what was there is back


def test_fisher_says_where_images_have_no_gradient_of_their_own() -> None:
    norm = nn.BatchNorm1d(12, track_running_stats=False)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), norm, nn.Linear(12, 10)).eval()
    with pytest.raises(Incompatible, match="'2' normalises over each batch"):
        scored("fisher", model, samples=20)


@pytest.mark.parametrize("temperature", [1.0, 200.0])
def test_hessian_products_and_grasp_agree_with_the_whole_hessian(temperature: float) -> None:
    model = tiny()
    x, y = images_of(20)
    whole, gradient = hessian(model, x, y, temperature)
    weights = line(state(model).weights)
    vector = torch.randn(len(weights), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pieces = vector.split([w.numel() for w in state(model).weights.values()])
    given = {n: piece.view(w.shape) for (n, w), piece in zip(state(model).weights.items(), pieces, strict=True)}
    product = line(curvature.hessian_product(scene(model), 20, given, temperature))
    torch.testing.assert_close(product, whole @ vector, rtol=1e-5, atol=1e-10)
    keep = line(scored("grasp", model, samples=20, temperature=temperature))
    wanted = weights * (whole @ gradient)
    torch.testing.assert_close(keep / wanted.abs().max(), wanted / wanted.abs().max(), rtol=1e-4, atol=1e-6)
    if temperature > 1:  # no mere rescaling
        assert not torch.equal(line(scored("grasp", model, samples=20)).argsort(), keep.argsort())


def test_grasp_keeps_what_the_gradients_length_rests_on() -> None:
    """The lower the score, the more the gradient grows when the weight shrinks: by -2 w (H g) for a whole weight."""
    model, step = tiny(), 1e-6
    x, y = images_of(20)
    scores = scored("grasp", model, samples=20)["one.weight"]

    def length(net: nn.Module) -> float:
        found = torch.autograd.grad(F.cross_entropy(net(x), y), [net.one.weight, net.two.weight])
        return float(sum(part.square().sum() for part in found))

    for place in ((0, 0), (1, 2), (2, 3)):
        other = copy.deepcopy(model)
        other.one.weight.data[place] *= 1 - step
        change = (length(other) - length(model)) / step
        assert -2 * float(scores[place]) == pytest.approx(change, rel=1e-3, abs=1e-9)
    assert bool((scores < 0).any() and (scores > 0).any())


def test_grasp_of_a_pruned_network_leaves_masked_gradients_out() -> None:
    model = tiny()
    x, y = images_of(20)
    masks = {name: weight.abs() > weight.abs().median() for name, weight in state(model).weights.items()}
    with torch.no_grad():
        for name, mask in masks.items():
            model.get_parameter(name).mul_(mask)
    whole, gradient = hessian(model, x, y)
    wanted = line(state(model).weights) * (whole @ (gradient * line(masks)))
    found = line(scored("grasp", model, masks=masks, samples=20))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-7)
    assert not torch.allclose(found, line(scored("grasp", model, samples=20)), rtol=1e-2, atol=1e-7)


def test_hutchinson_tends_to_the_diagonal_as_one_over_the_root_of_the_draws() -> None:
    model = tiny()
    whole, _ = hessian(model, *images_of(20))
    missed = []
    for draws in (25, 2500):
        found = line(curvature.hessian_diagonal(scene(model), 20, draws))
        missed.append(float((found - whole.diagonal()).norm() / whole.diagonal().norm()))
    assert missed[1] < 0.05 and 4 < missed[0] / missed[1] < 25
    assert bool((whole.diagonal() < 0).any())  # a smooth activation: some curvature is negative, and stays so
    wanted = line(state(model).weights).square() * line(curvature.hessian_diagonal(scene(model), 20, 16)) / 2
    for signed, right in ((True, wanted), (False, wanted.abs())):
        found = line(scored("obd", model, samples=20, probes=16, signed=signed))
        torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-9)


class Quadratic(nn.Module):
    """Linear in its weights, on inputs that are orthogonal: with a squared loss the Hessian is diagonal."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.one, self.features = nn.Linear(4, 10, bias=False).double(), features

    def forward(self, x: Tensor) -> Tensor:
        return self.one(self.features[: len(x)])


def test_obd_is_exact_for_one_deletion_at_the_minimum_of_a_quadratic(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = torch.randn(20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model = Quadratic(features := torch.linalg.qr(drawn).Q * torch.tensor([1.0, 2.0, 5.0, 0.3]))
    _, y = images_of(20)

    def squared(logits: Tensor, labels: Tensor) -> Tensor:
        return (logits - F.one_hot(labels, 10)).square().sum(1).mean()

    monkeypatch.setattr("torch.nn.functional.cross_entropy", squared)
    with torch.no_grad():
        model.one.weight.copy_(torch.linalg.lstsq(features, F.one_hot(y, 10).double()).solution.T)
    found = scored("obd", model, samples=20, probes=1)["one.weight"]  # signs square to one: a single draw is exact
    least = squared(model(y), y).item()
    for row in range(10):
        for column in range(4):
            other = copy.deepcopy(model)
            other.one.weight.data[row, column] = 0
            change = squared(other(y), y).item() - least
            assert float(found[row, column]) == pytest.approx(change, rel=1e-4, abs=1e-9)
    assert found.max() > 1e-2


@pytest.mark.parametrize(
    ("scorer", "changes"),
    [(name, False) for name in (*FIRST, "fisher")] + [("grasp", True), ("magnitude_l1", True)],
)
def test_rescaling_between_relu_layers_changes_no_product_of_weight_and_gradient(scorer: str, changes: bool) -> None:
    options = {"samples": 60} if "samples" in scorers[scorer].model_fields else {}
    factors = 2.0 ** (torch.arange(12) % 5)  # exact in binary: no rounding is to be forgiven
    one, two = (
        rank(state(net).scene(quiet), Prune(scorer=scorer, options=options)).masks(700)
        for net in (relu_net(), rescaled(relu_net(), factors))
    )
    assert same(one, two) is not changes


@pytest.mark.parametrize("scorer", [*FIRST, "fisher", "grasp"])
def test_permuting_units_permutes_their_scores(scorer: str) -> None:
    model, order = relu_net(), torch.randperm(12, generator=torch.Generator().manual_seed(0))
    one, two = scored(scorer, model, samples=60), scored(scorer, permuted(model, order), samples=60)
    scale = float(one["1.weight"].abs().max())
    torch.testing.assert_close(two["1.weight"] / scale, one["1.weight"][order] / scale, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(two["3.weight"], one["3.weight"][:, order], rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize("scorer", ["fisher", "obd", "grasp"])
def test_initial_attention_networks_have_second_order_scores(scorer: str) -> None:
    model = initial("vit_small", 0).eval()
    options = {"probes": 1} if scorer == "obd" else {}
    found = scored(scorer, model, samples=10, **options)
    assert all(bool(score.isfinite().all()) and bool(score.any()) for score in found.values())
    assert all(torch.equal(found[n], again) for n, again in scored(scorer, model, samples=10, **options).items())
    if scorer == "fisher":
        x, y = images_of(10)
        name, total = "head.weight" if "head.weight" in found else list(found)[-1], 0.0
        for i in range(10):
            loss = F.cross_entropy(model(x[i : i + 1]), y[i : i + 1])
            total = total + torch.autograd.grad(loss, model.get_parameter(name))[0].square()
        torch.testing.assert_close(found[name], model.get_parameter(name).detach().square() * total / 20)


@pytest.mark.parametrize("scorer", [*FIRST, "fisher", "obd", "grasp"])
def test_bfloat16_networks_are_scored_nearly_as_in_float32(scorer: str) -> None:
    options = {"probes": 4} if scorer == "obd" else {}
    model = relu_net().bfloat16()
    found, wanted = (scored(scorer, net, samples=60, **options) for net in (model, relu_net().bfloat16().float()))
    one, two = line(found), line(wanted)
    assert all(score.dtype == torch.float32 for score in found.values())
    assert bool(one.isfinite().all()) and float(torch.corrcoef(torch.stack([one, two]))[0, 1]) > 0.95


def test_curvature_of_an_initial_network_uses_the_statistics_of_its_batch() -> None:
    model = small(measured=False)
    x, y = images_of(50)
    vectors = {name: torch.ones_like(weight) for name, weight in state(model).weights.items()}
    found = curvature.hessian_product(scene(model), 50, vectors)
    weights = [model.get_parameter(name) for name in vectors]
    model.norm.train()  # what it measures now is thrown away with it
    loss = F.cross_entropy(model(x), y)
    along = sum(grad.sum() for grad in torch.autograd.grad(loss, weights, create_graph=True))
    for score, wanted in zip(found.values(), torch.autograd.grad(along, weights), strict=True):
        torch.testing.assert_close(score, wanted, rtol=1e-3, atol=1e-5)
