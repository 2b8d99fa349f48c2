"""Removal in torchvision's families, with narrow layers: exact at every level, and the library's small network."""

from __future__ import annotations

import copy

import pytest

from pruning.compression.removal.remove import remove
from pruning.network.groups.blocks import block_layout
from pruning.network.groups.channels import channel_layout
from tests.compression.test_removal import check
from tests.helpers.lively import images, layout, near, network, output, pruned
from tests.helpers.narrow import BASES

OUTPUT = "its outputs are the network's outputs"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", BASES)
def test_a_family_without_its_masked_channels_is_the_same(
    name: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bottlenecks, grouped and depthwise convolutions, concatenations, gates, layer scales, LayerNorm."""
    done = check(pruned(name, "channel", share, monkeypatch))
    assert not done.units.held and done.cuts.kept
    reasons = {why.partition(" (")[0] for why in done.left.values()}
    norm = {"LayerNorm mixes its channels with one another"} if name == "narrow_convnext" else set()
    assert reasons == {OUTPUT} | norm


@pytest.mark.parametrize("name", [name for name in BASES if name != "narrow_densenet"])
def test_a_family_without_its_masked_blocks_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(pruned(name, "layer_block", 0.5, monkeypatch)).cuts.blocks


def test_a_densenet_has_no_block_that_passes_its_input_on() -> None:
    assert not layout(block_layout, "narrow_densenet").groups


@pytest.mark.parametrize("name", ["resnet18", "narrow_densenet", "narrow_resnet"])
def test_the_small_network_is_torch_prunings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same kept channels: the same parameters, number by number of their shapes, and the same outputs."""
    import torch_pruning

    state, x = pruned(name, "channel", 0.5, monkeypatch), images(name)
    done, other = remove(state), copy.deepcopy(network(name))
    graph = torch_pruning.DependencyGraph().build_dependency(other, x, forward_fn=lambda m, y: m(y), verbose=False)
    for leads, keep in done.units.keep["channel"].items():
        group = layout(channel_layout, name).groups[leads]
        unit = next(m.unit for m in group.members if m.parameter == leads and m.scored and m.unit is not None).flatten()
        gone = ((unit >= 0) & ~keep[unit.clamp(min=0)]).nonzero().flatten().tolist()
        module = other.get_submodule(leads.removesuffix(".weight"))
        graph.get_pruning_group(module, graph.get_pruner_of_module(module).prune_out_channels, gone).prune()
    shapes = {key: tuple(p.shape) for key, p in other.named_parameters()}
    assert {key: tuple(p.shape) for key, p in done.model.named_parameters()} == shapes
    assert near(output(other, x), output(done.model, x))
