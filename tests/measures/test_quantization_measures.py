"""Errors layer by layer by a second computation, bytes that add up, levels that are counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.common.progress import Desk, quiet
from pruning.measures.kinds import measures
from pruning.network.scene import training_examples
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.train import Train
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state


def made(*recipe: object) -> State:
    after = state(small())
    for number, step in enumerate(recipe):
        after = after.after(step, f"s{number}", quiet)
    return after


@pytest.mark.parametrize(
    "step",
    [
        Quantize(bits=3),
        Quantize(bits=4, group=7, symmetric=False),
        Quantize(bits=16, kept_as="float16"),
    ],
    ids=str,
)
def test_bytes_add_up_and_the_file_has_them(step: Quantize, images: Images, tmp_path: Path) -> None:
    after = made(Prune(sparsity=500), step)
    value = measures["quantization"](samples=120).measure(after, Desk())
    assert json.loads(json.dumps(value)) == value and set(images.asked) == {"train"}
    parts = sum(layer["codes"] + layer["scales"] + layer["zeros"] for layer in value["layers"])
    assert value["header"] + value["rest"] + parts == value["bytes"]
    others = [t for name, t in after.model.state_dict().items() if name not in after.formats]
    assert value["rest"] == sum(t.numel() * t.element_size() for t in others)
    place = tmp_path / "file"
    desk = Desk(save=lambda kind, key, data, suffix: place if place.write_bytes(data) else place)
    assert measures["quantized_file"]().measure(after, desk)["bytes"] == value["bytes"]
    assert place.stat().st_size == value["bytes"] < value["float32"]


def test_errors_are_those_of_a_second_computation_and_leave_no_trace(images: Images) -> None:
    after = made(Quantize(bits=3))
    before = after.start
    kept = snapshot(before.model)
    value = measures["quantization"](samples=150).measure(after, Desk())
    assert same(kept, snapshot(before.model)) and not any(m._forward_hooks for m in before.model.modules())
    x, model = training_examples(before.base, 150, 0)[0], before.model
    found = {layer["name"]: layer for layer in value["layers"]}
    with torch.inference_mode():
        for name, given, run in (
            ("conv1", x, lambda x, w: F.conv2d(x, w, stride=4)),
            ("conv2", model.norm(model.conv1(x)).relu(), lambda x, w: F.conv2d(x, w, stride=2, groups=2)),
        ):
            old, new = before.weights[f"{name}.weight"], after.weights[f"{name}.weight"]
            expected = float((run(given, new) - run(given, old)).norm() / run(given, old).norm())
            assert found[name]["output_error"] == pytest.approx(expected, rel=1e-4)
            assert found[name]["weight_error"] == pytest.approx(float((new - old).norm() / old.norm()), rel=1e-5)
    fewer = measures["quantization"](samples=150).measure(made(Quantize(bits=2)), Desk())
    for two, three in zip(fewer["layers"], value["layers"], strict=True):
        assert two["weight_error"] > 1.5 * three["weight_error"] > 0


def test_pruning_afterwards_leaves_the_errors_of_rounding(images: Images) -> None:
    measure = measures["quantization"](samples=60)
    alone, pruned = (
        measure.measure(made(Quantize(bits=4)), Desk()),
        measure.measure(made(Quantize(bits=4), Prune(sparsity=500)), Desk()),
    )
    assert alone["layers"] == pruned["layers"] and alone["bytes"] == pruned["bytes"]


def test_levels_are_counted(images: Images) -> None:
    after = made(Prune(sparsity=400), Quantize(bits=3))
    value = measures["quantized_layer"](layer="fc1").measure(after, Desk())
    mask, kept = after.masks["fc1.weight"], after.formats["fc1.weight"]
    codes = kept.codes[mask].int() - 3
    assert value["masked"] == int((~mask).sum()) > 0
    assert value["counts"].sum() == value["level_counts"].sum() == int(mask.sum())
    assert set(value["levels"].tolist()) <= set(range(-3, 4))
    for level, count in zip(value["levels"], value["level_counts"], strict=True):
        assert count == int((codes == level).sum())
    assert value["zeros"] == int((codes == 0).sum())
    # To the nearest: the weights of a level lie within half a step, so its bins hold as many as went to it.
    inside = [
        value["counts"][(value["edges"][:-1] >= n - 0.5) & (value["edges"][1:] <= n + 0.5)].sum()
        for n in value["levels"]
    ]
    assert np.abs(np.array(inside) - value["level_counts"]).max() <= 2
    plain = measures["quantized_layer"]().measure(made(Quantize(bits=16, kept_as="bfloat16")), Desk())
    assert plain["scale"] is None and not len(plain["levels"]) and plain["layer"] == "conv1"


def test_without_levels_a_sentence_says_so(images: Images) -> None:
    trained = made(Quantize(bits=4), Train(steps=1, batch=20, validation=0, looks=1))
    for of in (state(small()), trained):
        with pytest.raises(Incompatible, match="quantize them"):
            measures["quantization"]().measure(of, Desk())
