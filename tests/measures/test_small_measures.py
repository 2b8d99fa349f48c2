"""What is measured on a network whose masked units are removed: structure, time, files for other runtimes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pages.choices.commands import opening
from pruning.common.errors import Incompatible
from pruning.common.progress import Desk
from pruning.compression.removal.exports import onnx, program
from pruning.compression.removal.remove import remove
from pruning.measures.kinds import measures
from pruning.results.speed import speed_up
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base


def state(model: str, *kinds: str):  # noqa: ANN201
    return state_of(Base(model=model), tuple(Prune(granularity=kind, sparsity=500) for kind in kinds))


def test_structure_adds_up() -> None:
    value = measures["structure"]().measure(state("lenet_5", "channel"), Desk())
    assert json.loads(json.dumps(value)) == value
    left = {layer["name"]: layer["channels_left"] for layer in value["layers"]}
    assert left["fc3"] == 10 and "fc3" in value["left"] and sum(left.values()) < 236
    # By hand: 5x5 kernels on one channel, then on what is left; a channel of conv2 is read in 25 columns.
    sizes = [25 * left["conv1"], 25 * left["conv1"] * left["conv2"], 25 * left["conv2"] * left["fc1"]]
    sizes += [left["fc1"] * left["fc2"], left["fc2"] * 10]
    assert [layer["weights_left"] for layer in value["layers"]] == sizes
    assert value["parameters"] == {"dense": 61_706, "small": sum(sizes) + sum(left.values())}
    assert [layer["macs_left"] for layer in value["layers"]] == [sizes[0] * 784, sizes[1] * 100, *sizes[2:]]
    assert value["macs"]["small"] == sum(layer["macs_left"] for layer in value["layers"])
    assert value["bytes"]["dense"] == value["bytes"]["masked"] > 4 * 61_706
    assert 0 < value["bytes"]["small"] - 4 * value["parameters"]["small"] < 2000  # the header


def test_structure_names_heads_and_blocks() -> None:
    value = measures["structure"]().measure(state("vit_small", "head", "layer_block"), Desk())
    assert [row["name"] for row in value["heads"]] == [f"blocks.{i}.attention" for i in range(4)]
    assert sum(flag for row in value["heads"] for flag in row["kept"]) <= 8
    assert [row["name"] for row in value["blocks"]] == [f"blocks.{i}" for i in range(4)]
    gone = [row["name"] for row in value["blocks"] if not row["kept"]]
    assert len(gone) == 2
    empty = {row["name"] for row in value["layers"] if row["channels_left"] == row["macs_left"] == 0}
    assert {name[: len("blocks.0")] for name in empty} == set(gone)


def test_latency_alternates_its_variants_and_says_how_it_was_measured() -> None:
    seen = []

    def watch(done: float, total: float, note: str = "", partial: dict | None = None) -> None:
        seen.extend([len(partial["rows"])] if partial else [])

    made = state("lenet_5", "channel")
    measure = measures["latency"](batches=(1, 8), seconds=0.05)
    value = measure.measure(made, Desk(watch))
    assert json.loads(json.dumps(value)) == value and seen == [3, 6]
    assert [(row["batch"], row["variant"]) for row in value["rows"]] == [
        (batch, variant) for batch in (1, 8) for variant in ("dense", "masked", "small")
    ]
    for row in value["rows"]:
        assert 0 < row["low_ms"] <= row["median_ms"] <= row["high_ms"] and row["samples"] >= 7
    structure = measures["structure"]().measure(made, Desk())
    assert value["macs"] == structure["macs"] and value["threads"] == torch.get_num_threads()
    assert not measure.pure and value["machine"]


def test_a_difference_within_the_spread_is_none() -> None:
    def rows(dense: tuple[float, float, float], small: tuple[float, float, float]) -> list[dict]:
        names = ("low_ms", "median_ms", "high_ms")
        pairs = (("dense", dense), ("small", small))
        return [{"variant": v, "batch": 1, **dict(zip(names, times, strict=True))} for v, times in pairs]

    clear = speed_up(rows((9.9, 10.0, 10.1), (4.9, 5.0, 5.2)), 1)
    assert clear.real and clear.ratio == 2 and clear.words() == "2 times faster"
    slow = speed_up(rows((9.9, 10.0, 10.1), (12.4, 12.5, 12.6)), 1)
    assert slow.real and slow.words() == "1.2 times slower"
    for small in ((6.0, 9.0, 12.0), (9.0, 9.8, 9.9)):
        noisy = speed_up(rows((9.5, 10.0, 10.5), small), 1)
        assert not noisy.real and noisy.words() == "no measurable speed-up"


def said(path: Path, images: Any) -> Any:
    """What the lines that the page shows for a file give."""
    code = opening(str(path), Base(model="lenet_5")).replace("10_000", "20")
    exec(code, {})  # as it stands
    scope = {"images": images}
    exec("\n".join(line for line in code.splitlines() if not line.startswith("images = ")), scope)
    return scope["outputs"] if "outputs" in scope else scope["model"](images)


def test_files_for_other_runtimes_take_any_batch_and_give_the_same_outputs(tmp_path: Path) -> None:
    small, vit = remove(state("lenet_5", "channel")).model, remove(state("vit_small", "head")).model
    (tmp_path / "small.onnx").write_bytes(onnx(small, (1, 28, 28)))
    (tmp_path / "vit.pt2").write_bytes(program(vit, (1, 28, 28)))
    for batch in (1, 5):
        x = torch.randn(batch, 1, 28, 28)
        with torch.inference_mode():
            assert torch.allclose(said(tmp_path / "vit.pt2", x), vit(x), rtol=0, atol=1e-5)
            found = said(tmp_path / "small.onnx", x.numpy())
            assert torch.allclose(torch.from_numpy(found), small(x), rtol=0, atol=1e-5)


class Undecided(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) if bool(x.sum() > 0) else -x.flatten(1)


def test_a_network_that_cannot_be_exported_says_so() -> None:
    with pytest.raises(Incompatible, match="torch cannot export this network"):
        program(Undecided(), (1, 2, 2))


def test_files_lie_beside_one_another(tmp_path: Path) -> None:
    def save(kind: str, key: str, data: bytes, suffix: str) -> Path:
        place = tmp_path / f"{kind}-{key}{suffix}"
        place.write_bytes(data)
        return place

    made = state("lenet_5", "channel")
    for form, suffix in (("safetensors", ".safetensors"), ("description", ".json")):
        value = measures["small_model"](form=form).measure(made, Desk(save=save))
        assert value["path"].endswith(suffix) and Path(value["path"]).stat().st_size == value["bytes"]
    (weights,) = tmp_path.glob("*.safetensors")
    x = torch.randn(2, 1, 28, 28)
    with torch.inference_mode():
        assert torch.allclose(said(weights, x), made.model(x), atol=1e-5)
