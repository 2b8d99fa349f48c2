"""``assets/train.py`` trains a model on its own data, all channels of it, and says so in the card."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.zoo.data import RowSplit, TensorSplit
from pruning.zoo.kinds import Dataset, Model, datasets, models

ROOT = Path(__file__).resolve().parents[2]


class Tints(Dataset):
    """Colour images of 12x12: only the last channel tells the class."""

    name = "tints"
    label = "Tints"
    shape = (3, 12, 12)
    classes = ("dark", "light")
    embedded = True

    def load(self, split: str) -> TensorSplit:
        draw = torch.Generator().manual_seed(len(split))
        labels = torch.randint(0, 2, (256,), generator=draw)
        images = torch.randint(0, 256, (256, 3, 12, 12), generator=draw, dtype=torch.uint8)
        images[:, 2] = (labels * 200).to(torch.uint8).view(-1, 1, 1)
        return TensorSplit(images, labels, (0.5, 0.5, 0.4), (0.3, 0.3, 0.4))


class Lines(Dataset):
    """Rows of a table with a number to be guessed."""

    name = "lines_of_numbers"
    label = "Lines"
    task = "regression"
    shape = (4,)
    embedded = True

    def load(self, split: str) -> RowSplit:
        inputs = torch.randn(256, 4, generator=torch.Generator().manual_seed(len(split)))
        return RowSplit(inputs, inputs.sum(1, keepdim=True))


class TintNet(Model):
    name = "tint_net"
    label = "Tint net"
    data = "tints"
    input_shape = (3, 12, 12)
    classes = 2

    def build(self) -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


class LineNet(Model):
    name = "line_net"
    label = "Line net"
    task = "regression"
    data = "lines_of_numbers"
    input_shape = (4,)
    classes = 1

    def build(self) -> nn.Module:
        return nn.Linear(4, 1)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script, which writes into a folder of the test."""
    spec = importlib.util.spec_from_file_location("train_script", ROOT / "assets" / "train.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "train_script", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "assets" / "models").mkdir(parents=True)
    for known, entry in ((datasets, Tints), (datasets, Lines), (models, TintNet), (models, LineNet)):
        known.load()
        monkeypatch.setitem(known._entries, entry.name, entry)
    threads = torch.get_num_threads()
    yield module
    torch.set_num_threads(threads)


def card(script: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, **plan: object) -> dict:
    monkeypatch.setitem(script.PLANS, name, script.Plan(epochs=6, lr=0.5, batch=32, early_step=2, **plan))
    monkeypatch.setattr("sys.argv", ["train.py", "--models", name])
    script.main()
    folder = script.ROOT / "assets" / "models" / name
    assert {path.name for path in folder.iterdir()} == {
        "card.json",
        "seed0.early.safetensors",
        "seed0.dense.safetensors",
    }
    return json.loads((folder / "card.json").read_text())


def test_a_new_model_is_trained_on_its_own_data(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said = card(script, monkeypatch, "tint_net")
    assert said["data"] == "tints"
    assert said["runs"][0]["test_accuracy"] == 1.0, "the last channel tells the class"


def test_a_model_of_another_task_learns_by_its_own_loss(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="crop=0, flip=False"):
        card(script, monkeypatch, "line_net")
    said = card(script, monkeypatch, "line_net", crop=0, flip=False)
    assert said["data"] == "lines_of_numbers" and said["runs"][0]["test_quality"] < 0.1
    assert "classified" not in said["accuracy_unit"]


def test_a_model_without_data_is_a_sentence(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TintNet, "data", None)
    with pytest.raises(SystemExit, match="tint_net names no data set"):
        card(script, monkeypatch, "tint_net")
    monkeypatch.setattr(TintNet, "data", "fashion_mnist")
    with pytest.raises(SystemExit, match="12x12 pixels in colour"):
        card(script, monkeypatch, "tint_net")


@pytest.mark.parametrize("channels", [1, 3])
def test_every_channel_is_shifted_and_mirrored_together(script: ModuleType, channels: int) -> None:
    plan, size = script.Plan(epochs=1, lr=0.1, crop=2), 9
    images = torch.randn(20, channels, size, size + 2, generator=torch.Generator().manual_seed(1))
    found = script.augment(images, plan, None, torch.Generator().manual_seed(2))
    generator = torch.Generator().manual_seed(2)
    shift = torch.randint(0, 5, (2, 20, 1, 1), generator=generator).view(2, 20)
    flipped = torch.rand(20, generator=generator) < 0.5

    def one(number: int) -> Tensor:
        borders = [F.pad(image, [2] * 4, value=float(images[:, c].min())) for c, image in enumerate(images[number])]
        row, column = shift[:, number].tolist()
        part = torch.stack(borders)[:, row : row + size, column : column + size + 2]
        return part.flip(2) if flipped[number] else part

    assert torch.equal(found, torch.stack([one(number) for number in range(20)]))


def test_images_keep_their_size_unless_a_plan_says_otherwise(script: ModuleType) -> None:
    images, draw = torch.rand(2, 3, 16, 16), torch.Generator()
    plain = script.Plan(epochs=2, lr=0.1)
    assert script.augment(images, plain, plain.side(0), draw).shape == images.shape
    growing = script.Plan(epochs=2, lr=0.1, sides=(8, 16))
    assert [script.augment(images, growing, growing.side(e), draw).shape[2] for e in (0, 1)] == [8, 16]
