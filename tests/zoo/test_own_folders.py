"""Folders of images as people have them: layouts, links, depths of colour, and networks with other outputs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

import pruning
from pruning.common.errors import Missing
from pruning.zoo.data import load
from pruning.zoo.datasets.image_folder import ImageFolder
from pruning.zoo.kinds import Model, models
from pruning.zoo.match import compatible
from pruning.zoo.places import content_hash

SPLITS = ("train", "validation", "test")


@pytest.fixture
def own(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the test's own; whoever waits in it for ever is ended."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(folder))
    signal.alarm(60)
    yield folder
    signal.alarm(0)


def fill(*folders: Path, count: int = 4) -> None:
    for place, folder in enumerate(folders):
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            colour = (20 * place + number, number, 0)
            Image.new("RGB", (9, 8), colour).save(folder / f"{number}.png")


def classes() -> list[str]:
    return list(ImageFolder().labels().values())


@pytest.mark.parametrize(
    ("folders", "sizes"),
    [
        (("Train", "Test"), [7, 1, 8]),  # one in twelve is held out, one at least
        (("training", "validation"), [7, 1, 8]),
        (("TRAIN", "VAL", "TEST"), [8, 8, 8]),
        (("train", "valid", "test"), [8, 8, 8]),
        (("trn", "dev", "tst"), [8, 8, 8]),
        (("train",), [6, 1, 1]),
        (("data/train", "data/test"), [7, 1, 8]),
        (("my_data",), [6, 1, 1]),
        (("one/more/folder",), [6, 1, 1]),
        (("",), [6, 1, 1]),
    ],
)
@pytest.mark.parametrize("rubbish", [(), ("__MACOSX", "data/__MACOSX", ".git", "@eaDir")])
def test_usual_layouts(own: Path, folders: tuple[str, ...], sizes: list[int], rubbish: tuple[str, ...]) -> None:
    for part in folders:
        fill(own / part / "cat", own / part / "dog")
    for place in rubbish:
        if (own / place).parent.is_dir():
            fill(own / place / "cat")
            fill(own / place)
    assert classes() == ["cat", "dog"]
    found = [load("image_folder", split) for split in SPLITS]
    assert [len(split) for split in found] == sizes
    assert all(set(split.labels.tolist()) <= {0, 1} for split in found)
    paths = [path for split in found for path in split.paths]  # type: ignore[attr-defined]
    assert len(set(paths)) == len(paths)


def test_valid_is_for_validation_and_not_for_test(own: Path) -> None:
    for part in ("train", "valid", "test"):
        fill(own / part / "cat", own / part / "dog")
    for split, part in zip(SPLITS, ("train", "valid", "test"), strict=True):
        assert {path.parent.parent.name for path in load("image_folder", split).paths} == {part}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("folders", "part"),
    [
        (("train/cat", "val/cat", "valid/cat"), "has val and valid for validation"),
        (("valid/cat", "test/cat"), "has valid and test, but no train"),
        (("train/cat", "Train/cat"), "has Train and train for train"),
    ],
)
def test_parts_that_may_be_meant_in_two_ways_are_asked_about(own: Path, folders: tuple[str, ...], part: str) -> None:
    fill(*(own / name for name in folders))
    if len(list(own.iterdir())) < len({name.split("/")[0] for name in folders}):
        pytest.skip("this file system does not tell Train from train")
    with pytest.raises(Missing, match=part):
        classes()


def test_a_class_may_be_called_test(own: Path) -> None:
    fill(own / "dev", own / "prod", own / "test")
    assert classes() == ["dev", "prod", "test"]


def test_links_and_pipes(own: Path) -> None:
    fill(own / "cat", own / "cat" / "more", own / "dog")
    expected, key = [path for split in SPLITS for path in load("image_folder", split).paths], content_hash(own)  # type: ignore[attr-defined]
    assert len(expected) == 12
    (own / "cat" / "loop").symlink_to(own / "cat")
    (own / "cat" / "up").symlink_to(own)
    (own / "dog" / "one").symlink_to(own / "dog" / "two")
    (own / "dog" / "two").symlink_to(own / "dog" / "one")
    (own / "dog" / "self.png").symlink_to(own / "dog" / "self.png")
    (own / "dog" / "gone.png").symlink_to(own / "nowhere.png")
    (own / "dog" / "again").symlink_to(own / "dog")
    os.mkfifo(own / "dog" / "pipe.png")
    (own / "self").symlink_to(own / "self")
    load.__globals__["_load"].cache_clear()
    found = [path for split in SPLITS for path in load("image_folder", split).paths]  # type: ignore[attr-defined]
    assert sorted(found) == sorted(expected) and content_hash(own) == key


def test_linked_pictures_are_still_found(own: Path, tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere" / "cats", tmp_path / "elsewhere" / "dogs")
    (own / "cat").symlink_to(tmp_path / "elsewhere" / "cats")
    (own / "dog").mkdir()
    (own / "dog" / "mine").symlink_to(tmp_path / "elsewhere" / "dogs")
    (tmp_path / "elsewhere" / "cats" / "back").symlink_to(own)
    assert [sum(len(load("image_folder", split)) for split in SPLITS), classes()] == [8, ["cat", "dog"]]


def ramp(high: float, kind: Any) -> np.ndarray:
    return (np.linspace(0, 1, 64).reshape(8, 8) * high).astype(kind)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.png", ramp(65535, np.uint16)),
        ("a.tif", ramp(65535, np.uint16)),
        ("a.png", ramp(255, np.uint8)),
        ("a.pgm", ramp(65535, np.uint16)),
    ],
)
def test_deep_colours_are_scaled(own: Path, name: str, values: np.ndarray) -> None:
    for number in range(3):
        (own / "cat").mkdir(exist_ok=True)
        Image.fromarray(values).save(own / "cat" / f"{number}{name}")
    picture = load("image_folder", "train").picture(0)  # type: ignore[attr-defined]
    assert picture.min() < 12 and picture.max() > 243 and 100 < picture.mean() < 155
    assert (picture[..., 0] == picture[..., 2]).all()


@pytest.mark.parametrize("values", [ramp(1, np.float32), ramp(255, np.float32), ramp(1e6, np.int32)])
def test_numbers_without_a_range_are_refused_by_name(own: Path, values: np.ndarray) -> None:
    fill(own / "cat", count=3)
    Image.fromarray(values).save(own / "cat" / "deep.tif")
    with pytest.raises(Missing, match=r"deep\.tif cannot be read \(its numbers have 32 bits"):
        for name in SPLITS:
            split = load("image_folder", name)
            split.batch(0, len(split))


class Three(Model):
    """A person's own network for their own images."""

    name = "own_three"
    label = "Three"
    embedded = False
    data = "image_folder"
    input_shape = (3, 224, 224)
    classes = 3

    def build(self) -> nn.Module:
        layers = (nn.Conv2d(3, 4, 7, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
        return nn.Sequential(*layers)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> str:
    models.load()
    monkeypatch.setitem(models._entries, Three.name, Three)
    return Three.name


TRAIN = pruning.Train(steps=2, batch=2, validation=0, looks=1)


@pytest.mark.parametrize("steps", [(pruning.Prune(),), (TRAIN,), (pruning.Prune(scorer="snip"),)])
def test_own_networks_count_from_0_whatever_their_classes_are_called(own: Path, three: str, steps: Any) -> None:
    fill(own / "n01440764", own / "n02102040", own / "n02979186", count=10)
    measures = (pruning.MeasureSpec(name="accuracy", options={"split": "train"}),)
    study = pruning.Study(base=pruning.Base(model=three, mark="init"), recipe=steps, measures=measures)
    value = pruning.run(study)[0]["value"]
    assert value["count"] == 24 and {flip["label"] for flip in value["flips"]} <= {0, 1, 2}
    assert set(load("image_folder", "train").labels.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("steps", [(pruning.Prune(),), (TRAIN,), (pruning.Prune(scorer="snip"),)])
@pytest.mark.parametrize("count", [2, 12])
def test_other_classes_than_outputs_are_one_sentence(own: Path, three: str, steps: Any, count: int) -> None:
    fill(*(own / f"c{number}" for number in range(count)))
    measures = (pruning.MeasureSpec(name="accuracy"),)
    study = pruning.Study(base=pruning.Base(model=three, mark="init"), recipe=steps, measures=measures)
    with pytest.raises(Missing, match=f"Three has 3 outputs, and Folder of images has {count} classes"):
        pruning.run(study)
    assert compatible(three, "image_folder") is not None


def test_a_network_of_another_data_set_must_fit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models["lenet_5"], "classes", 9)
    assert "LeNet-5 has 9 outputs, and Fashion-MNIST has 10 classes" in str(compatible("lenet_5", "fashion_mnist"))
