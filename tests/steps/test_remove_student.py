"""Steps that change shapes: removal for good, and students."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pruning.common.errors import Incompatible, UnknownName
from pruning.compression.files import compressed
from pruning.compression.removal.files import delivery, load_small
from pruning.network.weights import prunable
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.remove import Remove
from pruning.steps.rewind import Rewind
from pruning.steps.student import Student
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

ROOT = Path(__file__).resolve().parents[2]
HALF = Prune(granularity="channel", allocation="uniform", sparsity=500)
SHORT = Train(steps=3, batch=20, samples=200, validation=0, looks=1)


def images(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("model", ["lenet_300_100", "lenet_5", "resnet_20"])
def test_removed_units_change_no_output_and_what_follows_has_the_small_shapes(model: str) -> None:
    base = Base(model=model)
    masked, small = state_of(base, (HALF,)), state_of(base, (HALF, Remove()))
    with torch.inference_mode():
        assert torch.allclose(small.model(images()), masked.model(images()), rtol=1e-4, atol=1e-4)
    assert count(small.model) < 0.62 * count(masked.model) and set(small.order) == set(prunable(small.model))
    assert small.start.model is masked.start.model, "the dense network stays the teacher and the measure"
    trained = state_of(base, (HALF, Remove(), SHORT))
    assert [w.shape for w in trained.weights.values()] == [w.shape for w in small.weights.values()]
    assert any(not torch.equal(trained.weights[name], small.weights[name]) for name in small.order)


def test_masks_of_single_weights_are_cut_with_the_channels() -> None:
    base = Base(model="lenet_5")
    both = (Prune(sparsity=600), HALF)
    masked, small = state_of(base, both), state_of(base, (*both, Remove()))
    kept = sum(int(mask.sum()) for name, mask in masked.masks.items() if name in masked.order)
    left = sum(int(small.masks[n].sum()) if n in small.masks else w.numel() for n, w in small.weights.items())
    assert left == kept, "every weight that was kept is still there, and no other"
    for name, mask in small.masks.items():
        assert mask.shape == dict(small.model.named_parameters())[name].shape
        assert not bool(dict(small.model.named_parameters())[name][~mask].any())
    trained = state_of(base, (*both, Remove(), SHORT))
    for name, mask in trained.masks.items():
        assert not bool(dict(trained.model.named_parameters())[name][~mask].any()), "zeros stay zero"


def test_the_small_network_is_pruned_again_and_quantized() -> None:
    base = Base(model="lenet_5")
    after = state_of(base, (HALF, Remove(), Prune(sparsity=500), Quantize(bits=4)))
    assert {name: tuple(kept.codes.shape) for name, kept in after.formats.items()} == {
        name: tuple(weight.shape) for name, weight in after.weights.items()
    }
    total = sum(weight.numel() for weight in after.weights.values())
    assert sum(int((~after.masks[name]).sum()) for name in after.weights) == round(0.5 * total)
    twice = state_of(base, (HALF, Remove(), HALF, Remove()))
    assert count(twice.model) < count(state_of(base, (HALF, Remove())).model)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ((Prune(), Remove()), "Nothing can be removed"),
        ((HALF, Quantize(), Remove()), "remove units before"),
        ((HALF, Remove(), Rewind()), "rewind before"),
        ((Student(), Rewind()), "rewind before"),
        ((Student(family="resnet18"),), "choose another family"),
    ],
)
def test_an_order_that_cannot_be_is_refused_in_a_sentence(recipe: tuple, words: str) -> None:
    with pytest.raises(Incompatible, match=words):
        state_of(Base(model="lenet_5"), recipe)


@pytest.mark.parametrize("model", ["lenet_300_100", "lenet_5", "resnet_20", "mobilenet_v2_small", "vit_small"])
def test_students_are_smaller_in_width_and_in_depth_and_whole_at_a_hundred(model: str) -> None:
    entry = models[model]()
    whole, narrow, shallow = (count(entry.scaled(*size)) for size in ((100, 100), (50, 100), (100, 50)))
    assert whole == count(entry.build())
    assert narrow < 0.7 * whole and shallow < whole
    assert entry.scaled(25, 34)(images()).shape == (4, 10)


def test_a_student_begins_by_its_seed_and_learns_from_the_dense_network() -> None:
    base = Base(model="lenet_300_100")
    one, again, other = (state_of(base, (Student(width=30, seed=seed),)) for seed in (1, 1, 2))
    assert torch.equal(one.model(images()), again.model(images())) and not one.masks
    assert not torch.equal(one.model(images()), other.model(images()))
    assert one.start.model(images()).shape == (4, 10) and one.weights["fc1.weight"].shape == (90, 784)
    taught = state_of(base, (Student(width=30, seed=1), SHORT.model_copy(update={"teacher": "dense"})))
    alone = state_of(base, (Student(width=30, seed=1), SHORT))
    assert not torch.equal(taught.weights["fc1.weight"], alone.weights["fc1.weight"])


def test_a_narrow_network_trains_without_killing_the_process() -> None:
    """With channels last, a strided pointwise convolution of few inputs corrupts memory: tried in its own process."""
    code = """
from pruning.study.fold import state_of
from pruning import Base, Prune, Remove, Student, Train
short = Train(steps=3, batch=128, samples=512, validation=0, looks=1, crop=2, flip=True, teacher="dense")
for level in (700, 900):
    gone = Prune(granularity="channel", allocation="uniform", sparsity=level)
    state_of(Base(model="resnet_20"), (gone, Remove(), short))
state_of(Base(model="resnet_20"), (Student(width=25, depth=34), short))
print("trained")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "trained", done.stderr[-2000:]


def test_a_student_of_another_family() -> None:
    after = state_of(Base(model="lenet_5"), (Student(family="lenet_300_100", width=20),))
    assert list(after.weights) == ["fc1.weight", "fc2.weight", "fc3.weight"]


@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("resnet_20", (Student(width=25, depth=34),)),
        ("resnet_20", (HALF, Remove(), Recalibrate(samples=50))),
        ("lenet_5", (HALF, Remove(), Prune(sparsity=700), Quantize(bits=3, group=16, symmetric=False))),
        ("lenet_5", (Quantize(bits=16, kept_as="bfloat16"),)),
        ("lenet_5", (Prune(sparsity=800), HALF)),
        ("vit_small", (Prune(granularity="head", sparsity=500), Remove(), Quantize(bits=4))),
    ],
)
def test_every_form_of_a_delivery_loads_without_the_original(model: str, recipe: tuple, tmp_path: Path) -> None:
    state = state_of(Base(model=model), recipe)
    _, files = delivery(state)
    assert ("packed" in files) == bool(state.formats)
    for form, data in (files | {"zstd": compressed(files["bitmask"], 3)}).items():
        path = tmp_path / f"{form}.safetensors"
        path.write_bytes(data)
        with torch.inference_mode():
            found = load_small(path)(images())
            assert torch.allclose(found, state.model(images()), rtol=1e-4, atol=1e-4), form


def test_a_student_has_bounds_and_a_known_family() -> None:
    with pytest.raises(UnknownName, match="lenet"):
        Student(family="lenet")
    with pytest.raises(ValueError, match="width"):
        Student(width=0)
