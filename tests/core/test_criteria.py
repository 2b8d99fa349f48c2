"""Activation criteria, controls and block influence against independent computations; no criterion leaves a trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning import registry
from pruning.criterion import rank
from pruning.entries import quiet
from pruning.errors import PruningError
from pruning.specs import Prune
from pruning.state import State
from tests.core.brute import images_of, permuted, relu_net, scene
from tests.core.conftest import Images
from tests.core.networks import same, small, snapshot, state

CHANNELS = ("fpgm", "activation_frequency", "activation_mean")


@pytest.mark.parametrize("scorer", CHANNELS)
def test_permuting_channels_permutes_their_scores(scorer: str, images: Images) -> None:
    model, order = relu_net(), torch.randperm(12, generator=torch.Generator().manual_seed(0))
    other = permuted(model, order)
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
