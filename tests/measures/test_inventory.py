"""What can be pruned of a network: counts against its own parameters, and sentences against the table."""

from __future__ import annotations

import pytest

from pruning.network.weights import prunable
from pruning.results.intervals import wilson
from pruning.results.inventory import inventory_sentences, judged
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model


@pytest.mark.parametrize("model", ["lenet_5", "vit_small"])
def test_counts_are_those_of_the_network(model: str) -> None:
    study = Study(base=Base(model=model), recipe=(), measures=(MeasureSpec(name="inventory"),))
    value = run(study)[0]["value"]
    network = load_model(model)
    weights = {name.removesuffix(".weight"): weight.numel() for name, weight in prunable(network).items()}
    assert value["parameters"] == sum(p.numel() for p in network.parameters())
    assert (value["prunable"], value["layers"], value["masked"]) == (sum(weights.values()), len(weights), 0)
    for found in value["removable"].values():
        kept = {name for names in found["reasons"].values() for name in names}
        if found["units"]:
            assert found["weights"] == sum(count for name, count in weights.items() if name not in kept)
        assert kept <= set(weights)
    if model == "lenet_5":
        assert value["removable"]["channel"]["units"] == 6 + 16 + 120 + 84
        assert value["removable"]["head"]["units"] == 0
    first, *rest = inventory_sentences(value)
    assert first.startswith(f"{value['prunable']:,} of its {value['parameters']:,} parameters")
    assert len(rest) == 3 and all(sentence.endswith(".") for sentence in rest)


@pytest.mark.parametrize(
    ("correct", "stated", "word"), [(900, 0.9, "within"), (900, 0.95, "outside"), (1, 0.5, "outside")]
)
def test_a_stated_accuracy_is_judged_by_the_interval(correct: int, stated: float, word: str) -> None:
    low, high = wilson(correct, 1000)
    assert (word == "within") == (low <= stated <= high)
    assert f"which lies {word} the 95 % interval" in judged({"correct": correct, "count": 1000}, stated)
