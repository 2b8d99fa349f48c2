"""Untrained networks with lively numbers, their layouts, and what comes out when units are masked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pruning.compression.removal.cuts import LAYOUTS
from pruning.network.passes import forward_order
from pruning.network.units import Layout
from pruning.network.weights import apply_masks
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.zoo import checkpoints
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from pruning.zoo.vision import torchvision
from tests.helpers.narrow import BASES, narrow

Find = Callable[[nn.Module, tuple[str, ...], tuple[int, ...]], Layout]
KNOWN = {"narrow_vgg": "vgg11_bn", "tiny_vit": "vit_b_16", "tiny_swin": "swin_t", "tiny_swin_v2": "swin_v2_t"} | BASES
"""The registered model in whose name a network of the tests goes."""
OWN = ("lenet_300_100", "lenet_5", "resnet_20", "mobilenet_v2_small", "vit_small")


def shape_of(name: str) -> tuple[int, int, int]:
    """Of one image; small where the network takes any size."""
    if name == "mobilenet_v2_small":
        return 1, 16, 16
    own = name in OWN or name in ("vit_b_16", "swin_t")
    return models[name].input_shape if own else (3, 32, 32)


def lively(model: nn.Module, seed: int = 0) -> nn.Module:
    """In float64, with biases, affine weights and statistics of norms that are not those of a new network."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in [*model.named_parameters(), *model.named_buffers()]:
            if p.ndim > 1 and not p.any():  # torchvision's transformers begin with a head of zeros
                p.normal_(generator=generator)
            elif p.is_floating_point() and p.ndim == 1:
                low, high = (0.5, 1.5) if name.endswith(("weight", "var")) else (-0.5, 0.5)
                p.uniform_(low, high, generator=generator)
    return model.double().eval()


@cache
def network(name: str) -> nn.Module:
    """Shared: tests copy it, and one of them checks that it stays as it is."""
    if name == "tiny_vit":
        kind, options = torchvision().models.VisionTransformer, {"image_size": 32, "patch_size": 8, "num_layers": 2}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return lively(kind(**options, num_heads=4, hidden_dim=32, mlp_dim=48, num_classes=10))
    if name in ("tiny_swin", "tiny_swin_v2"):
        swin: Any = torchvision().models.swin_transformer
        settings: dict[str, Any] = {"patch_size": [4, 4], "depths": [2, 1], "window_size": [4, 4], "num_classes": 10}
        if name == "tiny_swin_v2":
            settings |= {"block": swin.SwinTransformerBlockV2, "downsample_layer": swin.PatchMergingV2}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return lively(swin.SwinTransformer(embed_dim=32, num_heads=[4, 4], **settings))
    if name in BASES:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return lively(narrow(name))
    if name == "narrow_vgg":  # VGG-11 with BatchNorm, but for the width of its dense layers
        model: Any = checkpoints.initial("vgg11_bn", 0)
        model.classifier = nn.Sequential(
            nn.Linear(25088, 24), nn.ReLU(), nn.Dropout(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 10)
        )
        return lively(model)
    return lively(checkpoints.initial(name, 0))


@cache
def layout(find: Find, name: str) -> Layout:
    return find(network(name), forward_order(copy.deepcopy(network(name)).float(), shape_of(name)), shape_of(name))


def images(name: str) -> Tensor:
    return torch.randn(2, *shape_of(name), generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def output(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x)


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in model.named_parameters(remove_duplicate=False)}


def chosen(found: Layout, share: float, seed: int = 0) -> dict[str, Tensor]:
    """For each group which units are kept: about a share of them goes, at least one and never all."""
    generator, keep = torch.Generator().manual_seed(seed), {}
    for name, group in found.groups.items():
        count = min(max(round(share * group.count), 1), max(group.count - 1, 1))
        keep[name] = torch.ones(group.shape, dtype=torch.bool)
        keep[name][torch.randperm(group.count, generator=generator)[:count]] = False
    return keep


def pruned(name: str, kind: str, share: float, monkeypatch: pytest.MonkeyPatch, empty: bool = False) -> State:
    """A network with lively numbers of which a share of the units of every group is masked; ``empty``: all of them."""
    base = KNOWN.get(name, name)
    monkeypatch.setattr(models[base], "input_shape", shape_of(name))
    model, units = copy.deepcopy(network(name)), layout(LAYOUTS[kind], name)
    keep = chosen(units, share)
    if empty:
        keep = {group: torch.zeros_like(mask) for group, mask in keep.items()}
    masks = units.expanded(keep, shapes(model))
    apply_masks(model, masks)
    order = forward_order(copy.deepcopy(model).float(), shape_of(name))
    return State(Base(model=base, mark="init"), "key", model, order, masks, step=Prune(granularity=kind))


def masked(model: nn.Module, found: Layout, keep: dict[str, Tensor]) -> nn.Module:
    pruned = copy.deepcopy(model)
    apply_masks(pruned, found.expanded(keep, shapes(model)))
    return pruned


def near(one: Tensor, other: Tensor) -> bool:
    return bool(torch.isfinite(one).all()) and float((one - other).abs().max()) <= 1e-9 * float(one.abs().max())


def found_in(find: Find, model: nn.Module) -> Layout:
    return find(model.eval(), forward_order(model, (1, 28, 28)), (1, 28, 28))
