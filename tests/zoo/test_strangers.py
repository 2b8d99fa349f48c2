"""Checkpoints of strangers: tensors, names and simple values come out of good ones; bad ones end in one sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pruning.common.errors import Missing, Refused
from pruning.zoo.strangers import printable, read_checkpoint
from pruning.zoo.strangers_child import read
from tests.helpers.hostile import HOSTILE, ONES, saved

MODEL = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def training() -> dict[str, Any]:
    """A checkpoint as trainings write them."""
    return {
        "epoch": 7,
        "best": np.float64(0.5),
        "lr": 0.1,
        "names": ["cat", "dog\x00\u202e"],
        "args": argparse.Namespace(batch=3),
        "model": MODEL.state_dict(),
        "ema": {"module": {name: tensor.half() for name, tensor in MODEL.state_dict().items()}},
        "optimizer": torch.optim.SGD(MODEL.parameters(), 0.1, momentum=0.9).state_dict(),
    }


def test_a_checkpoint_of_a_training_gives_its_networks_and_simple_values(tmp_path: Path) -> None:
    torch.save(training(), tmp_path / "best.pth")
    found = read_checkpoint(tmp_path / "best.pth", tmp_path)
    assert list(found.networks()) == [("model",), ("ema", "module")]
    for place, want in ((("model",), MODEL.state_dict()), (("ema", "module"), training()["ema"]["module"])):
        state = found.state(place)
        assert list(state) == list(want)
        assert all(torch.equal(state[name], want[name]) and state[name].dtype == want[name].dtype for name in want)
    assert found.values == {("epoch",): 7, ("lr",): 0.1, ("names",): ["cat", "dog��"]}
    assert found.others == {
        ("best",): "numpy._core.multiarray.scalar",
        ("args",): "argparse.Namespace",
        ("optimizer",): "what a training needs to go on",
    }
    assert found.not_finite() == ()
    with pytest.raises(Refused, match="no weights under"):
        found.state(("other",))


def content(path: Path, into: Path) -> dict[str, Any]:
    """Read in this process: quicker, and the same but for the limits."""
    return read(str(path), str(into / "clean.safetensors"), "The file a")


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_each_form_gives_the_same_tensors(form: str, tmp_path: Path) -> None:
    state = {"w": torch.arange(6.0).view(2, 3).T, "tied": torch.ones(3), "b": torch.ones(2, dtype=torch.bfloat16)}
    path = tmp_path / "a.ckpt"
    if form == "safetensors":
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, path, {"who": "me"})
    else:
        state["again"] = state["tied"]
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    said = content(path, tmp_path)
    assert {t["place"][0]: (t["shape"], t["dtype"]) for t in said["tensors"]} == {
        name: (list(tensor.shape), {torch.float32: "F32", torch.bfloat16: "BF16"}[tensor.dtype])
        for name, tensor in state.items()
    }
    assert said["form"] == ("safetensors" if form == "safetensors" else "torch.save")
    keys = {t["place"][0]: t["key"] for t in said["tensors"]}
    assert len(set(keys.values())) == 3, "what is tied is stored once"
    assert said["values"] == ([(["__metadata__", "who"], "me")] if form == "safetensors" else [])


def test_nan_and_infinity_are_counted(tmp_path: Path) -> None:
    nan, inf = float("nan"), float("inf")
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        torch.save({"w": torch.tensor([1, nan, inf, -inf], dtype=dtype), "n": torch.tensor([2])}, tmp_path / "a.pth")
        (w, n) = content(tmp_path / "a.pth", tmp_path)["tensors"]
        assert (w["nan"], w["infinite"], n["nan"], n["infinite"]) == (1, 2, 0, 0)


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_end_in_one_sentence(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made, said = HOSTILE[case]
    (tmp_path / "a.bin").write_bytes(made())
    with pytest.raises(Refused, match=said) as error:
        content(tmp_path / "a.bin", tmp_path)
    assert str(error.value).startswith("The file a ") and "\n" not in str(error.value)
    assert len(str(error.value)) < 500 and str(error.value).isprintable()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin"], "nothing was run or left behind"


def test_the_same_numbers_in_very_many_tensors_are_refused(tmp_path: Path) -> None:
    numbers = torch.ones(2**20)
    torch.save({f"w{i}": numbers[i:] for i in range(40)}, tmp_path / "a.pth")
    with pytest.raises(Refused, match="more than twice its own size"):
        content(tmp_path / "a.pth", tmp_path)


def test_what_needs_too_much_memory_or_is_no_file_is_refused(tmp_path: Path) -> None:
    """Sizes that torch itself believes: a legacy file says how many numbers follow, and they are asked for at once."""
    honest = saved({"w": ONES}, _use_new_zipfile_serialization=False)
    claim = honest.replace(b"K\x04N", b"\x8a\x05\x00\x00\x00\x00\x02N").replace(
        b"K\x04t", b"\x8a\x05\x00\x00\x00\x00\x02t"
    )
    assert claim != honest
    (tmp_path / "a\u202e.pth").write_bytes(claim)
    with pytest.raises(Refused, match=r"^The file a�\.pth needs more than 512 MB of memory"):
        read_checkpoint(tmp_path / "a\u202e.pth", tmp_path)
    with pytest.raises(Refused, match="at most 0 MB are read"):
        read_checkpoint(tmp_path / "a\u202e.pth", tmp_path, most_mb=0)
    with pytest.raises(Missing, match="is not there, or is not a file"):
        read_checkpoint(tmp_path, tmp_path)


def test_names_are_shown_without_what_cannot_be_seen() -> None:
    assert printable("a\nb\x00\u202ec" + "x" * 200) == "a�b��c" + "x" * 74
