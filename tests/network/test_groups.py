"""Channel groups, shown by what the masked networks do."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pruning.network.groups.channels import channel_layout
from pruning.network.passes import forward_order
from pruning.network.units import Layout
from pruning.network.weights import prunable
from tests.helpers.lively import OWN, chosen, images, layout, masked, near, network, output, shape_of, shapes

BORROWED = ("resnet18", "mobilenet_v2", "densenet121", "googlenet", "squeezenet1_1", "mobilenet_v3_small", "tiny_vit")
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("vgg11_bn", "resnext50_32x4d", "swin_t")]
CHANNELS = pytest.mark.parametrize("name", [*OWN, *BORROWED, *LARGE])


def readers(found: Layout) -> Layout:
    """Only the input slices: what varies along the second dimension alone."""
    groups = {}
    for name, group in found.groups.items():
        members = (m for m in group.members if m.unit is not None and not m.scored)
        slices = tuple(m for m in members if m.unit is not None and m.unit.ndim > 1 and m.unit.shape[0] == 1)
        groups[name] = type(group)(group.shape, slices, group.leads)
    return Layout(groups)


def silenced(model: nn.Module, found: Layout, keep: dict[str, Tensor], x: Tensor) -> Tensor:
    """Output of the network as it is, with the removed channels of every norm, or layer, set to zero by hooks."""
    dead: dict[str, Tensor] = {}
    for name, group in found.groups.items():
        for member in group.members:
            if member.unit is not None and member.unit.numel() == member.unit.shape[0] > 1:
                owner, unit = member.parameter.rpartition(".")[0], member.unit.flatten()
                here = (unit >= 0) & ~keep[name].flatten()[unit.clamp(min=0)]
                # A norm after a concatenation belongs to several groups.
                dead[owner] = dead.get(owner, torch.zeros(len(here), dtype=torch.bool)) | here

    def hook(where: Tensor) -> Callable[..., Tensor]:
        def zero(module: nn.Module, args: object, out: Tensor) -> Tensor:
            return out.masked_fill(where if isinstance(module, nn.Linear) else where.view(-1, 1, 1), 0.0)

        return zero

    hooks = [model.get_submodule(owner).register_forward_hook(hook(where)) for owner, where in dead.items()]
    try:
        return output(model, x)
    finally:
        for handle in hooks:
            handle.remove()


@CHANNELS
def test_a_masked_channel_is_a_silent_one(name: str) -> None:
    """Masked units equal the dense network whose activations of these channels are zero; slices that read them
    multiply zeros, and filters of masked channels reach nothing."""
    model, found, x = network(name), layout(channel_layout, name), images(name)
    keep = chosen(found, 0.4)
    pruned = masked(model, found, keep)
    said = output(pruned, x)
    assert not near(said, output(model, x))
    if name != "mobilenet_v3_small":  # its gates pass hardsigmoid(0) = 1/2 on, and multiply a zero with it
        assert near(said, silenced(model, found, keep, x))
    read = readers(found).expanded(keep, shapes(model))
    generator = torch.Generator().manual_seed(1)
    for only_readers in (True, False):
        changed = copy.deepcopy(pruned)
        with torch.no_grad():
            for key, mask in found.expanded(keep, shapes(model)).items():
                slices = ~read[key] if key in read else torch.zeros_like(mask)
                where = ~mask & slices if only_readers else ~mask & ~slices
                p = changed.get_parameter(key)
                p[where] = torch.randn(int(where.sum()), generator=generator, dtype=p.dtype)
        if not only_readers or name != "mobilenet_v3_small":
            assert near(said, output(changed, x)), only_readers


@pytest.mark.parametrize("name", ["lenet_5", "resnet_20", "mobilenet_v2_small", "densenet121", "googlenet"])
def test_masked_equals_removed_by_torch_pruning(name: str) -> None:
    import torch_pruning

    model, found, x = network(name), layout(channel_layout, name), images(name)
    keep = chosen(found, 0.3)
    said, small = output(masked(model, found, keep), x), copy.deepcopy(model)
    graph = torch_pruning.DependencyGraph().build_dependency(small, x, forward_fn=lambda m, y: m(y), verbose=False)
    for group in itertools.islice(found.groups.values(), 24):
        module: Any = small.get_submodule(group.leads.removesuffix(".weight"))
        gone = (~keep[group.leads]).nonzero().flatten().tolist()
        graph.get_pruning_group(module, graph.get_pruner_of_module(module).prune_out_channels, gone).prune()
    if len(found.groups) <= 24:
        assert near(said, output(small, x))
        kept = found.expanded(keep, shapes(model))
        left = sum(int(kept[n].sum()) if n in kept else p.numel() for n, p in model.named_parameters())
        assert left == sum(p.numel() for p in small.parameters())
    else:
        first = dict(itertools.islice(found.groups.items(), 24))
        assert near(output(masked(model, Layout(first), keep), x), output(small, x))


@CHANNELS
def test_groups_are_in_forward_order_and_every_weight_is_accounted_for(name: str) -> None:
    model, found = network(name), layout(channel_layout, name)
    order = forward_order(copy.deepcopy(model).float(), shape_of(name))
    assert sorted(found.groups, key=order.index) == list(found.groups)
    made = {m.parameter for g in found.groups.values() for m in g.members if m.scored}
    assert made | set(found.skipped) == set(order) and not made & set(found.skipped)
    for key, group in found.groups.items():
        scored = [m for m in group.members if m.scored]
        assert key == group.leads == min((m.parameter for m in scored), key=order.index)
        assert group.shape == (group.count,)
        assert all(m.unit is not None and m.unit.shape[0] == m.unit.numel() for m in scored)
    last = order[-1] if name != "squeezenet1_1" else "classifier.1.weight"
    assert found.skipped[last] == "its outputs are the network's outputs"


def test_a_flattened_channel_is_read_in_as_many_columns() -> None:
    unit = {m.parameter: m.unit for m in layout(channel_layout, "lenet_5").groups["conv2.weight"].members}
    assert unit["fc1.weight"].tolist() == [[column // 25 for column in range(400)]]
    assert unit["conv2.weight"].flatten().tolist() == unit["conv2.bias"].tolist() == list(range(16))


@pytest.mark.slow
def test_vgg_reads_a_channel_in_49_columns() -> None:
    unit = {m.parameter: m.unit for m in layout(channel_layout, "vgg11_bn").groups["features.25.weight"].members}
    assert torch.equal(unit["classifier.0.weight"], (torch.arange(25088) // 49).view(1, -1))


def test_residual_networks_share_channels_over_a_stage() -> None:
    found = layout(channel_layout, "resnet_20")
    stream = {m.parameter for m in found.groups["conv1.weight"].members if m.scored}
    assert stream == {"conv1.weight"} | {f"stage1.{i}.conv2.weight" for i in range(3)}
    assert [g.count for g in found.groups.values()] == [16] * 4 + [32] * 4 + [64] * 4


@pytest.mark.slow
def test_a_large_transformer_gives_its_hidden_neurons() -> None:
    found = layout(channel_layout, "vit_b_16")
    assert {g.leads: g.count for g in found.groups.values()} == {
        f"encoder.layers.encoder_layer_{i}.mlp.0.weight": 3072 for i in range(12)
    }


def test_transformers_keep_their_residual_stream() -> None:
    found = layout(channel_layout, "vit_small")
    assert list(found.groups) == [f"blocks.{i}.fc1.weight" for i in range(4)]
    assert found.skipped["patches.weight"] == "LayerNorm mixes its channels with one another (blocks.0.norm1)"
    assert found.skipped["blocks.1.fc2.weight"].startswith("LayerNorm")
    assert found.skipped["blocks.2.attention.key.weight"] == "its outputs enter attention, which is pruned by heads"
    inside = layout(channel_layout, "tiny_vit").skipped
    assert inside["encoder.layers.encoder_layer_0.self_attention.in_proj_weight"].startswith(
        "it is part of an attention"
    )


@pytest.mark.parametrize("name", ["lenet_300_100", "resnet_20", "mobilenet_v2_small"])
def test_counts_of_weights_are_those_of_the_masks(name: str) -> None:
    """A share p of the channels is about 1 - (1 - p)^2 of the parameters: those of both of a layer's sides."""
    model, found = network(name), layout(channel_layout, name)
    weights = {key: tuple(p.shape) for key, p in prunable(model).items()}
    generator = np.random.default_rng(0)
    levels = {
        key: np.argsort(np.argsort(generator.random(g.count))) * 1000 // g.count + 1 for key, g in found.groups.items()
    }
    table = found.removed_weights(levels, weights)
    for level in (0, 1, 250, 500, 900, 1000):
        masks = found.expanded({key: torch.from_numpy(first > level) for key, first in levels.items()}, shapes(model))
        assert table[:, level].tolist() == [int((~masks[key]).sum()) if key in masks else 0 for key in weights]
    if name == "resnet_20":
        share = table.sum(0) / sum(np.prod(shape) for shape in weights.values())
        for level in (250, 500, 750):
            assert abs(share[level] - (1 - (1 - level / 1000) ** 2)) < 0.02
