"""The line between two trainings: its ends are the two networks, and no line no barrier."""

from __future__ import annotations

import pytest
import torch

from pruning.common.errors import Incompatible
from pruning.common.progress import Desk, quiet
from pruning.measures.connectivity import Connectivity
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state

TRAIN = Train(steps=12, batch=50, lr=0.2, validation=0, looks=1, schedule="constant", warmup=0.0)


def test_ends_are_the_two_trainings_and_the_network_is_left_alone(images: Images) -> None:
    start = state(small()).after(Prune(sparsity=500), "pruned", quiet)
    after = start.after(TRAIN, "one", quiet)
    sibling = start.after(TRAIN.model_copy(update={"seed": 7}), "other", quiet)
    before = snapshot(after.model)
    found = Connectivity(seed=7, points=5, count=300).measure(after, Desk())
    assert same(snapshot(after.model), before)
    x, y = images("any", "validation").batch(0, 300)
    for place, network in ((0, after.model), (-1, sibling.model)):
        with torch.inference_mode():
            wrong = float((network(x).argmax(1) != y).float().mean())
        assert found["errors"][place] == pytest.approx(wrong, abs=1e-6)
    assert found["places"] == [0, 0.25, 0.5, 0.75, 1] and found["count"] == 300
    ends = (found["errors"][0] + found["errors"][-1]) / 2
    assert found["barrier"] == pytest.approx(max(found["errors"]) - ends)


def test_it_needs_a_training_and_another_seed(images: Images) -> None:
    with pytest.raises(Incompatible, match="ends in a training"):
        Connectivity().measure(state(small()), Desk())
    after = state(small()).after(TRAIN, "one", quiet)
    with pytest.raises(Incompatible, match="another data order"):
        Connectivity(seed=0).measure(after, Desk())
