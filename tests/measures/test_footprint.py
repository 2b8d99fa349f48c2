"""What is delivered: shapes, operations and bytes of real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pruning.compression import files
from pruning.compression.removal.files import load_small, smallest
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.remove import Remove
from pruning.steps.student import Student
from pruning.store.store import Store
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

HALF = Prune(granularity="channel", allocation="uniform", sparsity=500)


def footprint(recipe: tuple, model: str = "lenet_300_100") -> dict[str, Any]:
    study = Study(base=Base(model=model), recipe=recipe, measures=(MeasureSpec(name="footprint"),))
    return run(study)[0]["value"]


def test_the_dense_network_is_its_own_footprint() -> None:
    found = footprint(())
    assert found["parameters"] == found["dense_parameters"] == 266_610
    assert found["macs"] == found["dense_macs"] == 784 * 300 + 300 * 100 + 100 * 10
    assert found["bytes"] == found["dense_bytes"] == min(found["files"].values()) == found["files"][found["file"]]


def test_zeros_keep_operations_and_save_bytes_only_in_a_file_that_leaves_them_out() -> None:
    found = footprint((Prune(sparsity=900),))
    assert found["macs"] == found["dense_macs"] and found["files"]["plain"] >= 4 * 266_200
    kept = 266_200 - 239_580
    assert abs(found["files"]["bitmask"] - (266_200 / 8 + 4 * kept + 4 * 410)) < 1500, "bits, values, biases, header"
    assert found["file"].startswith("bitmask") and found["nonzero"] == kept + 410


def test_removed_neurons_leave_file_and_operations_with_or_without_the_step() -> None:
    masked, small = footprint((HALF,)), footprint((HALF, Remove()))
    assert masked == small
    assert small["macs"] == 784 * 150 + 150 * 50 + 50 * 10
    assert small["parameters"] == 784 * 150 + 150 + 150 * 50 + 50 + 50 * 10 + 10


@pytest.mark.parametrize(("bits", "share"), [(8, 1 / 4), (4, 1 / 8), (2, 1 / 16)])
def test_packed_codes_have_their_bits(bits: int, share: float) -> None:
    found = footprint((Quantize(bits=bits),))
    scales, plain = 2 * (300 + 100 + 10), 4 * 410
    assert 0 <= found["files"]["packed"] - (4 * 266_200 * share + scales + plain) < 1200, "nothing but a header beside"
    assert found["file"] in ("packed", "packed_zstd") and found["nonzero"] <= 266_610


def test_all_of_it_together_is_smaller_than_each_alone() -> None:
    together = footprint((HALF, Remove(), Prune(sparsity=500), Quantize(bits=4)))["bytes"]
    for alone in ((HALF,), (Prune(sparsity=500),), (Quantize(bits=4),)):
        assert together < footprint(alone)["bytes"]


def test_a_student_is_counted_as_it_is() -> None:
    found = footprint((Student(width=50),))
    assert found["parameters"] == 784 * 150 + 150 + 150 * 50 + 50 + 50 * 10 + 10


@pytest.mark.parametrize("recipe", [(Prune(sparsity=900),), (HALF, Remove(), Quantize(bits=4)), (Student(width=50),)])
def test_the_smallest_file_is_made_as_it_was_counted_and_loads(recipe: tuple, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    specs = tuple(
        MeasureSpec(name=name, options=options)
        for name, options in (("footprint", {}), ("delivery", {"form": "smallest"}), ("delivery", {}))
    )
    counted, smallest, whole = (row["value"] for row in run(Study(recipe=recipe, measures=specs), store))
    assert (smallest["bytes"], smallest["form"]) == (counted["bytes"], counted["file"])
    assert Path(smallest["path"]).stat().st_size == counted["bytes"]
    x = torch.randn(3, 1, 28, 28)
    with torch.inference_mode():
        assert torch.allclose(load_small(smallest["path"])(x), load_small(whole["path"])(x), atol=1e-5)


def test_the_smallest_of_equals_is_the_first_and_compressed_files_are_tried() -> None:
    noise = bytes(range(256))
    found = smallest({"plain": noise, "bitmask": noise}, 3)
    assert (found.form, found.data, found.sizes["bitmask"]) == ("plain", noise, 256)
    assert list(found.sizes) == ["plain", "bitmask", "plain_zstd", "bitmask_zstd"]
    zeros = smallest({"plain": noise, "bitmask": bytes(256)}, 3)
    assert zeros.form == "bitmask_zstd" and files.decompressed(zeros.data) == bytes(256)
    assert len(zeros.data) == zeros.sizes["bitmask_zstd"] == min(zeros.sizes.values())


def test_the_bitmask_file_of_a_small_network_opens_again() -> None:
    state = state_of(Base(model="lenet_5"), (HALF, Remove(), Prune(sparsity=500)))
    back = files.read_bitmask(files.bitmask(state.model))
    assert all((back[name] == tensor).all() for name, tensor in state.model.state_dict().items())
