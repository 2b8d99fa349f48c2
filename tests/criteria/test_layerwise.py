"""Layers as matrices against the layers themselves, second moments against loops, and the walk from layer to layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from pruning.common.errors import BadTensor, Cancelled, Incompatible
from pruning.common.progress import quiet
from pruning.criteria.layerwise import calls_of, walk
from pruning.criteria.problem import LayerProblem, shares
from pruning.network import hessians
from pruning.network.hessians import hessian, second_moments, squares, unfolded
from pruning.network.scene import Scene
from pruning.network.units import Layout
from pruning.zoo import data as zoo_data
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state

MODULES = [
    nn.Linear(6, 4),
    nn.Conv2d(4, 6, 3, stride=2, padding=1),
    nn.Conv2d(4, 6, (3, 2), padding=(2, 1), dilation=(2, 1), groups=2),
    nn.Conv2d(4, 8, 3, groups=4, padding="same"),
    nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"),
    nn.Conv2d(4, 6, 1, stride=3),
]


def some(module: nn.Module, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (5, 3, 6) if isinstance(module, nn.Linear) else (5, 4, 9, 8)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def scene_of(model: nn.Module, seed: int = 0, **changes: Any) -> Scene:
    start = state(model)
    layout = Layout.singles({name: tuple(weight.shape) for name, weight in start.weights.items()})
    given = {"progress": quiet, "layout": layout} | changes
    return Scene(start.model, start.weights, start.base, seed, **given)


def untouched(layer: LayerProblem) -> tuple[Tensor, Tensor]:
    return layer.mask, layer.weight


def negated(layer: LayerProblem) -> tuple[Tensor, Tensor]:
    keep = layer.mask.clone()
    keep[:, 0] = False
    return keep, -layer.weight


def rows(module: nn.Module, inputs: Tensor) -> Tensor:
    """``(groups, n, columns)``."""
    return unfolded(module, inputs).permute(1, 0, 3, 2).flatten(1, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_weight_matrix_times_the_columns_is_the_layers_output(module: Any) -> None:
    module, inputs = module.double(), some(module)
    columns = unfolded(module, inputs)
    matrices = module.weight.detach().flatten(1).unflatten(0, (columns.shape[1], -1))
    product = torch.einsum("grc,igcp->igrp", matrices, columns).flatten(1, 2)
    with torch.no_grad():
        out = module(inputs)
        out = out.transpose(1, 2) if isinstance(module, nn.Linear) else out.flatten(2)
    torch.testing.assert_close(product + module.bias.detach()[:, None], out)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_hessian_is_two_over_n_of_the_sum_of_outer_products(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, inputs = module.double(), some(module)
    right = torch.stack(
        [
            sum((2 * torch.outer(row, row) for row in group), torch.zeros(())) / len(group)
            for group in rows(module, inputs)
        ]
    )
    generator = torch.Generator()
    for numbers in (10**6, 1):  # all images at once, and one by one
        monkeypatch.setattr(hessians, "NUMBERS", numbers)
        found = hessian([module], module, inputs, 1, generator, lambda: None)
        torch.testing.assert_close(found, right)
    found = hessian([module], module, inputs, 1, generator, lambda: None, diagonal=True)
    torch.testing.assert_close(found, right.diagonal(dim1=1, dim2=2))


def test_batches_and_repeated_calls_add_up_and_nothing_after_the_last_call_is_computed() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3)
            self.two.weight = self.one.weight
            self.last, self.calls = nn.Linear(3, 2), 0
            self.last.register_forward_hook(lambda *_: setattr(self, "calls", self.calls + 1))

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.two(self.one(x).tanh()))

    model, inputs = Twice().eval(), torch.randn(250, 3)
    calls = calls_of(model, ["one.weight", "last.weight"], inputs)
    assert calls == {"one.weight": 2, "last.weight": 1} and model.calls == 1
    found = hessian([model.one, model.two], model, inputs, 2, torch.Generator(), lambda: None)
    with torch.no_grad():
        seen = torch.cat([inputs, model.one(inputs).tanh()]).double()
    torch.testing.assert_close(found[0], 2 * seen.T @ seen / 500, rtol=1e-5, atol=1e-6)
    assert model.calls == 1


def test_too_many_positions_are_drawn_by_the_seed() -> None:
    module, inputs = MODULES[1].double(), some(MODULES[1])  # type: ignore[operator]
    columns = unfolded(module, inputs)  # type: ignore[arg-type]
    assert columns.shape[3] == 20
    found, count = second_moments(module, inputs, 7, torch.Generator().manual_seed(3))  # type: ignore[arg-type]
    chosen = torch.randperm(20, generator=torch.Generator().manual_seed(3))[:7]
    drawn = columns[:, 0][..., chosen].transpose(0, 1).flatten(1)
    assert count == 35
    torch.testing.assert_close(found[0], drawn @ drawn.T)
    other, _ = second_moments(module, inputs, 7, torch.Generator().manual_seed(4))  # type: ignore[arg-type]
    assert not torch.allclose(found, other)
    assert squares(module, inputs, 7, torch.Generator())[1] == 100  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=9), st.floats(0, 1))
def test_shares_add_up_and_keep_what_is_masked(parts: list[tuple[int, float]], share: float) -> None:
    sizes = [size for size, _ in parts]
    masked = [int(size * part) for size, part in parts]
    total = sum(masked) + round(share * (sum(sizes) - sum(masked)))
    found = shares(total, sizes, masked)
    assert sum(found) == total
    assert all(least <= count <= size for least, count, size in zip(masked, found, sizes, strict=True))
    # What is above its least is within one of the same share of its size; what stands at its least needs no more.
    free = [(n, size) for n, size, least in zip(found, sizes, masked, strict=True) if n > least]
    if free:
        low, high = max((n - 1) / size for n, size in free), min((n + 1) / size for n, size in free)
        assert low <= high + 1e-6
        assert all((n + 1) / size >= low - 1e-6 for n, size in zip(found, sizes, strict=True))


def test_shares_of_equal_sizes_are_floor_and_ceil() -> None:
    assert shares(7, [5, 5, 5], [0, 0, 0]) == [3, 2, 2]
    assert shares(7, [5, 5, 5], [0, 5, 0]) == [1, 5, 1]
    assert shares(0, [4, 4], [0, 0]) == [0, 0] and shares(8, [4, 4], [0, 0]) == [4, 4]
    assert shares(23, [20, 20, 10], [0, 0, 0]) == [9, 9, 5]


@pytest.mark.parametrize("sequential", [True, False])
def test_later_layers_see_inputs_that_went_through_solved_earlier_ones(sequential: bool, images: Images) -> None:
    seen: dict[str, Tensor] = {}

    def solve(layer: LayerProblem) -> tuple[Tensor, Tensor]:
        seen[layer.name] = layer.hessian
        keep = layer.mask.clone()
        keep[:, ::2] = False
        return keep, 3 * layer.weight

    model = small()
    scene = scene_of(model)
    found = walk(scene, dict.fromkeys(scene.weights, 1), 120, solve, sequential=sequential)
    solved = small()
    if sequential:
        for name in ("conv1", "conv2"):
            mask = found.masks[f"{name}.weight"]
            weight = getattr(solved, name).weight.data
            assert torch.equal(found.weights[f"{name}.weight"], torch.where(mask, 3 * weight, 0.0))
            weight.copy_(found.weights[f"{name}.weight"])
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 120, 0)
    with torch.no_grad():
        inputs = solved.conv2(solved.norm(solved.conv1(x)).relu()).relu().flatten(1).double()
    torch.testing.assert_close(seen["fc1.weight"][0], 2 * inputs.T @ inputs / 120, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sequential", [True, False])
def test_the_network_keeps_no_trace(sequential: bool, training: bool, images: Images) -> None:
    model = small().train(training)
    model.norm.eval()  # a norm that was frozen stays frozen
    scene = scene_of(model)
    before, modes = snapshot(model), [m.training for m in model.modules()]
    random, global_random = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    walk(scene, dict.fromkeys(scene.weights, 1), 60, negated, sequential=sequential)
    assert same(snapshot(model), before) and [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)
    assert np.random.get_state()[1].tolist() == global_random  # type: ignore[index, union-attr]
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in model.modules())


def test_a_norm_in_train_mode_does_not_move_either(images: Images) -> None:
    model = small().train()
    scene = scene_of(model)
    before = snapshot(model)
    walk(scene, dict.fromkeys(scene.weights, 1), 60, untouched, sequential=False)
    assert same(snapshot(model), before) and model.norm.training


def test_norms_that_were_never_measured_take_those_of_the_batch(images: Images) -> None:
    seen: dict[str, Tensor] = {}
    model = small(measured=False)
    scene = scene_of(model)

    def solve(layer: LayerProblem) -> tuple[Tensor, Tensor]:
        seen[layer.name] = layer.hessian
        return layer.mask, layer.weight

    walk(scene, dict.fromkeys(scene.weights, 1), 60, solve)
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 60, 0)
    with torch.no_grad():
        out = model.conv1(x)
        out = (out - out.mean((0, 2, 3), keepdim=True)) / (out.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    column = 2 * out.relu()[:, 0, :3:2, :3:2].double().square().mean()  # corner of the kernel, at 2 x 2 places
    assert float(seen["conv2.weight"][0, 0, 0]) == pytest.approx(float(column), rel=1e-4)
    assert not model.norm.running_mean.any()


def test_layers_that_lose_nothing_are_left_alone(images: Images) -> None:
    scene = scene_of(small())
    asked: list[str] = []
    removed = dict.fromkeys(scene.weights, 0) | {"fc1.weight": 3}
    found = walk(scene, removed, 60, lambda layer: asked.append(layer.name) or untouched(layer))  # type: ignore[func-returns-value]
    assert asked == list(found.weights) == ["fc1.weight"]
    assert list(found.masks) == list(scene.weights) and all(bool(mask.all()) for mask in found.masks.values())
    images.asked.clear()
    assert walk(scene, dict.fromkeys(scene.weights, 0), 60, untouched).weights == {} and images.asked == []


def test_weights_whose_inputs_are_not_seen_are_named(images: Images) -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Linear(28, 8), nn.Linear(8, 10)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.embed(x.squeeze(1))
            return self.head(self.attention(x, x, x, need_weights=False)[0].mean(1))

    scene = scene_of(Attending().eval())
    with pytest.raises(Incompatible, match=r"'attention.in_proj_weight', 'attention.out_proj.weight': no such module"):
        walk(scene, dict.fromkeys(scene.weights, 1), 60, untouched)
    rest = {"embed.weight": 1, "head.weight": 1}
    assert list(walk(scene, rest, 60, untouched).masks) == ["embed.weight", "head.weight"]


def test_inputs_that_are_not_finite_are_said(images: Images) -> None:
    model = small()
    model.norm.bias.data[1] = torch.inf
    scene = scene_of(model)
    with pytest.raises(BadTensor, match=r"'conv2.weight' holds NaN or infinite"):
        walk(scene, dict.fromkeys(scene.weights, 1), 60, untouched)


def test_cancelling_stops_between_batches(images: Images) -> None:
    told: list[float] = []

    def progress(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        told.append(done)
        if len(told) == 3:
            raise Cancelled("stopped")

    model = small()
    scene = scene_of(model, progress=progress)
    with pytest.raises(Cancelled):
        walk(scene, dict.fromkeys(scene.weights, 1), 300, untouched)
    assert told == [0, 0, 0] and not any(m._forward_pre_hooks for m in model.modules())
