"""Every registered criterion with every granularity and allocation that it goes with: counts, and the same again."""

from __future__ import annotations

import pytest
import torch

from pruning import registry
from pruning.compatibility import allocations_for, granularities_for, refusal
from pruning.criterion import Plan, plan, rank
from pruning.entries import quiet
from pruning.errors import Incompatible
from pruning.specs import Prune
from pruning.steps.prune import apply
from pruning.zoo.checkpoints import initial
from tests.core.conftest import Images
from tests.core.networks import options_of, same, small, state

UNITS = [(s, g, allocations_for(s, g)[0]) for s in registry.scorers for g in granularities_for(s)]
SHARES = [(s, "weight", a) for s in ("magnitude_l1", "snip", "wanda") for a in allocations_for(s, "weight")]
COMBINATIONS = pytest.mark.parametrize(("scorer", "granularity", "allocation"), [*dict.fromkeys([*UNITS, *SHARES])])
LEVELS = (0, 1, 333, 500, 750, 999, 1000)


def network(granularity: str) -> torch.nn.Module:
    """A network that has such units."""
    if granularity == "head":
        return initial("vit_small", 0).eval()
    return initial("resnet_20", 0).eval() if granularity == "layer_block" else small()


def step(scorer: str, granularity: str, allocation: str, level: int = 500) -> Prune:
    options = {"count": 60} if allocation == "sensitivity" else {"samples": 30} if allocation == "owl" else {}
    known = registry.allocations[allocation].model_fields
    return Prune(
        scorer=scorer, options=options_of(scorer), granularity=granularity, allocation=allocation, sparsity=level,
        allocation_options={key: value for key, value in options.items() if key in known},
    )  # fmt: skip


def planned(made: Prune) -> Plan:
    """The plan on a network that has such units; what this network cannot be scored by is passed over."""
    model = network(made.granularity)
    try:
        return plan(state(model, "vit_small" if made.granularity == "head" else "resnet_20"), made, quiet)
    except Incompatible as error:
        if made.scorer == "synflow":  # small() has a tanh, the others GELU or come with it
            pytest.skip(str(error))
        raise


@COMBINATIONS
def test_counts_and_nested_masks(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    made = planned(step(scorer, granularity, allocation))
    sizes = [group.count for group in made.layout.groups.values()]
    assert (made.removed[:, 0] == 0).all() and (made.removed[:, 1000] == sizes).all()
    assert (made.removed[:, 1:] >= made.removed[:, :-1]).all()
    if made.ranking is None:
        return
    before = None
    shapes = {n: tuple(p.shape) for n, p in made.scene.model.named_parameters(remove_duplicate=False)}
    for level in LEVELS:
        masks = made.ranking.masks(level)
        assert [int((~mask).sum()) for mask in masks.values()] == made.removed[:, level].tolist()
        whole = made.layout.expanded(masks, shapes)
        gone = [int((~whole[n]).sum()) if n in whole else 0 for n in made.scene.weights]
        assert gone == made.weights_removed[:, level].tolist()
        if before is not None:
            assert all(not (mask & ~before[name]).any() for name, mask in whole.items())
        before = whole
        if granularity != "n_m":
            assert abs(sum(made.removed[:, level]) - level * sum(sizes) / 1000) <= 0.5 * len(sizes) + 0.5


@pytest.mark.parametrize(("scorer", "granularity", "allocation"), UNITS)
def test_the_state_after_it_and_the_same_again(
    scorer: str, granularity: str, allocation: str, images: Images
) -> None:
    made = step(scorer, granularity, allocation)
    planned(made)
    model = network(granularity)
    start = state(model, "vit_small" if granularity == "head" else "resnet_20")
    before = {name: p.detach().clone() for name, p in start.model.named_parameters()}
    after, again = apply(made, start, "after", quiet), apply(made, start, "after", quiet)
    assert all(torch.equal(p, before[name]) for name, p in start.model.named_parameters()) and not start.masks
    assert same(after.masks, again.masks) and after.masks
    now = dict(after.model.named_parameters())
    for name, mask in after.masks.items():
        assert not now[name][~mask].any()
        if after.plan is not None and after.plan.ranking is not None:
            assert torch.equal(now[name][mask], before[name][mask])
    untouched = set(now) - set(after.masks)
    assert all(torch.equal(now[name], before[name]) for name in untouched)
    assert not after.model.training


@pytest.mark.parametrize("scorer", [s for s in registry.scorers if s not in ("inverted", "synflow")])
def test_a_seed_changes_the_masks_of_scorers_that_draw_and_of_no_other(scorer: str, images: Images) -> None:
    granularity = granularities_for(scorer)[0]
    allocation = allocations_for(scorer, granularity)[0]
    made = [
        apply(step(scorer, granularity, allocation).model_copy(update={"seed": seed}), state(network(granularity)),
              "x", quiet).masks
        for seed in (0, 1)
    ]  # fmt: skip
    if registry.scorers[scorer].family != "activations":  # shares of few images may rank alike
        assert same(*made) is not registry.scorers[scorer].draws


def test_what_does_not_go_together_is_refused_with_a_sentence() -> None:
    for scorer in registry.scorers:
        for granularity in registry.granularities:
            for allocation in registry.allocations:
                reason = refusal(scorer, granularity, allocation, {}, {})
                if reason is None:
                    Prune(scorer=scorer, granularity=granularity, allocation=allocation)
                else:
                    assert reason.endswith(".") and len(reason) > 30
                    with pytest.raises(Incompatible) as caught:
                        Prune(scorer=scorer, granularity=granularity, allocation=allocation)
                    assert str(caught.value) == reason


def test_all_zero_weights_are_still_counted_exactly() -> None:
    model = small()
    for name, weight in state(model).weights.items():
        weight.zero_()
        if name == "fc1.weight":
            weight.fill_(-0.0)
    ranking = rank(state(model), Prune(), quiet)
    assert sum(int((~m).sum()) for m in ranking.masks(731).values()) == round(0.731 * int(ranking.sizes.sum()))


def test_a_layer_of_small_weights_collapses_globally_and_not_uniformly() -> None:
    model = small()
    with torch.no_grad():
        model.fc1.weight.mul_(1e-3)
    left = {}
    for allocation in ("global", "uniform"):
        after = apply(Prune(allocation=allocation, sparsity=700), state(model), allocation, quiet)
        left[allocation] = int(after.masks["fc1.weight"].sum())
    assert left == {"global": 0, "uniform": 12 * 32 - round(0.7 * 12 * 32)}
