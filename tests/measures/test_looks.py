"""Size, profile and the look inside a layer: each number counted another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pruning.common.errors import Incompatible, UnknownName
from pruning.common.progress import Desk, quiet
from pruning.compression import files
from pruning.measures.kinds import measures
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from tests.helpers.networks import small, state

LENET = Base(model="lenet_5")


def measure(name: str, of: State, **options: object) -> dict:
    return measures[name](**options).measure(of, Desk())


def test_size_counts() -> None:
    after = state_of(LENET, (Prune(sparsity=900),))
    found = measure("size", after)
    kept = 61470 - round(0.9 * 61470)
    assert (found["parameters"], found["prunable"], found["prunable_nonzero"]) == (61706, 61470, kept)
    assert found["nonzero"] == kept + 236
    assert found["dense_bytes"] == found["plain_bytes"] == len(files.plain(after.model))
    assert found["bitmask_bytes"] == len(files.bitmask(after.model)) < found["plain_bytes"] / 5
    assert found["zstd_bytes"] < found["dense_zstd_bytes"] < found["dense_bytes"]
    assert found["bitmask_zstd_bytes"] <= found["bitmask_bytes"] + 100
    import zstandard

    packed = files.compressed(files.plain(after.model), 3)
    assert found["zstd_bytes"] == len(packed)
    assert zstandard.ZstdDecompressor().decompress(packed) == files.plain(after.model)


def test_size_of_the_dense_network() -> None:
    found = measure("size", state_of(LENET, ()))
    assert found["nonzero"] == found["parameters"] and found["nonzero_macs"] == found["macs"] == 416_520
    assert found["plain_bytes"] == found["dense_bytes"] and found["zstd_bytes"] == found["dense_zstd_bytes"]


def test_a_kept_weight_that_is_zero_is_no_non_zero() -> None:
    model = small()
    with torch.no_grad():
        model.fc2.weight[0, :5] = 0.0
    after = state(model).after(Prune(sparsity=0), "after", quiet)
    found = measure("size", after)
    assert all(mask.all() for mask in after.masks.values())
    assert found["prunable_nonzero"] == found["prunable"] - 5


def test_more_effort_makes_no_larger_files() -> None:
    after = state_of(LENET, (Prune(sparsity=900),))
    quick, slow = (measure("size", after, zstd_level=level) for level in (1, 19))
    assert slow["zstd_bytes"] < quick["zstd_bytes"] and slow["bitmask_bytes"] == quick["bitmask_bytes"]


@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_the_profile_is_what_masks_say_at_every_level(allocation: str) -> None:
    found = measure("profile", state_of(LENET, (Prune(sparsity=123, allocation=allocation),)))
    assert found["layers"] == ["conv1", "conv2", "fc1", "fc2", "fc3"] and found["parameters"] == 61706
    assert found["weights"] == [int(np.prod(shape)) for shape in found["shapes"]] == [150, 2400, 48000, 10080, 840]
    assert {len(row) for row in found["removed"]} == {1001}
    for level in (0, 1, 123, 500, 999, 1000):
        after = state_of(LENET, (Prune(sparsity=level, allocation=allocation),))
        assert [row[level] for row in found["removed"]] == [int((~after.masks[n]).sum()) for n in after.order]


def test_a_profile_needs_a_pruning_step() -> None:
    with pytest.raises(Incompatible, match="needs a pruning step"):
        measure("profile", state_of(LENET, ()))


@pytest.mark.parametrize("layer", ["conv2", "fc1"])
def test_inside_a_layer(layer: str) -> None:
    after = state_of(LENET, (Prune(sparsity=700),))
    found = measure("layer", after, layer=layer)
    mask, weight = after.masks[f"{layer}.weight"].numpy(), after.start.weights[f"{layer}.weight"].numpy()
    flat = mask.reshape(len(mask), -1)
    assert found["shape"] == list(mask.shape) and not found["sampled"]
    assert (found["mask"] == flat * 255).all() and found["mask"].dtype == np.uint8
    assert found["output_density"] == pytest.approx([float(row.mean()) for row in flat])
    inputs = [float(mask[:, i].mean()) for i in range(mask.shape[1])]
    assert found["input_density"] == pytest.approx(inputs) and len(found["edges"]) == 82
    assert found["kept"].sum() == mask.sum() and found["removed"].sum() == (~mask).sum()
    assert found["threshold"] == pytest.approx(np.abs(weight[~mask]).max())
    middle = (found["edges"][:-1] + found["edges"][1:]) / 2
    width = found["edges"][1] - found["edges"][0]
    assert (np.abs(middle[found["removed"] > 0]) <= found["threshold"] + width / 2 + 1e-6).all()


def test_a_large_layer_is_shown_by_averages() -> None:
    after = state_of(Base(), (Prune(sparsity=700),))
    found = measure("layer", after, layer="fc1")
    mask = after.masks["fc1.weight"].float().numpy()
    assert found["sampled"] and found["mask"].shape == (300, 512)
    edges = np.linspace(0, 784, 513).astype(int)
    column = mask[:, edges[7] : edges[8]].mean(1)
    assert (found["mask"][:, 7] == np.round(column * 255)).all()


def test_layers_that_show_no_threshold() -> None:
    assert measure("layer", state_of(LENET, ()), layer="fc1")["threshold"] is None
    twice = state_of(LENET, (Prune(sparsity=700), Prune(scorer="random", sparsity=100)))
    found = measure("layer", twice, layer="fc1")
    assert found["threshold"] is None and found["removed"].sum() > 0  # all were masked by the step before


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(UnknownName, match="no layer 'fc11'. Did you mean 'fc1'?"):
        measure("layer", state_of(LENET, ()), layer="fc11")
