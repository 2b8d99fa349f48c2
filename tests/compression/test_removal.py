"""Removed equals masked: outputs, parameters and operations, over networks, granularities and levels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pruning.common.errors import Incompatible
from pruning.compression.removal.cuts import LAST, LAYOUTS
from pruning.compression.removal.remove import Removed, remove
from pruning.network.macs import macs
from pruning.network.weights import prunable
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from tests.helpers.lively import OWN, layout, near, output, pruned, shape_of

BORROWED = ("resnet18", "narrow_vgg", "mobilenet_v3_small")
SHARES = (0.1, 0.5, 0.9)


def predicted(state: State, attention: float = 1.0) -> tuple[int, float]:
    """Parameters and MACs that are left, by the arithmetic of the masks and the share of attention that is left."""
    left = sum(int(state.masks[n].sum()) if n in state.masks else p.numel() for n, p in state.model.named_parameters())
    each, whole = macs(state.model, models[state.base.model].input_shape)
    share = {n: float(state.masks[n].double().mean()) if n in state.masks else 1.0 for n in prunable(state.model)}
    return left, attention * (whole - sum(each.values())) + sum(each[n] * share[n] for n in each)


def check(state: State, attention: float = 1.0) -> Removed:
    """The small network gives the masked one's outputs and is as small as predicted."""
    shape = models[state.base.model].input_shape
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    before = output(state.model, x)
    done = remove(state)
    assert near(before, output(done.model, x)) and torch.equal(before, output(state.model, x))
    parameters, operations = predicted(state, attention)
    assert sum(p.numel() for p in done.model.parameters()) == parameters
    assert macs(done.model, shape)[1] == pytest.approx(operations, rel=1e-12)
    return done


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", [*OWN, *BORROWED])
def test_a_network_without_its_masked_channels_is_the_same(
    name: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = pruned(name, "channel", share, monkeypatch)
    done = check(state)
    assert not done.units.held and set(done.left) == {
        weight.removesuffix(".weight") for weight in layout(LAYOUTS["channel"], name).skipped
    }
    for module in done.model.modules():  # what a module says of itself is what it holds
        if isinstance(module, nn.Conv2d):
            assert module.weight.shape[:2] == (module.out_channels, module.in_channels // module.groups)
        elif isinstance(module, nn.Linear):
            assert module.weight.shape == (module.out_features, module.in_features)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert len(module.running_mean) == len(module.weight) == module.num_features


@pytest.mark.parametrize("name", ["lenet_5", "resnet_20", "mobilenet_v3_small"])
def test_a_layer_without_any_channel_keeps_one_that_is_zero(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = pruned(name, "channel", 1.0, monkeypatch, empty=True)
    x = torch.randn(2, *shape_of(name), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    done = remove(state)
    assert near(output(state.model, x), output(done.model, x))
    assert set(done.units.held.values()) == {LAST.format("channels")}
    assert {len(kept[0]) for key, kept in done.cuts.kept.items() if key in state.order and 0 in kept} == {1}


@pytest.mark.parametrize(("share", "left"), [(0.1, 3), (0.5, 2), (0.9, 1)])
def test_a_network_without_its_masked_heads_is_the_same(
    share: float, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = check(pruned("vit_small", "head", share, monkeypatch), left / 4)
    assert list(done.cuts.heads.values()) == [left] * 4
    for name, count in done.cuts.heads.items():
        found: Any = done.model.get_submodule(name)
        assert found.num_heads == count and found.query.weight.shape == (16 * count, 64)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("resnet_20", 1.0),
        ("vit_small", 0.5),
        ("mobilenet_v2_small", 1.0),
        ("tiny_vit", 0.5),
    ],
)
def test_a_network_without_its_masked_blocks_is_the_same(
    name: str, left: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = check(pruned(name, "layer_block", 0.5, monkeypatch), left)
    assert done.cuts.blocks and all(isinstance(done.model.get_submodule(b), nn.Identity) for b in done.cuts.blocks)


def test_heads_then_blocks_then_channels_go_in_one_removal() -> None:
    steps = tuple(
        Prune(granularity=kind, sparsity=level, seed=1, scorer="magnitude_l2")
        for kind, level in (("head", 250), ("layer_block", 250), ("channel", 300))
    )
    state = state_of(Base(model="vit_small"), steps)
    done = remove(state)
    x = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(5))
    said = output(state.model, x)
    assert float((said - output(done.model, x)).abs().max()) <= 1e-5 * float(said.abs().max())
    assert done.cuts.heads and len(done.cuts.blocks) == 1 and done.difference < 1e-5
    assert sum(p.numel() for p in done.model.parameters()) == predicted(state)[0]


def test_zeros_alone_are_not_removed() -> None:
    state = state_of(Base(model="lenet_5"), (Prune(sparsity=500),))
    with pytest.raises(Incompatible, match="unless whole channels and neurons, attention heads, whole blocks go"):
        remove(state)


def _wide(module: nn.Module, args: tuple[Any, ...]) -> None:
    if args[0].shape[1] != 400:
        raise RuntimeError("400 columns were expected")


def test_what_a_run_does_not_prove_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that insists on a size, which no graph of its operations shows."""
    state = pruned("lenet_5", "channel", 0.5, monkeypatch)
    state.model.get_submodule("fc1").register_forward_pre_hook(_wide)
    done = remove(state)
    assert "they stay masked" in done.left["conv2"]
    assert 0 in done.cuts.kept["conv1.weight"] and 0 not in done.cuts.kept["conv2.weight"]
    assert 0 in done.cuts.kept["fc1.weight"] and 1 not in done.cuts.kept["fc1.weight"]
