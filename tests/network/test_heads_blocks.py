"""Attention heads and whole blocks, shown by what the masked networks do."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.network.groups.blocks import block_layout, removable_blocks
from pruning.network.groups.heads import head_layout
from pruning.network.weights import prunable
from tests.helpers.lively import chosen, found_in, images, layout, masked, near, network, output, shape_of


@pytest.mark.parametrize("name", ["vit_small", "tiny_vit"])
def test_a_masked_head_is_a_head_without_values(name: str) -> None:
    model, found, x = network(name), layout(head_layout, name), images(name)
    assert [g.count for g in found.groups.values()] == [4] * len(found.groups) and found.groups
    keep = chosen(found, 0.5)
    said, silent = output(masked(model, found, keep), x), copy.deepcopy(model)
    with torch.no_grad():
        for leads, kept in keep.items():
            owner: Any = silent.get_submodule(leads.rpartition(".")[0])
            if name == "vit_small":
                owner = silent.get_submodule(leads.rpartition(".query")[0])
                values = [owner.value.weight, owner.value.bias]
            else:
                values = [owner.in_proj_weight[64:], owner.in_proj_bias[64:]]
            for value in values:
                value.unflatten(0, (4, -1))[~kept] = 0.0
    assert near(said, output(silent, x)) and not near(said, output(model, x))


class Fused(nn.Module):
    """Attention of one projection for query, key and value, which lie side by side or per head."""

    def __init__(self, per_head: bool, out_first: bool, drop_last: bool = False) -> None:
        super().__init__()
        self.num_heads, self.per_head, self.drop_last = 3, per_head, drop_last
        for name in ("proj", "qkv") if out_first else ("qkv", "proj"):
            self.add_module(name, nn.Linear(12, 12 if name == "proj" else 36))

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(x).unflatten(-1, (3, 3, 4))
        q, k, v = (p.transpose(1, 2) for p in parts.unbind(-2 if self.per_head else -3))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        return self.proj((mixed.flip(-2) if self.drop_last else mixed).flatten(2))


class Around(nn.Module):
    """28 x 28 grey images as 28 tokens of 12 numbers through a module."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(28, 12), inner, nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.inner(self.first(x[:, 0])).mean(1))


@pytest.mark.parametrize("out_first", [True, False])
@pytest.mark.parametrize("per_head", [True, False])
def test_heads_of_fused_projections_are_tried_out(per_head: bool, out_first: bool) -> None:
    (group,) = found_in(head_layout, Around(Fused(per_head, out_first))).groups.values()
    unit = {m.parameter: m.unit.flatten().tolist() for m in group.members if m.unit is not None}
    each = [i // 4 for i in range(12)]
    assert unit["inner.proj.weight"] == each
    assert (
        unit["inner.qkv.weight"] == unit["inner.qkv.bias"] == ([i // 12 for i in range(36)] if per_head else each * 3)
    )


def test_heads_that_are_not_kept_apart_are_left_alone() -> None:
    found = found_in(head_layout, Around(Fused(False, False, drop_last=True)))
    assert not found.groups and "does not keep heads apart" in found.skipped["inner.qkv.weight"]
    assert layout(head_layout, "resnet_20").skipped["fc.weight"] == "the network has no attention heads"


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("resnet_20", [f"stage{s}.{i}" for s in (1, 2, 3) for i in range(3) if s == 1 or i]),
        ("vit_small", [f"blocks.{i}" for i in range(4)]),
        ("mobilenet_v2_small", ["features.1", "features.3", "features.5", "features.7"]),
        ("resnet18", ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]),
        ("tiny_vit", [f"encoder.layers.encoder_layer_{i}" for i in range(2)]),
    ],
)
def test_a_masked_block_returns_its_input(name: str, blocks: list[str]) -> None:
    model, found, x = network(name), layout(block_layout, name), images(name)
    assert removable_blocks(model, shape_of(name)) == blocks
    (group,) = found.groups.values()
    assert list(found.groups) == ["blocks"] and group.shape == (len(blocks),)
    weights = prunable(model)
    for number, block in enumerate(blocks):
        own = {m.parameter for m in group.members if m.unit is not None and int(m.unit) == number}
        assert own == {f"{block}.{key}" for key, _ in model.get_submodule(block).named_parameters()}
    assert {m.parameter for m in group.members if m.scored} == {m.parameter for m in group.members} & set(weights)
    keep = {"blocks": torch.arange(len(blocks)) % 2 == 1}
    pruned, passed = masked(model, found, keep), {}
    for block in blocks:
        note = lambda module, args, out, block=block: passed.update({block: (args[0], out)})  # noqa: E731
        pruned.get_submodule(block).register_forward_hook(note)
    output(pruned, x)
    assert [torch.equal(*passed[block]) for block in blocks] == (~keep["blocks"]).tolist()


def test_blocks_with_a_projection_are_said_to_have_one() -> None:
    skipped = layout(block_layout, "resnet_20").skipped
    assert skipped["stage2.0.conv1.weight"].startswith("its block 'stage2.0' does not pass its input on")
    assert skipped["fc.weight"].startswith("it lies in no block")
    assert not layout(block_layout, "lenet_5").groups
