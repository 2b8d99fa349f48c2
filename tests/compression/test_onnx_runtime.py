"""ONNX Runtime: our levels are its levels, calibration sees training images only, files take any batch."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from pruning.common.bits import unpacked
from pruning.common.errors import Cancelled, Missing
from pruning.common.progress import Desk, quiet
from pruning.compression.removal import onnx_runtime, onnx_session
from pruning.compression.removal.remove import remove, smaller
from pruning.measures.kinds import measures
from pruning.network.rounding import nearest
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.remove import Remove
from pruning.study.fold import state_of
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import attending, small, state

WHOLE, EIGHT = onnx_runtime.Form("float32"), onnx_runtime.Form("int8", 100, 8)


class Shelf:
    """A desk's shelf in memory."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str, str], bytes] = {}

    def save(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        self.files[kind, key, suffix] = data
        return Path(key + suffix)

    def load(self, kind: str, key: str, suffix: str) -> bytes | None:
        return self.files.get((kind, key, suffix))

    def desk(self, progress=quiet) -> Desk:  # noqa: ANN001
        return Desk(progress, self.save, self.load)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
def pruned() -> State:
    return state_of(Base(), (Prune(sparsity=800),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The splits that were loaded."""
    seen: list[str] = []
    real = zoo_data.load
    monkeypatch.setattr(zoo_data, "load", lambda data, split: seen.append(split) or real(data, split))
    yield seen


def levels(data: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes (int8) and scales, one a row, of a weight in an int8 file."""
    stored = onnx.load_from_string(data).graph.initializer
    found = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in stored}
    assert not found[f"{name}_zero_point"].any()
    return found[f"{name}_quantized"], found[f"{name}_scale"]


def test_calibration_reads_training_images_only_and_eight_bits_are_a_quarter(
    shelf: Shelf, pruned: State, asked: list[str]
) -> None:
    whole = onnx_runtime.onnx_file(pruned, WHOLE, shelf.desk())
    assert asked == []
    made = onnx_runtime.onnx_file(pruned, EIGHT, shelf.desk())
    assert set(asked) == {"train"}
    parameters = sum(p.numel() for p in pruned.model.parameters())
    assert 0 < len(whole) - 4 * parameters < 20_000
    assert len(made) / len(whole) == pytest.approx(0.25, abs=0.02)
    assert len(shelf.files) == 2


def test_the_runtime_s_weights_are_our_levels_and_masked_ones_are_zero(shelf: Shelf, pruned: State) -> None:
    data = onnx_runtime.onnx_file(pruned, EIGHT, shelf.desk())
    for name, weight in pruned.weights.items():
        codes, scale = levels(data, name)
        ours = nearest(weight, Quantize(bits=8))
        assert ours.scale is not None
        mine = ours.codes.numpy().astype(int) - 127
        some = weight.flatten(1).any(1).numpy()  # a row of zeros alone has any scale
        assert some.any() and not codes[~some].any() and not mine[~some].any()
        # Ours are kept in 16 bits, rounded up: by less than one part in 1,024.
        more = ours.scale.float().flatten().numpy()[some] / scale[some]
        assert (more > 1 - 1e-6).all() and (more < 1 + 2**-10).all()
        assert np.abs(mine - codes).max() <= 1 and (mine == codes).mean() > 0.98
        assert not codes[~pruned.masks[name].numpy()].any() and codes[pruned.masks[name].numpy()].any()


def test_seven_bits_leave_room_for_sums_of_two_products(shelf: Shelf, pruned: State) -> None:
    """255 (64 + 64) is below 2^15, 255 (127 + 127) is not."""
    data = onnx_runtime.onnx_file(pruned, onnx_runtime.Form("int8", 100), shelf.desk())
    for name, weight in pruned.weights.items():
        codes, scale = levels(data, name)
        assert np.abs(codes.astype(int)).max() == 64
        assert np.abs(codes * scale[:, None] - weight.numpy()).max() <= 0.5001 * scale.max()
    assert len(data) == pytest.approx(len(onnx_runtime.onnx_file(pruned, EIGHT, shelf.desk())), rel=0.001)


def test_weights_that_are_on_our_levels_stay_there_exactly(shelf: Shelf, pruned: State) -> None:
    """The float32 file of a quantized network, in int8, has the same codes: the order of the two does not matter."""
    after = pruned.after(Quantize(bits=8), "quantized", quiet)
    whole = onnx.load_from_string(onnx_runtime.onnx_file(pruned, WHOLE, shelf.desk()))
    for tensor in whole.graph.initializer:
        if tensor.name in after.weights:
            tensor.CopyFrom(onnx.numpy_helper.from_array(after.weights[tensor.name].numpy(), tensor.name))
    images = torch.randn(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    data = onnx_runtime.int8(whole.SerializeToString(), images, 8, quiet)
    for name, kept in after.formats.items():
        codes, scale = levels(data, name)
        assert np.array_equal(codes, kept.codes.numpy().astype(int) - 127)
        assert kept.scale is not None
        some = codes.any(1)
        assert np.allclose(scale[some], kept.scale.float().flatten().numpy()[some], rtol=1e-6, atol=0)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_what_the_runtime_gets_right(shelf: Shelf, pruned: State, asked: list[str], precision: str) -> None:
    measure = measures["runtime"](precision=precision, calibration=100, split="validation", count=450)
    value = measure.measure(pruned, shelf.desk())
    assert json.loads(json.dumps(value)) == value and set(asked) == {"validation"}
    theirs = measures["verdicts"](split="validation", count=450).measure(pruned, Desk())
    assert value["count"] == 450 and value["correct"] == int(unpacked(value).sum())
    assert value["bytes"] == len(onnx_runtime.onnx_file(pruned, onnx_runtime.Form(precision, 100), shelf.desk()))
    same = (unpacked(value) == unpacked(theirs)).sum()
    if precision == "float32":
        assert same == 450 and value["difference"] < 1e-5
    else:
        assert same >= 440 and 1e-4 < value["difference"] < 0.1


def test_times_alternate_and_nothing_is_exported_twice(
    shelf: Shelf, pruned: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.save(
        onnx_runtime.KIND,
        WHOLE.key(pruned.start),
        onnx_runtime.onnx_file(pruned, WHOLE, shelf.desk()),
        onnx_runtime.SUFFIX,
    )
    monkeypatch.setattr(onnx_runtime, "onnx", lambda *_: pytest.fail("it was exported before"))
    seen = []
    desk = shelf.desk(lambda done, total, note="", partial=None: seen.extend([len(partial["rows"])] if partial else []))
    measure = measures["runtime_latency"](batches=(1, 4), seconds=0.05, calibration=100)
    value = measure.measure(pruned, desk)
    assert json.loads(json.dumps(value)) == value and seen == [3, 6] and not measure.pure
    assert [(row["batch"], row["variant"]) for row in value["rows"]] == [
        (batch, variant) for batch in (1, 4) for variant in ("dense", "this", "int8")
    ]
    for row in value["rows"]:
        assert 0 < row["low_ms"] <= row["median_ms"] <= row["high_ms"] and row["samples"] >= 7
    assert value["threads"] == torch.get_num_threads() and value["machine"] and value["device"] == "cpu"
    found = measures["runtime_file"](precision="int8", calibration=100).measure(pruned, desk)
    assert Path(found["path"]).suffix == ".onnx"
    whole = onnx.load_from_string(shelf.files["runtime_file", Path(found["path"]).stem, ".onnx"])
    facts = {prop.key: json.loads(prop.value) for prop in whole.metadata_props}
    assert facts["input_shape"] == list(pruned.base.input_shape) and set(facts) >= {"preprocessing", "classes"}
    timed = [data for data in shelf.files.values() if len(data) == value["bytes"]["int8"]]
    # The file that was timed, and what it says of itself.
    assert any(whole.graph == onnx.load_from_string(data).graph for data in timed)


def test_an_attending_network_takes_any_batch_in_both_precisions(images: Images) -> None:
    shelf, made = Shelf(), state(attending(), "vit_small")
    for precision, near in (("float32", 1e-4), ("int8", 0.2)):
        call = onnx_session.caller(onnx_runtime.onnx_file(made, onnx_runtime.Form(precision, 60), shelf.desk()), 1)
        for batch in (1, 5):
            x = images("", "train").batch(0, batch)[0]
            with torch.inference_mode():
                said = made.model(x).numpy()
            assert call(x.numpy()).shape == (batch, 10)
            assert np.abs(call(x.numpy()) - said).max() <= near * np.abs(said).max()


def test_masked_channels_are_removed_before_the_file_is_written(images: Images) -> None:
    after = state(small()).after(Prune(granularity="channel", sparsity=500), "pruned", quiet)
    left = {name: p.shape for name, p in remove(after).model.named_parameters() if name.endswith("weight")}
    data = onnx_runtime.onnx_file(after, WHOLE, Desk())
    shapes = {t.name: tuple(t.dims) for t in onnx.load_from_string(data).graph.initializer}
    assert shapes["fc1.weight"] == tuple(left["fc1.weight"]) != (12, 32)
    gone = after.after(Remove(), "gone", quiet)
    assert {name: p.shape for name, p in smaller(gone)[0].named_parameters() if name.endswith("weight")} == left


def test_cancelled_between_batches(shelf: Shelf, pruned: State) -> None:
    def stop(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        if done >= 100:
            raise Cancelled("Enough.")

    before = len(shelf.files)
    with pytest.raises(Cancelled):
        onnx_runtime.onnx_file(pruned, onnx_runtime.Form("int8", 250), shelf.desk(stop))
    assert len(shelf.files) == before
    with pytest.raises(Cancelled):
        measures["runtime"](count=400).measure(pruned, shelf.desk(stop))


def test_without_the_runtime_a_sentence_says_what_to_install(pruned: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("runtime", "runtime_latency"):
        with pytest.raises(Missing, match="pip install onnxruntime=="):
            measures[name]().measure(pruned, Desk())
